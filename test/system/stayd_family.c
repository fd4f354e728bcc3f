/*
 * One family's rows, at each place where stayd serves them: at its own paths
 * when it is the only one there, at its own paths among all (where it is the
 * first at each of them), and under /d/NAME. The rows are those of wire.md, from
 * the family's own back end or its source, and those of what is ours in it.
 *
 * FAMILY is its name; PLACES says which of the three.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "rows.h"
#include "stayd.h"

enum { OPTIONS_MAX = 16 };

struct place {
    const char *name;
    const char *base;
    const char *option; /* and its value */
    const char *value;
};

static const struct place places[] = {
    {"under its own mount",     "/d/" FAMILY, NULL,        NULL  },
    {"alone at its own paths",  "",           "--dialect", FAMILY},
    {"at its own among others", "",           NULL,        NULL  },
};

/* The captured texts need --no-hide-users; both origins are the captures'. */
static void fill_options(const struct place *place,
                         const char *options[OPTIONS_MAX])
{
    static const char *const always[] = {
        "--access-ttl",          "60s",
        "--no-hide-users",       "--origin",
        "http://localhost:8081", "--origin",
        "http://localhost:8080",
    };

    memcpy(options, always, sizeof always);
    options[COUNT(always)] = place->option;
    options[COUNT(always) + 1] = place->value;
    options[COUNT(always) + 2] = NULL;
}

static void run_at(const struct place *place)
{
    const char *options[OPTIONS_MAX];
    struct stayd stayd;
    struct rows rows;
    double count;

    check_case("%s %s: stayd starts", FAMILY, place->name);
    fill_options(place, options);
    if (!stayd_start(&stayd, options))
        return;
    rows_init(&rows, stayd.port);
    rows.base = place->base;
    rows_run_file(&rows, FAMILY ".rows");
    check_case("%s %s: its refreshes are counted", FAMILY, place->name);
    count = stayd_metric(&stayd, "stay_refreshes_total{dialect=\"" FAMILY
                                 "\",outcome=\"granted\"}");
    CHECK(count > 0);
    CASE("stayd stops at once when interrupted, and well");
    CHECK_EQ(stayd_stop(&stayd, SIGINT), 0);
    rows_clear(&rows);
    stayd_clear(&stayd);
}

static void all(void **state)
{
    (void)state;
    // The places do not differ by the database.
    for (size_t i = 0; i < (check_on_postgres() ? 1 : PLACES); i++)
        run_at(&places[i]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(all)};

    return check_run("system/stayd_" FAMILY, tests);
}
