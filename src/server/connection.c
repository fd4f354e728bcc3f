#include "server/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"

static const struct span continue_line = {"HTTP/1.1 100 Continue\r\n\r\n", 25};

/* How long a phase may last; 0: for ever. */
static int64_t phase_ms(const struct loop_config *config, enum phase phase)
{
    switch (phase) {
    case PHASE_IDLE:
        return config->idle_ms;
    case PHASE_HEAD:
        return config->head_ms;
    case PHASE_BODY:
        return config->body_ms;
    case PHASE_WRITE:
        return config->write_ms;
    case PHASE_LINGER:
        return config->linger_ms;
    case PHASE_WORK:
    case PHASE_COUNT:
        break;
    }
    return 0;
}

void connections_add(_Atomic uint64_t *counter)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);

    atomic_store_explicit(counter, value + 1, memory_order_relaxed);
}

/* Bytes of the request in hand, and of all that came behind it. */
static struct span in_hand(const struct connection *c)
{
    if (c->input == NULL)
        return (struct span){NULL, 0};
    return (struct span){c->input->bytes + c->start, c->input->used - c->start};
}

static void give_input(struct connection *c)
{
    buffer_give(&c->all->buffers, c->input);
    c->input = NULL;
    c->start = 0;
}

static void unlink_phase(struct connection *c)
{
    struct phase_list *list = &c->all->phases[c->phase];

    if (c->before != NULL)
        c->before->after = c->after;
    else
        list->first = c->after;
    if (c->after != NULL)
        c->after->before = c->before;
    else
        list->last = c->before;
}

static void link_phase(struct connection *c, enum phase phase)
{
    struct phase_list *list = &c->all->phases[phase];

    c->phase = (uint8_t)phase;
    c->before = list->last;
    c->after = NULL;
    if (list->last != NULL)
        list->last->after = c;
    else
        list->first = c;
    list->last = c;
}

static void on_timer(uv_timer_t *timer);

/* Sees to it that the timer rings at due_ms or before. */
static void arm_timer(struct connections *all, int64_t due_ms)
{
    int64_t left_ms = due_ms - (int64_t)uv_now(all->uv);

    if (due_ms >= all->timer_ms)
        return;
    all->timer_ms = due_ms;
    // Fails only for a closing timer or a NULL callback.
    (void)uv_timer_start(&all->timer, on_timer,
                         left_ms > 0 ? (uint64_t)left_ms : 0, 0);
}

/* Puts the connection last in the list, with a whole time span before it. */
static void start_span(struct connection *c, enum phase phase)
{
    int64_t span_ms = phase_ms(c->all->config, phase);

    link_phase(c, phase);
    if (span_ms == 0)
        return;
    c->due_ms = (int64_t)uv_now(c->all->uv) + span_ms;
    arm_timer(c->all, c->due_ms);
}

void connection_enter(struct connection *c, enum phase phase)
{
    unlink_phase(c);
    start_span(c, phase);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void connection_close(struct connection *c)
{
    struct connections *all = c->all;

    if (c->phase == PHASE_CLOSED)
        return;
    unlink_phase(c);
    c->phase = PHASE_CLOSED;
    uv_close((uv_handle_t *)&c->poll, on_closed);
    (void)close(c->fd); // nothing is buffered in it that could fail
    give_input(c);
    if (c->x != NULL)
        exchange_give(all, c->x);
    c->x = NULL;
    all->count--;
    atomic_store_explicit(&all->open, all->count, memory_order_relaxed);
    if (all->draining && all->count == 0)
        all->on_empty(all->loop);
}

/* Closes, but only after the other side had time to read our answer: to close
   with bytes unread would reset the connection, and it might lose it. */
static void linger(struct connection *c)
{
    if (shutdown(c->fd, SHUT_WR) != 0) {
        connection_close(c);
        return;
    }
    give_input(c);
    c->mark = 0;
    connection_enter(c, PHASE_LINGER);
    connection_watch(c, UV_READABLE);
}

void connection_answered(struct connection *c)
{
    struct exchange *x = c->x;
    size_t length = c->head_length + x->request.content_length;
    bool close_after = x->close_after;
    bool lingers = x->refused;

    exchange_give(c->all, x);
    c->x = NULL;
    if (close_after && (lingers || in_hand(c).length > length)) {
        linger(c);
        return;
    }
    if (close_after) {
        connection_close(c);
        return;
    }
    c->start += (uint32_t)length;
    c->scan = (struct http_scan){0, 0};
    connection_enter(c, PHASE_IDLE);
}

/* Gives the request to the hook for its error, then ends the connection. */
static void refuse(struct connection *c, enum http_result status)
{
    const struct loop_config *config = c->all->config;
    struct exchange *x = c->x;

    connections_add(&c->all->refused);
    x->refused = true;
    x->request.keep_alive = false;
    connection_enter(c, PHASE_WORK);
    if (config->on_error != NULL) {
        config->on_error(config->context, x, (int)status);
        return;
    }
    exchange_answer(x, &(struct http_response){
                           .status = (int)status,
                           .content_type = SPAN("text/plain; charset=utf-8"),
                           .body = span_of(http_status_text((int)status)),
                           .body_lasting = true,
                       });
}

/* Moves what is in hand to a place with room for `size` bytes from start on. */
static bool make_room(struct connection *c, size_t size)
{
    struct span held = in_hand(c);
    struct buffer *b = c->input;

    if (b != NULL && size <= b->size - c->start)
        return true;
    if (b != NULL && size <= b->size) {
        memmove(b->bytes, held.text, held.length);
        b->used = held.length;
        bytes_wipe(b->bytes + held.length, c->start);
        c->start = 0;
        return true;
    }
    b = buffer_take(&c->all->buffers, size);
    if (b == NULL)
        return false;
    if (held.length > 0)
        memcpy(b->bytes, held.text, held.length);
    b->used = held.length;
    give_input(c);
    c->input = b;
    return true;
}

/* The body is not all there: makes room for it and asks for it. */
static bool await_body(struct connection *c)
{
    size_t length = c->head_length + c->x->request.content_length;

    if (!make_room(c, length))
        return false;
    // The head may have moved, and all spans with it.
    (void)http_head_parse(in_hand(c).text, c->head_length, &c->x->request);
    if (c->x->request.wants_continue && in_hand(c).length == c->head_length &&
        send(c->fd, continue_line.text, continue_line.length, MSG_NOSIGNAL) !=
            (ssize_t)continue_line.length)
        return false;
    c->mark = 0;
    connection_enter(c, PHASE_BODY);
    return true;
}

/* The head in hand, parsed; false when there is no more to do for now. */
static bool take_head(struct connection *c)
{
    struct span held = in_hand(c);
    size_t head_length = 0;
    enum http_result result =
        http_head_find(held.text, held.length, &c->scan, &head_length);

    if (result == HTTP_MORE) {
        if (c->phase == PHASE_IDLE)
            connection_enter(c, PHASE_HEAD);
        return false;
    }
    c->x = exchange_take(c);
    if (c->x == NULL) {
        connection_close(c);
        return false;
    }
    c->head_length = (uint32_t)head_length;
    if (result == HTTP_OK)
        result = http_head_parse(held.text, head_length, &c->x->request);
    if (result != HTTP_OK) {
        refuse(c, result);
        return false;
    }
    if (held.length >= head_length + c->x->request.content_length)
        return true;
    if (!await_body(c))
        connection_close(c);
    return false;
}

/* One whole request to its handler; false when there is none in hand. */
static bool take_request(struct connection *c)
{
    const struct loop_config *config = c->all->config;
    struct span held = in_hand(c);
    struct exchange *x;

    if (c->phase > PHASE_BODY || held.length == 0)
        return false;
    if (c->phase != PHASE_BODY && !take_head(c))
        return false;
    x = c->x;
    if (held.length < c->head_length + x->request.content_length)
        return false;
    x->request.body =
        (struct span){held.text + c->head_length, x->request.content_length};
    connection_enter(c, PHASE_WORK);
    connections_add(&c->all->requests);
    config->handle(config->context, x);
    return true;
}

void connection_advance(struct connection *c)
{
    if (c->advancing)
        return;
    c->advancing = true;
    while (take_request(c))
        ;
    c->advancing = false;
    if (c->phase > PHASE_BODY)
        return;
    if (c->phase == PHASE_IDLE)
        give_input(c);
    connection_watch(c, UV_READABLE);
    // While draining a connection has no second request.
    if (c->phase == PHASE_IDLE && c->all->draining)
        connection_close(c);
}

/* Reads away what a refused client still sends, up to LOOP_DRAIN_LIMIT. */
static void read_away(struct connection *c)
{
    struct buffer *b = buffer_take(&c->all->buffers, 1);
    ssize_t count = b ? recv(c->fd, b->bytes, b->size, 0) : 0;

    if (count > 0)
        b->used = (size_t)count;
    buffer_give(&c->all->buffers, b);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
        connection_close(c);
        return;
    }
    if (count > 0)
        c->mark += (uint32_t)count;
    // To close now would reset the connection under the answer: leave the
    // rest unread, so that the sender stops, until it hangs up or time is up.
    if (c->mark >= LOOP_DRAIN_LIMIT)
        connection_watch(c, UV_DISCONNECT);
}

/* Room for one byte more than what is there; larger buffers as they fill. */
static bool make_room_to_read(struct connection *c)
{
    return make_room(c, in_hand(c).length + 1);
}

static void read_more(struct connection *c)
{
    ssize_t count;

    if (!make_room_to_read(c)) {
        connection_close(c);
        return;
    }
    count = recv(c->fd, c->input->bytes + c->input->used,
                 c->input->size - c->input->used, 0);
    if (count > 0) {
        c->input->used += (size_t)count;
        connection_advance(c);
    } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
        connection_close(c);
    } else if (c->phase == PHASE_IDLE) {
        give_input(c);
    }
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct connection *c = poll->data;
    bool hung_up = c->phase == PHASE_LINGER && (events & UV_DISCONNECT) != 0;

    // One request at a time: bytes wait outside. A reset waits there too, to
    // be found by the answer; the exchange is its handler's until then.
    if (c->phase == PHASE_WORK)
        connection_watch(c, 0);
    else if (status < 0 || hung_up)
        connection_close(c);
    else if (c->phase == PHASE_WRITE)
        exchange_flush(c->x);
    else if (c->phase == PHASE_LINGER)
        read_away(c);
    else
        read_more(c);
}

void connection_watch(struct connection *c, int events)
{
    int code;

    if (c->watched == events || c->phase == PHASE_CLOSED)
        return;
    c->watched = (uint8_t)events;
    if (events == 0)
        code = uv_poll_stop(&c->poll);
    else
        code = uv_poll_start(&c->poll, events, on_poll);
    assert(code == 0); // fails only on a closing handle
    (void)code;
}

bool connection_open(struct connections *all, int fd,
                     const struct http_peer *peer)
{
    struct connection *c = calloc(1, sizeof *c);

    if (c == NULL || uv_poll_init(all->uv, &c->poll, fd) != 0) {
        free(c);
        (void)close(fd);
        return false;
    }
    c->all = all;
    c->fd = fd;
    c->peer = *peer;
    c->poll.data = c;
    all->count++;
    atomic_store_explicit(&all->open, all->count, memory_order_relaxed);
    connections_add(&all->accepted);
    start_span(c, PHASE_IDLE);
    connection_watch(c, UV_READABLE);
    return true;
}

/* Whether since the last look enough has moved; then it gets another span. */
static bool moved_on(struct connection *c)
{
    size_t now;

    assert(c->x != NULL); // from the head's end to the answer's
    now = c->phase == PHASE_WRITE ? c->x->sent : in_hand(c).length;

    if (now - c->mark < LOOP_STEP)
        return false;
    c->mark = (uint32_t)now;
    connection_enter(c, (enum phase)c->phase);
    return true;
}

/* Its time is up. */
static void expire(struct connection *c)
{
    bool steps = c->phase == PHASE_BODY || c->phase == PHASE_WRITE;

    if (steps && moved_on(c))
        return;
    connections_add(&c->all->timed_out);
    if (c->phase == PHASE_HEAD)
        c->x = exchange_take(c);
    if ((c->phase == PHASE_HEAD || c->phase == PHASE_BODY) && c->x != NULL)
        refuse(c, HTTP_TIMEOUT);
    else
        connection_close(c);
}

static void on_timer(uv_timer_t *timer)
{
    struct connections *all = timer->data;
    int64_t now_ms = (int64_t)uv_now(all->uv);

    all->timer_ms = INT64_MAX;
    for (int phase = 0; phase < PHASE_COUNT; phase++) {
        struct phase_list *list = &all->phases[phase];

        if (phase_ms(all->config, (enum phase)phase) == 0)
            continue;
        while (list->first != NULL && list->first->due_ms <= now_ms)
            expire(list->first);
    }
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        if (all->phases[phase].first != NULL && phase != PHASE_WORK)
            arm_timer(all, all->phases[phase].first->due_ms);
}

void connections_tick(struct connections *all)
{
    int64_t now_ms = (int64_t)uv_now(all->uv);
    struct timespec wall;

    if (now_ms == all->date_ms)
        return;
    all->date_ms = now_ms;
    (void)clock_gettime(CLOCK_REALTIME, &wall); // cannot fail for this clock
    all->wall_ms = (int64_t)wall.tv_sec * 1000 + wall.tv_nsec / 1000000;
    if (wall.tv_sec == all->now_s)
        return;
    all->now_s = wall.tv_sec;
    http_date(all->now_s, all->reply.date);
}

void connections_init(struct connections *all)
{
    (void)uv_timer_init(all->uv, &all->timer); // always 0
    all->timer.data = all;
    all->timer_ms = INT64_MAX;
    all->date_ms = -1;
    all->now_s = -1;
    connections_tick(all);
}

void connections_drain(struct connections *all)
{
    struct connection *next;

    all->draining = true;
    // A request may have arrived that was not read yet; it is served. One who
    // has been silent may be about to speak, and gets a moment for it.
    for (struct connection *c = all->phases[PHASE_IDLE].first; c; c = next) {
        next = c->after;
        read_more(c);
    }
}

void connections_close_idle(struct connections *all)
{
    struct connection *next;

    for (struct connection *c = all->phases[PHASE_IDLE].first; c; c = next) {
        next = c->after;
        read_more(c);
        if (c->phase == PHASE_IDLE)
            connection_close(c);
    }
}

void connections_clear(struct connections *all)
{
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        while (all->phases[phase].first != NULL)
            connection_close(all->phases[phase].first);
    while (all->spare != NULL) {
        struct exchange *x = all->spare;

        all->spare = x->next;
        free(x);
    }
    all->spare_count = 0;
    buffer_pool_clear(&all->buffers);
    uv_close((uv_handle_t *)&all->timer, NULL);
}
