/*
 * bezkoder's Node/Express API, as captured from the original: wire.md 1.1.
 */
#include <signal.h>

#include "base/bytes.h"
#include "check.h"
#include "rows.h"
#include "stayd.h"

static void all(void **state)
{
    static const char *const options[] = {"--access-ttl", "60s",
                                          "--no-hide-users", NULL};
    struct stayd stayd;
    struct rows rows;

    (void)state;
    CASE("stayd starts");
    if (!stayd_start(&stayd, options))
        return;
    rows_init(&rows, stayd.port);
    rows_run_file(&rows, "express.rows");
    CASE("stayd stops at once when interrupted, and well");
    CHECK_EQ(stayd_stop(&stayd, SIGINT), 0);
    rows_clear(&rows);
    stayd_clear(&stayd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(all)};

    return check_run("system/stayd_express", tests);
}
