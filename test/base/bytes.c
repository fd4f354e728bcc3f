#include "base/bytes.h"

#include <string.h>

#include "check.h"

struct pair_case {
    const char *name;
    const char *a, *b;
    bool equal, nocase, starts; /* starts: `a` with `b` */
};

static const struct pair_case pair_cases[] = {
    {"empty and empty",             "",         "",         true,  true,  true },
    {"NULL is empty",               NULL,       "",         true,  true,  true },
    {"the same text",               "abc",      "abc",      true,  true,  true },
    {"another last letter",         "abc",      "abd",      false, false, false},
    {"another first letter",        "abc",      "bbc",      false, false, false},
    {"only the case differs",       "aBc",      "AbC",      false, true,  false},
    {"a prefix",                    "abc",      "ab",       false, false, true },
    {"longer than the text",        "ab",       "abc",      false, false, false},
    {"every text starts with none", "ab",       "",         false, false, true },
    {"@ is no small `",             "@",        "`",        false, false, false},
    {"[ is no capital {",           "[",        "{",        false, false, false},
    {"a to z and A to Z",           "aAzZ",     "AaZz",     false, true,  false},
    {"letters beyond ASCII differ", "\xC3\x84", "\xC3\xA4", false, false,
     false                                                                     },
};

static void pairs(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(pair_cases); i++) {
        const struct pair_case *c = &pair_cases[i];
        struct span a = span_of(c->a);
        struct span b = span_of(c->b);

        CASE(c->name);
        CHECK_EQ(span_equal(a, b), c->equal);
        CHECK_EQ(span_equal(b, a), c->equal);
        CHECK_EQ(span_is(a, c->b), c->equal);
        CHECK_EQ(span_equal_nocase(a, b), c->nocase);
        CHECK_EQ(span_starts(a, b), c->starts);
    }
}

struct cut_case {
    const char *name;
    size_t count;
    const char *head, *tail;
};

static const struct cut_case cut_cases[] = {
    {"nothing",                0,        "",    "abc"},
    {"one byte",               1,        "a",   "bc" },
    {"all but one",            2,        "ab",  "c"  },
    {"all",                    3,        "abc", ""   },
    {"one more than there is", 4,        "abc", ""   },
    {"the largest count",      SIZE_MAX, "abc", ""   },
};

static void cuts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cut_cases); i++) {
        const struct cut_case *c = &cut_cases[i];

        CASE(c->name);
        CHECK(span_is(span_head(SPAN("abc"), c->count), c->head));
        CHECK(span_is(span_tail(SPAN("abc"), c->count), c->tail));
    }
    CASE("cutting the empty span");
    CHECK_EQ(span_head((struct span){NULL, 0}, 1).length, 0);
    CHECK_EQ(span_tail((struct span){NULL, 0}, 1).length, 0);
}

static const struct {
    const char *name, *text, *want;
} trim_cases[] = {
    {"nothing to take off",       "a b",      "a b"   },
    {"spaces and tabs, in front", " \ta",     "a"     },
    {"and behind",                "a\t ",     "a"     },
    {"and inside, which stay",    " a \t b ", "a \t b"},
    {"nothing but them",          " \t ",     ""      },
    {"no line end",               "a\r",      "a\r"   },
    {"the empty text",            "",         ""      },
};

static void trims(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(trim_cases); i++) {
        CASE(trim_cases[i].name);
        CHECK(span_is(span_trim(span_of(trim_cases[i].text)),
                      trim_cases[i].want));
    }
}

static void finding(void **state)
{
    (void)state;
    CASE("found first, in the middle, last");
    CHECK_EQ(span_find(SPAN("abcabc"), 'a'), 0);
    CHECK_EQ(span_find(SPAN("abcabc"), 'b'), 1);
    CHECK_EQ(span_find(SPAN("abcd"), 'd'), 3);
    CASE("absent: the length");
    CHECK_EQ(span_find(SPAN("abc"), 'x'), 3);
    CHECK_EQ(span_find((struct span){NULL, 0}, 'x'), 0);
    CASE("a NUL is a byte as any other");
    CHECK_EQ(span_find((struct span){"a\0b", 3}, '\0'), 1);
    CASE("each place, on both sides of eight bytes at a time");
    for (size_t length = 0; length <= 20; length++)
        for (size_t at = 0; at <= length; at++) {
            char text[21];

            memset(text, '\xff', sizeof text);
            text[at] = '\x80';
            CHECK_EQ(span_find((struct span){text, length}, '\x80'), at);
        }
}

/* Each single bit of difference, at every place, must be seen. */
static void secrets(void **state)
{
    uint8_t a[32] = {0};
    uint8_t b[32] = {0};

    (void)state;
    CASE("equal secrets, and nothing at all");
    CHECK(bytes_equal_secret(a, b, sizeof a));
    CHECK(bytes_equal_secret(a, b, 0));
    for (size_t bit = 0; bit < 8 * sizeof b; bit++) {
        check_case("bit %zu differs", bit);
        b[bit / 8] = (uint8_t)(1u << bit % 8);
        CHECK(!bytes_equal_secret(a, b, sizeof a));
        CHECK(bytes_equal_secret(a, b, bit / 8));
        b[bit / 8] = 0;
    }
}

static void wiping(void **state)
{
    char bytes[5] = "abcd";

    (void)state;
    CASE("what is named is wiped, and no more");
    bytes_wipe(bytes + 1, 2);
    CHECK_BYTES(bytes, 4, "a\0\0d", 4);
    CASE("NULL with 0");
    bytes_wipe(NULL, 0);
}

struct int_case {
    const char *name;
    const char *text;
    int64_t value; /* -1: must be refused */
};

static const struct int_case int_cases[] = {
    {"zero",                  "0",                    0        },
    {"one digit",             "7",                    7        },
    {"the largest",           "9223372036854775807",  INT64_MAX},
    {"one more",              "9223372036854775808",  -1       },
    {"ten times the largest", "92233720368547758070", -1       },
    {"2^64 does not wrap",    "18446744073709551616", -1       },
    {"no digit",              "",                     -1       },
    {"a leading zero",        "01",                   -1       },
    {"two zeros",             "00",                   -1       },
    {"a sign",                "+1",                   -1       },
    {"a minus",               "-1",                   -1       },
    {"a blank before",        " 1",                   -1       },
    {"a blank after",         "1 ",                   -1       },
    {"the byte before 0",     "1/",                   -1       },
    {"the byte after 9",      "1:",                   -1       },
    {"hexadecimal",           "0x10",                 -1       },
    {"a byte above ASCII",    "1\xB2",                -1       },
};

static void integers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(int_cases); i++) {
        const struct int_case *c = &int_cases[i];
        int64_t value = -1;

        CASE(c->name);
        CHECK_EQ(span_to_int(span_of(c->text), &value), c->value >= 0);
        CHECK_EQ(value, c->value);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs),    cmocka_unit_test(cuts),
        cmocka_unit_test(trims),    cmocka_unit_test(finding),
        cmocka_unit_test(secrets),  cmocka_unit_test(wiping),
        cmocka_unit_test(integers),
    };

    return check_run("base/bytes", tests);
}
