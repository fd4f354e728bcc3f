/*
 * Corners that neither a row of the table nor a longer story turns.
 */
#include "check.h"
#include "core/engine_host.h"

/* A 401 at this time to a request that was sent with this generation. */
static unsigned refuse(struct host *h, uint32_t origin, uint64_t sent,
                       int64_t now_ms)
{
    struct engine_request r = {
        .origin = origin, .sends = 1, .session = h->e.session, .sent = sent};

    return engine_answered(&h->e, &r, ENGINE_401, START_MS + now_ms).todo;
}

static void sign_in(struct host *h)
{
    struct engine_tokens t = host_tokens(h);

    (void)engine_signed_in(&h->e, &t, h->now_ms, 0);
}

static void quiet_origins(void **state)
{
    struct host h = host_signed_in();
    struct host h2;

    (void)state;
    CASE("a young token's 401 makes its origin quiet for 30 s");
    CHECK_EQ(refuse(&h, 0, 1, 29999), ENGINE_DELIVER);
    CHECK_EQ(refuse(&h, 0, 1, 59998), ENGINE_DELIVER);
    CHECK_EQ(h.e.state, ENGINE_FRESH);
    h2 = h;
    CHECK_EQ(refuse(&h, 0, 1, 59999), ENGINE_WAIT | ENGINE_START);
    CASE("and no other origin");
    CHECK_EQ(refuse(&h2, 1, 1, 30000), ENGINE_WAIT | ENGINE_START);
    CASE("not before it began either: the clock went back");
    h = host_signed_in();
    h.e.quiet[0] = (struct engine_quiet){
        .origin = 0, .from_ms = START_MS + 40000, .until_ms = INT64_MAX};
    CHECK_EQ(refuse(&h, 0, 1, 39999), ENGINE_WAIT | ENGINE_START);
    CASE("a sign-in forgets it");
    h = host_signed_in();
    CHECK_EQ(refuse(&h, 0, 1, 29999), ENGINE_DELIVER);
    sign_in(&h);
    CHECK_EQ(refuse(&h, 0, 2, 30000), ENGINE_WAIT | ENGINE_START);
}

/* Sends a request with the newest token, and has it answered. */
static void succeed(struct host *h, uint32_t origin)
{
    struct engine_request r = {.origin = origin};

    (void)engine_ask(&h->e, &r, h->now_ms);
    (void)engine_answered(&h->e, &r, ENGINE_NOT_401, h->now_ms);
}

static void suspicion(void **state)
{
    struct host h = host_signed_in();
    struct engine_request old = {0};
    struct host h2;

    (void)state;
    CASE("a token that came of a refusal is suspect: no refresh for its own");
    (void)engine_ask(&h.e, &old, h.now_ms);
    CHECK_EQ(engine_refused(&h.e, 1, 0, h.now_ms).todo, ENGINE_START);
    (void)host_end(&h, ENGINE_GRANTED);
    h2 = h;
    CHECK_EQ(engine_refused(&h2.e, 2, 0, h.now_ms).todo, 0);
    CASE("an answer to an older token clears no suspicion");
    (void)engine_answered(&h.e, &old, ENGINE_NOT_401, h.now_ms);
    h2 = h;
    CHECK_EQ(engine_refused(&h2.e, 2, 0, h.now_ms).todo, 0);
    CASE("nor does one of a foreign origin");
    succeed(&h, ENGINE_FOREIGN);
    h2 = h;
    CHECK_EQ(engine_refused(&h2.e, 2, 0, h.now_ms).todo, 0);
    CASE("one to the newest does");
    succeed(&h, 1);
    CHECK_EQ(engine_refused(&h.e, 2, 0, h.now_ms).todo, ENGINE_START);
    CASE("a sign-in clears it, also while the refresh is out");
    sign_in(&h);
    CHECK_EQ(engine_refused(&h.e, 3, 0, h.now_ms).todo, ENGINE_START);
}

static void strange_requests(void **state)
{
    struct host h = host_signed_in();
    struct engine_request r = {0};

    (void)state;
    CASE("a 401 to a request of an earlier session is delivered");
    (void)engine_ask(&h.e, &r, h.now_ms);
    sign_in(&h);
    CHECK_EQ(engine_answered(&h.e, &r, ENGINE_401_TOKEN, h.now_ms).todo,
             ENGINE_DELIVER);
    CASE("and one to a generation there never was (an old vault came back)");
    CHECK_EQ(refuse(&h, 0, 3, 40000), ENGINE_DELIVER);
    CASE("and one to a request that was never sent");
    CHECK_EQ(refuse(&h, 0, 0, 40000), ENGINE_DELIVER);
    CHECK_EQ(h.e.state, ENGINE_FRESH);
}

static void late_wakers(void **state)
{
    struct host h = host_signed_in();
    struct engine_request r = host_wait(&h);
    struct engine_tokens t;
    struct engine_answer a;

    (void)state;
    CASE("who wakes long after the failure is told of it, and starts nothing");
    (void)host_end(&h, ENGINE_NOT_SENT);
    h.now_ms += 3600000;
    a = engine_ask(&h.e, &r, h.now_ms);
    CHECK_EQ(a.todo, ENGINE_FAIL_LATER);
    CHECK_EQ(a.reason, ENGINE_BY_NETWORK);
    CASE("with the detail that the refresh gave");
    h = host_signed_in();
    r = host_wait(&h);
    {
        struct engine_end over = {.number = h.e.refresh,
                                  .outcome = ENGINE_PASSING,
                                  .detail = 503,
                                  .now_ms = h.now_ms};

        (void)engine_ended(&h.e, &over);
    }
    CHECK_EQ(engine_ask(&h.e, &r, h.now_ms).detail, 503);
    CASE("news while a refused token is renewed: the new one is used");
    h = host_signed_in();
    t = host_tokens(&h);
    (void)engine_refused(&h.e, 1, 0, h.now_ms);
    t.generation = 2;
    CHECK_EQ(engine_changed(&h.e, &t, h.now_ms, 0).todo, ENGINE_WAKE);
    r = (struct engine_request){0};
    CHECK_EQ(engine_ask(&h.e, &r, h.now_ms).todo, ENGINE_SEND);
    CASE("and the refresh that was overtaken does not call");
    CHECK_EQ(host_end(&h, ENGINE_REFUSED), ENGINE_STOP);
    CHECK_EQ(h.refreshes, 0);
    CHECK_EQ(h.e.state, ENGINE_FRESH);
}

static void vaults(void **state)
{
    static const struct engine_budget nothing = {0};
    struct host h = host_signed_in();
    struct engine_request r = host_wait(&h);

    (void)state;
    CASE("a vault that cannot be written does not lift the budget");
    for (int i = 0; i < ENGINE_BUDGET_CALLS; i++)
        engine_budget_spend(&h.e.budget, h.now_ms);
    CHECK_EQ(engine_call(&h.e, h.e.refresh, &nothing, h.now_ms).todo,
             ENGINE_STOP | ENGINE_WAKE);
    CASE("without a known failure the budget is the reason");
    CHECK_EQ(engine_ask(&h.e, &r, h.now_ms).reason, ENGINE_BY_BUDGET);
}

static void clocks(void **state)
{
    struct host h = host_signed_in();
    struct engine_request r = host_wait(&h);

    (void)state;
    CASE("odd replies are counted anew when the clock went back");
    (void)host_end(&h, ENGINE_UNRECOGNISED);
    CHECK_EQ(h.e.budget.odd_count, 1);
    h.now_ms -= 50000;
    r = (struct engine_request){0};
    CHECK(engine_ask_newer(&h.e, &r, h.now_ms).todo & ENGINE_START);
    (void)host_end(&h, ENGINE_UNRECOGNISED);
    CHECK_EQ(h.e.budget.odd_count, 1);
    CHECK_EQ(h.e.budget.odd_ms, h.now_ms);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(quiet_origins),    cmocka_unit_test(suspicion),
        cmocka_unit_test(strange_requests), cmocka_unit_test(late_wakers),
        cmocka_unit_test(vaults),           cmocka_unit_test(clocks),
    };

    return check_run("core/engine_corners", tests);
}
