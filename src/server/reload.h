/*
 * SIGHUP: the options are read again, and what can change while we run does:
 * origins, the log's level, and the keys are looked at. What else differs is
 * told in the log and waits for the next start. A configuration that is wrong is
 * told, and the old one stays.
 *
 * Each loop has its own pointer to what it serves by, changed by a job on that
 * loop, so requests need no lock; the last loop to let go frees the old one.
 */
#ifndef SERVER_RELOAD_H
#define SERVER_RELOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "server/config.h"
#include "server/loop.h"

struct server;

/* What stands between two of them; part of the server. */
struct reload {
    enum config_result (*reread)(void *context, struct config *out,
                                 char why[CONFIG_WHY_SIZE]);
    void *context;
    struct config *now;     /* the newest; NULL: the one of the start */
    struct config *before;  /* to be freed when `waiting` is 0 */
    _Atomic size_t waiting; /* loops that have not taken `now` yet */
    struct loop_job retry;  /* SIGHUP came meanwhile */
    struct server *server;  /* retry's */
    bool retrying;
};

/* On the first loop's thread, while all loops run. */
void reload_begin(struct server *server);

void reload_clear(struct reload *reload); /* the loops have ended */

#endif
