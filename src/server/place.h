/*
 * Paths outside all dialects: health, counts, keys, a demonstration's switches.
 */
#ifndef SERVER_PLACE_H
#define SERVER_PLACE_H

#include "server/call.h"

/* True: it was one of these, and is answered, now or later. */
bool place_take(struct call *call);

enum {
    PLACE_ANSWERS_MAX = 4,
};

/* One that /openapi.json tells of; NULL: without a body. */
struct place_answer {
    int status; /* 0: the list has ended */
    const char *type;
};

struct place_row {
    const char *method;
    const char *path;
    const char *what; /* a sentence for /openapi.json */
    void (*run)(struct call *call);
    bool demo; /* only under --demo */
    struct place_answer answers[PLACE_ANSWERS_MAX];
};

/* In the order of the table; NULL behind the last. */
const struct place_row *place_row(size_t number);
const char *place_path(size_t number);
/* What call->place is for a file of the web app: all are counted as one. */
size_t place_of_web(void);

/* ---- health.c ---- */

void place_live(struct call *call);
void place_ready(struct call *call);

/* ---- verify.c ---- */

/*
 * For nginx's auth_request and its like: is the request that these headers came
 * with one of a living session, in whatever dialect? 204 with Stay-User,
 * Stay-Roles and Stay-Session, or 401; with ?role=WORD also 403.
 */
void place_verify(struct call *call);

#endif
