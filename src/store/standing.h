/*
 * How sessions stand, for those who ask often: the few columns that decide, and
 * one moment for many questions.
 */
#ifndef STORE_STANDING_H
#define STORE_STANDING_H

#include "store/store.h"

/* What decides whether an access token still holds. */
struct store_standing {
    int64_t user_id;
    char roles[STORE_ROLES_SIZE];
    enum store_ended ended;
    int64_t created_s;
    int64_t used_s;
};

/* The same of the row as store_session_find gives, for less. */
enum store_result store_session_standing(struct store *store,
                                         const uint8_t sid[STORE_SID_SIZE],
                                         struct store_standing *out);

/* As store_session_expired. */
bool store_standing_expired(const struct store_standing *standing,
                            const struct store_lifetime *lifetime);

/*
 * On a store opened to read. Until store_let_go all that is read is as it stood
 * when store_hold was called: what is committed before that is seen, and what
 * comes later is not. *version tells moments apart: as long as it is the same, to
 * the same connection, nobody has changed anything, neither here nor in another
 * process. It is never 0.
 *
 * STORE_NONE: this database has no such thing, and the questions see what they
 * did before. After any failure they do, too.
 */
enum store_result store_hold(struct store *store, uint64_t *version);
void store_let_go(struct store *store); /* harmless where nothing is held */

#endif
