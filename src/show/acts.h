/*
 * The show, act by act: a session that lives through what ends others.
 */
#ifndef SHOW_ACTS_H
#define SHOW_ACTS_H

#include <signal.h>

#include "show/draw.h"
#include "show/server.h"

struct show {
    struct server *server;
    struct draw *draw;
    unsigned steady_s; /* how long the first act asks, in seconds */
    const volatile sig_atomic_t *stop; /* true: Ctrl-C was pressed */
};

/* Plays all acts, or as many as Ctrl-C lets it. 0: every session lived on. */
int acts_play(struct show *show);

#endif
