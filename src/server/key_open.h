/*
 * The keys at a start: the key file, and the first keys where there are none.
 */
#ifndef SERVER_KEY_OPEN_H
#define SERVER_KEY_OPEN_H

#include "server/key.h"

struct key_source {
    struct store *store; /* opened to write; borrowed */
    const char *path;    /* of the key file */
    struct key_lives lives;
    enum jws_algorithm algorithm; /* of access tokens from now on */
    const char *hs256_file; /* the secret of HS256; NULL: in the database */
};

/*
 * Reads the ring, and makes what is missing: the key file, a key of each kind, a
 * key of the algorithm where the newest one is of another. Several that start at
 * once end up with the same. On failure `why` holds one line and *out is NULL.
 * *seal is to be wiped. Blocks.
 */
enum key_result key_open(struct key_ring **out, struct key_seal *seal,
                         const struct key_source *source,
                         char why[KEY_WHY_SIZE]);

/* The key file alone, as key_open reads it. */
enum key_result key_open_seal(const struct key_source *source,
                              struct key_seal *out, char why[KEY_WHY_SIZE]);

#endif
