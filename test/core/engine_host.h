/*
 * The smallest host there can be, for stories about the engine.
 */
#ifndef TEST_ENGINE_HOST_H
#define TEST_ENGINE_HOST_H

#include "core/engine.h"

#define START_MS INT64_C(1000000)
#define LIFE_MS 60000

struct host {
    struct engine e;
    int64_t now_ms;
    unsigned refreshes; /* calls made */
};

/* At START_MS, with a token of generation 1 that came just now. */
struct host host_signed_in(void);

/* The next tokens, come just now. */
struct engine_tokens host_tokens(const struct host *h);

/* Calls, and ends the refresh that is out; what the host was told. */
unsigned host_end(struct host *h, enum engine_outcome outcome);

/* Lets the token die; a request that waits for a refresh that is out now. */
struct engine_request host_wait(struct host *h);

#endif
