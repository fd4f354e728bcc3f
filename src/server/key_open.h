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
    /* Of access tokens; none: that of the newest key, EdDSA where there is no
       key, HS256 where there is a file. */
    enum jws_algorithm algorithm;
    const char *hs256_file; /* the secret of HS256; NULL: in the database */
};

/*
 * Reads the ring, and makes what is missing: the key file, a key of each kind, a
 * key of the algorithm where the newest one is of another; what others verify by
 * is published KEY_LEAD_S before it signs. Several that start at once end up with
 * the same. On failure `why` holds one line and *out is NULL.
 * *seal is to be wiped. Blocks.
 */
enum key_result key_open(struct key_ring **out, struct key_seal *seal,
                         const struct key_source *source,
                         char why[KEY_WHY_SIZE]);

/* The key file alone, as key_open reads it. */
enum key_result key_open_seal(const struct key_source *source,
                              struct key_seal *out, char why[KEY_WHY_SIZE]);

#endif
