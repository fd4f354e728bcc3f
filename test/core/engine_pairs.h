/*
 * Every (state, event) pair that can happen, brought about through the public
 * functions, with what must come of it.
 */
#ifndef TEST_ENGINE_PAIRS_H
#define TEST_ENGINE_PAIRS_H

#include "core/engine_table.h"

struct engine_pair {
    uint8_t state;
    uint8_t event;
    uint8_t to;
    uint16_t todo; /* what the host is told */
    uint16_t done; /* what the engine does itself: TAKE, MARK, HUSH ... */
};

extern const struct engine_pair engine_pairs[];
extern const size_t engine_pair_count;

/* What came of it, by this table; *told gets the whole answer. */
struct engine_pair engine_pair_run(const struct engine_step *steps,
                                   const struct engine_pair *pair,
                                   struct engine_answer *told);

/* The event as a sentence. */
extern const char *const engine_event_texts[ENGINE_EVENT_COUNT];

#endif
