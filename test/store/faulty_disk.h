/*
 * A disk that fails when told to, between SQLite and the real one.
 */
#ifndef TEST_STORE_FAULTY_DISK_H
#define TEST_STORE_FAULTY_DISK_H

#include <stdbool.h>

enum disk_fault {
    DISK_GOOD,
    DISK_ERROR_ONCE, /* operation n fails, those after it go well */
    DISK_FULL_ONCE,  /* the same, for want of room; only writes */
    DISK_GONE,       /* operation n and all after it fail */
    DISK_CUT,        /* the same; what was not synced is lost at disk_restore,
                        each write of it by the toss of a coin */
};

/* Becomes SQLite's default from here on. Call before anything is opened. */
void disk_install(void);

/*
 * Counts anew: the n-th write, sync or truncation from now is hit; 0: none.
 * `seed` tosses the coins.
 */
void disk_break(enum disk_fault fault, int n, unsigned seed);

/* How many operations were counted since disk_break. */
int disk_count(void);

/* Power is back: undoes what was not synced (after DISK_CUT), works again.
   Every connection must have been closed. */
void disk_restore(void);

#endif
