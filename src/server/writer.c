#include "server/writer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/assert.h"
#include "base/point.h"

enum {
    QUEUE_MAX = 8192, /* writer_config.queue_max by default */
    BATCH_MAX = 512,  /* writer_config.batch_max by default */
    /*
     * Pages of the log that were not copied yet. Copying takes some 50 ms of the
     * disk away from the commits, the fewer times the better: so when nobody has
     * come for a while, or when the log is so long (64 MiB) that finding a page
     * in it gets slow. Copying beside the commits, by a thread of its own, was
     * tried: it does not reach the end of a log that grows, and what it left
     * took nearly as long.
     */
    LOG_WORTH_IT = 1000,
    LOG_LONG = 16384,
    IDLE_MS = 20, /* a while */
};

struct writer {
    struct writer_config config; /* store: the thread's */
    struct store_log log; /* the thread's: as of its last commit or copy */
    pthread_t thread;
    pthread_mutex_t lock; /* over all that follows */
    pthread_cond_t work;
    struct change_list queue;
    struct writer_counts counts;
    bool closing;
};

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

static void append(struct change_list *to, struct change_list *from)
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

/* At most `max` of the first ones. */
static struct change_list take_batch(struct change_list *queue, size_t max)
{
    struct change_list batch = {.first = NULL};

    if (queue->count <= max) {
        append(&batch, queue);
        return batch;
    }
    while (batch.count < max)
        change_list_add(&batch, change_list_take(queue));
    return batch;
}

static uint64_t clock_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); // cannot fail on Linux
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Several statements: all of them or none. */
static void run_steps(struct store *store, struct change *change)
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

/*
 * Runs the batch in one transaction. A failed result is that of the transaction
 * as a whole, which then left nothing behind.
 */
static enum store_result run_batch(struct store *store,
                                   struct change_list *batch)
{
    enum store_result result = store_begin(store);

    if (result != STORE_OK)
        return result;
    for (struct change *c = batch->first; c != NULL; c = c->next) {
        if (c->steps)
            run_steps(store, c);
        else
            c->result = c->run(store, c);
        if (!store_in_transaction(store))
            return store_failed(c->result) ? c->result : STORE_FAILED;
    }
    return STORE_OK;
}

/* What one batch cost, to be added to the counts. */
struct cost {
    uint64_t begin_us;
    uint64_t commit_us;
    bool failed;
    bool full; /* for want of room on the disk */
};

static void commit_batch(struct writer *w, struct change_list *batch,
                         struct cost *cost)
{
    enum store_result result = run_batch(w->config.store, batch);
    uint64_t before_us = clock_us();

    POINT("before_commit");
    if (result == STORE_OK)
        result = store_commit(w->config.store);
    POINT("after_commit");
    cost->commit_us = clock_us() - before_us;
    cost->failed = result != STORE_OK;
    cost->full = result == STORE_FULL;
    if (!cost->failed)
        return;
    assert(store_failed(result));
    if (w->config.failed != NULL)
        w->config.failed(w->config.context, result,
                         store_message(w->config.store));
    for (struct change *c = batch->first; c != NULL; c = c->next)
        c->result = result;
}

/* Gives each home all of its own in one call. */
static void post_batch(struct change_list *batch)
{
    struct change_home *homes = NULL;
    struct change *change;

    while ((change = change_list_take(batch)) != NULL) {
        struct change_home *home = change->home;

        if (home->finished.count == 0) {
            home->next = homes;
            homes = home;
        }
        change_list_add(&home->finished, change);
    }
    while (homes != NULL) {
        struct change_home *home = homes;
        struct change_list list = home->finished;

        // From here on the home may be handed its next list, or be gone.
        homes = home->next;
        home->finished = (struct change_list){.first = NULL};
        home->post(home, &list);
    }
}

static void count_batch(struct writer *w, size_t count, const struct cost *cost)
{
    uint64_t now_us = clock_us();
    struct writer_counts *n = &w->counts;

    pthread_mutex_lock(&w->lock);
    n->changes += count;
    n->commits += !cost->failed;
    n->failures += cost->failed;
    n->busy_us += now_us - cost->begin_us;
    n->commit_us += cost->commit_us;
    if (cost->commit_us > n->commit_us_max)
        n->commit_us_max = cost->commit_us;
    if (count > n->batch_largest)
        n->batch_largest = count;
    pthread_mutex_unlock(&w->lock);
}

/* Copies the log into the main file if so many pages of it were not yet. */
static void copy_log(struct writer *w, int64_t worth)
{
    uint64_t begin_us;
    enum store_result result;

    if (w->log.pages - w->log.copied < worth)
        return;
    begin_us = clock_us();
    result = store_checkpoint(w->config.store, &w->log);
    // The log is whole as ever; another try when it has grown as much again.
    if (result != STORE_OK)
        w->log.copied = w->log.pages;
    pthread_mutex_lock(&w->lock);
    w->counts.copies++;
    w->counts.copy_us += clock_us() - begin_us;
    pthread_mutex_unlock(&w->lock);
}

static void note_log(struct writer *w)
{
    int64_t pages = store_log_pages(w->config.store);

    if (pages < w->log.pages) // copied to its end, it has begun anew
        w->log.copied = 0;
    w->log.pages = pages;
}

/* False when nothing came for IDLE_MS. With the lock held. */
static bool wait_a_while(struct writer *w)
{
    struct timespec until;
    int error = 0;

    (void)clock_gettime(CLOCK_MONOTONIC, &until); // cannot fail on Linux
    until.tv_nsec += IDLE_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    while (w->queue.count == 0 && !w->closing && error == 0)
        error = pthread_cond_timedwait(&w->work, &w->lock, &until);
    return error == 0;
}

/*
 * Waits for changes; false when there are none and it closes. With the lock
 * held.
 */
static bool wait_for_work(struct writer *w)
{
    if (w->queue.count == 0 && !w->closing && !wait_a_while(w)) {
        pthread_mutex_unlock(&w->lock);
        copy_log(w, LOG_WORTH_IT);
        pthread_mutex_lock(&w->lock);
    }
    while (w->queue.count == 0 && !w->closing)
        pthread_cond_wait(&w->work, &w->lock);
    return w->queue.count > 0;
}

static void *work(void *context)
{
    struct writer *w = context;

    pthread_mutex_lock(&w->lock);
    while (wait_for_work(w)) {
        struct change_list batch = take_batch(&w->queue, w->config.batch_max);
        size_t count = batch.count;
        struct cost cost;

        pthread_mutex_unlock(&w->lock);
        cost.begin_us = clock_us();
        commit_batch(w, &batch, &cost);
        count_batch(w, count, &cost);
        post_batch(&batch);
        note_log(w);
        // On a full disk the log's own room is left: copied, it begins anew.
        copy_log(w, cost.full ? 1 : LOG_LONG);
        pthread_mutex_lock(&w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* Waits by the steady clock: a step of the wall clock is no while. */
static void init_locks(struct writer *w)
{
    pthread_condattr_t steady;

    // None of these can fail with these arguments.
    (void)pthread_condattr_init(&steady);
    (void)pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&w->work, &steady);
    (void)pthread_condattr_destroy(&steady);
    (void)pthread_mutex_init(&w->lock, NULL);
}

struct writer *writer_open(const struct writer_config *config)
{
    struct writer *w = calloc(1, sizeof *w);

    if (w == NULL) {
        store_close(config->store);
        return NULL;
    }
    w->config = *config;
    if (w->config.queue_max == 0)
        w->config.queue_max = QUEUE_MAX;
    if (w->config.batch_max == 0)
        w->config.batch_max = BATCH_MAX;
    init_locks(w);
    if (pthread_create(&w->thread, NULL, work, w) == 0)
        return w;
    pthread_cond_destroy(&w->work);
    pthread_mutex_destroy(&w->lock);
    store_close(config->store);
    free(w);
    return NULL;
}

void writer_close(struct writer *writer)
{
    if (writer == NULL)
        return;
    pthread_mutex_lock(&writer->lock);
    writer->closing = true;
    pthread_cond_signal(&writer->work);
    pthread_mutex_unlock(&writer->lock);
    (void)pthread_join(writer->thread, NULL); // ours, and joined once
    pthread_cond_destroy(&writer->work);
    pthread_mutex_destroy(&writer->lock);
    store_close(writer->config.store);
    free(writer);
}

bool writer_submit(struct writer *writer, struct change_list *list)
{
    bool taken;

    if (list->count == 0)
        return true;
    pthread_mutex_lock(&writer->lock);
    taken = !writer->closing &&
            writer->queue.count + list->count <= writer->config.queue_max;
    if (!taken)
        writer->counts.refused += list->count;
    else
        append(&writer->queue, list);
    if (taken)
        pthread_cond_signal(&writer->work);
    pthread_mutex_unlock(&writer->lock);
    return taken;
}

void writer_count(struct writer *writer, struct writer_counts *out)
{
    pthread_mutex_lock(&writer->lock);
    *out = writer->counts;
    out->queued = writer->queue.count;
    pthread_mutex_unlock(&writer->lock);
}
