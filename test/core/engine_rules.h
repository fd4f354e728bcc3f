/*
 * The invariants of core/engine.h that show in the table itself.
 */
#ifndef TEST_ENGINE_RULES_H
#define TEST_ENGINE_RULES_H

#include "core/engine_table.h"

/* "RESTING" and "ASK_DUE". */
extern const char *const engine_state_names[ENGINE_STATE_COUNT];
extern const char *const engine_event_names[ENGINE_EVENT_COUNT];

/* What row i of this table breaks, in a sentence; NULL: nothing. */
const char *engine_rules_broken(const struct engine_step *steps, size_t i);

#endif
