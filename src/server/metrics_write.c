/*
 * Prometheus text, from the counters.
 */
#include <stdarg.h>
#include <stdio.h>

#include "server/metrics_rows.h"

static const char *const outcomes[METRICS_OUTCOMES] = {
    [METRICS_GRANTED] = "granted",
    [METRICS_ADVANCE] = "advance",
    [METRICS_STALE] = "stale",
    [METRICS_BEHIND] = "behind",
    [METRICS_OTHER_SESSION] = "other_session",
    [METRICS_RESEED] = "reseed",
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

static uint64_t read_one(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
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

static const char *route_name(const struct metrics_source *source, size_t route)
{
    if (route >= MESSAGE_COUNT)
        return source->place_name(route - MESSAGE_COUNT);
    return route == MESSAGE_NONE ? "none" : message_name((enum message)route);
}

/* Those that there are; places beyond have no name and no counts. */
static size_t count_routes(const struct metrics_source *source)
{
    size_t count = MESSAGE_COUNT;

    while (count < METRICS_ROUTES &&
           source->place_name(count - MESSAGE_COUNT) != NULL)
        count++;
    return count;
}

static void put_answer(struct text *t, const struct metrics_source *source,
                       const struct metrics_answer *which, size_t status)
{
    struct span dialect = SPAN("none");
    char number[16] = "other";
    uint64_t sum = 0;

    for (size_t n = 0; n < source->loop_count; n++)
        sum += read_one(
            &source->sets[n]->answers[which->mount][which->route][status]);
    if (sum == 0)
        return;
    if (which->mount < MOUNT_MAX)
        dialect = source->mounts->list[which->mount].dialect.name;
    if (status < METRICS_STATUSES - 1)
        (void)snprintf(number, sizeof number, "%d", metrics_statuses[status]);
    put(t,
        "stay_responses_total{dialect=\"%.*s\",route=\"%s\",status=\"%s\"} "
        "%llu\n",
        (int)dialect.length, dialect.text, route_name(source, which->route),
        number, (unsigned long long)sum);
}

static void put_answers(struct text *t, const struct metrics_source *source)
{
    size_t routes = count_routes(source);

    put_head(t, "stay_responses_total", "counter",
             "Answers by dialect, route and status.");
    for (size_t mount = 0; mount <= MOUNT_MAX; mount++) {
        if (mount >= source->mounts->count && mount != MOUNT_MAX)
            continue;
        for (size_t route = 0; route < routes; route++)
            for (size_t status = 0; status < METRICS_STATUSES; status++)
                put_answer(
                    t, source,
                    &(struct metrics_answer){.mount = mount, .route = route},
                    status);
    }
}

/* Buckets count all that is not above their bound, so each holds the last. */
static void put_histogram(struct text *t, const struct metrics_source *source,
                          size_t route)
{
    const char *name = route_name(source, route);
    uint64_t took_us = 0;
    uint64_t sum = 0;
    char bound[32] = "+Inf";
    struct text start = *t;

    for (size_t i = 0; i < METRICS_BUCKETS; i++) {
        for (size_t n = 0; n < source->loop_count; n++)
            sum += read_one(&source->sets[n]->took[route][i]);
        if (i < METRICS_BUCKETS - 1)
            (void)snprintf(bound, sizeof bound, "%g",
                           (double)metrics_bounds_us[i] / 1e6);
        else
            (void)snprintf(bound, sizeof bound, "+Inf");
        put(t, "stay_response_seconds_bucket{route=\"%s\",le=\"%s\"} %llu\n",
            name, bound, (unsigned long long)sum);
    }
    for (size_t n = 0; n < source->loop_count; n++)
        took_us += read_one(&source->sets[n]->took_us[route]);
    put(t,
        "stay_response_seconds_sum{route=\"%s\"} %.6f\n"
        "stay_response_seconds_count{route=\"%s\"} %llu\n",
        name, (double)took_us / 1e6, name, (unsigned long long)sum);
    if (sum == 0)
        *t = start; // nothing to tell of this one
}

static void put_histograms(struct text *t, const struct metrics_source *source)
{
    size_t routes = count_routes(source);

    put_head(t, "stay_response_seconds", "histogram",
             "Time from a whole request to its answer, by route.");
    for (size_t route = 0; route < routes; route++)
        put_histogram(t, source, route);
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

/* Time of all questions, and how many wait: none where each loop asks itself. */
static uint64_t read_us(const struct metrics_source *source, uint64_t *waiting)
{
    struct writer_counts counts = {.queued = 0};
    uint64_t sum = 0;

    if (source->asking != NULL)
        writer_count(source->asking, &counts);
    *waiting = counts.queued;
    for (size_t n = 0; n < source->loop_count; n++)
        sum += read_one(&source->sets[n]->read_us);
    return sum + counts.busy_us;
}

static void put_writer(struct text *t, const struct metrics_source *source)
{
    struct writer_counts counts;
    uint64_t waiting;
    uint64_t asked_us = read_us(source, &waiting);

    writer_count(source->writer, &counts);
    put_one(t, "stay_reader_queue", "gauge",
            "Questions that wait for a connection to the database.", waiting);
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
    put_head(t, "stay_database_seconds_total", "counter",
             "Time spent on the database, by what for: read, write (commits "
             "included), commit, and copying the log.");
    put(t,
        "stay_database_seconds_total{work=\"read\"} %.6f\n"
        "stay_database_seconds_total{work=\"write\"} %.6f\n"
        "stay_database_seconds_total{work=\"commit\"} %.6f\n"
        "stay_database_seconds_total{work=\"copy\"} %.6f\n",
        (double)asked_us / 1e6, (double)counts.busy_us / 1e6,
        (double)counts.commit_us / 1e6, (double)counts.copy_us / 1e6);
    if (source->sessions < 0)
        return; // not counted yet
    put_one(t, "stay_sessions", "gauge",
            "Living sessions in the database, counted now and then.",
            (uint64_t)source->sessions);
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
    put_answers(&t, source);
    put_histograms(&t, source);
    put_loops(&t, source);
    put_writer(&t, source);
    put_passwords(&t, source);
    put_throttled(&t, source);
    put_head(&t, "stay_build_info", "gauge", "The version that runs.");
    put(&t, "stay_build_info{version=\"%s\"} 1\n", source->version);
    return t.length;
}
