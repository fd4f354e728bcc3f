/*
 * How often a refresh may be tried while it does not succeed.
 *
 * A plain struct of numbers, zero when all is well. It is kept in the vault, so
 * that all processes (or tabs) of one vault share one budget; the times in it
 * are of the steady clock, so a budget from before the last boot is dropped
 * (zeroed) by whoever reads it.
 *
 * Two rules, and both must allow a call:
 * - the rest after a failure: 1, 2, 4 ... 60 s times 0.5 to 1.5 by chance, and
 *   at least what the server asked for, at most 1 h of that;
 * - an allowance of 8 calls that grows back by one each 68 s. So in any 60 s
 *   there are at most 8 calls (8 + 60/68) and in any hour at most 60
 *   (8 + 3600/68), with one number to store instead of sixty.
 * A clock that jumped backwards ends a rest at once, and costs the allowance at
 * most one step of 68 s.
 */
#ifndef CORE_ENGINE_BUDGET_H
#define CORE_ENGINE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENGINE_BUDGET_CALLS 8
#define ENGINE_BUDGET_STEP_MS 68000
#define ENGINE_BUDGET_PAUSE_MIN_MS 1000
#define ENGINE_BUDGET_PAUSE_MAX_MS 60000
#define ENGINE_BUDGET_RETRY_AFTER_MAX_MS 3600000

struct engine_budget {
    int64_t whole_ms;     /* when all 8 calls are there again */
    int64_t rest_from_ms; /* the rest: [from, until); none when equal */
    int64_t rest_until_ms;
    int64_t odd_ms;         /* the first of odd_count */
    uint32_t odd_count;     /* unrecognised answers since the last success */
    uint32_t odd;           /* 1: and they have gone on for too long */
    uint32_t failure_count; /* failures since the last success */
    uint32_t reason;        /* of the last one: enum engine_reason, or 0 */
    uint32_t detail;        /* of the last one: the host's own number */
};

/* Whether a call is allowed now. Mends what a clock that jumped left behind. */
bool engine_budget_allows(struct engine_budget *b, int64_t now_ms);

/* From when a call is allowed, if none is made before. */
int64_t engine_budget_next_ms(const struct engine_budget *b);

/* A call is made. */
void engine_budget_spend(struct engine_budget *b, int64_t now_ms);

/* The last call is not to count: it was answered, if not yet with tokens. */
void engine_budget_give_back(struct engine_budget *b);

/* A refresh failed: rest. random is uniform over its range. */
void engine_budget_rest(struct engine_budget *b, int64_t now_ms,
                        int64_t retry_after_ms, uint32_t random);

/*
 * Takes from `other`, which another process wrote or which may be garbage, what
 * is stricter. So a vault that cannot be written does not lift the budget.
 */
void engine_budget_join(struct engine_budget *b,
                        const struct engine_budget *other);

/* A success: all is forgotten. */
void engine_budget_reset(struct engine_budget *b);

#endif
