/*
 * POST /demo/disable: the account of the token that is shown is disabled, as by
 * `stayd user disable`, and enabled again a while later.
 *
 * Who waits for that stands with the loop that was asked. One that is stopped
 * meanwhile enables nobody: `stayd user enable` does.
 */
#include <stdlib.h>

#include "server/audit.h"
#include "server/cors.h"
#include "server/dispatch.h"
#include "server/resource.h"
#include "server/task.h"

enum { LOOK_MS = 500 };

struct demo_change {
    struct task task;
    struct call *call; /* NULL: the time is up, and nobody is to be answered */
    int64_t user_id;
    int64_t now_s;
    bool disabled;
    struct audit audit;
};

static enum store_result run(struct store *store, struct change *change)
{
    struct demo_change *work = (struct demo_change *)(void *)change;
    enum store_result result = store_user_set_disabled(
        store, work->user_id, work->disabled, work->now_s);

    return result == STORE_OK ? audit_store(store, &work->audit) : result;
}

static void submit(struct worker *worker, struct demo_change *work,
                   void (*done)(struct task *task))
{
    work->audit.user_id = work->user_id;
    work->task.change.run = run;
    work->task.change.steps = true; // the audit's row comes with it
    work->task.done = done;
    task_submit(worker, &work->task);
}

/* ---- Enabled again ---- */

static void wait_for(struct worker *worker, int64_t user_id, int64_t span_ms)
{
    struct demo_waiting *waiting = &worker->waiting;

    if (waiting->count < DEMO_WAITING_MAX)
        waiting->list[waiting->count++] =
            (struct demo_wait){user_id, loop_now_ms(worker->loop) + span_ms};
}

static void end_enabling(struct task *task)
{
    struct demo_change *work = (struct demo_change *)(void *)task;
    struct worker *worker = task->worker;

    if (task->change.result == STORE_OK)
        audit_tell(&worker->server->log, &work->audit);
    else if (task->change.result != STORE_NONE) // the user is not gone: again
        wait_for(worker, work->user_id, LOOK_MS);
    free(work);
}

static void enable(struct worker *worker, int64_t user_id)
{
    struct demo_change *work = calloc(1, sizeof *work);

    if (work == NULL) {
        wait_for(worker, user_id, LOOK_MS);
        return;
    }
    work->user_id = user_id;
    work->now_s = loop_now_s(worker->loop);
    audit_begin_operator(&work->audit, AUDIT_USER_ENABLE);
    submit(worker, work, end_enabling);
}

static void look(void *context)
{
    struct worker *worker = context;
    struct demo_waiting due = worker->waiting;
    int64_t now_ms = loop_now_ms(worker->loop);

    worker->waiting.count = 0;
    for (size_t i = 0; i < due.count; i++) {
        if (due.list[i].due_ms <= now_ms)
            enable(worker, due.list[i].user_id);
        else
            worker->waiting.list[worker->waiting.count++] = due.list[i];
    }
}

enum loop_result demo_start(struct worker *worker)
{
    return loop_every(worker->loop, LOOK_MS, look, worker);
}

/* ---- Disabled ---- */

static int64_t disabled_ms(void)
{
#ifdef STAY_POINTS
    // A test that has seen the whole of it once need not wait again.
    const char *text = getenv("STAY_DISABLED_MS");

    if (text != NULL)
        return strtoll(text, NULL, 10);
#endif
    return DEMO_DISABLED_MS;
}

static void end_disabling(struct task *task)
{
    struct demo_change *work = (struct demo_change *)(void *)task;
    struct http_response response = {.status = 204};
    struct call *call = work->call;
    struct span origin = call_header(call, "Origin");

    if (task->change.result != STORE_OK) {
        call_reply_failed(call);
        return;
    }
    audit_tell(&call->server->log, &work->audit);
    wait_for(call->worker, work->user_id, disabled_ms());
    if (cors_allows(call->worker->live, origin))
        (void)http_response_add(&response, SPAN("Access-Control-Allow-Origin"),
                                origin);
    call_answer(call, &response);
}

static void disable(struct call *call)
{
    struct demo_change *work;

    if (call->worker->waiting.count == DEMO_WAITING_MAX) {
        call_reply_failed(call);
        return;
    }
    work = call_reserve(call, sizeof *work);
    if (work == NULL)
        return;
    work->call = call;
    work->user_id = call->user_id;
    work->now_s = call->now_s;
    work->disabled = true;
    audit_begin(&work->audit, call, AUDIT_USER_DISABLE);
    audit_set_sid(&work->audit, call->sid);
    submit(call->worker, work, end_disabling);
}

void demo_disable(struct call *call)
{
    const struct mount *wish = dispatch_wish(call);

    if (wish == NULL) {
        call_reply_plain(call, 401, SPAN("text/plain"),
                         SPAN("show an access token\n"));
        return;
    }
    call->mount = wish;
    call_authorize_for(call, NEED_TOKEN, disable);
}
