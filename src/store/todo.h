/*
 * The store's todos: each belongs to one user, and is found only through that
 * user. What holds for all operations stands in store/store.h.
 */
#ifndef STORE_TODO_H
#define STORE_TODO_H

#include "store/store.h"

struct store_todo {
    int64_t id; /* above 0; never given out twice */
    char title[STORE_TITLE_SIZE];
    bool done;
};

/* STORE_LIMIT: the user has STORE_TODO_MAX. STORE_NONE: no such user. */
enum store_result store_todo_add(struct store *store, int64_t user_id,
                                 const char *title, struct store_todo *out);
enum store_result store_todo_find(struct store *store, int64_t user_id,
                                  int64_t id, struct store_todo *out);
/* `title` NULL and `done` below 0 leave theirs as it is. */
struct store_todo_change {
    int64_t user_id;
    int64_t id;
    const char *title; /* borrowed, or NULL */
    int done;          /* 0, 1, or -1 */
};
enum store_result store_todo_change(struct store *store,
                                    const struct store_todo_change *change,
                                    struct store_todo *out);
enum store_result store_todo_remove(struct store *store, int64_t user_id,
                                    int64_t id);

/* By id; at most STORE_TODO_MAX by the limit on adding. */
enum store_result store_todo_list(struct store *store, int64_t user_id,
                                  bool (*row)(void *context,
                                              const struct store_todo *todo),
                                  void *context);

#endif
