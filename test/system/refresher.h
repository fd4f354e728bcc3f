/*
 * Sessions that refresh without end, each as a strict client that never loses
 * its record: of committed rotation (design.md, section 5.1), or of offered
 * rotation, as a client that adopts each token it is given (5.2). Raw HTTP, one
 * thread each.
 */
#ifndef TEST_REFRESHER_H
#define TEST_REFRESHER_H

#include <stdbool.h>
#include <stddef.h>

enum { REFRESHERS_MAX = 64, REFRESHERS_PORTS = 8 };

struct refreshers; /* opaque */

struct refreshers_counts {
    size_t sessions;
    size_t granted;
    size_t advanced;    /* 409 advance: the lost reply was caught up with */
    size_t behind;      /* 409 behind: the database had lost steps */
    size_t unavailable; /* 503, with Retry-After */
    size_t silent;      /* no reply, or not a whole one */
    size_t gateway;     /* 502 or 504, of a proxy: it had none from a server */
    size_t ended;  /* refused: signed out. The first one's body is in `wrong` */
    size_t others; /* anything else, likewise */
    char wrong[256];
};

/*
 * Signs `count` sessions in as ada on these ports in turn, and begins; each
 * session wanders from port to port. NULL, and a failed check, when that went
 * wrong.
 */
struct refreshers *refreshers_start(const int *ports, size_t ports_count,
                                    size_t count);
/* As refreshers_start, of stay, express and django in turn. */
struct refreshers *refreshers_mix(const int *ports, size_t ports_count,
                                  size_t count);
struct refreshers_counts refreshers_count(struct refreshers *all);
/* Waits until so many were granted since the start; false after 30 s. */
bool refreshers_reach(struct refreshers *all, size_t granted);
/* Every session goes on until it is granted once more, then they end; false
   where one was not within 30 s. Frees. */
bool refreshers_end(struct refreshers *all, struct refreshers_counts *counts);

#endif
