/*
 * One text, read by base/json and by jansson: do they agree?
 *
 * What both read is also written in each style from the values that base/json
 * gives, and jansson must read that as the same value.
 */
#ifndef TEST_BASE_JSON_COMPARE_H
#define TEST_BASE_JSON_COMPARE_H

#include <stddef.h>

enum { COMPARE_LENGTH_MAX = 8192 }; /* longer texts are cut to it */

enum compare_result {
    COMPARE_READ,      /* by both, as the same value */
    COMPARE_REFUSED,   /* by both */
    COMPARE_LIMIT,     /* deeper, or more tokens, than base/json takes */
    COMPARE_NUMBER,    /* jansson refuses a number beyond its types */
    COMPARE_SURROGATE, /* jansson refuses a surrogate that is alone */
    COMPARE_NUL,       /* jansson refuses NUL in a key, and overlooks one that
                          follows a number */
    COMPARE_DIFFER,    /* in no way that is known: somebody is wrong */
    COMPARE_COUNT,
};

/* *why says on COMPARE_DIFFER what differs; a literal. Not for two threads. */
enum compare_result json_compare(const char *text, size_t length,
                                 const char **why);

#endif
