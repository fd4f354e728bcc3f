#include "json_compare.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "json_oracle.h"

enum {
    TOKENS_MAX = COMPARE_LENGTH_MAX / 2,
    /* One byte is at most \u00XX; a comma or colon may get a blank. */
    WRITTEN_MAX = 6 * COMPARE_LENGTH_MAX + 64,
};

static struct json_token tokens[TOKENS_MAX];
static char written[WRITTEN_MAX];
static char value[COMPARE_LENGTH_MAX];

static bool is_integer(struct span number)
{
    return span_find(number, '.') == number.length &&
           span_find(number, 'e') == number.length &&
           span_find(number, 'E') == number.length;
}

static bool is_beyond_types(const struct json *json, size_t at)
{
    struct span raw = json_raw(json, at);
    char digits[COMPARE_LENGTH_MAX + 1];
    int64_t integer;

    if (is_integer(raw))
        return !json_int(json, at, &integer);
    memcpy(digits, raw.text, raw.length);
    digits[raw.length] = '\0';
    return isinf(strtod(digits, NULL));
}

static unsigned unit_at(struct span s, size_t at)
{
    char digits[5] = "";

    if (at + 6 > s.length || s.text[at] != '\\' || s.text[at + 1] != 'u')
        return 0;
    memcpy(digits, s.text + at + 2, 4);
    return (unsigned)strtoul(digits, NULL, 16);
}

/* Steps over escapes by itself: it may not trust the code under test. */
static bool has_lone_surrogate(struct span s)
{
    for (size_t i = 0; i < s.length; i++) {
        unsigned unit = unit_at(s, i);

        if (unit >> 10 == 0xD800 >> 10) {
            if (unit_at(s, i + 6) >> 10 != 0xDC00 >> 10)
                return true;
            i += 11;
        } else if (unit >> 10 == 0xDC00 >> 10) {
            return true;
        } else if (s.text[i] == '\\') {
            i++;
        }
    }
    return false;
}

static bool has_nul_key(const struct json *json, size_t object)
{
    for (size_t i = object + 1; i < json->token[object].next;
         i = json->token[i + 1].next) {
        size_t length;

        if (json_string(json, i, value, sizeof value, &length) &&
            span_find((struct span){value, length}, '\0') < length)
            return true;
    }
    return false;
}

/* base/json has read what jansson refuses: is there a known reason? */
static enum compare_result explain(const struct json *json,
                                   enum oracle_result oracle)
{
    bool beyond = oracle == ORACLE_OVERFLOW;

    for (size_t i = 0; i < json->count; i++) {
        int type = json_type_at(json, i);

        if (beyond && type == JSON_NUMBER && is_beyond_types(json, i))
            return COMPARE_NUMBER;
        if (!beyond && type == JSON_STRING &&
            has_lone_surrogate(json_raw(json, i)))
            return COMPARE_SURROGATE;
        if (!beyond && type == JSON_OBJECT && has_nul_key(json, i))
            return COMPARE_NUL;
    }
    return COMPARE_DIFFER;
}

static bool put_value(struct json_writer *w, const struct json *json,
                      size_t at);

static bool put_members(struct json_writer *w, const struct json *json,
                        size_t object)
{
    for (size_t i = object + 1; i < json->token[object].next;
         i = json->token[i + 1].next) {
        struct span key = {value, 0};

        if (!json_string(json, i, value, sizeof value, &key.length))
            return false;
        // Of a name that stands twice, both readers take the last.
        if (json_member_span(json, object, key) != i + 1)
            continue;
        json_key(w, key);
        if (!put_value(w, json, i + 1))
            return false;
    }
    return true;
}

static bool put_elements(struct json_writer *w, const struct json *json,
                         size_t array)
{
    for (size_t i = array + 1; i < json->token[array].next;
         i = json->token[i].next)
        if (!put_value(w, json, i))
            return false;
    return true;
}

static bool put_text(struct json_writer *w, const struct json *json, size_t at)
{
    struct span text = {value, 0};

    if (!json_string(json, at, value, sizeof value, &text.length))
        return false;
    json_put_string(w, text);
    return true;
}

static bool put_number(struct json_writer *w, const struct json *json,
                       size_t at)
{
    struct span raw = json_raw(json, at);
    int64_t number;

    if (!is_integer(raw)) {
        json_put_raw(w, raw);
        return true;
    }
    if (!json_int(json, at, &number))
        return false;
    json_put_int(w, number);
    return true;
}

/* Recursion is bounded by JSON_DEPTH_MAX. */
static bool put_value(struct json_writer *w, const struct json *json, size_t at)
{
    bool good;

    switch ((enum json_type)json_type_at(json, at)) {
    case JSON_OBJECT:
        json_open(w, '{');
        good = put_members(w, json, at);
        json_close(w, '}');
        return good;
    case JSON_ARRAY:
        json_open(w, '[');
        good = put_elements(w, json, at);
        json_close(w, ']');
        return good;
    case JSON_STRING:
        return put_text(w, json, at);
    case JSON_NUMBER:
        return put_number(w, json, at);
    case JSON_TRUE:
    case JSON_FALSE:
        json_put_bool(w, json_type_at(json, at) == JSON_TRUE);
        return true;
    case JSON_NULL:
        json_put_null(w);
        return true;
    }
    return false;
}

static enum compare_result compare_values(const struct json *json,
                                          const struct oracle *oracle,
                                          const char **why)
{
    static const enum json_style styles[] = {JSON_COMPACT, JSON_SPACED,
                                             JSON_HTML_ESCAPED};

    for (size_t i = 0; i < COUNT(styles); i++) {
        struct json_writer w;

        json_begin(&w, written, sizeof written, styles[i]);
        *why = "base/json does not give a value that it has read";
        if (!put_value(&w, json, 0))
            return COMPARE_DIFFER;
        *why = "what is written takes more room than it can";
        if (w.overflow)
            return COMPARE_DIFFER;
        *why = "jansson reads another value from what is written";
        if (!oracle_same(oracle, written, w.length))
            return COMPARE_DIFFER;
    }
    return COMPARE_READ;
}

enum compare_result json_compare(const char *text, size_t length,
                                 const char **why)
{
    struct oracle *oracle;
    struct json json;
    enum oracle_result other;
    enum json_result own;
    enum compare_result result;

    if (length > COMPARE_LENGTH_MAX)
        length = COMPARE_LENGTH_MAX;
    own = json_parse(&json, text, length, tokens, TOKENS_MAX);
    other = oracle_open(&oracle, text, length);
    *why = "base/json reads what jansson refuses";
    if (own == JSON_DEEP || own == JSON_MANY)
        result = COMPARE_LIMIT;
    else if (own == JSON_OK && other == ORACLE_READ)
        result = compare_values(&json, oracle, why);
    else if (own == JSON_OK)
        result = explain(&json, other);
    else if (other != ORACLE_READ)
        result = COMPARE_REFUSED;
    else if (json.error_offset < length && text[json.error_offset] == '\0')
        result = COMPARE_NUL;
    else {
        *why = "base/json refuses what jansson reads";
        result = COMPARE_DIFFER;
    }
    oracle_close(oracle);
    return result;
}
