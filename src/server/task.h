/*
 * A change, or a question, on its way to the database and back to the loop it
 * came from.
 */
#ifndef SERVER_TASK_H
#define SERVER_TASK_H

#include "server/server.h"

struct task;

/* Embed it first in what a request's work needs. */
struct task {
    struct change change;
    struct loop_job job;
    struct worker *worker;
    void (*done)(struct task *task); /* on the loop; look at change.result */
};

/* Must run before the first task of this worker. */
enum loop_result task_start(struct worker *worker);

/*
 * Gives the change to the writer at the end of this turn; change.run,
 * change.steps and done have been set. `done` runs later on the loop's thread;
 * with STORE_BUSY or STORE_AWAY where the writer did not take it; and inside this very call
 * when the server is stopping.
 */
void task_submit(struct worker *worker, struct task *task);

/*
 * The same for a change that only reads, outside any transaction. Where the
 * loop has a reader of its own it is asked at the end of this turn, or before
 * when many have gathered, and `done` may run inside this very call; so whoever
 * asks does nothing after it. What has gathered sees one moment of the database,
 * and that comes after all of its requests.
 */
void task_read(struct worker *worker, struct task *task);

/* Hands over what this turn gathered; each turn's end does it by itself. */
void task_flush(struct worker *worker);

#endif
