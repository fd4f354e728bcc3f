#include "core/engine_budget.h"

#include "base/bytes.h"
#include "check.h"

#define NOW_MS INT64_C(1000000)
#define MINUTE_MS 60000
#define HOUR_MS 3600000

/* Short, for the table. */
#define MIDDLE (1U << 31)
#define TOP UINT32_MAX
#define TOP64 INT64_MAX
#define LOW64 INT64_MIN

struct rest_case {
    const char *name;
    uint32_t failures; /* before this one */
    int64_t retry_after_ms;
    uint32_t random;
    int64_t rest_ms;
};

static const struct rest_case rest_cases[] = {
    {"the first pause at its shortest",    0,   0,           0,      500    },
    {"the first pause in the middle",      0,   0,           MIDDLE, 1000   },
    {"the first pause at its longest",     0,   0,           TOP,    1499   },
    {"the second pause is twice as long",  1,   0,           MIDDLE, 2000   },
    {"the third four times",               2,   0,           MIDDLE, 4000   },
    {"the sixth is 32 s",                  5,   0,           MIDDLE, 32000  },
    {"the seventh 60 s",                   6,   0,           MIDDLE, 60000  },
    {"and no longer after that",           7,   0,           MIDDLE, 60000  },
    {"nor after very many",                TOP, 0,           MIDDLE, 60000  },
    {"the longest of all",                 99,  0,           TOP,    89999  },
    {"a Retry-After below half the pause", 0,   100,         0,      500    },
    {"a Retry-After is a lower bound",     0,   5000,        0,      5250   },
    {"and later by chance",                0,   5000,        TOP,    5749   },
    {"a Retry-After of one hour",          0,   HOUR_MS,     0,      3600250},
    {"a longer one counts as one hour",    0,   HOUR_MS + 1, 0,      3600250},
    {"the longest Retry-After there is",   0,   TOP64,       0,      3600250},
    {"a negative one counts as none",      0,   LOW64,       0,      500    },
};

static void rests(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rest_cases); i++) {
        const struct rest_case *c = &rest_cases[i];
        struct engine_budget b = {.failure_count = c->failures};
        int64_t end_ms = NOW_MS + c->rest_ms;

        CASE(c->name);
        engine_budget_rest(&b, NOW_MS, c->retry_after_ms, c->random);
        CHECK_EQ(b.rest_until_ms, end_ms);
        CHECK(!engine_budget_allows(&b, NOW_MS));
        CHECK(!engine_budget_allows(&b, end_ms - 1));
        CHECK(engine_budget_allows(&b, end_ms));
        CHECK_EQ(engine_budget_next_ms(&b), end_ms);
        CHECK(b.failure_count > 0);
    }
}

static void calls(void **state)
{
    struct engine_budget b = {0};

    (void)state;
    CASE("eight calls are allowed at once, the ninth 68 s later");
    for (int i = 0; i < ENGINE_BUDGET_CALLS; i++) {
        CHECK(engine_budget_allows(&b, NOW_MS));
        engine_budget_spend(&b, NOW_MS);
    }
    CHECK(!engine_budget_allows(&b, NOW_MS));
    CHECK_EQ(engine_budget_next_ms(&b), NOW_MS + ENGINE_BUDGET_STEP_MS);
    CHECK(!engine_budget_allows(&b, NOW_MS + ENGINE_BUDGET_STEP_MS - 1));
    CHECK(engine_budget_allows(&b, NOW_MS + ENGINE_BUDGET_STEP_MS));

    CASE("a call given back is allowed again");
    engine_budget_give_back(&b);
    CHECK(engine_budget_allows(&b, NOW_MS));

    CASE("a success forgets all");
    engine_budget_spend(&b, NOW_MS);
    engine_budget_rest(&b, NOW_MS, HOUR_MS, 0);
    engine_budget_reset(&b);
    CHECK(engine_budget_allows(&b, NOW_MS));
    CHECK_EQ(engine_budget_next_ms(&b), 0);

    CASE("nothing is given back where nothing was spent");
    engine_budget_give_back(&b);
    CHECK_EQ(b.whole_ms, 0);
}

/* How many of these times lie in the window that ends at the last. */
static unsigned in_window(const int64_t *times, size_t count, int64_t window_ms)
{
    unsigned n = 0;

    for (size_t i = 0; i < count; i++)
        n += times[i] >= times[count - 1] - window_ms;
    return n;
}

struct most {
    unsigned minute;
    unsigned hour;
};

/* The greediest host: asks every 50 ms for four hours, rests at their least. */
static struct most greedy(bool rests)
{
    static int64_t times[1024];
    struct engine_budget b = {0};
    struct most most = {0};
    size_t count = 0;

    for (int64_t now = 0; now < (int64_t)4 * HOUR_MS; now += 50) {
        unsigned minute;
        unsigned hour;

        if (!engine_budget_allows(&b, now) || count == COUNT(times))
            continue;
        engine_budget_spend(&b, now);
        if (rests)
            engine_budget_rest(&b, now, 0, 0);
        times[count++] = now;
        minute = in_window(times, count, MINUTE_MS);
        hour = in_window(times, count, HOUR_MS);
        most.minute = minute > most.minute ? minute : most.minute;
        most.hour = hour > most.hour ? hour : most.hour;
    }
    return most;
}

static void windows(void **state)
{
    struct most most;

    (void)state;
    CASE("no minute has more than 8 calls, no hour more than 60");
    most = greedy(true);
    CHECK_EQ(most.minute, 7);
    CHECK_EQ(most.hour, 60);

    CASE("nor without any rests");
    most = greedy(false);
    CHECK_EQ(most.minute, 8);
    CHECK_EQ(most.hour, 60);
}

static void clocks(void **state)
{
    struct engine_budget b = {0};

    (void)state;
    CASE("a rest does not count before its begin: the clock went back");
    engine_budget_rest(&b, NOW_MS, HOUR_MS, 0);
    CHECK(engine_budget_allows(&b, NOW_MS - 1));

    CASE("a clock that went back costs the allowance one step at most");
    for (int i = 0; i < ENGINE_BUDGET_CALLS; i++)
        engine_budget_spend(&b, NOW_MS + HOUR_MS);
    CHECK(!engine_budget_allows(&b, NOW_MS - 2));
    CHECK(!engine_budget_allows(&b, NOW_MS - 3 + ENGINE_BUDGET_STEP_MS));
    b.rest_until_ms = 0;
    CHECK(engine_budget_allows(&b, NOW_MS - 2 + ENGINE_BUDGET_STEP_MS));

    CASE("the ends of time do not wrap");
    b = (struct engine_budget){0};
    engine_budget_spend(&b, INT64_MAX);
    CHECK_EQ(b.whole_ms, INT64_MAX);
    engine_budget_rest(&b, INT64_MAX - 1, HOUR_MS, 0);
    CHECK_EQ(b.rest_until_ms, INT64_MAX);
    CHECK(!engine_budget_allows(&b, 0));
    CHECK(engine_budget_allows(&b, ENGINE_BUDGET_STEP_MS));
}

struct join_case {
    const char *name;
    int64_t mine_ms; /* until when ours rests, after one failure */
    int64_t from_ms; /* the other's rest, after three */
    int64_t until_ms;
    int64_t joined_ms;
};

static const struct join_case join_cases[] = {
    {"a longer rest of another process is kept",    5, 1,  9,       9      },
    {"a shorter one does not end ours",             9, 1,  5,       9      },
    {"a vault that cannot be written ends no rest", 9, 0,  0,       9      },
    {"garbage: a rest without end",                 5, 0,  TOP64,   5      },
    {"garbage: a rest that began before time",      5, -1, 9,       5      },
    {"a rest as long as there can be",              5, 1,  3660001, 3660001},
    {"garbage: one that is longer",                 5, 1,  3660002, 5      },
};

static void joins(void **state)
{
    struct engine_budget b = {0};
    struct engine_budget spent = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(join_cases); i++) {
        const struct join_case *c = &join_cases[i];

        CASE(c->name);
        b = (struct engine_budget){.rest_until_ms = c->mine_ms,
                                   .failure_count = 1};
        spent = (struct engine_budget){.rest_from_ms = c->from_ms,
                                       .rest_until_ms = c->until_ms,
                                       .failure_count = 3};
        engine_budget_join(&b, &spent);
        CHECK_EQ(b.rest_until_ms, c->joined_ms);
        CHECK_EQ(b.failure_count, 3);
    }

    CASE("the calls of another process count");
    b = (struct engine_budget){0};
    spent = b;
    for (int i = 0; i < ENGINE_BUDGET_CALLS; i++)
        engine_budget_spend(&spent, NOW_MS);
    engine_budget_join(&b, &spent);
    CHECK(!engine_budget_allows(&b, NOW_MS));

    CASE("what another process found odd counts");
    spent = (struct engine_budget){.odd_count = 3, .odd_ms = 7, .odd = 1};
    engine_budget_join(&b, &spent);
    CHECK_EQ(b.odd_count, 3);
    CHECK_EQ(b.odd_ms, 7);
    CHECK_EQ(b.odd, 1);

    CASE("garbage: calls owed for ever cost one step");
    spent = (struct engine_budget){.whole_ms = INT64_MAX};
    engine_budget_join(&b, &spent);
    CHECK(!engine_budget_allows(&b, NOW_MS));
    CHECK(engine_budget_allows(&b, NOW_MS + ENGINE_BUDGET_STEP_MS));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(rests),   cmocka_unit_test(calls),
        cmocka_unit_test(windows), cmocka_unit_test(clocks),
        cmocka_unit_test(joins),
    };

    return check_run("core/engine_budget", tests);
}
