#include "base/assert.h"
#include "store/query.h"

enum store_result store_setting_get(struct store *store, const char *name,
                                    struct store_value *out)
{
    struct query q = query_of(store, SETTING_GET);
    struct store_value found = {.length = 0};
    enum store_result result;

    query_put_text(&q, name);
    if (query_row(&q))
        found.length = query_get_blob(&q, found.bytes, sizeof found.bytes);
    result = query_end(&q);
    if (result == STORE_OK)
        *out = found;
    return result;
}

enum store_result store_setting_put(struct store *store, const char *name,
                                    const struct store_value *value)
{
    struct query q = query_of(store, SETTING_PUT);

    assert(value->length <= sizeof value->bytes);
    query_put_text(&q, name);
    query_put_blob(&q, value->bytes, value->length);
    return query_change(&q, NULL);
}

enum store_result store_version(struct store *store, int64_t *out)
{
    struct query q = query_of(store, SCHEMA_VERSION);
    enum store_result result;
    int64_t found = 0;

    if (query_row(&q))
        found = query_get_int(&q);
    result = query_end(&q);
    if (result == STORE_OK)
        *out = found;
    return result;
}
