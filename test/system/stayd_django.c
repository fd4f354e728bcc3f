/*
 * djoser and SimpleJWT, as captured from the originals: wire.md 2.
 */
#include <signal.h>

#include "base/bytes.h"
#include "check.h"
#include "rows.h"
#include "stayd.h"

static void all(void **state)
{
    static const char *const options[] = {"--access-ttl", "60s", NULL};
    struct stayd stayd;
    struct rows rows;

    (void)state;
    CASE("stayd starts");
    if (!stayd_start(&stayd, options))
        return;
    rows_init(&rows, stayd.port);
    rows_run_file(&rows, "django.rows");
    rows_clear(&rows);
    stayd_clear(&stayd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(all)};

    return check_run("system/stayd_django", tests);
}
