/*
 * Connections of one loop: from bytes that arrive to an answer that has gone.
 *
 *          first byte        head whole        body whole
 *   IDLE ------------> HEAD ------------> BODY ----------> WORK
 *    ^  ^                \------- no body, or here already --^ |
 *    |  +------------ all of the answer is in the kernel ------+
 *    +----- WRITE <----- some of it is not --------------------+
 *                 \----> LINGER ----> closed        (also from WORK)
 *
 * For loop.c, accept.c and exchange.c. What holds:
 *  1. Every connection is in the list of its phase; lists are in order of time,
 *     because all in one list wait equally long.
 *  2. An exchange exists from a whole head to the end of its answer. In WORK
 *     the connection is never closed, but by connections_clear.
 *  3. In IDLE a connection holds no buffer and no exchange.
 *  4. Bytes behind the request in work stay where they are until the answer.
 */
#ifndef SERVER_CONNECTION_H
#define SERVER_CONNECTION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "server/buffer.h"
#include "server/http.h"
#include "server/loop.h"

enum phase {
    PHASE_IDLE,
    PHASE_HEAD,
    PHASE_BODY,
    PHASE_WORK,
    PHASE_WRITE,
    PHASE_LINGER, /* answered and half closed; reading the rest away */
    PHASE_COUNT,
    PHASE_CLOSED = PHASE_COUNT,
};

enum {
    CONNECTION_SPARE_EXCHANGES = 64,
    /* Answers that go out together: enough that a client of many connections
       wakes once for them, and few enough that the first does not wait long. */
    CONNECTION_BURST = 16,
};

struct connection {
    uv_poll_t poll;
    struct connections *all;
    struct connection *before; /* in the list of its phase */
    struct connection *after;
    int64_t due_ms;
    struct buffer *input;  /* input->used bytes are there */
    struct exchange *x;    /* the request in work */
    struct http_scan scan; /* of the head in hand */
    uint32_t start;        /* where in input the request begins */
    uint32_t head_length;
    uint32_t mark; /* progress when this time span began; LINGER: drained */
    int fd;
    uint8_t phase;
    uint8_t watched; /* events that poll was started with */
    bool advancing;  /* connection_advance is on the stack */
    struct http_peer peer;
};

struct exchange {
    struct connection *connection;
    struct exchange *next;   /* among the spare ones, or those held */
    struct buffer *reserved; /* newest first */
    size_t reserved_size;
    struct buffer *output; /* what the kernel did not take, or get, yet */
    size_t output_start;
    struct span later; /* a lasting body behind it */
    size_t sent;       /* bytes of the answer in the kernel */
    size_t answer_length;
    bool refused; /* by the parser or the clock: linger */
    bool close_after;
    struct http_request request;
};

struct phase_list {
    struct connection *first; /* due first */
    struct connection *last;
};

/* What the connections of one loop share; part of the loop. */
struct connections {
    uv_loop_t *uv;
    struct loop *loop;
    const struct loop_config *config;
    void (*on_empty)(struct loop *loop); /* draining, and the last has gone */
    struct phase_list phases[PHASE_COUNT];
    uv_timer_t timer; /* for the connection that is due first */
    int64_t timer_ms; /* when it rings; INT64_MAX: not at all */
    size_t count;
    bool draining;
    struct buffer_pool buffers;
    struct exchange *spare;
    size_t spare_count;
    bool holding;          /* answers are put aside, for exchange_release */
    struct exchange *held; /* those, first answered first; all in WORK */
    struct exchange *held_last;
    size_t held_count;
    int64_t date_ms; /* steady time at which the wall clock was read */
    int64_t now_s;
    int64_t wall_ms;            /* the same moment as now_s */
    struct http_reply_to reply; /* the date, for this second */
    char head[HTTP_RESPONSE_HEAD];
    _Atomic uint64_t accepted;
    _Atomic uint64_t turned_away;
    _Atomic uint64_t open;
    _Atomic uint64_t requests;
    _Atomic uint64_t refused;
    _Atomic uint64_t timed_out;
};

/* Adds one; only the loop's thread writes, any may read. */
void connections_add(_Atomic uint64_t *counter);

/* `all` is zeroed but for uv, loop, config and on_empty. */
void connections_init(struct connections *all);

/* From now on each ends with its next answer. */
void connections_drain(struct connections *all);
/* Those that are not at a request, and have not sent one by now. */
void connections_close_idle(struct connections *all);

/* Closes all and frees what they share; uv_run must still end the handles. */
void connections_clear(struct connections *all);

/* Reads the clocks again if this is a later turn. */
void connections_tick(struct connections *all);

/* Takes over a connected, non-blocking socket; false when it was closed. */
bool connection_open(struct connections *all, int fd,
                     const struct http_peer *peer);

/* At once, whatever the phase. */
void connection_close(struct connection *c);

/* Handles whole requests in hand until there is one in work, or none left. */
void connection_advance(struct connection *c);

void connection_enter(struct connection *c, enum phase phase);

/* Watches for these uv events, or for none. */
void connection_watch(struct connection *c, int events);

/* The answer is in the kernel (or the client has gone, and it is lost). */
void connection_answered(struct connection *c);

/* NULL when there is no memory. The request is as empty as if just begun. */
struct exchange *exchange_take(struct connection *c);
void exchange_give(struct connections *all, struct exchange *x);

/* The kernel has room again. */
void exchange_flush(struct exchange *x);

/*
 * From here to exchange_release short answers are put aside, and go out
 * CONNECTION_BURST at a time: sent one by one, with the work for the next one
 * between them, each would wake its client for itself.
 */
void exchange_hold(struct connections *all);
void exchange_release(struct connections *all);

#endif
