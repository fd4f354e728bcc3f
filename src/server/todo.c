/*
 * Todos: each person's own, found only through that person.
 */
#include <stddef.h>
#include <stdlib.h>

#include "server/list_task.h"
#include "server/plausible.h"
#include "server/resource.h"
#include "server/task.h"
#include "store/todo.h"

enum {
    ESCAPED = 6,    /* bytes that one byte may become in JSON */
    ITEM_ROOM = 64, /* beside the title: keys, id, done */
    LIST_ROOM = 4096,
};

struct todo_work {
    struct task task;
    struct call *call;
    char title[STORE_TITLE_SIZE];
    struct store_todo_change change;
    struct store_todo todo;
};

static struct todo_work *work_of(struct task *task)
{
    return (struct todo_work *)(void *)((char *)task -
                                        offsetof(struct todo_work, task));
}

/* ---- The list ---- */

static bool take_row(void *context, const struct store_todo *todo)
{
    struct list_task *list = context;
    struct store_todo *items = list->items;

    if (list->count == list->max)
        return false;
    items[list->count++] = *todo;
    list->bytes += span_of(todo->title).length;
    return true;
}

static void put_item(struct json_writer *w, const struct store_todo *todo)
{
    json_open(w, '{');
    json_key(w, SPAN("id"));
    json_put_int(w, todo->id);
    json_key(w, SPAN("title"));
    json_put_string(w, span_of(todo->title));
    json_key(w, SPAN("done"));
    json_put_bool(w, todo->done);
    json_close(w, '}');
}

static struct span write_list(const struct list_task *list, bool titles,
                              enum json_style style, struct span room)
{
    const struct store_todo *items = list->items;
    struct json_writer w;

    json_begin(&w, (char *)(uintptr_t)room.text, room.length, style);
    json_open(&w, '[');
    for (size_t i = 0; i < list->count; i++) {
        if (titles)
            json_put_string(&w, span_of(items[i].title));
        else
            put_item(&w, &items[i]);
    }
    json_close(&w, ']');
    return (struct span){w.out, w.length};
}

/* Both forms are offered; the dialect's template takes the one it names. */
static void answer_list(struct call *call, const struct list_task *list)
{
    enum json_style style = call->mount->dialect.style;
    size_t room = list->bytes * ESCAPED + list->count * ITEM_ROOM + LIST_ROOM;
    char *text = malloc(2 * room);

    if (text == NULL) {
        call_reply_failed(call);
        return;
    }
    fields_set_text(&call->fields, FIELD_TODOS,
                    write_list(list, false, style, (struct span){text, room}));
    fields_set_text(
        &call->fields, FIELD_TITLES,
        write_list(list, true, style, (struct span){text + room, room}));
    call_reply_large(call, CASE_OK, room + LIST_ROOM);
    free(text);
}

static enum store_result read_list(struct store *store, struct list_task *list)
{
    return store_todo_list(store, list->call->user_id, take_row, list);
}

void todo_list(struct call *call)
{
    static const struct list_kind todos = {sizeof(struct store_todo), read_list,
                                           answer_list};

    list_task_start(call, &todos, STORE_TODO_MAX);
}

/* ---- Changes ---- */

static void set_todo(struct call *call, const struct store_todo *todo)
{
    fields_set_int(&call->fields, FIELD_TODO_ID, todo->id);
    fields_set_text(&call->fields, FIELD_TITLE, span_of(todo->title));
    fields_set_bool(&call->fields, FIELD_DONE, todo->done);
}

static void answer_changed(struct task *task)
{
    struct todo_work *work = work_of(task);
    struct call *call = work->call;

    switch ((int)task->change.result) {
    case STORE_OK:
        set_todo(call, &work->todo);
        call_reply(call, CASE_OK, FIELD_NONE);
        break;
    case STORE_NONE:
        call_reply(call, CASE_NOT_FOUND, FIELD_NONE);
        break;
    case STORE_LIMIT:
        fields_set_text(&call->fields, FIELD_DETAIL,
                        SPAN("there are too many already"));
        call_reply(call, CASE_INVALID, FIELD_NONE);
        break;
    default:
        call_reply_failed(call);
        break;
    }
}

static enum store_result run_add(struct store *store, struct change *change)
{
    struct todo_work *work = work_of((struct task *)(void *)change);

    return store_todo_add(store, work->change.user_id, work->title,
                          &work->todo);
}

static enum store_result run_change(struct store *store, struct change *change)
{
    struct todo_work *work = work_of((struct task *)(void *)change);

    return store_todo_change(store, &work->change, &work->todo);
}

static enum store_result run_remove(struct store *store, struct change *change)
{
    struct todo_work *work = work_of((struct task *)(void *)change);

    return store_todo_remove(store, work->change.user_id, work->change.id);
}

/* NULL: answered. */
static struct todo_work *begin(struct call *call)
{
    struct span title = fields_text(&call->fields, FIELD_TITLE);
    enum reply_kind kind = CASE_OK;
    struct todo_work *work;

    if (fields_has(&call->fields, FIELD_TITLE))
        kind = plausible_title(title);
    if (kind != CASE_OK) {
        call_reply(call, kind, FIELD_TITLE);
        return NULL;
    }
    work = call_reserve(call, sizeof *work);
    if (work == NULL)
        return NULL;
    plausible_copy(title, work->title, sizeof work->title);
    work->call = call;
    work->change.user_id = call->user_id;
    work->change.id = fields_int(&call->fields, FIELD_TODO_ID, 0);
    work->change.done = (int)fields_int(&call->fields, FIELD_DONE, -1);
    if (fields_has(&call->fields, FIELD_TITLE))
        work->change.title = work->title;
    return work;
}

static void submit(struct call *call,
                   enum store_result (*run)(struct store *store,
                                            struct change *change))
{
    struct todo_work *work = begin(call);

    if (work == NULL)
        return;
    work->task.change.run = run;
    work->task.done = answer_changed;
    task_submit(call->worker, &work->task);
}

void todo_add(struct call *call)
{
    submit(call, run_add);
}

void todo_change(struct call *call)
{
    submit(call, run_change);
}

void todo_remove(struct call *call)
{
    submit(call, run_remove);
}
