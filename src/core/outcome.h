/*
 * What the answer to a refresh means: the outcome table of the documentation,
 * decided in one place.
 */
#ifndef CORE_OUTCOME_H
#define CORE_OUTCOME_H

#include <stdint.h>

#include "core/reply.h"

enum outcome {
    OUTCOME_GRANTED = 0, /* an access token; perhaps a refresh token */
    OUTCOME_REFUSED,     /* in the dialect's own words; `why` is the reason */
    OUTCOME_ADVANCE,     /* this and the next four: committed rotation */
    OUTCOME_STALE,
    OUTCOME_BEHIND, /* with FIELD_GENERATION */
    OUTCOME_OTHER_SESSION,
    OUTCOME_RESEED,       /* with FIELD_GENERATION, FIELD_FROM and FIELD_SID */
    OUTCOME_UNRECOGNISED, /* 400, 401, 403 in JSON or empty, in other words */
    OUTCOME_PASSING,      /* a proxy, an overload, a captive portal */
    OUTCOME_NOT_SENT,     /* passing too: nothing left this machine */
    OUTCOME_UNKNOWN,      /* it may have been done: repeat it */
    OUTCOME_CONFIG,       /* tell the caller, keep the session */
};

enum transport {
    TRANSPORT_ANSWERED = 0,
    TRANSPORT_NOT_SENT, /* no name, no connection, TLS or certificate failure */
    TRANSPORT_LOST,     /* sent in part or whole, no complete answer */
};

struct outcome_told {
    enum outcome outcome;
    struct reply_case why;  /* REFUSED, CONFIG: what the server said */
    int64_t retry_after_ms; /* 0: the server names no time; at most 1 h */
};

/*
 * `answer` is read only when `transport` is TRANSPORT_ANSWERED, and may be NULL
 * otherwise. `message` is MESSAGE_REFRESH or MESSAGE_REFRESH_COOKIE. `fields`
 * gets what the answer carries.
 */
struct outcome_told outcome_decide(const struct dialect *dialect,
                                   enum message message,
                                   enum transport transport,
                                   const struct answer *answer,
                                   struct fields *fields);

/*
 * The Retry-After of an answer (RFC 9110, section 10.2.3), seconds or a date,
 * which counts from the answer's own Date; 0 when there is none, it is past or
 * not readable; at most one hour.
 */
int64_t outcome_retry_after_ms(const struct answer *answer);

const char *outcome_name(enum outcome outcome); /* "granted"; never NULL */

#endif
