/*
 * Each row of the table is changed in every small way, and some test must see
 * it: the rules of a row, the row brought about, or the walk over all paths.
 */
#include "base/bytes.h"
#include "check.h"
#include "core/engine_model.h"
#include "core/engine_pairs.h"
#include "core/engine_rules.h"

#define BIT_COUNT 16

/* Small, for it is walked some thousand times. */
static const struct model_bounds bounds = {
    .requests = 2,
    .starts = 2,
    .outs = 1,
    .changes = 1,
    .times = 1,
    .room = 16,
};

struct tally {
    unsigned walked; /* rows */
    unsigned mutants;
    unsigned by_rules;
    unsigned by_pairs;
    unsigned by_paths;
    unsigned survivors;
};

static bool seen_by_pairs(const struct engine_step *steps, size_t row)
{
    for (size_t i = 0; i < engine_pair_count; i++) {
        const struct engine_pair *p = &engine_pairs[i];
        struct engine_answer told;
        struct engine_pair got;

        if (p->state * (size_t)ENGINE_EVENT_COUNT + p->event != row)
            continue;
        got = engine_pair_run(steps, p, &told);
        return got.to != p->to || got.todo != p->todo || got.done != p->done;
    }
    return false;
}

static bool seen_by_paths(const struct engine_step *steps)
{
    struct model_report report;

    model_run(steps, &bounds, &report);
    return report.broken != NULL;
}

/* Whether the walk comes by this row: it would see it wrecked. */
static bool is_walked(struct engine_step *steps, size_t row)
{
    bool walked;

    steps[row].todo = (uint16_t)~engine_steps[row].todo;
    walked = seen_by_paths(steps);
    steps[row] = engine_steps[row];
    return walked;
}

static void judge_mutant(const struct engine_step *steps, size_t row,
                         bool walked, struct tally *t)
{
    bool rules = engine_rules_broken(steps, row) != NULL;
    bool pairs = seen_by_pairs(steps, row);
    bool paths = walked && seen_by_paths(steps);

    t->mutants++;
    t->by_rules += rules;
    t->by_pairs += pairs;
    t->by_paths += paths;
    t->survivors += !rules && !pairs && !paths;
    CHECK(rules || pairs || paths);
}

static void every_row(void **state)
{
    struct engine_step steps[ENGINE_STEP_COUNT];
    struct tally t = {0};

    (void)state;
    __builtin_memcpy(steps, engine_steps, sizeof steps);
    for (size_t row = 0; row < ENGINE_STEP_COUNT; row++) {
        bool walked = is_walked(steps, row);

        t.walked += walked;
        check_case("in %s, on %s, every change is seen",
                   engine_state_names[row / ENGINE_EVENT_COUNT],
                   engine_event_names[row % ENGINE_EVENT_COUNT]);
        for (unsigned to = 0; to < ENGINE_STATE_COUNT; to++) {
            steps[row].to = (uint8_t)to;
            if (to != engine_steps[row].to)
                judge_mutant(steps, row, walked, &t);
        }
        steps[row] = engine_steps[row];
        for (unsigned bit = 0; bit < BIT_COUNT; bit++) {
            steps[row].todo = (uint16_t)(engine_steps[row].todo ^ (1U << bit));
            judge_mutant(steps, row, walked, &t);
        }
        steps[row] = engine_steps[row];
    }
    check_note("the walk comes by %u of %u rows", t.walked,
               (unsigned)ENGINE_STEP_COUNT);
    check_note("%u mutants: %u seen by the rules, %u by the pairs, %u by the "
               "paths; %u by nothing",
               t.mutants, t.by_rules, t.by_pairs, t.by_paths, t.survivors);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(every_row)};

    return check_run("core/engine_mutants", tests);
}
