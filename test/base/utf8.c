#include "base/utf8.h"

#include <string.h>

#include "check.h"

struct length_case {
    const char *name;
    const char *bytes;
    size_t size, length;
};

#define BYTES(literal) (literal), sizeof(literal) - 1

/* Both sides of every bound in the table of RFC 3629, section 4. */
static const struct length_case length_cases[] = {
    {"nothing",                      BYTES(""),                 0},
    {"NUL",                          BYTES("\x00"),             1},
    {"the last of one byte",         BYTES("\x7F"),             1},
    {"a later byte first",           BYTES("\x80\x80"),         0},
    {"the last later byte first",    BYTES("\xBF\x80"),         0},
    {"C0: an overlong NUL",          BYTES("\xC0\x80"),         0},
    {"C1: an overlong letter",       BYTES("\xC1\xBF"),         0},
    {"U+0080",                       BYTES("\xC2\x80"),         2},
    {"U+07FF",                       BYTES("\xDF\xBF"),         2},
    {"two bytes, the second below",  BYTES("\xC2\x7F"),         0},
    {"two bytes, the second above",  BYTES("\xC2\xC0"),         0},
    {"two bytes, cut",               BYTES("\xC2"),             0},
    {"overlong in three bytes",      BYTES("\xE0\x9F\xBF"),     0},
    {"U+0800",                       BYTES("\xE0\xA0\x80"),     3},
    {"U+D7FF",                       BYTES("\xED\x9F\xBF"),     3},
    {"U+D800, a surrogate",          BYTES("\xED\xA0\x80"),     0},
    {"U+DFFF, a surrogate",          BYTES("\xED\xBF\xBF"),     0},
    {"U+E000",                       BYTES("\xEE\x80\x80"),     3},
    {"U+FFFF",                       BYTES("\xEF\xBF\xBF"),     3},
    {"three bytes, the third below", BYTES("\xE1\x80\x7F"),     0},
    {"three bytes, the third above", BYTES("\xE1\x80\xC0"),     0},
    {"three bytes, cut to two",      BYTES("\xE1\x80"),         0},
    {"overlong in four bytes",       BYTES("\xF0\x8F\xBF\xBF"), 0},
    {"U+10000",                      BYTES("\xF0\x90\x80\x80"), 4},
    {"U+40000",                      BYTES("\xF1\x80\x80\x80"), 4},
    {"U+FFFFF",                      BYTES("\xF3\xBF\xBF\xBF"), 4},
    {"U+10FFFF",                     BYTES("\xF4\x8F\xBF\xBF"), 4},
    {"U+110000",                     BYTES("\xF4\x90\x80\x80"), 0},
    {"F5",                           BYTES("\xF5\x80\x80\x80"), 0},
    {"FF",                           BYTES("\xFF\x80\x80\x80"), 0},
    {"four bytes, the fourth below", BYTES("\xF1\x80\x80\x7F"), 0},
    {"four bytes, cut to three",     BYTES("\xF1\x80\x80"),     0},
    {"the first of two characters",  BYTES("\xC3\xA4\xC3\xB6"), 2},
};

static void lengths(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(length_cases); i++) {
        const struct length_case *c = &length_cases[i];

        CASE(c->name);
        CHECK_EQ(utf8_length((struct span){c->bytes, c->size}), c->length);
    }
}

static void every_character(void **state)
{
    size_t wrong = 0;
    char out[UTF8_MAX];

    (void)state;
    CASE("every code point is written as one character");
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        size_t length = utf8_put(c, out);
        bool surrogate = c >= 0xD800 && c <= 0xDFFF;

        if (utf8_length((struct span){out, length}) != (surrogate ? 0 : length))
            wrong++;
    }
    CHECK_EQ(wrong, 0);
    CASE("the euro sign, the treble clef");
    CHECK_BYTES(out, utf8_put(0x20AC, out), "\xE2\x82\xAC", 3);
    CHECK_BYTES(out, utf8_put(0x1D11E, out), "\xF0\x9D\x84\x9E", 4);
}

static bool plain_by_rfc8259(unsigned c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* One byte of any value, at each place of texts around the word's size. */
static void plain(void **state)
{
    enum { LONGEST = 20 };
    char text[LONGEST];

    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        size_t wrong = 0;

        check_case("a run ends at byte %02X only if it must", c);
        for (size_t size = 1; size <= LONGEST; size++)
            for (size_t at = 0; at < size; at++) {
                memset(text, 'x', sizeof text);
                text[at] = (char)c;
                wrong += utf8_plain((struct span){text, size}) !=
                         (plain_by_rfc8259(c) ? size : at);
            }
        CHECK_EQ(wrong, 0);
    }
    CASE("nothing has no run");
    CHECK_EQ(utf8_plain((struct span){NULL, 0}), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths),
        cmocka_unit_test(every_character),
        cmocka_unit_test(plain),
    };

    return check_run("base/utf8", tests);
}
