#include "server/writer_batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/point.h"

enum { STEPS_TRIES = 2 };

/* ---- Lists ---- */

void change_list_add(struct change_list *list, struct change *change)
{
    change->next = NULL;
    if (list->last == NULL)
        list->first = change;
    else
        list->last->next = change;
    list->last = change;
    list->count++;
}

struct change *change_list_take(struct change_list *list)
{
    struct change *change = list->first;

    if (change == NULL)
        return NULL;
    list->first = change->next;
    if (list->first == NULL)
        list->last = NULL;
    list->count--;
    change->next = NULL;
    return change;
}

void batch_append(struct change_list *to, struct change_list *from)
{
    if (from->first == NULL)
        return;
    if (to->last == NULL)
        to->first = from->first;
    else
        to->last->next = from->first;
    to->last = from->last;
    to->count += from->count;
    *from = (struct change_list){.first = NULL};
}

struct change_list batch_take(struct change_list *queue, size_t max)
{
    struct change_list batch = {.first = NULL};

    if (queue->count <= max) {
        batch_append(&batch, queue);
        return batch;
    }
    while (batch.count < max)
        change_list_add(&batch, change_list_take(queue));
    return batch;
}

void batch_answer(struct change_list *batch, enum store_result result)
{
    for (struct change *c = batch->first; c != NULL; c = c->next)
        c->result = result;
}

void batch_post(struct change_list *batch)
{
    while (batch->first != NULL) {
        struct change_home *home = batch->first->home;
        struct change_list own = {.first = NULL}, others = {.first = NULL};
        struct change *change;

        while ((change = change_list_take(batch)) != NULL)
            change_list_add(change->home == home ? &own : &others, change);
        *batch = others;
        home->post(home, &own); // and from here on it may be gone
    }
}

/* ---- One transaction ---- */

/* Several statements: all of them or none. */
static void run_saved(struct store *store, struct change *change)
{
    enum store_result result = store_save(store);

    if (result == STORE_OK)
        result = change->run(store, change);
    change->result = result;
    if (!store_in_transaction(store))
        return; // the database threw the whole of it away
    result = result == STORE_OK ? store_keep(store) : store_revert(store);
    if (store_failed(result))
        change->result = result;
}

enum store_result batch_run(struct store *store, struct change_list *batch)
{
    enum store_result result = store_begin(store);

    if (result != STORE_OK)
        return result;
    for (struct change *c = batch->first; c != NULL; c = c->next) {
        if (c->steps)
            run_saved(store, c);
        else
            c->result = c->run(store, c);
        if (!store_in_transaction(store))
            return store_failed(c->result) ? c->result : STORE_FAILED;
    }
    return STORE_OK;
}

/* ---- Talks ---- */

static int compare_sids(const void *a, const void *b)
{
    const struct batch_talk *x = a;
    const struct batch_talk *y = b;

    return memcmp(x->change->sid, y->change->sid, STORE_SID_SIZE);
}

static struct batch_talk begin_talk(struct change *change)
{
    return (struct batch_talk){
        .change = change,
        .talk = {.waiting = true, .apart = change->sid == NULL}
    };
}

/*
 * Fills the talks: first those that write one session each, in the order of
 * their sids, in which every process takes their rows; then the others. Changes
 * of several steps are left out. How many.
 */
static size_t begin_talks(struct change_list *batch, struct batch_talk *talks)
{
    size_t count = 0;

    assert(batch->count <= STORE_TALKS_MAX);
    for (struct change *c = batch->first; c != NULL; c = c->next)
        if (!c->steps && c->sid != NULL)
            talks[count++] = begin_talk(c);
    if (count > 1)
        qsort(talks, count, sizeof *talks, compare_sids);
    for (struct change *c = batch->first; c != NULL; c = c->next)
        if (!c->steps && c->sid == NULL)
            talks[count++] = begin_talk(c);
    return count;
}

/*
 * Runs those that are not done, each up to what it does not know yet; how many
 * wait then. A pass of its own for those that talk apart: the transaction of
 * the others is not to be cut in two.
 */
static size_t run_talks(struct store *store, struct batch_talk *talks,
                        size_t count, bool apart)
{
    size_t waiting = 0;

    for (size_t i = 0; i < count; i++) {
        struct change *change = talks[i].change;

        if (!talks[i].talk.waiting || talks[i].talk.apart != apart)
            continue;
        store_listen(store, &talks[i].talk);
        change->result = change->run(store, change);
        waiting += talks[i].talk.waiting;
    }
    store_listen(store, NULL);
    return waiting;
}

/* Those that wait have no answer, and there will be none. */
static void end_talks(struct store *store, struct batch_talk *talks,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (talks[i].talk.waiting)
            talks[i].change->result = STORE_AWAY;
        store_talk_clear(store, &talks[i].talk);
    }
}

/* One transaction of its own. */
static enum store_result run_alone(struct store *store, struct change *change)
{
    enum store_result result = store_begin(store);

    if (result != STORE_OK)
        return result;
    result = change->run(store, change);
    if (result == STORE_OK)
        return store_commit(store);
    store_rollback(store);
    return result;
}

/* A deadlock undoes the whole of one of the two, which then may go again. */
static enum store_result run_steps(struct store *store,
                                   struct change_list *batch)
{
    enum store_result lost = STORE_OK;

    for (struct change *c = batch->first; c != NULL; c = c->next) {
        if (!c->steps)
            continue;
        c->result = run_alone(store, c);
        for (int i = 1; i < STEPS_TRIES && c->result == STORE_BUSY; i++)
            c->result = run_alone(store, c);
        if (c->result == STORE_AWAY)
            lost = STORE_AWAY;
    }
    return lost;
}

enum store_result batch_talk(struct store *store, struct change_list *batch,
                             struct batch_talk *talks)
{
    size_t count = begin_talks(batch, talks);
    enum store_result lost = STORE_OK;
    enum store_result result;

    while (lost == STORE_OK) {
        size_t waiting = run_talks(store, talks, count, false);

        waiting += run_talks(store, talks, count, true);
        if (waiting == 0)
            break;
        POINT("before_commit");
        lost = store_collect(store);
        POINT("after_commit");
    }
    end_talks(store, talks, count);
    result = run_steps(store, batch);
    return lost != STORE_OK ? lost : result;
}
