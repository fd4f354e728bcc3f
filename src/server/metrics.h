/*
 * What the server counts. One set for each loop, written by that loop alone and
 * read by any; /metrics adds them up.
 */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "server/loop.h"
#include "server/mount.h"
#include "server/password.h"
#include "server/throttle.h"
#include "server/writer.h"

/* What came of a refresh; each is on /metrics from the start, at zero. */
enum metrics_outcome {
    METRICS_GRANTED,
    METRICS_ADVANCE,
    METRICS_STALE,
    METRICS_BEHIND,
    METRICS_OTHER_SESSION,
    METRICS_SOFT,        /* refused softly: try again in a moment */
    METRICS_BAD_REQUEST, /* nothing that could be a refresh token */
    METRICS_UNKNOWN,
    METRICS_REVOKED,
    METRICS_EXPIRED,
    METRICS_DISABLED,
    METRICS_REUSE,
    METRICS_THROTTLED,   /* too much of what is no session's */
    METRICS_UNAVAILABLE, /* no answer from the database */
    METRICS_FAULT,       /* asked for by a demonstration */
    METRICS_OUTCOMES
};

enum {
    METRICS_STATUS_FIRST = 200,
    METRICS_STATUS_COUNT = 400, /* 200 to 599 */
    METRICS_TEXT_MAX = 64 * 1024,
};

struct metrics {
    _Atomic uint64_t refreshes[MOUNT_MAX][METRICS_OUTCOMES];
    _Atomic uint64_t status[METRICS_STATUS_COUNT];
    _Atomic uint64_t drops; /* answered by closing, for a demonstration */
};

void metrics_refresh(struct metrics *metrics, const struct mount *mount,
                     enum metrics_outcome outcome);
void metrics_status(struct metrics *metrics, int status);
void metrics_drop(struct metrics *metrics);

/* What /metrics is written from. */
struct metrics_source {
    const struct mounts *mounts;
    const struct metrics *const *sets; /* one for each loop */
    struct loop *const *loops;
    size_t loop_count;
    struct writer *writer;
    struct password_pool *pool;
    struct throttle *throttle;
    uint64_t audit_lost;
    const char *version;
};

/* Prometheus text format 0.0.4; the length written, cut at `size`. */
size_t metrics_write(const struct metrics_source *source, char *out,
                     size_t size);

#endif
