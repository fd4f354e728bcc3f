#include "base/json.h"

#include <string.h>

#include "check.h"

struct string_case {
    const char *name;
    struct span text;
    const char *compact; /* also what JSON_SPACED writes */
    const char *html;
};

#define BYTES(literal)                                                         \
    {                                                                          \
        (literal), sizeof(literal) - 1                                         \
    }

static const struct string_case string_cases[] = {
    {"empty",                              BYTES(""),                       "\"\"",                "\"\""                                    },
    {"plain letters",                      BYTES("abc"),                    "\"abc\"",             "\"abc\""                                 },
    {"a quote",                            BYTES("a\"b"),                   "\"a\\\"b\"",          "\"a\\u0022b\""                           },
    {"a backslash",                        BYTES("a\\b"),                   "\"a\\\\b\"",          "\"a\\\\b\""                              },
    {"a solidus",                          BYTES("a/b"),                    "\"a/b\"",             "\"a\\/b\""                               },
    {"less and greater",                   BYTES("<>"),                     "\"<>\"",              "\"\\u003C\\u003E\""                      },
    {"an ampersand",                       BYTES("&"),                      "\"&\"",               "\"\\u0026\""                             },
    {"an apostrophe",                      BYTES("it's"),                   "\"it's\"",            "\"it\\u0027s\""                          },
    {"the named control characters",       BYTES("\b\f\n\r\t"),             "\"\\b\\f\\n\\r\\t\"",
     "\"\\b\\f\\n\\r\\t\""                                                                                                                   },
    {"NUL and the last control character", BYTES("\0\x1F"),
     "\"\\u0000\\u001f\"",                                                                         "\"\\u0000\\u001f\""                      },
    {"DEL",                                BYTES("\x7F"),                   "\"\x7F\"",            "\"\x7F\""                                },
    {"UTF-8 of two to four bytes",
     BYTES("\xC3\xA4\xE2\x82\xAC\xF0\x9D\x84\x9E"),
     "\"\xC3\xA4\xE2\x82\xAC\xF0\x9D\x84\x9E\"",                                                   "\"\xC3\xA4\xE2\x82\xAC\xF0\x9D\x84\x9E\""},
    {"a byte that is not UTF-8",
     BYTES("a\xFF"
           "b"),
     "\"a\xEF\xBF\xBD"
     "b\"",                                                                                        "\"a\xEF\xBF\xBD"
     "b\""                                                                                                                        },
    {"UTF-8 cut at the end",               BYTES("a\xC3"),                  "\"a\xEF\xBF\xBD\"",
     "\"a\xEF\xBF\xBD\""                                                                                                                     },
    {"a surrogate: each byte is replaced", BYTES("\xED\xA0\x80"),
     "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"",                                                   "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
    {"a long run, then a quote",           BYTES("0123456789abcdefghij\""),
     "\"0123456789abcdefghij\\\"\"",                                                               "\"0123456789abcdefghij\\u0022\""         },
};

static void check_written(struct span text, enum json_style style,
                          const char *want)
{
    char out[128];
    struct json_writer w;

    json_begin(&w, out, sizeof out, style);
    json_put_string(&w, text);
    CHECK(!w.overflow);
    CHECK_BYTES(out, w.length, want, strlen(want));
}

static void strings(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(string_cases); i++) {
        const struct string_case *c = &string_cases[i];

        CASE(c->name);
        check_written(c->text, JSON_COMPACT, c->compact);
        check_written(c->text, JSON_SPACED, c->compact);
        check_written(c->text, JSON_HTML_ESCAPED, c->html);
    }
}

/* What every style writes, and what the next rows cut at every size. */
static void put_everything(struct json_writer *w)
{
    json_open(w, '{');
    json_key(w, SPAN("a/b"));
    json_open(w, '[');
    json_put_int(w, -1);
    json_put_bool(w, true);
    json_put_bool(w, false);
    json_put_null(w);
    json_open(w, '[');
    json_close(w, ']');
    json_open(w, '{');
    json_close(w, '}');
    json_put_raw(w, SPAN("1e3"));
    json_close(w, ']');
    json_key(w, SPAN("\xC3\xA4"));
    json_put_string(w, SPAN("\n<\xFF"));
    json_close(w, '}');
}

struct style_case {
    const char *name;
    enum json_style style;
    const char *want;
};

static const struct style_case style_cases[] = {
    {"compact",      JSON_COMPACT,
     "{\"a/b\":[-1,true,false,null,[],{},1e3],"
     "\"\xC3\xA4\":\"\\n<\xEF\xBF\xBD\"}"      },
    {"spaced",       JSON_SPACED,
     "{\"a/b\": [-1, true, false, null, [], {}, 1e3], "
     "\"\xC3\xA4\": \"\\n<\xEF\xBF\xBD\"}"     },
    {"html-escaped", JSON_HTML_ESCAPED,
     "{\"a\\/b\":[-1,true,false,null,[],{},1e3],"
     "\"\xC3\xA4\":\"\\n\\u003C\xEF\xBF\xBD\"}"},
};

static void styles(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(style_cases); i++) {
        const struct style_case *c = &style_cases[i];
        char out[256];
        struct json_writer w;

        CASE(c->name);
        json_begin(&w, out, sizeof out, c->style);
        put_everything(&w);
        CHECK(!w.overflow);
        CHECK_BYTES(out, w.length, c->want, strlen(c->want));
    }
}

/* With `size` bytes of room: no byte beyond it, and a prefix of the whole. */
static void check_cut(const struct style_case *c, size_t size)
{
    size_t whole = strlen(c->want);
    char out[256];
    struct json_writer w;

    memset(out, '#', sizeof out);
    json_begin(&w, out, size, c->style);
    put_everything(&w);
    CHECK_EQ(w.overflow, size < whole);
    CHECK(w.length <= size);
    CHECK_EQ(out[size], '#');
    if (size >= whole)
        CHECK_EQ(w.length, whole);
}

static void overflow(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(style_cases); i++)
        for (size_t size = 0; size <= strlen(style_cases[i].want) + 1; size++) {
            check_case("%s, %zu bytes of room", style_cases[i].name, size);
            check_cut(&style_cases[i], size);
        }
    CASE("no room and no buffer");
    {
        struct json_writer w;

        json_begin(&w, NULL, 0, JSON_COMPACT);
        put_everything(&w);
        CHECK(w.overflow);
        CHECK_EQ(w.length, 0);
    }
}

struct int_case {
    const char *name;
    int64_t value;
    const char *want;
};

static const struct int_case int_cases[] = {
    {"zero",        0,         "0"                   },
    {"nine",        9,         "9"                   },
    {"ten",         10,        "10"                  },
    {"minus one",   -1,        "-1"                  },
    {"the largest", INT64_MAX, "9223372036854775807" },
    {"the least",   INT64_MIN, "-9223372036854775808"},
};

static void integers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(int_cases); i++) {
        char out[20];
        struct json_writer w;

        CASE(int_cases[i].name);
        json_begin(&w, out, sizeof out, JSON_COMPACT);
        json_put_int(&w, int_cases[i].value);
        CHECK(!w.overflow);
        CHECK_BYTES(out, w.length, int_cases[i].want,
                    strlen(int_cases[i].want));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings),
        cmocka_unit_test(styles),
        cmocka_unit_test(overflow),
        cmocka_unit_test(integers),
    };

    return check_run("base/json_write", tests);
}
