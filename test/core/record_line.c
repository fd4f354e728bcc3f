/*
 * Cookie mode: an empty vault, and one that the database forgot, begin a line.
 */
#include "core/record_line.h"

#include <string.h>

#include "base/bytes.h"
#include "check.h"

enum {
    FROM = 20,              /* the row's generation, as told */
    CHANCE = 5,             /* drawn in every row */
    TO = FROM + 16 + CHANCE /* where the line begins, without a clock */
};

static const uint8_t sid[RECORD_SID_SIZE] = "sid";
static const uint8_t other_sid[RECORD_SID_SIZE] = "another";
static const uint8_t first[RECORD_SECRET_SIZE] = "first of the line";
static const uint8_t later[RECORD_SECRET_SIZE] = "drawn later";
static const uint8_t from[RECORD_SECRET_SIZE] = "the row's commitment";

/* What a vault holds. */
enum vault {
    EMPTY,
    LIVE,    /* at FROM + 9, with `next` */
    SEEDING, /* from FROM to TO */
    SEEDING_HIGHER,
    BEGUN, /* LIVE at TO */
    OUT,   /* signed out, the server not told yet */
    ANEW,  /* another session, at the number of LIVE */
};

enum {
    SAVE = RECORD_SAVE,
    SEND = RECORD_SEND,
    USE = RECORD_USE,
    AGAIN = RECORD_AGAIN,
    MOVED_AGAIN = RECORD_MOVED | RECORD_AGAIN,
    PAUSE = RECORD_PAUSE,
    OVER = RECORD_OVER,
    OVER_TELL = RECORD_OVER | RECORD_SIGN_OUT,
};

static struct record vault_of(enum vault what)
{
    struct record r = {0};

    if (what == EMPTY)
        return r;
    record_start(&r, NULL, what == ANEW ? other_sid : sid, first);
    r.generation = what == BEGUN ? TO : FROM + 9;
    r.has_next = what != BEGUN;
    if (what == OUT)
        (void)record_end(&r, RECORD_SIGNED_OUT, true);
    if (what != SEEDING && what != SEEDING_HIGHER)
        return r;
    r.state = RECORD_SEEDING;
    r.generation = what == SEEDING ? TO : TO + 100;
    r.has_next = false;
    r.from_generation = FROM;
    memcpy(r.from, from, sizeof from);
    return r;
}

static struct record_refresh cookie_refresh(void)
{
    return (struct record_refresh){.by_cookie = true, .chance = CHANCE};
}

static struct record_reply told(int64_t generation)
{
    struct record_reply reply = {.answer = RECORD_RESEED,
                                 .generation = generation};

    memcpy(reply.from, from, sizeof from);
    memcpy(reply.sid, sid, sizeof sid);
    return reply;
}

static void whole_way(void **state)
{
    struct record r = {0};
    struct record_refresh refresh = cookie_refresh();
    struct record_message m;
    struct record_reply reply = told(FROM);

    (void)state;
    CASE("an empty vault without a cookie is over");
    CHECK_EQ(record_begin(&r, &(struct record_refresh){0}, first, &m), OVER);
    CASE("with one it asks, and nothing is saved");
    CHECK_EQ(record_begin(&r, &refresh, first, &m), SEND);
    CHECK_EQ(m.kind, RECORD_ASK);
    CHECK(m.sid == NULL && m.secret == NULL && m.next == NULL);
    CASE("what it is told is recorded before the step is sent");
    CHECK_EQ(record_apply(&r, &refresh, &reply), AGAIN);
    CHECK_EQ(r.state, RECORD_EMPTY);
    CHECK_EQ(record_begin(&r, &refresh, first, &m), SAVE | SEND);
    CHECK_EQ(r.state, RECORD_SEEDING);
    CHECK_EQ(m.kind, RECORD_LINE);
    CHECK_EQ(m.generation, FROM);
    CHECK_EQ(m.to, TO);
    CHECK(m.session == NULL && m.secret == NULL);
    CHECK_BYTES(m.sid, 16, sid, 16);
    CHECK_BYTES(m.from, 32, from, 32);
    CHECK_BYTES(m.next, 32, first, 32);
    CASE("another process sends the same, and saves nothing");
    refresh = cookie_refresh();
    CHECK_EQ(record_begin(&r, &refresh, later, &m), SEND);
    CHECK_EQ(m.to, TO);
    CHECK_BYTES(m.next, 32, first, 32);
    CASE("the line has begun: refreshed as any other");
    reply.answer = RECORD_GRANTED;
    CHECK_EQ(record_apply(&r, &refresh, &reply), SAVE | USE);
    CHECK_EQ(r.state, RECORD_LIVE);
    CHECK_EQ(r.generation, TO);
    CHECK_EQ(record_begin(&r, &refresh, later, &m), SAVE | SEND);
    CHECK_EQ(m.kind, RECORD_STEP);
    CHECK_EQ(m.generation, TO);
    CHECK_BYTES(m.secret, 32, first, 32);
    CHECK_BYTES(m.next, 32, later, 32);
}

struct apply_case {
    const char *name;
    enum vault sent, then; /* the vault when it was sent, and at the answer */
    enum record_answer answer;
    int64_t generation; /* of the answer */
    unsigned want;
    enum record_state state;   /* after */
    enum record_kind next;     /* what is sent then, on AGAIN */
    enum record_reason reason; /* when it is over */
};

/* clang-format off */
static const struct apply_case apply_cases[] = {
    {"asked, told: the line is recorded next", EMPTY, EMPTY, RECORD_RESEED, FROM, AGAIN, RECORD_EMPTY, RECORD_LINE, 0},
    {"asked, told, but somebody recorded first: theirs", EMPTY, SEEDING, RECORD_RESEED, FROM, MOVED_AGAIN, RECORD_SEEDING, RECORD_LINE, 0},
    {"asked, told, but somebody signed in", EMPTY, ANEW, RECORD_RESEED, FROM, MOVED_AGAIN, RECORD_LIVE, RECORD_STEP, 0},
    {"told of the highest generation there is: nothing can follow", EMPTY, EMPTY, RECORD_RESEED, INT64_MAX, PAUSE, RECORD_EMPTY, 0, 0},
    {"told of a negative generation: nonsense", EMPTY, EMPTY, RECORD_RESEED, -1, PAUSE, RECORD_EMPTY, 0, 0},
    {"asked, refused: nobody is signed in", EMPTY, EMPTY, RECORD_REFUSED, 0, OVER, RECORD_EMPTY, 0, 0},
    {"asked, granted: nonsense", EMPTY, EMPTY, RECORD_GRANTED, 0, PAUSE, RECORD_EMPTY, 0, 0},
    {"asked, no answer: asked once more", EMPTY, EMPTY, RECORD_NO_REPLY, 0, AGAIN, RECORD_EMPTY, RECORD_ASK, 0},
    {"asked, and signed out meanwhile", EMPTY, OUT, RECORD_RESEED, FROM, OVER_TELL, RECORD_ENDED, 0, RECORD_SIGNED_OUT},

    {"the line began: used", SEEDING, SEEDING, RECORD_GRANTED, 0, SAVE | USE, RECORD_LIVE, 0, 0},
    {"the line began before: refreshed", SEEDING, SEEDING, RECORD_ADVANCE, 0, SAVE | AGAIN, RECORD_LIVE, RECORD_STEP, 0},
    {"the line began, somebody saved it: the token is good", SEEDING, BEGUN, RECORD_GRANTED, 0, USE, RECORD_LIVE, 0, 0},
    {"the line began before, and somebody saved it", SEEDING, BEGUN, RECORD_ADVANCE, 0, MOVED_AGAIN, RECORD_LIVE, RECORD_STEP, 0},
    {"a line began, the vault is cleared since: asked", SEEDING, EMPTY, RECORD_GRANTED, 0, MOVED_AGAIN, RECORD_EMPTY, RECORD_ASK, 0},
    {"a line began, but a later one is recorded: that is sent", SEEDING, SEEDING_HIGHER, RECORD_ADVANCE, 0, MOVED_AGAIN, RECORD_SEEDING, RECORD_LINE, 0},
    {"the step fits no more: another is recorded next", SEEDING, SEEDING, RECORD_RESEED, FROM + 3, AGAIN, RECORD_SEEDING, RECORD_LINE, 0},
    {"the step fits no more, but the line had begun", SEEDING, BEGUN, RECORD_RESEED, FROM + 3, MOVED_AGAIN, RECORD_LIVE, RECORD_STEP, 0},
    {"stale is no answer to a line", SEEDING, SEEDING, RECORD_STALE, 0, PAUSE, RECORD_SEEDING, 0, 0},
    {"behind is no answer to a line", SEEDING, SEEDING, RECORD_BEHIND, 0, PAUSE, RECORD_SEEDING, 0, 0},
    {"the line is refused: over", SEEDING, SEEDING, RECORD_REFUSED, 0, SAVE | OVER, RECORD_ENDED, 0, RECORD_REVOKED},
    {"the line is refused, the vault cleared since", SEEDING, EMPTY, RECORD_REFUSED, 0, MOVED_AGAIN, RECORD_EMPTY, RECORD_ASK, 0},
    {"signed out while a line is under way", SEEDING, OUT, RECORD_GRANTED, 0, OVER_TELL, RECORD_ENDED, 0, RECORD_SIGNED_OUT},
    {"another session's cookie", SEEDING, SEEDING, RECORD_OTHER_SESSION, 0, AGAIN, RECORD_SEEDING, RECORD_LINE, 0},

    {"a refresh granted, the vault cleared since: asked", LIVE, EMPTY, RECORD_GRANTED, 0, MOVED_AGAIN, RECORD_EMPTY, RECORD_ASK, 0},
    {"a refresh is stale, the vault cleared since: asked", LIVE, EMPTY, RECORD_STALE, 0, MOVED_AGAIN, RECORD_EMPTY, RECORD_ASK, 0},
    {"a refresh is refused, the vault cleared since: asked", LIVE, EMPTY, RECORD_REFUSED, 0, MOVED_AGAIN, RECORD_EMPTY, RECORD_ASK, 0},
    {"a refresh is stale: another holder, also in cookie mode", LIVE, LIVE, RECORD_STALE, 0, SAVE | OVER_TELL, RECORD_ENDED, 0, RECORD_REUSE},
    {"behind by more than is held: the cookie is enough, asked", LIVE, LIVE, RECORD_BEHIND, FROM + 8, AGAIN, RECORD_LIVE, RECORD_ASK, 0},
    {"reseed is no answer to a refresh", LIVE, LIVE, RECORD_RESEED, FROM, PAUSE, RECORD_LIVE, 0, 0},
};
/* clang-format on */

static void applying(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(apply_cases); i++) {
        const struct apply_case *c = &apply_cases[i];
        struct record r = vault_of(c->sent);
        struct record_refresh refresh = cookie_refresh();
        struct record_reply reply = told(c->generation);
        struct record_message m;

        CASE(c->name);
        CHECK(record_begin(&r, &refresh, first, &m) & SEND);
        r = vault_of(c->then);
        reply.answer = c->answer;
        reply.reason = RECORD_REVOKED;
        CHECK_EQ(record_apply(&r, &refresh, &reply), c->want);
        CHECK_EQ(r.state, c->state);
        CHECK_EQ(r.reason, c->reason);
        if (c->want & AGAIN) {
            CHECK(record_begin(&r, &refresh, later, &m) & SEND);
            CHECK_EQ(m.kind, c->next);
        }
    }
}

struct number_case {
    const char *name;
    int64_t told, clock_ms;
    uint32_t chance;
    int64_t want;
};

/* clang-format off */
static const struct number_case number_cases[] = {
    {"the smallest jump", 20, 0, 0, 36},
    {"the largest jump by chance", 20, 0, UINT32_MAX, 36 + 0xffffff},
    {"by the clock, where that is higher", 20, 1800000000000, 7, 1800000000000 * 1024},
    {"by chance, where the clock is one below that", 1024 * 1000 - 15, 1000, 0, 1024 * 1000 + 1},
    {"by the clock, where both are the same", 1024 * 1000 - 16, 1000, 0, 1024 * 1000},
    {"a clock before 1970 counts for nothing", 20, -1, 0, 36},
    {"a clock of the far future counts for nothing", 20, INT64_MAX, 0, 36},
    {"the last clock that counts", 20, (INT64_C(1) << 42) - (INT64_C(1) << 32), 0, (INT64_C(1) << 52) - (INT64_C(1) << 42)},
    {"the highest generation that a line begins from", (INT64_C(1) << 52) - (INT64_C(1) << 25), 0, UINT32_MAX, (INT64_C(1) << 52) - (INT64_C(1) << 25) + 16 + 0xffffff},
};
/* clang-format on */

static void numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(number_cases); i++) {
        const struct number_case *c = &number_cases[i];
        struct record r = {0};
        struct record_refresh refresh = {
            .by_cookie = true, .chance = c->chance, .clock_ms = c->clock_ms};
        struct record_reply reply = told(c->told);
        struct record_message m;

        CASE(c->name);
        CHECK_EQ(record_begin(&r, &refresh, first, &m), SEND);
        CHECK_EQ(record_apply(&r, &refresh, &reply), AGAIN);
        CHECK_EQ(record_begin(&r, &refresh, first, &m), SAVE | SEND);
        CHECK_EQ(m.to, c->want);
        CHECK(m.to <= INT64_C(1) << 52);
    }
}

static void asking_while_live(void **state)
{
    struct record r = vault_of(LIVE);
    struct record_refresh refresh = cookie_refresh();
    struct record_message m;
    struct record_reply reply = told(FROM);

    (void)state;
    reply.answer = RECORD_BEHIND;
    memcpy(reply.sid, other_sid, sizeof other_sid);
    (void)record_begin(&r, &refresh, first, &m);
    (void)record_apply(&r, &refresh, &reply);
    CASE("a vault that is in use asks with its sid");
    CHECK_EQ(record_begin(&r, &refresh, first, &m), SEND);
    CHECK_EQ(m.kind, RECORD_ASK);
    CHECK_BYTES(m.sid, 16, sid, 16);
    CASE("its line has its own sid, and none of the secrets of before");
    reply.answer = RECORD_RESEED;
    CHECK_EQ(record_apply(&r, &refresh, &reply), AGAIN);
    CHECK_EQ(record_begin(&r, &refresh, later, &m), SAVE | SEND);
    CHECK_BYTES(r.sid, 16, sid, 16);
    CHECK_BYTES(r.secret, 32, later, 32);
    CHECK(!r.has_next && r.older_count == 0);
    CASE("a sign-out ends a line that is asked for");
    CHECK(record_end(&r, RECORD_SIGNED_OUT, true));
    CHECK_EQ(r.state, RECORD_ENDED);
    CHECK(r.sign_out_due);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_way),
        cmocka_unit_test(applying),
        cmocka_unit_test(numbers),
        cmocka_unit_test(asking_while_live),
    };

    return check_run("core/record_line", tests);
}
