/*
 * Which bytes may stand where in a message: for server/http_*.c only.
 */
#ifndef SERVER_HTTP_CHARS_H
#define SERVER_HTTP_CHARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum http_char {
    HTTP_CHAR_TOKEN = 1,  /* RFC 9110, section 5.6.2: methods, header names */
    HTTP_CHAR_PATH = 2,   /* RFC 3986, section 3.3: pchar, '/' and '%' */
    HTTP_CHAR_QUERY = 4,  /* as PATH, and what browsers leave as it is: [\]^`{|}
                            (WHATWG URL, query state); no '"', '#', '<', '>' */
    HTTP_CHAR_HOST = 8,   /* names, addresses, port; no user, no sub-delims */
    HTTP_CHAR_VALUE = 16, /* RFC 9110, section 5.5: no control but HTAB */
};

/* Per byte, the classes it belongs to. */
extern const uint8_t http_chars[256];

/* How many bytes at the beginning of `text` are of that class. */
size_t http_chars_run(struct span text, enum http_char kind);

/* The same for HTTP_CHAR_VALUE, eight bytes at a time: values are long. */
size_t http_chars_value_run(struct span text);

/* Not empty, and all of that class. */
bool http_chars_all(struct span text, enum http_char kind);

#endif
