/*
 * Bytes without a C library: spans, copies, comparisons, wiping.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * In front of a large local array on the path of every request, written before
 * it is read: the build sets all others to zero first (meson.build).
 */
#if defined(__has_attribute)
#if __has_attribute(uninitialized)
#define UNSET __attribute__((uninitialized))
#endif
#endif
#ifndef UNSET
#define UNSET
#endif

/* Borrowed bytes; not NUL-terminated. {NULL, 0} is empty. */
struct span {
    const char *text;
    size_t length;
};

/* A string literal as a span, its NUL left out. */
#define SPAN(literal) ((struct span){(literal), sizeof(literal) - 1})

struct span span_of(const char *string); /* NUL-terminated; NULL is empty */

/* For text that is not secret: stops at the first difference. */
bool span_equal(struct span a, struct span b);
bool span_is(struct span a, const char *string);

/* ASCII letters compare without case, as RFC 9110 wants of header names. */
bool span_equal_nocase(struct span a, struct span b);

bool span_starts(struct span a, struct span prefix);

/* Where `byte` first stands in `a`, or a.length. */
size_t span_find(struct span a, char byte);

/* The first `count` bytes, or what follows them; count is cut to a.length. */
struct span span_head(struct span a, size_t count);
struct span span_tail(struct span a, size_t count);

/* Without the spaces and tabs at both ends: OWS of RFC 9110. */
struct span span_trim(struct span a);

/*
 * For secrets: takes as long for equal bytes as for different ones. Only the
 * lengths, which are public, may be told by time.
 */
bool bytes_equal_secret(const void *a, const void *b, size_t size);

/* Overwrites with zeros; no compiler leaves it out. NULL with 0 is allowed. */
void bytes_wipe(void *bytes, size_t size);

/*
 * Decimal digits only, no sign, no blank, no leading zero but "0" itself; false
 * when malformed or above INT64_MAX, and then *out is unchanged.
 */
bool span_to_int(struct span text, int64_t *out);

#endif
