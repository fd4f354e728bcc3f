#include "core/engine.h"

#include "base/assert.h"
#include "core/engine_table.h"
#include "core/engine_time.h"

/*
 * What an outcome is, and how often in a row it is repeated at once. In the
 * order of enum engine_outcome.
 */
static const struct outcome_rule {
    uint8_t event;
    uint8_t reason;
    uint8_t repeat_max;
} outcome_rules[ENGINE_OUTCOME_COUNT] = {
    {ENGINE_END_GRANTED, ENGINE_NO_REASON,     0               },
    {ENGINE_END_GRANTED, ENGINE_NO_REASON,     0               },
    {ENGINE_END_FAILED,  ENGINE_BY_SERVER,     ENGINE_AGAIN_MAX},
    {ENGINE_END_REFUSED, ENGINE_BY_REFUSAL,    0               },
    {ENGINE_END_FAILED,  ENGINE_BY_SERVER,     0               },
    {ENGINE_END_FAILED,  ENGINE_BY_NETWORK,    0               },
    {ENGINE_END_FAILED,  ENGINE_BY_LOST_REPLY, ENGINE_LOST_MAX },
    {ENGINE_END_FAILED,  ENGINE_BY_BAD_REPLY,  0               },
    {ENGINE_END_FAILED,  ENGINE_BY_CONFIG,     0               },
};

static const struct engine_step *find_step(const struct engine *e,
                                           enum engine_event event)
{
    return &e->steps[(unsigned)e->state * ENGINE_EVENT_COUNT + (unsigned)event];
}

/* The answer's todo still has the bits that are for the engine itself. */
static struct engine_answer take_step(struct engine *e, enum engine_event event)
{
    const struct engine_step *step = find_step(e, event);

    e->state = (enum engine_state)step->to;
    if (step->todo & ENGINE_START) {
        e->refresh++;
        e->refresh_from = e->generation;
    }
    return (struct engine_answer){.todo = (uint16_t)step->todo,
                                  .generation = e->generation};
}

/* For the host: without the engine's own bits. */
static struct engine_answer told(struct engine_answer a)
{
    a.todo &= ENGINE_PUBLIC;
    return a;
}

static void explain(const struct engine *e, enum engine_event event,
                    struct engine_answer *a)
{
    if (e->state == ENGINE_SIGNED_OUT || event == ENGINE_ASK_LEFT) {
        a->reason = ENGINE_BY_SIGN_OUT;
    } else if (e->state == ENGINE_ENDED) {
        a->reason = ENGINE_BY_REFUSAL;
        a->detail = e->end_detail;
    } else if (e->budget.reason == ENGINE_NO_REASON) {
        a->reason = ENGINE_BY_BUDGET;
    } else {
        a->reason = (uint16_t)e->budget.reason;
        a->detail = e->budget.detail;
    }
}

/* Whether a refresh of this number is one that still counts. */
static bool is_newest(const struct engine *e, uint64_t number)
{
    return e->state == ENGINE_REFRESHING && number == e->refresh;
}

void engine_init(struct engine *e, const struct engine_config *config)
{
    *e = (struct engine){
        .steps = engine_steps,
        .session = 1,
        .early_ms = config->early_ms,
    };
    if (e->early_ms > ENGINE_EARLY_MAX_MS)
        e->early_ms = ENGINE_EARLY_MAX_MS;
    engine_time_forget(e);
}

/* Not inline, so that the few instructions before it need no stack. */
static __attribute__((noinline)) struct engine_answer
ask_step(struct engine *e, struct engine_request *r, int64_t now_ms)
{
    enum engine_event event = engine_time_classify(e, r, now_ms);
    struct engine_answer a = take_step(e, event);

    if (a.todo & ENGINE_SEND) {
        r->sent = a.generation;
        r->sends++;
        r->waited = 0;
    } else if (a.todo & ENGINE_WAIT) {
        r->waited = a.generation;
    } else {
        explain(e, event, &a);
    }
    return told(a);
}

struct engine_answer engine_ask(struct engine *e, struct engine_request *r,
                                int64_t now_ms)
{
    const struct engine_step *good = find_step(e, ENGINE_ASK_GOOD);

    assert(r->sends < ENGINE_SENDS_MAX);
    if (r->session == 0)
        r->session = e->session;
    // The same as ask_step, in a third of its instructions.
    if (good->todo == ENGINE_SEND && engine_time_is_calm(e, r, now_ms)) {
        e->state = (enum engine_state)good->to;
        r->sent = e->generation;
        r->sends++;
        return (struct engine_answer){.todo = ENGINE_SEND,
                                      .generation = e->generation};
    }
    return ask_step(e, r, now_ms);
}

struct engine_answer engine_ask_newer(struct engine *e,
                                      struct engine_request *r, int64_t now_ms)
{
    r->sent = e->generation;
    return engine_ask(e, r, now_ms);
}

static struct engine_answer judge_step(struct engine *e,
                                       struct engine_request *r, bool worded,
                                       int64_t now_ms)
{
    struct engine_answer a =
        take_step(e, engine_time_judge(e, r, worded, now_ms));

    assert(now_ms >= 0);
    if (a.todo & ENGINE_MARK)
        e->refused = true;
    if (a.todo & ENGINE_HUSH)
        engine_time_hush(e, r->origin, now_ms);
    if (a.todo & ENGINE_WAIT)
        r->waited = a.generation;
    return told(a);
}

struct engine_answer engine_answered(struct engine *e, struct engine_request *r,
                                     enum engine_status status, int64_t now_ms)
{
    if (status != ENGINE_NOT_401)
        return judge_step(e, r, status == ENGINE_401_TOKEN, now_ms);
    if (e->suspect && r->sent == e->generation && r->origin != ENGINE_FOREIGN)
        e->suspect = false;
    return told(take_step(e, ENGINE_ANSWER_DONE));
}

struct engine_answer engine_refused(struct engine *e, uint64_t generation,
                                    uint32_t origin, int64_t now_ms)
{
    struct engine_request r = {
        .origin = origin,
        .sends = 1,
        .session = e->session,
        .sent = generation,
    };
    struct engine_answer a = judge_step(e, &r, true, now_ms);

    a.todo &= ENGINE_START;
    return a;
}

struct engine_answer engine_call(struct engine *e, uint64_t number,
                                 const struct engine_budget *shared,
                                 int64_t now_ms)
{
    enum engine_event event = ENGINE_CALL_HELD;
    struct engine_answer a;

    assert(now_ms >= 0);
    if (shared != NULL)
        engine_budget_join(&e->budget, shared);
    if (!is_newest(e, number))
        event = ENGINE_CALL_LATE;
    else if (e->generation != e->refresh_from)
        event = ENGINE_CALL_OVERTAKEN;
    else if (engine_budget_allows(&e->budget, now_ms))
        event = ENGINE_CALL_FREE;
    a = take_step(e, event);
    if (a.todo & ENGINE_CALL)
        engine_budget_spend(&e->budget, now_ms);
    if (e->state != ENGINE_REFRESHING)
        e->refused = false;
    return told(a);
}

static enum engine_event end_event(const struct engine *e,
                                   const struct engine_end *end)
{
    const struct outcome_rule *rule = &outcome_rules[end->outcome];

    if (!is_newest(e, end->number))
        return ENGINE_END_LATE;
    if (rule->event == ENGINE_END_GRANTED)
        return ENGINE_END_GRANTED;
    if (e->generation != e->refresh_from)
        return ENGINE_END_OVERTAKEN;
    if (e->repeat_count[end->outcome] < rule->repeat_max)
        return ENGINE_END_AGAIN;
    return (enum engine_event)rule->event;
}

/* Counts unrecognised answers, and whether they have gone on for too long. */
static void note_oddity(struct engine_budget *b, int64_t now_ms)
{
    if (b->odd_count == 0 || now_ms < b->odd_ms) {
        b->odd_count = 0;
        b->odd_ms = now_ms;
    }
    if (b->odd_count < ENGINE_ODD_MAX)
        b->odd_count++;
    b->odd =
        b->odd_count == ENGINE_ODD_MAX && now_ms - b->odd_ms >= ENGINE_ODD_MS;
}

static void begin_rest(struct engine *e, const struct engine_end *end)
{
    struct engine_budget *b = &e->budget;

    b->reason = outcome_rules[end->outcome].reason;
    b->detail = end->detail;
    if (end->outcome == ENGINE_UNRECOGNISED)
        note_oddity(b, end->now_ms);
    // A lost reply stays counted: only the first one is repeated at once.
    e->repeat_count[ENGINE_AGAIN] = 0;
    engine_budget_rest(b, end->now_ms, end->retry_after_ms, end->random);
}

struct engine_answer engine_ended(struct engine *e,
                                  const struct engine_end *end)
{
    enum engine_event event = end_event(e, end);
    struct engine_answer a = take_step(e, event);

    assert(end->now_ms >= 0);
    if (a.todo & ENGINE_TAKE)
        engine_time_take(e, &end->tokens, end->now_ms, end->random);
    if (a.todo & ENGINE_REST)
        begin_rest(e, end);
    if (a.todo & ENGINE_START)
        e->repeat_count[end->outcome]++;
    if ((a.todo & ENGINE_START) && end->outcome == ENGINE_AGAIN)
        engine_budget_give_back(&e->budget);
    if (event == ENGINE_END_REFUSED)
        e->end_detail = end->detail;
    if (e->state != ENGINE_REFRESHING)
        e->refused = false;
    a.generation = e->generation;
    return told(a);
}

struct engine_answer engine_changed(struct engine *e,
                                    const struct engine_tokens *tokens,
                                    int64_t now_ms, uint32_t random)
{
    bool newer = tokens->generation > e->generation;
    struct engine_answer a =
        take_step(e, newer ? ENGINE_CHANGED_NEWER : ENGINE_CHANGED_LATE);

    assert(now_ms >= 0);
    if (a.todo & ENGINE_TAKE)
        engine_time_take(e, tokens, now_ms, random);
    a.generation = e->generation;
    return told(a);
}

struct engine_answer engine_signed_in(struct engine *e,
                                      const struct engine_tokens *tokens,
                                      int64_t now_ms, uint32_t random)
{
    struct engine_answer a = take_step(e, ENGINE_CAME_IN);

    assert(now_ms >= 0);
    if (a.todo & ENGINE_BEGIN) {
        e->session++;
        e->refused = false;
        engine_time_forget(e);
    }
    if (a.todo & ENGINE_TAKE)
        engine_time_take(e, tokens, now_ms, random);
    a.generation = e->generation;
    return told(a);
}

struct engine_answer engine_signed_out(struct engine *e)
{
    struct engine_answer a = take_step(e, ENGINE_WENT_OUT);

    e->refused = false;
    return told(a);
}

int64_t engine_deadline_ms(const struct engine *e)
{
    int64_t next_ms = engine_budget_next_ms(&e->budget);

    if (e->early_ms < 0)
        return INT64_MAX;
    if (e->state != ENGINE_FRESH && e->state != ENGINE_RESTING)
        return INT64_MAX;
    return e->due_ms > next_ms ? e->due_ms : next_ms;
}

struct engine_answer engine_tick(struct engine *e, int64_t now_ms)
{
    struct engine_request r = {.session = e->session};
    struct engine_answer a = {.generation = e->generation};
    enum engine_event event = engine_time_classify(e, &r, now_ms);

    assert(now_ms >= 0);
    if (e->early_ms < 0 ||
        (event != ENGINE_ASK_DUE && event != ENGINE_ASK_DEAD))
        return a;
    a = take_step(e, event);
    a.todo &= ENGINE_START;
    return a;
}

int64_t engine_left_ms(const struct engine *e, int64_t now_ms)
{
    if (e->generation == 0 || e->state == ENGINE_SIGNED_OUT ||
        now_ms >= e->expires_ms)
        return 0;
    return e->expires_ms == INT64_MAX ? INT64_MAX : e->expires_ms - now_ms;
}
