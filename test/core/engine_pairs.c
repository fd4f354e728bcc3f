#include "core/engine_pairs.h"

/* The token the stage is set with: generation 10, life 100 s, so its early
   window opens at 80 s, and it is young for 30 s. */
#define START_MS INT64_C(1000000)
#define AT(seconds) (START_MS + (seconds)*1000)

#define GENERATION 10
#define ORIGIN 3

const char *const engine_event_texts[ENGINE_EVENT_COUNT] = {
    "a request whose token is good",
    "a request whose token is near its end",
    "a request whose token is dead",
    "a request whose token is dead, while no refresh is allowed",
    "a request whose token is dead, and the server has long spoken oddly",
    "a request of an earlier session",
    "an answer that is no 401",
    "a 401 to a young token",
    "a 401 to an older token",
    "a 401 to the newest token",
    "a 401 to the newest token, while no refresh is allowed",
    "the refresh is about to call",
    "the refresh is about to call, but is not allowed to",
    "the refresh is about to call, but newer tokens have come",
    "an older refresh is about to call",
    "the refresh got tokens",
    "the refresh got no complete answer, for the first time",
    "the refresh was refused",
    "the refresh failed",
    "the refresh was refused, but newer tokens have come",
    "an older refresh got tokens",
    "news of newer tokens from elsewhere",
    "news of tokens that are known",
    "a sign-in",
    "a sign-out",
};

static struct engine_tokens tokens(uint64_t generation, int64_t received_ms)
{
    return (struct engine_tokens){.generation = generation,
                                  .life_ms = 100000,
                                  .received_ms = received_ms};
}

static struct engine_end end(const struct engine *e,
                             enum engine_outcome outcome)
{
    return (struct engine_end){.number = e->refresh,
                               .outcome = outcome,
                               .detail = 77,
                               .tokens = tokens(GENERATION + 1, AT(90)),
                               .now_ms = AT(90)};
}

/* With the good table, whatever is tested later. */
static void set_stage(struct engine *e, unsigned state)
{
    static const struct engine_config config = {0};
    struct engine_tokens t = tokens(GENERATION, START_MS);
    struct engine_request r = {0};
    struct engine_end over;

    engine_init(e, &config);
    (void)engine_signed_in(e, &t, START_MS, 0);
    if (state == ENGINE_SIGNED_OUT)
        (void)engine_signed_out(e);
    if (state == ENGINE_SIGNED_OUT || state == ENGINE_FRESH)
        return;
    (void)engine_ask(e, &r, AT(85));
    over = end(e, state == ENGINE_ENDED ? ENGINE_REFUSED : ENGINE_PASSING);
    if (state != ENGINE_REFRESHING)
        (void)engine_ended(e, &over);
}

static void hold(struct engine *e, enum engine_reason reason)
{
    e->budget.rest_from_ms = START_MS;
    e->budget.rest_until_ms = AT(1000);
    e->budget.reason = reason;
    e->budget.odd = reason == ENGINE_BY_BAD_REPLY;
}

static struct engine_answer ask(struct engine *e, unsigned event,
                                struct engine_request *r)
{
    static const int64_t when[] = {AT(50),  AT(99),  AT(150),
                                   AT(150), AT(150), AT(50)};

    if (event == ENGINE_ASK_DEAD_HELD)
        hold(e, ENGINE_BY_NETWORK);
    if (event == ENGINE_ASK_DEAD_ODD)
        hold(e, ENGINE_BY_BAD_REPLY);
    if (event == ENGINE_ASK_LEFT)
        r->session = e->session - 1;
    return engine_ask(e, r, when[event]);
}

static struct engine_answer answer(struct engine *e, unsigned event,
                                   struct engine_request *r)
{
    enum engine_status status = ENGINE_401;

    r->session = e->session;
    r->sends = 1;
    r->sent = GENERATION;
    if (event == ENGINE_ANSWER_DONE)
        status = ENGINE_NOT_401;
    if (event == ENGINE_ANSWER_STALE)
        r->sent = GENERATION - 1;
    if (event == ENGINE_ANSWER_HELD)
        hold(e, ENGINE_BY_NETWORK);
    return engine_answered(e, r, status,
                           event == ENGINE_ANSWER_HUSH ? AT(10) : AT(95));
}

static struct engine_answer call(struct engine *e, unsigned event)
{
    struct engine_budget held = {.rest_from_ms = START_MS,
                                 .rest_until_ms = AT(1000)};

    if (event == ENGINE_CALL_OVERTAKEN)
        e->refresh_from--;
    return engine_call(e, e->refresh - (event == ENGINE_CALL_LATE),
                       event == ENGINE_CALL_HELD ? &held : NULL, AT(86));
}

static struct engine_answer finish(struct engine *e, unsigned event)
{
    static const enum engine_outcome outcomes[] = {
        ENGINE_GRANTED, ENGINE_UNKNOWN, ENGINE_REFUSED,
        ENGINE_PASSING, ENGINE_REFUSED, ENGINE_GRANTED,
    };
    struct engine_end over = end(e, outcomes[event - ENGINE_END_GRANTED]);

    if (event == ENGINE_END_OVERTAKEN)
        e->refresh_from--;
    if (event == ENGINE_END_LATE)
        over.number--;
    return engine_ended(e, &over);
}

static struct engine_answer fire(struct engine *e, unsigned event,
                                 struct engine_request *r)
{
    struct engine_tokens newer = tokens(GENERATION + 1, AT(90));
    struct engine_tokens known = tokens(GENERATION, AT(90));

    if (event <= ENGINE_ASK_LEFT)
        return ask(e, event, r);
    if (event <= ENGINE_ANSWER_HELD)
        return answer(e, event, r);
    if (event <= ENGINE_CALL_LATE)
        return call(e, event);
    if (event <= ENGINE_END_LATE)
        return finish(e, event);
    if (event == ENGINE_CHANGED_NEWER)
        return engine_changed(e, &newer, AT(90), 0);
    if (event == ENGINE_CHANGED_LATE)
        return engine_changed(e, &known, AT(90), 0);
    if (event == ENGINE_CAME_IN)
        return engine_signed_in(e, &newer, AT(90), 0);
    return engine_signed_out(e);
}

static bool hushed(const struct engine *e)
{
    for (size_t i = 0; i < ENGINE_QUIET_COUNT; i++)
        if (e->quiet[i].origin == ORIGIN)
            return true;
    return false;
}

/* What the engine did, seen from outside; what does not fit is added as NEVER,
   which no pair expects. */
static uint16_t changes(const struct engine *was, const struct engine *e,
                        const struct engine_request *r,
                        const struct engine_answer *a)
{
    bool started =
        e->refresh == was->refresh + 1 && e->refresh_from == e->generation;
    bool sent = r->sends > 0 && r->sent == GENERATION && a->generation == 10;
    unsigned bits = 0;

    if (e->generation == GENERATION + 1 && e->received_ms == AT(90))
        bits |= ENGINE_TAKE;
    if (e->refused)
        bits |= ENGINE_MARK;
    if (hushed(e))
        bits |= ENGINE_HUSH;
    if (e->budget.failure_count > was->budget.failure_count)
        bits |= ENGINE_REST;
    if (e->session == was->session + 1)
        bits |= ENGINE_BEGIN;
    if (started != ((a->todo & ENGINE_START) != 0) ||
        (r->waited == GENERATION) != ((a->todo & ENGINE_WAIT) != 0) ||
        ((a->todo & ENGINE_SEND) && !sent) ||
        (e->budget.whole_ms > was->budget.whole_ms) !=
            ((a->todo & ENGINE_CALL) != 0))
        bits |= ENGINE_NEVER;
    return (uint16_t)bits;
}

struct engine_pair engine_pair_run(const struct engine_step *steps,
                                   const struct engine_pair *pair,
                                   struct engine_answer *told)
{
    struct engine_request r = {.origin = ORIGIN};
    struct engine_answer a;
    struct engine was;
    struct engine e;

    set_stage(&e, pair->state);
    was = e;
    e.steps = steps;
    a = fire(&e, pair->event, &r);
    *told = a;
    return (struct engine_pair){
        .state = pair->state,
        .event = pair->event,
        .to = (uint8_t)e.state,
        .todo = a.todo,
        .done = changes(&was, &e, &r, &a),
    };
}
