/*
 * Keys added and retired: by `stayd keys rotate`, at a start with another
 * algorithm, or by age. On a store opened to write; a running stayd notices by
 * itself (server/key_watch.h).
 */
#ifndef SERVER_KEY_ADMIN_H
#define SERVER_KEY_ADMIN_H

#include "server/key.h"

struct key_rotation {
    enum key_use use;
    enum jws_algorithm algorithm;    /* JWS_NO_ALGORITHM: as the newest one's */
    const struct key_secret *secret; /* NULL: a new one is made */
    int64_t lead_s; /* published so long before it is used; 0: at once. Of a
                       refresh key at least KEY_SPREAD_S where several run */
    bool first;     /* also where one waits; STORE_TAKEN where it is there */
    /* Removes what is over, as `lives` tells. A command may not know how long the
       tokens of the stayds that run are good, and had better not. */
    bool prunes;
    /* All others are removed, so that what they signed is refused from now on;
       then lead_s is 0. Access tokens are refreshed; of refresh keys, sessions
       of offered dialects end. */
    bool compromised;
};

/* What was done, for the audit. */
struct key_rotated {
    struct key_fact added;
    size_t retired; /* how many */
    bool waits;     /* a new one was published already */
};

/*
 * Retires what signs, adds a key: several statements, for
 * a transaction of the caller's. STORE_OK; STORE_LIMIT: too many keys verify, or
 * a new one waits already; STORE_TAKEN: another process was first, or the
 * given secret is that of the newest key; else a failure. Making an RS256 key takes a good part of a second.
 */
enum store_result key_rotate(struct store *store, const struct key_seal *seal,
                             const struct key_lives *lives,
                             const struct key_rotation *rotation,
                             struct key_rotated *out);

/* Removes what is over, as key_plan_make found it. */
enum store_result key_prune(struct store *store, const struct key_facts *facts);

#endif
