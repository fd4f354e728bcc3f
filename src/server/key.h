/*
 * The server's keys: what signs access tokens, what makes offered refresh tokens
 * ours. They live in the database, sealed with the key file.
 *
 * A ring is what they are at one time (key_plan.h). It never changes, so threads
 * share it; when the keys change, another one takes its place (key_watch.h).
 */
#ifndef SERVER_KEY_H
#define SERVER_KEY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/offered.h"
#include "server/jws.h"
#include "server/key_file.h"
#include "server/key_plan.h"
#include "server/key_row.h"
#include "store/store.h"

enum {
    KEY_JWKS_MAX = 8192, /* bytes of the public keys' JSON */
    KEY_ETAG_SIZE = 24,  /* its quotes and NUL included */
    KEY_LIFE_MAX_S = 3650 * 24 * 60 * 60,
    /* How long a key is published before it signs: as long as caches may keep
       the JWKS, and a margin for clocks and for the watch. */
    KEY_JWKS_LIFE_S = 300,
    KEY_LEAD_S = KEY_JWKS_LIFE_S + KEY_MARGIN_S,
    /* The least where several stayds run: one that does not know a key yet takes
       its tokens for unknown, and if they are refresh tokens, ends sessions. */
    KEY_SPREAD_S = 10,
};

enum key_result {
    KEY_OK = 0,
    KEY_BAD_FILE, /* the key file: missing, unreadable, or another one's */
    KEY_DATABASE, /* the database could not be read or written */
    KEY_FULL,     /* too many keys verify, or a new one waits already */
    KEY_WEAK,     /* the HS256 secret's file: unreadable, or easy to guess */
    KEY_NO_MEMORY,
};

/* What opens the keys in the database. To be wiped. */
struct key_seal {
    uint8_t bytes[KEY_FILE_SIZE];
};

struct key_mac {
    uint8_t id; /* offered tokens carry it */
    uint8_t bytes[KEY_MAC_SIZE];
};

/* The first of each kind is the one in use, the others only verify. */
struct key_ring {
    struct key_plan plan; /* what it was built from */
    struct jws_key sign[KEY_SIGN_MAX];
    size_t sign_count;
    struct key_mac mac[KEY_MAC_MAX];
    size_t mac_count;
    char jwks[KEY_JWKS_MAX]; /* the public keys (RFC 7517) */
    size_t jwks_length;
    char etag[KEY_ETAG_SIZE]; /* with its quotes */
    _Atomic size_t holders;
};

/*
 * Builds the ring of a plan from the database. *out is held once. On failure
 * `why` holds one line and *out is NULL. Blocks.
 */
enum key_result key_ring_read(struct key_ring **out, struct store *store,
                              const struct key_seal *seal,
                              const struct key_plan *plan,
                              char why[KEY_WHY_SIZE]);

/* Whoever lets go last frees it, wiped. Any thread; NULL is allowed. */
struct key_ring *key_ring_hold(struct key_ring *ring);
void key_ring_drop(struct key_ring *ring);

/*
 * Sets key_id and mac, under the key in use. `holder` is who alone may show the
 * token, such as a registered application; empty: whoever has it.
 */
void key_mac_set(const struct key_ring *ring, struct offered_token *token,
                 struct span holder);
/* Is it a token of ours, for this holder? */
bool key_mac_fits(const struct key_ring *ring,
                  const struct offered_token *token, struct span holder);

/* "keys in the database: ..."; always KEY_DATABASE. */
enum key_result key_say_database(char why[KEY_WHY_SIZE],
                                 enum store_result result);

#endif
