#include "server/copier.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum state {
    IDLE = 0,
    BUSY,
    DONE, /* nobody took it yet */
};

struct copier {
    struct store *store; /* the thread's */
    pthread_t thread;
    pthread_mutex_t lock; /* over all that follows */
    pthread_cond_t change;
    struct copier_done done;
    enum state state;
    bool closing;
};

static uint64_t clock_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); // cannot fail on Linux
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static struct copier_done copy(struct store *store)
{
    struct copier_done done = {.log = {.pages = 0}};
    uint64_t begin_us = clock_us();

    done.result = store_checkpoint(store, &done.log);
    done.took_us = clock_us() - begin_us;
    return done;
}

static void *work(void *context)
{
    struct copier *c = context;

    pthread_mutex_lock(&c->lock);
    while (!c->closing) {
        struct copier_done done;

        if (c->state != BUSY) {
            pthread_cond_wait(&c->change, &c->lock);
            continue;
        }
        pthread_mutex_unlock(&c->lock);
        done = copy(c->store);
        pthread_mutex_lock(&c->lock);
        c->done = done;
        c->state = DONE;
        pthread_cond_broadcast(&c->change);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

static void free_copier(struct copier *c)
{
    pthread_cond_destroy(&c->change);
    pthread_mutex_destroy(&c->lock);
    store_close(c->store);
    free(c);
}

struct copier *copier_open(struct store *store)
{
    struct copier *c = calloc(1, sizeof *c);

    if (c == NULL) {
        store_close(store);
        return NULL;
    }
    c->store = store;
    (void)pthread_mutex_init(&c->lock, NULL); // neither can fail with NULL
    (void)pthread_cond_init(&c->change, NULL);
    if (pthread_create(&c->thread, NULL, work, c) == 0)
        return c;
    free_copier(c);
    return NULL;
}

void copier_close(struct copier *copier)
{
    if (copier == NULL)
        return;
    pthread_mutex_lock(&copier->lock);
    copier->closing = true;
    pthread_cond_broadcast(&copier->change);
    pthread_mutex_unlock(&copier->lock);
    (void)pthread_join(copier->thread, NULL); // ours, and joined once
    free_copier(copier);
}

void copier_start(struct copier *copier)
{
    pthread_mutex_lock(&copier->lock);
    if (copier->state == IDLE) {
        copier->state = BUSY;
        pthread_cond_broadcast(&copier->change);
    }
    pthread_mutex_unlock(&copier->lock);
}

bool copier_is_busy(struct copier *copier)
{
    bool busy;

    pthread_mutex_lock(&copier->lock);
    busy = copier->state == BUSY;
    pthread_mutex_unlock(&copier->lock);
    return busy;
}

void copier_wait(struct copier *copier)
{
    pthread_mutex_lock(&copier->lock);
    while (copier->state == BUSY)
        pthread_cond_wait(&copier->change, &copier->lock);
    pthread_mutex_unlock(&copier->lock);
}

bool copier_take(struct copier *copier, struct copier_done *out)
{
    bool taken;

    pthread_mutex_lock(&copier->lock);
    taken = copier->state == DONE;
    if (taken) {
        *out = copier->done;
        copier->state = IDLE;
    }
    pthread_mutex_unlock(&copier->lock);
    return taken;
}
