/*
 * Many events by chance, with all outcomes, all lives and clocks that jump.
 * The seed is printed; STAY_SEED repeats a run.
 */
#include "core/engine.h"

#include <stdlib.h>
#include <time.h>

#include "base/bytes.h"
#include "check.h"

#define EVENTS 100000
#define REQUESTS 16
#define CALLS 64 /* remembered; more than an hour may have */

enum phase { ASKING, WAITING, IN_FLIGHT };

struct actor {
    enum phase phase;
    uint64_t first_sent;
    struct engine_request r;
};

struct host {
    struct engine e;
    struct engine twin; /* told the same, but never takes the short way */
    struct actor actors[REQUESTS];
    uint64_t random;
    int64_t now_ms;
    uint64_t generation; /* the vault's counter */
    uint64_t out;        /* number of the refresh that is out, or 0 */
    bool called;
    bool in;              /* signed in, and not ended */
    int64_t calls[CALLS]; /* since the last success or jump of the clock */
    size_t call_count;
    unsigned sent, failed, refreshed;
};

/* xorshift64*; Vigna, 2016. */
static uint32_t chance(struct host *h)
{
    h->random ^= h->random >> 12;
    h->random ^= h->random << 25;
    h->random ^= h->random >> 27;
    return (uint32_t)((h->random * UINT64_C(2685821657736338717)) >> 32);
}

static uint32_t below(struct host *h, uint32_t limit)
{
    return (uint32_t)(((uint64_t)chance(h) * limit) >> 32);
}

static struct engine_tokens tokens(struct host *h)
{
    static const int64_t lives[] = {
        60000,
        60000,
        60000,
        2000,
        300000,
        0,
        -5,
        1,
        INT64_MAX,
        INT64_MIN,
        INT64_C(25) * 86400000,
    };

    return (struct engine_tokens){
        .generation = h->generation + 1,
        .life_ms = lives[below(h, COUNT(lives))],
        .received_ms = h->now_ms - (below(h, 8) == 0 ? 70000 : 0),
        .due = below(h, 16) == 0,
    };
}

static void same(const struct host *h, struct engine_answer a,
                 struct engine_answer b)
{
    CHECK(a.todo == b.todo && a.reason == b.reason && a.detail == b.detail &&
          a.generation == b.generation && h->e.state == h->twin.state &&
          h->e.refresh == h->twin.refresh);
}

static void wake(struct host *h, struct engine_answer a)
{
    for (size_t i = 0; i < REQUESTS && (a.todo & ENGINE_WAKE) != 0; i++)
        if (h->actors[i].phase == WAITING)
            h->actors[i].phase = ASKING;
}

static void start(struct host *h, struct engine_answer a)
{
    if ((a.todo & ENGINE_START) == 0)
        return;
    CHECK(h->out == 0); // invariant 1
    CHECK(h->in);
    h->out = h->e.refresh;
    h->called = false;
}

static void renew(struct actor *a)
{
    *a = (struct actor){.phase = ASKING};
}

static void ask(struct host *h, struct actor *a)
{
    struct engine_request copy = a->r;
    struct engine_answer b = engine_ask(&h->twin, &copy, h->now_ms);
    struct engine_answer answer = engine_ask(&h->e, &a->r, h->now_ms);

    same(h, answer, b);
    CHECK(copy.sent == a->r.sent && copy.waited == a->r.waited &&
          copy.sends == a->r.sends && copy.session == a->r.session);
    start(h, answer);
    if (answer.todo & ENGINE_SEND) {
        CHECK(h->in && a->r.sends <= 2);
        CHECK(a->r.sends < 2 || a->first_sent < answer.generation);
        CHECK_EQ(answer.generation, h->generation);
        a->first_sent = answer.generation;
        a->phase = IN_FLIGHT;
        h->sent++;
    } else if (answer.todo & ENGINE_WAIT) {
        CHECK(h->out != 0); // invariant 3
        a->phase = WAITING;
    } else {
        CHECK(answer.reason != ENGINE_NO_REASON);
        CHECK(h->in || (answer.todo & ENGINE_FAIL_SIGN_IN));
        h->failed++;
        renew(a);
    }
}

static void answer_it(struct host *h, struct actor *a)
{
    enum engine_status status = (enum engine_status)below(h, 3);
    struct engine_request copy = a->r;
    struct engine_answer b =
        engine_answered(&h->twin, &copy, status, h->now_ms);
    struct engine_answer answer =
        engine_answered(&h->e, &a->r, status, h->now_ms);

    same(h, answer, b);
    start(h, answer);
    if (answer.todo & ENGINE_DELIVER) {
        renew(a);
        a->r.origin = below(h, 12) == 0 ? ENGINE_FOREIGN : below(h, 10);
        a->r.need_ms = below(h, 4) == 0 ? below(h, 90000) : 0;
        return;
    }
    CHECK(a->r.sends < 2 && a->r.origin != ENGINE_FOREIGN);
    a->phase = answer.todo & ENGINE_WAIT ? WAITING : ASKING;
    CHECK(a->phase == ASKING || h->out != 0);
}

/* Invariant 7, over the calls since the last success. */
static void count_call(struct host *h)
{
    size_t n;

    if (h->call_count == CALLS) {
        for (size_t i = 1; i < CALLS; i++)
            h->calls[i - 1] = h->calls[i];
        h->call_count--;
    }
    h->calls[h->call_count++] = h->now_ms;
    n = h->call_count;
    CHECK(n <= 8 || h->now_ms - h->calls[n - 9] > 60000);
    CHECK(n <= 60 || h->now_ms - h->calls[n - 61] > 3600000);
}

static void call(struct host *h)
{
    struct engine_answer b = engine_call(&h->twin, h->out, NULL, h->now_ms);
    struct engine_answer a = engine_call(&h->e, h->out, NULL, h->now_ms);

    same(h, a, b);
    wake(h, a);
    h->called = true;
    if (a.todo & ENGINE_STOP)
        h->out = 0;
    else
        count_call(h);
}

static void end(struct host *h)
{
    struct engine_end over = {
        .number = h->out,
        .outcome = (enum engine_outcome)below(h, ENGINE_OUTCOME_COUNT),
        .detail = below(h, 9),
        .tokens = tokens(h),
        .retry_after_ms = below(h, 4) == 0 ? below(h, 5000000) : 0,
        .now_ms = h->now_ms,
        .random = chance(h),
    };
    bool grants = over.outcome <= ENGINE_ADOPTED;
    bool newest = h->generation == h->e.refresh_from;
    struct engine_answer b = engine_ended(&h->twin, &over);
    struct engine_answer a = engine_ended(&h->e, &over);

    same(h, a, b);
    wake(h, a);
    CHECK((a.todo & ENGINE_STOP) == 0);
    h->out = a.todo & ENGINE_START ? h->e.refresh : 0;
    h->called = false;
    if (over.outcome == ENGINE_AGAIN && h->out != 0 && h->call_count > 0)
        h->call_count--; // answered: does not count
    if (grants) {
        h->generation++;
        h->refreshed++;
        h->call_count = 0;
    }
    if (over.outcome == ENGINE_REFUSED && newest)
        h->in = false; // invariant 2
    CHECK((h->e.state == ENGINE_ENDED) == !h->in);
}

static void late(struct host *h)
{
    struct engine_end over = {.number = h->e.refresh + 1 - 2 * below(h, 2),
                              .outcome = ENGINE_REFUSED,
                              .now_ms = h->now_ms};
    struct engine was = h->e;

    if (over.number == h->out)
        return;
    CHECK_EQ(engine_ended(&h->e, &over).todo, ENGINE_STOP); // invariant 6
    CHECK(was.state == h->e.state && was.generation == h->e.generation);
    (void)engine_ended(&h->twin, &over);
}

static void news(struct host *h)
{
    struct engine_tokens t = tokens(h);
    struct engine_answer b;
    struct engine_answer a;
    uint32_t random = chance(h);
    unsigned what = below(h, 8);

    if (what == 0 || h->e.state == ENGINE_SIGNED_OUT) {
        b = engine_signed_in(&h->twin, &t, h->now_ms, random);
        a = engine_signed_in(&h->e, &t, h->now_ms, random);
        h->out = 0;
        h->in = true;
        h->generation++;
    } else if (what == 1) {
        b = engine_signed_out(&h->twin);
        a = engine_signed_out(&h->e);
        h->out = 0;
        h->in = false;
    } else {
        b = engine_changed(&h->twin, &t, h->now_ms, random);
        a = engine_changed(&h->e, &t, h->now_ms, random);
        h->in = true;
        h->generation++;
    }
    h->call_count = 0;
    same(h, a, b);
    wake(h, a);
}

static void pass_time(struct host *h)
{
    static const uint32_t steps[] = {10, 1000, 1000, 20000, 20000, 100000};

    h->now_ms += below(h, steps[below(h, COUNT(steps))]);
    if (below(h, 400) == 0) {
        h->now_ms -= below(h, 600000);
        h->call_count = 0;
    }
    if (below(h, 4) == 0) {
        struct engine_answer b = engine_tick(&h->twin, h->now_ms);
        struct engine_answer a = engine_tick(&h->e, h->now_ms);

        same(h, a, b);
        start(h, a);
    }
}

static void step(struct host *h)
{
    struct actor *a = &h->actors[below(h, REQUESTS)];
    unsigned what = below(h, 100);

    h->twin.calm_ms = 0;
    if (what < 60 && a->phase == IN_FLIGHT)
        answer_it(h, a);
    else if (what < 60 && a->phase == ASKING)
        ask(h, a);
    else if (what < 80 && h->out != 0 && !h->called)
        call(h);
    else if (what < 80 && h->out != 0)
        end(h);
    else if (what < 82)
        late(h);
    else if (what == 82)
        news(h);
    else
        pass_time(h);
    for (size_t i = 0; i < REQUESTS; i++)
        CHECK(h->actors[i].phase != WAITING || h->out != 0);
    CHECK_EQ(h->e.state == ENGINE_REFRESHING, h->out != 0);
    CHECK_EQ(h->e.generation, h->generation);
    CHECK(engine_deadline_ms(&h->e) >= 0);
    CHECK(engine_left_ms(&h->e, h->now_ms) >= 0);
}

static void events(void **state)
{
    static const struct engine_config config = {0};
    static struct host h;
    const char *seed = getenv("STAY_SEED");

    (void)state;
    h.random = seed ? strtoull(seed, NULL, 0) : (uint64_t)time(NULL);
    h.random |= UINT64_C(1) << 63;
    check_case("%d events by chance, STAY_SEED=%llu", EVENTS,
               (unsigned long long)h.random);
    check_note("STAY_SEED=%llu", (unsigned long long)h.random);
    h.now_ms = INT64_C(100000000);
    engine_init(&h.e, &config);
    engine_init(&h.twin, &config);
    for (size_t i = 0; i < REQUESTS; i++)
        renew(&h.actors[i]);
    for (int i = 0; i < EVENTS; i++)
        step(&h);
    check_note("%u sent, %u failed, %u refreshed", h.sent, h.failed,
               h.refreshed);
    CHECK(h.sent > EVENTS / 100 && h.refreshed > EVENTS / 1000);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(events)};

    return check_run("core/engine_chance", tests);
}
