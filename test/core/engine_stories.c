/*
 * Longer stories than one step: what a row alone cannot show.
 */
#include "core/engine.h"

#include "base/bytes.h"
#include "check.h"
#include "core/engine_host.h"

/* Short, for the table: a 401 that says nothing of the token, or blames it. */
#define PLAIN ENGINE_401
#define BLAMED ENGINE_401_TOKEN
#define ODD ENGINE_UNRECOGNISED
#define A_503 ENGINE_PASSING

/* A whole request to a resource that answers `status` each time. */
static void request(struct host *h, uint32_t origin, enum engine_status status)
{
    struct engine_request r = {.origin = origin};
    struct engine_answer a = engine_ask(&h->e, &r, h->now_ms);

    for (int i = 0; i < 4; i++) {
        if (a.todo & ENGINE_START)
            (void)host_end(h, ENGINE_GRANTED);
        if (a.todo & (ENGINE_FAIL_LATER | ENGINE_FAIL_SIGN_IN | ENGINE_DELIVER))
            return;
        if (a.todo & ENGINE_SEND)
            a = engine_answered(&h->e, &r, status, h->now_ms);
        else
            a = engine_ask(&h->e, &r, h->now_ms);
    }
    (void)check_true(__FILE__, __LINE__, "that the request ends", false);
}

struct storm_case {
    const char *name;
    enum engine_status status;
    uint32_t origins;
    unsigned others; /* requests answered 200 after each 401 */
    int64_t age_ms;  /* of the token at first */
    int64_t step_ms; /* between requests */
    unsigned requests;
    unsigned at_most; /* refreshes */
};

/* Beside early refreshes, of which there is one each 48 s. */
static const struct storm_case storm_cases[] = {
    {"500 at once, token young",         PLAIN,  1, 0, 0,     0,   500,   0   },
    {"500 at once, token old",           PLAIN,  1, 0, 40000, 0,   500,   1   },
    {"500 at once, token blamed",        BLAMED, 1, 0, 0,     0,   500,   1   },
    {"500 in 5 s, token blamed",         BLAMED, 1, 0, 40000, 10,  500,   1   },
    {"500 and others that are answered", BLAMED, 1, 1, 0,     10,  500,   1   },
    {"an hour of them",                  PLAIN,  1, 0, 0,     100, 36000, 120 },
    {"an hour, token blamed",            BLAMED, 1, 0, 0,     100, 36000, 120 },
    {"an hour, blamed, and others",      BLAMED, 1, 1, 0,     100, 36000, 240 },
    {"an hour, nine origins",            BLAMED, 9, 0, 0,     100, 36000, 121 },
    {"an hour, nine, and others",        BLAMED, 9, 1, 0,     100, 36000, 1081},
};

static void storms(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(storm_cases); i++) {
        const struct storm_case *c = &storm_cases[i];
        struct host h = host_signed_in();

        CASE(c->name);
        h.now_ms += c->age_ms;
        for (unsigned k = 0; k < c->requests; k++) {
            request(&h, k % c->origins, c->status);
            for (unsigned n = 0; n < c->others; n++)
                request(&h, c->origins, ENGINE_NOT_401);
            h.now_ms += c->step_ms;
        }
        check_note("%s: %u refreshes", c->name, h.refreshes);
        CHECK(h.refreshes <= c->at_most);
    }
}

static void lost_replies(void **state)
{
    struct host h = host_signed_in();
    struct engine_request r = host_wait(&h);
    struct engine_answer a;

    (void)state;
    CASE("the first lost reply is repeated at once, and all go on waiting");
    CHECK_EQ(host_end(&h, ENGINE_UNKNOWN), ENGINE_START);
    CHECK_EQ(engine_ask(&h.e, &r, h.now_ms).todo, ENGINE_WAIT);
    CASE("the second is not, and all are told why");
    CHECK_EQ(host_end(&h, ENGINE_UNKNOWN), ENGINE_WAKE);
    a = engine_ask(&h.e, &r, h.now_ms);
    CHECK_EQ(a.todo, ENGINE_FAIL_LATER);
    CHECK_EQ(a.reason, ENGINE_BY_LOST_REPLY);
    CASE("nor is the third, after the rest");
    h.now_ms += 60000;
    r = host_wait(&h);
    CHECK_EQ(host_end(&h, ENGINE_UNKNOWN), ENGINE_WAKE);
    CASE("after a success the first is again");
    h.now_ms += 60000;
    r = host_wait(&h);
    CHECK_EQ(host_end(&h, ENGINE_GRANTED), ENGINE_WAKE);
    CHECK_EQ(engine_ask(&h.e, &r, h.now_ms).todo, ENGINE_SEND);
    r = host_wait(&h);
    CHECK_EQ(host_end(&h, ENGINE_UNKNOWN), ENGINE_START);
    CASE("the answer to the lost one comes late, and counts for nothing");
    {
        struct engine_end late = {.number = h.e.refresh - 1,
                                  .outcome = ENGINE_REFUSED,
                                  .now_ms = h.now_ms};

        CHECK_EQ(engine_ended(&h.e, &late).todo, ENGINE_STOP);
        CHECK_EQ(h.e.state, ENGINE_REFRESHING);
    }
}

static void at_once_again(void **state)
{
    struct host h = host_signed_in();
    struct engine_request r = host_wait(&h);

    (void)state;
    CASE("an answered step is repeated at once, 16 times");
    for (int i = 0; i < ENGINE_AGAIN_MAX; i++)
        CHECK_EQ(host_end(&h, ENGINE_AGAIN), ENGINE_START);
    CHECK_EQ(h.refreshes, ENGINE_AGAIN_MAX);
    CASE("the 17th time it rests");
    CHECK_EQ(host_end(&h, ENGINE_AGAIN), ENGINE_WAKE);
    CHECK_EQ(h.e.state, ENGINE_RESTING);
    CHECK_EQ(engine_ask(&h.e, &r, h.now_ms).reason, ENGINE_BY_SERVER);
    CASE("and after the rest it may go on 16 times");
    (void)host_wait(&h);
    for (int i = 0; i < ENGINE_AGAIN_MAX; i++)
        CHECK_EQ(host_end(&h, ENGINE_AGAIN), ENGINE_START);
    CHECK_EQ(host_end(&h, ENGINE_GRANTED), ENGINE_WAKE);
    CHECK_EQ(h.e.state, ENGINE_FRESH);
}

struct odd_case {
    const char *name;
    unsigned count;
    int64_t over_ms; /* from the first to the last */
    enum engine_outcome last;
    unsigned todo;
};

static const struct odd_case odd_cases[] = {
    {"3 over just under 5 minutes",    3, 299999,  ODD,   ENGINE_FAIL_LATER  },
    {"3 over 5 minutes",               3, 300000,  ODD,   ENGINE_FAIL_SIGN_IN},
    {"2 over an hour",                 2, 3600000, ODD,   ENGINE_FAIL_LATER  },
    {"4 over an hour",                 4, 3600000, ODD,   ENGINE_FAIL_SIGN_IN},
    {"3 over 400 s, then a 503",       4, 500000,  A_503, ENGINE_FAIL_LATER  },
    {"3 over an hour, the last a 503", 3, 3600000, A_503, ENGINE_FAIL_LATER  },
};

static void oddities(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(odd_cases); i++) {
        const struct odd_case *c = &odd_cases[i];
        struct host h = host_signed_in();
        struct engine_request r = host_wait(&h);
        struct engine_answer a;
        int64_t first_ms = h.now_ms;

        CASE(c->name);
        for (unsigned n = 1; n < c->count; n++) {
            (void)host_end(&h, ENGINE_UNRECOGNISED);
            // The last one comes exactly over_ms after the first.
            h.now_ms =
                n + 1 < c->count ? h.now_ms + 200000 : first_ms + c->over_ms;
            r = (struct engine_request){0};
            CHECK(engine_ask(&h.e, &r, h.now_ms).todo & ENGINE_START);
        }
        (void)host_end(&h, c->last);
        a = engine_ask(&h.e, &r, h.now_ms);
        CHECK_EQ(a.todo, c->todo);
        CHECK_EQ(a.reason,
                 c->last == ODD ? ENGINE_BY_BAD_REPLY : ENGINE_BY_SERVER);
        CHECK_EQ(h.e.state, ENGINE_RESTING);

        (void)host_wait(&h);
        CHECK_EQ(host_end(&h, ENGINE_GRANTED), ENGINE_WAKE);
        CHECK_EQ(h.e.budget.odd_count, 0);
    }
}

static void shared_budgets(void **state)
{
    struct host a = host_signed_in();
    struct host b = host_signed_in();
    struct engine_request r = host_wait(&a);

    (void)state;
    CASE("a second process learns of the first one's rest before it calls");
    (void)host_end(&a, ENGINE_PASSING);
    r = host_wait(&b);
    CHECK_EQ(engine_call(&b.e, b.e.refresh, &a.e.budget, b.now_ms).todo,
             ENGINE_STOP | ENGINE_WAKE);
    CHECK_EQ(b.e.state, ENGINE_RESTING);
    CHECK_EQ(engine_ask(&b.e, &r, b.now_ms).todo, ENGINE_FAIL_LATER);
    CHECK_EQ(engine_ask(&b.e, &r, b.now_ms).reason, ENGINE_BY_SERVER);
    CASE("what ends after it was stopped is late");
    CHECK_EQ(host_end(&b, ENGINE_GRANTED), ENGINE_STOP);
    CASE("and goes on when the rest is over");
    b.now_ms = a.e.budget.rest_until_ms;
    r = (struct engine_request){0};
    CHECK_EQ(engine_ask(&b.e, &r, b.now_ms).todo, ENGINE_WAIT | ENGINE_START);
    CHECK_EQ(engine_call(&b.e, b.e.refresh, &a.e.budget, b.now_ms).todo,
             ENGINE_CALL);
}

static void refused_tokens(void **state)
{
    struct host h = host_signed_in();
    struct engine_request r = {0};
    struct engine_request other = {0};

    (void)state;
    CASE("while a refused token is renewed, others wait");
    h.now_ms += 35000;
    (void)engine_ask(&h.e, &r, h.now_ms);
    CHECK_EQ(engine_answered(&h.e, &r, ENGINE_401, h.now_ms).todo,
             ENGINE_WAIT | ENGINE_START);
    CHECK_EQ(engine_ask(&h.e, &other, h.now_ms).todo, ENGINE_WAIT);
    CASE("if that fails it serves others again, but not who met the 401");
    CHECK_EQ(host_end(&h, ENGINE_NOT_SENT), ENGINE_WAKE);
    CHECK_EQ(engine_ask(&h.e, &other, h.now_ms).todo, ENGINE_SEND);
    CHECK_EQ(engine_ask(&h.e, &r, h.now_ms).todo, ENGINE_FAIL_LATER);
    CHECK_EQ(engine_ask(&h.e, &r, h.now_ms).reason, ENGINE_BY_NETWORK);
    CASE("and a 401 to them fails with the reason, too");
    CHECK_EQ(engine_answered(&h.e, &other, ENGINE_401, h.now_ms).todo,
             ENGINE_RETRY);
    CHECK_EQ(engine_ask(&h.e, &other, h.now_ms).todo, ENGINE_FAIL_LATER);
    CASE("news of a refusal starts one refresh, repeated or late news none");
    h = host_signed_in();
    CHECK_EQ(engine_refused(&h.e, 1, 0, h.now_ms).todo, ENGINE_START);
    CHECK_EQ(engine_refused(&h.e, 1, 0, h.now_ms).todo, 0);
    CHECK_EQ(host_end(&h, ENGINE_GRANTED), ENGINE_WAKE);
    CHECK_EQ(engine_refused(&h.e, 1, 0, h.now_ms).todo, 0);
    CHECK_EQ(engine_refused(&h.e, 0, 0, h.now_ms).todo, 0);
    CHECK_EQ(engine_refused(&h.e, 99, 0, h.now_ms).todo, 0);
    CASE("news that the new one is refused as well starts none");
    CHECK_EQ(engine_refused(&h.e, 2, 0, h.now_ms).todo, 0);
    CHECK_EQ(h.refreshes, 1);
    CASE("a foreign origin's 401 changes nothing");
    h.now_ms += 40000;
    CHECK_EQ(engine_refused(&h.e, 2, ENGINE_FOREIGN, h.now_ms).todo, 0);
    CHECK_EQ(h.e.state, ENGINE_FRESH);
}

static void sessions(void **state)
{
    struct host h = host_signed_in();
    struct engine_request r = host_wait(&h);
    struct engine_tokens t = host_tokens(&h);
    struct engine_answer a;

    (void)state;
    CASE("who waited under one session is not sent under the next");
    CHECK_EQ(engine_signed_out(&h.e).todo, ENGINE_WAKE);
    (void)engine_signed_in(&h.e, &t, h.now_ms, 0);
    a = engine_ask(&h.e, &r, h.now_ms);
    CHECK_EQ(a.todo, ENGINE_FAIL_SIGN_IN);
    CHECK_EQ(a.reason, ENGINE_BY_SIGN_OUT);
    CASE("a sign-out is not undone by the refresh that was out");
    (void)host_wait(&h);
    (void)engine_signed_out(&h.e);
    CHECK_EQ(host_end(&h, ENGINE_GRANTED), ENGINE_STOP);
    CHECK_EQ(h.e.state, ENGINE_SIGNED_OUT);
    CASE("a vault that counts from 1 again: the sign-in counts");
    t.generation = 1;
    (void)engine_signed_in(&h.e, &t, h.now_ms, 0);
    CHECK_EQ(h.e.generation, 1);
    CASE("an ended session keeps its reason");
    (void)host_wait(&h);
    {
        struct engine_end over = {.number = h.e.refresh,
                                  .outcome = ENGINE_REFUSED,
                                  .detail = 4711,
                                  .now_ms = h.now_ms};

        CHECK_EQ(engine_ended(&h.e, &over).todo, ENGINE_WAKE);
    }
    r = (struct engine_request){0};
    a = engine_ask(&h.e, &r, h.now_ms);
    CHECK_EQ(a.reason, ENGINE_BY_REFUSAL);
    CHECK_EQ(a.detail, 4711);
    CASE("newer tokens from elsewhere revive it");
    t = host_tokens(&h);
    (void)engine_changed(&h.e, &t, h.now_ms, 0);
    CHECK_EQ(h.e.state, ENGINE_FRESH);
}

static void newer(void **state)
{
    struct host h = host_signed_in();
    struct engine_request r = {0};

    (void)state;
    CASE("a newer token asked for: a refresh, though this one is young");
    CHECK_EQ(engine_ask_newer(&h.e, &r, h.now_ms).todo,
             ENGINE_WAIT | ENGINE_START);
    CHECK_EQ(host_end(&h, ENGINE_GRANTED), ENGINE_WAKE);
    CHECK_EQ(engine_ask(&h.e, &r, h.now_ms).todo, ENGINE_SEND);
    CASE("if it fails, so does who asked for it");
    r = (struct engine_request){0};
    (void)engine_ask_newer(&h.e, &r, h.now_ms);
    (void)host_end(&h, ENGINE_MISCONFIGURED);
    CHECK_EQ(engine_ask(&h.e, &r, h.now_ms).todo, ENGINE_FAIL_LATER);
    CHECK_EQ(engine_ask(&h.e, &r, h.now_ms).reason, ENGINE_BY_CONFIG);
    CASE("tokens that live a millisecond are sent once, each with no loop");
    h.now_ms += LIFE_MS;
    r = (struct engine_request){0};
    (void)engine_ask(&h.e, &r, h.now_ms);
    {
        struct engine_end over = {.number = h.e.refresh,
                                  .tokens = host_tokens(&h),
                                  .now_ms = h.now_ms};

        over.tokens.life_ms = 1;
        (void)engine_ended(&h.e, &over);
    }
    h.now_ms += 5000; // the thread was slow to wake
    CHECK(engine_ask(&h.e, &r, h.now_ms).todo & ENGINE_SEND);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(storms),         cmocka_unit_test(lost_replies),
        cmocka_unit_test(at_once_again),  cmocka_unit_test(oddities),
        cmocka_unit_test(shared_budgets), cmocka_unit_test(refused_tokens),
        cmocka_unit_test(sessions),       cmocka_unit_test(newer),
    };

    return check_run("core/engine_stories", tests);
}
