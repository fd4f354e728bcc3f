/*
 * Every order of what can happen in a bounded world: from its first state each
 * act is done in each state that there is, and each state is looked at once.
 *
 * What a world, its bounds and its acts are, says who walks it; a world is
 * compared as bytes, padding included, so it begins as zeros.
 */
#ifndef TEST_CORE_WALK_H
#define TEST_CORE_WALK_H

#include <stdbool.h>
#include <stddef.h>

#include "core/visited.h"

struct bounds;
struct walk;
struct world;

struct walk_act {
    /* The which-th way to do it. False: it cannot happen here, and the world is
       as it was. */
    bool (*take)(struct walk *s, struct world *w, int which);
    int count; /* of ways */
};

struct walk {
    const struct bounds *bounds;
    const struct walk_act *acts;
    size_t act_count;
    size_t world_size;
    /* Demands what must hold in every state. */
    void (*look)(struct walk *s, const struct world *w);
    bool failed; /* one failure is told, not a thousand */

    struct visited visited;
    unsigned char *worlds; /* one for each depth */
};

/* Fails the test, once in a walk, where something does not hold; returns it. */
bool walk_demand(struct walk *s, bool held, const char *what);

/*
 * From `first` on; `name` is the journey's. Returns how many states there are,
 * and fails the test when they were too many to be told apart.
 */
size_t walk_all(struct walk *s, const struct world *first, const char *name);

#endif
