/*
 * The engine's only look at the times: what a question or an answer means now.
 *
 * Private to the engine. These take the engine's state for granted and change
 * none of it but what they say; the table decides what to do.
 */
#ifndef CORE_ENGINE_TIME_H
#define CORE_ENGINE_TIME_H

#include "core/engine_table.h"

/* One of ENGINE_ASK_*. */
enum engine_event engine_time_classify(struct engine *e,
                                       const struct engine_request *r,
                                       int64_t now_ms);

/*
 * Whether engine_time_classify is sure to say ENGINE_ASK_GOOD: a plain request
 * meets a token that was not refused and is not near its end. Nearly all do, so
 * this is to cost little.
 */
static inline bool engine_time_is_calm(const struct engine *e,
                                       const struct engine_request *r,
                                       int64_t now_ms)
{
    uint64_t age_ms = (uint64_t)now_ms - (uint64_t)e->received_ms;

    return (r->waited | (uint64_t)r->need_ms | e->refused) == 0 &&
           r->session == e->session && r->sent != e->generation &&
           age_ms < (uint64_t)e->calm_ms;
}

/*
 * One of ENGINE_ANSWER_*, for a 401. worded: it says in the dialect's words
 * that the token is no good.
 */
enum engine_event engine_time_judge(struct engine *e,
                                    const struct engine_request *r, bool worded,
                                    int64_t now_ms);

/* This origin's 401s start no refresh for as long as a token is young. */
void engine_time_hush(struct engine *e, uint32_t origin, int64_t now_ms);

/* No origin is hushed. */
void engine_time_forget(struct engine *e);

/* These are the newest tokens now, and all that failed before is forgotten. */
void engine_time_take(struct engine *e, const struct engine_tokens *tokens,
                      int64_t now_ms, uint32_t random);

#endif
