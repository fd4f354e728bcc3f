/*
 * One run of a statement: values in, rows out, one result at the end.
 *
 *     struct query q = query_of(store, SESSION_FIND);
 *     query_put_blob(&q, sid, STORE_SID_SIZE);
 *     if (query_row(&q))
 *         read_session(&q, &found);
 *     result = query_end(&q);
 *
 * A failure is kept and makes what follows do nothing; query_end tells it, and
 * must always be called. Only on STORE_OK is what the rows held to be believed.
 */
#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include "store/driver.h"

struct query {
    struct store *store;
    enum statement which;
    enum store_result result; /* of what was done so far; STORE_OK at first */
    bool started;
    bool done;  /* at its very end */
    bool found; /* a row was seen */
    int column; /* the next to read */
    size_t count;
    struct store_value_ref values[STATEMENT_VALUES_MAX];
};

struct query query_of(struct store *store, enum statement which);

/* Values in order. Bytes are borrowed until query_end. */
void query_put_int(struct query *q, int64_t value);
void query_put_text(struct query *q, const char *text);
void query_put_blob(struct query *q, const void *bytes, size_t length);
void query_put_null(struct query *q);

/* The next row: false at the end, or after a failure. */
bool query_row(struct query *q);

/* No more rows are wanted; for statements that only read. */
void query_stop(struct query *q);

/*
 * The row's columns in order. What does not fit, or has another type, is
 * STORE_CORRUPT: the schema and the one who wrote it saw to that.
 */
int64_t query_get_int(struct query *q);
bool query_get_bool(struct query *q);
void query_get_text(struct query *q, char *out, size_t size);
void query_get_exact(struct query *q, void *out, size_t size);
size_t query_get_blob(struct query *q, void *out, size_t size); /* its length */

/*
 * Runs to the end and cleans up. STORE_OK: a row was seen; else STORE_NONE, or
 * what failed.
 */
enum store_result query_end(struct query *q);

/* As query_end, for statements without rows. STORE_OK: they changed a row. */
enum store_result query_change(struct query *q, int64_t *changed);

#endif
