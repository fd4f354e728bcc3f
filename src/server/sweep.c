#include "server/sweep.h"

#include <stdlib.h>
#include <string.h>

#include "server/task.h"
#include "store/code.h"

/* One step a second while there is much to remove, else one in so many. */
enum {
    PERIOD_MS = 1000,
    REST = 9,
    STEP_ROWS = 256,
    MUCH_ROWS = STEP_ROWS / 4,
};

/* Freed when it comes back; where it stands is kept in `from`. */
struct sweep_work {
    struct task task;
    struct store_sweep sweep; /* of sessions; count 0: without a limit of
                                 their life a row is needed for ever */
    int64_t now_s;
    int64_t codes; /* removed */
};

static enum store_result run_sweep(struct store *store, struct change *change)
{
    struct sweep_work *work = (struct sweep_work *)(void *)change;

    enum store_result result = STORE_OK;

    work->codes = 0;
    if (work->sweep.count > 0)
        result = store_session_sweep(store, &work->sweep);
    if (result == STORE_OK)
        result = store_code_sweep(store, work->now_s, STEP_ROWS, &work->codes);
    return result;
}

static void end_sweep(struct task *task)
{
    struct sweep_work *work = (struct sweep_work *)(void *)task;
    struct worker *worker = task->worker;
    bool much = work->sweep.removed + work->codes >= MUCH_ROWS;

    worker->sweep_rest = REST;
    if (task->change.result == STORE_OK) {
        worker->sweep_rest = much ? 0 : REST;
        memcpy(worker->swept, work->sweep.from, STORE_SID_SIZE);
        if (work->sweep.removed > 0 || work->codes > 0)
            log_event(&worker->server->log, CONFIG_DEBUG, "sweep",
                      "sessions=%lld codes=%lld",
                      (long long)work->sweep.removed, (long long)work->codes);
    }
    worker->sweeping = false;
    free(work);
}

static void tick(void *context)
{
    struct worker *worker = context;
    int64_t max_s = worker->server->limits.max_s;
    struct sweep_work *work;

    if (worker->sweeping)
        return;
    if (worker->sweep_rest > 0) {
        worker->sweep_rest--;
        return;
    }
    work = calloc(1, sizeof *work);
    if (work == NULL)
        return;
    memcpy(work->sweep.from, worker->swept, STORE_SID_SIZE);
    work->now_s = loop_now_s(worker->loop);
    work->sweep.count = max_s == 0 ? 0 : STEP_ROWS;
    work->sweep.before_s = work->now_s - max_s;
    work->task.change.run = run_sweep;
    work->task.change.steps = true;
    work->task.done = end_sweep;
    worker->sweeping = true;
    task_submit(worker, &work->task);
}

enum loop_result sweep_start(struct worker *worker)
{
    return loop_every(worker->loop, PERIOD_MS, tick, worker);
}
