#include "store/key.h"

#include <string.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "store/query.h"

enum store_result store_key_add(struct store *store,
                                const struct store_key *key)
{
    struct query q = query_of(store, KEY_ADD);
    enum store_result result;

    assert(key->blob_length <= sizeof key->blob);
    query_put_int(&q, key->id);
    query_put_text(&q, key->kind);
    query_put_text(&q, key->kid);
    query_put_int(&q, key->created_s);
    query_put_int(&q, key->retired_s);
    query_put_blob(&q, key->blob, key->blob_length);
    result = query_change(&q, NULL);
    return result == STORE_NONE ? STORE_TAKEN : result;
}

enum store_result store_key_retire(struct store *store, int64_t id,
                                   int64_t now_s)
{
    struct query q = query_of(store, KEY_RETIRE);

    query_put_int(&q, now_s);
    query_put_int(&q, id);
    return query_change(&q, NULL);
}

enum store_result store_key_remove(struct store *store, int64_t id)
{
    struct query q = query_of(store, KEY_REMOVE);

    query_put_int(&q, id);
    return query_change(&q, NULL);
}

static void read_key(struct query *q, struct store_key *out)
{
    out->id = query_get_int(q);
    query_get_text(q, out->kind, sizeof out->kind);
    query_get_text(q, out->kid, sizeof out->kid);
    out->created_s = query_get_int(q);
    out->retired_s = query_get_int(q);
    out->blob_length = query_get_blob(q, out->blob, sizeof out->blob);
}

enum store_result store_key_list(struct store *store,
                                 bool (*row)(void *context,
                                             const struct store_key *key),
                                 void *context)
{
    struct query q = query_of(store, KEY_LIST);
    enum store_result result;
    struct store_key key;

    memset(&key, 0, sizeof key);
    while (query_row(&q)) {
        read_key(&q, &key);
        if (q.result == STORE_OK && !row(context, &key))
            query_stop(&q);
    }
    result = query_end(&q);
    bytes_wipe(&key, sizeof key);
    return result == STORE_NONE ? STORE_OK : result;
}
