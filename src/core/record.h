/*
 * The client half of committed rotation: what a vault keeps of a session, what
 * a refresh sends, and what each answer makes of the record.
 *
 * The client draws its own next secret. It is durable before the first byte is
 * sent, so whatever is lost, doubled, late or killed, the same step is sent
 * again, word for word; and two holders that draw different secrets for one
 * step give themselves away.
 *
 * How to refresh. `stored` is always the record as the vault holds it now, read
 * and changed under the save lock, never a copy from before the network call:
 *
 *     struct record_refresh refresh = {0};
 *     do {
 *         lock; read stored;
 *         todo = record_begin(&stored, &refresh, fresh random, &message);
 *         if (todo & RECORD_SAVE) write stored durably;
 *         unlock;
 *         if (!(todo & RECORD_SEND)) break;
 *         reply = send(message);
 *         lock; read stored;
 *         todo = record_apply(&stored, &refresh, &reply);
 *         if (todo & RECORD_SAVE) write stored durably;
 *         unlock;
 *         if (todo & RECORD_USE) keep the access token;
 *     } while (todo & RECORD_AGAIN);
 *
 * Both critical sections may be one. A kill between any two lines is safe.
 *
 * COOKIE MODE. The browser holds R where no script sees it, and may lose all
 * else. With `by_cookie` an empty vault asks the server what holds, and so does
 * one that the server's database has fallen behind too far. What it is told goes
 * into the record, with the first secret of a new line and a generation far
 * above (RECORD_SEEDING), durably, before that is sent: so all processes begin
 * the same line. core/rotation.h has the server's half, models/reseed.pml
 * searches both. A line's number follows the wall clock, where that is right:
 * then no line that was recorded earlier, and never answered, stands above a
 * later one. A wrong clock alone harms nothing.
 */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

enum {
    RECORD_SECRET_SIZE = 32,
    RECORD_SID_SIZE = 16,
    RECORD_OLDER_MAX = 8,      /* commits that a database may lose */
    RECORD_ADVANCES_MAX = 8,   /* in a row without a 200; then later */
    RECORD_CONFLICTS_MAX = 16, /* 409s of any kind in a row; then later */
    RECORD_JUMP_MIN = 16,      /* generations, to a new line; and by chance: */
    RECORD_JUMP_CHANCE = 0xffffff,
    RECORD_LINES_PER_MS = 1024, /* generations that a line has, at the least */
};

enum record_state {
    RECORD_EMPTY = 0, /* nobody is signed in */
    RECORD_LIVE,
    RECORD_ENDED,   /* over, with a reason; the secrets are wiped */
    RECORD_SEEDING, /* cookie mode: a line is asked for; `generation` is its
                       first, and `secret` */
};

/* Why a record is ended. Kept in vaults as these numbers: append only. */
enum record_reason {
    RECORD_NO_REASON = 0,
    RECORD_SIGNED_OUT, /* by the person */
    RECORD_UNKNOWN,    /* the server's five words */
    RECORD_REVOKED,
    RECORD_EXPIRED,
    RECORD_DISABLED,
    RECORD_REUSE, /* the server's word, or seen here: another holder moved on */
    RECORD_LOST,  /* the server's database lost this session */
};

struct record {
    enum record_state state;
    enum record_reason reason;
    bool has_session;  /* false in cookie mode: the browser holds R */
    bool sign_out_due; /* ended here and the server has not answered yet: send
                          the sign-out (with R, or the cookie) until it does;
                          `session` is kept for it */
    bool has_next;
    uint8_t older_count;                 /* 0 to RECORD_OLDER_MAX */
    int64_t generation;                  /* i, from 0 */
    uint8_t sid[RECORD_SID_SIZE];        /* public */
    uint8_t session[RECORD_SECRET_SIZE]; /* R */
    uint8_t secret[RECORD_SECRET_SIZE];  /* S_i */
    uint8_t next[RECORD_SECRET_SIZE];    /* S_{i+1}, if has_next */
    uint8_t older[RECORD_OLDER_MAX][RECORD_SECRET_SIZE]; /* S_{i-1} first */
    int64_t from_generation;          /* RECORD_SEEDING: what the server told */
    uint8_t from[RECORD_SECRET_SIZE]; /* and its newest commitment */
};

enum record_kind {
    RECORD_STEP = 0, /* a refresh */
    RECORD_ASK,      /* a question: what holds? */
    RECORD_LINE,     /* the step that begins a line */
};

/*
 * One refresh on its way; in memory only, never stored. Starts as {0}; a
 * process that begins a refresh anew starts it anew.
 */
struct record_refresh {
    /* By the host, in cookie mode, before each record_begin. */
    bool by_cookie;
    uint32_t chance;  /* random */
    int64_t clock_ms; /* wall time, since 1970; any number is safe */

    bool under_way;               /* something was sent */
    bool silent;                  /* the last message had no answer */
    uint8_t advances;             /* in a row without a 200 */
    uint8_t conflicts;            /* 409s in a row */
    uint8_t sid[RECORD_SID_SIZE]; /* of the record it was read from */
    enum record_state was;        /* likewise */
    int64_t generation;           /* i of the record it was read from */
    int64_t step; /* what was sent: i, or less while a database catches up */
    enum record_kind kind; /* what was sent */
    bool asks;             /* what is held is of no use: ask */
    bool told;             /* the answer to that, for the next record_begin: */
    int64_t told_generation;
    uint8_t told_from[RECORD_SECRET_SIZE];
    uint8_t told_sid[RECORD_SID_SIZE];
};

/* What to send: borrowed from `stored` until that changes or ends. */
struct record_message {
    const uint8_t *session; /* R; NULL in cookie mode */
    const uint8_t *sid;
    const uint8_t *secret; /* S of `generation` */
    const uint8_t *next;   /* S of generation + 1: its SHA-256 is sent */
    int64_t generation;
    enum record_kind
        kind;            /* RECORD_ASK: `sid`, if not NULL, and nothing else */
    const uint8_t *from; /* RECORD_LINE: no secret; from `generation`, with */
    int64_t to;          /* this newest commitment, to the line's first */
};

enum record_answer {
    RECORD_GRANTED, /* 2xx with an access token */
    RECORD_ADVANCE, /* 409s */
    RECORD_STALE,
    RECORD_BEHIND, /* with the server's generation */
    RECORD_OTHER_SESSION,
    RECORD_RESEED,   /* with generation, from and sid; cookie mode */
    RECORD_REFUSED,  /* 401 in the dialect's words; with its reason */
    RECORD_NO_REPLY, /* sent, but no complete or readable answer */
    RECORD_PASSING,  /* every other answer, and nothing sent at all */
};

struct record_reply {
    enum record_answer answer;
    enum record_reason reason; /* of RECORD_REFUSED: _UNKNOWN to _REUSE */
    int64_t generation; /* of RECORD_BEHIND and _RESEED: the server's g */
    uint8_t from[RECORD_SECRET_SIZE]; /* of RECORD_RESEED */
    uint8_t sid[RECORD_SID_SIZE];     /* likewise */
};

/* What is to be done, in this order. */
enum record_todo {
    RECORD_SAVE = 1,   /* write `stored`, durably, before anything else */
    RECORD_SEND = 2,   /* the message; record_begin only */
    RECORD_USE = 4,    /* this answer's access token is good */
    RECORD_MOVED = 8,  /* the vault has moved on since the message was built:
                             if its access token is good, take that and leave */
    RECORD_AGAIN = 16, /* begin again at once, with the same record_refresh */
    RECORD_PAUSE = 32, /* try later: nothing is lost */
    RECORD_OVER = 64,  /* no session: stored.state and .reason say why */
    RECORD_SIGN_OUT = 128, /* stored.sign_out_due: send it until answered */
};

/* A session just granted at sign-in. `session` is R, or NULL in cookie mode;
   `secret` is S_0. */
void record_start(struct record *record, const uint8_t *session,
                  const uint8_t sid[RECORD_SID_SIZE],
                  const uint8_t secret[RECORD_SECRET_SIZE]);

/*
 * What to send now. `fresh` is 32 random bytes, used (and then saved) only when
 * the record has no `next`, or a line is recorded: since `stored` was just read under the save lock,
 * this is the compare-and-set that lets all processes send the same one.
 *
 * RECORD_SEND, with or without RECORD_SAVE before it; or RECORD_OVER, with
 * RECORD_SIGN_OUT when that is due. *out is filled on RECORD_SEND only.
 */
unsigned record_begin(struct record *stored, struct record_refresh *refresh,
                      const uint8_t fresh[RECORD_SECRET_SIZE],
                      struct record_message *out);

/*
 * What the answer to the message that `refresh` sent makes of `stored`, which
 * was read again since. A final answer about a session or a step that the vault
 * no longer holds ends nothing; a late grant brings nothing back.
 */
unsigned record_apply(struct record *stored, struct record_refresh *refresh,
                      const struct record_reply *reply);

/*
 * Ends a record: wipes its secrets, but for R while the server is to be told
 * (`tell`). True when it was live: save it durably, then send the sign-out.
 */
bool record_end(struct record *record, enum record_reason reason, bool tell);

/* The server answered the sign-out of `sid`: 204, or any 401. True when that
   changed the record (R is wiped now): save it. */
bool record_signed_out(struct record *record,
                       const uint8_t sid[RECORD_SID_SIZE]);

/* Wipes everything: RECORD_EMPTY. */
void record_clear(struct record *record);

#endif
