#include "server/task.h"

#include <stddef.h>
#include <time.h>

#include "store/standing.h"

/* Questions that share a moment: enough for it to cost each of them little, and
   few enough that the first clients have their answers while others still ask. */
enum { READS_MAX = 16 };

/* Both are called with a pointer to what is embedded in a task. */
static struct task *task_of_change(struct change *change)
{
    return (struct task *)(void *)((char *)change -
                                   offsetof(struct task, change));
}

static void finish(struct loop_job *job)
{
    struct task *task =
        (struct task *)(void *)((char *)job - offsetof(struct task, job));

    task->done(task);
}

/* On the writer's thread: each goes back to its loop, which wakes once. */
static void post_all(struct change_home *home, const struct change_list *list)
{
    struct worker *worker = home->context;
    struct change_list rest = *list;
    struct change *change;

    while ((change = change_list_take(&rest)) != NULL)
        loop_post(worker->loop, &task_of_change(change)->job);
}

/* Hands the list over, or answers all of it. */
static void submit(struct worker *worker, struct change_list *list,
                   struct writer *writer)
{
    enum store_result result;
    struct change *change;

    if (list->count == 0 || writer_submit(writer, list))
        return;
    result = writer_is_away(writer) ? STORE_AWAY : STORE_BUSY;
    while ((change = change_list_take(list)) != NULL) {
        change->result = result;
        loop_post(worker->loop, &task_of_change(change)->job);
    }
}

static int64_t steady_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); // cannot fail on Linux
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Asks all of the list of one moment, which is let go by whoever calls. Where
   there is none to be had each question gets its answer, or failure, alone. */
static void ask_reader(struct worker *worker, const struct change_list *list)
{
    int64_t began_us = steady_us();
    uint64_t version = 0;

    if (store_hold(worker->reader, &version) != STORE_OK)
        version = 0;
    worker->standings.version = version;
    for (struct change *c = list->first; c != NULL; c = c->next)
        c->result = c->run(worker->reader, c);
    metrics_read(&worker->metrics, steady_us() - began_us);
}

/* Answers may be followed by requests that have waited behind theirs: those are
   asked of a later moment. */
static void read_all(struct worker *worker)
{
    if (worker->reading)
        return;
    worker->reading = true;
    while (worker->reads.count > 0) {
        struct change_list list = worker->reads;
        struct change *change;

        worker->reads = (struct change_list){.count = 0};
        ask_reader(worker, &list);
        while ((change = change_list_take(&list)) != NULL) {
            struct task *task = task_of_change(change);

            task->done(task);
        }
        store_let_go(worker->reader);
        worker->standings.version = 0;
    }
    worker->reading = false;
}

void task_flush(struct worker *worker)
{
    read_all(worker);
    submit(worker, &worker->turn, worker->server->writer);
    submit(worker, &worker->questions, worker->server->asking);
}

static void end_turn(void *context)
{
    task_flush(context);
}

enum loop_result task_start(struct worker *worker)
{
    worker->home = (struct change_home){.post = post_all, .context = worker};
    return loop_on_turn_end(worker->loop, end_turn, worker);
}

/* Keeps it for the end of the turn. */
static void keep(struct worker *worker, struct change_list *list,
                 struct task *task)
{
    task->worker = worker;
    task->job = (struct loop_job){.run = finish};
    task->change.home = &worker->home;
    task->change.result = STORE_BUSY;
    // After the last turn nobody would submit it.
    if (atomic_load(&worker->server->stopping))
        task->done(task);
    else
        change_list_add(list, &task->change);
}

void task_submit(struct worker *worker, struct task *task)
{
    keep(worker, &worker->turn, task);
}

void task_read(struct worker *worker, struct task *task)
{
    keep(worker, worker->reader != NULL ? &worker->reads : &worker->questions,
         task);
    if (worker->reads.count >= READS_MAX)
        read_all(worker);
}
