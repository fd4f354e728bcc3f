#include "core/engine_judge.h"

bool judge_told(const struct engine_answer *a, unsigned bits)
{
    return (a->todo & bits) != 0;
}

static bool living(const struct world *w)
{
    return w->signed_in && !w->ended && w->now_ms < w->received_ms + LIFE_MS;
}

static bool young(const struct world *w)
{
    return w->now_ms < w->received_ms + YOUNG_MS;
}

struct wire *world_newest_wire(struct world *w)
{
    for (size_t i = 0; i < REFRESHES; i++)
        if (w->wires[i].out && !w->wires[i].orphan)
            return &w->wires[i];
    return NULL;
}

const char *judge_ask(struct world *w, struct actor *a,
                      const struct engine_request *was,
                      const struct engine_answer *answer)
{
    bool mine = was->session == 0 || was->session == w->e.session;
    bool may = living(w) && !w->refused && mine && was->sent != w->generation;

    if (may && !judge_told(answer, ENGINE_SEND))
        return "5: a living token was not used";
    if (judge_told(answer, ENGINE_SEND)) {
        if (!w->signed_in || w->ended || !mine)
            return "6: sent without its session";
        if (answer->generation != w->generation)
            return "5: sent with another token than the newest";
        if (a->r.sends == 2 && a->first_sent >= w->generation)
            return "4: sent again without a newer token";
        if (a->r.sends > 2)
            return "4: sent three times";
        a->first_sent = w->generation;
    }
    if (judge_told(answer, ENGINE_START) && judge_told(answer, ENGINE_WAIT) &&
        was->waited != 0)
        return "3: who waited in vain started another refresh";
    if (judge_told(answer, ENGINE_FAIL_LATER) && (!w->signed_in || w->ended))
        return "2: told to try later without a session";
    if (judge_told(answer, ENGINE_FAIL_SIGN_IN) && w->signed_in && !w->ended &&
        mine)
        return "2: told to sign in with a session";
    if (judge_told(answer, ENGINE_FAIL_LATER | ENGINE_FAIL_SIGN_IN) &&
        answer->reason == ENGINE_NO_REASON)
        return "3: failed without a reason";
    return NULL;
}

const char *judge_401(struct world *w, const struct actor *a, bool worded,
                      const struct engine_answer *answer)
{
    bool counts = w->signed_in && !w->ended && a->r.session == w->e.session &&
                  a->r.origin != ENGINE_FOREIGN;
    bool newest = a->r.sent == w->generation;
    bool starts = judge_told(answer, ENGINE_START);

    if (!counts && answer->todo != ENGINE_DELIVER)
        return "9, 11: a 401 that does not count was not just delivered";
    if (!counts)
        return NULL;
    if (newest && young(w) && !worded && answer->todo != ENGINE_DELIVER)
        return "9: a young token's 401 was not just delivered";
    if (starts && w->now_ms < w->quiet_ms[a->r.origin])
        return "9: a 401 of a quiet origin started a refresh";
    if (a->r.sends == 2 && answer->todo != ENGINE_DELIVER)
        return "4: a replay's 401 was not just delivered";
    if (!newest && a->r.sends < 2 && answer->todo != ENGINE_RETRY)
        return "4: a stale 401 was not just retried";
    if (starts && !newest)
        return "4: a stale 401 started a refresh";
    if ((newest && young(w) && !worded) || a->r.sends == 2)
        w->quiet_ms[a->r.origin] = w->now_ms + YOUNG_MS;
    return NULL;
}

const char *judge_late(const struct world *w, const struct engine *was,
                       const struct engine_answer *answer)
{
    if (answer->todo != ENGINE_STOP)
        return "6: a late refresh was not just stopped";
    if (was->state != w->e.state || was->generation != w->e.generation ||
        was->refresh != w->e.refresh || was->session != w->e.session ||
        was->budget.failure_count != w->e.budget.failure_count)
        return "6: a late refresh changed something";
    return NULL;
}

const char *judge_world(struct world *w)
{
    bool waits = false;

    for (size_t i = 0; i < REQUESTS; i++)
        waits = waits || w->actors[i].phase == WAITING;
    if (waits && world_newest_wire(w) == NULL)
        return "3: somebody waits for nothing";
    if ((world_newest_wire(w) != NULL) != (w->e.state == ENGINE_REFRESHING))
        return "1: REFRESHING, and what is out, differ";
    if (w->signed_in == (w->e.state == ENGINE_SIGNED_OUT))
        return "6: SIGNED_OUT without a sign-out, or not with one";
    if ((w->signed_in && w->ended) != (w->e.state == ENGINE_ENDED))
        return "2: ENDED without a refusal, or not with one";
    if (w->generation != w->e.generation)
        return "6: another token is the newest";
    if (engine_deadline_ms(&w->e) < 0)
        return "8: no deadline";
    return NULL;
}
