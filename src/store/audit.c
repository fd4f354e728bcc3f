#include "store/query.h"

enum store_result store_audit_add(struct store *store,
                                  const struct store_audit *row)
{
    struct query q = query_of(store, AUDIT_ADD);

    query_put_int(&q, row->at_s);
    query_put_text(&q, row->kind);
    query_put_text(&q, row->outcome);
    query_put_int(&q, row->user_id);
    query_put_blob(&q, row->sid == NULL ? (const void *)"" : row->sid,
                   row->sid == NULL ? 0 : STORE_SID_SIZE);
    query_put_int(&q, row->detail);
    query_put_text(&q, row->dialect);
    query_put_text(&q, row->address);
    return query_change(&q, NULL);
}

enum store_result store_audit_sweep(struct store *store, int64_t before_s,
                                    int64_t count, int64_t *removed)
{
    struct query q = query_of(store, AUDIT_SWEEP);
    enum store_result result;

    query_put_int(&q, before_s);
    query_put_int(&q, count);
    result = query_change(&q, removed);
    return result == STORE_NONE ? STORE_OK : result;
}
