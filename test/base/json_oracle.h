/*
 * jansson as a second opinion on JSON, behind names of its own: several of its
 * names are also base/json's.
 */
#ifndef TEST_BASE_JSON_ORACLE_H
#define TEST_BASE_JSON_ORACLE_H

#include <stdbool.h>
#include <stddef.h>

enum oracle_result {
    ORACLE_READ,
    ORACLE_REFUSED,
    ORACLE_OVERFLOW, /* a number that fits no int64_t or double */
};

struct oracle; /* a text as jansson read it; opaque */

/* On ORACLE_READ *out is for oracle_close; otherwise it is NULL. */
enum oracle_result oracle_open(struct oracle **out, const char *text,
                               size_t length);
void oracle_close(struct oracle *oracle); /* NULL is allowed */

/* Does jansson read the same value from this text? */
bool oracle_same(const struct oracle *oracle, const char *text, size_t length);

#endif
