#include "server/metrics.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const outcomes[METRICS_OUTCOMES] = {
    [METRICS_GRANTED] = "granted",
    [METRICS_ADVANCE] = "advance",
    [METRICS_STALE] = "stale",
    [METRICS_BEHIND] = "behind",
    [METRICS_OTHER_SESSION] = "other_session",
    [METRICS_SOFT] = "soft",
    [METRICS_BAD_REQUEST] = "bad_request",
    [METRICS_UNKNOWN] = "unknown",
    [METRICS_REVOKED] = "revoked",
    [METRICS_EXPIRED] = "expired",
    [METRICS_DISABLED] = "disabled",
    [METRICS_REUSE] = "reuse",
    [METRICS_THROTTLED] = "throttled",
    [METRICS_UNAVAILABLE] = "unavailable",
    [METRICS_FAULT] = "fault",
};

/* One writer to each counter, so a plain load and store are enough. */
static void add_one(_Atomic uint64_t *counter)
{
    uint64_t before = atomic_load_explicit(counter, memory_order_relaxed);

    atomic_store_explicit(counter, before + 1, memory_order_relaxed);
}

static uint64_t read_one(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void metrics_refresh(struct metrics *metrics, const struct mount *mount,
                     enum metrics_outcome outcome)
{
    add_one(&metrics->refreshes[mount->number][outcome]);
}

void metrics_status(struct metrics *metrics, int status)
{
    int at = status - METRICS_STATUS_FIRST;

    if (at >= 0 && at < METRICS_STATUS_COUNT)
        add_one(&metrics->status[at]);
}

void metrics_drop(struct metrics *metrics)
{
    add_one(&metrics->drops);
}

struct text {
    char *out;
    size_t size;
    size_t length;
};

static void put(struct text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(struct text *t, const char *format, ...)
{
    va_list values;
    int added;

    va_start(values, format);
    added = vsnprintf(t->out + t->length, t->size - t->length, format, values);
    va_end(values);
    if (added > 0)
        t->length += (size_t)added;
    if (t->length >= t->size)
        t->length = t->size - 1; // cut; vsnprintf has put its NUL there
}

static void put_head(struct text *t, const char *name, const char *kind,
                     const char *help)
{
    put(t, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

static void put_one(struct text *t, const char *name, const char *kind,
                    const char *help, uint64_t value)
{
    put_head(t, name, kind, help);
    put(t, "%s %llu\n", name, (unsigned long long)value);
}

static void put_refreshes(struct text *t, const struct metrics_source *source)
{
    put_head(t, "stay_refreshes_total", "counter",
             "Refreshes by dialect and by what came of them.");
    for (size_t i = 0; i < source->mounts->count; i++) {
        struct span name = source->mounts->list[i].dialect.name;

        for (size_t k = 0; k < METRICS_OUTCOMES; k++) {
            uint64_t sum = 0;

            for (size_t n = 0; n < source->loop_count; n++)
                sum += read_one(&source->sets[n]->refreshes[i][k]);
            put(t,
                "stay_refreshes_total{dialect=\"%.*s\",outcome=\"%s\"} %llu\n",
                (int)name.length, name.text, outcomes[k],
                (unsigned long long)sum);
        }
    }
}

static void put_statuses(struct text *t, const struct metrics_source *source)
{
    put_head(t, "stay_responses_total", "counter", "Answers by status.");
    for (int i = 0; i < METRICS_STATUS_COUNT; i++) {
        uint64_t sum = 0;

        for (size_t n = 0; n < source->loop_count; n++)
            sum += read_one(&source->sets[n]->status[i]);
        if (sum > 0)
            put(t, "stay_responses_total{status=\"%d\"} %llu\n",
                i + METRICS_STATUS_FIRST, (unsigned long long)sum);
    }
}

static void put_loops(struct text *t, const struct metrics_source *source)
{
    struct loop_counts sum = {.connections = 0};
    uint64_t drops = 0;

    for (size_t n = 0; n < source->loop_count; n++) {
        struct loop_counts one;

        loop_counts(source->loops[n], &one);
        sum.connections += one.connections;
        sum.accepted += one.accepted;
        sum.turned_away += one.turned_away;
        sum.requests += one.requests;
        sum.refused += one.refused;
        sum.timed_out += one.timed_out;
        drops += read_one(&source->sets[n]->drops);
    }
    put_one(t, "stay_connections", "gauge", "Connections open now.",
            sum.connections);
    put_one(t, "stay_connections_accepted_total", "counter",
            "Connections accepted.", sum.accepted);
    put_one(t, "stay_connections_turned_away_total", "counter",
            "Connections answered 503 for want of room.", sum.turned_away);
    put_one(t, "stay_requests_total", "counter", "Requests understood.",
            sum.requests);
    put_one(t, "stay_requests_refused_total", "counter",
            "Requests malformed, too long or too slow.", sum.refused);
    put_one(t, "stay_requests_timed_out_total", "counter",
            "Requests that did not come in time.", sum.timed_out);
    put_one(t, "stay_demo_drops_total", "counter",
            "Connections closed instead of an answer, on request.", drops);
}

static void put_writer(struct text *t, const struct metrics_source *source)
{
    struct writer_counts counts;

    writer_count(source->writer, &counts);
    put_one(t, "stay_writer_queue", "gauge", "Changes that wait to be written.",
            counts.queued);
    put_one(t, "stay_writer_changes_total", "counter", "Changes run.",
            counts.changes);
    put_one(t, "stay_writer_commits_total", "counter",
            "Transactions committed.", counts.commits);
    put_one(t, "stay_writer_failures_total", "counter", "Transactions failed.",
            counts.failures);
    put_one(t, "stay_writer_refused_total", "counter",
            "Changes that found the queue full.", counts.refused);
}

static void put_passwords(struct text *t, const struct metrics_source *source)
{
    struct password_counts counts;

    password_count(source->pool, &counts);
    put_one(t, "stay_password_queue", "gauge",
            "Passwords waiting for their hash, or in work.", counts.queued);
    put_one(t, "stay_password_hashes_total", "counter", "Passwords hashed.",
            counts.done);
    put_one(t, "stay_password_refused_total", "counter",
            "Passwords that found the queue full, or their share of it.",
            counts.full + counts.its_share);
}

static void put_throttled(struct text *t, const struct metrics_source *source)
{
    put_head(t, "stay_throttled_total", "counter",
             "Tries refused with 429, by what was tried.");
    for (int act = 0; act < THROTTLE_ACTS; act++)
        put(t, "stay_throttled_total{act=\"%s\"} %llu\n",
            throttle_act_name((enum throttle_act)act),
            (unsigned long long)throttle_refused(source->throttle,
                                                 (enum throttle_act)act));
    put_one(t, "stay_audit_lost_total", "counter",
            "Events told to the log whose row could not be written.",
            source->audit_lost);
}

size_t metrics_write(const struct metrics_source *source, char *out,
                     size_t size)
{
    struct text t = {out, size, 0};

    put_refreshes(&t, source);
    put_statuses(&t, source);
    put_loops(&t, source);
    put_writer(&t, source);
    put_passwords(&t, source);
    put_throttled(&t, source);
    put_head(&t, "stay_build_info", "gauge", "The version that runs.");
    put(&t, "stay_build_info{version=\"%s\"} 1\n", source->version);
    return t.length;
}
