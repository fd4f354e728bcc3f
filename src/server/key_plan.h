/*
 * Which keys sign, which verify, which are over: decided from what stands in the
 * database and the clock alone, so that all instances decide alike.
 *
 *     published --the one before retires--> in use --retired--> retired --> over
 *
 * The oldest key that is not retired signs. A rotation adds a key and retires the
 * one in use at a time to come: until then the new one is published, so that
 * every cache knows it before it signs.
 */
#ifndef SERVER_KEY_PLAN_H
#define SERVER_KEY_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/jws.h"
#include "store/store.h"

enum {
    KEY_SIGN_MAX = 8,
    KEY_MAC_MAX = 8,
    KEY_FACTS_MAX = 255, /* rows that the database can hold */
    KEY_MARGIN_S = 60,   /* a retired key outlives its last token by this */
};

/* What a key is for. */
enum key_use { KEY_ACCESS, KEY_REFRESH, KEY_USES };

enum key_state {
    KEY_PUBLISHED, /* verifies; signs from since_s on */
    KEY_IN_USE,    /* signs */
    KEY_RETIRED,   /* verifies until until_s */
    KEY_OVER,      /* does nothing any more; removed in time */
};

const char *key_state_text(enum key_state state); /* "published", ... */

/* One row, without its secret. */
struct key_fact {
    int64_t id;
    enum key_use use;
    enum jws_algorithm algorithm; /* none of refresh keys */
    char kid[STORE_KID_SIZE];
    int64_t created_s;
    int64_t retired_s; /* 0: not planned; it may be still to come */
    /* Filled by key_plan_make. */
    enum key_state state;
    int64_t since_s; /* when it signs or began to; 0: not planned */
    int64_t until_s; /* when it stops verifying; 0: not planned */
};

struct key_facts {
    struct key_fact list[KEY_FACTS_MAX]; /* by age after key_plan_make */
    size_t count;
};

struct key_lives {
    int64_t now_s;
    int64_t access_s;  /* the longest life of an access token */
    int64_t refresh_s; /* of a session; 0: without end */
};

struct key_choice {
    int64_t id;
    int64_t created_s; /* an id may come again, not with the same age */
};

/* The first of each use signs, the others only verify. No padding: comparable
   byte by byte. */
struct key_plan {
    struct key_choice sign[KEY_SIGN_MAX];
    struct key_choice mac[KEY_MAC_MAX];
    uint64_t sign_count;
    uint64_t mac_count;
};

/* Sorts the facts by age and fills in their states; then chooses. */
void key_plan_make(struct key_facts *facts, const struct key_lives *lives,
                   struct key_plan *out);

/* The one in that state, of the youngest; NULL: none. After key_plan_make. */
const struct key_fact *key_plan_find(const struct key_facts *facts,
                                     enum key_use use, enum key_state state);
/* The one that will sign in the end: published, or else in use. */
const struct key_fact *key_plan_newest(const struct key_facts *facts,
                                       enum key_use use);
/* How many of that use verify. */
size_t key_plan_count(const struct key_facts *facts, enum key_use use);
/* An id that no row has, 1 to 255; 0: none is left. */
int64_t key_plan_free_id(const struct key_facts *facts);

#endif
