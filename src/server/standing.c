#include "server/standing.h"

#include <string.h>

static enum store_result read_standing(struct store *store,
                                       const uint8_t sid[STORE_SID_SIZE],
                                       struct standing *out)
{
    enum store_result result =
        store_session_standing(store, sid, &out->session);

    out->deleted = false;
    if (result == STORE_OK && out->session.ended == STORE_ENDED_REVOKED)
        result =
            standing_find_deleted(store, out->session.user_id, &out->deleted);
    return result;
}

/* Where it is, or would be. Who chooses a sid can push others out of their
   places, and then they are read. */
static struct standing_row *place_of(struct standings *standings,
                                     const uint8_t sid[STORE_SID_SIZE])
{
    return &standings->rows[(sid[0] | (size_t)sid[1] << 8) % STANDING_MAX];
}

enum store_result standing_find(struct standings *standings,
                                struct store *store,
                                const uint8_t sid[STORE_SID_SIZE],
                                struct standing *out)
{
    struct standing_row *row;
    enum store_result result;

    if (standings == NULL || standings->version == 0)
        return read_standing(store, sid, out);
    row = place_of(standings, sid);
    if (row->version == standings->version &&
        memcmp(row->sid, sid, sizeof row->sid) == 0) { // no secret
        *out = row->found;
        return STORE_OK;
    }
    result = read_standing(store, sid, out);
    if (result == STORE_OK) {
        row->version = standings->version;
        memcpy(row->sid, sid, sizeof row->sid);
        row->found = *out;
    }
    return result;
}

enum store_result standing_find_deleted(struct store *store, int64_t user_id,
                                        bool *out)
{
    struct store_user user;
    enum store_result result = store_user_by_id(store, user_id, &user);

    *out = result == STORE_NONE;
    return *out ? STORE_OK : result;
}
