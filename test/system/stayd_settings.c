/*
 * What options change in the families' answers: for each a server of its own and
 * a file of rows.
 */
#include "base/bytes.h"
#include "check.h"
#include "rows.h"
#include "stayd.h"

static const struct setting {
    const char *name;
    const char *rows;
    const char *options[4];
} settings[] = {
    {"users are hidden unless said", "hidden.rows",  {NULL}                  },
    {"an access token alone",        "lenient.rows", {"--lenient-nest", NULL}},
};

static void run_setting(const struct setting *setting)
{
    struct stayd stayd;
    struct rows rows;

    check_case("%s: stayd starts", setting->name);
    if (!stayd_start(&stayd, setting->options))
        return;
    rows_init(&rows, stayd.port);
    rows_run_file(&rows, setting->rows);
    rows_clear(&rows);
    stayd_clear(&stayd);
}

static void all(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(settings); i++)
        run_setting(&settings[i]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(all)};

    return check_run("system/stayd_settings", tests);
}
