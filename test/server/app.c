#include "server/app.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

/* SHA-256 of "test", and of nothing. */
#define TEST "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define NONE "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ID16 "0123456789abcdef"
#define ID64 ID16 ID16 ID16 ID16

struct file_row {
    const char *name;
    const char *text;
    size_t count;    /* of those registered */
    const char *why; /* behind the path; NULL: it is good */
};

#define RIGHT "; a line is ID sha256:HEX or ID public"

// clang-format off
static const struct file_row file_rows[] = {
    {"an empty file registers nobody", "", 0, NULL},
    {"a secret and none", "shop sha256:" TEST "\nphone public\n", 2, NULL},
    {"comments, blank lines, tabs, Windows' line ends",
     "# a\n\n \t\r\n  shop\tsha256:" TEST " \r\n#b", 1, NULL},
    {"no new line at the end", "phone public", 1, NULL},
    {"the longest id", ID64 " public", 1, NULL},
    {"one longer", ID64 "x public", 0,
     ":1: an id has 1 to 64 visible ASCII characters" RIGHT},
    {"an id with another letter", "caf\xc3\xa9 public", 0,
     ":1: an id has 1 to 64 visible ASCII characters" RIGHT},
    {"an id alone", "\nshop\n", 0,
     ":2: this says neither public nor which secret" RIGHT},
    {"a secret in clear", "shop secret", 0,
     ":1: this says neither public nor which secret" RIGHT},
    {"a hash that is too short", "shop sha256:abcd", 0,
     ":1: this says neither public nor which secret" RIGHT},
    {"a hash that is too long", "shop sha256:" TEST "00", 0,
     ":1: this says neither public nor which secret" RIGHT},
    {"a hash with another letter", "shop sha256:x" TEST, 0,
     ":1: this says neither public nor which secret" RIGHT},
    {"something behind it", "phone public yes", 0,
     ":1: there is something behind it" RIGHT},
    {"the same twice", "a public\nb public\na public", 0,
     ":3: this id stands here twice" RIGHT},
};
// clang-format on

static char path[64];

static void write_file(const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");

    CHECK(file != NULL && fputs(text, file) >= 0 &&
          fchmod(fileno(file), mode) == 0 && fclose(file) == 0);
}

static void files(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(file_rows); i++) {
        const struct file_row *row = &file_rows[i];
        char want[256] = "";
        char why[APP_WHY_SIZE] = "";
        struct apps apps;

        CASE(row->name);
        write_file(row->text, 0600);
        CHECK_EQ(app_read_file(path, &apps, why),
                 row->why == NULL ? APP_OK : APP_BAD_FILE);
        CHECK_EQ(apps.count, row->count);
        CHECK_EQ(apps.registered, row->why == NULL);
        if (row->why != NULL)
            (void)snprintf(want, sizeof want, "%s%s", path, row->why);
        CHECK_TEXT(why, want);
    }
}

static void bounds(void **state)
{
    char text[(APP_MAX + 1) * 16] = "";
    char why[APP_WHY_SIZE];
    struct apps apps;
    size_t used = 0;

    (void)state;
    for (int i = 0; i < APP_MAX; i++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "app%d public\n", i);
    CASE("as many as may be");
    write_file(text, 0600);
    CHECK_EQ(app_read_file(path, &apps, why), APP_OK);
    CHECK_EQ(apps.count, APP_MAX);
    CASE("one more");
    (void)snprintf(text + used, sizeof text - used, "more public\n");
    write_file(text, 0600);
    CHECK_EQ(app_read_file(path, &apps, why), APP_BAD_FILE);
    CHECK(strstr(why, ":65: there are more than 64") != NULL);
    CASE("others than its owner may read it");
    write_file("phone public", 0640);
    CHECK_EQ(app_read_file(path, &apps, why), APP_BAD_FILE);
    CHECK(strstr(why, "chmod 600") != NULL);
    CASE("it is a folder");
    CHECK_EQ(app_read_file("/tmp", &apps, why), APP_BAD_FILE);
    CASE("it is not there");
    CHECK_EQ(app_read_file("/nonexistent/clients", &apps, why), APP_BAD_FILE);
    CASE("there is to be none");
    CHECK_EQ(app_read_file(NULL, &apps, why), APP_OK);
    CHECK(!apps.registered);
}

static void secrets(void **state)
{
    char why[APP_WHY_SIZE];
    const struct app *shop;
    const struct app *phone;
    const struct app *empty;
    struct apps apps;

    (void)state;
    write_file("shop sha256:" TEST "\nphone public\nempty sha256:" NONE, 0600);
    CASE("each is found by its whole id");
    if (!CHECK_EQ(app_read_file(path, &apps, why), APP_OK))
        return;
    shop = app_find(&apps, SPAN("shop"));
    phone = app_find(&apps, SPAN("phone"));
    empty = app_find(&apps, SPAN("empty"));
    CHECK(app_find(&apps, SPAN("sho")) == NULL);
    CHECK(app_find(&apps, SPAN("shops")) == NULL);
    CHECK(app_find(&apps, SPAN("")) == NULL);
    if (!CHECK(shop != NULL && phone != NULL && empty != NULL))
        return;
    CASE("a secret fits its hash and no other");
    CHECK(app_secret_fits(shop, SPAN("test")));
    CHECK(!app_secret_fits(shop, SPAN("tesu")));
    CHECK(!app_secret_fits(shop, SPAN("")));
    CHECK(!app_secret_fits(shop, SPAN(TEST)));
    CHECK(app_secret_fits(empty, SPAN("")));
    CASE("a public one has none to show");
    CHECK(app_secret_fits(phone, SPAN("")));
    CHECK(!app_secret_fits(phone, SPAN("test")));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(files),
                                              cmocka_unit_test(bounds),
                                              cmocka_unit_test(secrets)};
    int result;

    (void)snprintf(path, sizeof path, "/tmp/stay-app-%d", (int)getpid());
    result = check_run("server/app", tests);
    (void)unlink(path); // there, or the rows above have failed
    return result;
}
