/* The session as a caller sees it, against a back end of the test's own. */
#include <pthread.h>
#include <string.h>

#include <stay.h>

#include "check.h"
#include "client/clock.h"
#include "client/fake_stay.h"
#include "client/kit.h"

static void straight(void **state)
{
    struct kit kit;

    (void)state;
    CASE("signed in, a request goes straight through with the token");
    kit_open(&kit, NULL);
    CHECK_EQ(kit_sign_in(&kit), STAY_OK);
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_OK);
    CHECK_EQ(kit.status, 200);
    CHECK_TEXT(kit.body, "data");
    CHECK_EQ(stay_easy_result(kit.easy), STAY_OK);
    CHECK_EQ(fake_count(kit.fake.server, FAKE_REFRESH), 0);
    CHECK_TEXT(kit.events, "signed_in sent answered ");
    kit_close(&kit);

    CASE("a wrong password is refused, in the server's words");
    kit_open(&kit, NULL);
    CHECK_EQ(stay_sign_in(kit.stay, FAKE_USER, "wrong"), STAY_REFUSED);
    stay_error(kit.stay, kit.error);
    CHECK_TEXT(kit.error, "The user name or the password is wrong.");
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_LOGIN_DENIED);
    CHECK_EQ(stay_easy_result(kit.easy), STAY_SIGN_IN);
    CHECK_EQ(fake_count(kit.fake.server, "GET"), 0);
    kit_close(&kit);
}

static void expired(void **state)
{
    struct kit kit;

    (void)state;
    CASE("a 401 to an old token: held back, refreshed, sent again");
    kit_open(&kit, NULL);
    (void)kit_sign_in(&kit);
    clock_shift(31000);
    fake_stay_expire(&kit.fake);
    kit.events[0] = '\0';
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_OK);
    CHECK_EQ(kit.status, 200);
    CHECK_TEXT(kit.body, "data");
    CHECK_EQ(fake_count(kit.fake.server, "GET /data"), 2);
    CHECK_EQ(atomic_load(&kit.fake.granted), 1);
    CHECK_TEXT(kit.events, "sent held_back waiting refresh_started refreshed "
                           "replayed answered ");
    kit_close(&kit);

    CASE("expired by the clock: renewed before it is sent");
    kit_open(&kit, NULL);
    (void)kit_sign_in(&kit);
    clock_shift(61000);
    fake_stay_expire(&kit.fake);
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_OK);
    CHECK_EQ(kit.status, 200);
    CHECK_EQ(fake_count(kit.fake.server, "GET /data"), 1);
    CHECK_EQ(atomic_load(&kit.fake.granted), 1);
    kit_close(&kit);

    CASE("near its end: sent with it, and renewed behind the answer");
    kit_open(&kit, NULL);
    (void)kit_sign_in(&kit);
    clock_shift(58000);
    kit.events[0] = '\0';
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_OK);
    CHECK_EQ(kit.status, 200);
    CHECK_TEXT(kit.events, "sent answered refresh_started refreshed ");
    CHECK_EQ(atomic_load(&kit.fake.granted), 1);
    kit_close(&kit);

    CASE("a young token's 401 is the resource's own: delivered whole");
    kit_open(&kit, NULL);
    (void)kit_sign_in(&kit);
    fake_locked(kit.fake.server, true);
    kit.fake.resource = kit_always_401;
    fake_locked(kit.fake.server, false);
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_OK);
    CHECK_EQ(kit.status, 401);
    CHECK_TEXT(kit.body, "no way");
    CHECK_EQ(stay_easy_result(kit.easy), STAY_OK);
    CHECK_EQ(fake_count(kit.fake.server, "GET /data"), 1);
    CHECK_EQ(fake_count(kit.fake.server, FAKE_REFRESH), 0);
    kit_close(&kit);
}

static void trouble(void **state)
{
    struct kit kit;

    (void)state;
    CASE("the refresh's reply is lost three times: still signed in");
    kit_open(&kit, NULL);
    (void)kit_sign_in(&kit);
    for (int i = 0; i < 3; i++) {
        clock_shift(61000);
        fake_stay_expire(&kit.fake);
        atomic_store(&kit.fake.drop_replies, 1);
        CHECK_EQ(kit_get(&kit, "/data"), CURLE_OK);
        CHECK_EQ(kit.status, 200);
    }
    kit_close(&kit);

    CASE("503: a living token serves; a dead one says try later, with why");
    kit_open(&kit, NULL);
    (void)kit_sign_in(&kit);
    atomic_store(&kit.fake.refuse_status, 503);
    clock_shift(58000);
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_OK);
    CHECK_EQ(kit.status, 200);
    clock_shift(3000);
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_COULDNT_CONNECT);
    CHECK_EQ(stay_easy_result(kit.easy), STAY_TRY_LATER);
    CHECK_TEXT(kit.curl_error, "try again later: the server is not available");
    atomic_store(&kit.fake.refuse_status, 0);
    clock_shift(60000);
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_OK);
    CHECK_EQ(kit.status, 200);
    kit_close(&kit);

    CASE("refused in the dialect's words: over, with the reason");
    kit_open(&kit, NULL);
    (void)kit_sign_in(&kit);
    fake_stay_revoke(&kit.fake);
    clock_shift(61000);
    kit.events[0] = '\0';
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_LOGIN_DENIED);
    CHECK_EQ(stay_easy_result(kit.easy), STAY_SIGN_IN);
    CHECK_EQ(kit.reason, STAY_REASON_REVOKED);
    CHECK_TEXT(kit.events, "waiting refresh_started signed_out failed ");
    CHECK_EQ(stay_status(kit.stay, &kit.seen), STAY_OK);
    CHECK_EQ(kit.seen.state, STAY_STATE_ENDED);
    CHECK_EQ(kit.seen.reason, STAY_REASON_REVOKED);
    kit_close(&kit);
}

static void token(void **state)
{
    struct stay_token out;
    struct kit kit;

    (void)state;
    CASE("stay_get: the token, its life, and a newer one when it is refused");
    kit_open(&kit, NULL);
    (void)kit_sign_in(&kit);
    CHECK_EQ(stay_get(kit.stay, 0, &out), STAY_OK);
    CHECK_TEXT(out.text, "access-1");
    CHECK(out.left_ms > 50000 && out.left_ms <= 60000);
    clock_shift(31000);
    stay_refused(kit.stay, out.number);
    stay_refused(kit.stay, out.number);
    stay_token_clear(&out);
    CHECK_EQ(stay_get(kit.stay, 0, &out), STAY_OK);
    CHECK_TEXT(out.text, "access-2");
    stay_token_clear(&out);
    CHECK_EQ(atomic_load(&kit.fake.granted), 1);

    CASE("stay_get: good for longer than what is left means a new one");
    CHECK_EQ(stay_get(kit.stay, 25000, &out), STAY_OK);
    CHECK_TEXT(out.text, "access-2");
    stay_token_clear(&out);
    clock_shift(40000);
    CHECK_EQ(stay_get(kit.stay, 25000, &out), STAY_OK);
    CHECK_TEXT(out.text, "access-3");
    stay_token_clear(&out);
    kit_close(&kit);
}

static void sign_out(void **state)
{
    struct kit kit;

    (void)state;
    CASE("sign-out is told to the server, and nothing is sent after it");
    kit_open(&kit, NULL);
    (void)kit_sign_in(&kit);
    CHECK_EQ(stay_sign_out(kit.stay), STAY_OK);
    CHECK_EQ(atomic_load(&kit.fake.signed_out), 1);
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_LOGIN_DENIED);
    CHECK_EQ(kit.reason, STAY_REASON_SIGNED_OUT);
    CHECK_EQ(fake_count(kit.fake.server, "GET"), 0);
    CHECK_EQ(stay_sign_out(kit.stay), STAY_OK);
    CHECK_EQ(atomic_load(&kit.fake.signed_out), 1);

    CASE("and signing in again works");
    CHECK_EQ(kit_sign_in(&kit), STAY_OK);
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_OK);
    CHECK_EQ(kit.status, 200);
    kit_close(&kit);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(straight), cmocka_unit_test(expired),
        cmocka_unit_test(trouble),  cmocka_unit_test(token),
        cmocka_unit_test(sign_out),
    };

    return check_run("client/session", tests);
}
