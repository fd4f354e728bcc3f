/*
 * The audit trail: who did what, or was refused it, when and from where.
 *
 * Each event is one line of the log, whatever --log-level says, and one row of
 * the table `audit`, kept for --audit-keep:
 *
 *     {"time":"2026-01-02T03:04:05.678Z","level":"audit","event":"sign_in",
 *      "outcome":"ok","user":1,"sid":"...","dialect":"...","address":"..."}
 *
 * An event has no member for text that somebody sent, so no secret can get in.
 *
 *  - It tells of a change: audit_begin on the loop; audit_store in change.run,
 *    in the same transaction (change.steps is true then); audit_tell in `done`
 *    when that was STORE_OK.
 *  - It tells of none, such as a refusal: audit_begin and audit_note.
 *  - A command on this machine did it: audit_begin_operator, audit_store,
 *    audit_tell.
 *
 * A refresh that is granted is no event, and waits for none.
 */
#ifndef SERVER_AUDIT_H
#define SERVER_AUDIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/http.h"
#include "server/log.h"
#include "server/loop.h"
#include "store/store.h"

struct call;
struct worker;

/* What was done or tried. Their words stand in the table: append only. */
enum audit_kind {
    AUDIT_SIGN_UP,
    AUDIT_SIGN_IN,
    AUDIT_REFRESH,      /* only where it ended the session, or was throttled */
    AUDIT_SIGN_OUT,     /* this session, by its holder */
    AUDIT_SESSION_END,  /* one session, by its user elsewhere or the operator */
    AUDIT_SESSIONS_END, /* several; detail: how many */
    AUDIT_PASSWORD_CHANGE,
    AUDIT_PASSWORD_RESET, /* by a mailed code */
    AUDIT_RESET_ASKED,
    AUDIT_EMAIL_CHANGE,
    AUDIT_EMAIL_VERIFY,
    AUDIT_ACCOUNT_DELETE,
    AUDIT_USER_ADD,     /* by the operator */
    AUDIT_USER_IMPORT,  /* detail: how many */
    AUDIT_ROLES_CHANGE, /* detail: AUDIT_ROLE_... bits, as they are now */
    AUDIT_USER_DISABLE,
    AUDIT_USER_ENABLE,
    AUDIT_KEY_ROTATE,       /* detail: the new key's id */
    AUDIT_SESSIONS_RECLAIM, /* beyond --sessions-max, by that sign-in; detail:
                               how many */
    AUDIT_RESEEDED, /* a browser without its secrets began a new line of them */
    AUDIT_KINDS
};

/* What came of it. Append only, likewise. */
enum audit_outcome {
    AUDIT_OK,
    AUDIT_BAD_PASSWORD,
    AUDIT_UNKNOWN_USER,
    AUDIT_DISABLED,
    AUDIT_REUSE,     /* two holders of one session's secrets */
    AUDIT_THROTTLED, /* told once a minute for who keeps trying */
    AUDIT_TAKEN,     /* the name or address is another's */
    AUDIT_BAD_CODE,  /* a mailed code that is wrong, used or expired */
    AUDIT_DENIED,    /* the sid that it names is another sign-in's */
    AUDIT_OUTCOMES
};

enum { /* detail of AUDIT_ROLES_CHANGE */
       AUDIT_ROLE_USER = 1,
       AUDIT_ROLE_MODERATOR = 2,
       AUDIT_ROLE_ADMIN = 4,
};

/* Begun by audit_begin; then set what is known. Plain: copy it as you like. */
struct audit {
    enum audit_kind kind;
    enum audit_outcome outcome; /* AUDIT_OK at first */
    int64_t user_id;            /* whose account; 0: nobody we know */
    uint8_t sid[STORE_SID_SIZE];
    bool has_sid;   /* audit_set_sid's */
    int64_t detail; /* by kind; else 0 */

    int64_t at_ms; /* wall clock */
    char dialect[STORE_DIALECT_SIZE];
    bool by_operator;      /* then there is no dialect and no address */
    struct http_peer from; /* the client's own (server/client.h) */
};

/* Time, dialect and client of this call. */
void audit_begin(struct audit *event, const struct call *call,
                 enum audit_kind kind);
/* Time, and that the operator did it. */
void audit_begin_operator(struct audit *event, enum audit_kind kind);
void audit_set_sid(struct audit *event, const uint8_t sid[STORE_SID_SIZE]);

/* The row; STORE_OK, or a result for which store_failed() is true. */
enum store_result audit_store(struct store *store, const struct audit *event);

/* The line, whatever the log's level; `log` may be NULL. Any thread. */
void audit_tell(const struct log *log, const struct audit *event);

/*
 * The line now and the row within a second, by the writer, for an event without
 * a change. On the loop's thread. Where more wait than AUDIT_WAITING_MAX the row
 * is left out, and counted (stay_audit_lost_total).
 */
void audit_note(struct worker *worker, const struct audit *event);

enum { AUDIT_WAITING_MAX = 256 }; /* rows of one loop */

/* What audit_note left for the writer; part of the worker. Zero is empty. */
struct audit_queue {
    struct audit waiting[AUDIT_WAITING_MAX];
    size_t count;
    bool writing; /* one change is on its way */
    bool sweeping;
    unsigned sweep_rest; /* turns of its clock to leave out */
    _Atomic uint64_t lost;
};

/* Has the worker's loop write what audit_note left, and sweep if it `sweeps`. */
enum loop_result audit_start(struct worker *worker, bool sweeps);

/* Hands the writer what still waits; once the worker's loop has ended. */
void audit_finish(struct worker *worker);

#endif
