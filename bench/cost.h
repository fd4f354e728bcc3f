/*
 * What a server has cost so far, read from outside it.
 */
#ifndef BENCH_COST_H
#define BENCH_COST_H

#include <stdint.h>

struct cost_of {
    const char *pids;  /* of the server, with commas between; NULL: no
                          seconds are read */
    const char *syncs; /* the file that sync_count.c writes; NULL: none */
};

struct cost {
    double cpu_s;  /* user and system, all threads */
    int64_t syncs; /* calls of fsync and fdatasync */
};

/* Ends the program when it cannot be read. */
struct cost cost_read(const struct cost_of *of);

#endif
