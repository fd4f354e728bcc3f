#include "server/writer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/assert.h"
#include "base/point.h"
#include "server/copier.h"
#include "server/writer_batch.h"

enum {
    QUEUE_MAX = 8192, /* writer_config.queue_max by default */
    BATCH_MAX = 512,  /* writer_config.batch_max by default */
    /*
     * Pages of the log that were not copied yet. Copying takes the disk away
     * from the commits, the fewer times the better: so when nobody has come for
     * a while, or when the log is so long (48 MiB) that finding a page in it
     * gets slow. Among millions of sessions each page goes elsewhere on the disk
     * and a copy takes 0.2 s and more; then it is made beside the commits, and
     * what they have added meanwhile, up to LOG_REST, is all that they wait for.
     * Where they add more than is copied (128 MiB), they wait for it.
     */
    LOG_WORTH_IT = 1000,
    LOG_REST = 4096,
    LOG_LONG = 12288,
    LOG_LONGEST = 32768,
    IDLE_MS = 20, /* a while */
    /* An idle connection that was lost is noticed, and mended, so soon. */
    LOOK_MS = 1000,
    /* A batch is not cut smaller than this for a thread that has none. */
    SHARE_MIN = 8,
    /* Between two attempts to connect: each twice the one before. */
    PAUSE_MS = 100,
    PAUSE_MAX_MS = 2000,
};

/* One thread, and what is its own. */
struct hand {
    struct writer *writer;
    struct store *store;
    pthread_t thread;
    struct store_log log;     /* as of its last commit or copy */
    struct batch_talk *talks; /* NULL where the database is a file */
};

struct writer {
    struct writer_config config;
    struct hand hands[WRITER_THREADS_MAX];
    struct copier *copier; /* NULL: the one hand copies by itself */
    size_t count;
    pthread_mutex_t lock; /* over all that follows */
    pthread_cond_t work;
    pthread_cond_t pause; /* of hands without a connection */
    struct change_list queue;
    struct writer_counts counts;
    char message[WRITER_MESSAGE_SIZE];
    size_t ended; /* threads */
    bool full;    /* the last commit found no room */
    bool closing;
};

static uint64_t clock_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); // cannot fail on Linux
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Waits for `ms` at most; false when they are over. With the lock held. */
static bool wait_on(struct writer *w, pthread_cond_t *what, int64_t ms)
{
    uint64_t until_us = clock_us() + (uint64_t)ms * 1000;
    struct timespec until = {(time_t)(until_us / 1000000),
                             (long)(until_us % 1000000) * 1000};

    return pthread_cond_timedwait(what, &w->lock, &until) == 0;
}

/* What one batch cost, to be added to the counts. */
struct cost {
    uint64_t begin_us;
    uint64_t commit_us;
    bool failed;
    bool full; /* for want of room on the disk */
};

static void tell(struct writer *w, enum store_result result,
                 const char *message)
{
    pthread_mutex_lock(&w->lock);
    if (result != STORE_OK) {
        (void)snprintf(w->message, sizeof w->message, "%s", message);
    }
    pthread_mutex_unlock(&w->lock);
    if (w->config.failed != NULL)
        w->config.failed(w->config.context, result, message);
}

static void commit_batch(struct hand *h, struct change_list *batch,
                         struct cost *cost)
{
    enum store_result result = batch_run(h->store, batch);
    uint64_t before_us = clock_us();

    POINT("before_commit");
    if (result == STORE_OK)
        result = store_commit(h->store);
    POINT("after_commit");
    cost->commit_us = clock_us() - before_us;
    cost->failed = result != STORE_OK;
    cost->full = result == STORE_FULL;
    if (!cost->failed)
        return;
    assert(store_failed(result));
    tell(h->writer, result, store_message(h->store));
    batch_answer(batch, result);
}

static void talk_batch(struct hand *h, struct change_list *batch,
                       struct cost *cost)
{
    cost->failed = batch_talk(h->store, batch, h->talks) != STORE_OK;
    cost->commit_us = clock_us() - cost->begin_us;
    cost->full = false;
    for (struct change *c = batch->first; c != NULL; c = c->next) {
        if (!store_failed(c->result))
            continue;
        cost->full = c->result == STORE_FULL;
        tell(h->writer, c->result, store_message(h->store));
        return; // when one fails, many do
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
    if (cost->full || !cost->failed) // any other failure tells nothing of room
        w->full = cost->full;
    n->busy_us += now_us - cost->begin_us;
    n->commit_us += cost->commit_us;
    if (cost->commit_us > n->commit_us_max)
        n->commit_us_max = cost->commit_us;
    if (count > n->batch_largest)
        n->batch_largest = count;
    pthread_mutex_unlock(&w->lock);
}

static void count_copy(struct writer *w, uint64_t took_us, bool beside)
{
    pthread_mutex_lock(&w->lock);
    w->counts.copies++;
    w->counts.copies_beside += beside;
    w->counts.copy_us += took_us;
    pthread_mutex_unlock(&w->lock);
}

/* Copies the log into the main file if so many pages of it were not yet. */
static void copy_log(struct hand *h, int64_t worth)
{
    uint64_t begin_us;
    enum store_result result;

    if (h->log.pages - h->log.copied < worth)
        return;
    begin_us = clock_us();
    result = store_checkpoint(h->store, &h->log);
    // The log is whole as ever; another try when it has grown as much again.
    if (result != STORE_OK)
        h->log.copied = h->log.pages;
    count_copy(h->writer, clock_us() - begin_us, false);
}

/* Has a copy beside the commits ended? Then *h knows how far it came. */
static bool hear_of_copy(struct hand *h)
{
    struct copier_done done;

    if (h->writer->copier == NULL || !copier_take(h->writer->copier, &done))
        return false;
    count_copy(h->writer, done.took_us, true);
    if (done.result != STORE_OK)
        h->log.copied = h->log.pages;         // as above
    else if (done.log.copied <= h->log.pages) // else it has begun anew since
        h->log.copied = done.log.copied;
    return true;
}

/* After a batch: beside the next ones if that can be, so that none waits. */
static void shorten_log(struct hand *h)
{
    struct copier *copier = h->writer->copier;
    bool ended;

    if (copier != NULL && h->log.pages >= LOG_LONGEST)
        copier_wait(copier);
    ended = hear_of_copy(h);
    if (copier == NULL || h->log.pages >= LOG_LONGEST)
        copy_log(h, LOG_LONG);
    else if (ended && h->log.pages - h->log.copied <= LOG_REST)
        copy_log(h, 1);
    else if (ended || h->log.pages - h->log.copied >= LOG_LONG)
        copier_start(copier);
}

/* On a full disk the log's own room is left: copied, it begins anew. */
static void make_room(struct hand *h)
{
    if (h->writer->copier != NULL)
        copier_wait(h->writer->copier);
    (void)hear_of_copy(h); // the rest is copied in any case
    copy_log(h, 1);
}

static void note_log(struct hand *h)
{
    int64_t pages = store_log_pages(h->store);

    if (pages < h->log.pages) // copied to its end, it has begun anew
        h->log.copied = 0;
    h->log.pages = pages;
}

static void run_batch(struct hand *h, struct change_list *batch)
{
    size_t count = batch->count;
    struct cost cost = {.begin_us = clock_us()};

    if (h->talks != NULL)
        talk_batch(h, batch, &cost);
    else
        commit_batch(h, batch, &cost);
    count_batch(h->writer, count, &cost);
    batch_post(batch);
    note_log(h);
    if (cost.full)
        make_room(h);
    else
        shorten_log(h);
}

/* ---- A connection that is lost ---- */

/* Nobody will take them soon. With the lock held, but for the posting. */
static void give_up_queue(struct writer *w)
{
    struct change_list batch = {.first = NULL};

    batch_append(&batch, &w->queue);
    w->counts.refused += batch.count;
    pthread_mutex_unlock(&w->lock);
    batch_answer(&batch, STORE_AWAY);
    batch_post(&batch);
    pthread_mutex_lock(&w->lock);
}

/* Tries until it is back, with pauses; false when it closes. With the lock. */
static bool reach_again(struct hand *h)
{
    struct writer *w = h->writer;
    enum store_result result = STORE_AWAY;
    int64_t pause_ms = PAUSE_MS;

    while (!w->closing && result != STORE_OK) {
        uint64_t until_us = clock_us() + (uint64_t)pause_ms * 1000;

        while (!w->closing && clock_us() < until_us &&
               wait_on(w, &w->pause, pause_ms))
            continue;
        pause_ms = pause_ms * 2 < PAUSE_MAX_MS ? pause_ms * 2 : PAUSE_MAX_MS;
        pthread_mutex_unlock(&w->lock);
        result = store_mend(h->store);
        pthread_mutex_lock(&w->lock);
    }
    return result == STORE_OK;
}

/* One attempt, which may take seconds: what this thread was woken for is for
   another one. */
static enum store_result mend_now(struct hand *h)
{
    struct writer *w = h->writer;

    pthread_mutex_lock(&w->lock);
    if (w->queue.count > 0)
        pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->lock);
    return store_mend(h->store);
}

/*
 * Mends the connection: at once if that can be done, or else as one of those
 * that are away. False when it closes meanwhile. With the lock held.
 */
static bool mend(struct hand *h)
{
    struct writer *w = h->writer;
    enum store_result result;
    bool back;

    pthread_mutex_unlock(&w->lock);
    result = store_ready(h->store) ? STORE_OK : mend_now(h);
    if (result != STORE_OK)
        tell(w, result, store_message(h->store));
    pthread_mutex_lock(&w->lock);
    if (result == STORE_OK)
        return true;
    w->counts.away++;
    if (w->counts.away == w->count)
        give_up_queue(w);
    back = reach_again(h);
    w->counts.away--;
    pthread_mutex_unlock(&w->lock);
    if (back)
        tell(w, STORE_OK, "");
    pthread_mutex_lock(&w->lock);
    return back;
}

/* ---- The threads ---- */

/* Nothing came for a while: is there anything to see to? With the lock held. */
static void look_around(struct hand *h)
{
    struct writer *w = h->writer;

    if (w->queue.count > 0 || w->closing)
        return;
    if (h->talks != NULL) {
        w->counts.idle++;
        (void)wait_on(w, &w->work, LOOK_MS); // either way it looks again
        w->counts.idle--;
        return;
    }
    do
        if (wait_on(w, &w->work, IDLE_MS))
            return;
    while (w->copier != NULL && copier_is_busy(w->copier));
    pthread_mutex_unlock(&w->lock);
    (void)hear_of_copy(h); // and in any case what is left
    copy_log(h, LOG_WORTH_IT);
    pthread_mutex_lock(&w->lock);
    while (w->queue.count == 0 && !w->closing)
        pthread_cond_wait(&w->work, &w->lock);
}

/*
 * A thread's share of the queue: those that wait get theirs. Else all that came
 * together would go and come back together from then on, and while the loop
 * sees to it the database would have nothing to do, and the other way round.
 * With the lock held.
 */
static struct change_list take_share(struct writer *w)
{
    size_t max = (w->queue.count + w->counts.idle) / (w->counts.idle + 1);

    if (max < SHARE_MIN)
        max = SHARE_MIN;
    if (max > w->config.batch_max)
        max = w->config.batch_max;
    return batch_take(&w->queue, max);
}

static void *work(void *context)
{
    struct hand *h = context;
    struct writer *w = h->writer;

    pthread_mutex_lock(&w->lock);
    while (w->queue.count > 0 || !w->closing) {
        struct change_list batch;
        bool more;

        look_around(h);
        if (h->talks != NULL && !mend(h))
            break;
        batch = take_share(w);
        if (batch.count == 0)
            continue;
        more = w->queue.count > 0 && w->counts.idle > 0;
        pthread_mutex_unlock(&w->lock);
        if (more) // who is woken under the lock waits for it at once
            pthread_cond_signal(&w->work);
        run_batch(h, &batch);
        pthread_mutex_lock(&w->lock);
    }
    // The last one answers what was left when the database was away.
    w->ended++;
    if (w->ended == w->count)
        give_up_queue(w);
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
    (void)pthread_cond_init(&w->pause, &steady);
    (void)pthread_condattr_destroy(&steady);
    (void)pthread_mutex_init(&w->lock, NULL);
}

/* Of the threads that were started before one that could not be. */
static void join_all(struct writer *w, size_t count)
{
    pthread_mutex_lock(&w->lock);
    w->closing = true;
    pthread_cond_broadcast(&w->work);
    pthread_cond_broadcast(&w->pause);
    pthread_mutex_unlock(&w->lock);
    for (size_t i = 0; i < count; i++)
        (void)pthread_join(w->hands[i].thread, NULL); // ours, and joined once
}

static void free_writer(struct writer *w)
{
    copier_close(w->copier);
    for (size_t i = 0; i < WRITER_THREADS_MAX; i++) {
        store_close(w->config.stores[i]);
        free(w->hands[i].talks);
    }
    pthread_cond_destroy(&w->work);
    pthread_cond_destroy(&w->pause);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

static bool start_hand(struct writer *w, struct hand *h, struct store *store)
{
    h->writer = w;
    h->store = store;
    if (store_talks(store)) {
        h->talks = calloc(w->config.batch_max, sizeof *h->talks);
        if (h->talks == NULL)
            return false;
    }
    return pthread_create(&h->thread, NULL, work, h) == 0;
}

static size_t count_stores(const struct writer_config *config)
{
    size_t count = 0;

    while (count < WRITER_THREADS_MAX && config->stores[count] != NULL)
        count++;
    return count;
}

struct writer *writer_open(const struct writer_config *config)
{
    struct writer *w = calloc(1, sizeof *w);

    if (w == NULL) {
        for (size_t i = 0; i < WRITER_THREADS_MAX; i++)
            store_close(config->stores[i]);
        store_close(config->copying);
        return NULL;
    }
    w->config = *config;
    if (w->config.queue_max == 0)
        w->config.queue_max = QUEUE_MAX;
    if (w->config.batch_max == 0)
        w->config.batch_max = BATCH_MAX;
    assert(w->config.batch_max <= STORE_TALKS_MAX);
    init_locks(w);
    w->count = count_stores(config);
    if (config->copying != NULL) {
        w->copier = copier_open(config->copying);
        if (w->copier == NULL) {
            free_writer(w);
            return NULL;
        }
    }
    for (size_t i = 0; i < w->count; i++) {
        if (start_hand(w, &w->hands[i], config->stores[i]))
            continue;
        join_all(w, i);
        free_writer(w);
        return NULL;
    }
    return w;
}

void writer_close(struct writer *writer)
{
    if (writer == NULL)
        return;
    join_all(writer, writer->count);
    free_writer(writer);
}

bool writer_submit(struct writer *writer, struct change_list *list)
{
    bool taken;

    if (list->count == 0)
        return true;
    pthread_mutex_lock(&writer->lock);
    taken = !writer->closing && writer->counts.away < writer->count &&
            writer->queue.count + list->count <= writer->config.queue_max;
    if (!taken)
        writer->counts.refused += list->count;
    else
        batch_append(&writer->queue, list);
    pthread_mutex_unlock(&writer->lock);
    if (taken)
        pthread_cond_signal(&writer->work);
    return taken;
}

bool writer_is_away(struct writer *writer)
{
    bool away;

    pthread_mutex_lock(&writer->lock);
    away = writer->counts.away == writer->count;
    pthread_mutex_unlock(&writer->lock);
    return away;
}

bool writer_is_full(struct writer *writer)
{
    bool full;

    pthread_mutex_lock(&writer->lock);
    full = writer->full;
    pthread_mutex_unlock(&writer->lock);
    return full;
}

void writer_count(struct writer *writer, struct writer_counts *out)
{
    pthread_mutex_lock(&writer->lock);
    *out = writer->counts;
    out->queued = writer->queue.count;
    out->connections = writer->count;
    pthread_mutex_unlock(&writer->lock);
}

void writer_message(struct writer *writer, char out[WRITER_MESSAGE_SIZE])
{
    pthread_mutex_lock(&writer->lock);
    memcpy(out, writer->message, WRITER_MESSAGE_SIZE);
    pthread_mutex_unlock(&writer->lock);
}
