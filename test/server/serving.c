#include "serving.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"

static char lasting[SERVING_MANY];

static void answer_text(struct exchange *x, int status, struct span body,
                        bool close_after)
{
    struct http_response r = {
        .status = status,
        .content_type = SPAN("text/plain"),
        .body = body,
        .close = close_after,
    };

    exchange_answer(x, &r);
}

static void answer_plain(struct exchange *x, bool close_after)
{
    const struct http_request *r = exchange_request(x);
    char text[256];
    int length = snprintf(text, sizeof text, "%.*s %.*s %zu",
                          (int)r->method_text.length, r->method_text.text,
                          (int)r->path.length, r->path.text, r->body.length);

    answer_text(x, 200, (struct span){text, (size_t)length}, close_after);
}

static void on_root(struct serving *s, struct exchange *x)
{
    (void)s;
    answer_plain(x, false);
}

static void on_close(struct serving *s, struct exchange *x)
{
    (void)s;
    answer_plain(x, true);
}

static void on_echo(struct serving *s, struct exchange *x)
{
    (void)s;
    answer_text(x, 200, exchange_request(x)->body, false);
}

static void on_held(struct serving *s, struct exchange *x)
{
    (void)pthread_mutex_lock(&s->lock);
    s->held[s->held_count++].x = x;
    (void)pthread_cond_broadcast(&s->changed);
    (void)pthread_mutex_unlock(&s->lock);
}

static void on_batch(struct serving *s, struct exchange *x)
{
    s->batch[s->batch_count++].x = x;
}

static void on_many(struct serving *s, struct exchange *x)
{
    char *body = exchange_reserve(x, SERVING_MANY);

    (void)s;
    memset(body, 'm', SERVING_MANY);
    answer_text(x, 200, (struct span){body, SERVING_MANY}, false);
}

static void on_lasting(struct serving *s, struct exchange *x)
{
    struct http_response r = {
        .status = 200,
        .body = {lasting, sizeof lasting},
        .body_lasting = true,
    };

    (void)s;
    exchange_answer(x, &r);
}

static void on_drop(struct serving *s, struct exchange *x)
{
    (void)s;
    exchange_drop(x);
}

static void on_inject(struct serving *s, struct exchange *x)
{
    struct http_response r = {.status = 200, .body = SPAN("never")};

    (void)s;
    (void)http_response_add(&r, SPAN("X-Echo"), SPAN("a\r\nSet-Cookie: b"));
    exchange_answer(x, &r);
}

static void on_peer(struct serving *s, struct exchange *x)
{
    char text[HTTP_PEER_TEXT];

    (void)s;
    http_peer_text(&exchange_request(x)->peer, text);
    answer_text(x, 200, span_of(text), false);
}

/* Reserves 1000 bytes at a time, and fills them, until there is no more. */
static void on_reserve(struct serving *s, struct exchange *x)
{
    char text[32];
    size_t total = 0;
    char *room;

    (void)s;
    while ((room = exchange_reserve(x, 1000)) != NULL) {
        memset(room, 'r', 1000);
        total += 1000;
    }
    (void)snprintf(text, sizeof text, "%zu", total);
    answer_text(x, 200, span_of(text), false);
}

static void on_tick_path(struct serving *s, struct exchange *x)
{
    s->ticking.x = x;
}

static const struct {
    const char *path;
    void (*handle)(struct serving *s, struct exchange *x);
} routes[] = {
    {"/",        on_root     },
    {"*",        on_root     },
    {"/close",   on_close    },
    {"/echo",    on_echo     },
    {"/held",    on_held     },
    {"/batch",   on_batch    },
    {"/many",    on_many     },
    {"/lasting", on_lasting  },
    {"/drop",    on_drop     },
    {"/inject",  on_inject   },
    {"/peer",    on_peer     },
    {"/reserve", on_reserve  },
    {"/tick",    on_tick_path},
};

static void handle(void *context, struct exchange *x)
{
    for (size_t i = 0; i < COUNT(routes); i++) {
        if (!span_is(exchange_request(x)->path, routes[i].path))
            continue;
        routes[i].handle(context, x);
        return;
    }
    answer_text(x, 404, SPAN("no such path"), false);
}

static void on_error(void *context, struct exchange *x, int status)
{
    struct span path = exchange_request(x)->path;
    char text[128];
    int length = snprintf(text, sizeof text, "refused %d %.*s", status,
                          (int)path.length, path.text);

    (void)context;
    answer_text(x, status, (struct span){text, (size_t)length}, false);
}

static void on_turn_end(void *context)
{
    struct serving *s = context;

    s->batches += s->batch_count > 0;
    while (s->batch_count > 0)
        answer_text(s->batch[--s->batch_count].x, 200, SPAN("batch"), false);
}

static void on_tick(void *context)
{
    struct serving *s = context;

    if (s->ticking.x != NULL)
        answer_text(s->ticking.x, 200, SPAN("tick"), false);
    s->ticking.x = NULL;
}

bool serving_open(struct serving *s, struct loop_config config,
                  const char *where)
{
    char problem[LISTEN_TEXT];
    int fd = -1;

    memset(s, 0, sizeof *s);
    memset(lasting, 'm', sizeof lasting);
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_cond_init(&s->changed, NULL);
    config.handle = handle;
    config.on_error = on_error;
    config.context = s;
    if (listen_parse(where, &s->address, problem) != LISTEN_OK ||
        listen_open(&s->address, 1, &fd, problem) != LISTEN_OK)
        return false;
    listen_url(fd, s->url);
    return loop_open(&s->loop, &config) == LOOP_OK &&
           loop_on_turn_end(s->loop, on_turn_end, s) == LOOP_OK &&
           loop_every(s->loop, 20, on_tick, s) == LOOP_OK &&
           loop_listen(s->loop, fd) == LOOP_OK;
}

static void *serve(void *context)
{
    struct serving *s = context;

    s->outcome = loop_run(s->loop);
    return NULL;
}

void serving_start(struct serving *s)
{
    if (pthread_create(&s->thread, NULL, serve, s) != 0)
        abort();
}

enum loop_result serving_join(struct serving *s)
{
    (void)pthread_join(s->thread, NULL);
    return s->outcome;
}

void serving_close(struct serving *s)
{
    loop_close(s->loop);
    listen_forget(&s->address);
    (void)pthread_mutex_destroy(&s->lock);
    (void)pthread_cond_destroy(&s->changed);
}

bool serving_stop(struct serving *s)
{
    loop_drain(s->loop);
    (void)serving_join(s);
    serving_close(s);
    return s->outcome == LOOP_OK;
}

bool serving_wait_held(struct serving *s, size_t count)
{
    struct timespec until;
    bool enough;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += SERVING_LIMIT_MS / 1000;
    (void)pthread_mutex_lock(&s->lock);
    while (s->held_count - s->released < count &&
           pthread_cond_timedwait(&s->changed, &s->lock, &until) == 0)
        ;
    enough = s->held_count - s->released >= count;
    (void)pthread_mutex_unlock(&s->lock);
    return enough;
}

static void answer_held(struct loop_job *job)
{
    // The job is the first member of what holds it.
    answer_text(((struct held *)job)->x, 200, SPAN("held"), false);
}

void serving_release(struct serving *s)
{
    (void)pthread_mutex_lock(&s->lock);
    while (s->released < s->held_count) {
        struct held *next = &s->held[s->released++];

        next->job.run = answer_held;
        loop_post(s->loop, &next->job);
    }
    (void)pthread_mutex_unlock(&s->lock);
}

int client_open(const struct serving *s)
{
    int fd =
        socket(s->address.socket.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval limit = {.tv_sec = SERVING_LIMIT_MS / 1000};

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connect(fd, &s->address.socket.any, s->address.length) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

bool client_send(int fd, const void *bytes, size_t length)
{
    const char *next = bytes;

    while (length > 0) {
        ssize_t sent = send(fd, next, length, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        next += sent;
        length -= (size_t)sent;
    }
    return true;
}

bool client_say(int fd, const char *text)
{
    return client_send(fd, text, strlen(text));
}

/*
 * recv, again when the kernel interrupts it: a call with a time limit is not
 * restarted, and the io_uring of a loop that was closed a moment ago (libuv
 * 1.45 and later) still has the kernel disturb the thread that used it.
 */
static ssize_t receive(int fd, void *out, size_t size)
{
    ssize_t got;

    do
        got = recv(fd, out, size, 0);
    while (got < 0 && errno == EINTR);
    return got;
}

static bool read_head(int fd, struct answer *out)
{
    out->head_length = 0;
    while (out->head_length + 1 < sizeof out->head) {
        if (receive(fd, out->head + out->head_length, 1) != 1)
            return false;
        out->head[++out->head_length] = '\0';
        if (out->head_length >= 4 &&
            memcmp(out->head + out->head_length - 4, "\r\n\r\n", 4) == 0)
            return true;
    }
    return false;
}

bool client_read(int fd, struct answer *out, bool has_body)
{
    const char *length;
    size_t want = 0;

    if (!read_head(fd, out) || strncmp(out->head, "HTTP/1.1 ", 9) != 0)
        return false;
    out->status = (int)strtol(out->head + 9, NULL, 10);
    length = strstr(out->head, "Content-Length: ");
    if (length != NULL && has_body)
        want = strtoul(length + 16, NULL, 10);
    if (want >= sizeof out->body)
        return false;
    out->body[want] = '\0';
    for (out->body_length = 0; out->body_length < want;) {
        ssize_t got =
            receive(fd, out->body + out->body_length, want - out->body_length);

        if (got <= 0)
            return false;
        out->body_length += (size_t)got;
    }
    return true;
}

bool client_at_end(int fd)
{
    char byte;

    return receive(fd, &byte, 1) == 0;
}

bool client_ask(int fd, const char *request, int status, const char *body)
{
    static struct answer answer;

    return client_say(fd, request) && client_read(fd, &answer, true) &&
           answer.status == status && strcmp(answer.body, body) == 0;
}
