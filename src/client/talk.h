/*
 * One message of an account and its answer: sign-up, sign-in, sign-out. Refreshes
 * go their own way (flight.h).
 */
#ifndef CLIENT_TALK_H
#define CLIENT_TALK_H

#include "client/exchange.h"
#include "client/state.h"

/* With a libcurl handle of its own: a refresh may be running meanwhile. */
struct talk {
    struct stay *stay;
    CURL *curl;
    struct exchange *exchange;
    struct entry *entry;
    enum transport transport;
    struct reply_meaning meaning;
};

/*
 * All that is sent in it is over by `until_ms`, of the steady clock. talk_end
 * follows in any case. False: memory is out, and stay_error says so.
 */
bool talk_begin(struct talk *talk, struct stay *stay, int64_t until_ms);
void talk_end(struct talk *talk);

/*
 * Sends what exchange_build wrote, again if the answer got lost: these messages
 * may be repeated. `line`: a header that shows the access token, or NULL.
 */
void talk_send(struct talk *talk, enum message message, const char *line);

/* An answer that means "later", whatever its words. */
bool talk_is_passing(const struct talk *talk);

/* What an answer that grants nothing, or none, means; stay_error says why. */
enum stay_result talk_failed(struct talk *talk);
/* The dialect lacks the message, or needs a field that is not given. */
enum stay_result talk_unspoken(struct talk *talk, const char *what);

#endif
