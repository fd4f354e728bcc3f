/*
 * One option, as its readers see it. Inside the reading of options only;
 * server/config.h is for the others.
 */
#ifndef SERVER_CONFIG_ROW_H
#define SERVER_CONFIG_ROW_H

#include "server/config_value.h"

enum { CONFIG_NAME_MAX = 64 }; /* of an option, and of a key in a message */

enum kind {
    KIND_TEXT,     /* `at` is a const char * */
    KIND_LIST,     /* a struct config_list */
    KIND_DURATION, /* an int64_t of seconds, min to max */
    KIND_COUNT,    /* an int64_t, min to max */
    KIND_SWITCH,   /* a bool */
    KIND_OTHER,    /* has a reader of its own */
};

struct option_row {
    const char *name;
    const char *variable; /* in the environment; NULL: only an option */
    enum kind kind;
    size_t at; /* offset in struct config */
    int64_t min;
    int64_t max;
    /* False when the value is not allowed; NULL: every text is. */
    config_value *read;
    const char *allowed; /* for the message */
};

/* In the order of the table; NULL behind the last. */
const struct option_row *config_row(size_t number);

/* The option whose name is most like this one; NULL where none is like it. */
const char *config_nearest(const char *name);

/* Is one easily written for the other? */
bool config_is_near(const char *name, const char *meant);

#endif
