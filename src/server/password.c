#include "server/password.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "server/plausible.h"

enum {
    MEMORY = 19 * 1024 * 1024, /* OWASP's first choice for argon2id, p = 1 */
    PASSES = 2,
    THREADS_MAX = 64,
    JOBS_A_THREAD = 32, /* about half a second of work */
    NICENESS = 10,
    SHARE = 4, /* an address holds at most one part in so many */
};

_Static_assert(PASSWORD_HASH_SIZE == crypto_pwhash_STRBYTES, "libsodium's");

/* What hashes of ours cost. */
struct cost {
    size_t memory;
    unsigned passes;
};

struct password_pool {
    struct cost cost;                /* constant */
    char nobody[PASSWORD_HASH_SIZE]; /* constant: for users we do not have */
    size_t queue_max;                /* constant */
    size_t thread_count;             /* constant once open */
    pthread_t threads[THREADS_MAX];
    pthread_mutex_t lock; /* over all that follows */
    pthread_cond_t work;
    struct password_job *first, *last; /* waiting */
    size_t held;                       /* waiting or in work */
    struct password_job *in_work[THREADS_MAX];
    struct password_counts counts;
    bool closing;
};

static struct cost cost_of(const struct password_config *config)
{
    return (struct cost){
        .memory = config->memory > 0 ? config->memory : MEMORY,
        .passes = config->passes > 0 ? config->passes : PASSES,
    };
}

static enum password_result make(const struct cost *cost, const char *password,
                                 size_t length, char hash[PASSWORD_HASH_SIZE])
{
    if (crypto_pwhash_str_alg(hash, password, length, cost->passes,
                              cost->memory, crypto_pwhash_ALG_ARGON2ID13) != 0)
        return PASSWORD_FAILED; // libsodium's only reason is memory
    return PASSWORD_OK;
}

static enum password_result verify(const char *hash, const char *password,
                                   size_t length)
{
    errno = 0;
    if (crypto_pwhash_str_verify(hash, password, length) == 0)
        return PASSWORD_OK;
    return errno == ENOMEM ? PASSWORD_FAILED : PASSWORD_WRONG;
}

/* Is it one of ours, with the costs of today? Of any other kind it is false. */
static bool is_usual(const struct cost *cost, const char *hash)
{
    return crypto_pwhash_str_needs_rehash(hash, cost->passes, cost->memory) ==
           0;
}

static enum password_result verify_foreign(const char *hash,
                                           struct span password)
{
    switch (foreign_check(hash, password)) {
    case FOREIGN_RIGHT:
        return PASSWORD_OK;
    case FOREIGN_WRONG:
        return PASSWORD_WRONG;
    case FOREIGN_FAILED:
        break;
    }
    return PASSWORD_FAILED;
}

/*
 * A wrong password, or nobody's, has cost one hash by now: the one of `own`, or
 * ours where that is empty. Spends what users of the other kinds would cost.
 */
static void spend(const struct password_pool *pool,
                  const struct password_job *job, const char *own)
{
    struct span password = {job->password, job->password_length};

    if (own[0] != '\0')
        (void)verify(pool->nobody, job->password, job->password_length);
    for (size_t i = 0; i < job->foreign.count; i++)
        if (strcmp(job->foreign.list[i].text, own) != 0)
            foreign_spend(&job->foreign.list[i], password);
}

static void check(const struct password_pool *pool, struct password_job *job)
{
    struct span password = {job->password, job->password_length};
    bool known = job->hash[0] != '\0';
    struct foreign_kind own = {""};

    if (!is_usual(&pool->cost, job->hash) && foreign_read(job->hash, &own))
        job->result = verify_foreign(job->hash, password);
    else
        job->result = verify(known ? job->hash : pool->nobody, job->password,
                             job->password_length);
    if (!known && job->result == PASSWORD_OK)
        job->result = PASSWORD_WRONG; // drawn by chance, but nobody's
    if (job->result == PASSWORD_WRONG)
        spend(pool, job, own.text);
    job->outdated =
        job->result == PASSWORD_OK && !is_usual(&pool->cost, job->hash);
}

static void run(const struct password_pool *pool, struct password_job *job)
{
    struct span text = {job->password, job->password_length};

    job->outdated = false;
    switch (job->task) {
    case PASSWORD_CHECK:
        check(pool, job);
        break;
    case PASSWORD_MAKE:
        job->result = make(&pool->cost, text.text, text.length, job->hash);
        break;
    case PASSWORD_GUESS:
        job->guess = plausible_guess(text, &job->about);
        job->result = PASSWORD_OK;
        break;
    }
}

static uint64_t clock_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); // cannot fail on Linux
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* The oldest job; NULL once the pool closes. With the lock held. */
static struct password_job *wait_for_job(struct password_pool *pool)
{
    struct password_job *job;

    while (pool->first == NULL && !pool->closing)
        pthread_cond_wait(&pool->work, &pool->lock);
    if (pool->closing)
        return NULL;
    job = pool->first;
    pool->first = job->next;
    if (pool->first == NULL)
        pool->last = NULL;
    return job;
}

static size_t put_in_work(struct password_pool *pool, struct password_job *job)
{
    size_t place = 0;

    while (pool->in_work[place] != NULL)
        place++; // there are as many places as threads
    pool->in_work[place] = job;
    return place;
}

static void *work(void *context)
{
    struct password_pool *pool = context;
    struct password_job *job;

    // Not allowed to: then all are as nice as the rest, which is slower only.
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICENESS);
    pthread_mutex_lock(&pool->lock);
    while ((job = wait_for_job(pool)) != NULL) {
        size_t place = put_in_work(pool, job);
        uint64_t begin_us;

        pthread_mutex_unlock(&pool->lock);
        begin_us = clock_us();
        run(pool, job);
        bytes_wipe(job->password, sizeof job->password);
        begin_us = clock_us() - begin_us;
        pthread_mutex_lock(&pool->lock);
        pool->in_work[place] = NULL;
        pool->held--;
        pool->counts.done += job->task != PASSWORD_GUESS;
        pool->counts.work_us += begin_us;
        pthread_mutex_unlock(&pool->lock);
        job->done(job); // no lock of ours is held
        pthread_mutex_lock(&pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static unsigned core_count(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    return (unsigned)CPU_COUNT(&set);
}

/* A hash that no password is known for. */
static enum password_result make_nobody(struct password_pool *pool)
{
    char password[32];
    enum password_result result;

    randombytes_buf(password, sizeof password);
    result = make(&pool->cost, password, sizeof password, pool->nobody);
    bytes_wipe(password, sizeof password);
    return result;
}

static bool start_threads(struct password_pool *pool, size_t wanted)
{
    while (pool->thread_count < wanted) {
        if (pthread_create(&pool->threads[pool->thread_count], NULL, work,
                           pool) != 0)
            return false;
        pool->thread_count++;
    }
    return true;
}

struct password_pool *password_open(const struct password_config *config)
{
    struct password_pool *pool = NULL;
    size_t threads = config->threads > 0 ? config->threads : core_count();

    if (threads > THREADS_MAX)
        threads = THREADS_MAX;
    if (sodium_init() >= 0)
        pool = calloc(1, sizeof *pool);
    if (pool == NULL)
        return NULL;
    pool->cost = cost_of(config);
    pool->queue_max =
        config->queue_max > 0 ? config->queue_max : threads * JOBS_A_THREAD;
    (void)pthread_mutex_init(&pool->lock, NULL); // neither can fail with NULL
    (void)pthread_cond_init(&pool->work, NULL);
    if (make_nobody(pool) == PASSWORD_OK && start_threads(pool, threads))
        return pool;
    password_close(pool);
    return NULL;
}

/* What waited comes back undone; no thread is left that would take it. */
static void stop_waiting(struct password_pool *pool)
{
    struct password_job *job = pool->first;

    while (job != NULL) {
        struct password_job *next = job->next;

        bytes_wipe(job->password, sizeof job->password);
        job->result = PASSWORD_STOPPED;
        job->done(job);
        job = next;
    }
}

void password_close(struct password_pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->closing = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->thread_count; i++)
        (void)pthread_join(pool->threads[i], NULL); // ours, and joined once
    stop_waiting(pool);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

bool password_fits(const char *text, size_t length)
{
    size_t characters = 0;

    if (length > PASSWORD_SIZE_MAX)
        return false;
    for (size_t i = 0; i < length; i++) // all but the following bytes of UTF-8
        characters += ((unsigned char)text[i] & 0xc0) != 0x80;
    return characters <= PASSWORD_CHARACTERS_MAX;
}

/* How many jobs of the pool come from there. With the lock held. */
static size_t count_from(const struct password_pool *pool,
                         const uint8_t from[PASSWORD_FROM_SIZE])
{
    size_t count = 0;

    for (const struct password_job *j = pool->first; j != NULL; j = j->next)
        count += memcmp(j->from, from, PASSWORD_FROM_SIZE) == 0;
    for (size_t i = 0; i < pool->thread_count; i++) {
        const struct password_job *j = pool->in_work[i];

        count += j != NULL && memcmp(j->from, from, PASSWORD_FROM_SIZE) == 0;
    }
    return count;
}

/* With the lock held. */
static enum password_taken take(struct password_pool *pool,
                                struct password_job *job)
{
    size_t share = (pool->queue_max + SHARE - 1) / SHARE;

    if (pool->closing || pool->held >= pool->queue_max) {
        pool->counts.full++;
        return PASSWORD_FULL;
    }
    if (count_from(pool, job->from) >= share) {
        pool->counts.its_share++;
        return PASSWORD_ITS_SHARE;
    }
    job->next = NULL;
    if (pool->last == NULL)
        pool->first = job;
    else
        pool->last->next = job;
    pool->last = job;
    pool->held++;
    pthread_cond_signal(&pool->work);
    return PASSWORD_TAKEN;
}

enum password_taken password_submit(struct password_pool *pool,
                                    struct password_job *job)
{
    enum password_taken taken;

    assert(job->password_length <= sizeof job->password);
    if (!password_fits(job->password, job->password_length))
        return PASSWORD_TOO_LONG;
    pthread_mutex_lock(&pool->lock);
    taken = take(pool, job);
    pthread_mutex_unlock(&pool->lock);
    return taken;
}

bool password_is_usual(const struct password_config *config, const char *hash)
{
    struct cost cost = cost_of(config);

    return is_usual(&cost, hash);
}

enum password_result password_make(const struct password_config *config,
                                   const char *password, size_t length,
                                   char hash[PASSWORD_HASH_SIZE])
{
    struct cost cost = cost_of(config);

    if (sodium_init() < 0)
        return PASSWORD_FAILED;
    return make(&cost, password, length, hash);
}

void password_count(struct password_pool *pool, struct password_counts *out)
{
    pthread_mutex_lock(&pool->lock);
    *out = pool->counts;
    out->queued = pool->held;
    out->threads = pool->thread_count;
    pthread_mutex_unlock(&pool->lock);
}
