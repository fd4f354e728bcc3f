/*
 * A batch of changes on PostgreSQL when something goes wrong in the midst of
 * it: each change has its right result, what was refused was not done, what was
 * done was done once, and what nobody knows was not tried again.
 */
#include "server/writer_batch.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "store/fixture.h"
#include "store/postgres_store.h"
#include "system/postgres.h"

enum {
    STEPS = 5, /* sessions 1 to 5; something is wrong with the third */
    THIRD = 3,
    SQL_SIZE = 2048,
    SHORT_MS = 300, /* for an answer, where none is to come */
};

static const struct store_lifetime life = {.now_s = FIXTURE_NOW_S};

/* One refresh. */
struct step_change {
    struct change change; /* first */
    struct store_step step;
    struct store_holder holder;
};

static enum store_result run_step(struct store *store, struct change *change)
{
    struct step_change *c = (struct step_change *)change;

    return store_session_step(store, &c->step, &life, &c->holder);
}

/* Steps of the sessions 1 to 5, from generation 0. */
static void fill_steps(struct step_change steps[STEPS])
{
    for (uint8_t i = 0; i < STEPS; i++) {
        uint8_t sid = (uint8_t)(i + 1);

        steps[i] = (struct step_change){
            .change.run = run_step,
            .step = fixture_step(sid, 0, sid, (uint8_t)(100 + sid)),
        };
        steps[i].change.sid = steps[i].step.sid;
    }
}

static enum store_result run_list(struct store *store, struct change_list *list)
{
    static struct batch_talk talks[STORE_TALKS_MAX];

    return batch_talk(store, list, talks);
}

static enum store_result run_steps(struct store *store,
                                   struct step_change steps[STEPS])
{
    struct change_list list = {.first = NULL};

    for (size_t i = 0; i < STEPS; i++)
        change_list_add(&list, &steps[i].change);
    return run_list(store, &list);
}

/* ---- By other hands ---- */

/* In the fixture's database, as the superuser. */
static bool spoil(const struct fixture *f, const char *sql, char *out,
                  size_t size)
{
    char text[SQL_SIZE + 64];
    const char *name = strchr(f->url, '/') + strlen("//stay@/");

    (void)snprintf(text, sizeof text, "\\c %.*s\n%s", (int)strcspn(name, "?"),
                   name, sql);
    return CHECK(postgres_sql(fixture_server(), text, out, size));
}

static int64_t ask_number(const struct fixture *f, const char *sql)
{
    char out[64] = "";

    (void)spoil(f, sql, out, sizeof out);
    return strtoll(out, NULL, 10);
}

/* Of all sessions, such as "1 1 0 1 1". */
static void check_generations(const struct fixture *f, const char *wanted)
{
    char got[64] = "";

    (void)spoil(f,
                "SELECT string_agg(generation::text, ' ' ORDER BY sid)"
                " FROM session",
                got, sizeof got);
    CHECK_TEXT(got, wanted);
}

static bool wait_for_number(const struct fixture *f, const char *sql,
                            int64_t wanted)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;

    while (process_now_ms() < end_ms) {
        if (ask_number(f, sql) == wanted)
            return true;
        process_pause();
    }
    return false;
}

/* `body` is what happens to the third session's row; it counts the times. */
static void plant(const struct fixture *f, bool at_commit, const char *body)
{
    char sql[SQL_SIZE];

    (void)snprintf(
        sql, sizeof sql,
        "CREATE SEQUENCE IF NOT EXISTS tries;"
        "SELECT setval('tries', 1, false);"
        "CREATE OR REPLACE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql"
        " SECURITY DEFINER AS $f$BEGIN"
        " IF NEW.sid = decode(repeat('03', 16), 'hex') THEN"
        " PERFORM nextval('tries'); %s; END IF; RETURN NEW; END$f$;"
        "CREATE %s ON session %s FOR EACH ROW EXECUTE FUNCTION fault()",
        body,
        at_commit ? "CONSTRAINT TRIGGER fault AFTER UPDATE"
                  : "TRIGGER fault BEFORE UPDATE",
        at_commit ? "DEFERRABLE INITIALLY DEFERRED" : "");
    (void)spoil(f, sql, NULL, 0);
}

static void add_sessions(struct fixture *f)
{
    (void)spoil(f, "DELETE FROM session", NULL, 0);
    for (uint8_t i = 1; i <= STEPS; i++)
        fixture_add_session(f, i);
}

static void open_sessions(struct fixture *f)
{
    fixture_open(f);
    add_sessions(f);
}

/* ---- The third of five ---- */

struct fault {
    const char *name;
    const char *body;
    enum store_result third, others;
    int tries; /* of the third, when it is one of a batch */
    int alone; /* and when it is a transaction of several statements */
};

#define RAISE(state) "RAISE EXCEPTION 'sesame' USING ERRCODE = '" state "'"
// clang-format off
static const struct fault faults[] = {
    {"is refused", RAISE("23514"), STORE_FAILED, STORE_OK, 2, 1},
    {"is refused by a trigger", RAISE("P0001"), STORE_FAILED, STORE_OK, 2, 1},
    {"stands in another's way", RAISE("40P01"), STORE_BUSY, STORE_OK, 2, 2},
    {"finds no room", RAISE("53100"), STORE_FULL, STORE_OK, 2, 1},
    {"is done or not, and nobody knows", RAISE("40003"), STORE_AWAY,
     STORE_AWAY, 1, 1},
    {"ends the connection", "PERFORM pg_terminate_backend(pg_backend_pid())",
     STORE_AWAY, STORE_AWAY, 1, 1},
    {"takes too long", "PERFORM pg_sleep(20)", STORE_AWAY, STORE_AWAY, 1, 1},
};
// clang-format on

/* What there is now: nothing half, nothing twice. */
static void check_rows(const struct fixture *f, const struct fault *fault)
{
    check_generations(f, fault->others == STORE_OK ? "1 1 0 1 1" : "0 0 0 0 0");
    CHECK_EQ(ask_number(f, "SELECT last_value - 1 + is_called::int FROM tries"),
             fault->tries);
}

/* The fault is mended, and so is the connection: what failed can be done. */
static void check_after(struct fixture *f, const struct fault *fault)
{
    struct step_change steps[STEPS];

    CHECK_EQ(store_ready(f->store), fault->others == STORE_OK);
    CHECK_EQ(store_mend(f->store), STORE_OK);
    CHECK(wait_for_number(f,
                          "SELECT count(*) FROM pg_stat_activity WHERE datname"
                          " = current_database() AND usename = 'stay'",
                          1));
    (void)spoil(f, "DROP TRIGGER fault ON session", NULL, 0);
    fill_steps(steps);
    CHECK_EQ(run_steps(f->store, steps), STORE_OK);
    for (int i = 1; i <= STEPS; i++) {
        bool done = i != THIRD && fault->others == STORE_OK;

        CHECK_EQ(steps[i - 1].change.result, done ? STORE_NONE : STORE_OK);
    }
    check_generations(f, "1 1 1 1 1");
}

static void shorten(struct fixture *f)
{
    ((struct postgres_store *)(void *)f->store)->limit_ms = SHORT_MS;
}

/* The usual limit again, which a row may have made short. */
static void set_limit(struct fixture *f, const struct fault *fault)
{
    if (fault != NULL && strstr(fault->body, "pg_sleep") != NULL)
        shorten(f);
    else
        ((struct postgres_store *)(void *)f->store)->limit_ms =
            POSTGRES_ANSWER_MS;
}

static void try_fault(struct fixture *f, const struct fault *fault,
                      bool at_commit)
{
    struct step_change steps[STEPS];

    add_sessions(f);
    plant(f, at_commit, fault->body);
    set_limit(f, fault);
    fill_steps(steps);
    CHECK_EQ(run_steps(f->store, steps),
             fault->others == STORE_OK ? STORE_OK : STORE_AWAY);
    for (int i = 1; i <= STEPS; i++)
        CHECK_EQ(steps[i - 1].change.result,
                 i == THIRD ? fault->third : fault->others);
    // What a trigger says may hold a value; what the server says does not.
    CHECK(strstr(store_message(f->store), "sesame") == NULL ||
          fault->third != STORE_FAILED);
    check_rows(f, fault);
    set_limit(f, NULL);
    check_after(f, fault);
}

static void in_the_middle(void **state)
{
    struct fixture f;

    (void)state;
    CASE("a database for what goes wrong in the middle");
    fixture_open(&f);
    for (size_t i = 0; i < COUNT(faults); i++)
        for (int at_commit = 0; at_commit < 2; at_commit++) {
            check_case("the third of five %s, %s", faults[i].name,
                       at_commit ? "as they are committed" : "as it is run");
            try_fault(&f, &faults[i], at_commit);
        }
    fixture_close(&f);
}

/* The same of one that is a transaction of its own. */
static void try_alone(struct fixture *f, const struct fault *fault,
                      bool at_commit)
{
    struct change_list list = {.first = NULL};
    struct step_change steps[STEPS];
    struct change *third = &steps[THIRD - 1].change;

    add_sessions(f);
    plant(f, at_commit, fault->body);
    set_limit(f, fault);
    fill_steps(steps);
    third->steps = true;
    third->sid = NULL;
    change_list_add(&list, third);
    (void)run_list(f->store, &list);
    CHECK_EQ(third->result, fault->third);
    check_generations(f, "0 0 0 0 0");
    CHECK_EQ(ask_number(f, "SELECT last_value - 1 + is_called::int FROM tries"),
             fault->alone);
    CHECK(!store_in_transaction(f->store));
    set_limit(f, NULL);
    CHECK_EQ(store_mend(f->store), STORE_OK);
    (void)spoil(f, "DROP TRIGGER fault ON session", NULL, 0);
}

static void alone(void **state)
{
    struct fixture f;

    (void)state;
    CASE("a database for what goes wrong alone");
    fixture_open(&f);
    for (size_t i = 0; i < COUNT(faults); i++)
        for (int at_commit = 0; at_commit < 2; at_commit++) {
            check_case("a transaction of several statements %s, %s",
                       faults[i].name,
                       at_commit ? "as it is committed" : "as it is run");
            try_alone(&f, &faults[i], at_commit);
        }
    fixture_close(&f);
}

/* ---- Others ---- */

static void a_lock(void **state)
{
    struct step_change steps[STEPS];
    struct fixture f;
    struct store *other;

    (void)state;
    CASE("the third of five waits in vain for a lock: the others do not");
    open_sessions(&f);
    other = fixture_connect(&f, STORE_WRITE);
    CHECK_EQ(store_begin(other), STORE_OK);
    fill_steps(steps);
    CHECK_EQ(store_session_touch(other, steps[THIRD - 1].step.sid,
                                 FIXTURE_NOW_S + 1),
             STORE_OK);
    PQclear(PQexec(((struct postgres_store *)(void *)f.store)->conn,
                   "SET lock_timeout = '200ms'"));
    CHECK_EQ(run_steps(f.store, steps), STORE_OK);
    for (int i = 1; i <= STEPS; i++)
        CHECK_EQ(steps[i - 1].change.result,
                 i == THIRD ? STORE_BUSY : STORE_OK);
    store_rollback(other);
    store_close(other);
    fixture_close(&f);
}

static void twice(void **state)
{
    struct step_change steps[STEPS];
    struct fixture f;

    (void)state;
    CASE("one session's step twice in a batch: one of them is done");
    open_sessions(&f);
    fill_steps(steps);
    steps[1].step = steps[0].step;
    steps[2].step = fixture_step(1, 0, 1, 77); // another successor
    CHECK_EQ(run_steps(f.store, steps), STORE_OK);
    CHECK_EQ((steps[0].change.result == STORE_OK) +
                 (steps[1].change.result == STORE_OK) +
                 (steps[2].change.result == STORE_OK),
             1);
    CHECK_EQ((steps[0].change.result == STORE_NONE) +
                 (steps[1].change.result == STORE_NONE) +
                 (steps[2].change.result == STORE_NONE),
             2);
    check_generations(&f, "1 0 0 1 1");
    fixture_close(&f);
}

struct find_change {
    struct change change; /* first */
    int64_t id;
    struct store_user user;
};

static enum store_result run_find(struct store *store, struct change *change)
{
    struct find_change *c = (struct find_change *)change;

    return store_user_by_id(store, c->id, &c->user);
}

static void full(void **state)
{
    static struct find_change finds[STORE_TALKS_MAX];
    struct change_list list = {.first = NULL};
    int64_t ids[2];
    size_t right = 0;
    struct fixture f;

    (void)state;
    check_case("%d questions in one batch: each has its own answer",
               (int)STORE_TALKS_MAX);
    fixture_open(&f);
    ids[0] = f.user_id;
    ids[1] = fixture_add_user(&f, "eve", "");
    for (size_t i = 0; i < COUNT(finds); i++) {
        finds[i] = (struct find_change){.change.run = run_find,
                                        .id = i % 3 == 2 ? 0 : ids[i % 3]};
        change_list_add(&list, &finds[i].change);
    }
    CHECK_EQ(run_list(f.store, &list), STORE_OK);
    for (size_t i = 0; i < COUNT(finds); i++)
        right += i % 3 == 2 ? finds[i].change.result == STORE_NONE
                            : finds[i].change.result == STORE_OK &&
                                  finds[i].user.id == finds[i].id;
    CHECK_EQ(right, COUNT(finds));
    fixture_close(&f);
}

/* ---- A standby that is waited for ---- */

static void *run_in_thread(void *context)
{
    void **both = context;

    (void)run_steps(both[0], both[1]);
    return NULL;
}

static const char wait_for_nobody[] =
    "ALTER SYSTEM SET synchronous_standby_names = 'nobody';"
    "SELECT pg_reload_conf()";
static const char wait_no_more[] =
    "ALTER SYSTEM RESET synchronous_standby_names;"
    "SELECT pg_reload_conf()";
static const char waiting[] =
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";

/* Waits for a standby that there is not until `sql`, or the limit, ends that. */
static void wait_in_vain(struct fixture *f, struct step_change steps[STEPS],
                         const char *sql)
{
    void *both[] = {f->store, steps};
    pthread_t thread;

    (void)spoil(f, wait_for_nobody, NULL, 0);
    CHECK(wait_for_number(f,
                          "SELECT (current_setting('synchronous_standby_names')"
                          " = 'nobody')::int",
                          1));
    CHECK_EQ(pthread_create(&thread, NULL, run_in_thread, both), 0);
    if (sql != NULL) {
        CHECK(wait_for_number(f, waiting, 1));
        (void)spoil(f, sql, NULL, 0);
    }
    CHECK_EQ(pthread_join(thread, NULL), 0);
}

static void standby(void **state)
{
    static const struct {
        const char *name;
        const char *sql;
    } rows[] = {
        {"until the wait is cancelled",
         "SELECT pg_cancel_backend(pid) FROM"
         " pg_stat_activity WHERE wait_event = 'SyncRep'"},
        {"until the process is ended",
         "SELECT pg_terminate_backend(pid) FROM"
         " pg_stat_activity WHERE wait_event = 'SyncRep'"},
        {"longer than we wait for an answer", NULL       },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct step_change steps[STEPS];
        struct fixture f;

        check_case("a commit waits for a lost standby %s: unknown",
                   rows[i].name);
        open_sessions(&f);
        if (rows[i].sql == NULL)
            shorten(&f);
        fill_steps(steps);
        wait_in_vain(&f, steps, rows[i].sql);
        for (int k = 0; k < STEPS; k++)
            CHECK_EQ(steps[k].change.result, STORE_AWAY);
        CHECK(!store_ready(f.store));
        check_case("... and the next connection leaves none behind: %s",
                   rows[i].name);
        CHECK_EQ(store_mend(f.store), STORE_OK);
        CHECK(wait_for_number(&f, waiting, 0));
        (void)spoil(&f, wait_no_more, NULL, 0);
        fixture_close(&f);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_the_middle), cmocka_unit_test(alone),
        cmocka_unit_test(a_lock),        cmocka_unit_test(twice),
        cmocka_unit_test(full),          cmocka_unit_test(standby),
    };

    return fixture_run("server/batch", tests);
}
