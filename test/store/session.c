/* Sessions: what one UPDATE carries, and what is left of one that ended. */
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "store/fixture.h"

static const struct store_lifetime life = {
    .now_s = FIXTURE_NOW_S + 10, .idle_s = 100, .max_s = 1000};

static struct store_session read_session(struct fixture *f, uint8_t byte)
{
    struct store_session s;
    uint8_t sid[STORE_SID_SIZE];

    memset(&s, 0, sizeof s);
    memset(sid, byte, sizeof sid);
    CHECK_EQ(store_session_find(f->store, sid, &s), STORE_OK);
    return s;
}

struct add_case {
    const char *name;
    const char *password;
    int64_t user; /* added to ada's id */
    uint8_t sid, newest;
    bool cookie;
    enum store_protocol protocol;
    enum store_result result;
};

/* After a session with sid 1 and newest 1. */
static const struct add_case add_cases[] = {
    {"the same sign-in once more",                  "hash of ada", 0, 1, 1, false,
     STORE_COMMITTED,                                                                               STORE_OK   },
    {"the same sid with another next",              "hash of ada", 0, 1, 2, false,
     STORE_COMMITTED,                                                                               STORE_TAKEN},
    {"the same sid in the other mode",              "hash of ada", 0, 1, 1, true,
     STORE_COMMITTED,                                                                               STORE_TAKEN},
    {"the same sid, offered",                       "hash of ada", 0, 1, 1, false, STORE_OFFERED,
     STORE_TAKEN                                                                                               },
    {"the same sid of another user",                "hash of eve", 1, 1, 1, false,
     STORE_COMMITTED,                                                                               STORE_TAKEN},
    {"the same sign-in, the password changed",      "old hash",    0, 1, 1, false,
     STORE_COMMITTED,                                                                               STORE_NONE },
    {"another sid",                                 "hash of ada", 0, 3, 1, false, STORE_COMMITTED, STORE_OK   },
    {"another sid, the password changed meanwhile", "old hash",    0, 4, 1, false,
     STORE_COMMITTED,                                                                               STORE_NONE },
    {"a user who is gone",                          "hash of ada", 7, 5, 1, false, STORE_COMMITTED,
     STORE_NONE                                                                                                },
    {"an offered one",                              "hash of ada", 0, 6, 1, false, STORE_OFFERED,   STORE_OK   },
    {"the same offered sid once more",              "hash of ada", 0, 6, 1, false,
     STORE_OFFERED,                                                                                 STORE_TAKEN},
};

static void add(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f);
    fixture_add_session(&f, 1);
    CHECK_EQ(fixture_add_user(&f, "eve", ""), f.user_id + 1);
    for (size_t i = 0; i < COUNT(add_cases); i++) {
        const struct add_case *c = &add_cases[i];
        struct store_session s = fixture_session(&f, c->sid);
        struct store_session out = {.user_id = -1};

        CASE(c->name);
        s.user_id += c->user;
        s.cookie = c->cookie;
        s.protocol = c->protocol;
        memset(s.chain.bytes, c->newest, STORE_HASH_SIZE);
        CHECK_EQ(store_session_add(f.store, &s, c->password, &out), c->result);
        if (c->result != STORE_OK) {
            CHECK_EQ(out.user_id, -1);
            continue;
        }
        CHECK_TEXT(out.roles, "user");
        CHECK_TEXT(out.dialect, "stay");
        CHECK_TEXT(out.label, "laptop");
        CHECK_EQ(out.protocol, c->protocol);
        CHECK_BYTES(out.sid, STORE_SID_SIZE, s.sid, STORE_SID_SIZE);
        CHECK_BYTES(out.chain.bytes, STORE_CHAIN_SIZE, s.chain.bytes,
                    STORE_CHAIN_SIZE);
    }
    fixture_close(&f);
}

static void add_late(void **state)
{
    struct fixture f;
    struct store_session s, out;
    struct store_step step = fixture_step(1, 0, 1, 2);
    struct store_holder holder;

    (void)state;
    fixture_open(&f);
    s = fixture_session(&f, 1);
    fixture_add_session(&f, 1);
    CASE("the same sign-in after a step is another's");
    CHECK_EQ(store_session_step(f.store, &step, &life, &holder), STORE_OK);
    CHECK_EQ(store_session_add(f.store, &s, "hash of ada", &out), STORE_TAKEN);
    CASE("the same sign-in after the session ended");
    fixture_add_session(&f, 2);
    s = fixture_session(&f, 2);
    CHECK_EQ(store_session_end(f.store, s.sid, STORE_ENDED_REVOKED, 1),
             STORE_OK);
    CHECK_EQ(store_session_add(f.store, &s, "hash of ada", &out), STORE_TAKEN);
    CASE("a disabled user");
    CHECK_EQ(store_user_set_disabled(f.store, f.user_id, true, 1), STORE_OK);
    s = fixture_session(&f, 9);
    CHECK_EQ(store_session_add(f.store, &s, "hash of ada", &out), STORE_NONE);
    fixture_close(&f);
}

struct step_case {
    const char *name;
    int64_t now_s, idle_s, max_s; /* now after the sign-in */
    uint8_t sid;
    int64_t generation;
    uint8_t shown, next;
    enum store_result result;
};

/* On a session at generation 0, used and created at FIXTURE_NOW_S. */
static const struct step_case step_cases[] = {
    {"the usual step",                      10,         100, 1000, 1, 0,  1, 2, STORE_OK  },
    {"a sid that is nobody's",              10,         100, 1000, 9, 0,  1, 2, STORE_NONE},
    {"an older generation",                 10,         100, 1000, 1, -1, 1, 2, STORE_NONE},
    {"a newer generation",                  10,         100, 1000, 1, 1,  1, 2, STORE_NONE},
    {"another secret",                      10,         100, 1000, 1, 0,  3, 2, STORE_NONE},
    {"next is the newest",                  10,         100, 1000, 1, 0,  1, 1, STORE_NONE},
    {"next is zeros, as unused places are", 10,         100, 1000, 1, 0,  1, 0,
     STORE_NONE                                                                           },
    {"the last second before idle",         99,         100, 1000, 1, 0,  1, 2, STORE_OK  },
    {"idle to the second",                  100,        100, 1000, 1, 0,  1, 2, STORE_NONE},
    {"the last second of its life",         999,        0,   1000, 1, 0,  1, 2, STORE_OK  },
    {"over to the second",                  1000,       0,   1000, 1, 0,  1, 2, STORE_NONE},
    {"no limits",                           1000000000, 0,   0,    1, 0,  1, 2, STORE_OK  },
    {"a clock that went back",              -50,        100, 1000, 1, 0,  1, 2, STORE_OK  },
};

static void step(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(step_cases); i++) {
        const struct step_case *c = &step_cases[i];
        struct store_lifetime l = {
            .now_s = FIXTURE_NOW_S + c->now_s, c->idle_s, c->max_s};
        struct store_step s =
            fixture_step(c->sid, c->generation, c->shown, c->next);
        struct store_holder holder = {.user_id = -1};
        struct store_session before, after;
        struct fixture f;

        CASE(c->name);
        fixture_open(&f);
        fixture_add_session(&f, 1);
        before = read_session(&f, 1);
        if (c->sid == 1 && c->generation == 0 && c->shown == 1 && c->next == 2)
            CHECK_EQ(store_session_expired(&before, &l), c->result != STORE_OK);
        CHECK_EQ(store_session_step(f.store, &s, &l, &holder), c->result);
        after = read_session(&f, 1);
        if (c->result == STORE_OK) {
            CHECK_EQ(holder.user_id, f.user_id);
            CHECK_TEXT(holder.roles, "user");
            CHECK_EQ(after.chain.generation, 1);
            CHECK_EQ(after.used_s, l.now_s);
            CHECK_EQ(after.chain.moved_s, l.now_s);
            CHECK(after.chain.moved);
        } else {
            CHECK_EQ(holder.user_id, -1);
            CHECK_BYTES(&after, sizeof after, &before, sizeof before);
        }
        fixture_close(&f);
    }
}

/* Twelve steps with zeros within the hashes: blobs are not texts. */
static void chain(void **state)
{
    struct fixture f;
    struct store_session s;
    struct store_step next = fixture_step(1, 0, 1, 1);
    uint8_t want[STORE_CHAIN_SIZE] = {0};

    (void)state;
    fixture_open(&f);
    fixture_add_session(&f, 1);
    memset(want, 1, STORE_HASH_SIZE);
    CASE("the chain holds the newest whole and seven more, cut");
    for (uint8_t i = 0; i < 12; i++) {
        struct store_holder holder;

        memcpy(next.shown, want, STORE_HASH_SIZE);
        memset(next.next, 0, sizeof next.next);
        next.next[0] = (uint8_t)(i & 1); // a zero in front, every other time
        next.next[1] = (uint8_t)(100 + i);
        next.next[15] = 0x80; // no UTF-8
        next.next[31] = (uint8_t)(200 + i);
        memmove(want + 48, want + 32, 96);
        memcpy(want + 32, want, 16);
        memcpy(want, next.next, STORE_HASH_SIZE);
        next.generation = i;
        CHECK_EQ(store_session_step(f.store, &next, &life, &holder), STORE_OK);
        s = read_session(&f, 1);
        CHECK_BYTES(s.chain.bytes, STORE_CHAIN_SIZE, want, STORE_CHAIN_SIZE);
        CHECK_EQ(s.chain.generation, i + 1);
    }
    CASE("each of the eight in the chain is refused as next");
    for (size_t i = 0; i < 8; i++) {
        struct store_holder holder;

        memcpy(next.shown, want, STORE_HASH_SIZE);
        memcpy(next.next, want + (i == 0 ? 0 : 16 + 16 * i), 16);
        next.generation = 12;
        CHECK_EQ(store_session_step(f.store, &next, &life, &holder),
                 STORE_NONE);
    }
    fixture_close(&f);
}

struct move_case {
    const char *name;
    bool moved;
    int64_t ago_s; /* since it moved */
    uint8_t parent;
    enum store_result result;
};

static const struct move_case move_cases[] = {
    {"the first move needs no pause", false, 0,  1, STORE_OK  },
    {"a child of another",            false, 0,  2, STORE_NONE},
    {"soon after a move",             true,  59, 1, STORE_NONE},
    {"when the window is over",       true,  60, 1, STORE_OK  },
};

static void move(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(move_cases); i++) {
        const struct move_case *c = &move_cases[i];
        struct store_move m = {.n = 5, .soft_s = 60};
        struct store_holder holder;
        struct store_session s, out;
        struct fixture f;

        CASE(c->name);
        fixture_open(&f);
        s = fixture_session(&f, 1);
        s.protocol = STORE_OFFERED;
        memset(s.chain.bytes + STORE_LINK_SIZE, 8, STORE_LINK_SIZE);
        s.chain.moved = c->moved;
        s.chain.moved_s = c->moved ? life.now_s - c->ago_s : 0;
        CHECK_EQ(store_session_add(f.store, &s, "hash of ada", &out), STORE_OK);
        memcpy(m.sid, s.sid, sizeof m.sid);
        memset(m.self, 7, sizeof m.self);
        memset(m.parent, c->parent, sizeof m.parent);
        CHECK_EQ(store_session_move(f.store, &m, &life, &holder), c->result);
        out = read_session(&f, 1);
        if (c->result == STORE_OK) {
            CHECK_BYTES(out.chain.bytes, 16, m.self, 16);
            CHECK_BYTES(out.chain.bytes + 16, 16, m.parent, 16);
            CHECK_EQ(out.chain.generation, 5);
            CHECK_EQ(out.chain.moved_s, life.now_s);
        } else {
            CHECK_EQ(out.chain.generation, 0);
        }
        fixture_close(&f);
    }
}

static void other_protocol(void **state)
{
    struct fixture f;
    struct store_session s, out;
    struct store_step step_1 = fixture_step(1, 0, 1, 2);
    struct store_move m = {.n = 1};
    struct store_holder holder;

    (void)state;
    fixture_open(&f);
    CASE("a committed step finds no offered session");
    s = fixture_session(&f, 1);
    s.protocol = STORE_OFFERED;
    CHECK_EQ(store_session_add(f.store, &s, "hash of ada", &out), STORE_OK);
    CHECK_EQ(store_session_step(f.store, &step_1, &life, &holder), STORE_NONE);
    CASE("an offered move finds no committed session");
    fixture_add_session(&f, 2);
    memset(m.sid, 2, sizeof m.sid);
    memset(m.parent, 2, sizeof m.parent);
    CHECK_EQ(store_session_move(f.store, &m, &life, &holder), STORE_NONE);
    fixture_close(&f);
}

static void swap(void **state)
{
    struct fixture f;
    struct store_session s;
    struct store_chain next, stale;

    (void)state;
    fixture_open(&f);
    fixture_add_session(&f, 1);
    s = read_session(&f, 1);
    next = s.chain;
    next.generation = 4;
    next.moved = true;
    next.moved_s = 77;
    memset(next.bytes, 9, sizeof next.bytes);
    CASE("what was seen is replaced");
    CHECK_EQ(store_session_swap(f.store, s.sid, &s.chain, &next, 99), STORE_OK);
    stale = s.chain;
    s = read_session(&f, 1);
    CHECK_BYTES(s.chain.bytes, STORE_CHAIN_SIZE, next.bytes, STORE_CHAIN_SIZE);
    CHECK_EQ(s.chain.generation, 4);
    CHECK_EQ(s.chain.moved_s, 77);
    CHECK_EQ(s.used_s, 99);
    CASE("what has moved since is not");
    CHECK_EQ(store_session_swap(f.store, s.sid, &stale, &next, 99), STORE_NONE);
    stale = next;
    stale.bytes[STORE_CHAIN_SIZE - 1] ^= 1;
    CHECK_EQ(store_session_swap(f.store, s.sid, &stale, &next, 99), STORE_NONE);
    CASE("what has ended is not");
    CHECK_EQ(store_session_end(f.store, s.sid, STORE_ENDED_REUSE, 5), STORE_OK);
    CHECK_EQ(store_session_swap(f.store, s.sid, &next, &next, 99), STORE_NONE);
    fixture_close(&f);
}

static void end(void **state)
{
    struct fixture f;
    struct store_session s;
    struct store_step next = fixture_step(1, 0, 1, 2);
    struct store_holder holder;

    (void)state;
    fixture_open(&f);
    fixture_add_session(&f, 1);
    s = read_session(&f, 1);
    CASE("it ends once, and the first reason stays");
    CHECK_EQ(store_session_end(f.store, s.sid, STORE_ENDED_REUSE, 5), STORE_OK);
    CHECK_EQ(store_session_end(f.store, s.sid, STORE_ENDED_REVOKED, 6),
             STORE_NONE);
    s = read_session(&f, 1);
    CHECK_EQ(s.ended, STORE_ENDED_REUSE);
    CHECK_EQ(s.ended_s, 5);
    CASE("what told about the person is gone");
    CHECK_TEXT(s.label, "");
    CHECK_TEXT(s.agent, "");
    CHECK_TEXT(s.address, "");
    CASE("no step and no touch wakes it");
    CHECK_EQ(store_session_step(f.store, &next, &life, &holder), STORE_NONE);
    CHECK_EQ(store_session_touch(f.store, s.sid, life.now_s), STORE_NONE);
    CASE("one's own only");
    fixture_add_session(&f, 2);
    s = read_session(&f, 2);
    CHECK_EQ(store_session_end_own(f.store, f.user_id + 1, s.sid,
                                   STORE_ENDED_REVOKED, 6),
             STORE_NONE);
    CHECK_EQ(store_session_end_own(f.store, f.user_id, s.sid,
                                   STORE_ENDED_REVOKED, 6),
             STORE_OK);
    fixture_close(&f);
}

static bool count_session(void *context, const struct store_session *session)
{
    size_t *count = context;

    (void)session;
    (*count)++;
    return true;
}

static void all_of_a_user(void **state)
{
    struct fixture f;
    struct store_end_all which = {.reason = STORE_ENDED_REVOKED, .now_s = 5};
    struct store_session s;
    int64_t ended = -1;
    size_t count = 0;

    (void)state;
    fixture_open(&f);
    for (uint8_t i = 1; i <= 5; i++)
        fixture_add_session(&f, i);
    s = read_session(&f, 3);
    which.user_id = f.user_id;
    which.keep = s.sid;
    CASE("a list is cut at its limit");
    CHECK_EQ(store_session_list(f.store, f.user_id, 4, count_session, &count),
             STORE_OK);
    CHECK_EQ(count, 4);
    CASE("all others end");
    CHECK_EQ(store_sessions_end(f.store, &which, &ended), STORE_OK);
    CHECK_EQ(ended, 4);
    s = read_session(&f, 3);
    CHECK_EQ(s.ended, STORE_LIVING);
    count = 0;
    CHECK_EQ(store_session_list(f.store, f.user_id, 9, count_session, &count),
             STORE_OK);
    CHECK_EQ(count, 1);
    CASE("then all");
    which.keep = NULL;
    CHECK_EQ(store_sessions_end(f.store, &which, &ended), STORE_OK);
    CHECK_EQ(ended, 1);
    CASE("then none is left, which is no failure");
    CHECK_EQ(store_sessions_end(f.store, &which, &ended), STORE_OK);
    CHECK_EQ(ended, 0);
    fixture_close(&f);
}

static void touch(void **state)
{
    struct fixture f;
    struct store_session s;

    (void)state;
    fixture_open(&f);
    fixture_add_session(&f, 1);
    s = read_session(&f, 1);
    CASE("a later time is written");
    CHECK_EQ(store_session_touch(f.store, s.sid, s.used_s + 1), STORE_OK);
    CASE("the same or an earlier one is not");
    CHECK_EQ(store_session_touch(f.store, s.sid, s.used_s + 1), STORE_NONE);
    CHECK_EQ(store_session_touch(f.store, s.sid, s.used_s), STORE_NONE);
    CHECK_EQ(read_session(&f, 1).used_s, s.used_s + 1);
    fixture_close(&f);
}

static void sweep(void **state)
{
    static const uint8_t zeros[STORE_SID_SIZE];
    struct fixture f;
    struct store_sweep sweep = {.count = 4, .before_s = FIXTURE_NOW_S};
    struct store_session s, out;
    int64_t removed = 0;
    int steps = 0;

    (void)state;
    fixture_open(&f);
    for (uint8_t i = 1; i <= 10; i++) {
        s = fixture_session(&f, i);
        s.used_s += i <= 5 ? 0 : 1; // five were last used in time to stay
        CHECK_EQ(store_session_add(f.store, &s, "hash of ada", &out), STORE_OK);
    }
    memset(s.sid, 1, sizeof s.sid);
    CHECK_EQ(store_session_end(f.store, s.sid, STORE_ENDED_REVOKED,
                               FIXTURE_NOW_S + 1),
             STORE_OK);
    CASE("a sweep goes through all in steps and removes the long dead");
    do {
        CHECK_EQ(store_session_sweep(f.store, &sweep), STORE_OK);
        CHECK(sweep.removed <= 4);
        removed += sweep.removed;
        steps++;
    } while (memcmp(sweep.from, zeros, sizeof zeros) != 0 && steps < 20);
    CHECK_EQ(steps, 3);
    CHECK_EQ(removed, 4);
    CASE("what ended lately stays with its reason");
    CHECK_EQ(read_session(&f, 1).ended, STORE_ENDED_REVOKED);
    memset(s.sid, 2, sizeof s.sid);
    CHECK_EQ(store_session_find(f.store, s.sid, &out), STORE_NONE);
    CASE("a sweep of an empty table");
    sweep.before_s = FIXTURE_NOW_S + 1;
    sweep.count = STORE_SWEEP_MAX;
    CHECK_EQ(store_session_sweep(f.store, &sweep), STORE_OK);
    CHECK_EQ(sweep.removed, 6);
    CHECK_EQ(store_session_sweep(f.store, &sweep), STORE_OK);
    CHECK_EQ(sweep.removed, 0);
    fixture_close(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(add),           cmocka_unit_test(add_late),
        cmocka_unit_test(step),          cmocka_unit_test(chain),
        cmocka_unit_test(move),          cmocka_unit_test(other_protocol),
        cmocka_unit_test(swap),          cmocka_unit_test(end),
        cmocka_unit_test(all_of_a_user), cmocka_unit_test(touch),
        cmocka_unit_test(sweep),
    };

    return fixture_run("store/session", tests);
}
