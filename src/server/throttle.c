#include "server/throttle.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

enum {
    WAYS = 8, /* places that a tag may stand in */
    ACCOUNT_MAX = 256,
    SECOND_MS = 1000,
    MINUTE_MS = 60 * SECOND_MS,
};

enum part {
    PART_PAIR,
    PART_NETWORK,
    PART_ACCOUNT,
};

/*
 * How many go in, and how long one takes to leak out. NIST SP 800-63B, 5.2.2,
 * allows at most 100 wrong passwords in a row for one account.
 */
static const struct rate {
    int64_t burst; /* 0: there is no such bucket */
    int64_t every_ms;
} rates[THROTTLE_ACTS][THROTTLE_PARTS] = {
    [THROTTLE_SIGN_IN] = {{10, 30 * SECOND_MS},
                          {100, 6 * SECOND_MS},
                          {100, MINUTE_MS}                                                },
    [THROTTLE_PASSWORD] = {{10, 30 * SECOND_MS},
                          {100, 6 * SECOND_MS},
                          {30, MINUTE_MS}                                                 },
    [THROTTLE_SIGN_UP] = {{0, 0},               {100, 10 * SECOND_MS}, {0, 0}             },
    [THROTTLE_TAKEN] = {{0, 0},               {20, MINUTE_MS},       {0, 0}             },
    [THROTTLE_REFRESH] = {{0, 0},               {300, SECOND_MS / 5},  {0, 0}             },
    [THROTTLE_MAIL] = {{0, 0},               {20, MINUTE_MS},       {3, 10 * MINUTE_MS}},
    [THROTTLE_CODE] = {{0, 0},               {20, MINUTE_MS},       {0, 0}             },
};

static const char *const names[THROTTLE_ACTS] = {
    [THROTTLE_SIGN_IN] = "sign_in", [THROTTLE_PASSWORD] = "password",
    [THROTTLE_SIGN_UP] = "sign_up", [THROTTLE_TAKEN] = "taken",
    [THROTTLE_REFRESH] = "refresh", [THROTTLE_MAIL] = "mail",
    [THROTTLE_CODE] = "code",
};

/*
 * A bucket is the instant at which it will be empty: each that goes in moves it
 * on by the rate's every_ms, and it is full where it would be more than burst
 * times that ahead.
 */
struct bucket {
    uint64_t tag; /* 0: free */
    int64_t empty_ms;
    int64_t told_ms; /* when the log was last told that it is full; 0: never */
};

struct known {
    uint64_t tag;
    int64_t seen_ms;
};

struct throttle {
    pthread_mutex_t lock;
    bool off;
    uint8_t key[crypto_shorthash_KEYBYTES]; /* nobody can choose whose place
                                               a bucket takes */
    uint64_t refused[THROTTLE_ACTS];
    struct bucket buckets[THROTTLE_BUCKETS];
    struct known known[THROTTLE_KNOWN];
};

_Static_assert((THROTTLE_BUCKETS & (THROTTLE_BUCKETS - 1)) == 0 &&
                   (THROTTLE_KNOWN & (THROTTLE_KNOWN - 1)) == 0,
               "a tag's bits say where it stands");

struct throttle *throttle_open(bool off)
{
    struct throttle *t = calloc(1, sizeof *t); // pages come when they are used

    if (t == NULL)
        return NULL;
    t->off = off;
    randombytes_buf(t->key, sizeof t->key);
    (void)pthread_mutex_init(&t->lock, NULL); // cannot fail with NULL
    return t;
}

void throttle_close(struct throttle *t)
{
    if (t == NULL)
        return;
    (void)pthread_mutex_destroy(&t->lock);
    free(t);
}

/* ---- Whose bucket ---- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Never 0. What a part does not look at is left zero. */
static uint64_t make_tag(const struct throttle *t,
                         const struct throttle_ask *ask, enum part part)
{
    uint8_t text[3 + 16 + ACCOUNT_MAX] = {(uint8_t)ask->act, (uint8_t)part};
    size_t length = 3 + 16;
    uint64_t tag;

    if (part != PART_ACCOUNT) {
        text[2] = ask->from.is_unix;
        http_peer_network(&ask->from, text + 3);
    }
    for (size_t i = 0;
         part != PART_NETWORK && i < ask->account.length && i < ACCOUNT_MAX;
         i++)
        text[length++] = (uint8_t)lower(ask->account.text[i]);
    crypto_shorthash((uint8_t *)&tag, text, length, t->key);
    return tag != 0 ? tag : 1;
}

/* The bucket of this tag, or NULL. */
static struct bucket *find(struct throttle *t, uint64_t tag)
{
    struct bucket *set = &t->buckets[(tag * WAYS) & (THROTTLE_BUCKETS - 1)];

    for (size_t i = 0; i < WAYS; i++)
        if (set[i].tag == tag)
            return &set[i];
    return NULL;
}

/* The same, or the emptiest of its places, made empty. */
static struct bucket *claim(struct throttle *t, uint64_t tag)
{
    struct bucket *set = &t->buckets[(tag * WAYS) & (THROTTLE_BUCKETS - 1)];
    struct bucket *found = find(t, tag);

    if (found != NULL)
        return found;
    found = set;
    for (size_t i = 1; i < WAYS; i++)
        if (set[i].empty_ms < found->empty_ms)
            found = &set[i];
    *found = (struct bucket){.tag = tag};
    return found;
}

static struct known *find_known(struct throttle *t, uint64_t tag)
{
    struct known *set = &t->known[(tag * WAYS) & (THROTTLE_KNOWN - 1)];

    for (size_t i = 0; i < WAYS; i++)
        if (set[i].tag == tag)
            return &set[i];
    return NULL;
}

static void remember(struct throttle *t, uint64_t tag, int64_t now_ms)
{
    struct known *set = &t->known[(tag * WAYS) & (THROTTLE_KNOWN - 1)];
    struct known *place = find_known(t, tag);

    if (place == NULL) {
        place = set;
        for (size_t i = 1; i < WAYS; i++)
            if (set[i].seen_ms < place->seen_ms)
                place = &set[i];
    }
    *place = (struct known){.tag = tag, .seen_ms = now_ms};
}

/* ---- In and out ---- */

/* The tags of all buckets that count for this. */
static void choose(struct throttle *t, const struct throttle_ask *ask,
                   struct throttle_try *out)
{
    bool known;

    *out = (struct throttle_try){.act = ask->act};
    if (rates[ask->act][PART_PAIR].burst > 0)
        out->pair = make_tag(t, ask, PART_PAIR);
    known = out->pair != 0 && find_known(t, out->pair) != NULL;
    for (int part = 0; part < THROTTLE_PARTS; part++)
        if (rates[ask->act][part].burst > 0 && (part == PART_PAIR || !known))
            out->tag[part] = make_tag(t, ask, (enum part)part);
}

static int64_t max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* How long until one more would fit; 0: it does now. */
static int64_t wait_ms(const struct bucket *bucket, const struct rate *rate,
                       int64_t now_ms)
{
    int64_t after_ms = max(bucket->empty_ms, now_ms) + rate->every_ms;

    return max(after_ms - rate->burst * rate->every_ms - now_ms, 0);
}

/* The longest wait of all the buckets. */
static struct throttle_wait
look(struct throttle *t, const struct throttle_try *tried, int64_t now_ms)
{
    struct throttle_wait wait = {.seconds = 0};

    for (int part = 0; part < THROTTLE_PARTS; part++) {
        struct bucket *bucket =
            tried->tag[part] != 0 ? find(t, tried->tag[part]) : NULL;
        int64_t ms = bucket == NULL
                         ? 0
                         : wait_ms(bucket, &rates[tried->act][part], now_ms);

        if (ms == 0)
            continue;
        wait.seconds = max(wait.seconds, (ms + SECOND_MS - 1) / SECOND_MS);
        if (bucket->told_ms == 0 ||
            now_ms - bucket->told_ms >= THROTTLE_TELL_MS) {
            bucket->told_ms = now_ms;
            wait.tell = true;
        }
    }
    if (wait.seconds > 0)
        t->refused[tried->act]++;
    return wait;
}

static void put_in(struct throttle *t, const struct throttle_try *tried,
                   int64_t now_ms)
{
    for (int part = 0; part < THROTTLE_PARTS; part++) {
        const struct rate *rate = &rates[tried->act][part];
        struct bucket *bucket;

        if (tried->tag[part] == 0)
            continue;
        bucket = claim(t, tried->tag[part]);
        // Fuller than full it does not get: it would take too long to leak.
        if (wait_ms(bucket, rate, now_ms) == 0)
            bucket->empty_ms = max(bucket->empty_ms, now_ms) + rate->every_ms;
    }
}

static void take_out(struct throttle *t, const struct throttle_try *tried)
{
    for (int part = 0; part < THROTTLE_PARTS; part++) {
        struct bucket *bucket =
            tried->tag[part] != 0 ? find(t, tried->tag[part]) : NULL;

        if (bucket != NULL)
            bucket->empty_ms -= rates[tried->act][part].every_ms;
    }
}

struct throttle_wait throttle_take(struct throttle *t,
                                   const struct throttle_ask *ask,
                                   struct throttle_try *out)
{
    struct throttle_wait wait = {.seconds = 0};

    *out = (struct throttle_try){.act = ask->act};
    if (t->off)
        return wait;
    pthread_mutex_lock(&t->lock);
    choose(t, ask, out);
    wait = look(t, out, ask->now_ms);
    if (wait.seconds == 0)
        put_in(t, out, ask->now_ms);
    else
        *out = (struct throttle_try){.act = ask->act};
    pthread_mutex_unlock(&t->lock);
    return wait;
}

void throttle_return(struct throttle *t, const struct throttle_try *tried)
{
    pthread_mutex_lock(&t->lock);
    take_out(t, tried);
    pthread_mutex_unlock(&t->lock);
}

void throttle_know(struct throttle *t, const struct throttle_try *tried,
                   int64_t now_ms)
{
    struct bucket *pair;

    if (tried->pair == 0)
        return;
    pthread_mutex_lock(&t->lock);
    take_out(t, tried);
    pair = find(t, tried->pair);
    if (pair != NULL)
        pair->empty_ms = 0;
    remember(t, tried->pair, now_ms);
    pthread_mutex_unlock(&t->lock);
}

struct throttle_wait throttle_look(struct throttle *t,
                                   const struct throttle_ask *ask)
{
    struct throttle_wait wait = {.seconds = 0};
    struct throttle_try tried;

    if (t->off)
        return wait;
    pthread_mutex_lock(&t->lock);
    choose(t, ask, &tried);
    wait = look(t, &tried, ask->now_ms);
    pthread_mutex_unlock(&t->lock);
    return wait;
}

static bool is_full(struct throttle *t, const struct throttle_try *tried,
                    enum part part, int64_t now_ms)
{
    const struct bucket *bucket =
        tried->tag[part] != 0 ? find(t, tried->tag[part]) : NULL;

    return bucket != NULL &&
           wait_ms(bucket, &rates[tried->act][part], now_ms) > 0;
}

bool throttle_is_full(struct throttle *t, const struct throttle_ask *ask)
{
    struct throttle_try tried;
    bool full = false;

    if (t->off)
        return false;
    pthread_mutex_lock(&t->lock);
    choose(t, ask, &tried);
    for (int part = 0; part < THROTTLE_PARTS; part++)
        full = full || is_full(t, &tried, (enum part)part, ask->now_ms);
    pthread_mutex_unlock(&t->lock);
    return full;
}

bool throttle_is_stranger(struct throttle *t, const struct throttle_ask *ask)
{
    struct throttle_try tried;
    bool stranger;

    if (t->off)
        return false;
    pthread_mutex_lock(&t->lock);
    choose(t, ask, &tried); // who is known has no other bucket than the pair's
    stranger = tried.pair != 0 && !is_full(t, &tried, PART_PAIR, ask->now_ms) &&
               (is_full(t, &tried, PART_NETWORK, ask->now_ms) ||
                is_full(t, &tried, PART_ACCOUNT, ask->now_ms));
    pthread_mutex_unlock(&t->lock);
    return stranger;
}

void throttle_greet(struct throttle *t, const struct throttle_ask *ask)
{
    pthread_mutex_lock(&t->lock);
    remember(t, make_tag(t, ask, PART_PAIR), ask->now_ms);
    pthread_mutex_unlock(&t->lock);
}

void throttle_add(struct throttle *t, const struct throttle_ask *ask)
{
    struct throttle_try tried;

    if (t->off)
        return;
    pthread_mutex_lock(&t->lock);
    choose(t, ask, &tried);
    put_in(t, &tried, ask->now_ms);
    pthread_mutex_unlock(&t->lock);
}

uint64_t throttle_refused(struct throttle *t, enum throttle_act act)
{
    uint64_t count;

    assert(act < THROTTLE_ACTS);
    pthread_mutex_lock(&t->lock);
    count = t->refused[act];
    pthread_mutex_unlock(&t->lock);
    return count;
}

const char *throttle_act_name(enum throttle_act act)
{
    assert(act < THROTTLE_ACTS);
    return names[act];
}
