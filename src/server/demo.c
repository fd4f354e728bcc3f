/*
 * Switches of a demonstration, under --demo only: expire tokens now, make
 * refreshes fail, lose their replies.
 */
#include <time.h>

#include "base/json.h"
#include "server/resource.h"

enum {
    FAULT_TOKENS = 16,
    DROPS_MAX = 1000000,
    SECONDS_MAX = 86400,
};

void demo_expire(struct call *call)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now); // cannot fail with this clock
    atomic_store(&call->server->demo.expired_us,
                 (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    log_event(&call->server->log, CONFIG_INFO, "demo_expire", "all=1");
    call_reply_plain(call, 204, (struct span){NULL, 0}, (struct span){NULL, 0});
}

/* Absent leaves *out; false when it is no number from 0 to max. */
static bool read_number(const struct json *json, const char *name, int64_t max,
                        int64_t *out)
{
    size_t at = json_member(json, 0, name);
    int64_t value;

    if (at == JSON_NONE)
        return true;
    if (!json_int(json, at, &value) || value < 0 || value > max)
        return false;
    *out = value;
    return true;
}

/*
 * {"drop_replies": 3}: the next three refreshes are done, committed, and their
 * replies lost. {"status": 503, "seconds": 5}: for 5 s refreshes are answered so
 * and nothing is done; without seconds until it is set to 0.
 */
void demo_faults(struct call *call)
{
    struct json_token tokens[FAULT_TOKENS];
    struct demo *demo = &call->server->demo;
    int64_t drops = 0;
    int64_t status = 0;
    int64_t seconds = 0;
    struct json json;

    if (json_parse(&json, call->seen.body.text, call->seen.body.length, tokens,
                   FAULT_TOKENS) != JSON_OK ||
        json_type_at(&json, 0) != JSON_OBJECT ||
        !read_number(&json, "drop_replies", DROPS_MAX, &drops) ||
        !read_number(&json, "status", 599, &status) ||
        !read_number(&json, "seconds", SECONDS_MAX, &seconds) ||
        (status != 0 && status < 400)) {
        call_reply_plain(call, 400, SPAN("text/plain"),
                         SPAN("use {\"drop_replies\":0..1000000,"
                              "\"status\":0|400..599,\"seconds\":0..86400}\n"));
        return;
    }
    atomic_store(&demo->drop_replies, drops);
    atomic_store(
        &demo->until_ms,
        seconds == 0 ? 0 : loop_now_ms(call->worker->loop) + seconds * 1000);
    atomic_store(&demo->status, status);
    log_event(&call->server->log, CONFIG_INFO, "demo_faults",
              "drop_replies=%lld status=%lld seconds=%lld", (long long)drops,
              (long long)status, (long long)seconds);
    call_reply_plain(call, 204, (struct span){NULL, 0}, (struct span){NULL, 0});
}

bool demo_answers_refresh(struct call *call)
{
    struct demo *demo = &call->server->demo;
    int64_t status = atomic_load(&demo->status);
    int64_t until_ms = atomic_load(&demo->until_ms);

    if (status == 0 ||
        (until_ms != 0 && loop_now_ms(call->worker->loop) >= until_ms))
        return false;
    metrics_refresh(&call->worker->metrics, call->mount, METRICS_FAULT);
    call_reply_plain(call, (int)status, SPAN("text/plain"),
                     SPAN("as the demonstration asked\n"));
    return true;
}

bool demo_drops_reply(struct call *call)
{
    _Atomic int64_t *left = &call->server->demo.drop_replies;
    int64_t before = atomic_load(left);

    while (before > 0)
        if (atomic_compare_exchange_weak(left, &before, before - 1)) {
            metrics_drop(&call->worker->metrics);
            exchange_drop(call->x);
            return true;
        }
    return false;
}
