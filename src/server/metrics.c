#include "server/metrics.h"

#include "server/metrics_rows.h"

const int metrics_statuses[METRICS_STATUSES - 1] = {
    200, 201, 202, 204, 205, 206, 301, 302, 303, 304, 307,
    308, 400, 401, 403, 404, 405, 406, 408, 409, 411, 413,
    414, 415, 422, 429, 431, 500, 501, 503, 505,
};

const int64_t metrics_bounds_us[METRICS_BUCKETS - 1] = {
    100,   250,   500,    1000,   2500,    5000,
    10000, 25000, 100000, 500000, 1000000, 5000000,
};

/* One writer to each counter, so a plain load and store are enough. */
static void add(_Atomic uint64_t *counter, uint64_t more)
{
    uint64_t before = atomic_load_explicit(counter, memory_order_relaxed);

    atomic_store_explicit(counter, before + more, memory_order_relaxed);
}

void metrics_refresh(struct metrics *metrics, const struct mount *mount,
                     enum metrics_outcome outcome)
{
    add(&metrics->refreshes[mount->number][outcome], 1);
}

void metrics_count(struct metrics *metrics, const struct metrics_answer *answer)
{
    size_t status = 0;
    size_t bucket = 0;

    while (status < METRICS_STATUSES - 1 &&
           metrics_statuses[status] != answer->status)
        status++;
    add(&metrics->answers[answer->mount][answer->route][status], 1);
    if (answer->took_us < 0)
        return;
    while (bucket < METRICS_BUCKETS - 1 &&
           metrics_bounds_us[bucket] < answer->took_us)
        bucket++;
    add(&metrics->took[answer->route][bucket], 1);
    add(&metrics->took_us[answer->route], (uint64_t)answer->took_us);
}

void metrics_read(struct metrics *metrics, int64_t took_us)
{
    add(&metrics->read_us, (uint64_t)took_us);
}

void metrics_drop(struct metrics *metrics)
{
    add(&metrics->drops, 1);
}
