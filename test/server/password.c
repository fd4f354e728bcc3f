/* The password pool: what it says, whom it refuses, what it leaves behind. */
#include "server/password.h"

#include <pthread.h>
#include <semaphore.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "check.h"

enum { WAIT_S = 30, JOBS = 24 };

/* Cheap: what costs is libsodium's to test. */
static const struct password_config cheap = {
    .threads = 2, .queue_max = 8, .memory = 8192, .passes = 1};

struct job {
    struct password_job job; /* first: a job is one of these */
    sem_t done;
    sem_t *gate;    /* the pool's thread waits here within done; or NULL */
    sem_t *arrived; /* told when it waits there */
};

static void note_done(struct password_job *job)
{
    struct job *j = (struct job *)job;

    if (j->arrived != NULL)
        (void)sem_post(j->arrived);
    if (j->gate != NULL)
        (void)sem_wait(j->gate);
    (void)sem_post(&j->done);
}

static void job_init(struct job *j, enum password_task task,
                     const char *password, uint8_t from)
{
    memset(j, 0, sizeof *j);
    j->job.task = task;
    j->job.done = note_done;
    j->job.password_length = strlen(password);
    memcpy(j->job.password, password, j->job.password_length);
    memset(j->job.from, from, sizeof j->job.from);
    (void)sem_init(&j->done, 0, 0);
}

static bool wait_for(sem_t *news)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_S;
    return sem_timedwait(news, &until) == 0;
}

/* Runs one job to its end; its result. */
static enum password_result run(struct password_pool *pool, struct job *j)
{
    if (!CHECK_EQ(password_submit(pool, &j->job), PASSWORD_TAKEN))
        return PASSWORD_FAILED;
    CHECK(wait_for(&j->done));
    (void)sem_destroy(&j->done);
    return j->job.result;
}

static bool is_wiped(const struct job *j)
{
    for (size_t i = 0; i < sizeof j->job.password; i++)
        if (j->job.password[i] != 0)
            return false;
    return true;
}

struct check_case {
    const char *name;
    const char *password;
    bool unknown;
    enum password_result result;
};

static const struct check_case check_cases[] = {
    {"the right password", "correct horse", false, PASSWORD_OK   },
    {"a wrong one",        "correct horsf", false, PASSWORD_WRONG},
    {"a shorter one",      "correct hors",  false, PASSWORD_WRONG},
    {"an empty one",       "",              false, PASSWORD_WRONG},
    {"no such user",       "correct horse", true,  PASSWORD_WRONG},
};

static void make_and_check(void **state)
{
    struct password_pool *pool = password_open(&cheap);
    char hash[PASSWORD_HASH_SIZE];
    struct job j;

    (void)state;
    CHECK(pool != NULL);
    CASE("a hash is made in the standard form, and the password wiped");
    job_init(&j, PASSWORD_MAKE, "correct horse", 1);
    CHECK_EQ(run(pool, &j), PASSWORD_OK);
    CHECK(strncmp(j.job.hash, "$argon2id$v=19$m=8,t=1,p=1$", 27) == 0);
    CHECK(is_wiped(&j));
    memcpy(hash, j.job.hash, sizeof hash);
    CASE("the same password has another hash the next time");
    job_init(&j, PASSWORD_MAKE, "correct horse", 1);
    CHECK_EQ(run(pool, &j), PASSWORD_OK);
    CHECK(strcmp(j.job.hash, hash) != 0);
    for (size_t i = 0; i < COUNT(check_cases); i++) {
        const struct check_case *c = &check_cases[i];

        CASE(c->name);
        job_init(&j, PASSWORD_CHECK, c->password, 1);
        if (!c->unknown)
            memcpy(j.job.hash, hash, sizeof hash);
        CHECK_EQ(run(pool, &j), c->result);
        CHECK(is_wiped(&j));
        CHECK(!j.job.outdated);
    }
    CASE("a hash that is not one is a wrong password");
    job_init(&j, PASSWORD_CHECK, "correct horse", 1);
    (void)snprintf(j.job.hash, sizeof j.job.hash, "$argon2id$rubbish");
    CHECK_EQ(run(pool, &j), PASSWORD_WRONG);
    password_close(pool);
}

static void guesses(void **state)
{
    struct password_pool *pool = password_open(&cheap);
    struct password_counts counts;
    struct job j;

    (void)state;
    CASE("a password that everybody has is common");
    job_init(&j, PASSWORD_GUESS, "iloveyou", 1);
    CHECK_EQ(run(pool, &j), PASSWORD_OK);
    CHECK_EQ(j.job.guess.kind, CASE_TOO_COMMON);
    CHECK(is_wiped(&j));
    CASE("one of a person's own is not");
    job_init(&j, PASSWORD_GUESS, "ink-lathe-1843", 1);
    CHECK_EQ(run(pool, &j), PASSWORD_OK);
    CHECK_EQ(j.job.guess.kind, CASE_OK);
    CASE("neither was hashed");
    CHECK_EQ(j.job.hash[0], '\0');
    password_count(pool, &counts);
    CHECK_EQ(counts.done, 0);
    password_close(pool);
}

static void costs(void **state)
{
    const struct password_config usual = {.threads = 1};
    const struct password_config dearer = {
        .threads = 1, .memory = 16384, .passes = 1};
    struct password_pool *pool = password_open(&dearer);
    char hash[PASSWORD_HASH_SIZE];
    struct password_counts counts;
    struct job j;

    (void)state;
    CASE("a hash of other costs is right, and told to be outdated");
    CHECK_EQ(password_make(&cheap, "correct horse", 13, hash), PASSWORD_OK);
    job_init(&j, PASSWORD_CHECK, "correct horse", 1);
    memcpy(j.job.hash, hash, sizeof hash);
    CHECK_EQ(run(pool, &j), PASSWORD_OK);
    CHECK(j.job.outdated);
    CASE("a wrong password tells nothing of the kind");
    job_init(&j, PASSWORD_CHECK, "wrong horse", 1);
    memcpy(j.job.hash, hash, sizeof hash);
    CHECK_EQ(run(pool, &j), PASSWORD_WRONG);
    CHECK(!j.job.outdated);
    password_close(pool);
    CASE("by default 19 MiB and two passes");
    CHECK_EQ(password_make(&usual, "correct horse", 13, hash), PASSWORD_OK);
    CHECK(strncmp(hash, "$argon2id$v=19$m=19456,t=2,p=1$", 31) == 0);
    CASE("by default as many threads as cores, and a queue");
    pool = password_open(&(struct password_config){.memory = 8192});
    password_count(pool, &counts);
    CHECK(counts.threads >= 1);
    password_close(pool);
}

/* Of all threads: how busy the machine is with others does not count. */
static uint64_t cpu_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* What one refused check costs; hash NULL: of a user who is not there. */
static uint64_t check_us(struct password_pool *pool, const char *hash)
{
    uint64_t before_us = cpu_us();
    struct job j;

    job_init(&j, PASSWORD_CHECK, "wrong horse", 1);
    if (hash != NULL)
        memcpy(j.job.hash, hash, PASSWORD_HASH_SIZE);
    CHECK_EQ(run(pool, &j), PASSWORD_WRONG);
    return cpu_us() - before_us;
}

/* The least of several turns by turns: when nothing else gets in between. */
static void least_us(struct password_pool *pool, const char *hash,
                     uint64_t *known_us, uint64_t *unknown_us)
{
    *known_us = *unknown_us = UINT64_MAX;
    for (int i = 0; i < 12; i++) {
        uint64_t known = check_us(pool, hash);
        uint64_t unknown = check_us(pool, NULL);

        *known_us = known < *known_us ? known : *known_us;
        *unknown_us = unknown < *unknown_us ? unknown : *unknown_us;
    }
}

static void same_time(void **state)
{
    const struct password_config config = {.threads = 1};
    struct password_pool *pool = password_open(&config);
    char hash[PASSWORD_HASH_SIZE];
    uint64_t known_us, unknown_us;

    (void)state;
    CASE("no such user takes as long as a wrong password");
    CHECK_EQ(password_make(&config, "correct horse", 13, hash), PASSWORD_OK);
    least_us(pool, hash, &known_us, &unknown_us);
    check_note("wrong password %d us, no such user %d us", (int)known_us,
               (int)unknown_us);
    CHECK(unknown_us * 10 > known_us * 7);
    CHECK(known_us * 10 > unknown_us * 7);
    password_close(pool);
}

/* Of "correct horse", at costs that can be measured. */
static const char *const foreign_hashes[] = {
    "$2b$08$abcdefghijklmnopqrstuubAvJmxpQuyV3jn7x.SUSPxe.DearCPe",
    "pbkdf2_sha256$40000$abcdefghijkl$"
    "kM9lN7bK6T9T32wWFYg3X02NzZn6IH10JEIBqTVDOWc=",
    "$argon2id$v=19$m=40000,t=3,p=1$Qoplz6vfxEXjyDEoHhHUKg$"
    "wH8rhzTF/VV3U4u6wc19+Umr19It7LwRNJ88ikANk+k",
};

static void take_kinds(struct foreign_kinds *out)
{
    out->count = 0;
    for (size_t i = 0; i < COUNT(foreign_hashes); i++) {
        struct foreign_kind kind;

        CHECK(foreign_read(foreign_hashes[i], &kind));
        CHECK(foreign_add(out, &kind));
    }
}

static void foreign(void **state)
{
    struct password_pool *pool = password_open(&cheap);
    struct job j;

    (void)state;
    for (size_t i = 0; i < COUNT(foreign_hashes); i++) {
        check_case("an imported hash is right, and outdated: %.7s",
                   foreign_hashes[i]);
        job_init(&j, PASSWORD_CHECK, "correct horse", 1);
        (void)snprintf(j.job.hash, sizeof j.job.hash, "%s", foreign_hashes[i]);
        take_kinds(&j.job.foreign);
        CHECK_EQ(run(pool, &j), PASSWORD_OK);
        CHECK(j.job.outdated);
        CHECK(is_wiped(&j));
        check_case("and wrong for another password: %.7s", foreign_hashes[i]);
        job_init(&j, PASSWORD_CHECK, "correct house", 1);
        (void)snprintf(j.job.hash, sizeof j.job.hash, "%s", foreign_hashes[i]);
        CHECK_EQ(run(pool, &j), PASSWORD_WRONG);
        CHECK(!j.job.outdated);
    }
    password_close(pool);
}

/* What a wrong password costs where hashes were imported; the least of some. */
static uint64_t spent_us(struct password_pool *pool, const char *hash)
{
    uint64_t least = UINT64_MAX;

    for (int i = 0; i < 6; i++) {
        uint64_t before_us = cpu_us(), took_us;
        struct job j;

        job_init(&j, PASSWORD_CHECK, "wrong horse", 1);
        (void)snprintf(j.job.hash, sizeof j.job.hash, "%s", hash);
        take_kinds(&j.job.foreign);
        CHECK_EQ(run(pool, &j), PASSWORD_WRONG);
        took_us = cpu_us() - before_us;
        least = took_us < least ? took_us : least;
    }
    return least;
}

static void same_time_imported(void **state)
{
    const struct password_config config = {.threads = 1};
    struct password_pool *pool = password_open(&config);
    char own[PASSWORD_HASH_SIZE];
    uint64_t nobody_us;

    (void)state;
    CASE("with imported hashes, a wrong password costs the same of any user");
    CHECK_EQ(password_make(&config, "correct horse", 13, own), PASSWORD_OK);
    nobody_us = spent_us(pool, "");
    for (size_t i = 0; i <= COUNT(foreign_hashes); i++) {
        const char *hash = i < COUNT(foreign_hashes) ? foreign_hashes[i] : own;
        uint64_t us = spent_us(pool, hash);

        check_note("%.7s: %d us, nobody: %d us", hash, (int)us, (int)nobody_us);
        CHECK(us * 10 > nobody_us * 7 && nobody_us * 10 > us * 7);
    }
    password_close(pool);
}

struct length_case {
    const char *name;
    size_t characters, bytes_each;
    enum password_taken taken;
};

static const struct length_case length_cases[] = {
    {"256 letters",                  256, 1, PASSWORD_TAKEN   },
    {"257 letters",                  257, 1, PASSWORD_TOO_LONG},
    {"256 characters of four bytes", 256, 4, PASSWORD_TAKEN   },
    {"257 characters of four bytes", 257, 4, PASSWORD_TOO_LONG},
    {"none",                         0,   1, PASSWORD_TAKEN   },
};

static void lengths(void **state)
{
    struct password_pool *pool = password_open(&cheap);

    (void)state;
    for (size_t i = 0; i < COUNT(length_cases); i++) {
        const struct length_case *c = &length_cases[i];
        size_t length = c->characters * c->bytes_each;
        char text[257 * 4 + 1] = "";
        struct job j;

        CASE(c->name);
        for (size_t n = 0; n < length; n++)
            text[n] = c->bytes_each == 1 ? 'a' : "\xf0\x9f\x98\x80"[n % 4];
        CHECK_EQ(password_fits(text, length), c->taken == PASSWORD_TAKEN);
        if (length > PASSWORD_SIZE_MAX)
            continue; // it does not even fit into a job
        job_init(&j, PASSWORD_MAKE, text, 1);
        CHECK_EQ(password_submit(pool, &j.job), c->taken);
        if (c->taken == PASSWORD_TAKEN)
            CHECK(wait_for(&j.done));
        else // untouched
            CHECK_EQ(j.job.password_length, length);
    }
    password_close(pool);
}

static void shares(void **state)
{
    static struct job jobs[JOBS];
    struct password_config one = cheap;
    struct password_pool *pool;
    struct password_counts counts;
    sem_t gate, arrived;
    size_t n = 0;

    (void)state;
    one.threads = 1;
    one.queue_max = 8;
    pool = password_open(&one);
    CHECK_EQ(sem_init(&gate, 0, 0), 0);
    CHECK_EQ(sem_init(&arrived, 0, 0), 0);
    // The one thread is held, so that what follows stays in the queue.
    job_init(&jobs[n], PASSWORD_MAKE, "a", 99);
    jobs[n].gate = &gate;
    jobs[n].arrived = &arrived;
    CHECK_EQ(password_submit(pool, &jobs[n++].job), PASSWORD_TAKEN);
    CHECK(wait_for(&arrived));

    CASE("an address gets its quarter and no more");
    for (int i = 0; i < 2; i++) {
        job_init(&jobs[n], PASSWORD_MAKE, "a", 1);
        CHECK_EQ(password_submit(pool, &jobs[n++].job), PASSWORD_TAKEN);
    }
    job_init(&jobs[n], PASSWORD_MAKE, "a", 1);
    CHECK_EQ(password_submit(pool, &jobs[n].job), PASSWORD_ITS_SHARE);
    CHECK_TEXT(jobs[n].job.password, "a");
    CASE("others still get theirs, until the queue is full");
    for (uint8_t i = 0; i < 6; i++) {
        job_init(&jobs[n], PASSWORD_MAKE, "a", (uint8_t)(2 + i / 2));
        CHECK_EQ(password_submit(pool, &jobs[n++].job), PASSWORD_TAKEN);
    }
    job_init(&jobs[n], PASSWORD_MAKE, "a", 50);
    CHECK_EQ(password_submit(pool, &jobs[n].job), PASSWORD_FULL);
    password_count(pool, &counts);
    CHECK_EQ(counts.queued, 8);
    CHECK_EQ(counts.full, 1);
    CHECK_EQ(counts.its_share, 1);
    CASE("when they are done there is room again");
    CHECK_EQ(sem_post(&gate), 0);
    for (size_t i = 0; i < n; i++) {
        CHECK(wait_for(&jobs[i].done));
        CHECK_EQ(jobs[i].job.result, PASSWORD_OK);
    }
    job_init(&jobs[n], PASSWORD_MAKE, "a", 1);
    CHECK_EQ(run(pool, &jobs[n]), PASSWORD_OK);
    password_close(pool);
    (void)sem_destroy(&gate);
    (void)sem_destroy(&arrived);
}

static void *close_pool(void *pool)
{
    password_close(pool);
    return NULL;
}

/* While open, one more of an address that has its share is told so. */
static bool wait_until_closing(struct password_pool *pool, struct job *more)
{
    const struct timespec pause = {0, 1000000};
    enum password_taken taken = PASSWORD_ITS_SHARE;

    for (int i = 0; i < WAIT_S * 1000 && taken == PASSWORD_ITS_SHARE; i++) {
        (void)nanosleep(&pause, NULL);
        taken = password_submit(pool, &more->job);
    }
    return taken == PASSWORD_FULL;
}

static void closing(void **state)
{
    static struct job jobs[6];
    struct password_config one = cheap;
    struct password_pool *pool;
    sem_t gate, arrived;
    pthread_t closer;

    (void)state;
    one.threads = 1;
    one.queue_max = 16;
    pool = password_open(&one);
    CHECK_EQ(sem_init(&gate, 0, 0), 0);
    CHECK_EQ(sem_init(&arrived, 0, 0), 0);
    for (int i = 0; i < 6; i++)
        job_init(&jobs[i], PASSWORD_MAKE, "secret", 1);
    jobs[0].gate = &gate;
    jobs[0].arrived = &arrived;
    CHECK_EQ(password_submit(pool, &jobs[0].job), PASSWORD_TAKEN);
    CHECK(wait_for(&arrived)); // done, so no longer counted
    for (int i = 1; i < 5; i++)
        CHECK_EQ(password_submit(pool, &jobs[i].job), PASSWORD_TAKEN);
    CASE("while it closes, no job is taken");
    CHECK_EQ(pthread_create(&closer, NULL, close_pool, pool), 0);
    CHECK(wait_until_closing(pool, &jobs[5]));
    CASE("what was in work is done, what waited comes back, wiped");
    CHECK_EQ(sem_post(&gate), 0);
    CHECK_EQ(pthread_join(closer, NULL), 0);
    CHECK(wait_for(&jobs[0].done));
    CHECK_EQ(jobs[0].job.result, PASSWORD_OK);
    for (int i = 1; i < 5; i++) {
        CHECK(wait_for(&jobs[i].done));
        CHECK_EQ(jobs[i].job.result, PASSWORD_STOPPED);
        CHECK(is_wiped(&jobs[i]));
    }
    CASE("closing nothing is allowed");
    password_close(NULL);
    (void)sem_destroy(&gate);
    (void)sem_destroy(&arrived);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(make_and_check), cmocka_unit_test(guesses),
        cmocka_unit_test(costs),          cmocka_unit_test(same_time),
        cmocka_unit_test(foreign),        cmocka_unit_test(same_time_imported),
        cmocka_unit_test(lengths),        cmocka_unit_test(shares),
        cmocka_unit_test(closing),
    };

    if (sodium_init() < 0)
        return 1;
    return check_run("server/password", tests);
}
