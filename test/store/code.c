/* Mailed codes: good once, for their time, their address and their kind. */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "store/code.h"
#include "store/fixture.h"

enum { LIFE_S = 3600 };

/* A code of ada whose hash is all `byte`, for the address ada@example.org. */
static enum store_result add(struct fixture *f, uint8_t byte,
                             enum store_code_kind kind, int64_t now_s)
{
    struct store_code code = {.kind = kind,
                              .user_id = f->user_id,
                              .email = "ada@example.org",
                              .expires_s = now_s + LIFE_S};

    memset(code.hash, byte, sizeof code.hash);
    return store_code_add(f->store, &code, now_s);
}

static enum store_result spend(struct fixture *f, uint8_t byte,
                               enum store_code_kind kind, int64_t now_s)
{
    uint8_t hash[STORE_HASH_SIZE];
    int64_t user_id = -1;
    enum store_result result;

    memset(hash, byte, sizeof hash);
    result = store_code_spend(f->store, kind, hash, now_s, &user_id);
    CHECK_EQ(user_id, result == STORE_OK ? f->user_id : -1);
    return result;
}

static enum store_result find(struct fixture *f, uint8_t byte, int64_t now_s)
{
    uint8_t hash[STORE_HASH_SIZE];
    int64_t user_id;

    memset(hash, byte, sizeof hash);
    return store_code_find(f->store, STORE_CODE_RESET, hash, now_s, &user_id);
}

struct spend_row {
    const char *name;
    enum store_code_kind kind;
    uint8_t byte;
    int64_t after_s;
    enum store_result want;
};

/* Code 1 resets and lives an hour. */
static const struct spend_row spend_rows[] = {
    {"a code that nobody was mailed", STORE_CODE_RESET,  9, 0,          STORE_NONE},
    {"a code of the other kind",      STORE_CODE_VERIFY, 1, 0,          STORE_NONE},
    {"a code at its last second",     STORE_CODE_RESET,  1, LIFE_S - 1, STORE_OK  },
    {"a code one second later",       STORE_CODE_RESET,  1, LIFE_S,     STORE_NONE},
};

static void spending(void **state)
{
    struct fixture f;

    (void)state;
    for (size_t i = 0; i < COUNT(spend_rows); i++) {
        const struct spend_row *row = &spend_rows[i];
        int64_t at_s = FIXTURE_NOW_S + row->after_s;

        CASE(row->name);
        fixture_open(&f);
        CHECK_EQ(add(&f, 1, STORE_CODE_RESET, FIXTURE_NOW_S), STORE_OK);
        if (row->kind == STORE_CODE_RESET && row->byte == 1)
            CHECK_EQ(find(&f, row->byte, at_s), row->want);
        CHECK_EQ(spend(&f, row->byte, row->kind, at_s), row->want);
        CHECK_EQ(spend(&f, row->byte, row->kind, at_s), STORE_NONE);
        fixture_close(&f);
    }
}

static void whose(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f);
    CASE("another address makes a code void, and it cannot be had for it");
    CHECK_EQ(add(&f, 1, STORE_CODE_RESET, FIXTURE_NOW_S), STORE_OK);
    CHECK_EQ(store_user_set_email(f.store, f.user_id, "new@example.org"),
             STORE_OK);
    CHECK_EQ(spend(&f, 1, STORE_CODE_RESET, FIXTURE_NOW_S), STORE_NONE);
    CHECK_EQ(add(&f, 2, STORE_CODE_RESET, FIXTURE_NOW_S), STORE_NONE);
    CASE("the address of before makes it good again");
    CHECK_EQ(store_user_set_email(f.store, f.user_id, "ada@example.org"),
             STORE_OK);
    CHECK_EQ(spend(&f, 1, STORE_CODE_RESET, FIXTURE_NOW_S), STORE_OK);
    CASE("a disabled user spends none and gets none");
    CHECK_EQ(add(&f, 3, STORE_CODE_RESET, FIXTURE_NOW_S), STORE_OK);
    CHECK_EQ(store_user_set_disabled(f.store, f.user_id, true, FIXTURE_NOW_S),
             STORE_OK);
    CHECK_EQ(spend(&f, 3, STORE_CODE_RESET, FIXTURE_NOW_S), STORE_NONE);
    CHECK_EQ(add(&f, 4, STORE_CODE_RESET, FIXTURE_NOW_S), STORE_NONE);
    CASE("a user who is removed takes the codes along");
    CHECK_EQ(store_user_remove(f.store, f.user_id, FIXTURE_NOW_S), STORE_OK);
    CHECK_EQ(find(&f, 3, FIXTURE_NOW_S), STORE_NONE);
    fixture_check_whole(f.store);
    fixture_close(&f);
}

static void bounds(void **state)
{
    struct fixture f;
    int64_t removed = -1;

    (void)state;
    fixture_open(&f);
    CASE("as many living codes as may be");
    for (uint8_t i = 0; i < STORE_CODE_MAX; i++)
        CHECK_EQ(add(&f, (uint8_t)(10 + i), STORE_CODE_RESET, FIXTURE_NOW_S),
                 STORE_OK);
    CASE("one more is not added");
    CHECK_EQ(add(&f, 30, STORE_CODE_RESET, FIXTURE_NOW_S), STORE_NONE);
    CASE("one of the other kind is");
    CHECK_EQ(add(&f, 31, STORE_CODE_VERIFY, FIXTURE_NOW_S), STORE_OK);
    CASE("nothing is swept while it lives");
    CHECK_EQ(
        store_code_sweep(f.store, FIXTURE_NOW_S + LIFE_S - 1, 10, &removed),
        STORE_OK);
    CHECK_EQ(removed, 0);
    CASE("the dead make room at once, swept or not");
    CHECK_EQ(add(&f, 30, STORE_CODE_RESET, FIXTURE_NOW_S + LIFE_S), STORE_OK);
    CASE("a step of the sweep removes so many and no more");
    CHECK_EQ(store_code_sweep(f.store, FIXTURE_NOW_S + LIFE_S, 4, &removed),
             STORE_OK);
    CHECK_EQ(removed, 4);
    CHECK_EQ(store_code_sweep(f.store, FIXTURE_NOW_S + LIFE_S, 4, &removed),
             STORE_OK);
    CHECK_EQ(removed, STORE_CODE_MAX + 1 - 4);
    CASE("all of a kind are removed, and none is as good");
    CHECK_EQ(store_codes_remove(f.store, f.user_id, STORE_CODE_RESET),
             STORE_OK);
    CHECK_EQ(find(&f, 30, FIXTURE_NOW_S + LIFE_S), STORE_NONE);
    CHECK_EQ(store_codes_remove(f.store, f.user_id, STORE_CODE_RESET),
             STORE_OK);
    fixture_close(&f);
}

static void passwords(void **state)
{
    struct fixture f;
    struct store_user user;

    (void)state;
    fixture_open(&f);
    CASE("a password changes where it is what was seen");
    CHECK_EQ(
        store_user_swap_password(f.store, f.user_id, "hash of ada", "second"),
        STORE_OK);
    CHECK_EQ(store_user_stands(f.store, f.user_id, "second"), STORE_OK);
    CASE("and not where it is another by now");
    CHECK_EQ(
        store_user_swap_password(f.store, f.user_id, "hash of ada", "third"),
        STORE_NONE);
    CHECK_EQ(store_user_stands(f.store, f.user_id, "third"), STORE_NONE);
    CASE("an address is verified until it changes");
    CHECK_EQ(store_user_set_verified(f.store, f.user_id, true), STORE_OK);
    CHECK_EQ(store_user_by_id(f.store, f.user_id, &user), STORE_OK);
    CHECK(user.verified);
    CHECK_EQ(store_user_set_email(f.store, f.user_id, "b@example.org"),
             STORE_OK);
    CHECK_EQ(store_user_by_id(f.store, f.user_id, &user), STORE_OK);
    CHECK(!user.verified);
    CASE("of a disabled user it does not change");
    CHECK_EQ(store_user_set_disabled(f.store, f.user_id, true, FIXTURE_NOW_S),
             STORE_OK);
    CHECK_EQ(store_user_swap_password(f.store, f.user_id, "second", "third"),
             STORE_NONE);
    fixture_close(&f);
}

static enum store_ended ended_of(struct fixture *f, uint8_t byte)
{
    uint8_t sid[STORE_SID_SIZE];
    struct store_session session = {.ended = STORE_LIVING};

    memset(sid, byte, sizeof sid);
    CHECK_EQ(store_session_find(f->store, sid, &session), STORE_OK);
    return session.ended;
}

/* Sessions 1 to 5 of ada, used one after the other. */
static void reclaiming(void **state)
{
    uint8_t sid[STORE_SID_SIZE];
    struct fixture f;
    struct store_reclaim which = {
        .keep = sid, .max = 5, .now_s = FIXTURE_NOW_S + 100};
    int64_t ended = -1;

    (void)state;
    fixture_open(&f);
    which.user_id = f.user_id;
    for (uint8_t i = 1; i <= 5; i++) {
        fixture_add_session(&f, i);
        memset(sid, i, sizeof sid);
        CHECK_EQ(store_session_touch(f.store, sid, FIXTURE_NOW_S + i),
                 STORE_OK);
    }
    CASE("as many as may be: none ends");
    CHECK_EQ(store_session_reclaim(f.store, &which, &ended), STORE_OK);
    CHECK_EQ(ended, 0);
    CASE("the new one stays though it is the least used");
    memset(sid, 1, sizeof sid);
    which.max = 3;
    CHECK_EQ(store_session_reclaim(f.store, &which, &ended), STORE_OK);
    CHECK_EQ(ended, 2);
    CHECK_EQ(ended_of(&f, 1), STORE_LIVING);
    CASE("those that were used least have ended, as if revoked");
    CHECK_EQ(ended_of(&f, 2), STORE_ENDED_REVOKED);
    CHECK_EQ(ended_of(&f, 3), STORE_ENDED_REVOKED);
    CHECK_EQ(ended_of(&f, 4), STORE_LIVING);
    CHECK_EQ(ended_of(&f, 5), STORE_LIVING);
    CASE("one alone may be left");
    which.max = 1;
    CHECK_EQ(store_session_reclaim(f.store, &which, &ended), STORE_OK);
    CHECK_EQ(ended, 2);
    CHECK_EQ(ended_of(&f, 1), STORE_LIVING);
    CASE("another's sessions are not touched");
    which.user_id = fixture_add_user(&f, "eve", "");
    memset(sid, 9, sizeof sid);
    CHECK_EQ(store_session_reclaim(f.store, &which, &ended), STORE_OK);
    CHECK_EQ(ended, 0);
    CHECK_EQ(ended_of(&f, 1), STORE_LIVING);
    fixture_close(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(spending),   cmocka_unit_test(whose),
        cmocka_unit_test(bounds),     cmocka_unit_test(passwords),
        cmocka_unit_test(reclaiming),
    };

    return fixture_run("store/code", tests);
}
