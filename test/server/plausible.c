#include "server/plausible.h"

#include <string.h>
#include <time.h>

#include "check.h"

struct row {
    const char *name;
    enum reply_kind (*judge)(struct span text);
    struct span text;
    enum reply_kind want;
};

static char long_text[600];

// clang-format off
static const struct row rows[] = {
    {"a plain name",               plausible_name,  {"ada", 3},               CASE_OK      },
    {"a name beyond ASCII",        plausible_name,  {"J\xc3\xbcrgen", 7},     CASE_OK      },
    {"a name with a blank inside", plausible_name,  {"ada l", 5},             CASE_OK      },
    {"no name",                    plausible_name,  {"", 0},                  CASE_BLANK   },
    {"a name of blanks",           plausible_name,  {"  ", 2},                CASE_BLANK   },
    {"a NUL in a name",            plausible_name,  {"a\0b", 3},              CASE_INVALID },
    {"a new line in a name",       plausible_name,  {"a\nb", 3},              CASE_INVALID },
    {"a DEL in a name",            plausible_name,  {"a\x7f", 2},             CASE_INVALID },
    {"a C1 control in a name",     plausible_name,  {"a\xc2\x85", 3},         CASE_INVALID },
    {"a name that turns around",   plausible_name,  {"a\xe2\x80\xae" "b", 5}, CASE_INVALID },
    {"a name with a line's end",   plausible_name,  {"a\xe2\x80\xa8", 4},     CASE_INVALID },
    {"a byte order mark",          plausible_name,  {"\xef\xbb\xbf" "a", 4},  CASE_INVALID },
    {"a name of no UTF-8",         plausible_name,  {"a\xff", 2},             CASE_INVALID },
    {"a name in Arabic",           plausible_name,  {"\xd8\xb9\xd9\x84\xd9\x8a", 6}, CASE_OK},
    {"a name with a joiner in it", plausible_name,  {"\xe0\xa4\x95\xe0\xa5\x8d\xe2\x80\x8d", 9}, CASE_OK},
    {"a name that is a picture",   plausible_name,  {"\xf0\x9f\x98\x80", 4}, CASE_OK      },
    {"a character not assigned",   plausible_name,  {"\xcd\xb8", 2},         CASE_INVALID },
    {"the longest name",           plausible_name,  {long_text, 150},         CASE_OK      },
    {"a name one byte longer",     plausible_name,  {long_text, 151},         CASE_TOO_LONG},
    {"an address",                 plausible_email, {"a@b.c", 5},             CASE_OK      },
    {"an address without a point", plausible_email, {"a@localhost", 11},      CASE_OK      },
    {"no at sign",                 plausible_email, {"abc", 3},               CASE_INVALID },
    {"nothing before it",          plausible_email, {"@b.c", 4},              CASE_INVALID },
    {"nothing behind it",          plausible_email, {"a@", 2},                CASE_INVALID },
    {"two of them",                plausible_email, {"a@b@c", 5},             CASE_INVALID },
    {"a blank in it",              plausible_email, {"a b@c", 5},             CASE_INVALID },
    {"a NUL in an address",        plausible_email, {"a\0@b.c", 6},           CASE_INVALID },
    {"a title of no UTF-8",        plausible_title, {"a\xff", 2},             CASE_INVALID },
    {"the longest title",          plausible_title, {long_text, 512},         CASE_OK      },
    {"a title one byte longer",    plausible_title, {long_text, 513},         CASE_TOO_LONG},
};
// clang-format on

static void judged(void **state)
{
    (void)state;
    memset(long_text, 'x', sizeof long_text);
    for (size_t i = 0; i < COUNT(rows); i++) {
        CASE(rows[i].name);
        CHECK_EQ(rows[i].judge(rows[i].text), rows[i].want);
    }
}

struct password_row {
    const char *name;
    size_t length; /* of long_text, or... */
    const char *text;
    enum reply_kind want[3];
};

// clang-format off
static const struct password_row passwords[] = {
    {"eight characters",                0,   "k9#Qx2vT",           {0}                              },
    {"seven characters",                0,   "k9#Qx2v",            {CASE_TOO_SHORT}                 },
    {"eight that everybody has",        0,   "iloveyou",           {CASE_TOO_COMMON}                },
    {"a word and a digit",              0,   "Password1",          {CASE_TOO_COMMON}                },
    {"a common word over and over",     0,   "passwordpasswordpasswordpassword", {CASE_TOO_COMMON}  },
    {"three words of a person's own",   0,   "ink-lathe-1843",     {0}                              },
    {"eight characters of four bytes",  0,   "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80", {0}},
    {"four characters of two bytes",    0,   "\xc3\xbc\xc3\xa4\xc3\xb6\xc3\x9f", {CASE_TOO_SHORT}    },
    {"digits only, by chance",          0,   "8301749215",         {0}                              },
    {"few digits only",                 0,   "8301",               {CASE_TOO_SHORT, CASE_TOO_COMMON, CASE_ALL_DIGITS}},
    {"as long as may be",               256, NULL,                 {0}                              },
    {"longer",                          257, NULL,                 {CASE_TOO_LONG}                  },
};
// clang-format on

static void new_passwords(void **state)
{
    const struct plausible_about nothing = {{{'\0'}}};

    (void)state;
    for (size_t i = 0; i < sizeof long_text; i++)
        long_text[i] = "kq7Zp-vX2m"[i * i % 10];
    for (size_t i = 0; i < COUNT(passwords); i++) {
        const struct password_row *row = &passwords[i];
        struct span text = {long_text, row->length};
        enum reply_kind got[3] = {0};

        CASE(row->name);
        if (row->text != NULL)
            text = span_of(row->text);
        (void)plausible_password(text, plausible_guess(text, &nothing).kind,
                                 got, COUNT(got));
        for (size_t k = 0; k < COUNT(got); k++)
            CHECK_EQ(got[k], row->want[k]);
    }
}

struct reason_row {
    const char *name;
    const char *password;
    enum reply_kind kind;
    const char *reason; /* a part of it */
};

// clang-format off
static const struct reason_row reason_rows[] = {
    {"a word in use",              "iloveyou",     CASE_TOO_COMMON, "words or names"},
    {"letters put into disguise",  "p4ssw0rd",     CASE_TOO_COMMON, "other signs"},
    {"the same over and over",     "%%%%%%%%%%%%", CASE_TOO_COMMON, "repeats"},
    {"a sequence",                 "fghijklmno",   CASE_TOO_COMMON, "sequence"},
    {"neighbours on the keyboard", "dfghjkl;",     CASE_TOO_COMMON, "keyboard"},
    {"a day",                      "13.11.1984",   CASE_TOO_COMMON, "date"},
    {"the user's own name",        "grimbald1",    CASE_TOO_LIKE,   "user name"},
    {"the address, its head",      "nettlewort9",  CASE_TOO_LIKE,   "e-mail address"},
    {"nothing of these",           "k9#Qx2vTpL",   CASE_OK,         ""},
};
// clang-format on

static void reasons(void **state)
{
    const struct plausible_about about =
        plausible_about(SPAN("grimbald"), SPAN("nettlewort@example.org"));

    (void)state;
    for (size_t i = 0; i < COUNT(reason_rows); i++) {
        const struct reason_row *row = &reason_rows[i];
        struct plausible_guess guess =
            plausible_guess(span_of(row->password), &about);

        CASE(row->name);
        CHECK_EQ(guess.kind, row->kind);
        if (!CHECK(strstr(guess.reason, row->reason) != NULL))
            check_note("%s: %s", row->password, guess.reason);
    }
}

static void copies(void **state)
{
    char out[6];

    (void)state;
    CASE("what fits is copied whole");
    plausible_copy(SPAN("abcde"), out, sizeof out);
    CHECK_TEXT(out, "abcde");
    CASE("what does not is cut");
    plausible_copy(SPAN("abcdef"), out, sizeof out);
    CHECK_TEXT(out, "abcde");
    CASE("never inside a character");
    plausible_copy(SPAN("abcd\xc3\xbc"), out, sizeof out);
    CHECK_TEXT(out, "abcd");
    CASE("a control character shows as a question mark");
    plausible_copy(SPAN("a\0\n"), out, sizeof out);
    CHECK_TEXT(out, "a??");
    CASE("and so does a byte that is no UTF-8");
    plausible_copy(SPAN("a\xff\xc3z"), out, sizeof out);
    CHECK_TEXT(out, "a??z");
}

/* Milliseconds of this thread's own time. */
static int64_t used_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now); // cannot fail on Linux
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void guesses(void **state)
{
    int64_t begin_ms;

    (void)state;
    for (size_t i = 0; i < sizeof long_text; i++)
        long_text[i] = "12"[i % 2];
    CASE("a password made to cost much is judged within 100 ms");
    begin_ms = used_ms();
    CHECK(plausible_is_common((struct span){long_text, sizeof long_text}));
    CHECK(used_ms() - begin_ms < 100);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(judged),  cmocka_unit_test(new_passwords),
        cmocka_unit_test(reasons), cmocka_unit_test(copies),
        cmocka_unit_test(guesses),
    };

    return check_run("server/plausible", tests);
}
