/*
 * Does the one who asks know the account's password? A token alone, borrowed or
 * stolen, must not take an account over (ASVS 5, 6.2.3 and 7.5.1).
 */
#ifndef SERVER_PROVE_H
#define SERVER_PROVE_H

#include "server/audit.h"
#include "server/hash.h"
#include "server/task.h"

/* Embed it in what a request's work needs. */
struct prove {
    struct task task;
    struct hash hash;
    struct store_user user; /* the one who asks, as read before the hash */
    enum audit_kind kind;   /* set by the caller: what is refused, otherwise */
    void (*proven)(struct prove *prove); /* on the loop */
};

/*
 * Compares FIELD_CURRENT_PASSWORD; `kind` and `proven` have been set. Where it is wrong, or
 * the user is gone or disabled, the call is answered.
 */
void prove_begin(struct call *call, struct prove *prove);

#endif
