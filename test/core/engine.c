#include "core/engine.h"

#include "base/bytes.h"
#include "check.h"
#include "core/engine_pairs.h"
#include "core/engine_rules.h"

static unsigned reason_of(const struct engine_pair *p)
{
    if ((p->todo & (ENGINE_FAIL_LATER | ENGINE_FAIL_SIGN_IN)) == 0)
        return ENGINE_NO_REASON;
    if (p->state == ENGINE_SIGNED_OUT || p->event == ENGINE_ASK_LEFT)
        return ENGINE_BY_SIGN_OUT;
    if (p->state == ENGINE_ENDED)
        return ENGINE_BY_REFUSAL;
    return p->event == ENGINE_ASK_DEAD_ODD ? ENGINE_BY_BAD_REPLY
                                           : ENGINE_BY_NETWORK;
}

static void every_pair(void **state)
{
    (void)state;
    for (size_t i = 0; i < engine_pair_count; i++) {
        const struct engine_pair *p = &engine_pairs[i];
        struct engine_answer told;
        struct engine_pair got;

        check_case("%s: %s", engine_state_names[p->state],
                   engine_event_texts[p->event]);
        got = engine_pair_run(engine_steps, p, &told);
        CHECK_EQ(got.to, p->to);
        CHECK_EQ(got.todo, p->todo);
        CHECK_EQ(got.done, p->done);
        CHECK_EQ(told.reason, reason_of(p));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(every_pair)};

    return check_run("core/engine", tests);
}
