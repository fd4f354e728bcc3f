/* A file of users: all of them, or none, and every bad line told. */
#include "server/import.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "server/foreign.h"
#include "store/fixture.h"

#define HASH "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"
#define PBKDF2                                                                 \
    "pbkdf2_sha256$1000$abcdefghijkl$"                                         \
    "0zdgqPwvrX5uWgeujZ5fdcMXA2ja2gN9VYtiAbPFU+8="
#define USER(name) "{\"username\":\"" name "\",\"password_hash\":\"" HASH "\""

/* What the callback was told. */
struct told {
    size_t lines[8];
    char why[8][IMPORT_WHY_SIZE];
    size_t count;
};

static void note(void *context, size_t line, const char *why)
{
    struct told *told = context;

    if (told->count == COUNT(told->lines))
        return;
    told->lines[told->count] = line;
    (void)snprintf(told->why[told->count++], IMPORT_WHY_SIZE, "%s", why);
}

static enum import_result import(struct fixture *f, const char *text,
                                 struct told *told,
                                 struct import_report *report)
{
    struct import_config config = {.store = f->store,
                                   .file = tmpfile(),
                                   .now_s = FIXTURE_NOW_S,
                                   .bad = note,
                                   .context = told};
    enum import_result result;

    memset(told, 0, sizeof *told);
    if (!CHECK(config.file != NULL && fputs(text, config.file) >= 0))
        return IMPORT_FAILED;
    result = import_users(&config, report);
    (void)fclose(config.file);
    return result;
}

struct bad_row {
    const char *name;
    const char *text;
    size_t line;
    const char *why; /* what it begins with */
};

// clang-format off
static const struct bad_row bad_rows[] = {
    {"no JSON",                      USER("bob") "}\nbob\n",                     2, "not a JSON object"},
    {"no object",                    "[]\n",                                     1, "not a JSON object"},
    {"a line that is cut",           USER("bob"),                                1, "not a JSON object"},
    {"blank lines count",            "\n  \n{}\n",                               3, "username"},
    {"no name",                      "{\"password_hash\":\"" HASH "\"}",         1, "username"},
    {"a name that is a number",      "{\"username\":1}",                         1, "username"},
    {"a name with a NUL",            "{\"username\":\"a\\u0000b\"}",             1, "username"},
    {"a name that turns around",     "{\"username\":\"a\\u202eb\"}",             1, "username"},
    {"no hash",                      "{\"username\":\"bob\"}",                   1, "password_hash"},
    {"a hash of another kind",       "{\"username\":\"bob\",\"password_hash\":\"md5$x$y\"}", 1, "password_hash"},
    {"argon2 of another kind",       "{\"username\":\"bob\",\"password_hash\":\"$argon2i$v=19$m=256,t=1,p=1$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc\"}", 1, "password_hash"},
    {"argon2id that would take all memory", "{\"username\":\"bob\",\"password_hash\":\"$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc\"}", 1, "password_hash"},
    {"a password that was left as it is", "{\"username\":\"bob\",\"password_hash\":\"lovelace\"}", 1, "password_hash"},
    {"an address that is none",      USER("bob") ",\"email\":\"x\"}",            1, "email"},
    {"an address that is taken",     USER("bob") ",\"email\":\"ADA@example.org\"}", 1, "email: taken"},
    {"a name that is taken",         USER("ada") "}",                            1, "username: taken"},
    {"a name that comes twice",      USER("bob") "}\n" USER("bob") "}",          2, "username: taken"},
    {"the same name in another form", USER("J\\u00fc") "}\n" USER("Ju\\u0308") "}", 2, "username: taken"},
    {"roles that are no list",       USER("bob") ",\"roles\":\"user\"}",         1, "roles"},
    {"a role that there is not",     USER("bob") ",\"roles\":[\"user\",\"boss\"]}", 1, "roles"},
    {"no role",                      USER("bob") ",\"roles\":[]}",               1, "roles"},
    {"a flag that is none",          USER("bob") ",\"disabled\":1}",             1, "disabled"},
    {"a member that is not known",   USER("bob") ",\"pasword\":\"x\"}",          1, "has a member besides username, password_hash, "},
};
// clang-format on

static void bad_lines(void **state)
{
    struct import_report report;
    struct told told;
    struct fixture f;
    int64_t count;

    (void)state;
    fixture_open(&f);
    for (size_t i = 0; i < COUNT(bad_rows); i++) {
        const struct bad_row *row = &bad_rows[i];

        CASE(row->name);
        CHECK_EQ(import(&f, row->text, &told, &report), IMPORT_BAD_LINES);
        CHECK_EQ(report.bad, 1);
        CHECK_EQ(report.users, 0);
        CHECK_EQ(told.lines[0], row->line);
        if (!CHECK(strncmp(told.why[0], row->why, strlen(row->why)) == 0))
            check_note("%s", told.why[0]);
        CHECK_EQ(store_user_count(f.store, &count), STORE_OK);
        CHECK_EQ(count, 1);
    }
    CASE("several are told, each with its number");
    CHECK_EQ(import(&f, "x\n" USER("bob") "}\ny\n", &told, &report),
             IMPORT_BAD_LINES);
    CHECK_EQ(report.bad, 2);
    CHECK_EQ(told.lines[0], 1);
    CHECK_EQ(told.lines[1], 3);
    fixture_close(&f);
}

static const char good[] =
    USER("bob") ",\"email\":\"bob@example.org\",\"roles\":[\"admin\",\"user\"],"
                "\"verified\":true}\r\n"
                "\n"
                "{\"username\":\"Ju\\u0308rgen\",\"disabled\":true,"
                "\"password_hash\":\"" PBKDF2 "\"}";

static void good_lines(void **state)
{
    struct import_report report;
    struct store_value kinds;
    struct store_user user;
    struct told told;
    struct fixture f;

    (void)state;
    fixture_open(&f);
    CASE("all are added");
    CHECK_EQ(import(&f, good, &told, &report), IMPORT_OK);
    CHECK_EQ(report.users, 2);
    CHECK_EQ(report.bad, 0);
    CASE("with all that was said of them");
    CHECK_EQ(store_user_by_name(f.store, "bob", &user), STORE_OK);
    CHECK_TEXT(user.email, "bob@example.org");
    CHECK_TEXT(user.roles, "user admin");
    CHECK_TEXT(user.password, HASH);
    CHECK(user.verified && !user.disabled);
    CHECK_EQ(user.created_s, FIXTURE_NOW_S);
    CASE("names are in one form, and what is not said is the usual");
    CHECK_EQ(store_user_by_name(f.store, "J\xc3\xbcrgen", &user), STORE_OK);
    CHECK_TEXT(user.roles, "user");
    CHECK(user.disabled && !user.verified);
    CASE("what kinds of hashes are there is known");
    CHECK_EQ(store_setting_get(f.store, FOREIGN_SETTING, &kinds), STORE_OK);
    CHECK_BYTES(kinds.bytes, kinds.length, "$2b$04$\npbkdf2_sha256$1000$\n",
                28);
    CASE("the same file once more adds nobody");
    CHECK_EQ(import(&f, good, &told, &report), IMPORT_BAD_LINES);
    CHECK_EQ(report.bad, 2);
    CASE("an empty file is no mistake");
    CHECK_EQ(import(&f, "", &told, &report), IMPORT_OK);
    CHECK_EQ(report.users, 0);
    fixture_close(&f);
}

static void limits(void **state)
{
    static char text[IMPORT_LINE_MAX + 16];
    struct import_config config = {.now_s = FIXTURE_NOW_S, .bad = note};
    struct import_report report;
    struct told told = {.count = 0};
    struct fixture f;
    size_t length;

    (void)state;
    fixture_open(&f);
    CASE("the longest line, with blanks to its end");
    length = (size_t)snprintf(text, sizeof text, "%s}", USER("bob"));
    memset(text + length, ' ', sizeof text - length);
    (void)snprintf(text + IMPORT_LINE_MAX, 2, "\n");
    CHECK_EQ(import(&f, text, &told, &report), IMPORT_OK);
    CHECK_EQ(report.users, 1);
    CASE("a longer one is told, and the next is read");
    memset(text + IMPORT_LINE_MAX, ' ', 2);
    (void)snprintf(text + IMPORT_LINE_MAX + 2, 8, "\nx\n");
    CHECK_EQ(import(&f, text, &told, &report), IMPORT_BAD_LINES);
    CHECK_EQ(told.lines[0], 1);
    CHECK_TEXT(told.why[0], "too long");
    CHECK_EQ(told.lines[1], 2);
    CASE("what cannot be read twice is refused");
    config.store = f.store;
    config.context = &told;
    config.file = popen("printf x", "r");
    if (CHECK(config.file != NULL)) {
        CHECK_EQ(import_users(&config, &report), IMPORT_FAILED);
        CHECK(strstr(report.why, "plain file") != NULL);
        (void)pclose(config.file);
    }
    fixture_check_whole(f.store);
    fixture_close(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_lines),
        cmocka_unit_test(good_lines),
        cmocka_unit_test(limits),
    };

    return fixture_run("server/import", tests);
}
