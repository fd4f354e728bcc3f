#include "core/engine_budget.h"

/* What all calls together owe: the allowance is used up from here on. */
#define DEBT_MAX ((int64_t)ENGINE_BUDGET_CALLS * ENGINE_BUDGET_STEP_MS)

/* The longest rest that engine_budget_rest makes. */
#define REST_MAX (ENGINE_BUDGET_RETRY_AFTER_MAX_MS + ENGINE_BUDGET_PAUSE_MAX_MS)

static int64_t add_ms(int64_t a, int64_t b)
{
    int64_t sum;

    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

bool engine_budget_allows(struct engine_budget *b, int64_t now_ms)
{
    // More than can be owed: the clock went back since, or the number is bad.
    if (b->whole_ms > add_ms(now_ms, DEBT_MAX))
        b->whole_ms = add_ms(now_ms, DEBT_MAX);
    // Before its begin a rest does not count, or a jump would stretch it.
    if (now_ms >= b->rest_from_ms && now_ms < b->rest_until_ms)
        return false;
    return add_ms(now_ms, DEBT_MAX - ENGINE_BUDGET_STEP_MS) >= b->whole_ms;
}

int64_t engine_budget_next_ms(const struct engine_budget *b)
{
    int64_t room_ms = 0;

    if (b->whole_ms > DEBT_MAX - ENGINE_BUDGET_STEP_MS)
        room_ms = b->whole_ms - (DEBT_MAX - ENGINE_BUDGET_STEP_MS);
    return room_ms > b->rest_until_ms ? room_ms : b->rest_until_ms;
}

void engine_budget_spend(struct engine_budget *b, int64_t now_ms)
{
    int64_t from_ms = b->whole_ms > now_ms ? b->whole_ms : now_ms;

    b->whole_ms = add_ms(from_ms, ENGINE_BUDGET_STEP_MS);
}

void engine_budget_give_back(struct engine_budget *b)
{
    if (b->whole_ms >= ENGINE_BUDGET_STEP_MS)
        b->whole_ms -= ENGINE_BUDGET_STEP_MS;
}

/* 1, 2, 4 ... 60 s times 0.5 to 1.5; the first failure is number 0. */
static int64_t pause_ms(uint32_t number, uint32_t random)
{
    int64_t pause = ENGINE_BUDGET_PAUSE_MAX_MS;

    if (number < 6)
        pause = (int64_t)ENGINE_BUDGET_PAUSE_MIN_MS << number;
    return pause / 2 + (int64_t)(((uint64_t)pause * random) >> 32);
}

void engine_budget_rest(struct engine_budget *b, int64_t now_ms,
                        int64_t retry_after_ms, uint32_t random)
{
    int64_t pause = pause_ms(b->failure_count, random);
    int64_t least = retry_after_ms > 0 ? retry_after_ms : 0;

    if (least > ENGINE_BUDGET_RETRY_AFTER_MAX_MS)
        least = ENGINE_BUDGET_RETRY_AFTER_MAX_MS;
    // By chance also here, or all clients come back in the same moment.
    least += pause / 2;
    if (b->failure_count < UINT32_MAX)
        b->failure_count++;
    b->rest_from_ms = now_ms;
    b->rest_until_ms = add_ms(now_ms, least > pause ? least : pause);
}

void engine_budget_join(struct engine_budget *b,
                        const struct engine_budget *other)
{
    if (other->whole_ms > b->whole_ms)
        b->whole_ms = other->whole_ms;
    if (other->failure_count > b->failure_count)
        b->failure_count = other->failure_count;
    if (other->odd_count > b->odd_count) {
        b->odd_count = other->odd_count;
        b->odd_ms = other->odd_ms;
        b->odd = other->odd;
    }
    if (other->rest_until_ms <= b->rest_until_ms || other->rest_from_ms < 0 ||
        other->rest_until_ms > add_ms(other->rest_from_ms, REST_MAX))
        return;
    b->rest_from_ms = other->rest_from_ms;
    b->rest_until_ms = other->rest_until_ms;
    b->reason = other->reason;
    b->detail = other->detail;
}

void engine_budget_reset(struct engine_budget *b)
{
    *b = (struct engine_budget){0};
}
