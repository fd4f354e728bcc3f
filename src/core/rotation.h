/*
 * What the arrival of a refresh token means: the server half of both protocols.
 *
 * Pure: the row as it was read, what was presented and the time go in; a verdict
 * and the row to write come out. Nothing here hashes, reads a clock or draws a
 * random number. One row per session, of constant size, and no row per token.
 *
 * The caller writes `after` with one compare-and-set UPDATE that carries the
 * values the decision was made on, and answers only once that is durable. Where
 * the UPDATE meets no row, another request came first: read again, decide again.
 *
 * COMMITTED. The client draws its own next secret and sends only its SHA-256, so
 * a reply has nothing in it to lose. `chain` holds the last commitments, newest
 * first: chain[0] is the hash of the secret of generation g, and chain[j-1] the
 * recorded successor of chain[j]. The whole condition of ROTATION_MOVE, which a
 * store tries before it reads anything, after rotation_may_move held:
 *
 *     UPDATE session SET generation = generation + 1, used_s = :now,
 *         chain = :next || substr(chain, 1, 16) || substr(chain, 33, 96)
 *     WHERE sid = :sid AND protocol = committed AND ended = living
 *         AND NOT disabled AND started_s > :now - :max AND used_s > :now - :idle
 *         AND generation = :i AND substr(chain, 1, 32) = :secret_hash
 *         AND substr(chain,   1, 16) <> :next16   -- next is not in the chain:
 *         AND substr(chain,  33, 16) <> :next16   -- the first 16 bytes of each
 *         ...                                     -- of its 8 commitments
 *         AND substr(chain, 129, 16) <> :next16
 *
 * (In SQLite `||` makes text: CAST(... AS BLOB).) No row: SELECT, then
 * rotation_committed. The index finds the row by sid, which is public; what is
 * compared inside the database are hashes of 256 random bits, so its time tells
 * nothing of use.
 *
 * COOKIE MODE. A browser that lost its storage, but has the cookie, begins a new
 * line of secrets. It asks; nothing changes, and it is told the generation and
 * the newest commitment, which only who has the cookie can see. Then it sends
 * both, with a first `next` of the line and a generation `to` that is far above:
 * so no request of before, and none of a time that the database forgot, can fit
 * the new line. rotation_reseed decides; the whole condition of its MOVE:
 *
 *     UPDATE session SET generation = :to, used_s = :now,
 *         chain = :next || zeros
 *     WHERE ... as above ... AND generation = :i
 *         AND substr(chain, 1, 32) = :from AND ... next is not in the chain
 *
 * Who holds secrets of before is then `stale`. models/reseed.pml searches it.
 *
 * OFFERED. The server draws the token (core/offered.h) and the client may keep
 * the old one, take the new one, or lose the reply, at any delay.
 */
#ifndef CORE_ROTATION_H
#define CORE_ROTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/offered.h"

enum {
    ROTATION_SID_SIZE = 16,
    ROTATION_HASH_SIZE = 32, /* SHA-256 */
    ROTATION_CUT_SIZE = 16,  /* what is kept of the older commitments */
    ROTATION_CHAIN_MAX = 8,  /* commitments, the newest among them */
    /* As the store keeps the chain: 32 bytes, then 7 times 16; zeros where
       there is none yet. */
    ROTATION_CHAIN_SIZE =
        ROTATION_HASH_SIZE + (ROTATION_CHAIN_MAX - 1) * ROTATION_CUT_SIZE,
    ROTATION_JUMP_MIN = ROTATION_CHAIN_MAX + 8, /* generations, to a new line */
    ROTATION_TOUCH_S = 60, /* used_s alone is written at most this often */
};

/* The highest first generation of a line: as many can follow in a double. */
#define ROTATION_LINE_MAX (INT64_C(1) << 52)

enum rotation_protocol {
    ROTATION_COMMITTED = 0, /* sign-in came with `next` */
    ROTATION_OFFERED,
};

/* Why a session is over. Stored as these numbers: append only. */
enum rotation_end {
    ROTATION_LIVING = 0,
    ROTATION_ENDED_REVOKED, /* sign-out, or ended from the session list */
    ROTATION_ENDED_EXPIRED,
    ROTATION_ENDED_DISABLED,
    ROTATION_ENDED_REUSE,
};

/* What a decision needs of the row. `_s` is wall time, from 0 up. */
struct rotation_row {
    enum rotation_protocol protocol;
    enum rotation_end ended;
    bool disabled; /* the user; rewritten by the transaction that disables */
    int64_t started_s; /* when the user signed in */
    int64_t used_s;    /* when a token was last granted */

    /* committed */
    int64_t generation; /* g, from 0 */
    uint8_t chain[ROTATION_CHAIN_SIZE];

    /* offered */
    uint8_t current[OFFERED_ID_SIZE];
    uint8_t previous[OFFERED_ID_SIZE]; /* zeros before the first move, and
                                          after one that made good a loss */
    int64_t n;       /* the number of current; the root's is 0 */
    bool moved;      /* false until the first move */
    int64_t moved_s; /* when it last moved; meaningless while not `moved` */
};

/* The server's options. 0 means no limit for the first two. */
struct rotation_limits {
    int64_t idle_s; /* --refresh-idle: expired this long after used_s */
    int64_t max_s;  /* --refresh-max: expired this long after started_s */
    int64_t soft_s; /* --refresh-soft: the window of the offered protocol */
};

/* What a committed refresh presented. */
struct rotation_step {
    bool
        complete; /* R, i, S_i and next were there, each of its type and size */
    bool by_cookie;     /* R came in the cookie (cookie mode) */
    bool sid_fits;      /* the sid sent is the first 16 bytes of SHA-256(R) */
    int64_t generation; /* i */
    uint8_t secret_hash[ROTATION_HASH_SIZE]; /* SHA-256(S_i) */
    uint8_t next[ROTATION_HASH_SIZE];        /* SHA-256(S_{i+1}), as sent */
};

/* What a browser without its secrets presented: a question, or the step that
   begins a line. R came in the cookie. */
struct rotation_line {
    bool complete; /* R, and for a step all below, each of its type and size */
    bool asks;     /* a question: nothing below counts but sid_fits */
    bool sid_fits; /* or a question came without one */
    int64_t generation;               /* i, as the server told it */
    uint8_t from[ROTATION_HASH_SIZE]; /* chain[0], likewise */
    int64_t to;                       /* the line's first generation */
    uint8_t next[ROTATION_HASH_SIZE]; /* SHA-256 of its first secret */
};

enum rotation_verdict {
    /* granted */
    ROTATION_MOVE = 0, /* write `after` by compare-and-set, then mint */
    ROTATION_TOUCH,    /* write after's used_s (a lost race is fine), mint */
    ROTATION_KEEP,     /* mint; nothing to write */
    /* nothing minted, nothing changes */
    ROTATION_BAD,           /* 400 */
    ROTATION_OTHER_SESSION, /* 409; cookie mode: the sid is not the cookie's */
    ROTATION_ADVANCE,       /* 409: this very step was made before */
    ROTATION_STALE,         /* 409: older than what the chain holds */
    ROTATION_BEHIND,        /* 409 with row.generation: commits were lost */
    ROTATION_RESEED,        /* 409 with row.generation, chain[0] and the sid */
    ROTATION_SOFT,          /* 503, Retry-After: 1 */
    /* 401, final */
    ROTATION_UNKNOWN, /* no row, or a token of the other protocol, or forged */
    ROTATION_REVOKED,
    ROTATION_EXPIRED,
    ROTATION_DISABLED,
    ROTATION_REUSE,  /* found earlier: the row is ended already */
    ROTATION_REVOKE, /* two holders: write after's `ended` durably, audit,
                        answer as ROTATION_REUSE */
};

/*
 * Is the step worth a look at the database? False: rotation_committed says
 * which of ROTATION_BAD and ROTATION_OTHER_SESSION it is, with no row.
 */
bool rotation_may_move(const struct rotation_step *step);

/*
 * Decides on a committed refresh. `row` is NULL when there is none.
 *
 * *after is written on ROTATION_MOVE and ROTATION_REVOKE only; it may be row.
 * The access token is of generation after->generation.
 */
enum rotation_verdict rotation_committed(const struct rotation_row *row,
                                         const struct rotation_step *step,
                                         const struct rotation_limits *limits,
                                         int64_t now_s,
                                         struct rotation_row *after);

/*
 * Decides on a question or a step that begins a line, in cookie mode. `row` is
 * NULL when there is none. A step that does not fit is no reuse: it is told what
 * holds now.
 *
 * *after is written on ROTATION_MOVE only (audit: reseeded); it may be row.
 */
enum rotation_verdict rotation_reseed(const struct rotation_row *row,
                                      const struct rotation_line *line,
                                      const struct rotation_limits *limits,
                                      int64_t now_s,
                                      struct rotation_row *after);

/*
 * Decides on an offered token. `token` is NULL when it could not be parsed or
 * its mac is not ours; `row` is NULL when there is none.
 *
 * *after is written on MOVE, TOUCH, KEEP and REVOKE; it may be row. What to hand
 * out is offered_answer(token, key, after->current, after->n, ...). The compare-and-set of ROTATION_MOVE carries
 * protocol, ended = living, NOT disabled, and the row's current and n. The whole
 * condition for a store that tries it unread:
 *
 *     UPDATE session SET previous = current, current = :self, n = :n,
 *         moved = true, moved_s = :now, used_s = :now
 *     WHERE sid = :sid AND protocol = offered AND ended = living
 *         AND NOT disabled AND started_s > :now - :max AND used_s > :now - :idle
 *         AND current = :parent
 *         AND (NOT moved OR moved_s <= :now - :soft)
 *
 * No row: SELECT, then rotation_offered.
 */
enum rotation_verdict rotation_offered(const struct rotation_row *row,
                                       const struct offered_token *token,
                                       const struct rotation_limits *limits,
                                       int64_t now_s,
                                       struct rotation_row *after);

/* A session that begins; times are now_s. `next` is SHA-256(S_0). False when no
   hash could be it (its first half is zeros): malformed, 400. */
bool rotation_start_committed(struct rotation_row *row,
                              const uint8_t next[ROTATION_HASH_SIZE],
                              int64_t now_s);

/* `root` is random; the first token is offered_child of (root, 0). */
void rotation_start_offered(struct rotation_row *row,
                            const uint8_t root[OFFERED_ID_SIZE], int64_t now_s);

/*
 * May the same sign-in be answered again with this row? True while it is living,
 * not disabled and g = 0 with the same `next`. The caller has compared user,
 * password and sid.
 */
bool rotation_same_start(const struct rotation_row *row,
                         const uint8_t next[ROTATION_HASH_SIZE]);

/* The verdict's word for logs, metrics and the dialects' cases: "advance",
   "reuse" ("granted" for all that mint). Never NULL. */
const char *rotation_word(enum rotation_verdict verdict);

#endif
