/*
 * What options change in the families' answers: for each a server of its own and
 * a file of rows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"
#include "rows.h"
#include "stayd.h"

/* Secrets: see clients.rows. */
static const char clients[] =
    "# shop, a server with a secret\n"
    "shop  "
    "sha256:2a82ec743ab916e469c6289df76eec6afc19a5df0759f1d6c998d3e346b02063\n"
    "\n"
    "api\tsha256:"
    "014c243ff960e87afc8482648f41e2084dce765aa062dcdcbf4e0e43c4db8a41\r\n"
    "phone public\n";

static const struct setting {
    const char *name;
    const char *rows;
    const char *base;   /* where its dialect stands, as in rows.h */
    const char *option; /* NULL: none */
    const char *file;   /* the option's value is a file of this text; or NULL */
} settings[] = {
    {"users are hidden unless said",   "hidden.rows",  "",          NULL,             NULL   },
    {"an access token alone",          "lenient.rows", "",          "--lenient-nest", NULL   },
    {"an access token alone, mounted", "lenient.rows", "/d/nest",
     "--lenient-nest",                                                                NULL   },
    {"registered applications",        "clients.rows", "",          "--client-file",  clients},
    {"registered, mounted",            "clients.rows", "/d/oauth2", "--client-file",
     clients                                                                                 },
};

static bool write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    bool good = file != NULL && fputs(text, file) >= 0 &&
                fchmod(fileno(file), S_IRUSR | S_IWUSR) == 0;

    return file != NULL && fclose(file) == 0 && good;
}

static void run_setting(const struct setting *setting)
{
    char path[] = "/tmp/stay-clients-XXXXXX";
    const char *options[] = {setting->option, NULL, NULL};
    int fd = mkstemp(path);
    struct stayd stayd;
    struct rows rows;

    check_case("%s: stayd starts", setting->name);
    CHECK(fd >= 0);
    if (setting->file != NULL) {
        options[1] = path;
        CHECK(write_file(path, setting->file));
    }
    if (stayd_start(&stayd, options)) {
        rows_init(&rows, stayd.port);
        rows.base = setting->base;
        rows_run_file(&rows, setting->rows);
        rows_clear(&rows);
        stayd_clear(&stayd);
    }
    (void)close(fd);    // mkstemp's, not needed any more
    (void)unlink(path); // there, or the row above has failed
}

static void all(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(settings); i++)
        run_setting(&settings[i]);
}

static void granted(void **state)
{
    static const char *const options[] = {"--signup-roles",
                                          "user,moderator",
                                          "--issuer",
                                          "https://issuer.example",
                                          "--audience",
                                          "https://service.example",
                                          NULL};
    struct stayd stayd;
    struct rows rows;

    (void)state;
    CASE("roles that a sign-up may have, and for whom tokens are");
    if (!stayd_start_earnest(&stayd, options))
        return;
    rows_init(&rows, stayd.port);
    rows_run_file(&rows, "granted.rows");
    rows_clear(&rows);
    stayd_clear(&stayd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(all),
                                              cmocka_unit_test(granted)};

    return check_run("system/stayd_settings", tests);
}
