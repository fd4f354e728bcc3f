/*
 * `stayd keys list|rotate`: what an operator does to the keys, on a store opened
 * to write. A running stayd notices by itself (server/key_watch.h).
 */
#ifndef SERVER_KEY_ADMIN_H
#define SERVER_KEY_ADMIN_H

#include "server/key.h"

enum {
    /* How long a key is published before it signs: as long as caches may keep
       the JWKS (300 s), and a margin for clocks and for the watch. */
    KEY_LEAD_S = 360,
    KEY_LEAD_MAX_S = 30 * 24 * 60 * 60,
};

enum key_state {
    KEY_PUBLISHED, /* verifies; signs from since_s on */
    KEY_IN_USE,    /* signs */
    KEY_RETIRED,   /* verifies until until_s */
    KEY_OVER,      /* does nothing any more; removed at the next rotation */
};

/* One key as `stayd keys list` shows it; no secret in it. */
struct key_line {
    int64_t id;
    const char *use;       /* "access", or "refresh" for offered tokens */
    const char *algorithm; /* "EdDSA", ...; "HMAC-SHA256" of refresh keys */
    const char *kid;       /* empty for refresh keys; borrowed for the call */
    enum key_state state;
    int64_t created_s;
    int64_t since_s; /* when it signs or began to; 0: not planned */
    int64_t until_s; /* when it stops verifying; 0: not planned */
};

const char *key_state_text(enum key_state state); /* "published", ... */

/* In order of age. The key file is not needed. Blocks. */
enum key_result key_admin_list(const struct key_source *source,
                               void (*line)(void *context,
                                            const struct key_line *line),
                               void *context, char why[KEY_WHY_SIZE]);

struct key_rotation {
    bool refresh; /* the key of offered refresh tokens instead */
    enum jws_algorithm algorithm; /* of the new key; JWS_NO_ALGORITHM: as the
                                     one in use */
    int64_t lead_s;   /* published so long before it signs; 0: at once */
    bool compromised; /* the old ones stop verifying now, and lead_s is 0:
                         every access token issued so far is refused, and
                         clients refresh */
};

/*
 * Adds a key and retires the one in use, in one transaction; removes those that
 * are over. KEY_BAD_FILE, KEY_DATABASE; KEY_FULL: too many keys still verify,
 * or the last rotation's key is not in use yet. `why` says so. Blocks.
 */
enum key_result key_admin_rotate(const struct key_source *source,
                                 const struct key_rotation *rotation,
                                 char why[KEY_WHY_SIZE]);

#endif
