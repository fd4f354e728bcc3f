/*
 * One request on its way to its one answer.
 *
 * Everything here is for the loop's own thread. An exchange is good from the
 * call of the handler until exchange_answer or exchange_drop returns, however
 * long that takes and even when the client has gone meanwhile; one of the two
 * must be called exactly once.
 */
#ifndef SERVER_EXCHANGE_H
#define SERVER_EXCHANGE_H

#include <stddef.h>

#include "server/http.h"

struct exchange;
struct loop;

enum {
    /* All that one exchange may reserve: a full body, and room beside it. */
    EXCHANGE_RESERVE_LIMIT = 192 * 1024,
};

/* Borrowed until the answer, spans included. */
const struct http_request *exchange_request(const struct exchange *x);

struct loop *exchange_loop(const struct exchange *x);

/*
 * Bytes for building the answer (and for what the work needs meanwhile),
 * aligned for any type, not zeroed, wiped and taken back with the answer.
 * NULL when the limit is reached or there is no memory: answer 503 then.
 */
void *exchange_reserve(struct exchange *x, size_t size);

/*
 * Sends the answer; allowed inside the handler or at any later time. All that
 * the response points to is borrowed for this call only. If the client has
 * gone, the answer is dropped. A response that must not be sent (see
 * http_response_write) becomes a plain 500.
 */
void exchange_answer(struct exchange *x, const struct http_response *response);

/* Closes the connection without an answer, as a broken network would. */
void exchange_drop(struct exchange *x);

#endif
