/*
 * The engine's decision table: in a state, on an event, where to go and what to
 * do. Only core/engine.c reads it, and the tests.
 */
#ifndef CORE_ENGINE_TABLE_H
#define CORE_ENGINE_TABLE_H

#include "core/engine.h"

/* What the engine's one look at the times makes of what happened. */
enum engine_event {
    /* A request asks: its token is ... */
    ENGINE_ASK_GOOD = 0,  /* usable; not near its end, or no refresh allowed */
    ENGINE_ASK_DUE,       /* usable, in its early window, refresh allowed */
    ENGINE_ASK_DEAD,      /* not usable, refresh allowed */
    ENGINE_ASK_DEAD_HELD, /* not usable, no refresh allowed */
    ENGINE_ASK_DEAD_ODD,  /* likewise, and the server spoke oddly too long */
    ENGINE_ASK_LEFT,      /* the request belongs to an earlier session */
    /* A request was answered: ... */
    ENGINE_ANSWER_DONE,    /* nothing to do with the token */
    ENGINE_ANSWER_HUSH,    /* 401, but a refresh would not help */
    ENGINE_ANSWER_STALE,   /* 401, and there is a newer token now */
    ENGINE_ANSWER_REFUSED, /* 401 to the newest token, refresh allowed */
    ENGINE_ANSWER_HELD,    /* 401 to the newest token, no refresh allowed */
    /* A refresh is about to send: ... */
    ENGINE_CALL_FREE,      /* it is the newest, and allowed */
    ENGINE_CALL_HELD,      /* it is the newest, and not allowed */
    ENGINE_CALL_OVERTAKEN, /* newer tokens came since it started */
    ENGINE_CALL_LATE,      /* it is not the newest, or none is wanted */
    /* A refresh has ended: ... */
    ENGINE_END_GRANTED,
    ENGINE_END_AGAIN, /* to be repeated at once */
    ENGINE_END_REFUSED,
    ENGINE_END_FAILED,
    ENGINE_END_OVERTAKEN, /* without tokens, but newer ones came meanwhile */
    ENGINE_END_LATE,      /* it is not the newest, or none is wanted */
    /* From elsewhere */
    ENGINE_CHANGED_NEWER,
    ENGINE_CHANGED_LATE,
    ENGINE_CAME_IN,  /* signed in */
    ENGINE_WENT_OUT, /* signed out */
    ENGINE_EVENT_COUNT,
};

/* What the engine does itself; beside the bits of enum engine_todo. */
enum {
    ENGINE_PUBLIC = (1 << 10) - 1, /* the bits a host sees */
    ENGINE_TAKE = 1 << 10,         /* the tokens that came are the newest */
    ENGINE_MARK = 1 << 11,         /* the newest token was refused */
    ENGINE_HUSH = 1 << 12,         /* the origin's 401s count for nothing */
    ENGINE_REST = 1 << 13,         /* count a failure, begin a rest */
    ENGINE_BEGIN = 1 << 14,        /* a new session */
    ENGINE_NEVER = 1 << 15,        /* cannot happen, and changes nothing */
};

/* In state `from`, on `event`: go to `to` and do the bits of `todo`. */
struct engine_step {
    uint8_t from;
    uint8_t event;
    uint8_t to;
    uint32_t todo;
};

#define ENGINE_STEP_COUNT (ENGINE_STATE_COUNT * ENGINE_EVENT_COUNT)

/* Sorted by from, then event; every pair has its row. */
extern const struct engine_step engine_steps[ENGINE_STEP_COUNT];

#endif
