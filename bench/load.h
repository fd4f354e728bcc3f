/*
 * One load on one server, or on several that are one to their clients.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chain.h"
#include "cost.h"
#include "talk.h"
#include "token_check.h"

enum {
    LOAD_CONNECTIONS_MAX = 8192,
    LOAD_PORTS_MAX = 8,
};

enum load_mode { REFRESH, SPREAD, PEER, GET, SIGN_IN, IDLE, LOAD_MODES };

struct connection {
    struct talk talk;
    struct chain own;               /* its session */
    struct chain *chain;            /* the one that this request is about */
    char refresh[TOKEN_CHECK_SIZE]; /* PEER: the token of now */
    int64_t sent_us;
};

struct load {
    enum load_mode mode;
    unsigned ports[LOAD_PORTS_MAX]; /* connections take them in turn */
    size_t ports_count;
    unsigned count; /* of connections */
    double seconds;
    struct cost_of server;
    char token[TOKEN_CHECK_SIZE]; /* GET: shown by all */
    struct connection *connections;
    uint32_t *samples; /* in microseconds */
    size_t samples_count;
    size_t failed;
    unsigned next_chain; /* the next session's number */

    /* SPREAD: sessions that are in the database already, in turn. */
    struct chain *spread;
    size_t spread_count;
    unsigned spread_first;
    unsigned spread_step; /* between two numbers */
    size_t spread_next;
    size_t spread_ready; /* so many chains were begun */
};

/* Opens the connections, and signs in those that must be. */
void load_prepare(struct load *load);

void load_send(struct load *load, struct connection *c);

/* A reply has come; what the next request needs of it. False: a failure. */
bool load_take(struct load *load, struct connection *c,
               const struct talk_reply *reply);

#endif
