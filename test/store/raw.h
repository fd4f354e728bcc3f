/*
 * A fixture's database by other hands than the store's: SQLite's own, or a
 * connection of PostgreSQL's superuser. The store may be open beside it.
 */
#ifndef TEST_STORE_RAW_H
#define TEST_STORE_RAW_H

#include "store/fixture.h"

struct raw; /* opaque */

/* NULL, and a failed check, on failure. */
struct raw *raw_open(const struct fixture *f);
void raw_close(struct raw *raw); /* NULL is allowed */

/*
 * Runs statements; <HH*COUNT> stands for COUNT bytes of hexadecimal value HH.
 * False, and a failed check that notes why, when one of them failed.
 */
bool raw_run(struct raw *raw, const char *sql);
/* The one number that it gives; -1 and a failed check otherwise. */
int64_t raw_number(struct raw *raw, const char *sql);
/* Polls until it gives this number; false after 30 s. */
bool raw_wait(struct raw *raw, const char *sql, int64_t wanted);

#endif
