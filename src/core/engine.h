/*
 * Decides when a session is refreshed, and what each request does meanwhile.
 *
 * The engine acts on nothing. A host (libstay, the browser's script) holds one
 * engine per session under one mutex, asks under the mutex, acts outside it.
 * No call blocks, allocates or reads a clock, and none can fail. The engine
 * knows times and numbers; it never sees a token's text.
 *
 *   SIGNED_OUT --signed in--> FRESH --start--> REFRESHING --granted--> FRESH
 *                               ^                |      \
 *                               |             failed    refused
 *                               |                v        v
 *   (by REFRESHING, when rested)+---------- RESTING     ENDED --changed-> FRESH
 *   any state --signed out--> SIGNED_OUT        any state --signed in--> FRESH
 *
 * A request, in the host (r is zero but for origin and need_ms):
 *   ask:     answer = engine_ask(e, r, now)
 *            ENGINE_START: also start refresh number e->refresh, see below
 *            ENGINE_SEND: send it with the token numbered answer.generation
 *            ENGINE_WAIT: sleep until ENGINE_WAKE, then ask again (same r)
 *            ENGINE_FAIL_LATER, ENGINE_FAIL_SIGN_IN: it ends; answer.reason
 *   answer:  answer = engine_answered(e, r, status, now)
 *            ENGINE_DELIVER: it ends; ENGINE_RETRY: ask again (same r)
 *            ENGINE_WAIT, ENGINE_START: as above
 *   A request that is cancelled, or out of its time while it waits, is simply
 *   not asked about again.
 *
 * A refresh, in the host, from ENGINE_START on; n = e->refresh at that moment:
 *   take the refresh lock, read the vault again; someone newer was there:
 *            engine_ended(n, ENGINE_ADOPTED, the tokens found there)
 *   call:    answer = engine_call(e, n, the vault's budget, now)
 *            ENGINE_CALL: save e->budget with what must be durable, send
 *            ENGINE_STOP: send nothing; it is over
 *   end:     answer = engine_ended(e, &end)
 *            ENGINE_STOP: too late, the answer counts for nothing: drop what
 *            came with it. ENGINE_START: again at once as refresh e->refresh.
 *            Save e->budget, so that all processes of the vault share it.
 *   A refresh that was started must be ended, whatever happens to it.
 *
 * After any call: ENGINE_WAKE says that all waiting requests ask again.
 *
 * What holds, on every row of the table (the tests name these numbers):
 *  1. At most one refresh is out. ENGINE_START comes only when none is, or as
 *     the repeat of the one that has just ended.
 *  2. Nothing ends a session but ENGINE_REFUSED for the newest refresh, with
 *     no newer tokens known, or a sign-out.
 *  3. A request told to wait is woken by whatever ends the refresh, and then
 *     is sent or fails with a reason, and starts no refresh of its own. It
 *     waits again only if the next refresh is out already.
 *  4. A request is sent at most twice, the second time with a newer generation.
 *  5. A living token is used while a refresh is out, and after it has failed.
 *     (A token that met a 401 rests while that refresh is out; the request
 *     that met the 401 never gets it again.)
 *  6. A late end (of another number, or after a sign-out) changes nothing.
 *     A sign-out is undone by nothing but a sign-in.
 *  7. Between failures lie pauses of 1, 2, 4 ... 60 s, each half to one and a
 *     half of that by chance, and never less than Retry-After (at most 1 h);
 *     at most 8 calls in any minute and 60 in any hour since the last success.
 *  8. The early window is a property of each token: 60 s or a fifth of its
 *     life, the less of both; by chance only the later half to the whole of
 *     it is used.
 *  9. A 401 to a token younger than min(30 s, half its life) is delivered, and
 *     for as long again 401s of that origin start no refresh. A 401 that says
 *     in the dialect's own words that the token is no good may start one, but
 *     only if the token did not itself come from a refresh that a 401 started,
 *     unless it has been answered otherwise since. A replay's 401 counts as
 *     one to a young token. So no resource can cause a storm.
 * 10. The engine calls nobody back, so no callback can run under the mutex.
 * 11. A 401 from an origin that is not the session's changes nothing.
 * Besides: a request never outlives its session; asked under one, it is not
 * sent under the next (another person may have signed in).
 *
 * Times: now_ms is a steady clock that counts suspend, at least 0. Should it
 * jump backwards all the same, a token counts as due and not as young, and a
 * rest as over; forwards, tokens expire early: neither ends a session.
 */
#ifndef CORE_ENGINE_H
#define CORE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/engine_budget.h"

/* Origins whose 401s are remembered at a time; if more, all are quiet. */
#define ENGINE_QUIET_COUNT 8
/* The origin of a request that is none of the session's own. */
#define ENGINE_FOREIGN UINT32_MAX

#define ENGINE_SENDS_MAX 2           /* invariant 4 */
#define ENGINE_EARLY_MAX_MS 86400000 /* of engine_config.early_ms */
#define ENGINE_EARLY_MS 60000        /* invariant 8 */
#define ENGINE_YOUNG_MS 30000        /* invariant 9 */
#define ENGINE_LIFE_MIN_MS 1000      /* a shorter life counts as this */
#define ENGINE_LOST_MAX 1         /* ENGINE_UNKNOWN at once again, in a row */
#define ENGINE_AGAIN_MAX 16       /* ENGINE_AGAIN in a row; then a rest */
#define ENGINE_ODD_MAX 3          /* ENGINE_UNRECOGNISED, and over */
#define ENGINE_ODD_MS (5 * 60000) /* at least this: ask the person */

enum engine_state {
    ENGINE_SIGNED_OUT = 0,
    ENGINE_FRESH,
    ENGINE_REFRESHING,
    ENGINE_RESTING, /* the last refresh failed; the session is still good */
    ENGINE_ENDED,   /* the server ended it; engine.end_detail says how */
    ENGINE_STATE_COUNT,
};

/* What the host is to do; bits, combined as the comment above says. */
enum engine_todo {
    ENGINE_SEND = 1 << 0,
    ENGINE_START = 1 << 1,
    ENGINE_WAIT = 1 << 2,
    ENGINE_FAIL_LATER = 1 << 3,
    ENGINE_FAIL_SIGN_IN = 1 << 4,
    ENGINE_DELIVER = 1 << 5,
    ENGINE_RETRY = 1 << 6,
    ENGINE_CALL = 1 << 7,
    ENGINE_STOP = 1 << 8,
    ENGINE_WAKE = 1 << 9,
};

/* What a request's answer says of the token it carried. */
enum engine_status {
    ENGINE_NOT_401 = 0,   /* any other status */
    ENGINE_401 = 1,       /* 401, in words that say nothing of the token */
    ENGINE_401_TOKEN = 2, /* in the dialect's words: expired, or not valid */
};

/* How a refresh ended; the outcome table of design.md, section 3. */
enum engine_outcome {
    ENGINE_GRANTED,       /* new tokens, already saved */
    ENGINE_ADOPTED,       /* the vault held newer ones than at ENGINE_START */
    ENGINE_AGAIN,         /* answered, but to be sent again at once (409 ...) */
    ENGINE_REFUSED,       /* the refresh token the vault holds now is dead */
    ENGINE_PASSING,       /* 5xx, 429, HTML, no lock ...; maybe Retry-After */
    ENGINE_NOT_SENT,      /* no connection, TLS failure: nothing went out */
    ENGINE_UNKNOWN,       /* sent, no complete answer */
    ENGINE_UNRECOGNISED,  /* 400, 401, 403 outside the dialect's words */
    ENGINE_MISCONFIGURED, /* invalid_client ...: the program is set up wrong */
    ENGINE_OUTCOME_COUNT,
};

/* Why a request failed. Kept in the budget too: do not renumber. */
enum engine_reason {
    ENGINE_NO_REASON = 0,
    ENGINE_BY_SIGN_OUT = 1,   /* never signed in, or signed out since */
    ENGINE_BY_REFUSAL = 2,    /* ENGINE_REFUSED; detail says in which words */
    ENGINE_BY_SERVER = 3,     /* ENGINE_PASSING */
    ENGINE_BY_NETWORK = 4,    /* ENGINE_NOT_SENT */
    ENGINE_BY_LOST_REPLY = 5, /* ENGINE_UNKNOWN, twice or more in a row */
    ENGINE_BY_BAD_REPLY = 6,  /* ENGINE_UNRECOGNISED */
    ENGINE_BY_CONFIG = 7,     /* ENGINE_MISCONFIGURED */
    ENGINE_BY_BUDGET = 8,     /* too many calls without any known failure */
};

/* 16 bytes, so that it travels in registers. */
struct engine_answer {
    uint16_t todo;       /* bits of enum engine_todo */
    uint16_t reason;     /* enum engine_reason, with a FAIL bit; else 0 */
    uint32_t detail;     /* with a reason: the number engine_end.detail gave */
    uint64_t generation; /* the newest token's number; the one to send */
};

struct engine_config {
    /* Refresh this long before expiry, at most half the token's life; 0 means
       60 000 or a fifth of the life, the less; negative: never early. */
    int64_t early_ms;
};

/* New tokens: what the engine needs to know of them. */
struct engine_tokens {
    /* The vault's number for them, above 0; grows with every change there. */
    uint64_t generation;
    int64_t life_ms;     /* 0 or less: not known, good until a 401 */
    int64_t received_ms; /* when they came; now, or earlier from a vault */
    /* Received before the last boot, so received_ms means nothing: they are
       used but not trusted, and a refresh starts behind the first request. */
    bool due;
};

/*
 * One request, from its first ask to its end. The host sets origin and need_ms
 * and the rest to zero; the engine alone writes the others.
 */
struct engine_request {
    uint32_t origin;  /* host's index of it, or ENGINE_FOREIGN */
    uint32_t sends;   /* times sent: 0, 1 or 2 */
    int64_t need_ms;  /* the token must be good for longer than this; 0 or less
                        for an ordinary request. Counts as half the token's
                        life where it is more, or it could never be met. */
    uint64_t session; /* the session it was first asked under */
    uint64_t sent;    /* generation it was last sent with */
    uint64_t waited;  /* generation there was when it was told to wait */
};

struct engine_end {
    uint64_t number; /* which refresh; e->refresh at its ENGINE_START */
    enum engine_outcome outcome;
    uint32_t detail;             /* the host's own number for the reason */
    struct engine_tokens tokens; /* for ENGINE_GRANTED and ENGINE_ADOPTED */
    int64_t retry_after_ms;      /* 0: none was given */
    int64_t now_ms;
    uint32_t random; /* uniform over its range */
};

/* 401s of this origin (ENGINE_FOREIGN: of all) start no refresh in
   [from_ms, until_ms). */
struct engine_quiet {
    uint32_t origin;
    int64_t from_ms;
    int64_t until_ms;
};

/* In place: engine_init, no clear. Hosts may read, and write only `budget`. */
struct engine {
    const struct engine_step *steps; /* engine_steps; tests change a copy */
    uint64_t generation;   /* the newest access token; 0: there was none */
    uint64_t session;      /* counts sign-ins */
    int64_t received_ms;   /* of that token, as are the next five */
    int64_t calm_ms;       /* for so long from then it is good and not due */
    int64_t young_ms;      /* until when it counts as young */
    int64_t due_ms;        /* the early window opens; INT64_MAX: never */
    int64_t expires_ms;    /* INT64_MAX: not known */
    int64_t half_ms;       /* half its life */
    uint64_t refresh;      /* number of the newest refresh */
    uint64_t refresh_from; /* generation there was when it started */
    enum engine_state state;
    bool refused; /* a 401 came to that token, and a refresh is out */
    bool suspect; /* it came of such a refresh, and nothing but 401s since */
    uint32_t repeat_count[ENGINE_OUTCOME_COUNT]; /* at once, in a row */
    uint32_t end_detail;                         /* with ENGINE_ENDED */
    int64_t early_ms;                            /* struct engine_config */
    struct engine_budget budget;
    struct engine_quiet quiet[ENGINE_QUIET_COUNT];
};

void engine_init(struct engine *e, const struct engine_config *config);

/* Before a request, and again whenever it was told to wait or to retry. */
struct engine_answer engine_ask(struct engine *e, struct engine_request *r,
                                int64_t now_ms);

/*
 * As engine_ask, for a caller who wants a newer token than there is now: a
 * refresh starts unless one is out, or rests. Later asks of it: engine_ask.
 */
struct engine_answer engine_ask_newer(struct engine *e,
                                      struct engine_request *r, int64_t now_ms);

/* After its answer. */
struct engine_answer engine_answered(struct engine *e, struct engine_request *r,
                                     enum engine_status status, int64_t now_ms);

/*
 * A 401 to a token that was given away, so that no request of ours met it;
 * counts as ENGINE_401_TOKEN. Late or repeated news is safe. todo: ENGINE_START
 * or nothing. To have a later ask not answered with the same token while the
 * refresh endpoint is down, set that request's `sent` to this generation.
 *
 * For a request that cannot be sent again use engine_answered, start what it
 * says, and do not ask again.
 */
struct engine_answer engine_refused(struct engine *e, uint64_t generation,
                                    uint32_t origin, int64_t now_ms);

/*
 * Just before a refresh's first byte, and under the refresh lock if there is
 * one. shared: the budget as the vault holds it, or NULL when nobody shares.
 * todo: ENGINE_CALL, or ENGINE_STOP (maybe with ENGINE_WAKE).
 */
struct engine_answer engine_call(struct engine *e, uint64_t number,
                                 const struct engine_budget *shared,
                                 int64_t now_ms);

/* todo: ENGINE_WAKE, ENGINE_START (again) or ENGINE_STOP (late). */
struct engine_answer engine_ended(struct engine *e,
                                  const struct engine_end *end);

/*
 * The vault holds other tokens of the same person than the engine was told of
 * (another process or tab refreshed, or the person signed in again). A refresh
 * that is out stays out, and can no longer do harm. Not newer than the known
 * ones, or after a sign-out: changes nothing. todo: ENGINE_WAKE or nothing.
 */
struct engine_answer engine_changed(struct engine *e,
                                    const struct engine_tokens *tokens,
                                    int64_t now_ms, uint32_t random);

/* Signed in, here or elsewhere; or a vault was opened that holds a session. */
struct engine_answer engine_signed_in(struct engine *e,
                                      const struct engine_tokens *tokens,
                                      int64_t now_ms, uint32_t random);

/* Signed out, here or elsewhere. */
struct engine_answer engine_signed_out(struct engine *e);

/*
 * For hosts that keep a token fresh while nobody asks: when to call
 * engine_tick; INT64_MAX: not before something else happens. Calling it
 * sooner is harmless (a timer may have a limit, such as 24.8 days).
 */
int64_t engine_deadline_ms(const struct engine *e);

/* todo: ENGINE_START or nothing. */
struct engine_answer engine_tick(struct engine *e, int64_t now_ms);

/* Life left in the current token, 0 when none; INT64_MAX: not known. */
int64_t engine_left_ms(const struct engine *e, int64_t now_ms);

#endif
