/*
 * One line of an HTTP head, name and value apart, as both ends hand it over.
 */
#ifndef CORE_HEADER_H
#define CORE_HEADER_H

#include <stddef.h>

#include "base/bytes.h"

/* Borrowed. The value has no blanks around it. */
struct header_line {
    struct span name;
    struct span value;
};

/* The first line of that name (letters without case), or an empty span. */
struct span header_find(const struct header_line *lines, size_t count,
                        struct span name);

/*
 * The value of cookie `name` in the Set-Cookie lines (RFC 6265, section 4.1),
 * without its quotes; empty when there is none or the server deletes it.
 */
struct span header_cookie(const struct header_line *lines, size_t count,
                          struct span name);

#endif
