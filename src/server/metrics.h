/*
 * What the server counts. One set for each loop, written by that loop alone and
 * read by any; /metrics adds them up.
 */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "core/dialect.h"
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
    METRICS_RESEED,      /* told what a line begins from */
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
    METRICS_PLACES_MAX = 16, /* paths outside all dialects */
    METRICS_ROUTES = MESSAGE_COUNT + METRICS_PLACES_MAX,
    METRICS_STATUSES = 32, /* those we answer with; the last is any other */
    METRICS_BUCKETS = 13,  /* of the histogram, +Inf included */
    METRICS_TEXT_MAX = 512 * 1024,
};

/* An answer, as it is counted. */
struct metrics_answer {
    size_t mount; /* its number; MOUNT_MAX: outside all dialects */
    size_t route; /* a message, or MESSAGE_COUNT + a place's number */
    int status;
    int64_t
        took_us; /* from the whole request to its answer; below 0: not told */
};

struct metrics {
    _Atomic uint64_t refreshes[MOUNT_MAX][METRICS_OUTCOMES];
    _Atomic uint64_t answers[MOUNT_MAX + 1][METRICS_ROUTES][METRICS_STATUSES];
    _Atomic uint64_t took[METRICS_ROUTES][METRICS_BUCKETS];
    _Atomic uint64_t took_us[METRICS_ROUTES];
    _Atomic uint64_t read_us; /* what questions to the database took */
    _Atomic uint64_t drops;   /* answered by closing, for a demonstration */
};

void metrics_refresh(struct metrics *metrics, const struct mount *mount,
                     enum metrics_outcome outcome);
void metrics_count(struct metrics *metrics,
                   const struct metrics_answer *answer);
void metrics_read(struct metrics *metrics, int64_t took_us);
void metrics_drop(struct metrics *metrics);

/* What /metrics is written from. */
struct metrics_source {
    const struct mounts *mounts;
    const struct metrics *const *sets; /* one for each loop */
    struct loop *const *loops;
    size_t loop_count;
    struct writer *writer;
    struct writer *asking; /* NULL: each loop has a reader of its own */
    struct password_pool *pool;
    struct throttle *throttle;
    uint64_t audit_lost;
    int64_t sessions; /* living; below 0: not counted yet */
    const char *(*place_name)(size_t number); /* NULL behind the last */
    const char *version;
};

/* Prometheus text format 0.0.4; the length written, cut at `size`. */
size_t metrics_write(const struct metrics_source *source, char *out,
                     size_t size);

#endif
