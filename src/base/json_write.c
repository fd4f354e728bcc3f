#include "base/json.h"

static void put(struct json_writer *w, struct span text)
{
    size_t room = w->size - w->length;

    if (text.length > room) {
        w->overflow = true;
        text.length = room;
    }
    if (text.length > 0)
        __builtin_memcpy(w->out + w->length, text.text, text.length);
    w->length += text.length;
}

static void put_byte(struct json_writer *w, char c)
{
    if (w->length == w->size)
        w->overflow = true;
    else
        w->out[w->length++] = c;
}

static void put_comma(struct json_writer *w)
{
    if (w->follows) {
        put_byte(w, ',');
        if (w->style == JSON_SPACED)
            put_byte(w, ' ');
    }
    w->follows = true;
}

static void put_unicode_escape(struct json_writer *w, uint8_t c,
                               const char digits[16])
{
    char escape[] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};

    put(w, (struct span){escape, sizeof escape});
}

/* A control character, a quote or a backslash. */
static void put_escape(struct json_writer *w, char c)
{
    static const char meant[] = "\b\f\n\r\t\\\"";
    static const char written[] = "bfnrt\\\"";
    size_t i = span_find(SPAN(meant), c);

    if (w->style == JSON_HTML_ESCAPED && c == '"')
        put_unicode_escape(w, (uint8_t)c, "0123456789ABCDEF");
    else if (i < sizeof meant - 1)
        put(w, (struct span){
                   (const char[]){'\\', written[i]},
                    2
        });
    else
        put_unicode_escape(w, (uint8_t)c, "0123456789abcdef");
}

/* Plain bytes (utf8_plain), of which some mean something in HTML. */
static void put_html(struct json_writer *w, struct span text)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.text[i];

        if (c == '/')
            put(w, SPAN("\\/"));
        else if (c == '<' || c == '>' || c == '&' || c == '\'')
            put_unicode_escape(w, (uint8_t)c, "0123456789ABCDEF");
        else
            put_byte(w, c);
    }
}

/* One character that is not plain; returns the bytes it took. */
static size_t put_special(struct json_writer *w, struct span text)
{
    size_t n = utf8_length(text);

    if (n == 1) {
        put_escape(w, text.text[0]);
        return 1;
    }
    if (n == 0) {
        put(w, SPAN("\xEF\xBF\xBD")); // U+FFFD, the replacement character
        return 1;
    }
    put(w, span_head(text, n));
    return n;
}

static void put_quoted(struct json_writer *w, struct span text)
{
    put_byte(w, '"');
    while (text.length > 0) {
        size_t n = utf8_plain(text);

        if (n > 0 && w->style == JSON_HTML_ESCAPED)
            put_html(w, span_head(text, n));
        else if (n > 0)
            put(w, span_head(text, n));
        else
            n = put_special(w, text);
        text = span_tail(text, n);
    }
    put_byte(w, '"');
}

void json_begin(struct json_writer *w, char *out, size_t size,
                enum json_style style)
{
    *w = (struct json_writer){.out = out, .size = size, .style = style};
}

void json_open(struct json_writer *w, char bracket)
{
    put_comma(w);
    put_byte(w, bracket);
    w->follows = false;
}

void json_close(struct json_writer *w, char bracket)
{
    put_byte(w, bracket);
    w->follows = true;
}

void json_key(struct json_writer *w, struct span key)
{
    put_comma(w);
    put_quoted(w, key);
    put_byte(w, ':');
    if (w->style == JSON_SPACED)
        put_byte(w, ' ');
    w->follows = false;
}

void json_put_string(struct json_writer *w, struct span text)
{
    put_comma(w);
    put_quoted(w, text);
}

void json_put_int(struct json_writer *w, int64_t value)
{
    char digits[20]; // as many as INT64_MIN takes, sign and all
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        digits[--at] = '-';
    json_put_raw(w, (struct span){digits + at, sizeof digits - at});
}

void json_put_bool(struct json_writer *w, bool value)
{
    json_put_raw(w, value ? SPAN("true") : SPAN("false"));
}

void json_put_null(struct json_writer *w)
{
    json_put_raw(w, SPAN("null"));
}

void json_put_raw(struct json_writer *w, struct span text)
{
    put_comma(w);
    put(w, text);
}
