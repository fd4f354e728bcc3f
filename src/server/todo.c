/*
 * Todos: each person's own, found only through that person.
 */
#include <stddef.h>
#include <stdlib.h>

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

struct todo_walk {
    struct task task;
    struct call *call;
    struct store_todo *list; /* STORE_TODO_MAX of them; owned */
    size_t count;
    size_t bytes; /* of all titles */
};

static bool take_row(void *context, const struct store_todo *todo)
{
    struct todo_walk *walk = context;

    if (walk->count == STORE_TODO_MAX)
        return false;
    walk->list[walk->count++] = *todo;
    walk->bytes += span_of(todo->title).length;
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

static struct span write_list(const struct todo_walk *walk, bool titles,
                              enum json_style style, struct span room)
{
    struct json_writer w;

    json_begin(&w, (char *)(uintptr_t)room.text, room.length, style);
    json_open(&w, '[');
    for (size_t i = 0; i < walk->count; i++) {
        if (titles)
            json_put_string(&w, span_of(walk->list[i].title));
        else
            put_item(&w, &walk->list[i]);
    }
    json_close(&w, ']');
    return (struct span){w.out, w.length};
}

/* Both forms are offered; the dialect's template takes the one it names. */
static void answer_list(struct call *call, const struct todo_walk *walk)
{
    enum json_style style = call->mount->dialect.style;
    size_t room = walk->bytes * ESCAPED + walk->count * ITEM_ROOM + LIST_ROOM;
    char *text = malloc(2 * room);

    if (text == NULL) {
        call_reply_failed(call);
        return;
    }
    fields_set_text(&call->fields, FIELD_TODOS,
                    write_list(walk, false, style, (struct span){text, room}));
    fields_set_text(
        &call->fields, FIELD_TITLES,
        write_list(walk, true, style, (struct span){text + room, room}));
    call_reply_large(call, CASE_OK, room + LIST_ROOM);
    free(text);
}

static struct todo_walk *walk_of(struct task *task)
{
    return (struct todo_walk *)(void *)((char *)task -
                                        offsetof(struct todo_walk, task));
}

static enum store_result read_list(struct store *store, struct change *change)
{
    struct todo_walk *walk = walk_of((struct task *)(void *)change);

    walk->count = 0;
    walk->bytes = 0;
    return store_todo_list(store, walk->call->user_id, take_row, walk);
}

static void end_list(struct task *task)
{
    struct todo_walk *walk = walk_of(task);
    struct store_todo *list = walk->list; // the answer takes the walk with it

    if (task->change.result == STORE_OK)
        answer_list(walk->call, walk);
    else
        call_reply_failed(walk->call);
    free(list);
}

void todo_list(struct call *call)
{
    struct todo_walk *walk = call_reserve(call, sizeof *walk);

    if (walk == NULL)
        return;
    walk->call = call;
    walk->list = calloc(STORE_TODO_MAX, sizeof *walk->list);
    if (walk->list == NULL) {
        call_reply_failed(call);
        return;
    }
    walk->task.change.run = read_list;
    walk->task.done = end_list;
    task_read(call->worker, &walk->task);
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
