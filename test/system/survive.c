/*
 * What must not end a session: expiry, many at once, lost replies.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "holder.h"
#include "proxy.h"
#include "stayd.h"

enum {
    EXPIRIES = 20,
    REQUESTS_EACH = 10,
    THREADS = 64,
    PROCESSES = 8,
    CUT_FOR_MS = 5000,
};

static const char *const minute_tokens[] = {"--access-ttl", "60s", NULL};
static const char *const second_tokens[] = {"--access-ttl", "2s", NULL};

static double refreshes(const struct stayd *stayd, const char *dialect)
{
    char series[128];

    (void)snprintf(series, sizeof series,
                   "stay_refreshes_total{dialect=\"%s\",outcome=\"granted\"}",
                   dialect);
    return stayd_metric(stayd, series);
}

/* 200 requests over 20 expiries: 200 answered 200, one refresh each. */
static void expiries(const struct stayd *stayd, const struct family *family)
{
    struct holder h;
    double before = refreshes(stayd, family->dialect);
    unsigned good = 0;

    CASE("200 requests over 20 expiries are all answered 200");
    if (!holder_open(&h, stayd->port, family->dialect, NULL, NULL) ||
        !holder_sign_in(&h))
        return;
    for (int i = 0; i < EXPIRIES; i++) {
        if (!holder_expire(stayd->port))
            break;
        for (int j = 0; j < REQUESTS_EACH; j++)
            good += holder_get(&h, HOLDER_PAGE) == 200;
    }
    CHECK_EQ(good, EXPIRIES * REQUESTS_EACH);
    CHECK_EQ(h.signed_out, 0);
    CHECK_EQ(refreshes(stayd, family->dialect) - before, EXPIRIES);
    holder_close(&h);
}

struct asker {
    pthread_t thread;
    struct holder *holder;
    pthread_barrier_t *start;
    long status;
};

static void *ask(void *data)
{
    struct asker *asker = data;

    (void)pthread_barrier_wait(asker->start);
    asker->status = holder_get(asker->holder, HOLDER_PAGE);
    return NULL;
}

/* The number of threads that were answered 200. */
static unsigned ask_at_once(struct holder *h)
{
    struct asker askers[THREADS];
    pthread_barrier_t start;
    unsigned good = 0;

    (void)pthread_barrier_init(&start, NULL, THREADS);
    for (size_t i = 0; i < THREADS; i++) {
        askers[i] = (struct asker){.holder = h, .start = &start};
        if (pthread_create(&askers[i].thread, NULL, ask, &askers[i]) != 0)
            abort();
    }
    for (size_t i = 0; i < THREADS; i++) {
        (void)pthread_join(askers[i].thread, NULL);
        good += askers[i].status == 200;
    }
    (void)pthread_barrier_destroy(&start);
    return good;
}

static void threads(const struct stayd *stayd, const struct family *family)
{
    struct holder h;
    double before;

    CASE("64 threads at expiry are answered 200 after one refresh");
    if (!holder_open(&h, stayd->port, family->dialect, NULL, NULL) ||
        !holder_sign_in(&h) || !holder_expire(stayd->port))
        return;
    before = refreshes(stayd, family->dialect);
    CHECK_EQ(ask_at_once(&h), THREADS);
    CHECK_EQ(refreshes(stayd, family->dialect) - before, 1);
    CHECK_EQ(h.signed_out, 0);
    holder_close(&h);
}

/* A process that opens the vault, says ready, and asks when told to. */
static struct process *start_worker(const struct holder *h)
{
    const char *const argv[] = {WORKER, h->vault, NULL};
    char ahead[64];
    const char *const env[] = {ahead, NULL};

    // Old enough that a 401 is taken for its age.
    (void)snprintf(ahead, sizeof ahead, "STAY_CLOCK_OFFSET_MS=%lld",
                   (long long)holder_ahead_ms() + 31000);
    return process_start(argv, env);
}

static void processes(const struct stayd *stayd, const struct family *family)
{
    struct process *workers[PROCESSES] = {0};
    char line[PROCESS_LINE_SIZE];
    struct holder h;
    double before;

    CASE("8 processes on one vault file are answered 200 after one refresh");
    if (!holder_open(&h, stayd->port, family->dialect, stayd->folder, "eight"))
        return;
    if (!holder_sign_in(&h))
        return;
    holder_close(&h);
    for (size_t i = 0; i < PROCESSES; i++) {
        size_t from = 0;

        workers[i] = start_worker(&h);
        if (workers[i] == NULL ||
            !CHECK(process_line(workers[i], PROCESS_OUT, "ready", &from, line)))
            break;
    }
    (void)holder_expire(stayd->port);
    before = refreshes(stayd, family->dialect);
    for (size_t i = 0; i < PROCESSES && workers[i] != NULL; i++)
        CHECK(process_write(workers[i], "get\n"));
    for (size_t i = 0; i < PROCESSES && workers[i] != NULL; i++) {
        size_t from = 0;

        CHECK(process_line(workers[i], PROCESS_OUT, "status 200", &from, line));
    }
    CHECK_EQ(refreshes(stayd, family->dialect) - before, 1);
    for (size_t i = 0; i < PROCESSES; i++)
        process_close(workers[i]);
}

static void each_family(const char *const options[],
                        void (*row)(const struct stayd *stayd,
                                    const struct family *family))
{
    struct stayd stayd = {0};

    CASE("stayd starts");
    if (CHECK(stayd_start(&stayd, options)))
        for (size_t i = 0; i < families_count; i++)
            row(&stayd, &families[i]);
    stayd_clear(&stayd);
}

static void over_expiries(void **state)
{
    (void)state;
    each_family(minute_tokens, expiries);
}

static void many_threads(void **state)
{
    (void)state;
    each_family(minute_tokens, threads);
}

static void many_processes(void **state)
{
    (void)state;
    each_family(minute_tokens, processes);
}

/* Real expiry: 2-second tokens, more refreshes, never a lost session. */
static void real_expiry(const struct stayd *stayd, const struct family *family)
{
    int64_t end = process_now_ms() + 5000;
    struct holder h;
    unsigned good = 0;
    unsigned asked = 0;

    CASE("five seconds of requests on two-second tokens are all answered 200");
    if (!holder_open(&h, stayd->port, family->dialect, NULL, NULL) ||
        !holder_sign_in(&h))
        return;
    for (; process_now_ms() < end; asked++) {
        good += holder_get(&h, HOLDER_PAGE) == 200;
        process_pause();
    }
    CHECK_EQ(good, asked);
    CHECK(h.refreshed >= 2);
    CHECK_EQ(h.signed_out, 0);
    holder_close(&h);
}

static void real_expiries(void **state)
{
    (void)state;
    each_family(second_tokens, real_expiry);
}

struct cut_row {
    const char *name;
    unsigned count; /* replies in a row; 0: for CUT_FOR_MS */
    unsigned kept;  /* bytes of each that get through */
};

static const struct cut_row cut_rows[] = {
    {"the refresh reply is lost once",                1, 0 },
    {"the refresh reply is cut off in its head",      1, 20},
    {"the refresh reply is lost three times running", 3, 0 },
    {"refresh replies are lost for five seconds",     0, 0 },
};

static void cut(const struct stayd *stayd, struct proxy *proxy,
                const struct family *family, const struct cut_row *row)
{
    unsigned before = proxy_cut_count(proxy);
    struct holder h;

    check_case("%s: %s", family->dialect, row->name);
    if (!holder_open(&h, (int)proxy_port(proxy), family->dialect, stayd->folder,
                     "cut") ||
        !holder_sign_in(&h) || !holder_expire(stayd->port))
        return;
    if (row->count > 0)
        proxy_cut(proxy, row->count, row->kept);
    else
        proxy_cut_for(proxy, CUT_FOR_MS);
    CHECK_EQ(holder_until_good(&h), 200);
    CHECK(proxy_cut_count(proxy) - before >= (row->count ? row->count : 1));
    CHECK_EQ(h.signed_out, 0);
    CHECK(holder_signed_in(&h));
    // And it goes on: the refresh after the lost one is granted too.
    (void)holder_expire(stayd->port);
    CHECK_EQ(holder_until_good(&h), 200);
    CHECK_EQ(h.signed_out, 0);
    holder_close(&h);
}

static void lost_replies(void **state)
{
    struct stayd stayd = {0};
    struct proxy *proxy = NULL;

    (void)state;
    CASE("stayd and a proxy start");
    if (CHECK(stayd_start(&stayd, minute_tokens)))
        proxy = proxy_open((unsigned)stayd.port, "refresh");
    if (CHECK(proxy != NULL))
        for (size_t i = 0; i < families_count; i++)
            for (size_t j = 0; j < sizeof cut_rows / sizeof cut_rows[0]; j++)
                cut(&stayd, proxy, &families[i], &cut_rows[j]);
    proxy_close(proxy);
    stayd_clear(&stayd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(over_expiries),  cmocka_unit_test(many_threads),
        cmocka_unit_test(many_processes), cmocka_unit_test(real_expiries),
        cmocka_unit_test(lost_replies),
    };

    return check_run("system/survive", tests);
}
