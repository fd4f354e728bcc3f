/*
 * JSON (RFC 8259): a strict tokenizer and a bounded writer. Neither allocates.
 *
 * The tokenizer leaves the text where it is and fills an array of tokens in the
 * order of the text: a container, then what is in it; in an object, each key (a
 * string token) and then its value. `next` jumps over a whole value.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/utf8.h"

enum { JSON_DEPTH_MAX = 32 };

enum json_type {
    JSON_OBJECT,
    JSON_ARRAY,
    JSON_STRING,
    JSON_NUMBER,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
};

enum json_result {
    JSON_OK = 0,
    JSON_INVALID, /* not JSON, or not UTF-8 */
    JSON_DEEP,    /* deeper than JSON_DEPTH_MAX */
    JSON_MANY,    /* more tokens than there was room for */
};

struct json_token {
    uint32_t start;  /* of the value; of a string: after its quote */
    uint32_t length; /* in bytes; of a string: as written, escapes and all */
    uint32_t next;   /* the token after this value and all that is in it */
    uint16_t count;  /* members or elements, cut at 65,535 */
    uint8_t type;    /* enum json_type */
    bool escaped;    /* a string with a backslash in it */
};

/* Text and tokens are borrowed from the caller of json_parse. */
struct json {
    const char *text;
    size_t length;
    const struct json_token *token;
    size_t count;
    size_t error_offset; /* the byte that is wrong, or `length` when the text
                            ends too early; 0 on success */
};

#define JSON_NONE ((size_t)-1)

/* One value with nothing but white space around it. At most 4 GiB of text. */
enum json_result json_parse(struct json *out, const char *text, size_t length,
                            struct json_token *tokens, size_t max);

/*
 * The value of member `key` of the object at `index`, or JSON_NONE: also when
 * `index` is JSON_NONE or no object. Of repeated names the last counts, as in
 * JavaScript and Python.
 */
size_t json_member(const struct json *json, size_t index, const char *key);
size_t json_member_span(const struct json *json, size_t index, struct span key);

/* The bytes of the value as written; a string's without its quotes. */
struct span json_raw(const struct json *json, size_t index);

/* The type, or -1 for JSON_NONE. */
int json_type_at(const struct json *json, size_t index);

/*
 * Copies a string without its escapes; a lone surrogate becomes U+FFFD. False
 * when it is no string or does not fit `max` bytes; no NUL is added. The result
 * may hold NUL bytes: "\u0000" is a legal string.
 */
bool json_string(const struct json *json, size_t index, char *out, size_t max,
                 size_t *length);

/* Is the string at `index`, its escapes undone, the same as `text`? */
bool json_string_is(const struct json *json, size_t index, struct span text);

/* A number without fraction and exponent, within int64_t. */
bool json_int(const struct json *json, size_t index, int64_t *out);

/* How white space and escapes are written. */
enum json_style {
    JSON_COMPACT,      /* {"a":1,"b":2} */
    JSON_SPACED,       /* {"a": 1, "b": 2}, as Python's json.dumps */
    JSON_HTML_ESCAPED, /* compact; / as \/ and < > & ' " as \u00XX */
};

/* `overflow` is set when something did not fit; what is there is then cut. */
struct json_writer {
    char *out;
    size_t size;
    size_t length;
    enum json_style style;
    bool overflow;
    bool follows; /* a value stands before: a comma is due */
};

void json_begin(struct json_writer *w, char *out, size_t size,
                enum json_style style);
void json_open(struct json_writer *w, char bracket);  /* '{' or '[' */
void json_close(struct json_writer *w, char bracket); /* '}' or ']' */
void json_key(struct json_writer *w, struct span key);
/* Bytes that are not UTF-8 are written as U+FFFD. */
void json_put_string(struct json_writer *w, struct span text);
void json_put_int(struct json_writer *w, int64_t value);
void json_put_bool(struct json_writer *w, bool value);
void json_put_null(struct json_writer *w);
/* `text` is JSON already. */
void json_put_raw(struct json_writer *w, struct span text);

#endif
