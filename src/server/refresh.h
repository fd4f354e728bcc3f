/*
 * What the two kinds of a refresh have in common: one begins in refresh.c, goes
 * on in refresh_committed.c or refresh_offered.c, and is answered here.
 */
#ifndef SERVER_REFRESH_H
#define SERVER_REFRESH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/base64url.h"
#include "server/audit.h"
#include "server/call.h"
#include "server/metrics.h"
#include "server/rotate.h"
#include "server/task.h"

struct refresh {
    struct task task;
    struct call *call;
    union {
        struct rotate_committed committed;
        struct rotate_offered offered;
    } rotate;
    bool offered;
    char from[BASE64URL_LENGTH(ROTATION_HASH_SIZE)]; /* as they are answered */
    char sid[BASE64URL_LENGTH(STORE_SID_SIZE)];
    bool deleted;       /* the session ended because its user is gone */
    struct audit audit; /* of the second holder that this very call found */
    struct store_user *user; /* the call's; NULL: the claims tell of no user */
};
static inline struct refresh *refresh_of(struct task *task)
{
    return (struct refresh *)(void *)((char *)task -
                                      offsetof(struct refresh, task));
}

/* refresh_committed.c, refresh_offered.c: what it shows, and then the answer. */
void refresh_begin_committed(struct refresh *work);
void refresh_answer_committed(struct refresh *work);
void refresh_begin_offered(struct refresh *work);
void refresh_answer_offered(struct refresh *work);

/* The end of a task: the answer of its kind, or 503. */
void refresh_answer(struct task *task);

/* What was decided is durable; now the answer may go, or be lost. */
void refresh_finish(struct call *call, enum rotation_verdict verdict);
void refresh_finish_as(struct call *call, enum rotation_verdict verdict,
                       enum reply_kind kind); /* said so, not as is usual */

/* New tokens: the answer to what rotate_is_granted. sid: STORE_SID_SIZE. */
void refresh_grant(struct refresh *work, const uint8_t *sid,
                   const struct store_holder *holder);

void refresh_count(struct call *call, enum metrics_outcome outcome);

/*
 * May this network be told once more that it shows nothing good? Otherwise it
 * has been answered 429: no session that lives is ever asked.
 */
bool refresh_may_refuse(struct call *call);

/* On the writer's thread: this very call ended the session. */
void refresh_store_reuse(struct store *store, struct refresh *work,
                         const uint8_t sid[STORE_SID_SIZE], int64_t user_id);

/* Likewise, or a reader's: whom the claims tell of, where they do. */
enum store_result refresh_find_user(struct store *store, struct refresh *work,
                                    enum rotation_verdict verdict,
                                    int64_t user_id);

#endif
