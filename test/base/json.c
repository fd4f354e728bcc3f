#include "base/json.h"

#include <string.h>

#include "check.h"

enum { TOKENS_MAX = 128 };

/*
 * `shape` is one letter a token: { [ s n t f 0; after a container its count.
 * `at` is where a text is wrong.
 */
struct parse_case {
    const char *name;
    const char *text;
    const char *shape; /* NULL: must be refused */
    size_t at;
};

static const struct parse_case parse_cases[] = {
    {"an empty object",                  "{}",                               "{0",          0},
    {"an empty array",                   "[]",                               "[0",          0},
    {"an empty string",                  "\"\"",                             "s",           0},
    {"a number alone",                   "0",                                "n",           0},
    {"true, false, null",                "[true,false,null]",                "[3tf0",       0},
    {"blanks of all four kinds",         " \t\r\n[ 1 , 2 ] ",                "[2nn",        0},
    {"blanks around a colon",            "{\"a\" :\n1}",                     "{1sn",        0},
    {"a key, then its value",            "{\"a\":1,\"b\":[]}",               "{2sns[0",     0},
    {"containers one inside another",    "[{\"a\":[[1]]},2]",                "[2{1s[1[1nn", 0},
    {"numbers of all shapes",            "[-0,0.5,-1.25,1e9,1E+9,1e-09,10]", "[7nnnnnnn",
     0                                                                                       },
    {"a solidus and DEL need no escape", "\"/\x7F\"",                        "s",           0},
    {"a string in UTF-8",                "\"\xC3\xA4\"",                     "s",           0},
    {"the eight short escapes",          "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",   "s",           0},
    {"nothing",                          "",                                 NULL,          0},
    {"only blanks",                      "  ",                               NULL,          2},
    {"a byte order mark",                "\xEF\xBB\xBF{}",                   NULL,          0},
    {"two values",                       "1 2",                              NULL,          2},
    {"a bracket too many",               "[]]",                              NULL,          2},
    {"an array not closed",              "[1",                               NULL,          2},
    {"an object not closed",             "{\"a\":1",                         NULL,          6},
    {"closed by the other bracket",      "[1}",                              NULL,          2},
    {"closed by the other bracket, {}",  "{\"a\":1]",                        NULL,          6},
    {"a comma at the end of an array",   "[1,]",                             NULL,          3},
    {"a comma at the end of an object",  "{\"a\":1,}",                       NULL,          7},
    {"a comma at the start",             "[,1]",                             NULL,          1},
    {"two commas",                       "[1,,2]",                           NULL,          3},
    {"no comma",                         "[1 2]",                            NULL,          3},
    {"a colon in an array",              "[1:2]",                            NULL,          2},
    {"no colon",                         "{\"a\" 1}",                        NULL,          5},
    {"no value",                         "{\"a\":}",                         NULL,          5},
    {"a key that is no string",          "{1:2}",                            NULL,          1},
    {"a key without quotes",             "{a:2}",                            NULL,          1},
    {"quotes of the other kind",         "['a']",                            NULL,          1},
    {"a comment",                        "[1/**/]",                          NULL,          2},
    {"a word cut",                       "[tru]",                            NULL,          1},
    {"a word too long",                  "[truex]",                          NULL,          5},
    {"a word in capitals",               "True",                             NULL,          0},
    {"NaN",                              "NaN",                              NULL,          0},
    {"a plus",                           "+1",                               NULL,          0},
    {"a minus alone",                    "-",                                NULL,          1},
    {"a minus before a letter",          "-x",                               NULL,          1},
    {"a leading zero",                   "01",                               NULL,          1},
    {"a leading point",                  ".5",                               NULL,          0},
    {"a point at the end",               "5.",                               NULL,          2},
    {"an exponent without digits",       "1e",                               NULL,          2},
    {"an exponent with a sign alone",    "1e+",                              NULL,          3},
    {"an exponent with two signs",       "1e-+1",                            NULL,          3},
    {"hexadecimal",                      "0x1",                              NULL,          1},
    {"a string not closed",              "\"abc",                            NULL,          4},
    {"a string cut in an escape",        "\"abc\\",                          NULL,          5},
    {"a string cut in \\u",              "\"\\u00",                          NULL,          5},
    {"a new line in a string",           "\"a\nb\"",                         NULL,          2},
    {"the last control character",       "\"\x1F\"",                         NULL,          1},
    {"an unknown escape",                "\"a\\xb\"",                        NULL,          3},
    {"an escape in capitals",            "\"\\N\"",                          NULL,          2},
    {"\\u with a letter beyond f",       "\"\\u00g0\"",                      NULL,          5},
    {"\\u with a byte before 0",         "\"\\u00/0\"",                      NULL,          5},
    {"UTF-8 cut by the quote",           "\"a\xC3\"",                        NULL,          2},
    {"a surrogate in UTF-8",             "\"\xED\xA0\x80\"",                 NULL,          1},
    {"Latin-1",                          "\"caf\xE9\"",                      NULL,          4},
};

static void draw_shape(const struct json *json, char *out)
{
    for (size_t i = 0; i < json->count; i++) {
        int type = json_type_at(json, i);

        *out++ = "{[sntf0"[type];
        if (type == JSON_OBJECT || type == JSON_ARRAY)
            *out++ = (char)('0' + json->token[i].count);
    }
    *out = '\0';
}

/* `next` of every container is where its last child's chain arrives. */
static bool chains_close(const struct json *json)
{
    for (size_t i = 0; i < json->count; i++) {
        const struct json_token *t = &json->token[i];
        size_t values = 0;
        size_t at = i + 1;

        while (at < t->next) {
            values++;
            at = json->token[t->type == JSON_OBJECT ? at + 1 : at].next;
        }
        if (at != t->next || values != t->count || t->next > json->count)
            return false;
    }
    return true;
}

static void parsing(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(parse_cases); i++) {
        const struct parse_case *c = &parse_cases[i];
        struct json_token tokens[TOKENS_MAX];
        struct json json;
        char shape[2 * TOKENS_MAX];

        CASE(c->name);
        CHECK_EQ(
            json_parse(&json, c->text, strlen(c->text), tokens, TOKENS_MAX),
            c->shape ? JSON_OK : JSON_INVALID);
        CHECK_EQ(json.error_offset, c->at);
        draw_shape(&json, shape);
        CHECK_TEXT(shape, c->shape ? c->shape : "");
        CHECK(chains_close(&json));
    }
}

/* `opening` so many times, then as many of `closing`. */
static size_t nest(char *out, size_t depth, const char *opening, char closing)
{
    size_t length = 0;

    for (size_t i = 0; i < depth; i++, length += strlen(opening))
        memcpy(out + length, opening, strlen(opening));
    if (closing == '}')
        out[length++] = '0';
    memset(out + length, closing, depth);
    return length + depth;
}

static void depth(void **state)
{
    char text[1024];
    struct json_token tokens[TOKENS_MAX];
    struct json json;

    (void)state;
    CASE("32 arrays one inside another");
    CHECK_EQ(json_parse(&json, text, nest(text, JSON_DEPTH_MAX, "[", ']'),
                        tokens, TOKENS_MAX),
             JSON_OK);
    CHECK(chains_close(&json));
    CASE("33 are too deep");
    CHECK_EQ(json_parse(&json, text, nest(text, JSON_DEPTH_MAX + 1, "[", ']'),
                        tokens, TOKENS_MAX),
             JSON_DEEP);
    CHECK_EQ(json.error_offset, JSON_DEPTH_MAX);
    CASE("32 objects one inside another");
    CHECK_EQ(json_parse(&json, text, nest(text, JSON_DEPTH_MAX, "{\"\":", '}'),
                        tokens, TOKENS_MAX),
             JSON_OK);
    CASE("33 objects are too deep");
    CHECK_EQ(json_parse(&json, text,
                        nest(text, JSON_DEPTH_MAX + 1, "{\"\":", '}'), tokens,
                        TOKENS_MAX),
             JSON_DEEP);
    CASE("many arrays beside one another are not deep");
    CHECK_EQ(json_parse(&json, "[[],[],[[],[]]]", 15, tokens, TOKENS_MAX),
             JSON_OK);
}

/* Needs `count` tokens; with one less it must be told apart from bad JSON. */
struct room_case {
    const char *name;
    const char *text;
    size_t count;
    size_t at; /* where the last token begins */
};

static const struct room_case room_cases[] = {
    {"a number",             " 1",               1, 1},
    {"a word",               "true",             1, 0},
    {"an array",             "[]",               1, 0},
    {"an array's last",      "[1,2]",            3, 3},
    {"a key",                "{\"a\":1}",        3, 5},
    {"the last object",      "[1,{}]",           3, 3},
    {"a string with blanks", "[ \"a\" , \"b\"]", 3, 8},
};

static void room(void **state)
{
    struct json_token tokens[TOKENS_MAX];
    struct json json;

    (void)state;
    for (size_t i = 0; i < COUNT(room_cases); i++) {
        const struct room_case *c = &room_cases[i];
        size_t length = strlen(c->text);

        CASE(c->name);
        CHECK_EQ(json_parse(&json, c->text, length, tokens, c->count), JSON_OK);
        CHECK_EQ(json.count, c->count);
        CHECK_EQ(json_parse(&json, c->text, length, tokens, c->count - 1),
                 JSON_MANY);
        CHECK_EQ(json.error_offset, c->at);
        CHECK_EQ(json.count, 0);
    }
    CASE("no room for a key");
    CHECK_EQ(json_parse(&json, "{\"a\":1}", 7, tokens, 1), JSON_MANY);
    CHECK_EQ(json.error_offset, 1);
    CASE("no token at all, and no array for them");
    CHECK_EQ(json_parse(&json, "1", 1, NULL, 0), JSON_MANY);
    CHECK_EQ(json_parse(&json, "", 0, NULL, 0), JSON_INVALID);
}

static void wide_array(void **state)
{
    enum { ELEMENTS = UINT16_MAX + 2 };
    static char text[2 * ELEMENTS + 1];
    static struct json_token tokens[ELEMENTS + 1];
    struct json json;

    (void)state;
    CASE("a count beyond 65,535 is cut, the chain is whole");
    for (size_t i = 0; i < ELEMENTS; i++)
        memcpy(text + 2 * i, i == 0 ? "[0" : ",0", 2);
    text[2 * ELEMENTS] = ']';
    CHECK_EQ(json_parse(&json, text, sizeof text, tokens, COUNT(tokens)),
             JSON_OK);
    CHECK_EQ(json.token[0].count, UINT16_MAX);
    CHECK_EQ(json.token[0].next, ELEMENTS + 1);
}

/* A string as it is written, and what it means. */
struct string_case {
    const char *name;
    const char *text;
    const char *value;
    size_t length;
};

#define VALUE(literal) (literal), sizeof(literal) - 1

static const struct string_case string_cases[] = {
    {"empty",                      "",                           VALUE("")                        },
    {"as it stands",               "abc",                        VALUE("abc")                     },
    {"UTF-8 as it stands",         "\xE2\x82\xAC",               VALUE("\xE2\x82\xAC")            },
    {"the short escapes",          "\\\"\\\\\\/\\b\\f\\n\\r\\t",
     VALUE("\"\\/\b\f\n\r\t")                                                                     },
    {"an escape between letters",  "a\\nb",                      VALUE("a\nb")                    },
    {"an escape at the end",       "ab\\n",                      VALUE("ab\n")                    },
    {"NUL",                        "a\\u0000b",                  VALUE("a\0b")                    },
    {"\\u in one byte",            "\\u007F",                    VALUE("\x7F")                    },
    {"\\u in two bytes",           "\\u00e4\\u07FF",             VALUE("\xC3\xA4\xDF\xBF")        },
    {"\\u in three bytes",         "\\u20aC\\uFFFF",             VALUE("\xE2\x82\xAC\xEF\xBF\xBF")},
    {"the first pair",             "\\uD800\\uDC00",             VALUE("\xF0\x90\x80\x80")        },
    {"the last pair",              "\\uDBFF\\uDFFF",             VALUE("\xF4\x8F\xBF\xBF")        },
    {"a pair in small letters",    "\\ud834\\udd1e",             VALUE("\xF0\x9D\x84\x9E")        },
    {"just below the surrogates",  "\\uD7FF",                    VALUE("\xED\x9F\xBF")            },
    {"just above the surrogates",  "\\uE000",                    VALUE("\xEE\x80\x80")            },
    {"a high surrogate alone",     "\\uD800",                    VALUE("\xEF\xBF\xBD")            },
    {"a low surrogate alone",      "\\uDC00",                    VALUE("\xEF\xBF\xBD")            },
    {"a high one before a letter", "\\uD800a",
     VALUE("\xEF\xBF\xBD"
           "a")                                                                                   },
    {"a high one before \\n",      "\\uD800\\n12345",            VALUE("\xEF\xBF\xBD\n12345")     },
    {"a high one before \\u0041",  "\\uD800\\u0041",
     VALUE("\xEF\xBF\xBD"
           "A")                                                                                   },
    {"two high ones, then a low",  "\\uD800\\uD800\\uDC00",
     VALUE("\xEF\xBF\xBD\xF0\x90\x80\x80")                                                        },
    {"the pair turned round",      "\\uDC00\\uD800",
     VALUE("\xEF\xBF\xBD\xEF\xBF\xBD")                                                            },
};

static void check_string(const struct string_case *c)
{
    char text[64] = "\"";
    struct json_token token;
    struct json json;
    char out[64];
    size_t length = 99;

    (void)strncat(text, c->text, sizeof text - 3);
    text[strlen(text)] = '"';
    CHECK_EQ(json_parse(&json, text, strlen(c->text) + 2, &token, 1), JSON_OK);
    CHECK(json_string(&json, 0, out, c->length, &length));
    CHECK_BYTES(out, length, c->value, c->length);
    CHECK_EQ(token.escaped, strchr(c->text, '\\') != NULL);
    CHECK(json_string_is(&json, 0, (struct span){c->value, c->length}));
    memcpy(out, c->value, c->length);
    out[c->length] = 'x';
    CHECK(!json_string_is(&json, 0, (struct span){out, c->length + 1}));
    if (c->length == 0)
        return;
    length = 99;
    CHECK(!json_string(&json, 0, out, c->length - 1, &length));
    CHECK_EQ(length, 99);
    CHECK(!json_string_is(&json, 0, (struct span){c->value, c->length - 1}));
}

static void strings(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(string_cases); i++) {
        CASE(string_cases[i].name);
        check_string(&string_cases[i]);
    }
}

struct int_case {
    const char *name;
    const char *text;
    bool good;
    int64_t value;
};

static const struct int_case int_cases[] = {
    {"zero",                "0",                    true,  0         },
    {"minus zero is zero",  "-0",                   true,  0         },
    {"minus one",           "-1",                   true,  -1        },
    {"the largest",         "9223372036854775807",  true,  INT64_MAX },
    {"one more",            "9223372036854775808",  false, 0         },
    {"the least",           "-9223372036854775808", true,  INT64_MIN },
    {"one below the least", "-9223372036854775809", false, 0         },
    {"one above the least", "-9223372036854775807", true,  -INT64_MAX},
    {"a fraction",          "1.0",                  false, 0         },
    {"an exponent",         "1e1",                  false, 0         },
    {"a string of digits",  "\"1\"",                false, 0         },
    {"true",                "true",                 false, 0         },
    {"null",                "null",                 false, 0         },
};

static void integers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(int_cases); i++) {
        const struct int_case *c = &int_cases[i];
        struct json_token token;
        struct json json;
        int64_t value = 0;

        CASE(c->name);
        CHECK_EQ(json_parse(&json, c->text, strlen(c->text), &token, 1),
                 JSON_OK);
        CHECK_EQ(json_int(&json, 0, &value), c->good);
        CHECK_EQ(value, c->value);
    }
}

static const char members_text[] =
    "{\"a\":1,\"b\":{\"a\":2,\"c\":[3,{\"a\":4}]},\"\":5,"
    "\"\\u0061\\u0000\":6,\"d\":7,\"d\":8}";

struct member_case {
    const char *name;
    struct span key;
    const char *raw; /* NULL: absent */
};

static const struct member_case member_cases[] = {
    {"the first",                      {"a", 1},               "1" },
    {"not what is deeper",             {"c", 1},               NULL},
    {"behind a container",             {"", 0},                "5" },
    {"a key by its meaning, with NUL", {"a\0", 2},             "6" },
    {"not a key as it is written",     {"\\u0061\\u0000", 12}, NULL},
    {"of two the last",                {"d", 1},               "8" },
    {"absent",                         {"e", 1},               NULL},
};

static void members(void **state)
{
    struct json_token tokens[TOKENS_MAX];
    struct json json;
    size_t b;

    (void)state;
    CASE("the text is read");
    CHECK_EQ(json_parse(&json, members_text, sizeof members_text - 1, tokens,
                        TOKENS_MAX),
             JSON_OK);
    for (size_t i = 0; i < COUNT(member_cases); i++) {
        const struct member_case *c = &member_cases[i];
        size_t at = json_member_span(&json, 0, c->key);

        CASE(c->name);
        CHECK_EQ(at == JSON_NONE, c->raw == NULL);
        CHECK(span_is(json_raw(&json, at), c->raw));
    }
    CASE("within a member");
    b = json_member(&json, 0, "b");
    CHECK(
        span_is(json_raw(&json, json_member(&json, b, "c")), "[3,{\"a\":4}]"));
    CASE("of what is no object, nothing");
    CHECK_EQ(json_member(&json, json_member(&json, b, "c"), "a"), JSON_NONE);
    CHECK_EQ(json_member(&json, JSON_NONE, "a"), JSON_NONE);
}

static void nothing_there(void **state)
{
    struct json json = {0};
    char out[1];
    size_t length = 7;
    int64_t number = 7;

    (void)state;
    CASE("JSON_NONE has no type, no text and no value");
    CHECK_EQ(json_type_at(&json, JSON_NONE), -1);
    CHECK_EQ(json_raw(&json, JSON_NONE).length, 0);
    CHECK(!json_string(&json, JSON_NONE, out, sizeof out, &length));
    CHECK(!json_string_is(&json, JSON_NONE, SPAN("")));
    CHECK(!json_int(&json, JSON_NONE, &number));
    CHECK_EQ(length, 7);
    CHECK_EQ(number, 7);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(parsing), cmocka_unit_test(depth),
        cmocka_unit_test(room),    cmocka_unit_test(wide_array),
        cmocka_unit_test(strings), cmocka_unit_test(integers),
        cmocka_unit_test(members), cmocka_unit_test(nothing_there),
    };

    return check_run("base/json", tests);
}
