/* Two writers on one row, and a writer that is killed: no half, no loss. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"
#include "store/fixture.h"

enum { ROUNDS = 50, KILLS = 20 };

static const struct store_lifetime life = {.now_s = FIXTURE_NOW_S};

struct racer {
    struct store *store;
    pthread_barrier_t *start;
    struct store_step step[ROUNDS];
    enum store_result result[ROUNDS];
};

static void *race(void *context)
{
    struct racer *r = context;

    for (int i = 0; i < ROUNDS; i++) {
        struct store_holder holder;

        (void)pthread_barrier_wait(r->start); // the one who is last, or not
        r->result[i] =
            store_session_step(r->store, &r->step[i], &life, &holder);
    }
    return NULL;
}

static void one_winner(void **state)
{
    static struct racer racers[2];
    pthread_barrier_t start;
    pthread_t threads[2];
    struct fixture f;

    (void)state;
    CASE("of two who spend one secret, one wins, in each of 50 rounds");
    fixture_open(&f);
    CHECK_EQ(pthread_barrier_init(&start, NULL, 2), 0);
    for (int t = 0; t < 2; t++) {
        racers[t].store = fixture_connect(&f, STORE_WRITE);
        racers[t].start = &start;
    }
    for (uint8_t i = 0; i < ROUNDS; i++) {
        fixture_add_session(&f, (uint8_t)(i + 1));
        for (uint8_t t = 0; t < 2; t++)
            racers[t].step[i] = fixture_step(
                (uint8_t)(i + 1), 0, (uint8_t)(i + 1), (uint8_t)(200 + t));
    }
    for (int t = 0; t < 2; t++)
        CHECK_EQ(pthread_create(&threads[t], NULL, race, &racers[t]), 0);
    for (int t = 0; t < 2; t++)
        CHECK_EQ(pthread_join(threads[t], NULL), 0);
    for (int i = 0; i < ROUNDS; i++) {
        enum store_result a = racers[0].result[i], b = racers[1].result[i];

        CHECK((a == STORE_OK && b == STORE_NONE) ||
              (a == STORE_NONE && b == STORE_OK));
    }
    for (int t = 0; t < 2; t++)
        store_close(racers[t].store);
    (void)pthread_barrier_destroy(&start);
    fixture_close(&f);
}

/* A hash that is another for each number. */
static void hash_of(int64_t number, uint8_t out[STORE_HASH_SIZE])
{
    memset(out, 0x5a, STORE_HASH_SIZE);
    memcpy(out, &number, sizeof number);
}

/* In a child: steps without end, each told through the pipe once committed. */
static void step_for_ever(const struct fixture *f, int64_t from, int out)
{
    struct store *store = fixture_connect(f, STORE_WRITE);
    struct store_step step = fixture_step(1, 0, 0, 0);

    if (store == NULL)
        _exit(1);
    for (int64_t i = from;; i++) {
        struct store_value value = {.length = sizeof i};
        struct store_holder holder;

        step.generation = i;
        hash_of(i, step.shown);
        hash_of(i + 1, step.next);
        memcpy(value.bytes, &step.generation, sizeof i);
        if (store_begin(store) != STORE_OK ||
            store_session_step(store, &step, &life, &holder) != STORE_OK ||
            store_setting_put(store, "last", &value) != STORE_OK ||
            store_commit(store) != STORE_OK)
            _exit(2);
        if (write(out, &i, sizeof i) != sizeof i)
            _exit(3);
    }
}

/* The last number that came through the pipe before it closed. */
static int64_t read_last(int in, int64_t last)
{
    int64_t number;

    while (read(in, &number, sizeof number) == sizeof number)
        last = number;
    return last;
}

/* Kills after pause_us; the generation that the database then has. */
static int64_t kill_once(struct fixture *f, int64_t from, unsigned pause_us)
{
    int pipes[2], status = 0;
    struct timespec pause = {0, (long)pause_us * 1000};
    struct store_session session = {.user_id = 0};
    struct store_value value = {.length = 0};
    int64_t answered, noted = 0;
    uint8_t sid[STORE_SID_SIZE];
    pid_t child;

    CHECK_EQ(pipe(pipes), 0);
    (void)fflush(NULL);
    child = fork();
    if (child == 0) {
        (void)close(pipes[0]);
        step_for_ever(f, from, pipes[1]);
    }
    (void)close(pipes[1]);
    answered = from - 1;
    CHECK_EQ(read(pipes[0], &answered, sizeof answered), sizeof answered);
    (void)nanosleep(&pause, NULL); // when it is killed is what is random here
    CHECK_EQ(kill(child, SIGKILL), 0);
    answered = read_last(pipes[0], answered);
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFSIGNALED(status));
    (void)close(pipes[0]);

    f->store = fixture_connect(f, STORE_WRITE);
    memset(sid, 1, sizeof sid);
    CHECK_EQ(store_session_find(f->store, sid, &session), STORE_OK);
    if (store_setting_get(f->store, "last", &value) == STORE_OK)
        memcpy(&noted, value.bytes, sizeof noted);
    else
        noted = -1;
    CHECK_EQ(noted + 1, session.chain.generation); // both or none
    CHECK(session.chain.generation >= answered + 1);
    CHECK(session.chain.generation <= answered + 2);
    fixture_check_whole(f->store);
    store_close(f->store);
    f->store = NULL;
    return session.chain.generation;
}

static void killed(void **state)
{
    unsigned seed = (unsigned)time(NULL);
    const char *given = getenv("STAY_SEED");
    struct fixture f;
    struct store_session s, out;
    int64_t generation = 0;

    (void)state;
    if (given != NULL)
        seed = (unsigned)strtoul(given, NULL, 10);
    check_note("STAY_SEED=%u", seed);
    CASE("what was committed before a kill is there, whole, 20 times");
    fixture_open(&f);
    s = fixture_session(&f, 1);
    hash_of(0, s.chain.bytes);
    CHECK_EQ(store_session_add(f.store, &s, "hash of ada", &out), STORE_OK);
    store_close(f.store);
    for (int i = 0; i < KILLS; i++)
        generation =
            kill_once(&f, generation, 2000 + (unsigned)rand_r(&seed) % 60000);
    check_note("%d kills over %d commits", KILLS, (int)generation);
    CHECK(generation > 0);
    fixture_close(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_winner),
        cmocka_unit_test(killed),
    };

    return check_run("store/sqlite_race", tests);
}
