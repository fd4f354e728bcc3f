/*
 * The server's keys: what signs access tokens, what makes offered refresh tokens
 * ours. They live in the database, sealed with the key file.
 *
 * The ring is loaded once at start and not changed after: threads share it.
 */
#ifndef SERVER_KEY_H
#define SERVER_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/jws.h"
#include "core/offered.h"
#include "server/jws.h"
#include "server/key_file.h"
#include "store/store.h"

enum {
    KEY_SIGN_MAX = 8,
    KEY_MAC_MAX = 8,
    KEY_MAC_SIZE = 32,
    KEY_JWKS_MAX = 2048, /* bytes of the public keys' JSON */
};

enum key_result {
    KEY_OK = 0,
    KEY_BAD_FILE, /* the key file: missing, unreadable, or another one's */
    KEY_DATABASE, /* the database could not be read or written */
    KEY_FULL,     /* too many keys of a kind still verify */
    KEY_WEAK,     /* --hs256-secret-file: unreadable or too easy to guess */
};

struct key_mac {
    uint8_t id; /* offered tokens carry it */
    uint8_t bytes[KEY_MAC_SIZE];
};

/* The first of each kind is the one in use, the others only verify. */
struct key_ring {
    struct jws_key sign[KEY_SIGN_MAX];
    size_t sign_count;
    struct key_mac mac[KEY_MAC_MAX];
    size_t mac_count;
};

struct key_source {
    struct store *store; /* opened to write; borrowed */
    const char *path;    /* of the key file */
    int64_t now_s;
    int64_t keep_s; /* keys retired longer ago are left out; 0: none is */
};

/*
 * Reads the ring, and makes the key file and the first keys where there are
 * none. On failure `why` holds one line and *out is zeroed. Blocks.
 */
enum key_result key_ring_open(struct key_ring *out,
                              const struct key_source *source,
                              char why[KEY_WHY_SIZE]);
void key_ring_clear(struct key_ring *ring);

/* Sets key_id and mac, under the key in use. */
void key_mac_set(const struct key_ring *ring, struct offered_token *token);
/* Is it a token of ours? */
bool key_mac_fits(const struct key_ring *ring,
                  const struct offered_token *token);

/* The public keys (RFC 7517); the length written, no NUL. */
size_t key_write_jwks(const struct key_ring *ring, char out[KEY_JWKS_MAX]);

#endif
