/*
 * Replies: the server writes them from a case and fields, the client reads the
 * case and the fields back.
 */
#ifndef CORE_REPLY_H
#define CORE_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/dialect.h"

enum { REPLY_HEADERS_MAX = 16, REPLY_TOKENS_MAX = 2048 };

struct reply {
    int status;
    struct header_line headers[REPLY_HEADERS_MAX]; /* with Content-Type; without
                                        Content-Length, Date and Connection */
    size_t headers_count;
    struct span content_type; /* empty: no body */
    struct span body;
    size_t
        used; /* bytes of the buffer that were written, whatever the result */
};

enum reply_result {
    REPLY_OK = 0,
    REPLY_UNSPOKEN, /* no words for this case nor for any behind it */
    REPLY_LARGE,    /* does not fit the buffer */
};

/* What is to be said. Borrowed for the call, and the fields' texts longer. */
struct reply_ask {
    enum message message;
    const struct reply_case *cases;
    size_t count; /* at least 1 */
    const struct fields *fields;
};

/*
 * Writes the reply for the first case (or the one it falls back to). More than
 * one is for FIELD cases: where the dialect merges, they all go into one body;
 * otherwise the first is told. Fields that are not given are left out of a body
 * where the template says `?`, and are null elsewhere. Content of FIELD_METHOD,
 * FIELD_PATH and the like is escaped for where it is put.
 *
 * *out points into `buffer`, the dialect and the fields.
 */
enum reply_result reply_build(const struct dialect *dialect,
                              const struct reply_ask *ask, struct span buffer,
                              struct reply *out);

/* An answer as the client got it; redirects were not followed. */
struct answer {
    int status;
    const struct header_line *headers;
    size_t headers_count;
    struct span body; /* whole, at most 64 KiB */
};

struct reply_meaning {
    enum verdict verdict;   /* VERDICT_NONE: not in the dialect's words */
    struct reply_case what; /* meaningless then */
};

/*
 * Compares with the message's own replies, then with those any message may get.
 * `fields`, fresh from fields_init, gets what the reply carries; for sign-in and refresh a 2xx is GRANTED
 * only with an access token. Lifetimes end up in FIELD_EXPIRES_IN_MS whatever
 * the unit was (FIELD_EXPIRES_AT needs the reply's Date for that); a text for
 * people in FIELD_MESSAGE.
 *
 * MESSAGE_NONE reads the answer of any resource, the caller's own: it finds
 * RENEW (no_token, bad_token, expired_token), REFUSED (the account is disabled
 * or deleted, as told by the resource) or DENIED.
 */
struct reply_meaning reply_match(const struct dialect *dialect,
                                 enum message message,
                                 const struct answer *answer,
                                 struct fields *fields);

#endif
