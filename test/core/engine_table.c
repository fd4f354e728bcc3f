/*
 * The invariants of core/engine.h on every row of the table, not by example.
 */
#include "core/engine_table.h"

#include "check.h"
#include "core/engine_rules.h"

static void every_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < ENGINE_STEP_COUNT; i++) {
        check_case("in %s, on %s, every invariant holds",
                   engine_state_names[i / ENGINE_EVENT_COUNT],
                   engine_event_names[i % ENGINE_EVENT_COUNT]);
        CHECK_TEXT(engine_rules_broken(engine_steps, i), NULL);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(every_row)};

    return check_run("core/engine_table", tests);
}
