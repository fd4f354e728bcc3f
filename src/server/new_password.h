/*
 * A password that is to be set: judged first, then made a hash of. Both happen
 * in the password pool, and come back to the loop.
 */
#ifndef SERVER_NEW_PASSWORD_H
#define SERVER_NEW_PASSWORD_H

#include "server/hash.h"

/* Embed it in what a request's work needs. */
struct new_password {
    struct hash hash; /* after `made`: hash.job.hash is the encoded hash */
    void (*judged)(struct new_password *password);
    void (*made)(struct new_password *password);
};

/*
 * Adds all that is wrong with the text of `field` to call->problems, if it is
 * given, then calls judged: now or later. What has been found wrong before
 * stays there. Answers by itself where the pool is full.
 */
void new_password_judge(struct call *call, struct new_password *password,
                        enum field field);

/* After that, of the same field. Answers by itself where it cannot. */
void new_password_make(struct new_password *password);

/* Adds one to call->problems; CASE_OK is none. */
void new_password_add_problem(struct call *call, enum reply_kind kind,
                              enum field field);

#endif
