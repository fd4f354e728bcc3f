/*
 * One moment of a small world around the engine, and the steps it can take.
 */
#ifndef TEST_ENGINE_WORLD_H
#define TEST_ENGINE_WORLD_H

#include "core/engine_model.h"

/* Tokens live 100 s, are young for 30 s and near their end from 80 s on. */
#define LIFE_MS 100000
#define YOUNG_MS 30000
#define START_MS INT64_C(1000000)

#define REQUESTS 3
#define REFRESHES 2
#define TIME_STEPS 2 /* 45 s and 60 s */

enum phase { UNBORN, WAITING, WOKEN, IN_FLIGHT, DONE };

struct actor {
    enum phase phase;
    uint64_t first_sent; /* generation of the first send */
    struct engine_request r;
};

struct wire {
    bool out;       /* started, not ended */
    bool called;    /* its first byte is sent */
    bool orphan;    /* its session is gone */
    bool overtaken; /* newer tokens came since it started */
    uint64_t number;
};

/* One moment of the world. */
struct world {
    struct engine e;
    struct actor actors[REQUESTS];
    struct wire wires[REFRESHES];
    struct model_bounds left;
    int64_t now_ms;
    bool signed_in;
    bool ended; /* the server refused the newest refresh token */
    /* The newest token, by the model's own books. */
    uint64_t generation;
    int64_t received_ms;
    bool refused;               /* met a 401 that a refresh is out for */
    int64_t quiet_ms[REQUESTS]; /* by origin: 401s start nothing until then */
};

enum kind {
    ASK,
    ANSWER,
    CALL,
    END,
    CHANGE,
    CHANGE_LATE,
    SIGN_IN,
    SIGN_OUT,
    PASS_TIME,
};

struct move {
    uint8_t kind;
    uint8_t who;
    uint8_t what; /* status, outcome or step of time */
};

/* Fresh, with a token of generation 1 that came just now. */
void world_begin(struct world *w, const struct engine_step *steps,
                 const struct model_bounds *bounds);

/* Takes one step; the invariant it breaks, or NULL. */
const char *world_take(struct world *w, const struct move *move);

/* Whether that step went past the bounds: then it is no part of the model. */
bool world_out_of_bounds(const struct world *w);

#endif
