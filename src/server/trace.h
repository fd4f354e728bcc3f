/*
 * --trace FILE: one line for each decision on a refresh, so that what the server
 * did can be replayed against the rules that the models hold (models/).
 *
 *     {"at_s":1767323045,"event":"start"}
 *     {"at_s":...,"event":"committed","sid":"Zm9vYmFy","i":3,"shown":"...",
 *      "next":"...","verdict":"move","g":4}
 *     {"at_s":...,"event":"offered","sid":"...","n":2,"self":"...",
 *      "parent":"...","verdict":"keep","current":"...","current_n":1}
 *
 * Names are cut to 6 bytes, and what is shown is a hash, or a token's number:
 * enough to tell one from another, and of no use to anybody. A decision is told
 * when it is durable and before it is answered; one that a crash cut off in
 * between is not told. For finding faults: it writes to a file on the loop.
 */
#ifndef SERVER_TRACE_H
#define SERVER_TRACE_H

#include <stdbool.h>

#include "server/rotate.h"

enum { TRACE_WHY_SIZE = 512 };

struct trace {
    int fd; /* 0 or below: nobody wants it */
};

/* Appends to the file, which is made for its owner alone. False: `why`. */
bool trace_open(struct trace *out, const char *path, char why[TRACE_WHY_SIZE]);
void trace_close(struct trace *trace); /* zeroed is allowed */

/* Any thread; a line is written whole. */
void trace_committed(const struct trace *trace,
                     const struct rotate_committed *r);
void trace_offered(const struct trace *trace, const struct rotate_offered *r);

#endif
