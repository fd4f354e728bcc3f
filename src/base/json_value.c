/*
 * Values out of a text that json_parse accepted: so every escape is whole.
 */
#include "base/json.h"

enum {
    ESCAPE_LENGTH = 6, /* \uXXXX */
    REPLACEMENT = 0xFFFD,
};

int json_type_at(const struct json *json, size_t index)
{
    return index < json->count ? json->token[index].type : -1;
}

struct span json_raw(const struct json *json, size_t index)
{
    const struct json_token *t;

    if (index >= json->count)
        return (struct span){NULL, 0};
    t = &json->token[index];
    return (struct span){json->text + t->start, t->length};
}

size_t json_member_span(const struct json *json, size_t index, struct span key)
{
    size_t found = JSON_NONE;
    size_t end;

    if (json_type_at(json, index) != JSON_OBJECT)
        return JSON_NONE;
    end = json->token[index].next;
    for (size_t i = index + 1; i < end; i = json->token[i + 1].next)
        if (json_string_is(json, i, key))
            found = i + 1;
    return found;
}

size_t json_member(const struct json *json, size_t index, const char *key)
{
    return json_member_span(json, index, span_of(key));
}

static uint32_t hex_value(char c)
{
    if (c <= '9')
        return (uint32_t)(c - '0');
    return (uint32_t)((c | 0x20) - 'a') + 10;
}

/* The unit of UTF-16 at the start of `s`, or 0 when none is written there. */
static uint32_t utf16_unit(struct span s)
{
    if (s.length < ESCAPE_LENGTH || s.text[0] != '\\' || s.text[1] != 'u')
        return 0;
    return hex_value(s.text[2]) << 12 | hex_value(s.text[3]) << 8 |
           hex_value(s.text[4]) << 4 | hex_value(s.text[5]);
}

/* At "\u". Returns the bytes taken; two units that make a pair are one. */
static size_t take_unicode(struct span s, uint32_t *c)
{
    uint32_t low;

    *c = utf16_unit(s);
    if (*c < 0xD800 || *c > 0xDFFF)
        return ESCAPE_LENGTH;
    low = utf16_unit(span_tail(s, ESCAPE_LENGTH));
    if (*c <= 0xDBFF && low >= 0xDC00 && low <= 0xDFFF) {
        *c = 0x10000 + ((*c - 0xD800) << 10) + (low - 0xDC00);
        return 2 * (size_t)ESCAPE_LENGTH;
    }
    *c = REPLACEMENT;
    return ESCAPE_LENGTH;
}

/*
 * At a backslash: the character's UTF-8 and its length to *out; returns the
 * bytes taken from the text.
 */
static size_t take_escape(struct span s, char out[UTF8_MAX], size_t *length)
{
    static const char written[] = "bfnrt";
    static const char meant[] = "\b\f\n\r\t";
    uint32_t c;
    size_t taken, i;

    if (s.text[1] == 'u') {
        taken = take_unicode(s, &c);
        *length = utf8_put(c, out);
        return taken;
    }
    i = span_find(SPAN(written), s.text[1]);
    out[0] = i < sizeof written - 1 ? meant[i] : s.text[1];
    *length = 1;
    return 2;
}

/*
 * The next piece of a string, its escapes undone: a run as it stands in the
 * text, or one character in `buffer`. Takes it off *s.
 */
static struct span take_piece(struct span *s, bool escaped,
                              char buffer[UTF8_MAX])
{
    size_t taken = escaped ? span_find(*s, '\\') : s->length;
    struct span piece = span_head(*s, taken);

    if (taken == 0) {
        taken = take_escape(*s, buffer, &piece.length);
        piece.text = buffer;
    }
    *s = span_tail(*s, taken);
    return piece;
}

bool json_string(const struct json *json, size_t index, char *out, size_t max,
                 size_t *length)
{
    struct span s = json_raw(json, index);
    size_t used = 0;

    if (json_type_at(json, index) != JSON_STRING)
        return false;
    while (s.length > 0) {
        char buffer[UTF8_MAX];
        struct span piece = take_piece(&s, json->token[index].escaped, buffer);

        if (max - used < piece.length)
            return false;
        __builtin_memcpy(out + used, piece.text, piece.length);
        used += piece.length;
    }
    *length = used;
    return true;
}

bool json_string_is(const struct json *json, size_t index, struct span text)
{
    struct span s = json_raw(json, index);

    if (json_type_at(json, index) != JSON_STRING)
        return false;
    if (!json->token[index].escaped)
        return span_equal(s, text);
    while (s.length > 0) {
        char buffer[UTF8_MAX];
        struct span piece = take_piece(&s, true, buffer);

        if (!span_starts(text, piece))
            return false;
        text = span_tail(text, piece.length);
    }
    return text.length == 0;
}

bool json_int(const struct json *json, size_t index, int64_t *out)
{
    struct span s = json_raw(json, index);

    if (json_type_at(json, index) != JSON_NUMBER)
        return false;
    if (s.text[0] != '-')
        return span_to_int(s, out);
    s = span_tail(s, 1);
    // Its digits alone are above INT64_MAX.
    if (span_is(s, "9223372036854775808")) {
        *out = INT64_MIN;
        return true;
    }
    if (!span_to_int(s, out))
        return false;
    *out = -*out;
    return true;
}
