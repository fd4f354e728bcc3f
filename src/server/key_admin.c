#include "server/key_admin.h"
#include "store/key.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one rotation works on; too large for a stack. */
struct rotating {
    struct store *store;
    const struct key_lives *lives;
    const struct key_rotation *rotation;
    struct key_facts facts;
    struct key_plan plan;
    struct store_key row;
    struct key_secret secret;
    size_t retired;
};

/* A place is kept for the new one. */
static bool is_full(const struct rotating *r)
{
    size_t max =
        r->rotation->use == KEY_ACCESS ? KEY_SIGN_MAX - 1 : KEY_MAC_MAX - 1;

    if (r->rotation->compromised)
        return false;
    if (key_plan_count(&r->facts, r->rotation->use) > max)
        return true;
    return !r->rotation->first &&
           key_plan_find(&r->facts, r->rotation->use, KEY_PUBLISHED) != NULL;
}

static enum store_result let_go(struct rotating *r, const struct key_fact *fact)
{
    enum store_result result = STORE_OK;

    if (fact->use != r->rotation->use)
        return STORE_OK;
    if (r->rotation->compromised ||
        (fact->state == KEY_OVER && r->rotation->prunes)) {
        result = store_key_remove(r->store, fact->id);
        r->retired += fact->state != KEY_OVER;
    } else if (fact->retired_s == 0) {
        result = store_key_retire(r->store, fact->id,
                                  r->lives->now_s + r->rotation->lead_s);
        r->retired++;
    }
    // Another process had the same thought.
    return result == STORE_NONE ? STORE_OK : result;
}

static bool make_secret(struct rotating *r, const struct key_fact *fact)
{
    if (r->rotation->secret != NULL) {
        r->secret = *r->rotation->secret;
        return true;
    }
    if (fact->use == KEY_ACCESS) {
        r->secret.length =
            signature_make_secret(fact->algorithm, r->secret.bytes);
        return r->secret.length > 0;
    }
    randombytes_buf(r->secret.bytes, KEY_MAC_SIZE);
    r->secret.length = KEY_MAC_SIZE;
    return true;
}

/* The name of a key is told by the key itself. */
static bool name_key(const struct key_secret *secret, struct key_fact *fact)
{
    struct jws_key key;
    bool good;

    if (fact->use != KEY_ACCESS)
        return true;
    good = jws_key_init(&key, fact->algorithm, secret->bytes, secret->length);
    (void)snprintf(fact->kid, sizeof fact->kid, "%s", key.kid);
    jws_key_clear(&key);
    return good;
}

/* Younger than all others, whatever the clock says. */
static int64_t age_of_new(const struct rotating *r)
{
    int64_t created_s = r->lives->now_s;

    for (size_t i = 0; i < r->facts.count; i++)
        if (r->facts.list[i].use == r->rotation->use &&
            r->facts.list[i].created_s >= created_s)
            created_s = r->facts.list[i].created_s + 1;
    return created_s;
}

static enum store_result add(struct rotating *r, const struct key_seal *seal,
                             struct key_fact *out)
{
    const struct key_fact *newest =
        key_plan_newest(&r->facts, r->rotation->use);

    *out = (struct key_fact){.id = key_plan_free_id(&r->facts),
                             .use = r->rotation->use,
                             .algorithm = r->rotation->algorithm,
                             .created_s = age_of_new(r)};
    if (out->algorithm == JWS_NO_ALGORITHM && newest != NULL)
        out->algorithm = newest->algorithm;
    else if (out->algorithm == JWS_NO_ALGORITHM && out->use == KEY_ACCESS)
        out->algorithm = JWS_EDDSA; // of an empty database
    if (out->id == 0)
        return STORE_LIMIT;
    if (!make_secret(r, out) || !name_key(&r->secret, out))
        return STORE_NO_MEMORY;
    // A given secret may be the one that signs.
    if (newest != NULL && out->kid[0] != '\0' &&
        strcmp(out->kid, newest->kid) == 0)
        return STORE_TAKEN;
    key_row_write(out, &r->secret, seal->bytes, &r->row);
    return store_key_add(r->store, &r->row);
}

/*
 * Of several that begin at once each finds the first key missing. Whose comes
 * second must not retire the other's: who has that one signs with it already.
 */
static bool is_there(const struct rotating *r)
{
    const struct key_fact *newest =
        key_plan_newest(&r->facts, r->rotation->use);
    struct key_fact given = {.use = r->rotation->use,
                             .algorithm = r->rotation->algorithm};

    if (!r->rotation->first || newest == NULL)
        return false;
    if (given.use != KEY_ACCESS)
        return true;
    if (given.algorithm != JWS_NO_ALGORITHM &&
        given.algorithm != newest->algorithm)
        return false;
    if (r->rotation->secret == NULL)
        return true;
    return name_key(r->rotation->secret, &given) &&
           strcmp(given.kid, newest->kid) == 0;
}

enum store_result key_prune(struct store *store, const struct key_facts *facts)
{
    enum store_result result = store_begin(store);

    for (size_t i = 0; i < facts->count && result == STORE_OK; i++) {
        if (facts->list[i].state != KEY_OVER)
            continue;
        result = store_key_remove(store, facts->list[i].id);
        if (result == STORE_NONE)
            result = STORE_OK; // another process had the same thought
    }
    if (result == STORE_OK)
        return store_commit(store);
    store_rollback(store);
    return result;
}

static enum store_result rotate(struct rotating *r, const struct key_seal *seal,
                                struct key_rotated *out)
{
    enum store_result result = key_row_list(r->store, &r->facts);

    if (result != STORE_OK)
        return result;
    key_plan_make(&r->facts, r->lives, &r->plan);
    if (is_there(r))
        return STORE_TAKEN;
    out->waits =
        key_plan_find(&r->facts, r->rotation->use, KEY_PUBLISHED) != NULL;
    if (is_full(r))
        return STORE_LIMIT;
    for (size_t i = 0; i < r->facts.count && result == STORE_OK; i++)
        result = let_go(r, &r->facts.list[i]);
    if (result == STORE_OK)
        result = add(r, seal, &out->added);
    out->retired = r->retired;
    return result;
}

enum store_result key_rotate(struct store *store, const struct key_seal *seal,
                             const struct key_lives *lives,
                             const struct key_rotation *rotation,
                             struct key_rotated *out)
{
    struct rotating *r = calloc(1, sizeof *r);
    enum store_result result;

    *out = (struct key_rotated){.retired = 0};
    if (r == NULL)
        return STORE_NO_MEMORY;
    r->store = store;
    r->lives = lives;
    r->rotation = rotation;
    result = rotate(r, seal, out);
    sodium_memzero(r, sizeof *r);
    free(r);
    return result;
}
