#include "server/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/cors.h"

enum {
    REPLY_SIZE = 3 * 1024,  /* of most: kept small, it is wiped each time */
    REPLY_LONG = 64 * 1024, /* of all but lists */
    RETRY_AFTER_S = 1,
    ASKED_HEADERS_MAX = 1024,
};

/* Answers that hold tokens, or say which tokens are good. */
static bool tells_tokens(enum message message)
{
    switch ((int)message) {
    case MESSAGE_SIGN_IN:
    case MESSAGE_SIGN_IN_COOKIE:
    case MESSAGE_REFRESH:
    case MESSAGE_REFRESH_COOKIE:
    case MESSAGE_VERIFY:
    case MESSAGE_INTROSPECT:
        return true;
    default:
        return false;
    }
}

/* What any reply may speak of, besides what the resource has set. */
static void set_surroundings(struct call *call)
{
    struct span origin = call_header(call, "Origin");
    struct span asked = call_header(call, "Access-Control-Request-Headers");

    fields_set_text(&call->fields, FIELD_METHOD, call->seen.method);
    fields_set_text(&call->fields, FIELD_PATH, call->seen.path);
    fields_set_text(&call->fields, FIELD_CONTENT_TYPE, call->seen.content_type);
    fields_set_int(&call->fields, FIELD_NOW_MS,
                   loop_wall_ms(call->worker->loop));
    if (cors_allows(call->worker->live, origin))
        fields_set_text(&call->fields, FIELD_ORIGIN, origin);
    // What is longer would not fit into a head; the browser then refuses.
    if (asked.length > 0 && asked.length <= ASKED_HEADERS_MAX)
        fields_set_text(&call->fields, FIELD_ASKED_HEADERS, asked);
}

static bool has_header(const struct http_response *response, struct span name)
{
    for (size_t i = 0; i < response->header_count; i++)
        if (span_equal_nocase(response->headers[i].name, name))
            return true;
    return false;
}

/* All but the rows of headers: there are too many of them to be zeroed. */
static void begin_response(const struct reply *reply, struct http_response *out)
{
    out->status = reply->status;
    out->content_type = reply->content_type;
    out->body = reply->body;
    out->body_lasting = false;
    out->close = false;
    out->header_count = 0;
}

/* Drops what the HTTP layer writes by itself. */
static void copy_headers(const struct reply *reply, struct http_response *out)
{
    for (size_t i = 0; i < reply->headers_count; i++) {
        const struct header_line *line = &reply->headers[i];

        if (span_equal_nocase(line->name, SPAN("Content-Type")) ||
            span_equal_nocase(line->name, SPAN("Content-Length")))
            continue;
        (void)http_response_add(out, line->name, line->value);
    }
}

void call_answer(struct call *call, const struct http_response *response)
{
    const struct metrics_answer answer = {
        .mount = call->place > 0 ? MOUNT_MAX : call->mount->number,
        .route = call->place > 0 ? MESSAGE_COUNT + call->place - 1
                                 : (size_t)call->message,
        .status = response->status,
        .took_us = call_now_us() - call->begun_us,
    };

    metrics_count(&call->worker->metrics, &answer);
    exchange_answer(call->x, response);
}

/* Out of the call, which is gone when it is answered. */
static void take_cookie(struct call *call, char cookie[CALL_COOKIE_SIZE])
{
    size_t length = strlen(call->cookie);

    memcpy(cookie, call->cookie, length + 1);
    bytes_wipe(call->cookie, length);
}

static void send_reply(struct call *call, const struct reply *reply)
{
    UNSET struct http_response response;
    UNSET char cookie[CALL_COOKIE_SIZE];

    begin_response(reply, &response);
    copy_headers(reply, &response);
    take_cookie(call, cookie);
    if (cookie[0] != '\0')
        (void)http_response_add(&response, SPAN("Set-Cookie"), span_of(cookie));
    if (tells_tokens(call->message) &&
        !has_header(&response, SPAN("Cache-Control")))
        (void)http_response_add(&response, SPAN("Cache-Control"),
                                SPAN("no-store"));
    // The same path asked for as a page is the web app's (server/web.h).
    if (call->server->web.count > 0 && (span_is(call->seen.method, "GET") ||
                                        span_is(call->seen.method, "HEAD")))
        (void)http_response_add(&response, SPAN("Vary"), SPAN("Accept"));
    call_answer(call, &response);
    bytes_wipe(cookie, strlen(cookie));
}

void call_reply_plain(struct call *call, int status, struct span type,
                      struct span body)
{
    struct http_response response = {
        .status = status, .content_type = type, .body = body};

    call_answer(call, &response);
}

static void report_unspoken(struct call *call, struct reply_case what,
                            enum reply_result result)
{
    struct span name = call->mount->dialect.name;

    log_event(&call->server->log, CONFIG_ERROR, "unspoken",
              "dialect=%.*s message=%s case=%s result=%d", (int)name.length,
              name.text, message_name(call->message),
              reply_kind_name(what.kind), (int)result);
    call_reply_plain(call, 500, SPAN("text/plain"), SPAN("internal error\n"));
}

/* REPLY_OK: it is on its way. The buffer is wiped: it held tokens. */
static enum reply_result build_and_send(struct call *call,
                                        const struct problems *cases,
                                        struct span buffer)
{
    const struct reply_ask ask = {call->message, cases->list, cases->count,
                                  &call->fields};
    UNSET struct reply reply;
    enum reply_result result =
        reply_build(&call->mount->dialect, &ask, buffer, &reply);

    if (result == REPLY_OK)
        send_reply(call, &reply);
    bytes_wipe((char *)buffer.text, reply.used);
    return result;
}

static void reply_long(struct call *call, const struct problems *cases,
                       size_t size)
{
    char *buffer = malloc(size);
    enum reply_result result = REPLY_LARGE;

    if (buffer != NULL)
        result = build_and_send(call, cases, (struct span){buffer, size});
    if (result != REPLY_OK)
        report_unspoken(call, cases->list[0], result);
    free(buffer);
}

static void reply_cases(struct call *call, const struct problems *cases)
{
    UNSET char buffer[REPLY_SIZE];
    enum reply_result result;

    set_surroundings(call);
    result = build_and_send(call, cases, (struct span){buffer, sizeof buffer});
    if (result == REPLY_LARGE)
        reply_long(call, cases, REPLY_LONG);
    else if (result != REPLY_OK)
        report_unspoken(call, cases->list[0], result);
}

static struct problems one_case(enum reply_kind kind, enum field field)
{
    return (struct problems){.list = {{.kind = kind, .field = field}},
                             .count = 1};
}

/* Every second at most: when one request fails, many do. */
static void note_unavailable(struct call *call)
{
    struct worker *worker = call->worker;
    char said[WRITER_MESSAGE_SIZE];

    if (worker->unavailable_s == call->now_s)
        return;
    worker->unavailable_s = call->now_s;
    said[0] = '\0';
    if (worker->reader != NULL)
        (void)snprintf(said, sizeof said, "%s", store_message(worker->reader));
    if (said[0] == '\0') // it was not the reader that failed
        writer_message(worker->server->writer, said);
    log_event(&call->server->log, CONFIG_WARN, "unavailable",
              "message=%s database=\"%s\"", message_name(call->message), said);
}

void call_reply(struct call *call, enum reply_kind kind, enum field field)
{
    bool hidden = kind == CASE_DISABLED && call->server->config->hide_users;
    struct problems one = one_case(hidden ? CASE_HIDDEN : kind, field);

    if (kind == CASE_UNAVAILABLE) {
        note_unavailable(call);
        call_take_back(call);
    }
    if (kind == CASE_TRY_AGAIN || kind == CASE_UNAVAILABLE)
        fields_set_int(&call->fields, FIELD_RETRY_AFTER, RETRY_AFTER_S);
    reply_cases(call, &one);
}

void call_reply_problems(struct call *call)
{
    reply_cases(call, &call->problems);
}

void call_reply_large(struct call *call, enum reply_kind kind, size_t size)
{
    struct problems one = one_case(kind, FIELD_NONE);

    set_surroundings(call);
    reply_long(call, &one, size);
}

void call_reply_failed(struct call *call)
{
    call_reply(call, CASE_UNAVAILABLE, FIELD_NONE);
}

void call_set_user(struct call *call, const struct store_user *user)
{
    fields_set_int(&call->fields, FIELD_ID, user->id);
    fields_set_text(&call->fields, FIELD_USERNAME, span_of(user->name));
    fields_set_text(&call->fields, FIELD_EMAIL, span_of(user->email));
    fields_set_text(&call->fields, FIELD_ROLES, span_of(user->roles));
    if (user->email[0] != '\0')
        fields_set_bool(&call->fields, FIELD_VERIFIED, user->verified);
}
