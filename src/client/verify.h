/*
 * The issuer's keys of one verifier: fetched when they are needed, kept for as
 * long as they may be, shared by threads.
 */
#ifndef CLIENT_VERIFY_H
#define CLIENT_VERIFY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <stay.h>

#include "core/jws.h"
#include "crypto/jwk.h"

enum {
    VERIFY_TOKEN_MAX = 16 * 1024,
    VERIFY_TEXT_MAX = 1024, /* issuer, audience */
    VERIFY_LEEWAY_S = 5,
    VERIFY_LEEWAY_MAX_S = 3600,
    VERIFY_LIMIT_MS = 10 * 1000,
    VERIFY_LIMIT_MAX_MS = 60 * 60 * 1000,
    /* Keys are good for what Cache-Control says, within these bounds. */
    VERIFY_LIFE_MS = 300 * 1000, /* where it says nothing */
    VERIFY_LIFE_MIN_MS = 60 * 1000,
    VERIFY_LIFE_MAX_MS = 24 * 60 * 60 * 1000,
    /* And that much longer where new ones cannot be had. */
    VERIFY_STALE_MS = 24 * 60 * 60 * 1000,
    /* Between two fetches, whatever asks for them. */
    VERIFY_PAUSE_MS = 60 * 1000,
    VERIFY_PAUSE_FIRST_MS = 5 * 1000, /* while there are no keys at all */
};

/* A set as it was fetched; never changed after. */
struct verify_keys {
    struct jwk_set set;
    _Atomic size_t holders;
};

struct stay_verifier {
    /* Constant. */
    char url[STAY_URL_SIZE];
    char issuer[VERIFY_TEXT_MAX];
    char audience[VERIFY_TEXT_MAX];
    char type[JWS_TYPE_MAX]; /* empty: anything */
    char user_agent[STAY_NAME_SIZE];
    unsigned algorithms;
    int64_t leeway_s;
    int64_t limit_ms;
    void (*on_curl)(CURL *curl, void *data);
    void *on_curl_data;

    pthread_mutex_t lock; /* over all that follows; not held while sending */
    pthread_cond_t ended; /* a fetch */
    bool fetching;
    bool failed;              /* the last one did */
    struct verify_keys *keys; /* NULL: none */
    int64_t tried_ms;         /* steady; when the last fetch began */
    bool tried;
    int64_t old_ms;  /* steady; new ones are due then */
    int64_t dead_ms; /* these are not believed from then on */
};

/*
 * The keys to judge a token of that header by, held for the caller; fetches
 * where it must. NULL: there are none. *failed: it may be that newer ones exist
 * that could not be had.
 */
struct verify_keys *verify_keys_get(struct stay_verifier *verifier,
                                    const struct jws_header *header,
                                    bool *failed);
void verify_keys_drop(struct verify_keys *keys); /* NULL is allowed */

/* One fetch; NULL: it failed. Blocks; with no lock held. */
struct verify_keys *verify_fetch(const struct stay_verifier *verifier,
                                 int64_t *life_ms);

#endif
