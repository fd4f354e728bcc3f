#include "core/engine_rules.h"

#include "base/bytes.h"

const char *const engine_state_names[ENGINE_STATE_COUNT] = {
    "SIGNED_OUT", "FRESH", "REFRESHING", "RESTING", "ENDED",
};

const char *const engine_event_names[ENGINE_EVENT_COUNT] = {
    "ASK_GOOD",     "ASK_DUE",        "ASK_DEAD",     "ASK_DEAD_HELD",
    "ASK_DEAD_ODD", "ASK_LEFT",       "ANSWER_DONE",  "ANSWER_HUSH",
    "ANSWER_STALE", "ANSWER_REFUSED", "ANSWER_HELD",  "CALL_FREE",
    "CALL_HELD",    "CALL_OVERTAKEN", "CALL_LATE",    "END_GRANTED",
    "END_AGAIN",    "END_REFUSED",    "END_FAILED",   "END_OVERTAKEN",
    "END_LATE",     "CHANGED_NEWER",  "CHANGED_LATE", "CAME_IN",
    "WENT_OUT",
};

#define ASK_BITS                                                               \
    (ENGINE_SEND | ENGINE_WAIT | ENGINE_FAIL_LATER | ENGINE_FAIL_SIGN_IN)
#define ANSWER_BITS (ENGINE_DELIVER | ENGINE_RETRY | ENGINE_WAIT)

static bool is_ask(const struct engine_step *s)
{
    return s->event <= ENGINE_ASK_LEFT;
}

static bool is_answer(const struct engine_step *s)
{
    return s->event >= ENGINE_ANSWER_DONE && s->event <= ENGINE_ANSWER_HELD;
}

static bool is_call(const struct engine_step *s)
{
    return s->event >= ENGINE_CALL_FREE && s->event <= ENGINE_CALL_LATE;
}

static bool is_end(const struct engine_step *s)
{
    return s->event >= ENGINE_END_GRANTED && s->event <= ENGINE_END_LATE;
}

static bool has(const struct engine_step *s, unsigned bits)
{
    return (s->todo & bits) != 0;
}

static bool one_of(const struct engine_step *s, unsigned bits)
{
    return __builtin_popcount(s->todo & bits) == 1;
}

/* A session is there: requests may be sent under it. */
static bool lives(unsigned state)
{
    return state != ENGINE_SIGNED_OUT && state != ENGINE_ENDED;
}

/* Each must hold on every row; the first word is the invariant's number. */
static const char *shape(const struct engine_step *s, size_t i)
{
    bool never = s->from != ENGINE_REFRESHING && (is_call(s) || is_end(s)) &&
                 s->event != ENGINE_CALL_LATE && s->event != ENGINE_END_LATE;

    if (s->from != i / ENGINE_EVENT_COUNT || s->event != i % ENGINE_EVENT_COUNT)
        return "order: the row stands at its place";
    if (never != (s->todo == ENGINE_NEVER) || has(s, ENGINE_NEVER) != never)
        return "never: calls and ends that count happen only to a refresh";
    if (never && s->to != s->from)
        return "never: what cannot happen changes nothing";
    if (is_ask(s) &&
        (!one_of(s, ASK_BITS) || has(s, ~(unsigned)(ASK_BITS | ENGINE_START))))
        return "ask: exactly one of send, wait, fail, fail";
    if (is_answer(s) && (!one_of(s, ANSWER_BITS) ||
                         has(s, ~(unsigned)(ANSWER_BITS | ENGINE_START |
                                            ENGINE_MARK | ENGINE_HUSH))))
        return "answer: exactly one of deliver, retry, wait";
    if (is_call(s) && !never &&
        (!one_of(s, ENGINE_CALL | ENGINE_STOP) ||
         has(s, ~(unsigned)(ENGINE_CALL | ENGINE_STOP | ENGINE_WAKE))))
        return "call: exactly one of call, stop";
    if (is_end(s) && !never && s->event != ENGINE_END_LATE &&
        has(s, ~(unsigned)(ENGINE_START | ENGINE_WAKE | ENGINE_TAKE |
                           ENGINE_REST)))
        return "end: only start, wake, take, rest";
    if (s->event >= ENGINE_CHANGED_NEWER &&
        has(s, ~(unsigned)(ENGINE_WAKE | ENGINE_TAKE | ENGINE_BEGIN)))
        return "news: only wake, take, begin";
    return NULL;
}

static const char *one_refresh(const struct engine_step *s)
{
    bool starts = has(s, ENGINE_START);

    if (starts && s->to != ENGINE_REFRESHING)
        return "1: a start leads to REFRESHING";
    if (starts && s->from == ENGINE_REFRESHING && s->event != ENGINE_END_AGAIN)
        return "1: while one is out only its own repeat starts";
    if (s->event == ENGINE_END_AGAIN && s->from == ENGINE_REFRESHING && !starts)
        return "1: a repeat starts";
    if (s->to == ENGINE_REFRESHING && s->from != s->to && !starts)
        return "1: only a start leads to REFRESHING";
    if (has(s, ENGINE_CALL) && s->to != ENGINE_REFRESHING)
        return "1: what may call is out";
    if (has(s, ENGINE_CALL) != (s->event == ENGINE_CALL_FREE) &&
        s->todo != ENGINE_NEVER)
        return "1: only the newest refresh calls";
    return NULL;
}

static const char *session_ends(const struct engine_step *s)
{
    bool refused =
        s->from == ENGINE_REFRESHING && s->event == ENGINE_END_REFUSED;

    if (s->to == ENGINE_ENDED && s->from != s->to && !refused)
        return "2: only a refusal ends a session";
    if (refused && s->to != ENGINE_ENDED)
        return "2: a refusal ends the session";
    if (s->to == ENGINE_SIGNED_OUT && s->from != s->to &&
        s->event != ENGINE_WENT_OUT)
        return "2: only a sign-out signs out";
    if (s->event == ENGINE_WENT_OUT && s->to != ENGINE_SIGNED_OUT)
        return "6: a sign-out signs out";
    if (s->from == ENGINE_SIGNED_OUT && s->to != s->from &&
        s->event != ENGINE_CAME_IN)
        return "6: only a sign-in undoes a sign-out";
    if (has(s, ENGINE_BEGIN) != (s->event == ENGINE_CAME_IN))
        return "6: a sign-in, and no more, begins a session";
    if (s->from == ENGINE_ENDED && s->to == ENGINE_FRESH &&
        !has(s, ENGINE_TAKE))
        return "2: only new tokens revive a session";
    return NULL;
}

static const char *waiting_ends(const struct engine_step *s)
{
    bool leaves = s->from == ENGINE_REFRESHING && s->to != s->from;

    if (has(s, ENGINE_WAIT) && s->to != ENGINE_REFRESHING)
        return "3: one waits only for a refresh that is out";
    if (leaves && !has(s, ENGINE_WAKE))
        return "3: the end of a refresh wakes all";
    if (s->from == ENGINE_REFRESHING && has(s, ENGINE_TAKE) &&
        !has(s, ENGINE_WAKE))
        return "3: new tokens wake all who wait";
    if (has(s, ENGINE_WAKE) && !leaves && !has(s, ENGINE_TAKE) &&
        s->event != ENGINE_WENT_OUT)
        return "3: nobody is woken for nothing";
    if (has(s, ENGINE_RETRY) && s->event != ENGINE_ANSWER_STALE &&
        s->event != ENGINE_ANSWER_HELD)
        return "4: asked again only with a newer token, or to be told why not";
    return NULL;
}

static const char *token_serves(const struct engine_step *s)
{
    bool good = s->event == ENGINE_ASK_GOOD || s->event == ENGINE_ASK_DUE;

    if (lives(s->from) && good && !has(s, ENGINE_SEND))
        return "5: a living token is used";
    if (is_ask(s) && has(s, ENGINE_SEND) && !(lives(s->from) && good))
        return "5: only a living token of a living session is used";
    if (has(s, ENGINE_MARK) != (has(s, ENGINE_WAIT) && is_answer(s)))
        return "5: a token rests only while others wait for its successor";
    if (has(s, ENGINE_TAKE) && s->to != ENGINE_FRESH &&
        s->event != ENGINE_CHANGED_NEWER)
        return "5: with new tokens the session is fresh";
    if (has(s, ENGINE_TAKE) && s->event != ENGINE_END_GRANTED &&
        s->event != ENGINE_CHANGED_NEWER && s->event != ENGINE_CAME_IN)
        return "6: tokens come only with these events";
    if (!has(s, ENGINE_TAKE) && s->todo != ENGINE_NEVER &&
        (s->event == ENGINE_END_GRANTED || s->event == ENGINE_CAME_IN ||
         (s->event == ENGINE_CHANGED_NEWER && s->from != ENGINE_SIGNED_OUT)))
        return "5: new tokens are taken";
    if (s->to == ENGINE_FRESH && s->from != s->to && !has(s, ENGINE_TAKE) &&
        s->event != ENGINE_CALL_OVERTAKEN && s->event != ENGINE_END_OVERTAKEN)
        return "5: only newer tokens make a session fresh";
    return NULL;
}

static const char *nothing_more(const struct engine_step *s)
{
    bool late = s->event == ENGINE_CALL_LATE || s->event == ENGINE_END_LATE;

    if (late && (s->to != s->from || s->todo != ENGINE_STOP))
        return "6: what is late changes nothing, and stops";
    if (s->event == ENGINE_CHANGED_LATE && (s->to != s->from || s->todo != 0))
        return "6: late news changes nothing";
    if (s->from == ENGINE_SIGNED_OUT && s->event == ENGINE_CHANGED_NEWER &&
        s->todo != 0)
        return "6: after a sign-out news changes nothing";
    if (has(s, ENGINE_START) &&
        (s->event == ENGINE_ASK_DEAD_HELD || s->event == ENGINE_ASK_DEAD_ODD ||
         s->event == ENGINE_ANSWER_HELD || s->event == ENGINE_ASK_GOOD))
        return "7: nothing starts that the budget forbids";
    if (s->from != ENGINE_REFRESHING && lives(s->from) &&
        (s->event == ENGINE_ASK_DUE || s->event == ENGINE_ASK_DEAD ||
         s->event == ENGINE_ANSWER_REFUSED) &&
        !has(s, ENGINE_START))
        return "7: what the budget allows is started";
    if (has(s, ENGINE_REST) !=
        (s->event == ENGINE_END_FAILED && s->from == ENGINE_REFRESHING))
        return "7: a failure, and no more, makes a rest";
    if (has(s, ENGINE_REST) && s->to != ENGINE_RESTING)
        return "7: a rest is RESTING";
    if (s->to == ENGINE_RESTING && s->from != s->to && !has(s, ENGINE_REST) &&
        s->event != ENGINE_CALL_HELD)
        return "7: only a failure or the budget makes a session rest";
    return NULL;
}

static const char *refusals(const struct engine_step *s)
{
    bool quiet =
        s->event == ENGINE_ANSWER_DONE || s->event == ENGINE_ANSWER_HUSH;

    if (quiet && (s->to != s->from || !has(s, ENGINE_DELIVER)))
        return "9, 11: such a 401 is delivered and changes nothing";
    if (has(s, ENGINE_HUSH) !=
        (s->event == ENGINE_ANSWER_HUSH && lives(s->from)))
        return "9: such a 401, and no other, hushes its origin";
    if (is_answer(s) && !lives(s->from) && !has(s, ENGINE_DELIVER))
        return "9: without a session every answer is delivered";
    if (is_answer(s) && lives(s->from) && !quiet && has(s, ENGINE_DELIVER))
        return "9: other 401s are not";
    if (is_ask(s) && !lives(s->from) && !has(s, ENGINE_FAIL_SIGN_IN))
        return "2: without a session all are asked to sign in";
    if (s->event == ENGINE_ASK_LEFT && !has(s, ENGINE_FAIL_SIGN_IN))
        return "6: a request does not outlive its session";
    if (s->event == ENGINE_ASK_DEAD_HELD && lives(s->from) &&
        has(s, ENGINE_FAIL_SIGN_IN))
        return "2: a passing failure asks nobody to sign in";
    if (s->event == ENGINE_ASK_DEAD_ODD && has(s, ENGINE_FAIL_LATER))
        return "2: a server that speaks oddly for long does";
    if (s->event == ENGINE_ANSWER_STALE && lives(s->from) &&
        !has(s, ENGINE_RETRY))
        return "4: a stale 401 is retried";
    return NULL;
}

/* States change only for a reason that one of the rules above names. */
static const char *stays(const struct engine_step *s)
{
    bool out = s->event == ENGINE_CALL_HELD ||
               s->event == ENGINE_CALL_OVERTAKEN || is_end(s);

    if ((is_ask(s) || is_answer(s)) && !has(s, ENGINE_START) &&
        s->to != s->from)
        return "1: a question alone changes no state";
    if (s->from == ENGINE_REFRESHING && out && s->to == s->from &&
        s->event != ENGINE_END_AGAIN && s->event != ENGINE_END_LATE)
        return "3: a refresh that has ended is not out";
    if (s->event == ENGINE_CALL_OVERTAKEN && s->from == ENGINE_REFRESHING &&
        s->to != ENGINE_FRESH)
        return "5: an overtaken refresh leaves the session fresh";
    if (s->event == ENGINE_END_OVERTAKEN && s->from == ENGINE_REFRESHING &&
        s->to != ENGINE_FRESH)
        return "5: an overtaken refresh leaves the session fresh";
    if (s->event == ENGINE_CHANGED_NEWER && s->from == ENGINE_REFRESHING &&
        s->to != s->from)
        return "1: news does not end the refresh that is out";
    if (s->event == ENGINE_CHANGED_NEWER && lives(s->from) &&
        s->from != ENGINE_REFRESHING && s->to != ENGINE_FRESH)
        return "5: with new tokens the session is fresh";
    return NULL;
}

const char *engine_rules_broken(const struct engine_step *steps, size_t i)
{
    static const char *(*const rules[])(const struct engine_step *) = {
        one_refresh,  session_ends, waiting_ends, token_serves,
        nothing_more, refusals,     stays,
    };
    const struct engine_step *s = &steps[i];
    const char *broken = shape(s, i);

    for (size_t k = 0; k < COUNT(rules) && broken == NULL; k++)
        broken = rules[k](s);
    return broken;
}
