/*
 * jansson's half of bench/json.c, apart because its names are ours too.
 */
#ifndef BENCH_JSON_JANSSON_H
#define BENCH_JSON_JANSSON_H

#include <stddef.h>
#include <stdint.h>

enum { FIELDS_MAX = 8 };

/* One member of an object. A NULL text means that it is the number. */
struct field {
    const char *key;
    const char *text;
    int64_t number;
};

struct message {
    const char *name;
    struct field field[FIELDS_MAX]; /* ends with a NULL key */
};

/* Each returns something that depends on every byte; they abort on failure. */
size_t jansson_write(const struct message *m, char *out, size_t size);
size_t jansson_parse(const char *text, size_t length);
size_t jansson_fields(const struct message *m, const char *text, size_t length);

#endif
