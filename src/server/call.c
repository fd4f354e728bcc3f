#include "server/call.h"

#include <string.h>
#include <time.h>

#include "server/dispatch.h"

enum { FIELDS_ROOM = 512 }; /* beside what the request itself is long */

int64_t call_now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); // cannot fail for this clock
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static size_t text_room(const struct http_request *request)
{
    return request->body.length + request->query.length + request->path.length +
           FIELDS_ROOM;
}

static void fill_seen(struct call *call, const struct http_request *request,
                      struct header_line *lines)
{
    for (size_t i = 0; i < request->header_count; i++)
        lines[i] = (struct header_line){request->headers[i].name,
                                        request->headers[i].value};
    call->seen = (struct request_seen){
        .method = request->method_text,
        .path = request->path,
        .query = request->query,
        .content_type = request->content_type,
        .headers = lines,
        .headers_count = request->header_count,
        .body = request->body,
    };
}

/* One piece of memory: the call, its header lines, its fields' text. */
static struct call *make_call(struct worker *worker, struct exchange *x)
{
    const struct http_request *request = exchange_request(x);
    size_t lines = request->header_count * sizeof(struct header_line);
    size_t room = text_room(request);
    char *memory = exchange_reserve(x, sizeof(struct call) + lines + room);
    struct call *call = (struct call *)(void *)memory;

    if (call == NULL)
        return NULL;
    call->x = x;
    call->worker = worker;
    call->server = worker->server;
    call->mount = worker->server->mounts.placed[0];
    call->message = MESSAGE_NONE;
    call->place = 0;
    call->begun_us = call_now_us();
    call->problems.count = 0;
    call->now_s = loop_now_s(worker->loop);
    call->user_id = 0;
    call->cookie[0] = '\0';
    call->client = client_find(&worker->server->trust, request);
    call->tried = (struct throttle_try){.pair = 0};
    call->shown.text = (struct span){NULL, 0};
    memset(&call->asker, 0, sizeof call->asker);
    fields_init(&call->fields, memory + sizeof *call + lines, room);
    fill_seen(call, request,
              (struct header_line *)(void *)(memory + sizeof *call));
    return call;
}

static void answer_no_memory(struct worker *worker, struct exchange *x)
{
    struct http_response response = {.status = 503,
                                     .content_type = SPAN("text/plain"),
                                     .body = SPAN("try again later\n")};

    (void)http_response_add(&response, SPAN("Retry-After"), SPAN("1"));
    metrics_count(&worker->metrics, &(struct metrics_answer){.mount = MOUNT_MAX,
                                                             .status = 503,
                                                             .took_us = -1});
    exchange_answer(x, &response);
}

void call_begin(void *context, struct exchange *x)
{
    struct call *call = make_call(context, x);

    if (call == NULL)
        answer_no_memory(context, x);
    else
        dispatch(call);
}

/* Refusals of the parser that dialects have words for. */
static const struct refusal_row {
    int status;
    enum reply_kind kind;
} refusals[] = {
    {HTTP_BAD_REQUEST,     CASE_BAD_REQUEST    },
    {HTTP_BODY_TOO_LONG,   CASE_TOO_LARGE      },
    {HTTP_LENGTH_REQUIRED, CASE_LENGTH_REQUIRED},
};

void call_refuse(void *context, struct exchange *x, int status)
{
    struct call *call = make_call(context, x);
    struct span text = span_of(http_status_text(status));
    struct mount_route route;

    if (call == NULL) {
        answer_no_memory(context, x);
        return;
    }
    for (size_t i = 0; i < COUNT(refusals) && call->seen.path.length > 0; i++) {
        if (refusals[i].status != status)
            continue;
        route = mount_route(&call->server->mounts, NULL, &call->seen);
        call->mount = route.mount;
        call->seen.path = route.path;
        call_reply(call, refusals[i].kind, FIELD_NONE);
        return;
    }
    call_reply_plain(call, status, SPAN("text/plain"), text);
}

void *call_reserve(struct call *call, size_t size)
{
    void *memory = exchange_reserve(call->x, size);

    if (memory == NULL) {
        call_reply_failed(call);
        return NULL;
    }
    return memset(memory, 0, size);
}

struct span call_header(const struct call *call, const char *name)
{
    return header_find(call->seen.headers, call->seen.headers_count,
                       span_of(name));
}
