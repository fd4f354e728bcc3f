/*
 * A refresh against the store: the rules of core/rotation.h made durable.
 *
 * First the one UPDATE that carries the whole condition; where it finds no row,
 * read, decide, and write by compare-and-set; at most ROTATE_TRIES times. Runs
 * on the writer's thread inside a change (server/writer.h) without `steps`: of
 * its statements one at most finds its row, and that one is the last.
 */
#ifndef SERVER_ROTATE_H
#define SERVER_ROTATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/offered.h"
#include "core/rotation.h"
#include "store/store.h"

enum { ROTATE_TRIES = 3 };

/* In: what came. Out, on STORE_OK: what it means. */
struct rotate_committed {
    uint8_t sid[STORE_SID_SIZE]; /* from SHA-256(R), never as sent */
    bool is_line;                /* then `line` came, and else `step` */
    struct rotation_step step;
    struct rotation_line line;
    struct rotation_limits limits;
    int64_t now_s;

    enum rotation_verdict
        verdict;        /* ROTATION_REVOKE: ended by this very call */
    int64_t generation; /* granted: the new one; ROTATION_BEHIND and _RESEED:
                           the row's */
    uint8_t
        from[ROTATION_HASH_SIZE]; /* ROTATION_RESEED: its newest commitment */
    struct store_holder holder;   /* zeros on ROTATION_UNKNOWN and _BAD */
};

/*
 * STORE_OK with a verdict, or a result for which store_failed() is true; losing
 * every try to others is STORE_BUSY.
 */
enum store_result rotate_committed(struct store *store,
                                   struct rotate_committed *r);

struct rotate_offered {
    struct offered_token token; /* its mac was checked */
    bool by_session; /* no token was shown: only token.sid is set, and the
                        session's current token is meant, whichever it is */
    struct rotation_limits limits;
    int64_t now_s;

    enum rotation_verdict verdict;
    uint8_t parent[STORE_LINK_SIZE]; /* granted: of the token to hand out, */
    int64_t n;                       /* and its parent's number */
    struct store_holder holder;      /* zeros on ROTATION_UNKNOWN */
};

/* As rotate_committed. */
enum store_result rotate_offered(struct store *store, struct rotate_offered *r);

/*
 * The same, read only, on a loop's own thread and store. STORE_OK: the answer
 * needs no write. STORE_NONE: it does; submit a change that calls
 * rotate_offered, which decides anew.
 */
enum store_result rotate_offered_read(struct store *store,
                                      struct rotate_offered *r);

/*
 * What rotate_offered would say, and nothing more; ROTATION_UNKNOWN leaves
 * *session as it was.
 */
enum store_result rotate_offered_look(struct store *store,
                                      struct rotate_offered *r,
                                      struct store_session *session);

/* Is the token good for a refresh? */
bool rotate_is_granted(enum rotation_verdict verdict);

/* The row as core/rotation.h sees it. */
struct rotation_row rotate_row(const struct store_session *session);

/* What a new session's row begins with (store_session_add). */
struct store_chain rotate_chain(const struct rotation_row *row);

#endif
