/*
 * Both sides of every limit in time, through the public functions.
 */
#include "core/engine_time.h"

#include "base/bytes.h"
#include "check.h"

/* When the token came. Times in the tables count from here. */
#define START_MS INT64_C(1000000)

/* Short, for the tables. */
#define DAYS24 INT64_C(2073600000)
#define DAYS25 INT64_C(2160000000)
#define LONG (INT64_MAX - START_MS - 1)
#define DUE25 (DAYS25 - 60000)
#define DUELONG (LONG - 60000)
#define BACK (1 - START_MS)
#define TOP64 INT64_MAX
#define LOW64 INT64_MIN

enum {
    USE = ENGINE_SEND,
    RENEW = ENGINE_SEND | ENGINE_START,
    WAIT = ENGINE_WAIT | ENGINE_START,
    GIVE = ENGINE_DELIVER,
};

static struct engine signed_in(int64_t early_ms, int64_t life_ms,
                               uint32_t random)
{
    struct engine_config config = {.early_ms = early_ms};
    struct engine_tokens t = {
        .generation = 1, .life_ms = life_ms, .received_ms = START_MS};
    struct engine e;

    engine_init(&e, &config);
    (void)engine_signed_in(&e, &t, START_MS, random);
    return e;
}

/* One limit: a millisecond before at_ms, and at it. */
struct limit_case {
    const char *name;
    int64_t early_ms;
    int64_t life_ms;
    int64_t at_ms;
    unsigned before;
    unsigned at;
};

static const struct limit_case limit_cases[] = {
    {"100 s: a fifth before its end",   0,     100000, 80000,   USE,   RENEW},
    {"100 s: its end",                  0,     100000, 100000,  RENEW, WAIT },
    {"300 s: a fifth and 60 s are one", 0,     300000, 240000,  USE,   RENEW},
    {"600 s: 60 s before its end",      0,     600000, 540000,  USE,   RENEW},
    {"2 s: 400 ms before its end",      0,     2000,   1600,    USE,   RENEW},
    {"25 days: 60 s before its end",    0,     DAYS25, DUE25,   USE,   RENEW},
    {"1 ms counts as 1 s: a fifth",     0,     1,      800,     USE,   RENEW},
    {"1 ms counts as 1 s: its end",     0,     1,      1000,    RENEW, WAIT },
    {"1.001 s is itself",               0,     1001,   1001,    RENEW, WAIT },
    {"5 s asked for",                   5000,  100000, 95000,   USE,   RENEW},
    {"90 s of 100 asked for: half",     90000, 100000, 50000,   USE,   RENEW},
    {"a year asked for: a day",         TOP64, DAYS25, DAYS24,  USE,   RENEW},
    {"never early: its end",            -1,    100000, 100000,  USE,   WAIT },
    {"as never as can be: its end",     LOW64, 100000, 100000,  USE,   WAIT },
    {"the clock: the instant it came",  0,     100000, 0,       RENEW, USE  },
    {"the same, and never early",       -1,    100000, 0,       RENEW, USE  },
    {"the clock: back to almost zero",  0,     100000, BACK,    RENEW, RENEW},
    {"life 0 is not known: 25 days on", 0,     0,      DAYS25,  USE,   USE  },
    {"a negative life likewise",        0,     -1,     DAYS25,  USE,   USE  },
    {"the most negative likewise",      0,     LOW64,  DAYS25,  USE,   USE  },
    {"the longest life there is",       0,     TOP64,  DAYS25,  USE,   USE  },
    {"one that ends before time does",  0,     LONG,   LONG,    RENEW, WAIT },
    {"its early window",                0,     LONG,   DUELONG, USE,   RENEW},
};

static unsigned ask_at(const struct limit_case *c, int64_t now_ms)
{
    struct engine e = signed_in(c->early_ms, c->life_ms, 0);
    struct engine_request r = {0};

    return engine_ask(&e, &r, START_MS + now_ms).todo;
}

static void limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(limit_cases); i++) {
        const struct limit_case *c = &limit_cases[i];

        CASE(c->name);
        CHECK_EQ(ask_at(c, c->at_ms - 1), c->before);
        CHECK_EQ(ask_at(c, c->at_ms), c->at);
    }
}

struct need_case {
    const char *name;
    int64_t life_ms;
    int64_t need_ms;
    int64_t now_ms;
    unsigned todo;
};

static const struct need_case need_cases[] = {
    {"15 s needed, 15.001 s there",     100000, 15000,   84999,  RENEW},
    {"15 s needed, 15 s there",         100000, 15000,   85000,  WAIT },
    {"an hour: more than half is due",  100000, 3600000, 49999,  USE  },
    {"an hour: half is not enough",     100000, 3600000, 50000,  WAIT },
    {"all there is: likewise, above",   100000, TOP64,   49999,  USE  },
    {"all there is: likewise, at it",   100000, TOP64,   50000,  WAIT },
    {"less than nothing: last instant", 100000, LOW64,   99999,  RENEW},
    {"less than nothing: dead",         100000, -1,      100000, WAIT },
    {"much of a life not known",        0,      TOP64,   90000,  USE  },
};

static void needs(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(need_cases); i++) {
        const struct need_case *c = &need_cases[i];
        struct engine e = signed_in(0, c->life_ms, 0);
        struct engine_request r = {.need_ms = c->need_ms};

        CASE(c->name);
        CHECK_EQ(engine_ask(&e, &r, START_MS + c->now_ms).todo, c->todo);
    }
}

/* Over all chances the window opens in its first half, and in all of that. */
static void chances(void **state)
{
    struct engine e;

    (void)state;
    CASE("by chance: the whole window");
    e = signed_in(0, 100000, 0);
    CHECK_EQ(e.due_ms, START_MS + 80000);
    CASE("by chance: three quarters of it");
    e = signed_in(0, 100000, 1U << 31);
    CHECK_EQ(e.due_ms, START_MS + 85000);
    CASE("by chance: half of it");
    e = signed_in(0, 100000, UINT32_MAX);
    CHECK_EQ(e.due_ms, START_MS + 89999);
    CASE("by chance: half of the longest");
    e = signed_in(TOP64, LONG, UINT32_MAX);
    CHECK_EQ(e.expires_ms - e.due_ms, 86400000 / 2 + 1);
}

struct stored_case {
    const char *name;
    int64_t received_ms; /* from START_MS; -START_MS - 1 is before time */
    bool due;
    unsigned todo;
};

/* 100 s of life, read from a vault at START_MS. */
static const struct stored_case stored_cases[] = {
    {"it came 79.999 s ago",             -79999,        false, USE  },
    {"it came 80 s ago",                 -80000,        false, RENEW},
    {"it came 99.999 s ago",             -99999,        false, RENEW},
    {"it came 100 s ago",                -100000,       false, WAIT },
    {"it comes tomorrow: not trusted",   1,             false, RENEW},
    {"it came before time: not trusted", -START_MS - 1, false, RENEW},
    {"from before the last boot",        0,             true,  RENEW},
};

static void stored(void **state)
{
    static const struct engine_config config = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(stored_cases); i++) {
        const struct stored_case *c = &stored_cases[i];
        struct engine_tokens t = {.generation = 9,
                                  .life_ms = 100000,
                                  .received_ms = START_MS + c->received_ms,
                                  .due = c->due};
        struct engine_request r = {0};
        struct engine e;

        CASE(c->name);
        engine_init(&e, &config);
        (void)engine_signed_in(&e, &t, START_MS, 0);
        CHECK_EQ(engine_ask(&e, &r, START_MS).todo, c->todo);
    }
    CASE("a token that is not trusted is not young: its 401 is believed");
    {
        struct engine_tokens t = {
            .generation = 9, .life_ms = 100000, .due = true};
        struct engine_request r = {.session = 2, .sends = 1, .sent = 9};
        struct engine e;

        engine_init(&e, &config);
        (void)engine_signed_in(&e, &t, START_MS, 0);
        CHECK_EQ(engine_answered(&e, &r, ENGINE_401, START_MS).todo, WAIT);
    }
    CASE("a time to come is not believed: it lives from now on");
    {
        struct engine_tokens t = {.generation = 9,
                                  .life_ms = 100000,
                                  .received_ms = START_MS + 3600000};
        struct engine e;

        engine_init(&e, &config);
        (void)engine_signed_in(&e, &t, START_MS, 0);
        CHECK_EQ(engine_left_ms(&e, START_MS), 100000);
    }
}

struct answer_case {
    const char *name;
    int64_t life_ms;
    int64_t now_ms;
    enum engine_status status;
    unsigned todo;
};

static const struct answer_case answer_cases[] = {
    {"100 s: young for 30 s",          100000, 29999,  ENGINE_401,       GIVE},
    {"100 s: and no longer",           100000, 30000,  ENGINE_401,       WAIT},
    {"40 s: young for 20 s",           40000,  19999,  ENGINE_401,       GIVE},
    {"40 s: and no longer",            40000,  20000,  ENGINE_401,       WAIT},
    {"60 s: half is 30 s",             60000,  29999,  ENGINE_401,       GIVE},
    {"60 s: and no longer",            60000,  30000,  ENGINE_401,       WAIT},
    {"1 ms: young for 500 ms",         1,      499,    ENGINE_401,       GIVE},
    {"1 ms: and no longer",            1,      500,    ENGINE_401,       WAIT},
    {"not known: young for 30 s",      0,      29999,  ENGINE_401,       GIVE},
    {"not known: and no longer",       0,      30000,  ENGINE_401,       WAIT},
    {"young, but the token is blamed", 100000, 0,      ENGINE_401_TOKEN, WAIT},
    {"old, and the token is blamed",   100000, 30000,  ENGINE_401_TOKEN, WAIT},
    {"the clock went back: not young", 100000, -1,     ENGINE_401,       WAIT},
    {"no 401 at all",                  100000, 50000,  ENGINE_NOT_401,   GIVE},
    {"no 401, to a token now dead",    100000, 200000, ENGINE_NOT_401,   GIVE},
    {"401 to a token now dead",        100000, 200000, ENGINE_401,       WAIT},
};

static void answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(answer_cases); i++) {
        const struct answer_case *c = &answer_cases[i];
        struct engine e = signed_in(0, c->life_ms, 0);
        struct engine_request r = {.session = 2, .sends = 1, .sent = 1};

        CASE(c->name);
        CHECK_EQ(engine_answered(&e, &r, c->status, START_MS + c->now_ms).todo,
                 c->todo);
    }
}

struct deadline_case {
    const char *name;
    int64_t early_ms;
    int64_t life_ms;
    enum engine_state state;
    int64_t rest_until_ms;
    int64_t deadline_ms; /* from START_MS, but for TOP64 */
};

static const struct deadline_case deadline_cases[] = {
    {"when the window opens",     0,  100000, ENGINE_FRESH,      0,     80000},
    {"never early: never",        -1, 100000, ENGINE_FRESH,      0,     TOP64},
    {"a life not known: never",   0,  0,      ENGINE_FRESH,      0,     TOP64},
    {"while one is out: never",   0,  100000, ENGINE_REFRESHING, 0,     TOP64},
    {"signed out: never",         0,  100000, ENGINE_SIGNED_OUT, 0,     TOP64},
    {"ended: never",              0,  100000, ENGINE_ENDED,      0,     TOP64},
    {"after the rest",            0,  100000, ENGINE_RESTING,    95000, 95000},
    {"after the rest, if longer", 0,  100000, ENGINE_RESTING,    70000, 80000},
};

static void deadlines(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(deadline_cases); i++) {
        const struct deadline_case *c = &deadline_cases[i];
        struct engine e = signed_in(c->early_ms, c->life_ms, 0);
        int64_t want_ms = c->deadline_ms;

        CASE(c->name);
        e.state = c->state;
        if (c->rest_until_ms != 0)
            e.budget.rest_until_ms = START_MS + c->rest_until_ms;
        if (want_ms != TOP64)
            want_ms += START_MS;
        CHECK_EQ(engine_deadline_ms(&e), want_ms);
    }
}

static void ticks(void **state)
{
    struct engine e = signed_in(0, 100000, 0);

    (void)state;
    CASE("a tick too soon does nothing");
    CHECK_EQ(engine_tick(&e, START_MS + 79999).todo, 0);
    CHECK_EQ(e.state, ENGINE_FRESH);
    CASE("a tick in time starts a refresh, and one only");
    CHECK_EQ(engine_tick(&e, START_MS + 80000).todo, ENGINE_START);
    CHECK_EQ(engine_tick(&e, START_MS + 80001).todo, 0);
    CHECK_EQ(e.refresh, 1);
    CASE("a tick past expiry starts one too");
    e = signed_in(0, 100000, 0);
    CHECK_EQ(engine_tick(&e, START_MS + 100000).todo, ENGINE_START);
    CASE("a tick while resting does nothing");
    e = signed_in(0, 100000, 0);
    engine_budget_rest(&e.budget, START_MS + 99000, 5000, 0);
    CHECK_EQ(engine_tick(&e, START_MS + 104249).todo, 0);
    CHECK_EQ(engine_tick(&e, START_MS + 104250).todo, ENGINE_START);
    CASE("a tick does nothing where nothing is early");
    e = signed_in(-1, 100000, 0);
    CHECK_EQ(engine_tick(&e, START_MS + 100000).todo, 0);
    CASE("a tick does nothing when signed out");
    e = signed_in(0, 100000, 0);
    (void)engine_signed_out(&e);
    CHECK_EQ(engine_tick(&e, START_MS + 100000).todo, 0);
}

static void left(void **state)
{
    struct engine e = signed_in(0, 100000, 0);

    (void)state;
    CASE("life left");
    CHECK_EQ(engine_left_ms(&e, START_MS), 100000);
    CHECK_EQ(engine_left_ms(&e, START_MS + 99999), 1);
    CHECK_EQ(engine_left_ms(&e, START_MS + 100000), 0);
    CHECK_EQ(engine_left_ms(&e, TOP64), 0);
    CASE("no life is left after a sign-out");
    (void)engine_signed_out(&e);
    CHECK_EQ(engine_left_ms(&e, START_MS), 0);
    CASE("a life that is not known");
    e = signed_in(0, 0, 0);
    CHECK_EQ(engine_left_ms(&e, START_MS), TOP64);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits),  cmocka_unit_test(needs),
        cmocka_unit_test(chances), cmocka_unit_test(stored),
        cmocka_unit_test(answers), cmocka_unit_test(deadlines),
        cmocka_unit_test(ticks),   cmocka_unit_test(left),
    };

    return check_run("core/engine_time", tests);
}
