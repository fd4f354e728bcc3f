/*
 * The invariants of core/engine.h on every reachable sequence of a small world.
 */
#include "base/bytes.h"
#include "check.h"
#include "core/engine_model.h"

struct world_case {
    const char *name;
    struct model_bounds bounds;
};

static const struct world_case worlds[] = {
    {"three requests, two refreshes, sign-out, news and time",
     {.requests = 3,
      .starts = 2,
      .outs = 1,
      .changes = 1,
      .times = 2,
      .room = 23}},
    {"two requests, two refreshes with a repeat, sign-out and a new sign-in",
     {.requests = 2,
      .starts = 2,
      .repeats = 1,
      .outs = 1,
      .ins = 1,
      .changes = 1,
      .times = 2,
      .room = 22}},
    {"a third request to a foreign origin",
     {.requests = 3,
      .starts = 1,
      .outs = 1,
      .times = 2,
      .foreign = true,
      .room = 16}},
};

static void every_path(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(worlds); i++) {
        struct model_report report;

        CASE(worlds[i].name);
        model_run(engine_steps, &worlds[i].bounds, &report);
        if (!CHECK_TEXT(report.broken, NULL))
            check_note("%s", report.path);
        check_note("%s: %llu states, %llu transitions", worlds[i].name,
                   (unsigned long long)report.states,
                   (unsigned long long)report.transitions);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(every_path)};

    return check_run("core/engine_paths", tests);
}
