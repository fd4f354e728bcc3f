/* The one form of Unicode that names and passwords are kept in. */
#include "server/nfc.h"

#include <string.h>

#include "check.h"

struct nfc_row {
    const char *name;
    struct span text;
    const char *want; /* NULL: as the text */
    enum nfc_result result;
};

// clang-format off
static const struct nfc_row nfc_rows[] = {
    {"ASCII",                           {"ada", 3},                   NULL,               NFC_SAME   },
    {"nothing",                         {"", 0},                      NULL,               NFC_SAME   },
    {"composed already",                {"J\xc3\xbcrgen", 7},         NULL,               NFC_SAME   },
    {"a letter and its dots",           {"Ju\xcc\x88rgen", 8},        "J\xc3\xbcrgen",    NFC_OK     },
    {"the Angstrom sign",               {"\xe2\x84\xab", 3},          "\xc3\x85",         NFC_OK     },
    {"two marks in another order",      {"a\xcc\xa3\xcc\x81", 5},     "\xe1\xba\xa1\xcc\x81", NFC_OK },
    {"the same in theirs",              {"a\xcc\x81\xcc\xa3", 5},     "\xe1\xba\xa1\xcc\x81", NFC_OK },
    {"Hangul by parts",                 {"\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", 9}, "\xed\x95\x9c", NFC_OK},
    {"one that grows",                  {"\xf0\x9d\x85\xa0", 4},      "\xf0\x9d\x85\x98\xf0\x9d\x85\xa5\xf0\x9d\x85\xae", NFC_OK},
    {"a ligature stays what it is",     {"\xef\xac\x81", 3},          NULL,               NFC_SAME   },
    {"a picture",                       {"\xf0\x9f\x98\x80", 4},      NULL,               NFC_SAME   },
    {"a byte that is no UTF-8",         {"a\xff", 2},                 NULL,               NFC_INVALID},
    {"a character cut off",             {"\xe2\x84", 2},              NULL,               NFC_INVALID},
    {"half of a pair",                  {"\xed\xa0\x80", 3},          NULL,               NFC_INVALID},
    {"longer than it was written",      {"\xc0\xaf", 2},              NULL,               NFC_INVALID},
};
// clang-format on

static void forms(void **state)
{
    char out[64];

    (void)state;
    for (size_t i = 0; i < COUNT(nfc_rows); i++) {
        const struct nfc_row *row = &nfc_rows[i];
        size_t length = 0;

        CASE(row->name);
        CHECK_EQ(nfc_write(row->text, out, sizeof out, &length), row->result);
        if (row->want != NULL)
            CHECK_BYTES(out, length, row->want, strlen(row->want));
        CHECK_EQ(nfc_copy(row->text, out, sizeof out),
                 row->result == NFC_OK || row->result == NFC_SAME);
    }
}

static void limits(void **state)
{
    static char text[NFC_TEXT_MAX + 2];
    static char out[NFC_GROWTH * sizeof text];
    size_t length = 0;

    (void)state;
    for (size_t i = 0; i < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xbc", 2);
    CASE("the longest text");
    CHECK_EQ(
        nfc_write((struct span){text, NFC_TEXT_MAX}, out, sizeof out, &length),
        NFC_SAME);
    CASE("a longer one");
    CHECK_EQ(nfc_write((struct span){text, NFC_TEXT_MAX + 2}, out, sizeof out,
                       &length),
             NFC_LARGE);
    CASE("what grows by most fits three times its room");
    for (size_t i = 0; i + 4 <= NFC_TEXT_MAX; i += 4)
        memcpy(text + i, "\xf0\x9d\x85\xa0", 4);
    CHECK_EQ(
        nfc_write((struct span){text, NFC_TEXT_MAX}, out, sizeof out, &length),
        NFC_OK);
    CHECK_EQ(length, 3 * NFC_TEXT_MAX);
    CASE("and one byte less does not do");
    CHECK_EQ(nfc_write((struct span){text, NFC_TEXT_MAX}, out,
                       3 * NFC_TEXT_MAX - 1, &length),
             NFC_LARGE);
    CASE("a copy and its NUL fit, and one byte less does not do");
    CHECK(nfc_copy(SPAN("abc"), out, 4));
    CHECK_TEXT(out, "abc");
    CHECK(!nfc_copy(SPAN("abc"), out, 3));
    CHECK_TEXT(out, "");
    CASE("a NUL within is not copied");
    CHECK(!nfc_copy((struct span){"a\0b", 3}, out, 8));
    CHECK_TEXT(out, "");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(forms),
                                              cmocka_unit_test(limits)};

    return check_run("server/nfc", tests);
}
