/*
 * The model's own view of what the engine may say; each returns the invariant
 * that is broken, by its number in core/engine.h, or NULL.
 */
#ifndef TEST_ENGINE_JUDGE_H
#define TEST_ENGINE_JUDGE_H

#include "core/engine_world.h"

bool judge_told(const struct engine_answer *a, unsigned bits);

/* The refresh that is out for the session there is; NULL: none. */
struct wire *world_newest_wire(struct world *w);

/* was: the request before it asked. Notes the first send. */
const char *judge_ask(struct world *w, struct actor *a,
                      const struct engine_request *was,
                      const struct engine_answer *answer);

/* A 401. Notes which origins are quiet. */
const char *judge_401(struct world *w, const struct actor *a, bool worded,
                      const struct engine_answer *answer);

/* An end or a call of a refresh that no longer counts. */
const char *judge_late(const struct world *w, const struct engine *was,
                       const struct engine_answer *answer);

/* What must hold between any two steps. */
const char *judge_world(struct world *w);

#endif
