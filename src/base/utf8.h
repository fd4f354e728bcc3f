/*
 * UTF-8 (RFC 3629), and the bytes that a JSON string holds as they are.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum { UTF8_MAX = 4 }; /* bytes of the longest character */

/* How many bytes of `text` are one character, or 0. */
size_t utf8_length(struct span text);

/* Writes `c`, which is at most 0x10FFFF and no surrogate; returns its bytes. */
size_t utf8_put(uint32_t c, char out[UTF8_MAX]);

/*
 * How many bytes from the start of `text` are ASCII, no control character, no
 * quote and no backslash: they stand for themselves in a JSON string.
 */
size_t utf8_plain(struct span text);

#endif
