/*
 * A password on its way to the pool and back to the loop it came from.
 */
#ifndef SERVER_HASH_H
#define SERVER_HASH_H

#include "server/call.h"

/* Embed it in what a request's work needs. */
struct hash {
    struct password_job job;
    struct loop_job back;
    struct call *call;
    enum field field; /* whose text is the password; none: FIELD_PASSWORD */
    void (*done)(struct hash *hash); /* on the loop; look at job.result */
};

/*
 * Takes the password from the call's fields; job.task, what that task wants of
 * the job, field and done have been set. False: nothing was taken, and the call
 * has been answered.
 */
bool hash_submit(struct call *call, struct hash *hash);

/* The same, but a full queue is not answered: for what can be done without. */
bool hash_offer(struct call *call, struct hash *hash);

#endif
