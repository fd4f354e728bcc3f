#include "server/census.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "store/store.h"

struct census {
    struct store *store; /* the thread's */
    pthread_t thread;
    pthread_mutex_t lock; /* for `stopping` */
    pthread_cond_t stop;
    bool stopping;
    _Atomic int64_t count;
};

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); // cannot fail for this clock
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* False: it is to end. */
static bool wait_until(struct census *c, int64_t end_ms)
{
    const struct timespec end = {.tv_sec = (time_t)(end_ms / 1000),
                                 .tv_nsec = (long)(end_ms % 1000) * 1000000};
    bool going;

    (void)pthread_mutex_lock(&c->lock); // these fail only by our mistake
    while (!c->stopping &&
           pthread_cond_timedwait(&c->stop, &c->lock, &end) == 0)
        ;
    going = !c->stopping;
    (void)pthread_mutex_unlock(&c->lock);
    return going;
}

static void *run(void *context)
{
    struct census *c = context;
    int64_t rest_ms;

    do {
        int64_t began_ms = now_ms();
        int64_t count = 0;

        // What fails now may work later; until then the last number stands.
        if ((store_ready(c->store) || store_mend(c->store) == STORE_OK) &&
            store_session_count(c->store, &count) == STORE_OK)
            atomic_store(&c->count, count);
        rest_ms = (now_ms() - began_ms) * CENSUS_REST;
        if (rest_ms < CENSUS_PERIOD_MS)
            rest_ms = CENSUS_PERIOD_MS;
    } while (wait_until(c, now_ms() + rest_ms));
    return NULL;
}

static bool start(struct census *c)
{
    pthread_condattr_t steady;
    bool started;

    if (pthread_condattr_init(&steady) != 0)
        return false;
    (void)pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&c->lock, NULL); // fails only by our mistake
    started = pthread_cond_init(&c->stop, &steady) == 0 &&
              pthread_create(&c->thread, NULL, run, c) == 0;
    (void)pthread_condattr_destroy(&steady);
    return started;
}

struct census *census_open(const struct store_config *config)
{
    struct census *c = calloc(1, sizeof *c);
    struct store_why why;

    if (c == NULL)
        return NULL;
    atomic_store(&c->count, -1);
    if (store_open(&c->store, config, &why) == STORE_OK && start(c))
        return c;
    store_close(c->store);
    free(c);
    return NULL;
}

void census_close(struct census *c)
{
    if (c == NULL)
        return;
    (void)pthread_mutex_lock(&c->lock);
    c->stopping = true;
    (void)pthread_cond_signal(&c->stop);
    (void)pthread_mutex_unlock(&c->lock);
    (void)pthread_join(c->thread, NULL);
    (void)pthread_cond_destroy(&c->stop);
    (void)pthread_mutex_destroy(&c->lock);
    store_close(c->store);
    free(c);
}

int64_t census_count(const struct census *c)
{
    return c == NULL ? -1 : atomic_load(&c->count);
}
