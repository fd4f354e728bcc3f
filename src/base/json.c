#include "base/json.h"

/*
 * The tokenizer walks without recursion: `open` holds the containers that are
 * not closed yet, `expect` what may stand here.
 */
enum expect {
    VALUE,           /* a value must stand here */
    VALUE_OR_CLOSE,  /* just after '[' */
    KEY,             /* after ',' in an object */
    KEY_OR_CLOSE,    /* just after '{' */
    COMMA_OR_CLOSE,  /* after a value inside a container */
    END,             /* after the outermost value */
};

struct parser {
    const char *text;
    size_t length;
    size_t at;
    struct json_token *token;
    size_t count;
    size_t max;
    uint32_t open[JSON_DEPTH_MAX];
    size_t depth;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static unsigned hex_value(char c)
{
    if (is_digit(c))
        return (unsigned)(c - '0');
    return (unsigned)((c | 0x20) - 'a') + 10;
}

size_t utf8_length(struct span text)
{
    const uint8_t *s = (const uint8_t *)text.text;
    size_t n = text.length;
    // The second byte's bounds exclude overlong forms, surrogates and what is
    // above U+10FFFF (RFC 3629, section 4).
    uint8_t low = 0x80;
    uint8_t high = 0xBF;
    size_t need;

    if (n == 0)
        return 0;
    if (s[0] < 0x80)
        return 1;
    if (s[0] >= 0xC2 && s[0] <= 0xDF)
        need = 2;
    else if (s[0] >= 0xE0 && s[0] <= 0xEF)
        need = 3;
    else if (s[0] >= 0xF0 && s[0] <= 0xF4)
        need = 4;
    else
        return 0;
    if (s[0] == 0xE0)
        low = 0xA0;
    if (s[0] == 0xED)
        high = 0x9F;
    if (s[0] == 0xF0)
        low = 0x90;
    if (s[0] == 0xF4)
        high = 0x8F;
    if (n < need || s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < need; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    return need;
}

static enum json_result add_token(struct parser *p, enum json_type type,
                                  size_t start, size_t length)
{
    if (p->count == p->max)
        return JSON_MANY;
    p->token[p->count] = (struct json_token){
        .start = (uint32_t)start,
        .length = (uint32_t)length,
        .next = (uint32_t)(p->count + 1),
        .type = (uint8_t)type,
    };
    p->count++;
    return JSON_OK;
}

/* After the backslash. The unescaped value is judged when it is copied. */
static bool skip_escape(struct parser *p)
{
    char c;

    if (p->at == p->length)
        return false;
    c = p->text[p->at++];
    if (c != 'u')
        return c == '"' || c == '\\' || c == '/' || c == 'b' || c == 'f' ||
               c == 'n' || c == 'r' || c == 't';
    for (int i = 0; i < 4; i++, p->at++)
        if (p->at == p->length || !is_hex(p->text[p->at]))
            return false;
    return true;
}

/* At the opening quote. */
static enum json_result read_string(struct parser *p)
{
    size_t start = ++p->at;
    bool escaped = false;
    enum json_result result;

    while (p->at < p->length && p->text[p->at] != '"') {
        uint8_t c = (uint8_t)p->text[p->at];

        if (c < 0x20)
            return JSON_INVALID;
        if (c == '\\') {
            escaped = true;
            p->at++;
            if (!skip_escape(p))
                return JSON_INVALID;
        } else if (c < 0x80) {
            p->at++;
        } else {
            size_t n = utf8_length(
                (struct span){p->text + p->at, p->length - p->at});

            if (n == 0)
                return JSON_INVALID;
            p->at += n;
        }
    }
    if (p->at == p->length)
        return JSON_INVALID;
    result = add_token(p, JSON_STRING, start, p->at - start);
    if (result == JSON_OK)
        p->token[p->count - 1].escaped = escaped;
    p->at++;
    return result;
}

static bool skip_digits(struct parser *p)
{
    size_t start = p->at;

    while (p->at < p->length && is_digit(p->text[p->at]))
        p->at++;
    return p->at > start;
}

static enum json_result read_number(struct parser *p)
{
    size_t start = p->at;

    if (p->text[p->at] == '-')
        p->at++;
    if (p->at < p->length && p->text[p->at] == '0')
        p->at++;
    else if (!skip_digits(p))
        return JSON_INVALID;
    if (p->at < p->length && p->text[p->at] == '.') {
        p->at++;
        if (!skip_digits(p))
            return JSON_INVALID;
    }
    if (p->at < p->length && (p->text[p->at] | 0x20) == 'e') {
        p->at++;
        if (p->at < p->length &&
            (p->text[p->at] == '+' || p->text[p->at] == '-'))
            p->at++;
        if (!skip_digits(p))
            return JSON_INVALID;
    }
    return add_token(p, JSON_NUMBER, start, p->at - start);
}

static enum json_result read_word(struct parser *p, struct span word,
                                  enum json_type type)
{
    struct span rest = {p->text + p->at, p->length - p->at};

    if (!span_starts(rest, word))
        return JSON_INVALID;
    p->at += word.length;
    return add_token(p, type, p->at - word.length, word.length);
}

static enum json_result open_container(struct parser *p, enum json_type type)
{
    enum json_result result;

    if (p->depth == JSON_DEPTH_MAX)
        return JSON_DEEP;
    result = add_token(p, type, p->at, 0);
    if (result == JSON_OK)
        p->open[p->depth++] = (uint32_t)(p->count - 1);
    p->at++;
    return result;
}

static void count_value(struct parser *p)
{
    struct json_token *t;

    if (p->depth == 0)
        return;
    t = &p->token[p->open[p->depth - 1]];
    if (t->count < UINT16_MAX)
        t->count++;
}

static enum json_result read_value(struct parser *p, enum expect *expect)
{
    enum json_result result;
    char c = p->text[p->at];

    count_value(p);
    if (c == '{') {
        *expect = KEY_OR_CLOSE;
        return open_container(p, JSON_OBJECT);
    }
    if (c == '[') {
        *expect = VALUE_OR_CLOSE;
        return open_container(p, JSON_ARRAY);
    }
    *expect = p->depth ? COMMA_OR_CLOSE : END;
    if (c == '"')
        result = read_string(p);
    else if (c == '-' || is_digit(c))
        result = read_number(p);
    else if (c == 't')
        result = read_word(p, SPAN("true"), JSON_TRUE);
    else if (c == 'f')
        result = read_word(p, SPAN("false"), JSON_FALSE);
    else
        result = read_word(p, SPAN("null"), JSON_NULL);
    return result;
}

static void skip_blanks(struct parser *p)
{
    while (p->at < p->length &&
           (p->text[p->at] == ' ' || p->text[p->at] == '\t' ||
            p->text[p->at] == '\n' || p->text[p->at] == '\r'))
        p->at++;
}

static enum json_result read_key(struct parser *p, enum expect *expect)
{
    enum json_result result = read_string(p);

    if (result != JSON_OK)
        return result;
    skip_blanks(p);
    if (p->at == p->length || p->text[p->at] != ':')
        return JSON_INVALID;
    p->at++;
    *expect = VALUE;
    return JSON_OK;
}

/* The bracket that closes the innermost container. */
static char closing(const struct parser *p)
{
    return p->token[p->open[p->depth - 1]].type == JSON_OBJECT ? '}' : ']';
}

static void close_container(struct parser *p, enum expect *expect)
{
    struct json_token *t = &p->token[p->open[--p->depth]];

    p->at++;
    t->length = (uint32_t)(p->at - t->start);
    t->next = (uint32_t)p->count;
    *expect = p->depth ? COMMA_OR_CLOSE : END;
}

/* One token, comma or bracket; blanks are behind us. */
static enum json_result take_step(struct parser *p, enum expect *expect)
{
    char c = p->text[p->at];

    if (*expect != VALUE && *expect != KEY && *expect != END &&
        p->depth > 0 && c == closing(p)) {
        close_container(p, expect);
        return JSON_OK;
    }
    switch (*expect) {
    case VALUE:
    case VALUE_OR_CLOSE:
        return read_value(p, expect);
    case KEY:
    case KEY_OR_CLOSE:
        return c == '"' ? read_key(p, expect) : JSON_INVALID;
    case COMMA_OR_CLOSE:
        if (c != ',')
            return JSON_INVALID;
        p->at++;
        *expect = closing(p) == '}' ? KEY : VALUE;
        return JSON_OK;
    case END:
        break;
    }
    return JSON_INVALID;
}

enum json_result json_parse(struct json *out, const char *text, size_t length,
                            struct json_token *tokens, size_t max)
{
    struct parser p = {
        .text = text, .length = length, .token = tokens, .max = max};
    enum expect expect = VALUE;
    enum json_result result = length > UINT32_MAX ? JSON_MANY : JSON_OK;

    *out = (struct json){.text = text, .length = length, .token = tokens};
    while (result == JSON_OK) {
        skip_blanks(&p);
        if (p.at == p.length)
            break;
        result = take_step(&p, &expect);
    }
    if (result == JSON_OK && expect != END)
        result = JSON_INVALID;
    out->error_offset = p.at;
    if (result == JSON_OK)
        out->count = p.count;
    return result;
}

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

static unsigned read_hex4(const char *s)
{
    return hex_value(s[0]) << 12 | hex_value(s[1]) << 8 | hex_value(s[2]) << 4 |
           hex_value(s[3]);
}

static size_t put_utf8(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

/*
 * One character of a string that json_parse accepted: its UTF-8 into `out`, the
 * bytes it took in the text as the result.
 */
static size_t take_char(struct span s, char out[4], size_t *length)
{
    static const char plain[] = "\"\\/bfnrt";
    static const char meant[] = "\"\\/\b\f\n\r\t";
    uint32_t c;

    if (s.text[0] != '\\') {
        out[0] = s.text[0];
        *length = 1;
        return 1;
    }
    if (s.text[1] != 'u') {
        size_t i = span_find(SPAN(plain), s.text[1]);

        out[0] = meant[i];
        *length = 1;
        return 2;
    }
    c = read_hex4(s.text + 2);
    if (c >= 0xD800 && c <= 0xDBFF && s.length >= 12 && s.text[6] == '\\' &&
        s.text[7] == 'u') {
        uint32_t low = read_hex4(s.text + 8);

        if (low >= 0xDC00 && low <= 0xDFFF) {
            *length = put_utf8(
                0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00), out);
            return 12;
        }
    }
    if (c >= 0xD800 && c <= 0xDFFF)
        c = 0xFFFD;
    *length = put_utf8(c, out);
    return 6;
}

bool json_string(const struct json *json, size_t index, char *out, size_t max,
                 size_t *length)
{
    struct span s = json_raw(json, index);
    size_t used = 0;

    if (json_type_at(json, index) != JSON_STRING)
        return false;
    while (s.length > 0) {
        char c[4];
        size_t n;
        size_t taken = take_char(s, c, &n);

        if (max - used < n)
            return false;
        __builtin_memcpy(out + used, c, n);
        used += n;
        s = span_tail(s, taken);
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
        char c[4];
        size_t n;
        size_t taken = take_char(s, c, &n);

        if (!span_starts(text, (struct span){c, n}))
            return false;
        text = span_tail(text, n);
        s = span_tail(s, taken);
    }
    return text.length == 0;
}

bool json_int(const struct json *json, size_t index, int64_t *out)
{
    struct span s = json_raw(json, index);
    bool negative = s.length > 0 && s.text[0] == '-';
    int64_t value;

    if (json_type_at(json, index) != JSON_NUMBER)
        return false;
    if (!span_to_int(negative ? span_tail(s, 1) : s, &value))
        return false;
    *out = negative ? -value : value;
    return true;
}

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

static void put_comma(struct json_writer *w)
{
    if (w->follows)
        put(w, w->style == JSON_SPACED ? SPAN(", ") : SPAN(","));
    w->follows = true;
}

static void put_unicode_escape(struct json_writer *w, uint8_t c, bool upper)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char escape[6] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};

    put(w, (struct span){escape, sizeof escape});
}

static void put_ascii(struct json_writer *w, char c)
{
    static const char named[] = "\b\f\n\r\t\\";
    static const char names[] = "bfnrt\\";
    bool html = w->style == JSON_HTML_ESCAPED;
    size_t i = span_find(SPAN(named), c);

    if (i < sizeof named - 1)
        put(w, (struct span){(const char[]){'\\', names[i]}, 2});
    else if (html && (c == '<' || c == '>' || c == '&' || c == '\'' || c == '"'))
        put_unicode_escape(w, (uint8_t)c, true);
    else if (c == '"' || (html && c == '/'))
        put(w, (struct span){(const char[]){'\\', c}, 2});
    else if ((uint8_t)c < 0x20)
        put_unicode_escape(w, (uint8_t)c, false);
    else
        put(w, (struct span){&c, 1});
}

static void put_quoted(struct json_writer *w, struct span text)
{
    put(w, SPAN("\""));
    while (text.length > 0) {
        size_t n = utf8_length(text);

        if (n == 0)
            put(w, SPAN("\xEF\xBF\xBD"));
        else if (n == 1)
            put_ascii(w, text.text[0]);
        else
            put(w, span_head(text, n));
        text = span_tail(text, n ? n : 1);
    }
    put(w, SPAN("\""));
}

void json_begin(struct json_writer *w, char *out, size_t size,
                enum json_style style)
{
    *w = (struct json_writer){.out = out, .size = size, .style = style};
}

void json_open(struct json_writer *w, char bracket)
{
    put_comma(w);
    put(w, (struct span){&bracket, 1});
    w->follows = false;
}

void json_close(struct json_writer *w, char bracket)
{
    put(w, (struct span){&bracket, 1});
    w->follows = true;
}

void json_key(struct json_writer *w, struct span key)
{
    put_comma(w);
    put_quoted(w, key);
    put(w, w->style == JSON_SPACED ? SPAN(": ") : SPAN(":"));
    w->follows = false;
}

void json_put_string(struct json_writer *w, struct span text)
{
    put_comma(w);
    put_quoted(w, text);
}

void json_put_int(struct json_writer *w, int64_t value)
{
    char digits[20];
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
