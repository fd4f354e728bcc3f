/*
 * The code itself, both halves of committed rotation, walked through every
 * order of a bounded world, as models/committed.pml is: requests that arrive
 * never, late or twice, replies that are lost or late, two processes that die
 * anywhere, a database that falls back by up to eight commits, a thief.
 *
 * A secret is named by its step and by who drew it: 0 and 1 the processes, 2
 * the thief. The journey begins at step FIRST, so that the chain and the vault
 * are full.
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "core/record.h"
#include "core/rotation.h"
#include "core/walk.h"

enum {
    NOW = 1000,
    FIRST = 8,
    STEPS_MAX = 12, /* no step is numbered higher */
    DRAWERS = 3,
    THIEF = 2,
    CALM_SENDS = 24,
};

enum place {
    IDLE = 0,
    WAITING,  /* a request is sent */
    ANSWERED, /* its reply is on the way */
    AGAIN,    /* about to send once more */
};

/* A request as numbers: secret (step, shown) with next (step + 1, next). */
struct request {
    int step, shown, next;
};

struct process {
    enum place place;
    struct request request;
    struct record_refresh refresh;
    struct record_reply reply;
};

struct world {
    struct rotation_row row;
    uint8_t drawn_by[STEPS_MAX + 2]; /* the row's commitments, by step */
    struct record vault;
    struct process process[2];
    uint16_t sent[STEPS_MAX + 1]; /* a bit for each (shown, next) */
    uint8_t known[STEPS_MAX + 2]; /* the thief's: a bit for each drawer */
    int top;                      /* the furthest generation ever */
    int losses, copies;
    int lost;      /* commits, by all losses */
    int changes;   /* how often the grants changed hands */
    bool by_thief; /* whose `next` was accepted last */
    bool stolen;   /* one of the thief's was */
    bool signed_out;
};

struct bounds {
    const char *name;
    int last; /* no refresh begins at this step or above */
    int processes, losses, copies;
    int back; /* commits that one loss may take */
    bool sign_out;
};

static const struct bounds journeys[] = {
    {"two processes, and a database that loses up to eight commits", 10, 2, 1,
     0,                                                                           8, false},
    {"one process, and a database that loses commits twice",         11, 1, 2, 0, 8,
     false                                                                                },
    {"two processes and a sign-out at any time",                     9,  2, 1, 0, 8, true },
    {"a thief beside one process",                                   11, 1, 0, 1, 0, false},
    {"a thief who copies twice",                                     10, 1, 0, 2, 0, false},
    {"a thief and a database that loses two commits",                9,  1, 1, 1, 2, false},
};

static const struct rotation_limits no_limits = {0};

static void name_secret(int step, int drawer, uint8_t *out)
{
    memset(out, 0x40 + step, RECORD_SECRET_SIZE);
    out[0] = (uint8_t)step;
    out[1] = (uint8_t)drawer;
}

/* Stands for SHA-256: whoever sees it does not see the secret. */
static void hash_secret(int step, int drawer, uint8_t *out)
{
    name_secret(step, drawer, out);
    out[31] ^= 0xff;
}

static void begin_world(struct world *w)
{
    static const uint8_t session[RECORD_SECRET_SIZE] = "R";
    static const uint8_t sid[RECORD_SID_SIZE] = "sid";
    uint8_t secret[RECORD_SECRET_SIZE];

    memset(w, 0, sizeof *w);
    hash_secret(0, 0, secret);
    (void)rotation_start_committed(&w->row, secret, NOW);
    name_secret(FIRST, 0, secret);
    record_start(&w->vault, session, sid, secret);
    w->vault.generation = FIRST;
    w->vault.older_count = RECORD_OLDER_MAX;
    for (int j = 0; j < RECORD_OLDER_MAX; j++)
        name_secret(FIRST - 1 - j, 0, w->vault.older[j]);
    w->top = FIRST;
}

/* Puts a request to the row; the verdict's effects on it are durable. */
static enum rotation_verdict put(struct rotation_row *row,
                                 const struct request *r)
{
    struct rotation_step step = {
        .complete = true, .sid_fits = true, .generation = r->step};

    hash_secret(r->step, r->shown, step.secret_hash);
    hash_secret(r->step + 1, r->next, step.next);
    return rotation_committed(row, &step, &no_limits, NOW, row);
}

static void note_grant(struct walk *s, struct world *w, const struct request *r,
                       bool was_over)
{
    bool by_thief = r->next == THIEF;

    walk_demand(s, !was_over, "nothing is minted after the end");
    w->drawn_by[r->step + 1] = (uint8_t)r->next;
    if (w->row.generation > w->top)
        w->top = (int)w->row.generation;
    w->changes += w->by_thief != by_thief;
    w->by_thief = by_thief;
    walk_demand(s, by_thief || !w->stolen || w->losses > 0,
                "once the thief's was accepted, the owner is granted nothing");
    w->stolen |= by_thief;
    walk_demand(
        s, w->changes <= 1 + w->losses + w->lost,
        "grants change hands once, and once more for each loss and commit "
        "lost");
}

static enum rotation_verdict serve(struct walk *s, struct world *w,
                                   const struct request *r)
{
    bool was_over = w->row.ended != ROTATION_LIVING;
    enum rotation_verdict verdict = put(&w->row, r);

    if (verdict == ROTATION_MOVE)
        note_grant(s, w, r, was_over);
    if (verdict == ROTATION_REVOKE)
        walk_demand(s, w->copies > 0, "without a thief nothing is reuse");
    return verdict;
}

static struct record_reply reply_of(const struct world *w,
                                    enum rotation_verdict verdict)
{
    struct record_reply reply = {.answer = RECORD_REFUSED,
                                 .reason = RECORD_REUSE};

    if (verdict == ROTATION_MOVE)
        reply = (struct record_reply){.answer = RECORD_GRANTED};
    if (verdict == ROTATION_ADVANCE)
        reply = (struct record_reply){.answer = RECORD_ADVANCE};
    if (verdict == ROTATION_STALE)
        reply = (struct record_reply){.answer = RECORD_STALE};
    if (verdict == ROTATION_BEHIND)
        reply = (struct record_reply){.answer = RECORD_BEHIND,
                                      .generation = w->row.generation};
    if (verdict == ROTATION_REVOKED)
        reply.reason = RECORD_REVOKED;
    return reply;
}

static void forget(struct process *p)
{
    memset(p, 0, sizeof *p);
}

/* Under the save lock, then to the network. */
static bool send(struct world *w, int c)
{
    struct process *p = &w->process[c];
    struct record_message m = {0};
    uint8_t fresh[RECORD_SECRET_SIZE];

    name_secret((int)w->vault.generation + 1, c, fresh);
    if (!(record_begin(&w->vault, &p->refresh, fresh, &m) & RECORD_SEND)) {
        forget(p);
        return true;
    }
    p->request = (struct request){(int)m.generation, m.secret[1], m.next[1]};
    p->place = WAITING;
    w->sent[p->request.step] |=
        (uint16_t)(1 << (p->request.shown * DRAWERS + p->request.next));
    return true;
}

static unsigned receive(struct walk *s, struct world *w, struct process *p)
{
    struct record before = w->vault;
    unsigned todo = record_apply(&w->vault, &p->refresh, &p->reply);

    if (before.state != RECORD_LIVE)
        walk_demand(s, memcmp(&before, &w->vault, sizeof before) == 0,
                    "no late answer brings an ended session back");
    if (before.state == RECORD_LIVE && w->vault.state == RECORD_ENDED)
        walk_demand(s, w->copies > 0, "without a thief no session ends");
    // The counts only bring a pause; rows in test/core/record.c hold them.
    p->refresh.advances = p->refresh.conflicts = 0;
    memset(&p->reply, 0, sizeof p->reply);
    p->place = AGAIN;
    if (!(todo & RECORD_AGAIN))
        forget(p);
    return todo;
}

/* ---- What can happen; false where it cannot, and then nothing did ---- */

static bool process_goes_on(struct walk *s, struct world *w, int c)
{
    struct process *p = &w->process[c];

    if (c >= s->bounds->processes)
        return false;
    switch (p->place) {
    case IDLE:
        return w->vault.state == RECORD_LIVE &&
               w->vault.generation < s->bounds->last && send(w, c);
    case AGAIN:
        if (w->vault.generation >= s->bounds->last)
            return false;
        return send(w, c);
    case WAITING:
        p->reply = reply_of(w, serve(s, w, &p->request));
        p->place = ANSWERED;
        return true;
    case ANSWERED:
        (void)receive(s, w, p);
        return true;
    }
    return false;
}

static bool process_dies(struct walk *s, struct world *w, int c)
{
    (void)s;
    if (w->process[c].place == IDLE)
        return false;
    forget(&w->process[c]);
    return true;
}

/* An old request arrives; nobody waits for its reply. */
static bool old_request(struct walk *s, struct world *w, int which)
{
    int pair = which % (DRAWERS * DRAWERS);
    struct request r = {which / (DRAWERS * DRAWERS), pair / DRAWERS,
                        pair % DRAWERS};

    if (!((w->sent[r.step] >> pair) & 1))
        return false;
    (void)serve(s, w, &r);
    return true;
}

/* The row as it was at generation `to`: its steps made once more. */
static bool database_falls_to(struct walk *s, struct world *w, int to)
{
    uint8_t first[ROTATION_HASH_SIZE];

    if (w->losses >= s->bounds->losses || to >= w->row.generation ||
        w->top - to > s->bounds->back || w->row.ended != ROTATION_LIVING)
        return false;
    w->losses++;
    w->lost += (int)w->row.generation - to;
    hash_secret(0, 0, first);
    (void)rotation_start_committed(&w->row, first, NOW);
    for (int k = 0; k < to; k++) {
        struct request r = {k, w->drawn_by[k], w->drawn_by[k + 1]};

        (void)put(&w->row, &r);
    }
    for (int k = to + 1; k < STEPS_MAX + 2; k++)
        w->drawn_by[k] = 0;
    return true;
}

static bool vault_is_copied(struct walk *s, struct world *w, int unused)
{
    const struct record *v = &w->vault;

    (void)unused;
    if (w->copies >= s->bounds->copies || v->state != RECORD_LIVE)
        return false;
    w->copies++;
    w->known[v->generation] |= (uint8_t)(1 << v->secret[1]);
    if (v->has_next)
        w->known[v->generation + 1] |= (uint8_t)(1 << v->next[1]);
    for (int j = 0; j < v->older_count; j++)
        w->known[v->generation - 1 - j] |= (uint8_t)(1 << v->older[j][1]);
    return true;
}

/* The thief shows a secret that he knows, with a next that he knows or drew. */
static bool thief_sends(struct walk *s, struct world *w, int which)
{
    struct request r = {which / (DRAWERS * DRAWERS),
                        which % (DRAWERS * DRAWERS) / DRAWERS, which % DRAWERS};

    if (w->copies == 0 || r.step >= s->bounds->last ||
        !((w->known[r.step] >> r.shown) & 1) ||
        (r.next != THIEF && !((w->known[r.step + 1] >> r.next) & 1)))
        return false;
    w->known[r.step + 1] |= (uint8_t)(1 << r.next);
    (void)serve(s, w, &r);
    return true;
}

static bool person_signs_out(struct walk *s, struct world *w, int unused)
{
    (void)unused;
    return s->bounds->sign_out &&
           record_end(&w->vault, RECORD_SIGNED_OUT, true);
}

static bool sign_out_arrives(struct walk *s, struct world *w, int unused)
{
    (void)unused;
    (void)s;
    if (!w->vault.sign_out_due || w->row.ended != ROTATION_LIVING)
        return false;
    w->row.ended = ROTATION_ENDED_REVOKED;
    return true;
}

static const struct walk_act actions[] = {
    {process_goes_on,   2                          },
    {process_dies,      2                          },
    {old_request,       STEPS_MAX *DRAWERS *DRAWERS},
    {database_falls_to, STEPS_MAX                  },
    {vault_is_copied,   1                          },
    {thief_sends,       STEPS_MAX *DRAWERS *DRAWERS},
    {person_signs_out,  1                          },
    {sign_out_arrives,  1                          },
};

/*
 * From here on all is calm: one refresh must succeed, or end the session on
 * both sides when the thief is ahead.
 */
static void check_calm(struct walk *s, const struct world *from)
{
    struct world w = *from;
    struct process *p = &w.process[0];
    unsigned todo = 0;
    int sends = 0;

    if (w.vault.state != RECORD_LIVE || w.vault.generation >= s->bounds->last)
        return;
    forget(p);
    do {
        (void)send(&w, 0);
        if (p->place != WAITING)
            break;
        p->reply = reply_of(&w, serve(s, &w, &p->request));
        todo = receive(s, &w, p);
    } while ((todo & RECORD_AGAIN) && ++sends < CALM_SENDS);
    walk_demand(s, sends < CALM_SENDS, "a calm refresh comes to an end");
    if (todo & RECORD_USE)
        walk_demand(s, !w.stolen || w.losses > 0,
                    "the owner is not served where the thief went on");
    else
        walk_demand(
            s,
            w.copies > 0 && w.vault.state == RECORD_ENDED &&
                (w.row.ended != ROTATION_LIVING || w.vault.sign_out_due),
            "a calm refresh succeeds, unless a thief was there");
}

static void journey(void **state)
{
    size_t total = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(journeys); i++) {
        struct walk s = {.bounds = &journeys[i],
                         .acts = actions,
                         .act_count = COUNT(actions),
                         .world_size = sizeof(struct world),
                         .look = check_calm};
        struct world w;

        CASE(journeys[i].name);
        begin_world(&w);
        // The honest past, so that the row is where the vault is.
        for (int k = 0; k < FIRST; k++)
            CHECK_EQ(put(&w.row, &(struct request){k, 0, 0}), ROTATION_MOVE);
        total += walk_all(&s, &w, journeys[i].name);
    }
    check_note("committed rotation, the code: %zu states in all", total);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(journey)};

    return check_run("core/committed_journeys", tests);
}
