/*
 * A program on a terminal of its own, and what it wrote there.
 */
#ifndef TEST_TERMINAL_H
#define TEST_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct terminal {
    int fd;
    int other_end; /* the program's; open, so that its state outlives it */
    pid_t child;
    int64_t end_ms; /* the limit for all of it */
    size_t length;
    char text[4096];
    bool echoes; /* terminal_end: what is typed shows, as at the start */
};

bool terminal_start(struct terminal *out, const char *const argv[]);

/* False at the limit, or where the program ends without it. NULL: its end. */
bool terminal_read(struct terminal *t, const char *wanted);
bool terminal_type(struct terminal *t, const char *text);

/* Its exit code; -1 where a signal ended it. */
int terminal_end(struct terminal *t, bool *signalled);

#endif
