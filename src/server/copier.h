/*
 * Copies a file database's log into its main file beside the commits: a thread
 * with a connection of its own, so that who commits does not wait for pages all
 * over the disk.
 *
 * A copy reaches what was committed when it began. What came meanwhile is left,
 * and as long as anything is, the log goes on growing: whoever commits copies
 * that rest itself.
 */
#ifndef SERVER_COPIER_H
#define SERVER_COPIER_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

struct copier; /* opaque */

/* What came of a copy. */
struct copier_done {
    enum store_result result;
    struct store_log log; /* as the copy left it; only with STORE_OK */
    uint64_t took_us;
};

/* Takes the store over, opened to write; NULL: out of memory or threads, and
   the store is closed. */
struct copier *copier_open(struct store *store);

/* Waits for a copy in work. NULL is allowed. */
void copier_close(struct copier *copier);

/* Has one copy made; one that is in work, or whose end nobody took, is it. */
void copier_start(struct copier *copier);

bool copier_is_busy(struct copier *copier);

/* Blocks until none is in work. */
void copier_wait(struct copier *copier);

/* True once for each copy, when it has ended. */
bool copier_take(struct copier *copier, struct copier_done *out);

#endif
