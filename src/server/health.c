/*
 * Is it alive, and can it serve? For those who start, stop and route to us.
 */
#include <stdio.h>
#include <string.h>

#include "server/place.h"
#include "server/task.h"

void place_live(struct call *call)
{
    call_reply_plain(call, 200, SPAN("text/plain"), SPAN("ok\n"));
}

struct probe {
    struct task task;
    struct call *call;
    int64_t version;
};

/* A setting that is there only to need room: see take_room. */
#define ROOM "room"

static void answer(struct call *call, const char *reason)
{
    struct http_response response = {
        .status = reason == NULL ? 200 : 503,
        .content_type = SPAN("application/json"),
    };
    char body[128] = "{\"ready\":true}\n";

    if (reason != NULL) {
        (void)snprintf(body, sizeof body,
                       "{\"ready\":false,\"reason\":\"%s\"}\n", reason);
        (void)http_response_add(&response, SPAN("Retry-After"), SPAN("1"));
    }
    (void)http_response_add(&response, SPAN("Cache-Control"), SPAN("no-store"));
    response.body = span_of(body);
    call_answer(call, &response);
}

/* It was migrated when we opened it; that it answers is what can change. */
static enum store_result ask(struct store *store, struct change *change)
{
    struct probe *probe = (struct probe *)(void *)change;

    return store_version(store, &probe->version);
}

static void end_probe(struct task *task)
{
    struct probe *probe = (struct probe *)(void *)task;

    answer(probe->call, task->change.result == STORE_OK
                            ? NULL
                            : store_result_text(task->change.result));
}

/* ---- While the disk is full ---- */

/*
 * A server that is not ready gets no requests, so no commit of theirs would ever
 * tell that there is room again. It is this question that writes then: several
 * pages, which are given back at once so that the next time wants them anew.
 */
static enum store_result take_room(struct store *store, struct change *change)
{
    struct store_value value = {.length = sizeof value.bytes};

    (void)change;
    memset(value.bytes, '.', sizeof value.bytes);
    return store_setting_put(store, ROOM, &value);
}

static enum store_result give_room(struct store *store, struct change *change)
{
    struct store_value value = {.length = 0};

    (void)change;
    return store_setting_put(store, ROOM, &value);
}

static void end_taking(struct task *task)
{
    struct probe *probe = (struct probe *)(void *)task;

    if (task->change.result != STORE_OK) {
        end_probe(task);
        return;
    }
    task->change.run = give_room;
    task->done = end_probe;
    task_submit(probe->call->worker, task);
}

void place_ready(struct call *call)
{
    struct probe *probe;

    if (atomic_load(&call->server->draining)) {
        answer(call, "stopping");
        return;
    }
    probe = call_reserve(call, sizeof *probe);
    if (probe == NULL)
        return;
    probe->call = call;
    if (writer_is_full(call->server->writer)) {
        probe->task.change.run = take_room;
        probe->task.change.steps = true; // with a server: no talk among others'
        probe->task.done = end_taking;
        task_submit(call->worker, &probe->task);
        return;
    }
    probe->task.change.run = ask;
    probe->task.done = end_probe;
    task_read(call->worker, &probe->task);
}
