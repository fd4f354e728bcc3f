/*
 * The outcome table of a refresh, as a program on libstay lives through it: what
 * the request that needed the token gets, and whether the session goes on.
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "client/clock.h"
#include "client/kit.h"

struct row {
    const char *name;
    int status;
    const char *body;   /* "<..." is text/html, else application/json */
    const char *header; /* one more line, with its CRLF; or NULL */
    enum stay_result result;
    enum stay_reason reason;
    bool over;
    unsigned calls; /* refreshes sent for the one request */
};

#define HTML "<html>hello</html>"
#define LATER STAY_TRY_LATER
static const struct row rows[] = {
    {"400 in other words",                          400, "{\"error\":\"odd\"}", NULL,                                LATER,
     STAY_REASON_UNRECOGNISED,                                                                                                                          false, 1},
    {"401 in other words",                          401, "{\"error\":\"odd\"}", NULL,                                LATER,
     STAY_REASON_UNRECOGNISED,                                                                                                                          false, 1},
    {"403, empty",                                  403, "",                    NULL,                                LATER, STAY_REASON_UNRECOGNISED,   false, 1},
    {"401 in HTML",                                 401, HTML,                  NULL,                                LATER, STAY_REASON_NOT_THE_SERVER, false,
     1                                                                                                                                                          },
    {"403 in HTML",                                 403, HTML,                  NULL,                                LATER, STAY_REASON_NOT_THE_SERVER, false,
     1                                                                                                                                                          },
    {"404",                                         404, HTML,                  NULL,                                LATER, STAY_REASON_NOT_THE_SERVER, false, 1},
    {"405",                                         405, "{}",                  NULL,                                LATER, STAY_REASON_NOT_THE_SERVER, false, 1},
    {"422",                                         422, "{}",                  NULL,                                LATER, STAY_REASON_NOT_THE_SERVER, false, 1},
    {"200 that is HTML",                            200, HTML,                  NULL,                                LATER, STAY_REASON_NOT_THE_SERVER,
     false,                                                                                                                                                    1},
    {"302 elsewhere",                               302, "",                    "Location: http://example.org/\r\n", LATER,
     STAY_REASON_NOT_THE_SERVER,                                                                                                                        false, 1},
    {"408",                                         408, "",                    NULL,                                LATER, STAY_REASON_UNAVAILABLE,    false, 1},
    {"425",                                         425, "",                    NULL,                                LATER, STAY_REASON_UNAVAILABLE,    false, 1},
    {"429 with Retry-After",                        429, "",                    "Retry-After: 30\r\n",               LATER,
     STAY_REASON_UNAVAILABLE,                                                                                                                           false, 1},
    {"500",                                         500, "{}",                  NULL,                                LATER, STAY_REASON_UNAVAILABLE,    false, 1},
    {"503 with HTML",                               503, HTML,                  NULL,                                LATER, STAY_REASON_UNAVAILABLE,    false,
     1                                                                                                                                                          },
    {"200 without a token: sent again, then later", 200, "{}",                  NULL,                                LATER,
     STAY_REASON_NO_ANSWER,                                                                                                                             false, 2},
    {"200 with broken JSON: likewise",              200, "{\"access_token\":",  NULL,                                LATER,
     STAY_REASON_NO_ANSWER,                                                                                                                             false, 2},
};

/* Signed in, and the token over: the next request needs a refresh. */
static void begin(struct kit *kit)
{
    kit_open(kit, NULL);
    CHECK_EQ(kit_sign_in(kit), STAY_OK);
    clock_shift(61000);
    fake_stay_expire(&kit->fake);
}

static void table(void **state)
{
    struct kit kit;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct row *r = &rows[i];

        CASE(r->name);
        begin(&kit);
        atomic_store(&kit.fake.refuse_body, r->body);
        atomic_store(&kit.fake.refuse_header, r->header);
        atomic_store(&kit.fake.refuse_status, r->status);
        CHECK(kit_get(&kit, "/data") != CURLE_OK);
        CHECK_EQ(stay_easy_result(kit.easy), r->result);
        CHECK_EQ(kit.reason, r->reason);
        CHECK_EQ(fake_count(kit.fake.server, FAKE_REFRESH), r->calls);

        // While it rests, nothing is sent and callers fail at once.
        CHECK(kit_get(&kit, "/data") != CURLE_OK);
        CHECK_EQ(fake_count(kit.fake.server, FAKE_REFRESH), r->calls);

        // When the server is back the session goes on.
        atomic_store(&kit.fake.refuse_status, 0);
        clock_shift(3700000);
        CHECK_EQ(kit_get(&kit, "/data"),
                 r->over ? CURLE_LOGIN_DENIED : CURLE_OK);
        CHECK_EQ(kit.status, r->over ? 0 : 200);
        kit_close(&kit);
    }
}

static void network(void **state)
{
    struct kit kit;

    (void)state;
    CASE("no connection: later, at once, with the reason");
    begin(&kit);
    fake_close(kit.fake.server);
    kit.fake.server = NULL;
    (void)stay_easy_setopt(kit.easy, CURLOPT_URL, kit.url);
    CHECK_EQ(stay_easy_perform(kit.easy), CURLE_COULDNT_CONNECT);
    CHECK_EQ(stay_easy_result(kit.easy), STAY_TRY_LATER);
    CHECK_EQ(kit.reason, STAY_REASON_NO_CONNECTION);
    kit_close(&kit);

    CASE("no answer within the limit: later, and a time-out");
    begin(&kit);
    atomic_store(&kit.fake.hang, true);
    kit_limit(&kit, 300);
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_OPERATION_TIMEDOUT);
    CHECK_EQ(stay_easy_result(kit.easy), STAY_TRY_LATER);
    atomic_store(&kit.fake.hang, false);
    clock_shift(120000);
    CHECK_EQ(kit_get(&kit, "/data"), CURLE_OK);
    CHECK_EQ(kit.status, 200);
    kit_close(&kit);

    CASE("over an hour of 503s: at most 60 calls, at most 8 in a minute");
    begin(&kit);
    atomic_store(&kit.fake.refuse_status, 503);
    {
        unsigned at_minute[61] = {0};

        for (int minute = 1; minute <= 60; minute++) {
            for (int i = 0; i < 60; i++) {
                (void)kit_get(&kit, "/data");
                clock_shift(1000);
            }
            at_minute[minute] = fake_count(kit.fake.server, FAKE_REFRESH);
            CHECK(at_minute[minute] - at_minute[minute - 1] <= 8);
        }
        CHECK(at_minute[60] <= 60);
        CHECK(at_minute[60] >= 10);
        check_note("%u calls in an hour of 3,600 requests", at_minute[60]);
    }
    kit_close(&kit);
}

static void storms(void **state)
{
    struct kit kit;

    (void)state;
    CASE("500 requests to a resource that always answers 401: 2 refreshes");
    kit_begin(&kit, false);
    kit_resource(&kit, kit_always_401);
    for (int i = 0; i < 500; i++) {
        CHECK_EQ(kit_get(&kit, "/data"), CURLE_OK);
        CHECK_EQ(kit.status, 401);
        CHECK_TEXT(kit.body, "no way");
    }
    CHECK(fake_count(kit.fake.server, FAKE_REFRESH) <= 2);
    kit_close(&kit);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(network),
        cmocka_unit_test(storms),
    };

    return check_run("client/outcomes", tests);
}
