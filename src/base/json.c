#include "base/json.h"

/*
 * The tokenizer walks without recursion: `open` holds the containers that are
 * not closed yet, `expect` what may stand here.
 */
enum expect {
    VALUE,          /* a value must stand here */
    VALUE_OR_CLOSE, /* just after '[' */
    KEY,            /* after ',' in an object */
    KEY_OR_CLOSE,   /* just after '{' */
    COMMA_OR_CLOSE, /* after a value inside a container */
    END,            /* after the outermost value */
};

struct parser {
    const char *text;
    size_t length;
    size_t at; /* on failure: the byte that is wrong */
    struct json_token *token;
    size_t count;
    size_t max;
    uint32_t open[JSON_DEPTH_MAX];
    size_t depth;
    enum expect expect;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static struct span rest_of(const struct parser *p)
{
    return (struct span){p->text + p->at, p->length - p->at};
}

/* There is room: take_value and take_key have looked. */
static void add_token(struct parser *p, enum json_type type, size_t start,
                      bool escaped)
{
    p->token[p->count] = (struct json_token){
        .start = (uint32_t)start,
        .length = (uint32_t)(p->at - start),
        .next = (uint32_t)(p->count + 1),
        .type = (uint8_t)type,
        .escaped = escaped,
    };
    p->count++;
}

/* At the backslash. What it stands for is found when the string is copied. */
static bool skip_escape(struct parser *p)
{
    char c;

    p->at++;
    if (p->at == p->length)
        return false;
    c = p->text[p->at];
    if (c != 'u') {
        if (span_find(SPAN("\"\\/bfnrt"), c) == 8)
            return false;
        p->at++;
        return true;
    }
    p->at++;
    for (int i = 0; i < 4; i++, p->at++)
        if (p->at == p->length || !is_hex(p->text[p->at]))
            return false;
    return true;
}

/* At a byte that is not plain (utf8_plain), nor the closing quote. */
static bool skip_special(struct parser *p, bool *escaped)
{
    size_t n;

    if (p->text[p->at] == '\\') {
        *escaped = true;
        return skip_escape(p);
    }
    if ((uint8_t)p->text[p->at] < 0x20)
        return false;
    n = utf8_length(rest_of(p));
    p->at += n;
    return n > 0;
}

/* At the opening quote. */
static enum json_result take_string(struct parser *p)
{
    size_t start = ++p->at;
    bool escaped = false;

    for (;;) {
        p->at += utf8_plain(rest_of(p));
        if (p->at == p->length)
            return JSON_INVALID;
        if (p->text[p->at] == '"')
            break;
        if (!skip_special(p, &escaped))
            return JSON_INVALID;
    }
    add_token(p, JSON_STRING, start, escaped);
    p->at++;
    return JSON_OK;
}

static bool skip_byte(struct parser *p, char c)
{
    if (p->at == p->length || p->text[p->at] != c)
        return false;
    p->at++;
    return true;
}

static bool skip_digits(struct parser *p)
{
    size_t start = p->at;

    while (p->at < p->length && is_digit(p->text[p->at]))
        p->at++;
    return p->at > start;
}

static enum json_result take_number(struct parser *p)
{
    size_t start = p->at;

    (void)skip_byte(p, '-'); // all three signs may be absent
    if (!skip_byte(p, '0') && !skip_digits(p))
        return JSON_INVALID;
    if (skip_byte(p, '.') && !skip_digits(p))
        return JSON_INVALID;
    if (skip_byte(p, 'e') || skip_byte(p, 'E')) {
        if (!skip_byte(p, '-'))
            (void)skip_byte(p, '+');
        if (!skip_digits(p))
            return JSON_INVALID;
    }
    add_token(p, JSON_NUMBER, start, false);
    return JSON_OK;
}

static enum json_result take_word(struct parser *p, struct span word,
                                  enum json_type type)
{
    size_t start = p->at;

    if (!span_starts(rest_of(p), word))
        return JSON_INVALID;
    p->at += word.length;
    add_token(p, type, start, false);
    return JSON_OK;
}

static enum json_result open_container(struct parser *p, enum json_type type)
{
    if (p->depth == JSON_DEPTH_MAX)
        return JSON_DEEP;
    p->open[p->depth++] = (uint32_t)p->count;
    add_token(p, type, p->at, false);
    p->at++;
    p->expect = type == JSON_OBJECT ? KEY_OR_CLOSE : VALUE_OR_CLOSE;
    return JSON_OK;
}

static struct json_token *innermost(const struct parser *p)
{
    return &p->token[p->open[p->depth - 1]];
}

/* A value has begun: its container has one more. */
static void count_value(struct parser *p)
{
    p->expect = p->depth > 0 ? COMMA_OR_CLOSE : END;
    if (p->depth > 0 && innermost(p)->count < UINT16_MAX)
        innermost(p)->count++;
}

static enum json_result take_value(struct parser *p)
{
    if (p->count == p->max)
        return JSON_MANY;
    count_value(p);
    switch (p->text[p->at]) {
    case '{':
        return open_container(p, JSON_OBJECT);
    case '[':
        return open_container(p, JSON_ARRAY);
    case '"':
        return take_string(p);
    case 't':
        return take_word(p, SPAN("true"), JSON_TRUE);
    case 'f':
        return take_word(p, SPAN("false"), JSON_FALSE);
    case 'n':
        return take_word(p, SPAN("null"), JSON_NULL);
    default:
        return take_number(p);
    }
}

static void skip_blanks(struct parser *p)
{
    while (p->at < p->length &&
           (p->text[p->at] == ' ' || p->text[p->at] == '\t' ||
            p->text[p->at] == '\n' || p->text[p->at] == '\r'))
        p->at++;
}

static enum json_result take_key(struct parser *p)
{
    enum json_result result;

    if (p->text[p->at] != '"')
        return JSON_INVALID;
    if (p->count == p->max)
        return JSON_MANY;
    result = take_string(p);
    if (result != JSON_OK)
        return result;
    skip_blanks(p);
    if (!skip_byte(p, ':'))
        return JSON_INVALID;
    p->expect = VALUE;
    return JSON_OK;
}

static enum json_result take_comma(struct parser *p)
{
    if (!skip_byte(p, ','))
        return JSON_INVALID;
    p->expect = innermost(p)->type == JSON_OBJECT ? KEY : VALUE;
    return JSON_OK;
}

/* May the innermost container end here, and does it? */
static bool closes(const struct parser *p)
{
    if (p->expect != COMMA_OR_CLOSE && p->expect != KEY_OR_CLOSE &&
        p->expect != VALUE_OR_CLOSE)
        return false;
    return p->text[p->at] == (innermost(p)->type == JSON_OBJECT ? '}' : ']');
}

static enum json_result close_container(struct parser *p)
{
    struct json_token *t = innermost(p);

    p->at++;
    p->depth--;
    t->length = (uint32_t)(p->at - t->start);
    t->next = (uint32_t)p->count;
    p->expect = p->depth > 0 ? COMMA_OR_CLOSE : END;
    return JSON_OK;
}

/* One value, key, comma or closing bracket; blanks are behind us. */
static enum json_result take_step(struct parser *p)
{
    if (closes(p))
        return close_container(p);
    switch (p->expect) {
    case VALUE:
    case VALUE_OR_CLOSE:
        return take_value(p);
    case KEY:
    case KEY_OR_CLOSE:
        return take_key(p);
    case COMMA_OR_CLOSE:
        return take_comma(p);
    case END:
        break;
    }
    return JSON_INVALID;
}

enum json_result json_parse(struct json *out, const char *text, size_t length,
                            struct json_token *tokens, size_t max)
{
    struct parser p = {.text = text,
                       .length = length,
                       .token = tokens,
                       .max = max,
                       .expect = VALUE};
    enum json_result result = length > UINT32_MAX ? JSON_MANY : JSON_OK;

    *out = (struct json){.text = text, .length = length, .token = tokens};
    while (result == JSON_OK) {
        skip_blanks(&p);
        if (p.at == p.length)
            break;
        result = take_step(&p);
    }
    if (result == JSON_OK && p.expect != END)
        result = JSON_INVALID;
    if (result == JSON_OK)
        out->count = p.count;
    else
        out->error_offset = p.at;
    return result;
}
