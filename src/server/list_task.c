#include "server/list_task.h"

#include <stdlib.h>

static enum store_result run(struct store *store, struct change *change)
{
    struct list_task *list = (struct list_task *)(void *)change;

    list->count = 0;
    list->bytes = 0;
    return list->kind->read(store, list);
}

static void end(struct task *task)
{
    struct list_task *list = (struct list_task *)(void *)task;
    void *items = list->items; // the answer takes the list's own memory along

    if (task->change.result == STORE_OK)
        list->kind->answer(list->call, list);
    else
        call_reply_failed(list->call);
    free(items);
}

void list_task_start(struct call *call, const struct list_kind *kind,
                     size_t max)
{
    struct list_task *list = call_reserve(call, sizeof *list);

    if (list == NULL)
        return;
    list->call = call;
    list->kind = kind;
    list->max = max;
    list->items = calloc(max, kind->item_size);
    if (list->items == NULL) {
        call_reply_failed(call);
        return;
    }
    list->task.change.run = run;
    list->task.done = end;
    task_read(call->worker, &list->task);
}
