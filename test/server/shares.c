/*
 * Changes that come together, on a database that is a server of its own: the
 * threads that have nothing to do get their share of them.
 */
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "check.h"
#include "server/writer.h"
#include "store/fixture.h"
#include "system/process.h"

enum {
    HANDS = 4,
    CHANGES = 64,
    WAIT_S = 30,
};

/* Where the threads meet. */
struct meeting {
    pthread_mutex_t lock;
    pthread_cond_t news;
    pthread_t hands[HANDS];
    size_t hand_count; /* that have come */
    size_t wanted;     /* each waits for so many */
    size_t back;       /* changes that were posted */
};

struct turn {
    struct change change; /* first */
    struct meeting *meeting;
};

static void note_hand(struct meeting *m)
{
    pthread_t own = pthread_self();

    for (size_t i = 0; i < m->hand_count; i++)
        if (pthread_equal(m->hands[i], own))
            return;
    m->hands[m->hand_count++] = own;
    pthread_cond_broadcast(&m->news);
}

/* Until *count is `wanted`; false when that took too long. With the lock. */
static bool wait_until(struct meeting *m, const size_t *count, size_t wanted)
{
    struct timespec until;
    int error = 0;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_S;
    while (*count < wanted && error == 0)
        error = pthread_cond_timedwait(&m->news, &m->lock, &until);
    return *count >= wanted;
}

static enum store_result meet(struct store *store, struct change *change)
{
    struct meeting *m = ((struct turn *)change)->meeting;
    bool met;

    (void)store;
    pthread_mutex_lock(&m->lock);
    note_hand(m);
    met = wait_until(m, &m->hand_count, m->wanted);
    pthread_mutex_unlock(&m->lock);
    return met ? STORE_OK : STORE_FAILED;
}

static void take_back(struct change_home *home, const struct change_list *list)
{
    struct meeting *m = home->context;

    pthread_mutex_lock(&m->lock);
    m->back += list->count;
    pthread_cond_broadcast(&m->news);
    pthread_mutex_unlock(&m->lock);
}

static const struct share {
    const char *name;
    size_t changes;
    size_t hands;   /* that must be at it at one time */
    size_t largest; /* a batch, at most */
} shares[] = {
    {"one change is one thread's",                    1,       1,     1 },
    {"as many as are worth no more threads than one", 8,       1,     8 },
    {"one more goes to a second thread",              9,       2,     8 },
    {"four times as many are the share of four",      32,      HANDS, 16},
    {"a turn of 64 is the work of all, at one time",  CHANGES, HANDS, 32},
};

static struct writer *open_writer(const struct fixture *f)
{
    struct writer_config config = {.stores = {NULL}};

    for (size_t i = 0; i < HANDS; i++)
        config.stores[i] = fixture_connect(f, STORE_WRITE);
    return writer_open(&config);
}

static bool wait_until_idle(struct writer *writer)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;
    struct writer_counts counts;

    for (;;) {
        writer_count(writer, &counts);
        if (counts.idle == HANDS || process_now_ms() >= end_ms)
            return counts.idle == HANDS;
        process_pause();
    }
}

static void hand_over(const struct fixture *f, const struct share *row)
{
    static struct turn turns[CHANGES];
    struct meeting m = {.lock = PTHREAD_MUTEX_INITIALIZER,
                        .news = PTHREAD_COND_INITIALIZER,
                        .wanted = row->hands};
    struct change_home home = {.post = take_back, .context = &m};
    struct change_list list = {.first = NULL};
    struct writer *writer = open_writer(f);
    struct writer_counts counts;
    size_t done = 0;

    for (size_t i = 0; i < row->changes; i++) {
        turns[i] = (struct turn){
            .change = {.run = meet, .home = &home},
              .meeting = &m
        };
        change_list_add(&list, &turns[i].change);
    }
    CHECK(wait_until_idle(writer));
    CHECK(writer_submit(writer, &list));
    pthread_mutex_lock(&m.lock);
    CHECK(wait_until(&m, &m.back, row->changes));
    pthread_mutex_unlock(&m.lock);
    for (size_t i = 0; i < row->changes; i++)
        done += turns[i].change.result == STORE_OK;
    CHECK_EQ(done, row->changes);
    writer_count(writer, &counts);
    CHECK(counts.batch_largest <= row->largest);
    check_note("the largest share was of %zu", counts.batch_largest);
    writer_close(writer);
}

static void all(void **state)
{
    struct fixture f;

    (void)state;
    CASE("a database for the threads to share");
    fixture_open(&f);
    for (size_t i = 0; i < COUNT(shares); i++) {
        CASE(shares[i].name);
        hand_over(&f, &shares[i]);
    }
    fixture_close(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(all),
    };

    return fixture_run("server/shares", tests);
}
