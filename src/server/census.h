/*
 * How many sessions live: counted now and then on a thread and a connection of
 * its own, since to count takes as long as there are sessions, and nobody may
 * wait for it. Expired ones count until they are ended or removed.
 */
#ifndef SERVER_CENSUS_H
#define SERVER_CENSUS_H

#include <stdint.h>

#include "store/store.h"

enum {
    CENSUS_PERIOD_MS = 15000, /* between two counts, */
    CENSUS_REST = 100,        /* or so many times as long as one took */
};

struct census; /* opaque */

/*
 * Opens the database to read and starts the thread. NULL: it could not; the
 * number is then unknown, and nothing else fails.
 */
struct census *census_open(const struct store_config *config);
void census_close(struct census *census); /* NULL is allowed; blocks */

/* Any thread. Below 0: not counted yet. */
int64_t census_count(const struct census *census);

#endif
