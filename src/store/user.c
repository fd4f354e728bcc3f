#include <string.h>

#include "store/query.h"

static void read_user(struct query *q, struct store_user *out)
{
    out->id = query_get_int(q);
    query_get_text(q, out->name, sizeof out->name);
    query_get_text(q, out->email, sizeof out->email);
    query_get_text(q, out->password, sizeof out->password);
    query_get_text(q, out->roles, sizeof out->roles);
    out->disabled = query_get_bool(q);
    out->verified = query_get_bool(q);
    out->created_s = query_get_int(q);
}

static enum store_result find(struct query *q, struct store_user *out)
{
    struct store_user found;
    enum store_result result;

    memset(&found, 0, sizeof found);
    if (query_row(q))
        read_user(q, &found);
    result = query_end(q);
    if (result == STORE_OK)
        *out = found;
    return result;
}

enum store_result store_user_by_id(struct store *store, int64_t id,
                                   struct store_user *out)
{
    struct query q = query_of(store, USER_BY_ID);

    query_put_int(&q, id);
    return find(&q, out);
}

enum store_result store_user_by_name(struct store *store, const char *name,
                                     struct store_user *out)
{
    struct query q = query_of(store, USER_BY_NAME);

    query_put_text(&q, name);
    return find(&q, out);
}

enum store_result store_user_by_email(struct store *store, const char *email,
                                      struct store_user *out)
{
    struct query q = query_of(store, USER_BY_EMAIL);

    query_put_text(&q, email);
    return find(&q, out);
}

/* Which of the unique columns stood in the way. */
static enum store_result find_taken(struct store *store, const char *name)
{
    struct store_user other;
    enum store_result result = store_user_by_name(store, name, &other);

    if (result == STORE_OK)
        return STORE_TAKEN_NAME;
    return result == STORE_NONE ? STORE_TAKEN_EMAIL : result;
}

enum store_result store_user_add(struct store *store,
                                 const struct store_user *user, int64_t *id)
{
    struct query q = query_of(store, USER_ADD);
    enum store_result result;
    int64_t added = 0;

    query_put_text(&q, user->name);
    query_put_text(&q, user->email);
    query_put_text(&q, user->password);
    query_put_text(&q, user->roles);
    query_put_int(&q, user->disabled);
    query_put_int(&q, user->verified);
    query_put_int(&q, user->created_s);
    if (query_row(&q))
        added = query_get_int(&q);
    result = query_end(&q);
    if (result == STORE_NONE)
        return find_taken(store, user->name);
    if (result == STORE_OK)
        *id = added;
    return result;
}

static enum store_result set_text(struct store *store, enum statement which,
                                  int64_t id, const char *text)
{
    struct query q = query_of(store, which);

    query_put_text(&q, text);
    query_put_int(&q, id);
    return query_change(&q, NULL);
}

enum store_result store_user_set_password(struct store *store, int64_t id,
                                          const char *password)
{
    return set_text(store, USER_SET_PASSWORD, id, password);
}

enum store_result store_user_swap_password(struct store *store, int64_t id,
                                           const char *seen, const char *next)
{
    struct query q = query_of(store, USER_SWAP_PASSWORD);

    query_put_text(&q, next);
    query_put_int(&q, id);
    query_put_text(&q, seen);
    return query_change(&q, NULL);
}

enum store_result store_user_stands(struct store *store, int64_t id,
                                    const char *password)
{
    struct query q = query_of(store, USER_STANDS);

    query_put_int(&q, id);
    query_put_text(&q, password);
    return query_end(&q);
}

enum store_result store_user_set_verified(struct store *store, int64_t id,
                                          bool verified)
{
    struct query q = query_of(store, USER_SET_VERIFIED);

    query_put_int(&q, verified);
    query_put_int(&q, id);
    return query_change(&q, NULL);
}

enum store_result store_user_set_email(struct store *store, int64_t id,
                                       const char *email)
{
    enum store_result result = set_text(store, USER_SET_EMAIL, id, email);

    // The only unique column that this statement writes.
    return result == STORE_TAKEN ? STORE_TAKEN_EMAIL : result;
}

enum store_result store_user_set_roles(struct store *store, int64_t id,
                                       const char *roles)
{
    enum store_result result = set_text(store, USER_SET_ROLES, id, roles);

    if (result != STORE_OK)
        return result;
    result = set_text(store, SESSION_SET_ROLES, id, roles);
    return result == STORE_NONE ? STORE_OK : result; // without a session
}

static enum store_result end_sessions(struct store *store, int64_t id,
                                      enum store_ended reason, int64_t now_s)
{
    struct store_end_all which = {
        .user_id = id, .reason = reason, .now_s = now_s};
    int64_t ended;

    return store_sessions_end(store, &which, &ended);
}

enum store_result store_user_set_disabled(struct store *store, int64_t id,
                                          bool disabled, int64_t now_s)
{
    struct query q = query_of(store, USER_SET_DISABLED);
    enum store_result result;

    query_put_int(&q, disabled);
    query_put_int(&q, id);
    result = query_change(&q, NULL);
    if (result != STORE_OK || !disabled)
        return result;
    return end_sessions(store, id, STORE_ENDED_DISABLED, now_s);
}

enum store_result store_user_remove(struct store *store, int64_t id,
                                    int64_t now_s)
{
    struct query q = query_of(store, USER_REMOVE);
    enum store_result result;

    query_put_int(&q, id);
    result = query_change(&q, NULL);
    if (result != STORE_OK)
        return result;
    return end_sessions(store, id, STORE_ENDED_REVOKED, now_s);
}

enum store_result store_user_count(struct store *store, int64_t *out)
{
    struct query q = query_of(store, USER_COUNT);
    enum store_result result;
    int64_t count = 0;

    if (query_row(&q))
        count = query_get_int(&q);
    result = query_end(&q);
    if (result == STORE_OK)
        *out = count;
    return result;
}

enum store_result
store_user_list(struct store *store, int64_t after, int64_t limit,
                bool (*row)(void *context, const struct store_user *user),
                void *context)
{
    struct query q = query_of(store, USER_LIST);
    enum store_result result;
    struct store_user user;

    memset(&user, 0, sizeof user);
    query_put_int(&q, after);
    query_put_int(&q, limit);
    while (query_row(&q)) {
        read_user(&q, &user);
        if (q.result == STORE_OK && !row(context, &user))
            query_stop(&q);
    }
    result = query_end(&q);
    return result == STORE_NONE ? STORE_OK : result;
}

/* "a_b" as "%a!_b%": what means something to LIKE stands for itself. */
static void write_pattern(const char *text, char out[2 * STORE_SEARCH_SIZE + 2])
{
    *out++ = '%';
    for (size_t i = 0; text[i] != '\0' && i < STORE_SEARCH_SIZE - 1; i++) {
        if (strchr("%_!", text[i]) != NULL)
            *out++ = '!';
        *out++ = text[i];
    }
    *out++ = '%';
    *out = '\0';
}

enum store_result store_user_search(
    struct store *store, const struct store_search *search,
    bool (*row)(void *context, const struct store_user *user, int64_t sessions),
    void *context)
{
    struct query q = query_of(store, USER_SEARCH);
    char pattern[2 * STORE_SEARCH_SIZE + 2];
    enum store_result result;
    struct store_user user;

    memset(&user, 0, sizeof user);
    write_pattern(search->text, pattern);
    query_put_int(&q, search->created_s);
    query_put_int(&q, search->used_s);
    query_put_int(&q, search->after);
    query_put_text(&q, pattern);
    query_put_int(&q, search->limit);
    while (query_row(&q)) {
        int64_t sessions;

        read_user(&q, &user);
        sessions = query_get_int(&q);
        if (q.result == STORE_OK && !row(context, &user, sessions))
            query_stop(&q);
    }
    result = query_end(&q);
    return result == STORE_NONE ? STORE_OK : result;
}
