/*
 * Is it alive, and can it serve? For those who start, stop and route to us.
 */
#include <stdio.h>

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
    probe->task.change.run = ask;
    probe->task.done = end_probe;
    task_read(call->worker, &probe->task);
}
