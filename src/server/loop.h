/*
 * One thread's loop: sockets, timers, and work that comes back.
 *
 *     accept -> read -> parse -> handle --answer at once----------> write
 *                                  \-- job to a thread, loop_post --/
 *
 * Nothing here blocks but loop_run. Per connection one request is in work;
 * nothing more is read from it until its answer is in the kernel. Functions are
 * for the loop's own thread (or before loop_run) unless they say otherwise.
 */
#ifndef SERVER_LOOP_H
#define SERVER_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/exchange.h"
#include "server/http.h"

struct loop;

enum loop_result {
    LOOP_OK = 0,
    LOOP_CUT,  /* drain_ms passed with work still unfinished */
    LOOP_FULL, /* no more hooks, timers or listeners of that kind */
    LOOP_NO_MEMORY,
    LOOP_SYSTEM, /* the kernel refused: descriptors, epoll, threads */
};

/* For time-outs 0 means the default told beside it. */
struct loop_config {
    /*
     * A request whose head and body are complete. It must come to exactly one
     * exchange_answer or exchange_drop, now or later. Required.
     */
    void (*handle)(void *context, struct exchange *x);
    /*
     * A request that was refused with `status` (an enum http_result): answer
     * it in this call, the connection is closed behind it. The request holds
     * what was read before the fault, perhaps not even a path. NULL: a short
     * plain text is sent.
     */
    void (*on_error)(void *context, struct exchange *x, int status);
    void *context; /* borrowed; first argument of both */

    int64_t head_ms;   /* 10 000: from a head's first byte to its last */
    int64_t body_ms;   /* 10 000: in each such span LOOP_STEP must come */
    int64_t idle_ms;   /* 75 000: between requests, and before the first */
    int64_t write_ms;  /* 30 000: in each such span LOOP_STEP must go */
    int64_t linger_ms; /* 2 000: for a refused client to stop sending */
    int64_t drain_ms;  /* 10 000: for work in hand when told to stop */
    int64_t last_ms;   /* 1 000: then, for an idle client's next request: to
                          close at once might meet it half-way */
    size_t connection_limit; /* 10 000; beyond it 503 at once */
};

enum {
    LOOP_STEP = 8 * 1024,         /* bytes, or the rest if that is less */
    LOOP_DRAIN_LIMIT = 64 * 1024, /* unread body that is still read away */
    LOOP_HOOKS = 4,               /* functions at the end of a turn */
    LOOP_TIMERS = 8,
    LOOP_LISTENERS = 8,
};

/* *out is for loop_close; NULL unless LOOP_OK. The config is copied. */
enum loop_result loop_open(struct loop **out, const struct loop_config *config);

/*
 * Ends every connection, runs the jobs posted so far (their answers are
 * dropped) and frees. Whoever posts jobs must have been stopped before, and no
 * exchange may be left unanswered by then. NULL is allowed.
 */
void loop_close(struct loop *loop);

/* Takes over a listening socket (server/listen.h), also when it fails. */
enum loop_result loop_listen(struct loop *loop, int fd);

/*
 * Serves until loop_drain has been obeyed: LOOP_OK when all work was finished,
 * LOOP_CUT when drain_ms ran out. Blocks.
 */
enum loop_result loop_run(struct loop *loop);

/*
 * Holds SIGTERM, SIGINT and SIGHUP back until loop_run_all is ready for them. Call it
 * before anybody is told that the server is up, and before the first thread
 * starts (threads inherit it, and leave the signals to the loops).
 */
void loop_hold_signals(void);

/* What else signals do; on the first loop's thread. */
struct loop_signals {
    void (*hang_up)(void *context); /* SIGHUP; NULL: nothing */
    void (*drain)(void *context);   /* the loops are told to stop; NULL */
    void *context;
};

/*
 * Runs all loops, the first in this thread, until SIGTERM or SIGINT, then
 * drains them. A second one ends the process at once. `signals` may be NULL.
 * Blocks; LOOP_OK when every loop finished its work.
 */
enum loop_result loop_run_all(struct loop **loops, size_t count,
                              const struct loop_signals *signals);

/*
 * From any thread: stop listening, finish what is in work, answer what idle
 * clients still ask within last_ms, each connection's answer being its last,
 * then return from loop_run.
 */
void loop_drain(struct loop *loop);

/* A piece of work that came back; embed it in the work's own struct. */
struct loop_job {
    struct loop_job *next;             /* the queue's while posted */
    void (*run)(struct loop_job *job); /* on the loop's thread */
};

/*
 * From any thread: has the loop call job->run soon, in the order posted by one
 * thread. Borrowed until then. Wakes the loop at most once for many jobs.
 */
void loop_post(struct loop *loop, struct loop_job *job);

/*
 * Has `hook` called at the end of each turn, when all that had arrived was
 * handled: the place to hand what gathered to the writer as one batch. It is
 * also called once more before loop_run returns.
 */
enum loop_result loop_on_turn_end(struct loop *loop,
                                  void (*hook)(void *context), void *context);

/* Has `tick` called every period_ms, first after one period. */
enum loop_result loop_every(struct loop *loop, int64_t period_ms,
                            void (*tick)(void *context), void *context);

/* Steady and wall clock, as read at the beginning of this turn. */
int64_t loop_now_ms(const struct loop *loop);
int64_t loop_now_s(struct loop *loop);
int64_t loop_wall_ms(struct loop *loop);

/* Since loop_open, except connections, which counts those open now. */
struct loop_counts {
    uint64_t connections;
    uint64_t accepted;
    uint64_t turned_away; /* 503 for want of descriptors or by the limit */
    uint64_t requests;    /* given to the handler */
    uint64_t refused;     /* malformed or too long, 4xx or 505 */
    uint64_t timed_out;   /* of them and besides: too slow */
};

/* From any thread; each number is right, the set need not be of one instant. */
void loop_counts(const struct loop *loop, struct loop_counts *out);

#endif
