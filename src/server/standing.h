/*
 * How sessions stood a moment ago: one that is asked about again is not read
 * again, as long as nothing in the whole database has changed.
 *
 * A session ended, a user disabled or given other roles, by whatever process, is
 * a change of the database, and a change of its version (store_hold): what was
 * read of another version is never looked at. Time is not in here: whoever asks
 * judges the lifetime himself.
 *
 * One for each loop that reads by itself, for its thread only. All zero to begin.
 */
#ifndef SERVER_STANDING_H
#define SERVER_STANDING_H

#include "store/standing.h"

enum {
    STANDING_MAX = 2048, /* sessions; one more takes the place of another */
};

/* What was found of a session. */
struct standing {
    struct store_standing session;
    bool deleted; /* it was revoked because its user is gone */
};

struct standing_row {
    uint64_t version; /* of the database; 0: nothing is here */
    uint8_t sid[STORE_SID_SIZE];
    struct standing found;
};

struct standings {
    uint64_t
        version; /* what the store shows now; 0: not known, so all is read */
    struct standing_row rows[STANDING_MAX];
};

/* Of a session. `standings` are those of the loop whose reader `store` is; NULL:
   it is another store, and is asked. */
enum store_result standing_find(struct standings *standings,
                                struct store *store,
                                const uint8_t sid[STORE_SID_SIZE],
                                struct standing *out);

/* Families tell a session that was ended from one whose user is gone. */
enum store_result standing_find_deleted(struct store *store, int64_t user_id,
                                        bool *out);

#endif
