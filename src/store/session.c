#include <string.h>

#include "base/assert.h"
#include "store/query.h"
#include "store/standing.h"

static void read_session(struct query *q, struct store_session *out)
{
    memset(out, 0, sizeof *out);
    query_get_exact(q, out->sid, sizeof out->sid);
    out->user_id = query_get_int(q);
    query_get_text(q, out->roles, sizeof out->roles);
    query_get_text(q, out->dialect, sizeof out->dialect);
    out->protocol = (enum store_protocol)query_get_int(q);
    out->cookie = query_get_bool(q);
    out->ended = (enum store_ended)query_get_int(q);
    out->ended_s = query_get_int(q);
    out->created_s = query_get_int(q);
    out->used_s = query_get_int(q);
    out->chain.generation = query_get_int(q);
    out->chain.moved = query_get_bool(q);
    out->chain.moved_s = query_get_int(q);
    query_get_exact(q, out->chain.bytes, sizeof out->chain.bytes);
    query_get_text(q, out->label, sizeof out->label);
    query_get_text(q, out->agent, sizeof out->agent);
    query_get_text(q, out->address, sizeof out->address);
}

/* Runs a statement that gives one session at most. */
static enum store_result find(struct query *q, struct store_session *out)
{
    struct store_session found;
    enum store_result result;

    memset(&found, 0, sizeof found);
    if (query_row(q))
        read_session(q, &found);
    result = query_end(q);
    if (result == STORE_OK)
        *out = found;
    return result;
}

enum store_result store_session_find(struct store *store,
                                     const uint8_t sid[STORE_SID_SIZE],
                                     struct store_session *out)
{
    struct query q = query_of(store, SESSION_FIND);

    query_put_blob(&q, sid, STORE_SID_SIZE);
    return find(&q, out);
}

enum store_result store_session_standing(struct store *store,
                                         const uint8_t sid[STORE_SID_SIZE],
                                         struct store_standing *out)
{
    struct query q = query_of(store, SESSION_STANDING);
    struct store_standing found;
    enum store_result result;

    memset(&found, 0, sizeof found);
    query_put_blob(&q, sid, STORE_SID_SIZE);
    if (query_row(&q)) {
        found.user_id = query_get_int(&q);
        query_get_text(&q, found.roles, sizeof found.roles);
        found.ended = (enum store_ended)query_get_int(&q);
        found.created_s = query_get_int(&q);
        found.used_s = query_get_int(&q);
    }
    result = query_end(&q);
    if (result == STORE_OK)
        *out = found;
    return result;
}

static enum store_result insert(struct store *store,
                                const struct store_session *session,
                                const char *password, struct store_session *out)
{
    struct query q = query_of(store, SESSION_ADD);

    query_put_blob(&q, session->sid, STORE_SID_SIZE);
    query_put_text(&q, session->dialect);
    query_put_int(&q, session->protocol);
    query_put_int(&q, session->cookie);
    query_put_int(&q, session->created_s);
    query_put_int(&q, session->used_s);
    query_put_int(&q, session->chain.generation);
    query_put_int(&q, session->chain.moved);
    query_put_int(&q, session->chain.moved_s);
    query_put_blob(&q, session->chain.bytes, STORE_CHAIN_SIZE);
    query_put_text(&q, session->label);
    query_put_text(&q, session->agent);
    query_put_text(&q, session->address);
    query_put_int(&q, session->user_id);
    query_put_text(&q, password);
    return find(&q, out);
}

/* design.md, section 5.1: sign-in is idempotent while g = 0. */
static bool same_sign_in(const struct store_session *there,
                         const struct store_session *wanted)
{
    return there->protocol == STORE_COMMITTED &&
           wanted->protocol == STORE_COMMITTED &&
           there->ended == STORE_LIVING && there->user_id == wanted->user_id &&
           there->chain.generation == 0 && !there->chain.moved &&
           there->cookie == wanted->cookie &&
           memcmp(there->chain.bytes, wanted->chain.bytes, STORE_CHAIN_SIZE) ==
               0; // hashes, and public to the one who signs in
}

enum store_result store_session_add(struct store *store,
                                    const struct store_session *session,
                                    const char *password,
                                    struct store_session *out)
{
    enum store_result result = insert(store, session, password, out);
    struct store_session there;

    if (result != STORE_NONE)
        return result;
    result = store_user_stands(store, session->user_id, password);
    if (result != STORE_OK)
        return result;
    result = store_session_find(store, session->sid, &there);
    if (result != STORE_OK)
        return result;
    if (!same_sign_in(&there, session))
        return STORE_TAKEN;
    *out = there;
    return STORE_OK;
}

/* The last instant that is too long ago; 0 means no limit. */
int64_t store_lifetime_before(int64_t now_s, int64_t limit_s)
{
    return limit_s == 0 ? INT64_MIN : now_s - limit_s;
}

static bool is_past(int64_t created_s, int64_t used_s,
                    const struct store_lifetime *lifetime)
{
    return created_s <=
               store_lifetime_before(lifetime->now_s, lifetime->max_s) ||
           used_s <= store_lifetime_before(lifetime->now_s, lifetime->idle_s);
}

bool store_session_expired(const struct store_session *session,
                           const struct store_lifetime *lifetime)
{
    return is_past(session->created_s, session->used_s, lifetime);
}

bool store_standing_expired(const struct store_standing *standing,
                            const struct store_lifetime *lifetime)
{
    return is_past(standing->created_s, standing->used_s, lifetime);
}

static enum store_result find_holder(struct query *q, struct store_holder *out)
{
    struct store_holder found;
    enum store_result result;

    memset(&found, 0, sizeof found);
    if (query_row(q)) {
        found.user_id = query_get_int(q);
        query_get_text(q, found.roles, sizeof found.roles);
    }
    result = query_end(q);
    if (result == STORE_OK)
        *out = found;
    return result;
}

enum store_result store_session_step(struct store *store,
                                     const struct store_step *step,
                                     const struct store_lifetime *lifetime,
                                     struct store_holder *out)
{
    struct query q = query_of(store, SESSION_STEP);

    query_put_int(&q, lifetime->now_s);
    query_put_blob(&q, step->next, STORE_HASH_SIZE);
    query_put_blob(&q, step->sid, STORE_SID_SIZE);
    query_put_int(&q, store_lifetime_before(lifetime->now_s, lifetime->max_s));
    query_put_int(&q, store_lifetime_before(lifetime->now_s, lifetime->idle_s));
    query_put_int(&q, step->generation);
    query_put_blob(&q, step->shown, STORE_HASH_SIZE);
    query_put_blob(&q, step->next, STORE_LINK_SIZE);
    return find_holder(&q, out);
}

enum store_result store_session_move(struct store *store,
                                     const struct store_move *move,
                                     const struct store_lifetime *lifetime,
                                     struct store_holder *out)
{
    struct query q = query_of(store, SESSION_MOVE);

    query_put_int(&q, lifetime->now_s);
    query_put_blob(&q, move->self, STORE_LINK_SIZE);
    query_put_int(&q, move->n);
    query_put_blob(&q, move->sid, STORE_SID_SIZE);
    query_put_int(&q, store_lifetime_before(lifetime->now_s, lifetime->max_s));
    query_put_int(&q, store_lifetime_before(lifetime->now_s, lifetime->idle_s));
    query_put_blob(&q, move->parent, STORE_LINK_SIZE);
    query_put_int(&q, lifetime->now_s - move->soft_s);
    return find_holder(&q, out);
}

enum store_result store_session_swap(struct store *store,
                                     const uint8_t sid[STORE_SID_SIZE],
                                     const struct store_chain *seen,
                                     const struct store_chain *next,
                                     int64_t now_s)
{
    struct query q = query_of(store, SESSION_SWAP);

    query_put_int(&q, now_s);
    query_put_int(&q, next->generation);
    query_put_int(&q, next->moved);
    query_put_int(&q, next->moved_s);
    query_put_blob(&q, next->bytes, STORE_CHAIN_SIZE);
    query_put_blob(&q, sid, STORE_SID_SIZE);
    query_put_int(&q, seen->generation);
    query_put_int(&q, seen->moved_s);
    query_put_blob(&q, seen->bytes, STORE_CHAIN_SIZE);
    return query_change(&q, NULL);
}

enum store_result store_session_touch(struct store *store,
                                      const uint8_t sid[STORE_SID_SIZE],
                                      int64_t now_s)
{
    struct query q = query_of(store, SESSION_TOUCH);

    query_put_int(&q, now_s);
    query_put_blob(&q, sid, STORE_SID_SIZE);
    return query_change(&q, NULL);
}

enum store_result store_session_end(struct store *store,
                                    const uint8_t sid[STORE_SID_SIZE],
                                    enum store_ended reason, int64_t now_s)
{
    struct query q = query_of(store, SESSION_END);

    assert(reason != STORE_LIVING);
    query_put_int(&q, reason);
    query_put_int(&q, now_s);
    query_put_blob(&q, sid, STORE_SID_SIZE);
    return query_change(&q, NULL);
}

enum store_result store_session_end_own(struct store *store, int64_t user_id,
                                        const uint8_t sid[STORE_SID_SIZE],
                                        enum store_ended reason, int64_t now_s)
{
    struct query q = query_of(store, SESSION_END_OWN);

    assert(reason != STORE_LIVING);
    query_put_int(&q, reason);
    query_put_int(&q, now_s);
    query_put_blob(&q, sid, STORE_SID_SIZE);
    query_put_int(&q, user_id);
    return query_change(&q, NULL);
}

enum store_result store_sessions_end(struct store *store,
                                     const struct store_end_all *which,
                                     int64_t *ended)
{
    struct query q = query_of(store, SESSION_END_ALL);
    enum store_result result;
    int64_t count = 0;

    assert(which->reason != STORE_LIVING);
    query_put_int(&q, which->reason);
    query_put_int(&q, which->now_s);
    query_put_int(&q, which->user_id);
    // No sid is empty, so an empty one keeps none.
    query_put_blob(&q, which->keep == NULL ? (const uint8_t *)"" : which->keep,
                   which->keep == NULL ? 0 : STORE_SID_SIZE);
    result = query_change(&q, &count);
    if (result != STORE_OK && result != STORE_NONE)
        return result;
    *ended = count;
    return STORE_OK;
}

enum store_result store_session_reclaim(struct store *store,
                                        const struct store_reclaim *which,
                                        int64_t *ended)
{
    struct query q = query_of(store, SESSION_RECLAIM);
    enum store_result result;
    int64_t count = 0;

    assert(which->max >= 1);
    query_put_int(&q, STORE_ENDED_REVOKED);
    query_put_int(&q, which->now_s);
    query_put_int(&q, which->user_id);
    query_put_blob(&q, which->keep, STORE_SID_SIZE);
    query_put_int(&q, which->max - 1); // beside the one that is kept
    result = query_change(&q, &count);
    if (result != STORE_OK && result != STORE_NONE)
        return result;
    *ended = count;
    return STORE_OK;
}

enum store_result store_session_list(
    struct store *store, int64_t user_id, int64_t limit,
    bool (*row)(void *context, const struct store_session *session),
    void *context)
{
    struct query q = query_of(store, SESSION_LIST);
    struct store_session session;
    enum store_result result;

    query_put_int(&q, user_id);
    query_put_int(&q, limit);
    while (query_row(&q)) {
        read_session(&q, &session);
        if (q.result == STORE_OK && !row(context, &session))
            query_stop(&q);
    }
    result = query_end(&q);
    return result == STORE_NONE ? STORE_OK : result;
}

/* What one step of the sweep found. */
struct sweep_found {
    uint8_t dead[STORE_SWEEP_MAX][STORE_SID_SIZE];
    size_t dead_count;
    uint8_t last[STORE_SID_SIZE];
    int64_t seen;
};

static enum store_result look_for_dead(struct store *store,
                                       const struct store_sweep *sweep,
                                       struct sweep_found *found)
{
    struct query q = query_of(store, SESSION_SWEEP);

    query_put_blob(&q, sweep->from, STORE_SID_SIZE);
    query_put_int(&q, sweep->count);
    while (query_row(&q)) {
        int64_t used_s, ended_s;

        query_get_exact(&q, found->last, STORE_SID_SIZE);
        used_s = query_get_int(&q);
        ended_s = query_get_int(&q);
        found->seen++;
        if (q.result != STORE_OK || used_s > sweep->before_s ||
            ended_s > sweep->before_s)
            continue;
        memcpy(found->dead[found->dead_count++], found->last, STORE_SID_SIZE);
    }
    return query_end(&q);
}

enum store_result store_session_count(struct store *store, int64_t *out)
{
    struct query q = query_of(store, SESSION_COUNT);
    enum store_result result;
    int64_t count = 0;

    if (query_row(&q))
        count = query_get_int(&q);
    result = query_end(&q);
    if (result == STORE_OK)
        *out = count;
    return result;
}

enum store_result store_session_sweep(struct store *store,
                                      struct store_sweep *sweep)
{
    struct sweep_found found = {.seen = 0};
    enum store_result result;

    assert(sweep->count >= 1 && sweep->count <= STORE_SWEEP_MAX);
    result = look_for_dead(store, sweep, &found);
    if (store_failed(result))
        return result;
    for (size_t i = 0; i < found.dead_count; i++) {
        struct query q = query_of(store, SESSION_REMOVE);

        query_put_blob(&q, found.dead[i], STORE_SID_SIZE);
        result = query_change(&q, NULL);
        if (store_failed(result))
            return result;
    }
    sweep->removed = (int64_t)found.dead_count;
    if (found.seen < sweep->count)
        memset(found.last, 0, STORE_SID_SIZE);
    memcpy(sweep->from, found.last, STORE_SID_SIZE);
    return STORE_OK;
}
