/*
 * One message of Stay's own and its answer: sign-in, refresh, sign-out. The only
 * place where such a message meets libcurl.
 */
#ifndef CLIENT_EXCHANGE_H
#define CLIENT_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include "client/state.h"
#include "core/outcome.h"
#include "core/reply.h"
#include "core/request.h"

enum {
    EXCHANGE_REQUEST_MAX = 48 * 1024,
    EXCHANGE_BODY_MAX = 64 * 1024, /* a longer answer is no answer */
    EXCHANGE_HEAD_MAX = 32 * 1024, /* later headers are not looked at */
    EXCHANGE_HEADERS_MAX = 64,
    EXCHANGE_FIELDS_MAX = 64 * 1024,
};

/* On the heap: exchange_new, exchange_free; it holds secrets. */
struct exchange {
    char request[EXCHANGE_REQUEST_MAX];
    struct request built; /* points into `request` */
    struct fields fields; /* what the answer carries */
    char field_bytes[EXCHANGE_FIELDS_MAX];

    char body[EXCHANGE_BODY_MAX];
    size_t body_length;
    char head[EXCHANGE_HEAD_MAX];
    size_t head_length;
    struct header_line headers[EXCHANGE_HEADERS_MAX]; /* of the last answer */
    size_t headers_count;
    long status; /* 0: none */

    int64_t until_ms; /* steady clock: when to give up; 0: in limit_ms */
    CURLcode code;    /* how the transfer went */
    char error[CURL_ERROR_SIZE];
};

struct exchange *exchange_new(void); /* NULL when memory is out */
void exchange_free(struct exchange *exchange);

/* Writes the message; false when the dialect lacks it or a field is missing. */
bool exchange_build(struct exchange *exchange, const struct stay *stay,
                    enum message message, const struct fields *fields);

/*
 * Sends what was built and waits for the answer, limit_ms at most. `line`: a
 * header that shows the access token, or NULL. The answer's fields are empty
 * until reply_match or outcome_decide fills them.
 */
enum transport exchange_send(struct exchange *exchange, struct stay *stay,
                             CURL *curl, const char *line);

/* Points into the exchange. */
struct answer exchange_answer(const struct exchange *exchange);

/* Why there is no answer, as a reason that passes. */
enum stay_reason exchange_reason(const struct exchange *exchange);

#endif
