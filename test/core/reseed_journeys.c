/*
 * The code itself in cookie mode, walked through every order of a bounded world,
 * as models/reseed.pml is: a browser whose storage is cleared, requests of before
 * that arrive late or twice, replies that are lost, two tabs that die anywhere,
 * a database that falls back by up to eight commits. Nobody is signed out.
 *
 * A secret is named by its generation and by the tab that drew it. The clock
 * stands at the number of the line that is recorded next, so line e begins at
 * e * RECORD_LINES_PER_MS; with a wrong clock it goes backwards.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "core/record.h"
#include "core/rotation.h"
#include "core/walk.h"

enum {
    NOW = 1000,
    LINES_MAX = 8,
    SENT_MAX = 24,
    COMMITS_MAX = 12,
    CALM_SENDS = 24,
};

enum place {
    IDLE = 0,
    WAITING,  /* a request is sent */
    ANSWERED, /* its reply is on the way */
    AGAIN,    /* about to send once more */
};

/* What went over the wire; a hash is a secret's name, not the secret. */
struct request {
    int64_t kind; /* enum record_kind */
    int64_t generation, to;
    uint8_t shown[ROTATION_HASH_SIZE]; /* secret_hash, or from */
    uint8_t next[ROTATION_HASH_SIZE];
};

struct tab {
    enum place place;
    struct request request;
    struct record_refresh refresh;
    struct record_reply reply;
};

struct world {
    struct rotation_row rows[COMMITS_MAX]; /* as they were; the last holds */
    int commits;
    struct record vault;
    struct tab tab[2];
    struct request sent[SENT_MAX];
    int sent_count;
    int lines, clears, losses;
};

struct bounds {
    const char *name;
    int last; /* no refresh begins at this step of a line */
    int tabs, clears, losses;
    int lines; /* recorded at most; one more when all is calm */
    bool clock_is_wrong;
    bool full; /* only under FULL=1 */
};

/* clang-format off */
static const struct bounds journeys[] = {
    {"two tabs, cleared once", 1, 2, 1, 0, 2, false, false},
    {"one tab, cleared once, and a database that falls back", 2, 1, 1, 1, 2, false, false},
    {"two tabs, cleared once, and a database that falls back", 1, 2, 1, 1, 2, false, true},
    {"one tab, cleared twice, and a database that falls back", 1, 1, 2, 1, 3, false, false},
    {"one tab, cleared twice, by a clock that goes backwards", 1, 1, 2, 0, 3, true, false},
};
/* clang-format on */

static const struct rotation_limits no_limits = {0};
static const uint8_t sid[RECORD_SID_SIZE] = "sid";

static void name_secret(int64_t generation, int tab, uint8_t *out)
{
    memset(out, 0x55, RECORD_SECRET_SIZE);
    memcpy(out, &generation, sizeof generation);
    out[8] = (uint8_t)tab;
}

/* Stands for SHA-256: whoever sees it does not see the secret. */
static void hash_secret(const uint8_t *secret, uint8_t *out)
{
    memcpy(out, secret, RECORD_SECRET_SIZE);
    out[31] ^= 0xff;
}

static const struct rotation_row *row_of(const struct world *w)
{
    return &w->rows[w->commits - 1];
}

static void begin_world(struct world *w)
{
    uint8_t secret[RECORD_SECRET_SIZE], hash[ROTATION_HASH_SIZE];

    memset(w, 0, sizeof *w);
    name_secret(0, 0, secret);
    hash_secret(secret, hash);
    (void)rotation_start_committed(&w->rows[0], hash, NOW);
    w->commits = 1;
    record_start(&w->vault, NULL, sid, secret);
}

static enum rotation_verdict decide(const struct rotation_row *row,
                                    const struct request *r,
                                    struct rotation_row *after)
{
    struct rotation_step step = {.complete = true,
                                 .by_cookie = true,
                                 .sid_fits = true,
                                 .generation = r->generation};
    struct rotation_line line = {.complete = true,
                                 .asks = r->kind == RECORD_ASK,
                                 .sid_fits = true,
                                 .generation = r->generation,
                                 .to = r->to};

    memcpy(step.secret_hash, r->shown, sizeof r->shown);
    memcpy(step.next, r->next, sizeof r->next);
    memcpy(line.from, r->shown, sizeof r->shown);
    memcpy(line.next, r->next, sizeof r->next);
    return r->kind == RECORD_STEP
               ? rotation_committed(row, &step, &no_limits, NOW, after)
               : rotation_reseed(row, &line, &no_limits, NOW, after);
}

/* The server decides, and what it changes is durable. */
static enum rotation_verdict serve(struct walk *s, struct world *w,
                                   const struct request *r)
{
    struct rotation_row after = *row_of(w);
    enum rotation_verdict verdict = decide(row_of(w), r, &after);

    walk_demand(s, verdict != ROTATION_REVOKE, "nobody else was there");
    walk_demand(s, verdict != ROTATION_BAD,
                "what the code sends is well-formed");
    if (verdict == ROTATION_MOVE &&
        walk_demand(s, w->commits < COMMITS_MAX,
                    "there is room for the commits"))
        w->rows[w->commits++] = after;
    return verdict;
}

static struct record_reply reply_of(const struct world *w,
                                    enum rotation_verdict verdict)
{
    static const enum record_answer answers[] = {
        [ROTATION_MOVE] = RECORD_GRANTED,  [ROTATION_ADVANCE] = RECORD_ADVANCE,
        [ROTATION_STALE] = RECORD_STALE,   [ROTATION_BEHIND] = RECORD_BEHIND,
        [ROTATION_RESEED] = RECORD_RESEED, [ROTATION_REVOKE] = RECORD_REFUSED,
    };
    struct record_reply reply = {.answer = answers[verdict],
                                 .reason = RECORD_REUSE,
                                 .generation = row_of(w)->generation};

    memcpy(reply.from, row_of(w)->chain, sizeof reply.from);
    memcpy(reply.sid, sid, sizeof sid);
    return reply;
}

static void keep_request(struct walk *s, struct world *w,
                         const struct request *r)
{
    for (int i = 0; i < w->sent_count; i++)
        if (memcmp(&w->sent[i], r, sizeof *r) == 0)
            return;
    if (r->kind != RECORD_ASK && // which changes nothing
        walk_demand(s, w->sent_count < SENT_MAX,
                    "there is room for the requests"))
        w->sent[w->sent_count++] = *r;
}

static struct request request_of(const struct record_message *m)
{
    struct request r;

    memset(&r, 0, sizeof r);
    r.kind = m->kind;
    if (m->kind == RECORD_ASK)
        return r;
    r.generation = m->generation;
    r.to = m->to;
    hash_secret(m->next, r.next);
    if (m->kind == RECORD_STEP)
        hash_secret(m->secret, r.shown);
    else
        memcpy(r.shown, m->from, sizeof r.shown);
    return r;
}

static void forget(struct tab *t)
{
    memset(t, 0, sizeof *t);
}

/* Under the save lock, then to the network. False: nothing more to do here. */
static bool send(struct walk *s, struct world *w, int c, int lines)
{
    struct tab *t = &w->tab[c];
    struct record_message m;
    uint8_t fresh[RECORD_SECRET_SIZE];
    int line = w->lines + 1;

    if (t->refresh.told && w->lines == lines)
        return false;
    t->refresh.by_cookie = true;
    t->refresh.clock_ms = s->bounds->clock_is_wrong ? LINES_MAX - line : line;
    name_secret(t->refresh.told ? 100 + line : w->vault.generation + 1, c,
                fresh);
    if (!(record_begin(&w->vault, &t->refresh, fresh, &m) & RECORD_SEND)) {
        forget(t);
        return true;
    }
    if (w->vault.state == RECORD_SEEDING &&
        memcmp(w->vault.secret, fresh, 32) == 0)
        w->lines = line;
    t->request = request_of(&m);
    t->place = WAITING;
    keep_request(s, w, &t->request);
    return true;
}

static unsigned receive(struct walk *s, struct world *w, struct tab *t)
{
    unsigned todo = record_apply(&w->vault, &t->refresh, &t->reply);

    walk_demand(s, w->vault.state != RECORD_ENDED, "no session ends");
    // The counts only bring a pause; rows in test/core/record.c hold them.
    t->refresh.advances = t->refresh.conflicts = 0;
    memset(&t->reply, 0, sizeof t->reply);
    t->place = AGAIN;
    if (!(todo & RECORD_AGAIN))
        forget(t);
    return todo;
}

/* The steps that were made in the vault's line are its older secrets. */
static bool is_at_last(const struct walk *s, const struct world *w)
{
    return w->vault.state == RECORD_LIVE &&
           w->vault.older_count >= s->bounds->last;
}

/* ---- What can happen; false where it cannot, and then nothing did ---- */

static bool tab_goes_on(struct walk *s, struct world *w, int c)
{
    struct tab *t = &w->tab[c];

    if (c >= s->bounds->tabs)
        return false;
    switch (t->place) {
    case IDLE:
    case AGAIN:
        return !is_at_last(s, w) && send(s, w, c, s->bounds->lines);
    case WAITING:
        t->reply = reply_of(w, serve(s, w, &t->request));
        t->place = ANSWERED;
        return true;
    case ANSWERED:
        (void)receive(s, w, t);
        return true;
    }
    return false;
}

static bool tab_dies(struct walk *s, struct world *w, int c)
{
    (void)s;
    if (w->tab[c].place == IDLE)
        return false;
    forget(&w->tab[c]);
    return true;
}

/* An old request arrives; nobody waits for its reply. */
static bool old_request(struct walk *s, struct world *w, int which)
{
    struct request r = w->sent[which];

    if (which >= w->sent_count)
        return false;
    (void)serve(s, w, &r);
    return true;
}

static bool database_falls_back(struct walk *s, struct world *w, int by)
{
    int commits = w->commits - (by + 1);

    if (w->losses >= s->bounds->losses || commits < 1)
        return false;
    w->losses++;
    memset(&w->rows[commits], 0, sizeof w->rows[0] * (size_t)(by + 1));
    w->commits = commits;
    return true;
}

static bool storage_is_cleared(struct walk *s, struct world *w, int unused)
{
    (void)unused;
    if (w->clears >= s->bounds->clears || w->vault.state == RECORD_EMPTY)
        return false;
    w->clears++;
    record_clear(&w->vault);
    return true;
}

static const struct walk_act actions[] = {
    {tab_goes_on,         2       },
    {tab_dies,            2       },
    {old_request,         SENT_MAX},
    {database_falls_back, 8       },
    {storage_is_cleared,  1       },
};

/* From here on all is calm: one refresh must succeed. */
static void check_calm(struct walk *s, const struct world *from)
{
    struct world w = *from;
    struct tab *t = &w.tab[0];
    unsigned todo = 0;
    int sends = 0;

    if (is_at_last(s, &w))
        return;
    forget(t);
    do {
        if (!send(s, &w, 0, s->bounds->lines + 2) || t->place != WAITING)
            break;
        t->reply = reply_of(&w, serve(s, &w, &t->request));
        todo = receive(s, &w, t);
    } while ((todo & RECORD_AGAIN) && ++sends < CALM_SENDS);
    walk_demand(s, sends < CALM_SENDS, "a calm refresh comes to an end");
    walk_demand(s, todo & RECORD_USE, "a calm refresh succeeds");
}

static void journey(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(journeys); i++) {
        struct walk s = {.bounds = &journeys[i],
                         .acts = actions,
                         .act_count = COUNT(actions),
                         .world_size = sizeof(struct world),
                         .look = check_calm};
        struct world w;

        if (journeys[i].full && getenv("FULL") == NULL)
            continue;
        CASE(journeys[i].name);
        begin_world(&w);
        (void)walk_all(&s, &w, journeys[i].name);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(journey)};

    return check_run("core/reseed_journeys", tests);
}
