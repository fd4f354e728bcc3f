#include "store/code.h"

#include "store/query.h"

enum store_result store_code_add(struct store *store,
                                 const struct store_code *code, int64_t now_s)
{
    struct query q = query_of(store, CODE_ADD);

    query_put_blob(&q, code->hash, STORE_HASH_SIZE);
    query_put_int(&q, code->kind);
    query_put_int(&q, code->expires_s);
    query_put_int(&q, code->user_id);
    query_put_text(&q, code->email);
    query_put_int(&q, now_s);
    query_put_int(&q, STORE_CODE_MAX);
    return query_change(&q, NULL);
}

/* Both ask for one code, and get whose it is. */
static enum store_result ask(struct query *q, enum store_code_kind kind,
                             const uint8_t hash[STORE_HASH_SIZE], int64_t now_s,
                             int64_t *user_id)
{
    enum store_result result;
    int64_t found = 0;

    query_put_blob(q, hash, STORE_HASH_SIZE);
    query_put_int(q, kind);
    query_put_int(q, now_s);
    if (query_row(q))
        found = query_get_int(q);
    result = query_end(q);
    if (result == STORE_OK)
        *user_id = found;
    return result;
}

enum store_result store_code_find(struct store *store,
                                  enum store_code_kind kind,
                                  const uint8_t hash[STORE_HASH_SIZE],
                                  int64_t now_s, int64_t *user_id)
{
    struct query q = query_of(store, CODE_FIND);

    return ask(&q, kind, hash, now_s, user_id);
}

enum store_result store_code_spend(struct store *store,
                                   enum store_code_kind kind,
                                   const uint8_t hash[STORE_HASH_SIZE],
                                   int64_t now_s, int64_t *user_id)
{
    struct query q = query_of(store, CODE_SPEND);

    return ask(&q, kind, hash, now_s, user_id);
}

enum store_result store_codes_remove(struct store *store, int64_t user_id,
                                     enum store_code_kind kind)
{
    struct query q = query_of(store, CODE_REMOVE_ALL);
    enum store_result result;

    query_put_int(&q, user_id);
    query_put_int(&q, kind);
    result = query_change(&q, NULL);
    return result == STORE_NONE ? STORE_OK : result; // there was none
}

enum store_result store_code_sweep(struct store *store, int64_t now_s,
                                   int64_t count, int64_t *removed)
{
    struct query q = query_of(store, CODE_SWEEP);
    enum store_result result;
    int64_t changed = 0;

    query_put_int(&q, now_s);
    query_put_int(&q, count);
    result = query_change(&q, &changed);
    if (result != STORE_OK && result != STORE_NONE)
        return result;
    *removed = changed;
    return STORE_OK;
}
