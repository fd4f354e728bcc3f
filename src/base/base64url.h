/*
 * base64url without padding (RFC 4648 section 5; RFC 7515 section 2).
 */
#ifndef BASE_BASE64URL_H
#define BASE_BASE64URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

/* Characters that `size` bytes take; no NUL is counted or written. */
#define BASE64URL_LENGTH(size) (((size)*4 + 2) / 3)

/* `out` has room for BASE64URL_LENGTH(size). Returns the characters written. */
size_t base64url_encode(const void *bytes, size_t size, char *out);

/*
 * Strict: false on any other character, padding, a length no encoder makes, or
 * unused bits that are not zero, so that one value has one spelling; also when
 * it does not fit `max`. `out` is then unspecified, *size unchanged.
 */
bool base64url_decode(struct span text, void *out, size_t max, size_t *size);

#endif
