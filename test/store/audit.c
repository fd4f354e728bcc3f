#include "base/bytes.h"
#include "check.h"
#include "fixture.h"

static enum store_result add(struct fixture *f, int64_t at_s,
                             const uint8_t *sid)
{
    const struct store_audit row = {.at_s = at_s,
                                    .kind = "sign_in",
                                    .outcome = "ok",
                                    .user_id = f->user_id,
                                    .sid = sid,
                                    .dialect = "one",
                                    .address = "192.0.2.1"};

    return store_audit_add(f->store, &row);
}

static int64_t sweep(struct fixture *f, int64_t before_s, int64_t count)
{
    int64_t removed = -1;

    CHECK_EQ(store_audit_sweep(f->store, before_s, count, &removed), STORE_OK);
    return removed;
}

static void rows(void **state)
{
    static const uint8_t sid[STORE_SID_SIZE] = {1};
    struct fixture f;

    (void)state;
    fixture_open(&f);
    CASE("an empty trail has nothing to sweep");
    CHECK_EQ(sweep(&f, INT64_MAX, 10), 0);
    CASE("rows with a session and without");
    for (int64_t at_s = 100; at_s < 110; at_s++)
        CHECK_EQ(add(&f, at_s, at_s % 2 == 0 ? sid : NULL), STORE_OK);
    CASE("what is as old as the limit stays");
    CHECK_EQ(sweep(&f, 100, 10), 0);
    CASE("what is older goes");
    CHECK_EQ(sweep(&f, 101, 10), 1);
    CASE("of the oldest so many, and no more");
    CHECK_EQ(sweep(&f, 109, 3), 3);
    CHECK_EQ(sweep(&f, 109, 3), 3);
    CHECK_EQ(sweep(&f, 109, 3), 2);
    CHECK_EQ(sweep(&f, 109, 3), 0);
    CASE("the last one is still there");
    CHECK_EQ(sweep(&f, INT64_MAX, 10), 1);
    fixture_close(&f);
}

static void with_its_change(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f);
    CASE("a row goes with the transaction that it is in");
    CHECK_EQ(store_begin(f.store), STORE_OK);
    CHECK_EQ(add(&f, 100, NULL), STORE_OK);
    store_rollback(f.store);
    CHECK_EQ(sweep(&f, INT64_MAX, 10), 0);
    CASE("and with the change alone, when that is undone");
    CHECK_EQ(store_begin(f.store), STORE_OK);
    CHECK_EQ(add(&f, 100, NULL), STORE_OK);
    CHECK_EQ(store_save(f.store), STORE_OK);
    CHECK_EQ(add(&f, 101, NULL), STORE_OK);
    CHECK_EQ(store_revert(f.store), STORE_OK);
    CHECK_EQ(store_commit(f.store), STORE_OK);
    CHECK_EQ(sweep(&f, INT64_MAX, 10), 1);
    CASE("a row outlives the account it tells of");
    CHECK_EQ(add(&f, 100, NULL), STORE_OK);
    CHECK_EQ(store_user_remove(f.store, f.user_id, FIXTURE_NOW_S), STORE_OK);
    CHECK_EQ(sweep(&f, INT64_MAX, 10), 1);
    fixture_check_whole(f.store);
    fixture_close(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),
        cmocka_unit_test(with_its_change),
    };

    return fixture_run("store/audit", tests);
}
