#include "store/todo.h"

#include <string.h>

#include "store/query.h"

static void read_todo(struct query *q, struct store_todo *out)
{
    out->id = query_get_int(q);
    query_get_text(q, out->title, sizeof out->title);
    out->done = query_get_bool(q);
}

static enum store_result find(struct query *q, struct store_todo *out)
{
    struct store_todo found;
    enum store_result result;

    memset(&found, 0, sizeof found);
    if (query_row(q))
        read_todo(q, &found);
    result = query_end(q);
    if (result == STORE_OK)
        *out = found;
    return result;
}

enum store_result store_todo_add(struct store *store, int64_t user_id,
                                 const char *title, struct store_todo *out)
{
    struct query q = query_of(store, TODO_ADD);
    struct store_user user;
    enum store_result result;

    query_put_text(&q, title);
    query_put_int(&q, user_id);
    query_put_int(&q, STORE_TODO_MAX);
    result = find(&q, out);
    if (result != STORE_NONE)
        return result;
    result = store_user_by_id(store, user_id, &user);
    return result == STORE_OK ? STORE_LIMIT : result;
}

enum store_result store_todo_find(struct store *store, int64_t user_id,
                                  int64_t id, struct store_todo *out)
{
    struct query q = query_of(store, TODO_FIND);

    query_put_int(&q, id);
    query_put_int(&q, user_id);
    return find(&q, out);
}

enum store_result store_todo_change(struct store *store,
                                    const struct store_todo_change *change,
                                    struct store_todo *out)
{
    struct query q = query_of(store, TODO_CHANGE);

    if (change->title != NULL)
        query_put_text(&q, change->title);
    else
        query_put_null(&q);
    if (change->done >= 0)
        query_put_int(&q, change->done != 0);
    else
        query_put_null(&q);
    query_put_int(&q, change->id);
    query_put_int(&q, change->user_id);
    return find(&q, out);
}

enum store_result store_todo_remove(struct store *store, int64_t user_id,
                                    int64_t id)
{
    struct query q = query_of(store, TODO_REMOVE);

    query_put_int(&q, id);
    query_put_int(&q, user_id);
    return query_change(&q, NULL);
}

enum store_result store_todo_list(struct store *store, int64_t user_id,
                                  bool (*row)(void *context,
                                              const struct store_todo *todo),
                                  void *context)
{
    struct query q = query_of(store, TODO_LIST);
    enum store_result result;
    struct store_todo todo;

    memset(&todo, 0, sizeof todo);
    query_put_int(&q, user_id);
    query_put_int(&q, STORE_TODO_MAX);
    while (query_row(&q)) {
        read_todo(&q, &todo);
        if (q.result == STORE_OK && !row(context, &todo))
            query_stop(&q);
    }
    result = query_end(&q);
    return result == STORE_NONE ? STORE_OK : result;
}
