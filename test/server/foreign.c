/* Hashes of other programs: which are taken, whom they fit, what they cost. */
#include "server/foreign.h"

#include <stdio.h>
#include <string.h>

#include "check.h"

/* Of "correct horse", by Python's crypt and hashlib. */
/* Of the reference implementation's own tests. */
#define ARGON2_END "c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"
#define ARGON2 "$argon2id$v=19$m=256,t=2,p=2$" ARGON2_END
#define BCRYPT_B "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"
#define BCRYPT_A "$2a$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2"
#define BCRYPT_Y "$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"
#define PBKDF2                                                                 \
    "pbkdf2_sha256$1000$abcdefghijkl$"                                         \
    "0zdgqPwvrX5uWgeujZ5fdcMXA2ja2gN9VYtiAbPFU+8="
/* Of three characters, the second of them beyond ASCII. */
#define BCRYPT_WIDE                                                            \
    "$2b$04$abcdefghijklmnopqrstuuKRMxlXY/sHkwZfCgnavfvEc9oJv6iw6"

struct check_row {
    const char *name;
    const char *hash;
    struct span password;
    enum foreign_result want;
};

// clang-format off
static const struct check_row check_rows[] = {
    {"bcrypt, of today",              BCRYPT_B,    {"correct horse", 13}, FOREIGN_RIGHT},
    {"bcrypt, of former days",        BCRYPT_A,    {"correct horse", 13}, FOREIGN_RIGHT},
    {"bcrypt, of PHP",                BCRYPT_Y,    {"correct horse", 13}, FOREIGN_RIGHT},
    {"bcrypt, another password",      BCRYPT_B,    {"correct house", 13}, FOREIGN_WRONG},
    {"bcrypt, none",                  BCRYPT_B,    {"", 0},               FOREIGN_WRONG},
    {"bcrypt, beyond ASCII",          BCRYPT_WIDE, {"f\xc3\xbcr", 4},     FOREIGN_RIGHT},
    {"bcrypt, a NUL behind it",       BCRYPT_B,    {"correct horse\0x", 15}, FOREIGN_WRONG},
    {"PBKDF2",                        PBKDF2,      {"correct horse", 13}, FOREIGN_RIGHT},
    {"PBKDF2, another password",      PBKDF2,      {"correct horsf", 13}, FOREIGN_WRONG},
    {"PBKDF2, a NUL behind it",       PBKDF2,      {"correct horse\0", 14}, FOREIGN_WRONG},
    {"argon2id of two lanes",         ARGON2,      {"password", 8},       FOREIGN_RIGHT},
    {"argon2id, another password",    ARGON2,      {"passwore", 8},       FOREIGN_WRONG},
};
// clang-format on

static void checks(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(check_rows); i++) {
        const struct check_row *row = &check_rows[i];

        CASE(row->name);
        CHECK_EQ(foreign_check(row->hash, row->password), row->want);
    }
}

struct read_row {
    const char *name;
    const char *hash;
    const char *kind; /* NULL: it is not taken */
};

#define SALT_DIGEST "abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"
#define DIGEST "0zdgqPwvrX5uWgeujZ5fdcMXA2ja2gN9VYtiAbPFU+8="
#define LONG_SALT "0123456789abcdef0123456789abcdef"

// clang-format off
static const struct read_row read_rows[] = {
    {"bcrypt is known by its cost",   BCRYPT_A,                               "$2b$05$"},
    {"the letter is no matter",       BCRYPT_Y,                               "$2b$04$"},
    {"PBKDF2 by its rounds",          PBKDF2,                                 "pbkdf2_sha256$1000$"},
    {"the least cost",                "$2b$04$" SALT_DIGEST,                  "$2b$04$"},
    {"less",                          "$2b$03$" SALT_DIGEST,                  NULL},
    {"the highest cost",              "$2b$14$" SALT_DIGEST,                  "$2b$14$"},
    {"higher",                        "$2b$15$" SALT_DIGEST,                  NULL},
    {"a letter that had a mistake",   "$2x$04$" SALT_DIGEST,                  NULL},
    {"one character less",            "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6", NULL},
    {"one character more",            "$2b$04$" SALT_DIGEST "x",              NULL},
    {"a character that is none",      "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6+", NULL},
    {"the most rounds",               "pbkdf2_sha256$5000000$s$" DIGEST,      "pbkdf2_sha256$5000000$"},
    {"one more",                      "pbkdf2_sha256$5000001$s$" DIGEST,      NULL},
    {"no rounds",                     "pbkdf2_sha256$0$s$" DIGEST,            NULL},
    {"rounds below none",             "pbkdf2_sha256$-1$s$" DIGEST,           NULL},
    {"rounds with a zero before",     "pbkdf2_sha256$01$s$" DIGEST,           NULL},
    {"rounds that are none",          "pbkdf2_sha256$$s$" DIGEST,             NULL},
    {"no salt",                       "pbkdf2_sha256$1$$" DIGEST,             NULL},
    {"the longest salt",              "pbkdf2_sha256$1$" LONG_SALT LONG_SALT "$" DIGEST, "pbkdf2_sha256$1$"},
    {"a longer one",                  "pbkdf2_sha256$1$x" LONG_SALT LONG_SALT "$" DIGEST, NULL},
    {"a digest that is cut",          "pbkdf2_sha256$1$s$0zdgqPwv",           NULL},
    {"a digest of other characters",  "pbkdf2_sha256$1$s$0zdgqPwvrX5uWgeujZ5fdcMXA2ja2gN9VYtiAbPF*+8=", NULL},
    {"a digest without padding",      "pbkdf2_sha256$1$s$0zdgqPwvrX5uWgeujZ5fdcMXA2ja2gN9VYtiAbPFU+8A", NULL},
    {"another digest",                "pbkdf2_sha1$1$s$" DIGEST,              NULL},
    {"argon2id by its costs",         ARGON2,                                 "$argon2id$v=19$m=256,t=2,p=2$"},
    {"the most of each",              "$argon2id$v=19$m=131072,t=10,p=16$" ARGON2_END, "$argon2id$v=19$m=131072,t=10,p=16$"},
    {"more memory",                   "$argon2id$v=19$m=131073,t=1,p=1$" ARGON2_END, NULL},
    {"more passes",                   "$argon2id$v=19$m=8,t=11,p=1$" ARGON2_END, NULL},
    {"more lanes",                    "$argon2id$v=19$m=256,t=1,p=17$" ARGON2_END, NULL},
    {"no passes",                     "$argon2id$v=19$m=256,t=0,p=1$" ARGON2_END, NULL},
    {"costs in another order",        "$argon2id$v=19$t=1,m=256,p=1$" ARGON2_END, NULL},
    {"a cost too few",                "$argon2id$v=19$m=256,t=1$" ARGON2_END, NULL},
    {"argon2id of former days",       "$argon2id$v=16$m=256,t=1,p=1$" ARGON2_END, NULL},
    {"argon2i",                       "$argon2i$v=19$m=256,t=1,p=1$" ARGON2_END, NULL},
    {"argon2id without its digest",   "$argon2id$v=19$m=256,t=1,p=1$c29tZXNhbHQ", NULL},
    {"one that is no base64",         "$argon2id$v=19$m=256,t=1,p=1$c29tZXNhbHQ$bQ!!", NULL},
    {"nothing",                       "",                                     NULL},
};
// clang-format on

static void reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(read_rows); i++) {
        const struct read_row *row = &read_rows[i];
        struct foreign_kind kind = {""};

        CASE(row->name);
        CHECK_EQ(foreign_read(row->hash, &kind), row->kind != NULL);
        CHECK_TEXT(kind.text, row->kind != NULL ? row->kind : "");
    }
}

static void kinds(void **state)
{
    struct foreign_kinds all = {.count = 0}, again;
    struct foreign_kind kind;
    char text[FOREIGN_KINDS_MAX * FOREIGN_KIND_SIZE];
    size_t length;

    (void)state;
    CASE("as many kinds as may be, each once");
    for (int i = 0; i < FOREIGN_KINDS_MAX; i++) {
        (void)snprintf(kind.text, sizeof kind.text, "pbkdf2_sha256$%d$", i + 1);
        CHECK(foreign_add(&all, &kind));
        CHECK(foreign_add(&all, &kind));
    }
    CHECK_EQ(all.count, FOREIGN_KINDS_MAX);
    CASE("one more is not taken");
    (void)snprintf(kind.text, sizeof kind.text, "$2b$04$");
    CHECK(!foreign_add(&all, &kind));
    CASE("written and read they are the same");
    length = foreign_write(&all, text, sizeof text);
    foreign_parse((struct span){text, length}, &again);
    CHECK_EQ(again.count, all.count);
    for (size_t i = 0; i < again.count; i++)
        CHECK_TEXT(again.list[i].text, all.list[i].text);
    CASE("nothing is none");
    foreign_parse((struct span){text, 0}, &again);
    CHECK_EQ(again.count, 0);
    CASE("what is spent does no harm");
    for (size_t i = 0; i < all.count; i++)
        foreign_spend(&all.list[i], (struct span){"x", 1});
    foreign_spend(&kind, (struct span){"x", 1});
    CHECK(foreign_read(ARGON2, &kind));
    foreign_spend(&kind, (struct span){"x", 1});
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks),
        cmocka_unit_test(reads),
        cmocka_unit_test(kinds),
    };

    return check_run("server/foreign", tests);
}
