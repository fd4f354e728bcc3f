/* Threads on one session. Run under the thread sanitizer too. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <stay.h>

#include "check.h"
#include "client/clock.h"
#include "client/fake_stay.h"
#include "client/kit.h"

enum { THREADS = 64, ROUNDS = 5 };

struct crowd {
    struct kit *kit;
    pthread_barrier_t start;
    atomic_int good;
    atomic_int waited;
    atomic_int refreshed;
};

static size_t swallow(char *bytes, size_t size, size_t count, void *data)
{
    (void)bytes;
    (void)data;
    return size * count;
}

static void *ask(void *data)
{
    struct crowd *crowd = data;
    struct stay_easy *easy = stay_easy_init(crowd->kit->stay);
    char url[256];

    (void)snprintf(url, sizeof url, "%s/data",
                   fake_url(crowd->kit->fake.server));
    (void)stay_easy_setopt(easy, CURLOPT_URL, url);
    (void)stay_easy_setopt(easy, CURLOPT_WRITEFUNCTION, swallow);
    for (int round = 0; round < ROUNDS; round++) {
        long status = 0;

        (void)pthread_barrier_wait(&crowd->start); // the clock is moved
        (void)pthread_barrier_wait(&crowd->start);
        if (stay_easy_perform(easy) == CURLE_OK)
            (void)stay_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        if (status == 200)
            atomic_fetch_add(&crowd->good, 1);
        (void)pthread_barrier_wait(&crowd->start);
    }
    stay_easy_cleanup(easy);
    return NULL;
}

static void count(const struct stay_event *event, void *data)
{
    struct crowd *crowd = data;

    if (event->kind == STAY_EVENT_REFRESHED)
        atomic_fetch_add(&crowd->refreshed, 1);
    else
        atomic_fetch_add(&crowd->waited, 1);
}

/* `by_clock`: the token is over; else it only meets 401s. */
static void run(const char *name, bool by_clock)
{
    pthread_t threads[THREADS];
    struct crowd crowd = {0};
    struct stay *stay;
    static struct kit kit;

    CASE(name);
    kit_open(&kit, NULL);
    stay = kit.stay;
    crowd.kit = &kit;
    CHECK_EQ(kit_sign_in(&kit), STAY_OK);
    // The kit's listener is for one thread.
    (void)stay_on_event(stay, 0, kit_on_event, &kit);
    (void)stay_on_event(stay, STAY_EVENT_REFRESHED | STAY_EVENT_WAITING, count,
                        &crowd);
    (void)pthread_barrier_init(&crowd.start, NULL, THREADS + 1);
    for (int i = 0; i < THREADS; i++)
        (void)pthread_create(&threads[i], NULL, ask, &crowd);
    for (int round = 1; round <= ROUNDS; round++) {
        (void)pthread_barrier_wait(&crowd.start);
        clock_shift(by_clock ? 61000 : 31000);
        fake_stay_expire(&kit.fake);
        (void)pthread_barrier_wait(&crowd.start);
        (void)pthread_barrier_wait(&crowd.start);
        CHECK_EQ(atomic_load(&crowd.good), round * THREADS);
        CHECK_EQ(atomic_load(&kit.fake.granted), round);
        CHECK_EQ(fake_count(kit.fake.server, FAKE_REFRESH), round);
    }
    for (int i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL);
    CHECK_EQ(atomic_load(&crowd.refreshed), ROUNDS);
    check_note("%d requests waited for %d refreshes",
               atomic_load(&crowd.waited), atomic_load(&crowd.refreshed));
    (void)pthread_barrier_destroy(&crowd.start);
    kit_close(&kit);
}

static void crowds(void **state)
{
    (void)state;
    run("64 threads on an expired token: 64 times 200, one refresh", true);
    run("64 threads that meet a 401: 64 times 200, one refresh", false);
}

static void *get_one(void *data)
{
    struct kit *kit = data;
    struct stay_token token;
    static enum stay_result result;

    result = stay_get(kit->stay, 0, &token);
    stay_token_clear(&token);
    return &result;
}

static void sign_out(void **state)
{
    static struct kit kit;
    pthread_t thread;
    void *result;

    (void)state;
    CASE("signed out during a refresh: nothing brings the session back");
    kit_open(&kit, NULL);
    CHECK_EQ(kit_sign_in(&kit), STAY_OK);
    (void)stay_on_event(kit.stay, 0, kit_on_event, &kit);
    atomic_store(&kit.fake.wait_for_sign_out, true);
    clock_shift(61000);
    (void)pthread_create(&thread, NULL, get_one, &kit);
    CHECK(fake_wait(kit.fake.server, FAKE_REFRESH, 1));
    // Its answer, a good token, comes only when the sign-out has come.
    CHECK_EQ(stay_sign_out(kit.stay), STAY_OK);
    (void)pthread_join(thread, &result);
    CHECK_EQ(*(enum stay_result *)result, STAY_SIGN_IN);
    CHECK_EQ(atomic_load(&kit.fake.granted), 1);
    CHECK_EQ(stay_status(kit.stay, &kit.seen), STAY_OK);
    CHECK_EQ(kit.seen.state, STAY_STATE_ENDED);
    CHECK_EQ(kit.seen.reason, STAY_REASON_SIGNED_OUT);
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_LOGIN_DENIED);
    kit_close(&kit);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(crowds),
        cmocka_unit_test(sign_out),
    };

    return check_run("client/threads", tests);
}
