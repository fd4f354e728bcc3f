/*
 * How often one may try: leaky buckets in memory, of which there are so many and
 * no more.
 *
 * A try of a password is put into its buckets before the work, so that a
 * thousand at once are counted too, and taken out again when it went well: only
 * what fails stays, and leaks out by and by. Where a bucket is full the answer is
 * 429 with Retry-After (CASE_THROTTLED), and nothing else is done or told.
 *
 * For a password there are three buckets:
 *   pair     account and network    an attacker, at his own place
 *   network  all its accounts       who tries one password on many
 *   account  from all networks      many places against one
 * Whoever signed in from a network before is known there: of an account that is
 * known to the network only the pair counts. So an owner is neither kept out by
 * those who try his account from elsewhere, nor by those who try other accounts
 * from his own network. What is known is kept in memory, and lost at a restart;
 * then, and in another process, who has a session from there is known by that:
 * throttle_is_stranger tells when to look, throttle_greet what was found.
 *
 * A network is one IPv4 address, or the 64 first bits of one of IPv6; all peers
 * of a Unix socket are one (http_peer_network), unless they are a trusted
 * proxy's clients (server/client.h). An account is what was shown as its name or
 * address, whether or not there is such a user: throttling tells nothing of that.
 *
 * Any thread; nothing here blocks for longer than a few comparisons.
 */
#ifndef SERVER_THROTTLE_H
#define SERVER_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "server/http.h"

/* What is tried. */
enum throttle_act {
    THROTTLE_SIGN_IN,  /* a wrong password stays in */
    THROTTLE_PASSWORD, /* the current one, asked for by a signed-in user */
    THROTTLE_SIGN_UP,  /* a new account stays in */
    THROTTLE_TAKEN,    /* an answer that a name or address is taken stays in */
    THROTTLE_REFRESH,  /* what was no living session's stays in */
    THROTTLE_MAIL,     /* a mail that was asked for stays in */
    THROTTLE_CODE,     /* a mailed code that was wrong stays in */
    THROTTLE_ACTS
};

enum {
    THROTTLE_BUCKETS = 64 * 1024, /* of 24 bytes each; the emptiest goes */
    THROTTLE_KNOWN = 32 * 1024, /* pairs of 16 bytes; the longest unseen goes */
    THROTTLE_PARTS = 3,         /* buckets of one try */
    THROTTLE_TELL_MS =
        60 * 1000, /* one refused try a bucket is told so often */
};

struct throttle; /* opaque */

/* NULL: out of memory. `off`: nothing is ever refused. */
struct throttle *throttle_open(bool off);
void throttle_close(struct throttle *throttle); /* NULL is allowed */

/* Who tries what. */
struct throttle_ask {
    enum throttle_act act;
    struct http_peer from; /* the client's own address */
    struct span account;   /* as shown; empty where the act has none */
    int64_t now_ms;        /* steady */
};

/* What a try has put into its buckets. Zero: nothing. Plain. */
struct throttle_try {
    enum throttle_act act;
    uint64_t tag[THROTTLE_PARTS]; /* 0: none */
    uint64_t pair;                /* for throttle_know */
};

/* What a full bucket says. Zero: none is full. */
struct throttle_wait {
    int64_t seconds; /* until there is room for one */
    bool tell;       /* the log too: once a minute for each bucket */
};

/* Puts a try in, where no bucket is full; *out is then for the two below. */
struct throttle_wait throttle_take(struct throttle *throttle,
                                   const struct throttle_ask *ask,
                                   struct throttle_try *out);

/* The try went well, or came to nothing of its own (503): takes it out. */
void throttle_return(struct throttle *throttle,
                     const struct throttle_try *tried);

/* The password was right: takes it out, empties the pair, and knows it. */
void throttle_know(struct throttle *throttle, const struct throttle_try *tried,
                   int64_t now_ms);

/* Would a try be refused now? Puts nothing in. */
struct throttle_wait throttle_look(struct throttle *throttle,
                                   const struct throttle_ask *ask);

/* The same question, asked for no try: nothing is counted or told. */
bool throttle_is_full(struct throttle *throttle,
                      const struct throttle_ask *ask);

/*
 * Would a try be refused only for what others did? Its pair has room, a bucket
 * that it would be spared if it were known is full. Puts nothing in.
 */
bool throttle_is_stranger(struct throttle *throttle,
                          const struct throttle_ask *ask);

/* The account was signed in to from that network: from now on it is known. */
void throttle_greet(struct throttle *throttle, const struct throttle_ask *ask);

/* Puts one in, full or not: of what was found to be bad only afterwards. */
void throttle_add(struct throttle *throttle, const struct throttle_ask *ask);

/* Tries refused so far, by act. */
uint64_t throttle_refused(struct throttle *throttle, enum throttle_act act);

/* "sign_in"; never NULL. */
const char *throttle_act_name(enum throttle_act act);

#endif
