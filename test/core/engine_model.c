#include "core/engine_model.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "core/engine_judge.h"
#include "core/engine_world.h"

#define DEPTH_MAX 128

/* NOT_SENT, UNRECOGNISED and MISCONFIGURED are, to the table, as PASSING. */
static const enum engine_outcome outcomes[] = {
    ENGINE_GRANTED, ENGINE_ADOPTED, ENGINE_AGAIN,
    ENGINE_REFUSED, ENGINE_PASSING, ENGINE_UNKNOWN,
};

struct search {
    const struct engine_step *steps;
    struct model_report *report;
    uint64_t *seen; /* a hash table of hashes, 0 where free */
    size_t room;    /* a power of two */
    struct move path[DEPTH_MAX];
    size_t depth;
};

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash ^= value + UINT64_C(0x9e3779b97f4a7c15) + (hash << 6) + (hash >> 2);
    hash *= UINT64_C(0xff51afd7ed558ccd);
    return hash ^ (hash >> 33);
}

static uint64_t hash_engine(const struct engine *e)
{
    uint64_t h = mix(1, e->generation);

    h = mix(h, e->session);
    h = mix(h, (uint64_t)e->received_ms);
    h = mix(h, (uint64_t)e->due_ms);
    h = mix(h, e->refresh);
    h = mix(h, e->refresh_from);
    h = mix(h, (uint64_t)e->state * 4 + e->refused * 2U + e->suspect);
    for (size_t i = 0; i < ENGINE_OUTCOME_COUNT; i++)
        h = mix(h, e->repeat_count[i]);
    h = mix(h, (uint64_t)e->budget.whole_ms);
    h = mix(h, (uint64_t)e->budget.rest_until_ms);
    h = mix(h, e->budget.failure_count);
    for (size_t i = 0; i < ENGINE_QUIET_COUNT; i++)
        h = mix(h, e->quiet[i].origin ^ (uint64_t)e->quiet[i].until_ms << 8);
    return h;
}

static uint64_t hash_actor(const struct actor *a)
{
    uint64_t h = mix(2, a->phase);

    if (a->phase == DONE)
        return h;
    h = mix(h, a->first_sent);
    h = mix(h, a->r.sends);
    h = mix(h, a->r.session);
    h = mix(h, a->r.sent);
    return mix(h, a->r.waited);
}

static uint64_t hash_world(const struct world *w)
{
    uint64_t a = hash_actor(&w->actors[0]);
    uint64_t b = hash_actor(&w->actors[1]);
    uint64_t h = hash_engine(&w->e);

    // The first two requests are alike: which is which does not matter.
    h = mix(mix(h, a < b ? a : b), a < b ? b : a);
    h = mix(h, hash_actor(&w->actors[2]));
    for (size_t i = 0; i < REFRESHES; i++) {
        const struct wire *x = &w->wires[i];

        h = mix(h, x->out + x->called * 2U + x->orphan * 4U +
                       x->overtaken * 8U + (x->number << 8));
    }
    h = mix(h, w->left.starts * 256U + w->left.repeats);
    h = mix(h, w->left.outs * 256U + w->left.ins);
    h = mix(h, w->left.changes * 256U + w->left.times);
    h = mix(h, (uint64_t)w->now_ms);
    h = mix(h, w->signed_in + w->ended * 2U + w->refused * 4U);
    h = mix(h, w->generation);
    h = mix(h, (uint64_t)w->received_ms);
    for (size_t i = 0; i < REQUESTS; i++)
        h = mix(h, (uint64_t)w->quiet_ms[i]);
    return h == 0 ? 1 : h;
}

/* Whether this hash is new; it is not afterwards. */
static bool is_new(struct search *s, uint64_t hash)
{
    size_t i = hash & (s->room - 1);

    while (s->seen[i] != 0 && s->seen[i] != hash)
        i = (i + 1) & (s->room - 1);
    if (s->seen[i] == hash)
        return false;
    s->seen[i] = hash;
    s->report->states++;
    return true;
}

static size_t add(struct move *list, size_t n, unsigned kind, size_t who,
                  unsigned what)
{
    list[n] = (struct move){(uint8_t)kind, (uint8_t)who, (uint8_t)what};
    return n + 1;
}

static size_t actor_moves(const struct world *w, struct move *list, size_t n)
{
    for (size_t i = 0; i < w->left.requests; i++) {
        enum phase phase = w->actors[i].phase;

        if (phase == UNBORN || phase == WOKEN)
            n = add(list, n, ASK, i, 0);
        if (phase != IN_FLIGHT)
            continue;
        n = add(list, n, ANSWER, i, ENGINE_NOT_401);
        n = add(list, n, ANSWER, i, ENGINE_401);
        n = add(list, n, ANSWER, i, ENGINE_401_TOKEN);
    }
    return n;
}

static size_t wire_moves(const struct world *w, struct move *list, size_t n)
{
    for (size_t i = 0; i < REFRESHES; i++) {
        const struct wire *x = &w->wires[i];

        if (!x->out)
            continue;
        if (!x->called)
            n = add(list, n, CALL, i, 0);
        // Before the call it may find newer tokens, or get no lock.
        for (size_t k = 0; k < COUNT(outcomes); k++)
            if (x->called || outcomes[k] == ENGINE_ADOPTED ||
                outcomes[k] == ENGINE_PASSING)
                n = add(list, n, END, i, outcomes[k]);
    }
    return n;
}

static size_t all_moves(const struct world *w, struct move *list)
{
    size_t n = wire_moves(w, list, actor_moves(w, list, 0));

    if (w->left.changes > 0)
        n = add(list, n, CHANGE, 0, 0);
    n = add(list, n, CHANGE_LATE, 0, 0);
    if (w->left.ins > 0)
        n = add(list, n, SIGN_IN, 0, 0);
    if (w->left.outs > 0)
        n = add(list, n, SIGN_OUT, 0, 0);
    for (unsigned i = 0; i < TIME_STEPS && w->left.times > 0; i++)
        n = add(list, n, PASS_TIME, 0, i);
    return n;
}

static void write_path(struct search *s, const char *broken)
{
    static const char *const kinds[] = {
        "ask",         "answer",  "call",     "end",  "change",
        "late change", "sign in", "sign out", "time",
    };
    char *out = s->report->path;
    size_t left = sizeof s->report->path;

    s->report->broken = broken;
    for (size_t i = 0; i < s->depth; i++) {
        const struct move *m = &s->path[i];
        int n = snprintf(out, left, "%s%s %u %u", i == 0 ? "" : ", ",
                         kinds[m->kind], m->who, m->what);

        if (n < 0 || (size_t)n >= left)
            return;
        out += n;
        left -= (size_t)n;
    }
}

/* Depth first: the bounds are part of the state, so the order is all one. */
static void explore(struct search *s, const struct world *from)
{
    struct move list[64];
    size_t count = all_moves(from, list);

    for (size_t i = 0; i < count && s->report->broken == NULL; i++) {
        struct world w = *from;
        const char *broken;

        s->path[s->depth++] = list[i];
        broken = world_take(&w, &list[i]);
        if (world_out_of_bounds(&w)) {
            s->depth--;
            continue;
        }
        s->report->transitions++;
        if (broken == NULL)
            broken = judge_world(&w);
        if (broken != NULL)
            write_path(s, broken);
        else if (s->depth == DEPTH_MAX || s->report->states > s->room / 2)
            write_path(s, "the model is larger than its bounds say");
        else if (is_new(s, hash_world(&w)))
            explore(s, &w);
        s->depth--;
    }
}

void model_run(const struct engine_step *steps,
               const struct model_bounds *bounds, struct model_report *report)
{
    static struct search s;
    struct world w;

    *report = (struct model_report){0};
    s = (struct search){.steps = steps, .report = report};
    s.room = (size_t)1 << bounds->room;
    s.seen = calloc(s.room, sizeof *s.seen);
    if (s.seen == NULL) {
        report->broken = "no memory";
        return;
    }
    world_begin(&w, steps, bounds);
    if (is_new(&s, hash_world(&w)))
        explore(&s, &w);
    free(s.seen);
}
