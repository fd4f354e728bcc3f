#include "server/dispatch.h"

#include <stdlib.h>

#include "server/resource.h"

/* ---- What stands outside all dialects ---- */

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
        .pool = server->pool,
        .throttle = server->throttle,
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
        call, 200, SPAN("text/plain; version=0.0.4; charset=utf-8"),
        (struct span){text, metrics_write(&source, text, METRICS_TEXT_MAX)});
    free(text);
}

static void show_keys(struct call *call)
{
    char text[KEY_JWKS_MAX];
    size_t length = key_write_jwks(&call->server->keys, text);
    struct http_response response = {
        .status = 200,
        .content_type = SPAN("application/json"),
        .body = {text, length},
    };

    // Public by nature, for any page and any cache.
    (void)http_response_add(&response, SPAN("Cache-Control"),
                            SPAN("public, max-age=300"));
    (void)http_response_add(&response, SPAN("Access-Control-Allow-Origin"),
                            SPAN("*"));
    metrics_status(&call->worker->metrics, 200);
    exchange_answer(call->x, &response);
}

static const struct place_row {
    const char *method;
    const char *path;
    resource *run;
    bool demo; /* only under --demo */
} places[] = {
    {"GET",  "/metrics",               show_metrics, false},
    {"GET",  "/.well-known/jwks.json", show_keys,    false},
    {"POST", "/demo/expire",           demo_expire,  true },
    {"POST", "/demo/faults",           demo_faults,  true },
};

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
    metrics_status(&call->worker->metrics, response.status);
    exchange_answer(call->x, &response);
}

/* True: it was one of these, and is answered. */
static bool take_place(struct call *call)
{
    struct span method = call->seen.method;

    for (size_t i = 0; i < COUNT(places); i++) {
        const struct place_row *row = &places[i];

        if ((row->demo && !call->server->config->demo) ||
            !span_is(call->seen.path, row->path))
            continue;
        if (span_is(method, row->method) ||
            (span_is(method, "HEAD") && row->method[0] == 'G'))
            row->run(call);
        else
            refuse_method(call, row);
        return true;
    }
    return false;
}

/* ---- What a dialect's messages are answered by ---- */

static void refuse_cookie_mode(struct call *call)
{
    fields_set_text(&call->fields, FIELD_DETAIL,
                    SPAN("cookie mode is not offered here"));
    call_reply(call, CASE_BAD_REQUEST, FIELD_NONE);
}

static void welcome(struct call *call)
{
    call_reply(call, CASE_OK, FIELD_NONE);
}

static resource *const resources[MESSAGE_COUNT] = {
    [MESSAGE_WELCOME] = welcome,
    [MESSAGE_SIGN_UP] = account_create,
    [MESSAGE_SIGN_IN] = session_create,
    [MESSAGE_SIGN_IN_COOKIE] = refuse_cookie_mode,
    [MESSAGE_REFRESH] = session_refresh,
    [MESSAGE_REFRESH_COOKIE] = refuse_cookie_mode,
    [MESSAGE_SIGN_OUT] = session_end,
    [MESSAGE_SIGN_OUT_COOKIE] = refuse_cookie_mode,
    [MESSAGE_REVOKE] = session_end,
    [MESSAGE_VERIFY] = session_verify,
    [MESSAGE_ME] = account_show,
    [MESSAGE_BOARD_ALL] = board_show,
    [MESSAGE_BOARD_USER] = board_show,
    [MESSAGE_BOARD_MOD] = board_show,
    [MESSAGE_BOARD_ADMIN] = board_show,
    [MESSAGE_PAGE] = board_show,
    [MESSAGE_TODO_LIST] = todo_list,
    [MESSAGE_TODO_ADD] = todo_add,
    [MESSAGE_TODO_CHANGE] = todo_change,
    [MESSAGE_TODO_REMOVE] = todo_remove,
};

/* The mode's header on a request that could be of that mode. */
static bool asks_cookie_mode(const struct call *call)
{
    struct span name = call->mount->dialect.cookie.mode_header;

    return name.length > 0 &&
           header_find(call->seen.headers, call->seen.headers_count, name)
                   .length > 0;
}

static void answer_message(struct call *call)
{
    resource *run;

    request_match(&call->mount->dialect, &call->seen, &call->message,
                  &call->fields, &call->problems);
    run = resources[call->message];
    if (asks_cookie_mode(call))
        refuse_cookie_mode(call);
    else if (run == NULL)
        call_reply(call, CASE_NOT_FOUND, FIELD_NONE);
    else if (call->problems.count > 0 && call->message != MESSAGE_SIGN_UP &&
             call->message != MESSAGE_REFRESH)
        call_reply_problems(call);
    else
        run(call);
}

/* ---- Which dialect, which message ---- */

/* The dialect that the request's own token tells of, or NULL. */
static const struct mount *find_wish(const struct call *call)
{
    const struct mounts *mounts = &call->server->mounts;
    struct span value = call_header(call, "Authorization");
    char name[TOKEN_DIALECT_SIZE];
    const struct mount *wish =
        mount_of_header(mounts, call->seen.headers, call->seen.headers_count);

    if (wish != NULL || value.length == 0)
        return wish;
    value = span_tail(value, span_find(value, ' ') + 1);
    if (!token_peek_dialect(value, name))
        return NULL;
    return mount_find(mounts, span_of(name));
}

/* A page's browser asks beforehand: who would answer the real request does. */
static void answer_preflight(struct call *call)
{
    const struct mounts *mounts = &call->server->mounts;
    struct request_seen real = call->seen;
    struct mount_route route;

    real.method = call_header(call, "Access-Control-Request-Method");
    if (real.method.length == 0)
        real.method = SPAN("GET");
    route = mount_route(
        mounts,
        mount_of_names(mounts,
                       call_header(call, "Access-Control-Request-Headers")),
        &real);
    call->mount = route.mount;
    call->message = MESSAGE_PREFLIGHT;
    call->seen.path = route.path;
    if (dialect_has(&call->mount->dialect, MESSAGE_PREFLIGHT))
        call_reply(call, CASE_OK, FIELD_NONE);
    else
        call_reply_plain(call, 204, (struct span){NULL, 0},
                         (struct span){NULL, 0});
}

void dispatch(struct call *call)
{
    struct mount_route route;

    if (span_is(call->seen.method, "OPTIONS")) {
        answer_preflight(call);
        return;
    }
    if (take_place(call))
        return;
    route = mount_route(&call->server->mounts, find_wish(call), &call->seen);
    call->mount = route.mount;
    call->message = route.message;
    call->seen.path = route.path;
    switch (route.result) {
    case ROUTE_NO_PATH:
        call->message = MESSAGE_NONE;
        call_reply(call, CASE_UNKNOWN_PATH, FIELD_NONE);
        break;
    case ROUTE_NO_METHOD:
        call_reply(call, CASE_METHOD_NOT_ALLOWED, FIELD_NONE);
        break;
    case ROUTE_FOUND:
        // Who asks comes before what is asked: a stranger learns nothing of it.
        call_authorize(call, answer_message);
        break;
    }
}
