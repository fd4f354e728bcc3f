#include "server/throttle.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

/* The rates as throttle.c has them, to be changed there and here on purpose. */
enum {
    PAIR_BURST = 10,
    PAIR_MS = 30 * 1000,
    NETWORK_BURST = 100,
    NETWORK_MS = 6 * 1000,
    ACCOUNT_BURST = 100,
    ACCOUNT_MS = 60 * 1000,
    REFRESH_BURST = 300,
    REFRESH_MS = 200,
    TAKEN_BURST = 20,
    TAKEN_MS = 60 * 1000,
};

static const int64_t start_ms = 1000000;

/* 192.0.2.`low` and so on; above 255 the next byte. */
static struct http_peer v4(unsigned low)
{
    return (struct http_peer){
        .address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192,
                    (uint8_t)(low >> 16), (uint8_t)(low >> 8), (uint8_t)low}
    };
}

/* 2001:db8:0:NETWORK::HOST */
static struct http_peer v6(uint8_t network, uint8_t host)
{
    return (struct http_peer){
        .address = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, network, 0, 0, 0, 0, 0, 0,
                    0, host}
    };
}

static struct throttle_ask ask_of(enum throttle_act act, struct http_peer from,
                                  const char *account, int64_t now_ms)
{
    return (struct throttle_ask){.act = act,
                                 .from = from,
                                 .account = span_of(account),
                                 .now_ms = now_ms};
}

/* A wrong password: 0, or the seconds to wait. */
static int64_t guess(struct throttle *t, struct http_peer from,
                     const char *account, int64_t now_ms)
{
    struct throttle_ask ask = ask_of(THROTTLE_SIGN_IN, from, account, now_ms);
    struct throttle_try tried;

    return throttle_take(t, &ask, &tried).seconds;
}

/* The right one. */
static int64_t sign_in(struct throttle *t, struct http_peer from,
                       const char *account, int64_t now_ms)
{
    struct throttle_ask ask = ask_of(THROTTLE_SIGN_IN, from, account, now_ms);
    struct throttle_try tried;
    struct throttle_wait wait = throttle_take(t, &ask, &tried);

    if (wait.seconds == 0)
        throttle_know(t, &tried, now_ms);
    return wait.seconds;
}

/* How many of `count` wrong ones were let through, all at once. */
static int burst(struct throttle *t, struct http_peer from, const char *account,
                 int count, int64_t now_ms)
{
    int passed = 0;

    for (int i = 0; i < count; i++)
        passed += guess(t, from, account, now_ms) == 0;
    return passed;
}

/* One wrong password for each of so many accounts. */
static int spray(struct throttle *t, struct http_peer from, int count,
                 int64_t now_ms)
{
    int passed = 0;

    for (int i = 0; i < count; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "victim%d", i);
        passed += guess(t, from, name, now_ms) == 0;
    }
    return passed;
}

static void one_pair(void **state)
{
    struct throttle *t = throttle_open(false);
    int64_t wait;

    (void)state;
    CASE("so many wrong passwords at once, and no more");
    CHECK_EQ(burst(t, v4(1), "ada", 50, start_ms), PAIR_BURST);
    CASE("Retry-After tells when one has leaked out");
    wait = guess(t, v4(1), "ada", start_ms);
    CHECK_EQ(wait, PAIR_MS / 1000);
    CASE("a millisecond before that it is still full");
    CHECK_EQ(guess(t, v4(1), "ada", start_ms + wait * 1000 - 1), 1);
    CASE("then one goes in, and only one");
    CHECK_EQ(guess(t, v4(1), "ada", start_ms + wait * 1000), 0);
    CHECK(guess(t, v4(1), "ada", start_ms + wait * 1000) > 0);
    CASE("to be refused does not make it worse");
    for (int i = 0; i < 1000; i++)
        (void)guess(t, v4(1), "ada", start_ms + wait * 1000);
    CHECK_EQ(guess(t, v4(1), "ada", start_ms + 2 * wait * 1000), 0);
    CASE("the right one is refused too while it is full: else it could be "
         "found by trying");
    CHECK(sign_in(t, v4(1), "ada", start_ms + 2 * wait * 1000) > 0);
    CASE("the name's letters count as one, whatever their case");
    CHECK(guess(t, v4(1), "ADA", start_ms) > 0);
    CASE("another account is open");
    CHECK_EQ(guess(t, v4(1), "max", start_ms), 0);
    CASE("and so is this one from elsewhere");
    CHECK_EQ(guess(t, v4(2), "ada", start_ms), 0);
    CASE("after a long time it is as new");
    CHECK_EQ(burst(t, v4(1), "ada", 50, start_ms + 3600 * 1000), PAIR_BURST);
    throttle_close(t);
}

static void right_ones(void **state)
{
    struct throttle *t = throttle_open(false);
    struct throttle_ask ask = ask_of(THROTTLE_SIGN_IN, v4(1), "ada", start_ms);
    struct throttle_try tried[PAIR_BURST];

    (void)state;
    CASE("right passwords are never throttled, however many");
    for (int i = 0; i < 1000; i++)
        CHECK_EQ(sign_in(t, v4(1), "ada", start_ms), 0);
    CASE("a right one empties what wrong ones have filled");
    CHECK_EQ(burst(t, v4(1), "ada", PAIR_BURST - 1, start_ms), PAIR_BURST - 1);
    CHECK_EQ(sign_in(t, v4(1), "ada", start_ms), 0);
    CHECK_EQ(burst(t, v4(1), "ada", 50, start_ms), PAIR_BURST);
    CASE("tries in work count before it is known what comes of them");
    ask.account = SPAN("max");
    for (int i = 0; i < PAIR_BURST; i++)
        CHECK_EQ(throttle_take(t, &ask, &tried[i]).seconds, 0);
    CHECK(guess(t, v4(1), "max", start_ms) > 0);
    CASE("and no more where nothing came of them");
    for (int i = 0; i < PAIR_BURST; i++)
        throttle_return(t, &tried[i]);
    CHECK_EQ(burst(t, v4(1), "max", 50, start_ms), PAIR_BURST);
    throttle_close(t);
}

static void many_accounts(void **state)
{
    struct throttle *t = throttle_open(false);

    (void)state;
    CASE("one password on many accounts: the network's bucket fills");
    CHECK_EQ(sign_in(t, v4(1), "owner", start_ms), 0);
    CHECK_EQ(spray(t, v4(1), 500, start_ms), NETWORK_BURST);
    CHECK_EQ(guess(t, v4(1), "stranger", start_ms), NETWORK_MS / 1000);
    CASE("who signed in from there before is not locked out by it");
    CHECK_EQ(sign_in(t, v4(1), "owner", start_ms), 0);
    CASE("but has no more tries than anybody");
    CHECK_EQ(burst(t, v4(1), "owner", 50, start_ms), PAIR_BURST);
    CASE("other networks go on");
    CHECK_EQ(guess(t, v4(2), "stranger", start_ms), 0);
    CASE("and this one, slowly");
    CHECK_EQ(spray(t, v4(1), 500, start_ms + 10 * NETWORK_MS), 10);
    throttle_close(t);
}

static void many_places(void **state)
{
    struct throttle *t = throttle_open(false);
    int passed = 0;

    (void)state;
    CASE("many places against one account: so many wrong ones, and no more");
    CHECK_EQ(sign_in(t, v4(7), "ada", start_ms), 0);
    for (unsigned i = 100; i < 600; i++)
        passed += guess(t, v4(i), "ada", start_ms) == 0;
    CHECK_EQ(passed, ACCOUNT_BURST);
    CHECK_EQ(guess(t, v4(9999), "ada", start_ms), ACCOUNT_MS / 1000);
    CASE("its owner, where he signed in before, is not locked out");
    CHECK_EQ(sign_in(t, v4(7), "ada", start_ms), 0);
    CASE("and elsewhere he waits for one to leak out");
    CHECK_EQ(sign_in(t, v4(8), "ada", start_ms + ACCOUNT_MS), 0);
    CASE("another account is open everywhere");
    CHECK_EQ(guess(t, v4(100), "max", start_ms), 0);
    CASE("an account that there is not is counted alike");
    passed = 0;
    for (unsigned i = 100; i < 600; i++)
        passed += guess(t, v4(i), "nobody", start_ms) == 0;
    CHECK_EQ(passed, ACCOUNT_BURST);
    throttle_close(t);
}

static void strangers(void **state)
{
    struct throttle *t = throttle_open(false);
    struct throttle_ask ask =
        ask_of(THROTTLE_SIGN_IN, v4(1), "owner", start_ms);

    (void)state;
    CASE("while there is room, nobody is a stranger");
    CHECK_EQ(spray(t, v4(1), NETWORK_BURST - 1, start_ms), NETWORK_BURST - 1);
    CHECK(!throttle_is_stranger(t, &ask));
    CASE("when others have filled the network's bucket, who is not known is");
    CHECK_EQ(spray(t, v4(1), 500, start_ms), 1);
    CHECK(throttle_is_stranger(t, &ask));
    CASE("the question counts nothing");
    CHECK_EQ(guess(t, v4(1), "other", start_ms), NETWORK_MS / 1000);
    CHECK_EQ(throttle_refused(t, THROTTLE_SIGN_IN), 500);
    CASE("who is greeted is let through, there");
    throttle_greet(t, &ask);
    CHECK(!throttle_is_stranger(t, &ask));
    CHECK_EQ(burst(t, v4(1), "owner", 50, start_ms), PAIR_BURST);
    CASE("and who has tried too often himself is no stranger");
    CHECK(!throttle_is_stranger(t, &ask));
    CASE("others have tried the account from everywhere");
    for (unsigned i = 100; i < 600; i++)
        (void)guess(t, v4(i), "ada", start_ms);
    ask = ask_of(THROTTLE_SIGN_IN, v4(9999), "ada", start_ms);
    CHECK(throttle_is_stranger(t, &ask));
    throttle_close(t);
}

static void networks(void **state)
{
    struct throttle *t = throttle_open(false);
    const struct http_peer local = {.is_unix = true};

    (void)state;
    CASE("IPv6 is counted by the first 64 bits");
    CHECK_EQ(burst(t, v6(1, 1), "ada", 50, start_ms), PAIR_BURST);
    CHECK(guess(t, v6(1, 2), "ada", start_ms) > 0);
    CASE("the next 64 bits are another customer's");
    CHECK_EQ(guess(t, v6(2, 1), "ada", start_ms), 0);
    CASE("IPv4 by the whole address");
    CHECK_EQ(burst(t, v4(1), "ada", 50, start_ms), PAIR_BURST);
    CHECK_EQ(guess(t, v4(2), "ada", start_ms), 0);
    CASE("a Unix socket is one network, and not that of ::");
    CHECK_EQ(burst(t, local, "ada", 50, start_ms), PAIR_BURST);
    CHECK_EQ(guess(t, (struct http_peer){.port = 0}, "ada", start_ms), 0);
    throttle_close(t);
}

static void what_is_told(void **state)
{
    struct throttle *t = throttle_open(false);
    struct throttle_ask ask = ask_of(THROTTLE_SIGN_IN, v4(1), "ada", start_ms);
    struct throttle_try tried;

    (void)state;
    (void)burst(t, v4(1), "ada", PAIR_BURST, start_ms);
    CASE("the first refusal is told");
    CHECK(throttle_take(t, &ask, &tried).tell);
    CASE("and no more for a minute");
    CHECK(!throttle_take(t, &ask, &tried).tell);
    ask.now_ms = start_ms + 1;
    CHECK(!throttle_take(t, &ask, &tried).tell);
    CASE("each is counted");
    CHECK_EQ(throttle_refused(t, THROTTLE_SIGN_IN), 3);
    CHECK_EQ(throttle_refused(t, THROTTLE_SIGN_UP), 0);
    CASE("after a minute it is told again");
    ask.now_ms = start_ms + THROTTLE_TELL_MS;
    CHECK_EQ(burst(t, v4(1), "ada", 2, ask.now_ms), 2); // have leaked out
    CHECK(throttle_take(t, &ask, &tried).tell);
    throttle_close(t);
}

static void other_acts(void **state)
{
    struct throttle *t = throttle_open(false);
    struct throttle_ask ask = ask_of(THROTTLE_REFRESH, v4(1), "", start_ms);
    struct throttle_ask taken = ask_of(THROTTLE_TAKEN, v4(1), "", start_ms);

    (void)state;
    CASE("what was found to be bad is counted, up to a burst");
    for (int i = 0; i < REFRESH_BURST - 1; i++)
        throttle_add(t, &ask);
    CHECK(!throttle_is_full(t, &ask));
    CHECK_EQ(throttle_look(t, &ask).seconds, 0);
    throttle_add(t, &ask);
    CHECK(throttle_is_full(t, &ask));
    CHECK_EQ(throttle_look(t, &ask).seconds, 1);
    CASE("more than full it does not get");
    for (int i = 0; i < 100000; i++)
        throttle_add(t, &ask);
    ask.now_ms += REFRESH_MS;
    CHECK(!throttle_is_full(t, &ask));
    CASE("and other acts have buckets of their own");
    CHECK_EQ(throttle_look(t, &taken).seconds, 0);
    for (int i = 0; i < TAKEN_BURST; i++)
        throttle_add(t, &taken);
    CHECK_EQ(throttle_look(t, &taken).seconds, TAKEN_MS / 1000);
    CHECK_EQ(guess(t, v4(1), "ada", start_ms), 0);
    throttle_close(t);
}

/* Acts that are counted by network; the rates as throttle.c has them. */
static const struct {
    const char *name;
    enum throttle_act act;
    int burst;
    int64_t every_s;
} network_acts[] = {
    {"new accounts",                     THROTTLE_SIGN_UP, 100, 10},
    {"answers that a name is taken",     THROTTLE_TAKEN,   20,  60},
    {"mails that were asked for",        THROTTLE_MAIL,    20,  60},
    {"mailed codes that were wrong",     THROTTLE_CODE,    20,  60},
    {"refreshes of no living session",   THROTTLE_REFRESH, 300, 1 },
    {"wrong passwords of many accounts", THROTTLE_SIGN_IN, 100, 6 },
};

static void each_burst(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(network_acts); i++) {
        struct throttle *t = throttle_open(false);
        int passed = 0;

        CASE(network_acts[i].name);
        for (int k = 0; k <= network_acts[i].burst; k++) {
            char account[32];
            struct throttle_ask ask =
                ask_of(network_acts[i].act, v4(1), "", start_ms);
            int64_t wait_s;

            (void)snprintf(account, sizeof account, "account%d", k);
            ask.account = span_of(account);
            wait_s = throttle_look(t, &ask).seconds;
            passed += wait_s == 0;
            if (k == network_acts[i].burst)
                CHECK_EQ(wait_s, network_acts[i].every_s);
            throttle_add(t, &ask);
        }
        CHECK_EQ(passed, network_acts[i].burst);
        throttle_close(t);
    }
}

static void table_is_bounded(void **state)
{
    struct throttle *t = throttle_open(false);
    int kept = 0;

    (void)state;
    CASE("a full bucket outlives a flood of three times the table");
    for (unsigned i = 0; i < 50; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "kept%u", i);
        CHECK_EQ(burst(t, v4(i), name, 50, start_ms), PAIR_BURST);
    }
    for (unsigned i = 0; i < THROTTLE_BUCKETS; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "flood%u", i);
        (void)guess(t, v4(1000 + i), name, start_ms);
    }
    for (unsigned i = 0; i < 50; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "kept%u", i);
        kept += guess(t, v4(i), name, start_ms) > 0;
    }
    CHECK_EQ(kept, 50);
    CASE("what is known outlives it too: wrong passwords make nobody known");
    CHECK_EQ(sign_in(t, v4(1 << 20), "owner", start_ms + 1), 0);
    for (unsigned i = 0; i < THROTTLE_BUCKETS; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "flood%u", i);
        (void)guess(t, v4(1000 + i), name, start_ms + 2);
    }
    CHECK_EQ(spray(t, v4(1 << 20), 500, start_ms + 2), NETWORK_BURST);
    CHECK_EQ(sign_in(t, v4(1 << 20), "owner", start_ms + 2), 0);
    throttle_close(t);
}

static void switched_off(void **state)
{
    struct throttle *t = throttle_open(true);
    struct throttle_ask ask = ask_of(THROTTLE_REFRESH, v4(1), "", start_ms);

    (void)state;
    CASE("switched off, nothing is refused");
    CHECK_EQ(burst(t, v4(1), "ada", 1000, start_ms), 1000);
    for (int i = 0; i < 1000; i++)
        throttle_add(t, &ask);
    CHECK(!throttle_is_full(t, &ask));
    CHECK_EQ(throttle_look(t, &ask).seconds, 0);
    throttle_close(t);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_pair),      cmocka_unit_test(right_ones),
        cmocka_unit_test(many_accounts), cmocka_unit_test(many_places),
        cmocka_unit_test(strangers),     cmocka_unit_test(networks),
        cmocka_unit_test(what_is_told),  cmocka_unit_test(other_acts),
        cmocka_unit_test(each_burst),    cmocka_unit_test(table_is_bounded),
        cmocka_unit_test(switched_off),
    };

    if (sodium_init() < 0)
        return 1;
    return check_run("server/throttle", tests);
}
