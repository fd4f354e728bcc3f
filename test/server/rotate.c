/*
 * The store's refresh against the pure rules of core/rotation.h: the one UPDATE
 * and the read-decide-swap together must say and do what the rules alone do.
 */
#include "server/rotate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "check.h"
#include "store/fixture.h"

enum { SESSIONS = 60, MOVES = 60, VERDICTS = ROTATION_REVOKE + 1 };

static const struct rotation_limits limits = {
    .idle_s = 400, .max_s = 2000, .soft_s = 60};

static bool same_row(const struct rotation_row *a, const struct rotation_row *b)
{
    if (a->protocol != b->protocol || a->ended != b->ended ||
        a->started_s != b->started_s || a->used_s != b->used_s)
        return false;
    if (a->protocol == ROTATION_COMMITTED)
        return a->generation == b->generation &&
               memcmp(a->chain, b->chain, sizeof a->chain) == 0;
    return a->n == b->n && a->moved == b->moved && a->moved_s == b->moved_s &&
           memcmp(a->current, b->current, sizeof a->current) == 0 &&
           memcmp(a->previous, b->previous, sizeof a->previous) == 0;
}

/* Writes what a verdict asks for, as a store that is alone would. */
static void apply(struct rotation_row *row, enum rotation_verdict verdict,
                  const struct rotation_row *after)
{
    if (verdict == ROTATION_MOVE || verdict == ROTATION_TOUCH ||
        verdict == ROTATION_REVOKE)
        *row = *after;
}

static struct rotation_row read_row(struct store *store,
                                    const uint8_t sid[STORE_SID_SIZE])
{
    struct store_session session;

    memset(&session, 0, sizeof session);
    CHECK_EQ(store_session_find(store, sid, &session), STORE_OK);
    return rotate_row(&session);
}

/* Puts the row into the store under the sid. */
static void begin(struct fixture *f, const struct rotation_row *row,
                  uint8_t byte)
{
    struct store_session s = fixture_session(f, byte);
    struct store_session out;

    s.protocol = (enum store_protocol)row->protocol;
    s.created_s = row->started_s;
    s.used_s = row->used_s;
    s.chain = rotate_chain(row);
    CHECK_EQ(store_session_add(f->store, &s, "hash of ada", &out), STORE_OK);
}

/* The hash of the i-th secret of a chain; `fork` tells two holders apart. */
static void hash_of(int64_t i, int fork, uint8_t out[ROTATION_HASH_SIZE])
{
    memset(out, 0x33, ROTATION_HASH_SIZE);
    out[0] = (uint8_t)(i + 1);
    out[1] = (uint8_t)fork;
}

/* A step somewhere around the row's generation, mostly the right one. */
static struct rotation_step draw_step(const struct rotation_row *row,
                                      unsigned *seed)
{
    struct rotation_step step = {.complete = true, .sid_fits = true};
    int fork = rand_r(seed) % 24 == 0;

    step.generation = row->generation;
    if (rand_r(seed) % 3 == 0)
        step.generation += rand_r(seed) % 13 - 10;
    if (rand_r(seed) % 40 == 0)
        step.complete = false;
    if (rand_r(seed) % 40 == 0)
        step.sid_fits = false;
    step.by_cookie = rand_r(seed) % 2 == 0;
    hash_of(step.generation, rand_r(seed) % 50 == 0, step.secret_hash);
    hash_of(step.generation + 1, fork, step.next);
    if (rand_r(seed) % 60 == 0)
        memset(step.next, 0, sizeof step.next);
    return step;
}

static int64_t draw_pause_s(unsigned *seed)
{
    static const int64_t pauses_s[] = {0, 1, 30, 59, 60, 61, 90, 399};

    return pauses_s[(size_t)rand_r(seed) % COUNT(pauses_s)];
}

static bool committed_once(struct fixture *f, uint8_t byte, unsigned *seed,
                           unsigned seen[VERDICTS])
{
    int64_t now_s = FIXTURE_NOW_S;
    struct rotation_row row, after;
    uint8_t next[ROTATION_HASH_SIZE];
    bool good = true;

    hash_of(0, 0, next);
    CHECK(rotation_start_committed(&row, next, now_s));
    begin(f, &row, byte);
    for (int i = 0; i < MOVES && good; i++) {
        struct rotate_committed r = {.limits = limits};
        enum rotation_verdict want;
        struct rotation_row there;

        now_s += draw_pause_s(seed) / 4;
        r.now_s = now_s;
        memset(r.sid, byte, sizeof r.sid);
        r.step = draw_step(&row, seed);
        want = rotation_committed(&row, &r.step, &limits, now_s, &after);
        good = CHECK_EQ(rotate_committed(f->store, &r), STORE_OK) &&
               CHECK_EQ(r.verdict, want);
        seen[want]++;
        apply(&row, want, &after);
        if (want == ROTATION_MOVE || want == ROTATION_BEHIND)
            good = good && CHECK_EQ(r.generation, row.generation);
        if (want == ROTATION_MOVE || want == ROTATION_REVOKE)
            good = good && CHECK_EQ(r.holder.user_id, f->user_id) &&
                   CHECK_TEXT(r.holder.roles, "user");
        there = read_row(f->store, r.sid);
        good = good && CHECK(same_row(&there, &row));
    }
    return good;
}

static void note_seen(const unsigned seen[VERDICTS])
{
    for (int v = 0; v < VERDICTS; v++)
        if (seen[v] > 0)
            check_note("verdict %d (%s): %u", v,
                       rotation_word((enum rotation_verdict)v), seen[v]);
}

static unsigned first_seed(void)
{
    const char *given = getenv("STAY_SEED");
    unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10)
                                  : (unsigned)time(NULL);

    check_note("STAY_SEED=%u", seed);
    return seed;
}

static void committed(void **state)
{
    static const enum rotation_verdict must[] = {
        ROTATION_MOVE,    ROTATION_BAD,   ROTATION_OTHER_SESSION,
        ROTATION_ADVANCE, ROTATION_STALE, ROTATION_BEHIND,
        ROTATION_REUSE,   ROTATION_REVOKE};
    unsigned seen[VERDICTS] = {0};
    unsigned seed = first_seed();
    struct fixture f;
    bool good = true;

    (void)state;
    CASE("committed: the store does what the rules say, over random moves");
    fixture_open(&f);
    CHECK_EQ(store_begin(f.store), STORE_OK); // one: it is not about the disk
    for (int i = 0; i < SESSIONS && good; i++)
        good = committed_once(&f, (uint8_t)(i + 1), &seed, seen);
    CHECK_EQ(store_commit(f.store), STORE_OK);
    note_seen(seen);
    for (size_t i = 0; i < COUNT(must); i++)
        CHECK(seen[must[i]] > 0);
    fixture_close(&f);
}

static void id_of(int64_t n, uint8_t fork, uint8_t out[OFFERED_ID_SIZE])
{
    memset(out, 0x44, OFFERED_ID_SIZE);
    out[0] = (uint8_t)n;
    out[1] = fork;
}

/* A child of the row's current, the current itself, or another of the family. */
static struct offered_token draw_token(const struct rotation_row *row,
                                       uint8_t sid, unsigned *seed)
{
    struct offered_token token = {.n = row->n + 1};
    int kind = rand_r(seed) % 16;

    memset(token.sid, sid, sizeof token.sid);
    memcpy(token.parent, row->current, sizeof token.parent);
    id_of(token.n, (uint8_t)(rand_r(seed) % 3), token.self);
    if (kind < 4) { // the current one, kept by its client
        token.n = row->n;
        memcpy(token.self, row->current, sizeof token.self);
        memcpy(token.parent, row->previous, sizeof token.parent);
    } else if (kind == 4) { // another child of the previous
        token.n = row->n;
        memcpy(token.parent, row->previous, sizeof token.parent);
    } else if (kind == 5) { // from commits that were lost
        token.n = row->n + 3;
        id_of(token.n - 1, 7, token.parent);
    } else if (kind == 6 && rand_r(seed) % 4 == 0) { // long retired
        token.n = row->n;
        id_of(token.n, 9, token.self);
        id_of(token.n - 1, 9, token.parent);
    }
    return token;
}

static bool offered_once(struct fixture *f, uint8_t byte, unsigned *seed,
                         unsigned seen[VERDICTS])
{
    int64_t now_s = FIXTURE_NOW_S;
    struct rotation_row row, after;
    uint8_t root[OFFERED_ID_SIZE];
    bool good = true;

    id_of(0, 0, root);
    rotation_start_offered(&row, root, now_s);
    begin(f, &row, byte);
    for (int i = 0; i < MOVES && good; i++) {
        struct rotate_offered r = {.limits = limits}, only_read;
        enum rotation_verdict want;
        enum store_result read_result;
        struct rotation_row there;
        bool writes;

        now_s += draw_pause_s(seed);
        r.now_s = now_s;
        r.token = draw_token(&row, byte, seed);
        only_read = r;
        want = rotation_offered(&row, &r.token, &limits, now_s, &after);
        writes = want == ROTATION_MOVE || want == ROTATION_TOUCH ||
                 want == ROTATION_REVOKE;
        read_result = rotate_offered_read(f->store, &only_read);
        good = CHECK_EQ(read_result, writes ? STORE_NONE : STORE_OK) &&
               CHECK_EQ(only_read.verdict, want) &&
               CHECK_EQ(rotate_offered(f->store, &r), STORE_OK) &&
               CHECK_EQ(r.verdict, want);
        seen[want]++;
        apply(&row, want, &after);
        if (want <= ROTATION_KEEP)
            good = good && CHECK_EQ(r.n, row.n) &&
                   CHECK_BYTES(r.parent, 16, row.current, 16);
        there = read_row(f->store, r.token.sid);
        good = good && CHECK(same_row(&there, &row));
    }
    return good;
}

static void offered(void **state)
{
    static const enum rotation_verdict must[] = {
        ROTATION_MOVE,  ROTATION_TOUCH,  ROTATION_KEEP,   ROTATION_SOFT,
        ROTATION_REUSE, ROTATION_REVOKE, ROTATION_EXPIRED};
    unsigned seen[VERDICTS] = {0};
    unsigned seed = first_seed();
    struct fixture f;
    bool good = true;

    (void)state;
    CASE("offered: the store does what the rules say, over random moves");
    fixture_open(&f);
    CHECK_EQ(store_begin(f.store), STORE_OK);
    for (int i = 0; i < SESSIONS && good; i++)
        good = offered_once(&f, (uint8_t)(i + 1), &seed, seen);
    CHECK_EQ(store_commit(f.store), STORE_OK);
    note_seen(seen);
    for (size_t i = 0; i < COUNT(must); i++)
        CHECK(seen[must[i]] > 0);
    fixture_close(&f);
}

/* A committed refresh of session 1 with the right secrets, now. */
static enum rotation_verdict refresh(struct store *store, int64_t generation)
{
    struct rotate_committed r = {.limits = limits, .now_s = FIXTURE_NOW_S};

    r.step = (struct rotation_step){
        .complete = true, .sid_fits = true, .generation = generation};
    memset(r.sid, 1, sizeof r.sid);
    hash_of(generation, 0, r.step.secret_hash);
    hash_of(generation + 1, 0, r.step.next);
    CHECK_EQ(rotate_committed(store, &r), STORE_OK);
    return r.verdict;
}

static void endings(void **state)
{
    static const struct {
        const char *name;
        enum store_ended ended;
        enum rotation_verdict verdict;
    } rows[] = {
        {"living",   STORE_LIVING,         ROTATION_MOVE    },
        {"revoked",  STORE_ENDED_REVOKED,  ROTATION_REVOKED },
        {"expired",  STORE_ENDED_EXPIRED,  ROTATION_EXPIRED },
        {"disabled", STORE_ENDED_DISABLED, ROTATION_DISABLED},
        {"reuse",    STORE_ENDED_REUSE,    ROTATION_REUSE   },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct rotation_row row;
        uint8_t next[ROTATION_HASH_SIZE], sid[STORE_SID_SIZE];
        struct fixture f;

        check_case("a session that ended answers why: %s", rows[i].name);
        fixture_open(&f);
        hash_of(0, 0, next);
        memset(sid, 1, sizeof sid);
        CHECK_EQ(refresh(f.store, 0), ROTATION_UNKNOWN);
        CHECK(rotation_start_committed(&row, next, FIXTURE_NOW_S));
        begin(&f, &row, 1);
        if (rows[i].ended != STORE_LIVING)
            CHECK_EQ(store_session_end(f.store, sid, rows[i].ended, 1),
                     STORE_OK);
        CHECK_EQ(refresh(f.store, 0), rows[i].verdict);
        fixture_close(&f);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(committed),
        cmocka_unit_test(offered),
        cmocka_unit_test(endings),
    };

    return fixture_run("server/rotate", tests);
}
