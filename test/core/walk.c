#include "core/walk.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

enum {
    DEPTH_MAX = 2000,
    STATES_BITS = 22, /* of the table of states: three million */
};

bool walk_demand(struct walk *s, bool held, const char *what)
{
    if (held || s->failed)
        return held;
    s->failed = true;
    check_note("not so: %s", what);
    CHECK(held);
    return false;
}

/* The world of that depth; the sizes of worlds are multiples of what they hold,
   so each is aligned as the first. */
static struct world *world_at(struct walk *s, int depth)
{
    return (struct world *)(void *)(s->worlds + (size_t)depth * s->world_size);
}

static void explore(struct walk *s, int depth)
{
    const struct world *from = world_at(s, depth);
    struct world *next = world_at(s, depth + 1);

    if (!walk_demand(s, depth < DEPTH_MAX, "the journey is short enough"))
        return;
    s->look(s, from);
    memcpy(next, from, s->world_size);
    for (size_t a = 0; a < s->act_count; a++) {
        for (int i = 0; i < s->acts[a].count && !s->failed; i++) {
            if (!s->acts[a].take(s, next, i))
                continue;
            if (visited_add(&s->visited, next, s->world_size))
                explore(s, depth + 1);
            memcpy(next, from, s->world_size);
        }
    }
}

size_t walk_all(struct walk *s, const struct world *first, const char *name)
{
    size_t count = 0;

    // One more than may be walked: there the demand fails.
    s->worlds = malloc((DEPTH_MAX + 2) * s->world_size);
    if (CHECK(s->worlds != NULL) &&
        CHECK(visited_open(&s->visited, STATES_BITS))) {
        memcpy(s->worlds, first, s->world_size);
        (void)visited_add(&s->visited, first, s->world_size);
        explore(s, 0);
        CHECK(!visited_is_full(&s->visited));
        count = s->visited.count;
        check_note("%zu states: %s", count, name);
        visited_close(&s->visited);
    }
    free(s->worlds);
    return count;
}
