/*
 * Accepts connections for one loop, and turns away what is too many.
 *
 * For loop.c. One descriptor is kept in reserve: when none is left, it is given
 * up for a moment, so that the client hears 503 and not silence.
 */
#ifndef SERVER_ACCEPT_H
#define SERVER_ACCEPT_H

#include <stdbool.h>
#include <stddef.h>

#include <uv.h>

#include "server/connection.h"

enum {
    ACCEPT_BATCH = 64,     /* connections taken in one turn */
    ACCEPT_PAUSE_MS = 100, /* when not even the reserve could be renewed */
};

/* One listening socket of a loop. Zero is closed. */
struct acceptor {
    uv_poll_t poll;
    uv_timer_t pause;
    struct connections *all;
    size_t connection_limit;
    int fd;
    int reserve_fd; /* -1: given up and not renewed yet */
    bool is_open;
};

/* Takes over a listening socket, also on failure; then it is closed. */
bool acceptor_open(struct acceptor *a, struct connections *all, int fd);

/* Stops listening at once; uv_run must still end the handles. */
void acceptor_close(struct acceptor *a);

#endif
