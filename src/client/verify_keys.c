#include "client/verify.h"

#include <stdlib.h>

#include "client/clock.h"

void verify_keys_drop(struct verify_keys *keys)
{
    if (keys == NULL || atomic_fetch_sub(&keys->holders, 1) > 1)
        return;
    jwk_set_clear(&keys->set);
    free(keys);
}

/* With lock held, as all that follow but the last. */

static void forget_dead(struct stay_verifier *v, int64_t now_ms)
{
    if (v->keys == NULL || now_ms < v->dead_ms)
        return;
    verify_keys_drop(v->keys);
    v->keys = NULL;
}

static bool has_key(const struct stay_verifier *v,
                    const struct jws_header *header)
{
    return v->keys != NULL && jwk_set_find(&v->keys->set, header) != NULL;
}

/* Who invents names of keys must not make us send without end. */
static bool may_fetch(const struct stay_verifier *v, int64_t now_ms)
{
    int64_t pause_ms = v->keys == NULL ? (int64_t)VERIFY_PAUSE_FIRST_MS
                                       : (int64_t)VERIFY_PAUSE_MS;

    return !v->fetching && (!v->tried || now_ms >= v->tried_ms + pause_ms);
}

static void take(struct stay_verifier *v, struct verify_keys *fetched,
                 int64_t life_ms)
{
    v->failed = fetched == NULL;
    if (fetched == NULL)
        return;
    verify_keys_drop(v->keys);
    v->keys = fetched;
    v->old_ms = clock_now_ms() + life_ms;
    v->dead_ms = v->old_ms + VERIFY_STALE_MS;
}

static void fetch(struct stay_verifier *v, int64_t now_ms)
{
    struct verify_keys *fetched;
    int64_t life_ms = 0;

    v->fetching = true;
    v->tried = true;
    v->tried_ms = now_ms;
    (void)pthread_mutex_unlock(&v->lock);
    fetched = verify_fetch(v, &life_ms);
    (void)pthread_mutex_lock(&v->lock);
    take(v, fetched, life_ms);
    v->fetching = false;
    (void)pthread_cond_broadcast(&v->ended);
}

struct verify_keys *verify_keys_get(struct stay_verifier *v,
                                    const struct jws_header *header,
                                    bool *failed)
{
    struct verify_keys *keys;
    int64_t now_ms = clock_now_ms();
    bool known;

    (void)pthread_mutex_lock(&v->lock);
    forget_dead(v, now_ms);
    known = has_key(v, header);
    if ((!known || now_ms >= v->old_ms) && may_fetch(v, now_ms))
        fetch(v, now_ms);
    // Its time is bounded by limit_ms, so this wait is too.
    while (!known && v->fetching)
        (void)pthread_cond_wait(&v->ended, &v->lock);
    keys = v->keys;
    if (keys != NULL)
        (void)atomic_fetch_add(&keys->holders, 1);
    *failed = v->failed;
    (void)pthread_mutex_unlock(&v->lock);
    return keys;
}
