/*
 * The dialect of Stay's own clients, on the wire: design.md, section 6.
 */
#include <signal.h>
#include <sodium.h>
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "rows.h"
#include "stayd.h"

struct count_row {
    const char *outcome;
    int want;
};

/* What the rows above have caused, and nothing else. */
static const struct count_row counts[] = {
    {"granted",       8},
    {"advance",       3},
    {"stale",         1},
    {"behind",        1},
    {"bad_request",   9},
    {"other_session", 0},
    {"unknown",       1},
    {"reuse",         2},
    {"revoked",       1},
    {"expired",       0},
    {"soft",          0},
    {"disabled",      0},
    {"unavailable",   0},
    {"fault",         0},
};

static void count_outcomes(const struct stayd *stayd)
{
    for (size_t i = 0; i < COUNT(counts); i++) {
        char series[128];

        check_case("counted: %s %d", counts[i].outcome, counts[i].want);
        (void)snprintf(series, sizeof series,
                       "stay_refreshes_total{dialect=\"stay\",outcome=\"%s\"}",
                       counts[i].outcome);
        CHECK_EQ(stayd_metric(stayd, series), counts[i].want);
    }
}

/* At its own paths (base ""), or below its mount. */
static void replay(const char *const options[], const char *base)
{
    static const char *const holders[] = {"A", "B", "C", "D"};
    struct stayd stayd;
    struct rows rows;
    char text[4001];

    CASE("stayd starts");
    if (!stayd_start(&stayd, options))
        return;
    rows_init(&rows, stayd.port);
    rows.base = base;
    for (size_t i = 0; i < COUNT(holders); i++)
        rows_set_secrets(&rows, holders[i]);
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    rows_set(&rows, "LONG", text);
    rows_run_file(&rows, "stay.rows");
    count_outcomes(&stayd);
    CASE("stayd stops at once when told to, and well");
    CHECK_EQ(stayd_stop(&stayd, SIGTERM), 0);
    rows_clear(&rows);
    stayd_clear(&stayd);
}

static void all(void **state)
{
    static const char *const options[] = {"--access-ttl", "60s", NULL};

    (void)state;
    replay(options, "");
    if (!check_on_postgres()) // the places do not differ by the database
        replay(options, "/d/stay");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(all)};

    if (sodium_init() < 0)
        return 1;
    return check_run("system/stayd_stay", tests);
}
