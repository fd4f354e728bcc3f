/* News from elsewhere: other holders of the vault, and other threads. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <stay.h>

#include "check.h"
#include "client/clock.h"
#include "client/folder.h"
#include "client/kit.h"
#include "core/engine.h"

static struct folder place;
static struct kit kit;

/* A second holder of the kit's vault, as another process would be. */
static struct stay *open_second(void)
{
    struct stay_config config = {.vault = place.path, .limit_ms = 30000};
    struct stay *second = NULL;

    CHECK_EQ(stay_open(&second, &config), STAY_OK);
    return second;
}

static void begin(void)
{
    folder_make(&place);
    kit_open(&kit, place.path);
    CHECK_EQ(kit_sign_in(&kit), STAY_OK);
}

static void end(struct stay *second)
{
    stay_close(second);
    kit_close(&kit);
    folder_remove(&place);
}

static void came_back(void **state)
{
    struct stay *second;

    (void)state;
    CASE("signed out and in again elsewhere: the next request goes on");
    begin();
    second = open_second();
    CHECK_EQ(stay_sign_out(second), STAY_OK);
    clock_shift(61000);
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_LOGIN_DENIED);
    CHECK_EQ(stay_easy_result(kit.easy), STAY_SIGN_IN);
    stay_error(kit.stay, kit.error);
    CHECK_TEXT(kit.error, "sign in again: signed out");
    CHECK_EQ(stay_sign_in(second, FAKE_USER, FAKE_PASSWORD), STAY_OK);
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_OK);
    CHECK_EQ(kit.status, 200);
    end(second);

    CASE("signed in for the first time elsewhere: likewise");
    folder_make(&place);
    kit_open(&kit, place.path);
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_LOGIN_DENIED);
    {
        struct stay_config config = {.vault = place.path, .url = kit.url};

        CHECK_EQ(stay_open(&second, &config), STAY_OK);
    }
    CHECK_EQ(stay_sign_in(second, FAKE_USER, FAKE_PASSWORD), STAY_OK);
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_OK);
    CHECK_EQ(kit.status, 200);
    end(second);
}

static struct stay *other;

/* The refresh is about to be sent: now somebody signs in anew elsewhere. */
static void sign_in_elsewhere(const struct stay_event *event, void *data)
{
    (void)event;
    (void)data;
    if (other == NULL)
        return;
    CHECK_EQ(stay_sign_in(other, FAKE_USER, FAKE_PASSWORD), STAY_OK);
    other = NULL;
    atomic_store(&kit.fake.refuse_body,
                 "{\"access_token\":\"of-the-old-session\",\"expires_in\":60}");
    atomic_store(&kit.fake.refuse_status, 200);
}

static void replaced_in_flight(void **state)
{
    struct stay *second;
    char value[256] = "";
    const char *head;

    (void)state;
    CASE("signed in anew elsewhere during a refresh: no old token goes out");
    begin();
    second = open_second();
    clock_shift(61000);
    fake_stay_expire(&kit.fake);
    other = second;
    (void)stay_on_event(kit.stay, STAY_EVENT_REFRESH_STARTED, sign_in_elsewhere,
                        NULL);
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_LOGIN_DENIED);
    CHECK_EQ(fake_count(kit.fake.server, "GET /data"), 0);
    atomic_store(&kit.fake.refuse_status, 0);
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_OK);
    CHECK_EQ(kit.status, 200);
    CHECK_EQ(fake_count(kit.fake.server, "GET /data"), 1);
    head = fake_head(kit.fake.server, "GET /data", 1);
    CHECK(head != NULL &&
          fake_header(head, "Authorization", value, sizeof value));
    CHECK_TEXT(value, "Bearer access-2");
    end(second);
}

/* The refresh is about to be sent: now somebody signs out elsewhere. */
static void sign_out_elsewhere(const struct stay_event *event, void *data)
{
    (void)event;
    (void)data;
    if (other != NULL)
        CHECK_EQ(stay_sign_out(other), STAY_OK);
    other = NULL;
}

static void signed_out_in_flight(void **state)
{
    struct stay *second;

    (void)state;
    CASE("signed out elsewhere during a refresh: signed out here, at once");
    begin();
    second = open_second();
    clock_shift(61000);
    fake_stay_expire(&kit.fake);
    other = second;
    (void)stay_on_event(kit.stay, STAY_EVENT_REFRESH_STARTED,
                        sign_out_elsewhere, NULL);
    kit.events[0] = '\0';
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_LOGIN_DENIED);
    CHECK_EQ(kit.reason, STAY_REASON_SIGNED_OUT);
    CHECK(strstr(kit.events, "signed_out ") != NULL);
    CHECK(strstr(kit.events, "refresh_failed") == NULL);
    end(second);
}

/* As the manual allows: a callback that calls back. */
static void ask_status(const struct stay_event *event, void *data)
{
    struct stay_status seen;
    int *calls = data;

    (void)event;
    CHECK_EQ(stay_status(kit.stay, &seen), STAY_OK);
    ++*calls;
}

static void called_back(void **state)
{
    struct stay *second;
    int calls = 0;

    (void)state;
    CASE("a callback that hears of a sign-out elsewhere may call back");
    begin();
    second = open_second();
    CHECK_EQ(stay_sign_out(second), STAY_OK);
    clock_shift(61000);
    (void)stay_on_event(kit.stay, STAY_EVENT_ANY, ask_status, &calls);
    (void)alarm(60); // it would wait for a lock of its own, for ever
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_LOGIN_DENIED);
    (void)alarm(0);
    CHECK(calls > 0);
    end(second);
}

static void adopted_dead(void **state)
{
    struct stay_token token;
    struct stay *second;

    (void)state;
    CASE("renewed elsewhere, and over since: renewed once more, not used");
    begin();
    second = open_second();
    clock_shift(61000);
    fake_stay_expire(&kit.fake);
    CHECK_EQ(stay_get(second, 0, &token), STAY_OK);
    stay_token_clear(&token);
    clock_shift(61000);
    fake_stay_expire(&kit.fake);
    CHECK_EQ(stay_get(kit.stay, 0, &token), STAY_OK);
    CHECK_TEXT(token.text, "access-3");
    CHECK(token.left_ms > 0);
    stay_token_clear(&token);
    CHECK_EQ(atomic_load(&kit.fake.granted), 2);

    CASE("and when that fails: try later, not with the dead one");
    clock_shift(61000);
    fake_stay_expire(&kit.fake);
    CHECK_EQ(stay_get(second, 0, &token), STAY_OK);
    stay_token_clear(&token);
    clock_shift(61000);
    fake_stay_expire(&kit.fake);
    atomic_store(&kit.fake.refuse_status, 503);
    CHECK_EQ(stay_get(kit.stay, 0, &token), STAY_TRY_LATER);
    atomic_store(&kit.fake.refuse_status, 0);
    end(second);
}

/* Another boot's: as if the machine had been started anew since. */
static void change_boot(void)
{
    static const char key[] = "\"boot\":\"";
    char text[8192] = {0};
    int file = open(place.path, O_RDWR);
    ssize_t length = read(file, text, sizeof text - 1);
    char *at = strstr(text, key);

    CHECK(length > 0 && at != NULL);
    if (at != NULL) {
        at += sizeof key - 1;
        *at = *at == '0' ? '1' : '0';
        CHECK_EQ(pwrite(file, text, (size_t)length, 0), length);
    }
    (void)close(file);
}

static void rebooted(void **state)
{
    struct stay_status seen;
    struct stay_token token;

    (void)state;
    CASE("after a boot with the server down, processes share the pauses");
    begin();
    change_boot();
    fake_stay_expire(&kit.fake);
    atomic_store(&kit.fake.refuse_status, 503);
    clock_shift(61000);
    for (int i = 0; i < 20; i++) {
        struct stay *process = open_second();

        CHECK_EQ(stay_get(process, 0, &token), STAY_OK);
        stay_token_clear(&token);
        CHECK_EQ(stay_status(process, &seen), STAY_OK);
        CHECK_EQ(seen.state, STAY_STATE_RESTING);
        CHECK_EQ(seen.reason, STAY_REASON_UNAVAILABLE);
        stay_close(process);
    }
    CHECK(fake_count(kit.fake.server, FAKE_REFRESH) <= 2);
    atomic_store(&kit.fake.refuse_status, 0);
    end(NULL);
}

static int64_t steady_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void in_time(void **state)
{
    enum { LIMIT_MS = 600 };
    struct stay_token token;
    int64_t began_ms;

    (void)state;
    CASE("a server that hangs holds nobody longer than the limit");
    kit_open(&kit, NULL);
    kit_limit(&kit, LIMIT_MS);
    atomic_store(&kit.fake.hang, true);
    began_ms = steady_ms();
    CHECK_EQ(stay_get(kit.stay, 0, &token), STAY_TRY_LATER);
    CHECK(steady_ms() - began_ms < LIMIT_MS * 3 / 2);
    CHECK_EQ(fake_count(kit.fake.server, FAKE_REFRESH), 1);

    CASE("nor does one that hangs at sign-out");
    atomic_store(&kit.fake.hang_all, true);
    began_ms = steady_ms();
    CHECK_EQ(stay_sign_out(kit.stay), STAY_TRY_LATER);
    CHECK(steady_ms() - began_ms < LIMIT_MS * 3 / 2);

    CASE("nor at sign-in, with a sign-out to be told before");
    began_ms = steady_ms();
    CHECK_EQ(kit_sign_in(&kit), STAY_TRY_LATER);
    CHECK(steady_ms() - began_ms < LIMIT_MS * 3 / 2);
    kit_close(&kit);
}

static void *get_one(void *data)
{
    struct stay_token token;

    (void)data;
    (void)stay_get(kit.stay, 0, &token);
    stay_token_clear(&token);
    return NULL;
}

static void two_flights(void **state)
{
    struct stay_token token;
    pthread_t thread;

    (void)state;
    CASE("signed in anew while a refresh hangs: the next refresh is its own");
    kit_open(&kit, NULL);
    kit_limit(&kit, 3000);
    (void)stay_on_event(kit.stay, 0, kit_on_event, &kit);
    atomic_store(&kit.fake.hang, true);
    (void)pthread_create(&thread, NULL, get_one, NULL);
    CHECK(fake_wait(kit.fake.server, FAKE_REFRESH, 1));
    atomic_store(&kit.fake.hang, false);
    CHECK_EQ(kit_sign_in(&kit), STAY_OK);
    for (int i = 1; i <= 3; i++) {
        clock_shift(61000);
        fake_stay_expire(&kit.fake);
        CHECK_EQ(stay_get(kit.stay, 0, &token), STAY_OK);
        stay_token_clear(&token);
        CHECK_EQ(atomic_load(&kit.fake.granted), i);
    }
    (void)pthread_join(thread, NULL);
    kit_close(&kit);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(came_back),
        cmocka_unit_test(replaced_in_flight),
        cmocka_unit_test(signed_out_in_flight),
        cmocka_unit_test(adopted_dead),
        cmocka_unit_test(rebooted),
        cmocka_unit_test(in_time),
        cmocka_unit_test(two_flights),
        cmocka_unit_test(called_back),
    };

    return check_run("client/elsewhere", tests);
}
