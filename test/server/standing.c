/* How sessions stand: read once, and again as soon as anybody changed anything. */
#include "server/standing.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "store/fixture.h"

enum { SESSION = 1, OTHER = 2 };

/* A loop's part of it. The fixture's store is the other process, which writes. */
struct reading {
    struct fixture fixture;
    struct store *reader;
    struct standings *standings;
};

static void open_reading(struct reading *r)
{
    fixture_open(&r->fixture);
    fixture_add_session(&r->fixture, SESSION);
    fixture_add_session(&r->fixture, OTHER);
    r->reader = fixture_connect(&r->fixture, STORE_READ);
    r->standings = calloc(1, sizeof *r->standings);
}

static void close_reading(struct reading *r)
{
    free(r->standings);
    store_close(r->reader);
    fixture_close(&r->fixture);
}

/* As a turn of a loop does it. */
static enum store_result look(struct reading *r, uint8_t byte,
                              struct standing *out)
{
    uint64_t version = 0;
    uint8_t sid[STORE_SID_SIZE];
    enum store_result result;

    memset(out, 0, sizeof *out);
    memset(sid, byte, sizeof sid);
    CHECK_EQ(store_hold(r->reader, &version),
             fixture_is_postgres() ? STORE_NONE : STORE_OK);
    CHECK_EQ(version == 0, fixture_is_postgres());
    r->standings->version = version;
    result = standing_find(r->standings, r->reader, sid, out);
    store_let_go(r->reader);
    return result;
}

/* ---- What others do meanwhile ---- */

static void fill_sid(uint8_t byte, uint8_t sid[STORE_SID_SIZE])
{
    memset(sid, byte, STORE_SID_SIZE);
}

static enum store_result do_nothing(struct fixture *f)
{
    (void)f;
    return STORE_OK;
}

static enum store_result end_it(struct fixture *f)
{
    uint8_t sid[STORE_SID_SIZE];

    fill_sid(SESSION, sid);
    return store_session_end(f->store, sid, STORE_ENDED_REVOKED, FIXTURE_NOW_S);
}

static enum store_result end_other(struct fixture *f)
{
    uint8_t sid[STORE_SID_SIZE];

    fill_sid(OTHER, sid);
    return store_session_end(f->store, sid, STORE_ENDED_REVOKED, FIXTURE_NOW_S);
}

static enum store_result disable(struct fixture *f)
{
    return store_user_set_disabled(f->store, f->user_id, true, FIXTURE_NOW_S);
}

static enum store_result remove_user(struct fixture *f)
{
    return store_user_remove(f->store, f->user_id, FIXTURE_NOW_S);
}

static enum store_result promote(struct fixture *f)
{
    return store_user_set_roles(f->store, f->user_id, "user admin");
}

static enum store_result touch(struct fixture *f)
{
    uint8_t sid[STORE_SID_SIZE];

    fill_sid(SESSION, sid);
    return store_session_touch(f->store, sid, FIXTURE_NOW_S + 5);
}

static enum store_result sweep(struct fixture *f)
{
    struct store_sweep step = {.count = 10, .before_s = FIXTURE_NOW_S + 1};
    enum store_result result = end_it(f);

    return result == STORE_OK ? store_session_sweep(f->store, &step) : result;
}

struct change_row {
    const char *name;
    enum store_result (*act)(struct fixture *f);
    enum store_result result;
    enum store_ended ended;
    const char *roles; /* NULL: not looked at */
    int64_t used_s;
    bool deleted;
};

// clang-format off
static const struct change_row change_rows[] = {
    {"nothing was done", do_nothing, STORE_OK, STORE_LIVING, "user",
     FIXTURE_NOW_S, false},
    {"it was ended", end_it, STORE_OK, STORE_ENDED_REVOKED, NULL,
     FIXTURE_NOW_S, false},
    {"another one was ended", end_other, STORE_OK, STORE_LIVING, "user",
     FIXTURE_NOW_S, false},
    {"its user was disabled", disable, STORE_OK, STORE_ENDED_DISABLED, NULL,
     FIXTURE_NOW_S, false},
    {"its user was removed", remove_user, STORE_OK, STORE_ENDED_REVOKED, NULL,
     FIXTURE_NOW_S, true},
    {"its user has other roles", promote, STORE_OK, STORE_LIVING, "user admin",
     FIXTURE_NOW_S, false},
    {"it was used", touch, STORE_OK, STORE_LIVING, "user", FIXTURE_NOW_S + 5,
     false},
    {"its row was removed", sweep, STORE_NONE, STORE_LIVING, NULL, 0, false},
};
// clang-format on

static void change(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(change_rows); i++) {
        const struct change_row *c = &change_rows[i];
        struct reading r;
        struct standing got;

        CASE(c->name);
        open_reading(&r);
        CHECK_EQ(look(&r, SESSION, &got), STORE_OK);
        CHECK_EQ(look(&r, SESSION, &got), STORE_OK);
        CHECK_EQ(got.session.ended, STORE_LIVING);
        CHECK_TEXT(got.session.roles, "user");
        CHECK_EQ(c->act(&r.fixture), STORE_OK);
        CHECK_EQ(look(&r, SESSION, &got), c->result);
        CHECK_EQ(got.session.ended, c->ended);
        CHECK_EQ(got.session.used_s, c->used_s);
        CHECK_EQ(got.deleted, c->deleted);
        if (c->roles != NULL)
            CHECK_TEXT(got.session.roles, c->roles);
        close_reading(&r);
    }
}

/* What is there needs no store; after a change it would. */
static void kept(void **state)
{
    struct standing got;
    struct reading r;
    uint8_t sid[STORE_SID_SIZE];

    (void)state;
    open_reading(&r);
    fill_sid(SESSION, sid);
    if (!fixture_is_postgres()) {
        CASE("read before");
        CHECK_EQ(look(&r, SESSION, &got), STORE_OK);
        memset(&got, 0, sizeof got);
        CHECK_EQ(standing_find(r.standings, NULL, sid, &got), STORE_OK);
        CHECK_EQ(got.session.user_id, r.fixture.user_id);
        CHECK_EQ(got.session.created_s, FIXTURE_NOW_S);
    }
    CASE("none are kept of another store");
    CHECK_EQ(end_it(&r.fixture), STORE_OK);
    CHECK_EQ(standing_find(NULL, r.fixture.store, sid, &got), STORE_OK);
    CHECK_EQ(got.session.ended, STORE_ENDED_REVOKED);
    CASE("no version, nothing is believed");
    r.standings->version = 0;
    CHECK_EQ(standing_find(r.standings, r.reader, sid, &got), STORE_OK);
    CHECK_EQ(got.session.ended, STORE_ENDED_REVOKED);
    close_reading(&r);
}

/* One moment for all that is asked within it, and the next is of now. */
static void moment(void **state)
{
    struct store_standing got;
    struct reading r;
    uint64_t first = 0, second = 0;
    uint8_t sid[STORE_SID_SIZE];

    (void)state;
    if (fixture_is_postgres())
        return;
    open_reading(&r);
    fill_sid(SESSION, sid);
    CHECK_EQ(store_hold(r.reader, &first), STORE_OK);
    CASE("what comes later is not seen");
    CHECK_EQ(end_it(&r.fixture), STORE_OK);
    CHECK_EQ(store_session_standing(r.reader, sid, &got), STORE_OK);
    CHECK_EQ(got.ended, STORE_LIVING);
    store_let_go(r.reader);
    CASE("let go, it is");
    CHECK_EQ(store_session_standing(r.reader, sid, &got), STORE_OK);
    CHECK_EQ(got.ended, STORE_ENDED_REVOKED);
    CASE("the version has moved, once");
    CHECK_EQ(store_hold(r.reader, &second), STORE_OK);
    CHECK(second != first);
    store_let_go(r.reader);
    CHECK_EQ(store_hold(r.reader, &first), STORE_OK);
    CHECK(second == first);
    store_let_go(r.reader);
    CASE("let go twice");
    store_let_go(r.reader);
    CHECK_EQ(store_session_standing(r.reader, sid, &got), STORE_OK);
    close_reading(&r);
}

/* More sessions than places: each is as its own row says. */
static void crowd(void **state)
{
    struct standing_row row = {.version = 7};
    struct standings *standings = calloc(1, sizeof *standings);
    struct fixture f;
    struct standing got;
    uint8_t sid[STORE_SID_SIZE];

    (void)state;
    fixture_open(&f);
    fixture_add_session(&f, SESSION);
    fill_sid(SESSION, sid);
    standings->version = 7;
    for (size_t i = 0; i < STANDING_MAX; i++)
        standings->rows[i] = row;
    CASE("another one's place is taken, not believed");
    CHECK_EQ(standing_find(standings, f.store, sid, &got), STORE_OK);
    CHECK_EQ(got.session.user_id, f.user_id);
    CASE("and it has the place from then on");
    CHECK_EQ(standing_find(standings, NULL, sid, &got), STORE_OK);
    CASE("the same place, one bit apart");
    sid[STORE_SID_SIZE - 1] ^= 1;
    CHECK_EQ(standing_find(standings, f.store, sid, &got), STORE_NONE);
    CASE("who is not there takes no place");
    sid[STORE_SID_SIZE - 1] ^= 1;
    CHECK_EQ(standing_find(standings, NULL, sid, &got), STORE_OK);
    fixture_close(&f);
    free(standings);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(change),
        cmocka_unit_test(kept),
        cmocka_unit_test(moment),
        cmocka_unit_test(crowd),
    };

    return fixture_run("server/standing", tests);
}
