#include "server/exchange.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/assert.h"
#include "server/connection.h"

static const struct http_response plain_500 = {
    .status = 500,
    .content_type = {"text/plain; charset=utf-8", 25},
    .body = {"Internal Server Error\n",   22},
    .body_lasting = true,
    .close = true,
};

struct exchange *exchange_take(struct connection *c)
{
    struct connections *all = c->all;
    struct exchange *x = all->spare;

    if (x != NULL) {
        all->spare = x->next;
        all->spare_count--;
    } else {
        x = malloc(sizeof *x);
        if (x == NULL)
            return NULL;
    }
    memset(x, 0, offsetof(struct exchange, request.headers));
    x->connection = c;
    x->request.peer = c->peer;
    return x;
}

void exchange_give(struct connections *all, struct exchange *x)
{
    while (x->reserved != NULL) {
        struct buffer *b = x->reserved;

        x->reserved = b->next;
        buffer_give(&all->buffers, b);
    }
    buffer_give(&all->buffers, x->output);
    if (all->spare_count == CONNECTION_SPARE_EXCHANGES) {
        free(x);
        return;
    }
    x->next = all->spare;
    all->spare = x;
    all->spare_count++;
}

const struct http_request *exchange_request(const struct exchange *x)
{
    return &x->request;
}

struct loop *exchange_loop(const struct exchange *x)
{
    return x->connection->all->loop;
}

void *exchange_reserve(struct exchange *x, size_t size)
{
    struct buffer *b = x->reserved;
    void *room;

    if (size > EXCHANGE_RESERVE_LIMIT)
        return NULL;
    size = (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
    if (size > EXCHANGE_RESERVE_LIMIT - x->reserved_size)
        return NULL;
    if (b == NULL || size > b->size - b->used) {
        b = buffer_take(&x->connection->all->buffers, size);
        if (b == NULL)
            return NULL;
        b->next = x->reserved;
        x->reserved = b;
    }
    room = b->bytes + b->used;
    b->used += size;
    x->reserved_size += size;
    return room;
}

/* Sends what it can; how much went, or -1 when the client has gone. */
static ssize_t send_parts(int fd, struct span head, struct span body)
{
    struct iovec parts[2] = {
        {(void *)(uintptr_t)head.text, head.length},
        {(void *)(uintptr_t)body.text, body.length},
    };
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t sent;

    // One part is the usual case, and cheaper for the kernel by itself.
    do
        sent = body.length > 0 ? sendmsg(fd, &message, MSG_NOSIGNAL)
                               : send(fd, head.text, head.length, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return 0;
    return sent;
}

/* Copies what did not go, so that the answer's owner may free it. */
static bool keep_rest(struct exchange *x, struct span head, struct span body,
                      bool body_lasting)
{
    struct span copied = body_lasting ? (struct span){NULL, 0} : body;
    struct buffer *b =
        buffer_take(&x->connection->all->buffers, head.length + copied.length);

    if (b == NULL)
        return false;
    if (head.length > 0)
        memcpy(b->bytes, head.text, head.length);
    if (copied.length > 0)
        memcpy(b->bytes + head.length, copied.text, copied.length);
    b->used = head.length + copied.length;
    x->output = b;
    x->output_start = 0;
    x->later = body_lasting ? body : (struct span){NULL, 0};
    return true;
}

/* The rest is x->output's, and goes when the socket has room. */
static void await_room(struct exchange *x)
{
    struct connection *c = x->connection;

    c->mark = (uint32_t)x->sent;
    connection_enter(c, PHASE_WRITE);
    connection_watch(c, UV_WRITABLE);
}

/* Sends head and body; what is left over waits for the socket. */
static void send_answer(struct exchange *x, struct span head, struct span body,
                        bool body_lasting)
{
    struct connection *c = x->connection;
    ssize_t sent = send_parts(c->fd, head, body);
    size_t count = sent < 0 ? 0 : (size_t)sent;

    x->answer_length = head.length + body.length;
    x->sent = count;
    if (sent < 0)
        x->close_after = true;
    if (sent < 0 || count == x->answer_length) {
        connection_answered(c);
        return;
    }
    body = span_tail(body, count > head.length ? count - head.length : 0);
    head = span_tail(head, count);
    if (keep_rest(x, head, body, body_lasting))
        await_room(x);
    else
        connection_close(c);
}

/* ---- Bursts ---- */

/* Puts the whole answer aside; false: it is to be sent now. */
static bool put_aside(struct exchange *x, struct span answer)
{
    struct connections *all = x->connection->all;

    if (!all->holding || !keep_rest(x, answer, (struct span){NULL, 0}, true))
        return false;
    x->answer_length = answer.length;
    x->next = NULL;
    if (all->held_last != NULL)
        all->held_last->next = x;
    else
        all->held = x;
    all->held_last = x;
    all->held_count++;
    return true;
}

/* As send_answer, of what was put aside. */
static void send_held(struct exchange *x)
{
    struct connection *c = x->connection;
    struct span answer = {x->output->bytes, x->output->used};
    ssize_t sent = send_parts(c->fd, answer, (struct span){NULL, 0});

    if (sent < 0)
        x->close_after = true;
    else
        x->output_start = x->sent = (size_t)sent;
    if (sent < 0 || x->sent == x->answer_length)
        connection_answered(c);
    else
        await_room(x);
    connection_advance(c);
}

/* What the next requests of these connections come to goes out at once. */
static void send_burst(struct connections *all)
{
    bool holding = all->holding;

    all->holding = false;
    while (all->held != NULL) {
        struct exchange *x = all->held;

        all->held = x->next;
        send_held(x);
    }
    all->held_last = NULL;
    all->held_count = 0;
    all->holding = holding;
}

void exchange_hold(struct connections *all)
{
    all->holding = true;
}

void exchange_release(struct connections *all)
{
    all->holding = false;
    send_burst(all);
}

void exchange_flush(struct exchange *x)
{
    struct connection *c = x->connection;
    size_t held = x->output->used - x->output_start;
    struct span head = {x->output->bytes + x->output_start, held};
    ssize_t sent = send_parts(c->fd, head, x->later);
    size_t count = sent < 0 ? 0 : (size_t)sent;

    if (sent < 0) {
        connection_close(c);
        return;
    }
    x->sent += count;
    x->output_start += count < held ? count : held;
    x->later = span_tail(x->later, count > held ? count - held : 0);
    if (x->sent == x->answer_length) {
        connection_answered(c);
        connection_advance(c);
    }
}

void exchange_answer(struct exchange *x, const struct http_response *response)
{
    struct connection *c = x->connection;
    struct connections *all = c->all;
    struct span body;
    size_t length;

    assert(c->phase == PHASE_WORK && c->x == x);
    connections_tick(all);
    x->close_after = !x->request.keep_alive || response->close || all->draining;
    all->reply.keep_alive = !x->close_after;
    length = http_response_write(response, &all->reply, all->head);
    if (length == 0) {
        response = &plain_500;
        x->close_after = true;
        all->reply.keep_alive = false;
        length = http_response_write(response, &all->reply, all->head);
    }
    body = response->body;
    if (http_response_bodiless(response, x->request.method))
        body = (struct span){NULL, 0};
    if (body.length > 0 && body.length <= sizeof all->head - length) {
        memcpy(all->head + length, body.text, body.length);
        length += body.length;
        body = (struct span){NULL, 0};
    }
    if (body.length > 0 || !put_aside(x, (struct span){all->head, length})) {
        send_answer(x, (struct span){all->head, length}, body,
                    response->body_lasting);
        connection_advance(c);
    } else if (all->held_count == CONNECTION_BURST) {
        send_burst(all);
    }
    bytes_wipe(all->head, length); // it may have held a token or a cookie
}

void exchange_drop(struct exchange *x)
{
    connection_close(x->connection);
}
