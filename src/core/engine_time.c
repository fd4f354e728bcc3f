#include "core/engine_time.h"

#include "base/assert.h"

static int64_t add_ms(int64_t a, int64_t b)
{
    int64_t sum;

    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Whether the request may be sent with the newest token. */
static bool usable(const struct engine *e, const struct engine_request *r,
                   int64_t now_ms)
{
    int64_t need_ms;

    // Both are 0 when there was no token yet and nothing was sent.
    if (e->refused || r->sent == e->generation)
        return false;
    // What it waited for came: it is sent, however short-lived that is.
    if (r->waited != 0 && r->waited != e->generation)
        return true;
    need_ms = least(r->need_ms > 0 ? r->need_ms : 0, e->half_ms);
    return now_ms < e->expires_ms - need_ms;
}

enum engine_event engine_time_classify(struct engine *e,
                                       const struct engine_request *r,
                                       int64_t now_ms)
{
    bool in_vain = r->waited != 0;

    assert(now_ms >= 0);
    if (r->session != e->session)
        return ENGINE_ASK_LEFT;
    if (usable(e, r, now_ms)) {
        // After a clock went back nothing is known of the token's age.
        if (now_ms < e->due_ms && now_ms >= e->received_ms)
            return ENGINE_ASK_GOOD;
        return engine_budget_allows(&e->budget, now_ms) ? ENGINE_ASK_DUE
                                                        : ENGINE_ASK_GOOD;
    }
    if (!in_vain && engine_budget_allows(&e->budget, now_ms))
        return ENGINE_ASK_DEAD;
    if (e->budget.odd && e->budget.reason == ENGINE_BY_BAD_REPLY)
        return ENGINE_ASK_DEAD_ODD;
    return ENGINE_ASK_DEAD_HELD;
}

static bool is_young(const struct engine *e, int64_t now_ms)
{
    return now_ms >= e->received_ms && now_ms < e->young_ms;
}

static bool is_running(const struct engine_quiet *q, int64_t now_ms)
{
    return now_ms >= q->from_ms && now_ms < q->until_ms;
}

static bool is_quiet(const struct engine *e, uint32_t origin, int64_t now_ms)
{
    for (size_t i = 0; i < ENGINE_QUIET_COUNT; i++) {
        const struct engine_quiet *q = &e->quiet[i];

        if ((q->origin == origin || q->origin == ENGINE_FOREIGN) &&
            is_running(q, now_ms))
            return true;
    }
    return false;
}

enum engine_event engine_time_judge(struct engine *e,
                                    const struct engine_request *r, bool worded,
                                    int64_t now_ms)
{
    if (r->origin == ENGINE_FOREIGN || r->session != e->session ||
        r->sent > e->generation || r->sent == 0)
        return ENGINE_ANSWER_DONE;
    if (r->sends >= ENGINE_SENDS_MAX)
        return ENGINE_ANSWER_HUSH;
    if (r->sent != e->generation)
        return ENGINE_ANSWER_STALE;
    if (is_young(e, now_ms) && (!worded || e->suspect))
        return ENGINE_ANSWER_HUSH;
    if (is_quiet(e, r->origin, now_ms))
        return ENGINE_ANSWER_DONE;
    return engine_budget_allows(&e->budget, now_ms) ? ENGINE_ANSWER_REFUSED
                                                    : ENGINE_ANSWER_HELD;
}

/* The slot for this origin: its own, or a free one, or NULL. */
static struct engine_quiet *find_quiet(struct engine *e, uint32_t origin,
                                       int64_t now_ms)
{
    struct engine_quiet *slot = NULL;

    for (size_t i = 0; i < ENGINE_QUIET_COUNT; i++) {
        if (e->quiet[i].origin == origin)
            return &e->quiet[i];
        if (!is_running(&e->quiet[i], now_ms))
            slot = &e->quiet[i];
    }
    return slot;
}

void engine_time_hush(struct engine *e, uint32_t origin, int64_t now_ms)
{
    struct engine_quiet *slot = find_quiet(e, origin, now_ms);

    // To make room would let many bad origins take turns; so all are quiet.
    if (slot == NULL) {
        slot = &e->quiet[0];
        origin = ENGINE_FOREIGN;
    }
    *slot = (struct engine_quiet){
        .origin = origin,
        .from_ms = now_ms,
        .until_ms = add_ms(now_ms, least(ENGINE_YOUNG_MS, e->half_ms)),
    };
}

void engine_time_forget(struct engine *e)
{
    for (size_t i = 0; i < ENGINE_QUIET_COUNT; i++)
        e->quiet[i] = (struct engine_quiet){.origin = ENGINE_FOREIGN};
}

/* When the early window opens; INT64_MAX: never. Invariant 8. */
static int64_t due_ms(const struct engine *e, uint32_t random)
{
    int64_t window_ms = least(e->early_ms, e->half_ms);

    if (e->early_ms < 0 || e->expires_ms == INT64_MAX)
        return INT64_MAX;
    if (e->early_ms == 0)
        window_ms = least(ENGINE_EARLY_MS, e->half_ms / 5 * 2);
    // At most 24 h, so the product fits.
    window_ms -= (int64_t)(((uint64_t)window_ms / 2 * random) >> 32);
    return e->expires_ms - window_ms;
}

void engine_time_take(struct engine *e, const struct engine_tokens *t,
                      int64_t now_ms, uint32_t random)
{
    bool due = t->due || t->received_ms > now_ms || t->received_ms < 0;
    int64_t life_ms = t->life_ms;

    if (life_ms <= 0)
        life_ms = INT64_MAX;
    else if (life_ms < ENGINE_LIFE_MIN_MS)
        life_ms = ENGINE_LIFE_MIN_MS;
    e->generation = t->generation;
    e->received_ms = due ? now_ms : t->received_ms;
    e->half_ms = life_ms / 2;
    e->expires_ms = add_ms(e->received_ms, life_ms);
    e->young_ms = add_ms(e->received_ms, least(ENGINE_YOUNG_MS, e->half_ms));
    e->due_ms = due_ms(e, random);
    if (due) {
        e->young_ms = e->received_ms;
        e->due_ms = e->received_ms;
    }
    e->calm_ms = least(e->due_ms, e->expires_ms) - e->received_ms;
    e->suspect = e->refused;
    e->refused = false;
    __builtin_memset(e->repeat_count, 0, sizeof e->repeat_count);
    engine_budget_reset(&e->budget);
}
