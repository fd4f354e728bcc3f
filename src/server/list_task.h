/*
 * A list that is read from the database and answered whole, however long.
 */
#ifndef SERVER_LIST_TASK_H
#define SERVER_LIST_TASK_H

#include <stddef.h>

#include "server/call.h"
#include "server/task.h"

struct list_task;

/* What differs from list to list. */
struct list_kind {
    size_t item_size;
    /* On a thread of the database: fills items, count and bytes. */
    enum store_result (*read)(struct store *store, struct list_task *list);
    /* On the loop; the list is gone after it. */
    void (*answer)(struct call *call, const struct list_task *list);
};

struct list_task {
    struct task task; /* first */
    struct call *call;
    const struct list_kind *kind;
    void *items; /* room for `max`; owned */
    size_t max;
    size_t count;
    size_t bytes; /* of all their texts */
};

/* Reads and answers; 503 where that fails. `kind` outlives the call. */
void list_task_start(struct call *call, const struct list_kind *kind,
                     size_t max);

#endif
