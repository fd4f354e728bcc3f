/*
 * Every way a small host can use the engine: up to three requests, a few
 * refreshes, sign-out, sign-in, news from elsewhere and time, in all orders.
 *
 * The model keeps its own books (which token lives, who waits, what is on the
 * wire) and after each step holds the engine to the invariants of its header.
 */
#ifndef TEST_ENGINE_MODEL_H
#define TEST_ENGINE_MODEL_H

#include "core/engine_table.h"

/* How much may happen, along one path. */
struct model_bounds {
    uint8_t requests; /* at most 3; the last one's origin is another */
    uint8_t starts;   /* refreshes, at most 2 */
    uint8_t repeats;  /* of refreshes, at once */
    uint8_t outs;
    uint8_t ins;
    uint8_t changes; /* news of newer tokens; late news is free */
    uint8_t times;   /* steps of time */
    bool foreign;    /* the last request's origin is not the session's */
    uint8_t room;    /* the states fit twice into 2^room places */
};

struct model_report {
    uint64_t states;
    uint64_t transitions;
    const char *broken; /* an invariant, by number; NULL: all hold */
    char path[1024];    /* what led there */
};

/* Explores all; stops at the first broken invariant. */
void model_run(const struct engine_step *steps,
               const struct model_bounds *bounds, struct model_report *report);

#endif
