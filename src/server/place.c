/*
 * What stands outside all dialects.
 */
#include "server/place.h"

#include <stdlib.h>

#include "server/census.h"
#include "server/cors.h"
#include "server/resource.h"

/* As long as KEY_JWKS_LIFE_S. */
#define JWKS_CACHE "public, max-age=300"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

static void show_metrics(struct call *call)
{
    const struct metrics *sets[CONFIG_THREADS_MAX];
    struct loop *loops[CONFIG_THREADS_MAX];
    struct server *server = call->server;
    struct metrics_source source = {
        .mounts = &server->mounts,
        .sets = sets,
        .loops = loops,
        .loop_count = server->worker_count,
        .writer = server->writer,
        .asking = server->asking,
        .pool = server->pool,
        .throttle = server->throttle,
        .sessions = census_count(server->census),
        .place_name = place_path,
        .version = STAY_VERSION,
    };
    char *text = malloc(METRICS_TEXT_MAX);

    if (text == NULL) {
        call_reply_failed(call);
        return;
    }
    for (size_t i = 0; i < server->worker_count; i++) {
        sets[i] = &server->workers[i].metrics;
        loops[i] = server->workers[i].loop;
        source.audit_lost += atomic_load(&server->workers[i].audit.lost);
    }
    call_reply_plain(
        call, 200, SPAN(METRICS_TYPE),
        (struct span){text, metrics_write(&source, text, METRICS_TEXT_MAX)});
    free(text);
}

static void show_keys(struct call *call)
{
    const struct key_ring *keys = call->worker->keys;
    struct span etag = span_of(keys->etag);
    struct http_response response = {
        .status = 200,
        .content_type = SPAN("application/json"),
        .body = {keys->jwks, keys->jwks_length},
    };

    if (span_equal(call_header(call, "If-None-Match"), etag))
        response = (struct http_response){.status = 304};
    // Public by nature, for any page and any cache.
    (void)http_response_add(&response, SPAN("Cache-Control"), SPAN(JWKS_CACHE));
    (void)http_response_add(&response, SPAN("ETag"), etag);
    (void)http_response_add(&response, SPAN("Access-Control-Allow-Origin"),
                            SPAN("*"));
    call_answer(call, &response);
}

static void show_openapi(struct call *call)
{
    const struct server *server = call->server;
    struct http_response response = {
        .status = 200,
        .content_type = SPAN("application/json"),
        .body = {server->openapi, server->openapi_length},
        .body_lasting = true,
    };

    (void)http_response_add(&response, SPAN("Access-Control-Allow-Origin"),
                            SPAN("*"));
    call_answer(call, &response);
}

/* Each one's number is its route in the metrics: METRICS_PLACES_MAX of them. */
// clang-format off
static const struct place_row places[] = {
    {"GET", "/livez", "Is the process alive?", place_live, false,
     {{200, "text/plain"}}},
    {"GET", "/readyz", "Can it serve? 503 where it cannot.", place_ready, false,
     {{200, "application/json"}, {503, "application/json"}}},
    {"GET", "/metrics", "Counts, as Prometheus reads them.", show_metrics, false,
     {{200, METRICS_TYPE}}},
    {"GET", "/openapi.json", "This document.", show_openapi, false,
     {{200, "application/json"}}},
    {"GET", "/.well-known/jwks.json", "The public keys of access tokens.",
     show_keys, false, {{200, "application/json"}, {304, NULL}}},
    {"GET", "/auth/verify", "Is this a request of a living session?",
     place_verify, false,
     {{204, NULL}, {400, "text/plain"}, {401, NULL}, {403, NULL}}},
    {"POST", "/demo/expire", "Answer tokens issued so far as expired.",
     demo_expire, true, {{204, NULL}}},
    {"POST", "/demo/disable", "Disable this token's account for 30 s.",
     demo_disable, true, {{204, NULL}, {401, "text/plain"}}},
    {"POST", "/demo/faults", "Have refreshes fail.", demo_faults, true,
     {{204, NULL}, {400, "text/plain"}}},
};
// clang-format on

/* And one for all that server/web.h answers. */
_Static_assert(COUNT(places) < METRICS_PLACES_MAX, "a route for each place");

static void refuse_method(struct call *call, const struct place_row *row)
{
    struct http_response response = {
        .status = 405,
        .content_type = SPAN("text/plain"),
        .body = SPAN("method not allowed\n"),
    };

    (void)http_response_add(&response, SPAN("Allow"),
                            row->method[0] == 'G' ? SPAN("GET, HEAD")
                                                  : span_of(row->method));
    call_answer(call, &response);
}

/*
 * A page of another origin asks beforehand (Fetch standard, section 3.2.2). No
 * dialect is asked: none knows these paths, nor what may be sent there.
 */
static void answer_preflight(struct call *call, const struct place_row *row)
{
    struct span origin = call_header(call, "Origin");
    struct http_response response = {.status = 204};

    (void)http_response_add(&response, SPAN("Allow"), span_of(row->method));
    (void)http_response_add(&response, SPAN("Vary"), SPAN("Origin"));
    if (cors_allows(call->worker->live, origin)) {
        (void)http_response_add(&response, SPAN("Access-Control-Allow-Origin"),
                                origin);
        (void)http_response_add(&response, SPAN("Access-Control-Allow-Methods"),
                                span_of(row->method));
        (void)http_response_add(&response, SPAN("Access-Control-Allow-Headers"),
                                SPAN("Authorization, Content-Type"));
    }
    call_answer(call, &response);
}

bool place_take(struct call *call)
{
    struct span method = call->seen.method;

    for (size_t i = 0; i < COUNT(places); i++) {
        const struct place_row *row = &places[i];

        if ((row->demo && !call->server->config->demo) ||
            !span_is(call->seen.path, row->path))
            continue;
        call->place = i + 1;
        if (span_is(method, row->method) ||
            (span_is(method, "HEAD") && row->method[0] == 'G'))
            row->run(call);
        else if (span_is(method, "OPTIONS"))
            answer_preflight(call, row);
        else
            refuse_method(call, row);
        return true;
    }
    return false;
}

const struct place_row *place_row(size_t number)
{
    return number < COUNT(places) ? &places[number] : NULL;
}

const char *place_path(size_t number)
{
    if (number == COUNT(places))
        return "web";
    return number < COUNT(places) ? places[number].path : NULL;
}

size_t place_of_web(void)
{
    return COUNT(places) + 1;
}
