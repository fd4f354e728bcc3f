/*
 * Three stayd on one PostgreSQL, with one key file, behind one nginx: as
 * packaging/nginx/stayd.conf says that they are to be started.
 */
#ifndef TEST_CLUSTER_H
#define TEST_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>

#include "nginx.h"
#include "stayd.h"

enum { CLUSTER_SIZE = 3, CLUSTER_OPTIONS = 20 };

struct cluster {
    struct stayd stayd[CLUSTER_SIZE];
    struct nginx nginx;
    char folder[PROCESS_PATH_SIZE];
    char key[PROCESS_PATH_SIZE + 16]; /* the file, in `folder` */
    const char *options[CLUSTER_OPTIONS + 1];
};

/*
 * All three begin at once. `database` is borrowed until cluster_clear, and so
 * are `more` options (NULL, or ended by NULL). Without nginx the row is skipped;
 * false then, or when something did not start.
 */
bool cluster_start(struct cluster *out, const char *database,
                   const char *const more[]);
/* Only the stayd. */
bool cluster_begin(struct cluster *out, const char *database,
                   const char *const more[]);

/* The same one on its port again, after stayd_stop. */
bool cluster_restart(struct cluster *cluster, size_t which);

/* Waits until its /readyz answers with this status; false after 30 s. */
bool cluster_wait(struct cluster *cluster, size_t which, int status);

void cluster_clear(struct cluster *cluster); /* zeroed is allowed */

#endif
