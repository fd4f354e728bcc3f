#include "core/engine_world.h"

#include <string.h>

#include "core/engine_judge.h"

static const int64_t time_steps_ms[TIME_STEPS] = {45000, 60000};

static void wake_all(struct world *w)
{
    for (size_t i = 0; i < REQUESTS; i++)
        if (w->actors[i].phase == WAITING)
            w->actors[i].phase = WOKEN;
}

static struct engine_tokens next_tokens(const struct world *w)
{
    return (struct engine_tokens){.generation = w->generation + 1,
                                  .life_ms = LIFE_MS,
                                  .received_ms = w->now_ms};
}

static void book_tokens(struct world *w)
{
    w->generation++;
    w->received_ms = w->now_ms;
    w->refused = false;
}

static void orphan_all(struct world *w)
{
    for (size_t i = 0; i < REFRESHES; i++)
        w->wires[i].orphan = w->wires[i].out;
}

static const char *start(struct world *w)
{
    if (world_newest_wire(w) != NULL)
        return "1: a second refresh was started";
    if (!w->signed_in || w->ended)
        return "2: a refresh without a session";
    if (w->left.starts-- == 0)
        return NULL; // past the bounds, as out_of_bounds will see
    for (size_t i = 0; i < REFRESHES; i++) {
        if (!w->wires[i].out) {
            w->wires[i] = (struct wire){.out = true, .number = w->e.refresh};
            return NULL;
        }
    }
    return "1: more refreshes than there can be";
}

static const char *do_ask(struct world *w, struct actor *a)
{
    struct engine_request was = a->r;
    struct engine_answer answer = engine_ask(&w->e, &a->r, w->now_ms);
    const char *broken = judge_ask(w, a, &was, &answer);

    if (broken == NULL && judge_told(&answer, ENGINE_START))
        broken = start(w);
    if (judge_told(&answer, ENGINE_SEND))
        a->phase = IN_FLIGHT;
    else if (judge_told(&answer, ENGINE_WAIT))
        a->phase = WAITING;
    else
        a->phase = DONE;
    if (broken == NULL && a->phase == WAITING && world_newest_wire(w) == NULL)
        broken = "3: told to wait for nothing";
    return broken;
}

static const char *do_answer(struct world *w, struct actor *a, unsigned status)
{
    struct engine was = w->e;
    struct engine_answer answer =
        engine_answered(&w->e, &a->r, (enum engine_status)status, w->now_ms);
    const char *broken = NULL;

    if (status == ENGINE_NOT_401 && answer.todo != ENGINE_DELIVER)
        broken = "3: an answer that is no 401 was not delivered";
    if (status == ENGINE_NOT_401 && was.state != w->e.state)
        broken = "2: an answer that is no 401 changed the state";
    if (status != ENGINE_NOT_401)
        broken = judge_401(w, a, status == ENGINE_401_TOKEN, &answer);
    if (broken == NULL && judge_told(&answer, ENGINE_START))
        broken = start(w);
    if (judge_told(&answer, ENGINE_DELIVER)) {
        a->phase = DONE;
    } else if (judge_told(&answer, ENGINE_WAIT)) {
        w->refused = true;
        a->phase = WAITING;
    } else {
        a->phase = WOKEN;
    }
    return broken;
}

static const char *do_call(struct world *w, struct wire *x)
{
    struct engine was = w->e;
    struct engine_answer answer =
        engine_call(&w->e, x->number, NULL, w->now_ms);
    bool goes = judge_told(&answer, ENGINE_CALL);

    if (judge_told(&answer, ENGINE_WAKE))
        wake_all(w);
    x->out = goes;
    x->called = goes;
    if (goes && (x->orphan || x->overtaken))
        return "6: a refresh that no longer counts called";
    if (goes == judge_told(&answer, ENGINE_STOP))
        return "1: neither call nor stop";
    if (!goes && !x->orphan)
        w->refused = false;
    return x->orphan ? judge_late(w, &was, &answer) : NULL;
}

static const char *do_repeat(struct world *w, struct wire *x)
{
    if (w->e.state != ENGINE_REFRESHING)
        return "1: a repeat without REFRESHING";
    if (w->e.refresh == x->number)
        return "6: a repeat under the old number";
    x->number = w->e.refresh;
    x->called = false;
    w->left.repeats--;
    return NULL;
}

static const char *do_end(struct world *w, struct wire *x, unsigned outcome)
{
    struct engine was = w->e;
    struct engine_end end = {.number = x->number,
                             .outcome = (enum engine_outcome)outcome,
                             .tokens = next_tokens(w),
                             .now_ms = w->now_ms};
    struct engine_answer answer = engine_ended(&w->e, &end);
    bool grants = outcome == ENGINE_GRANTED || outcome == ENGINE_ADOPTED;

    if (judge_told(&answer, ENGINE_WAKE))
        wake_all(w);
    if (x->orphan) {
        x->out = false;
        return judge_late(w, &was, &answer);
    }
    if (judge_told(&answer, ENGINE_STOP))
        return "6: the newest refresh was called late";
    if (judge_told(&answer, ENGINE_START))
        return do_repeat(w, x);
    x->out = false;
    w->refused = false;
    if (grants)
        book_tokens(w);
    if (outcome == ENGINE_REFUSED && !x->overtaken)
        w->ended = true;
    if (outcome == ENGINE_PASSING && !x->overtaken &&
        w->e.state != ENGINE_RESTING)
        return "7: a failure without a rest";
    if (grants && w->e.state != ENGINE_FRESH)
        return "5: tokens came and the session is not fresh";
    return NULL;
}

static const char *do_change(struct world *w, bool newer)
{
    struct engine was = w->e;
    struct engine_tokens t = next_tokens(w);
    struct engine_answer answer;

    if (!newer)
        t.generation--;
    answer = engine_changed(&w->e, &t, w->now_ms, 0);
    if (judge_told(&answer, ENGINE_WAKE))
        wake_all(w);
    if (!newer || !w->signed_in) {
        w->left.changes -= newer;
        if (was.state != w->e.state || was.generation != w->e.generation ||
            answer.todo != 0)
            return "6: late news changed something";
        return NULL;
    }
    w->left.changes--;
    w->ended = false;
    book_tokens(w);
    for (size_t i = 0; i < REFRESHES; i++)
        w->wires[i].overtaken = w->wires[i].out;
    return NULL;
}

static const char *do_sign_in(struct world *w)
{
    struct engine_tokens t = next_tokens(w);
    struct engine_answer answer = engine_signed_in(&w->e, &t, w->now_ms, 0);

    if (judge_told(&answer, ENGINE_WAKE))
        wake_all(w);
    orphan_all(w);
    book_tokens(w);
    memset(w->quiet_ms, 0, sizeof w->quiet_ms);
    w->signed_in = true;
    w->ended = false;
    w->left.ins--;
    return NULL;
}

static const char *do_sign_out(struct world *w)
{
    struct engine_answer answer = engine_signed_out(&w->e);

    if (judge_told(&answer, ENGINE_WAKE))
        wake_all(w);
    orphan_all(w);
    w->signed_in = false;
    w->refused = false;
    w->left.outs--;
    return NULL;
}

const char *world_take(struct world *w, const struct move *m)
{
    switch ((enum kind)m->kind) {
    case ASK:
        return do_ask(w, &w->actors[m->who]);
    case ANSWER:
        return do_answer(w, &w->actors[m->who], m->what);
    case CALL:
        return do_call(w, &w->wires[m->who]);
    case END:
        return do_end(w, &w->wires[m->who], m->what);
    case CHANGE:
        return do_change(w, true);
    case CHANGE_LATE:
        return do_change(w, false);
    case SIGN_IN:
        return do_sign_in(w);
    case SIGN_OUT:
        return do_sign_out(w);
    case PASS_TIME:
        w->now_ms += time_steps_ms[m->what];
        w->left.times--;
        return NULL;
    }
    return "no such move";
}

void world_begin(struct world *w, const struct engine_step *steps,
                 const struct model_bounds *bounds)
{
    static const struct engine_config config = {0};
    struct engine_tokens t = {
        .generation = 1, .life_ms = LIFE_MS, .received_ms = START_MS};

    *w = (struct world){.now_ms = START_MS, .left = *bounds};
    engine_init(&w->e, &config);
    (void)engine_signed_in(&w->e, &t, START_MS, 0);
    w->e.steps = steps;
    w->signed_in = true;
    w->generation = 1;
    w->received_ms = START_MS;
    for (size_t i = 0; i < REQUESTS; i++)
        w->actors[i].r.origin = i == REQUESTS - 1;
    if (bounds->foreign)
        w->actors[REQUESTS - 1].r.origin = ENGINE_FOREIGN;
}

bool world_out_of_bounds(const struct world *w)
{
    return w->left.starts == UINT8_MAX || w->left.repeats == UINT8_MAX;
}
