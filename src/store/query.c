#include "store/query.h"

#include <string.h>

#include "base/assert.h"

struct query query_of(struct store *store, enum statement which)
{
    return (struct query){.store = store, .which = which};
}

static void put(struct query *q, struct store_value_ref value)
{
    assert(q->count < STATEMENT_VALUES_MAX && !q->started);
    q->values[q->count++] = value;
}

void query_put_int(struct query *q, int64_t value)
{
    put(q, (struct store_value_ref){.type = STORE_INT, .number = value});
}

void query_put_text(struct query *q, const char *text)
{
    put(q, (struct store_value_ref){
               .type = STORE_TEXT, .bytes = text, .length = strlen(text)});
}

void query_put_blob(struct query *q, const void *bytes, size_t length)
{
    put(q, (struct store_value_ref){
               .type = STORE_BLOB, .bytes = bytes, .length = length});
}

void query_put_null(struct query *q)
{
    put(q, (struct store_value_ref){.type = STORE_NULL});
}

static void start(struct query *q)
{
    q->started = true;
    q->result = q->store->driver->bind(q->store, q->which, q->values, q->count);
}

bool query_row(struct query *q)
{
    if (!q->started)
        start(q);
    if (q->done || q->result != STORE_OK)
        return false;
    q->result = q->store->driver->row(q->store, q->which);
    q->column = 0;
    if (q->result == STORE_NONE) {
        q->done = true;
        q->result = STORE_OK;
        return false;
    }
    q->found = q->found || q->result == STORE_OK;
    return q->result == STORE_OK;
}

void query_stop(struct query *q)
{
    q->done = true;
}

static struct store_value_ref get(struct query *q, enum store_value_type type)
{
    struct store_value_ref value = {.type = STORE_NULL};

    if (q->result != STORE_OK)
        return value;
    value = q->store->driver->column(q->store, q->which, q->column++);
    if (value.type != type)
        q->result = STORE_CORRUPT;
    return value;
}

int64_t query_get_int(struct query *q)
{
    struct store_value_ref value = get(q, STORE_INT);

    return q->result == STORE_OK ? value.number : 0;
}

bool query_get_bool(struct query *q)
{
    return query_get_int(q) != 0;
}

void query_get_text(struct query *q, char *out, size_t size)
{
    struct store_value_ref value = get(q, STORE_TEXT);

    if (q->result == STORE_OK && value.length >= size)
        q->result = STORE_CORRUPT;
    if (q->result != STORE_OK) {
        out[0] = '\0';
        return;
    }
    memcpy(out, value.bytes, value.length);
    out[value.length] = '\0';
}

size_t query_get_blob(struct query *q, void *out, size_t size)
{
    struct store_value_ref value = get(q, STORE_BLOB);

    if (q->result == STORE_OK && value.length > size)
        q->result = STORE_CORRUPT;
    if (q->result != STORE_OK)
        return 0;
    if (value.length > 0)
        memcpy(out, value.bytes, value.length);
    return value.length;
}

void query_get_exact(struct query *q, void *out, size_t size)
{
    if (query_get_blob(q, out, size) != size && q->result == STORE_OK)
        q->result = STORE_CORRUPT;
}

enum store_result query_end(struct query *q)
{
    // A row is handed over before its statement has ended: what it tells is
    // true only when the end was reached without failure.
    while (query_row(q))
        continue;
    q->store->driver->finish(q->store, q->which);
    if (q->result != STORE_OK)
        return q->result;
    return q->found ? STORE_OK : STORE_NONE;
}

enum store_result query_change(struct query *q, int64_t *changed)
{
    enum store_result result = query_end(q);
    int64_t count;

    if (result != STORE_NONE)
        return result;
    count = q->store->driver->changed(q->store);
    if (changed != NULL)
        *changed = count;
    return count > 0 ? STORE_OK : STORE_NONE;
}
