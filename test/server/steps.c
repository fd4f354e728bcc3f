/*
 * Refreshes that arrive together are one statement on PostgreSQL: each of them
 * comes to what it would alone, and two writers never wait for each other.
 */
#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "server/writer_batch.h"
#include "store/fixture.h"
#include "store/postgres_store.h"
#include "system/process.h"

enum {
    SQL_SIZE = 512,
    ALONE = 100, /* a session's number is so much higher where it is alone */
    MAX_S = 1000,
    IDLE_S = 100,
    WRITERS = 2,
    SHARED = 24,    /* sessions that both writers move */
    LOAD_MS = 3000, /* for so long */
};

static const struct store_lifetime life = {
    .now_s = FIXTURE_NOW_S, .max_s = MAX_S, .idle_s = IDLE_S};

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

static void set_step(struct step_change *c, struct store_step step)
{
    *c = (struct step_change){.change.run = run_step, .step = step};
    c->change.sid = c->step.sid;
}

static enum store_result run_steps(struct store *store,
                                   struct step_change *steps, size_t count)
{
    struct batch_talk talks[STORE_TALKS_MAX];
    struct change_list list = {.first = NULL};

    for (size_t i = 0; i < count; i++)
        change_list_add(&list, &steps[i].change);
    return batch_talk(store, &list, talks);
}

static PGconn *connection_of(struct store *store)
{
    return ((struct postgres_store *)(void *)store)->conn;
}

/* The first column of all rows, a line each. */
static void ask(struct store *store, const char *sql, char *out, size_t size)
{
    PGresult *result = PQexec(connection_of(store), sql);
    size_t used = 0;

    out[0] = '\0';
    if (!CHECK(PQresultStatus(result) == PGRES_TUPLES_OK ||
               PQresultStatus(result) == PGRES_COMMAND_OK))
        check_note("%s", PQresultErrorMessage(result));
    for (int i = 0; i < PQntuples(result) && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s\n",
                                 PQgetvalue(result, i, 0));
    PQclear(result);
}

static int64_t ask_number(struct store *store, const char *sql)
{
    char out[64];

    ask(store, sql, out, sizeof out);
    return strtoll(out, NULL, 10);
}

/* ---- Each as it would be alone ---- */

#define SET "UPDATE session SET "
static const struct step_row {
    const char *name;
    const char *spoil; /* what is done to its row before; "": nothing */
    int64_t generation;
    uint8_t shown, next; /* beside the session's number */
    enum store_result result;
} rows[] = {
    {"the first of all",                  "",                               0, 0, 50, STORE_OK  },
    {"a generation behind",               SET "generation = 1",             0, 0, 50, STORE_NONE},
    {"a generation before",               "",                               1, 0, 50, STORE_NONE},
    {"another secret",                    "",                               0, 1, 50, STORE_NONE},
    {"one in the midst",                  SET "generation = 7",             7, 0, 50, STORE_OK  },
    {"a successor that is in the chain",  "",                               0, 0, 0,  STORE_NONE},
    {"an ended session",                  SET "ended = 1",                  0, 0, 50, STORE_NONE},
    {"an offered session",                SET "protocol = 1",               0, 0, 50, STORE_NONE},
    {"the last second of its whole life", SET "created_s = 1000001 - 1000", 0,
     0,                                                                           50, STORE_OK  },
    {"its whole life is over",            SET "created_s = 1000000 - 1000", 0, 0, 50,
     STORE_NONE                                                                                 },
    {"the last second of being idle",     SET "used_s = 1000001 - 100",     0, 0, 50,
     STORE_OK                                                                                   },
    {"idle for too long",                 SET "used_s = 1000000 - 100",     0, 0, 50, STORE_NONE},
    {"a session that is not there",       "DELETE FROM session",            0, 0, 50,
     STORE_NONE                                                                                 },
    {"the last of all",                   "",                               0, 0, 50, STORE_OK  },
};

/* The session of row i, which is alone or not; each has words of its own. */
static void add_session(struct fixture *f, size_t i, size_t number)
{
    char sql[SQL_SIZE], out[8];

    fixture_add_session(f, (uint8_t)number);
    (void)snprintf(sql, sizeof sql,
                   "UPDATE session SET roles = 'r%zu' WHERE sid ="
                   " decode(repeat('%02zx', 16), 'hex')",
                   number, number);
    ask(f->store, sql, out, sizeof out);
    if (rows[i].spoil[0] == '\0')
        return;
    (void)snprintf(sql, sizeof sql,
                   "%s WHERE sid = decode(repeat('%02zx', 16), 'hex')",
                   rows[i].spoil, number);
    ask(f->store, sql, out, sizeof out);
}

static void check_step(const struct step_change *c, size_t i, size_t number)
{
    char roles[16];

    (void)snprintf(roles, sizeof roles, "r%zu", number);
    CHECK_EQ(c->change.result, rows[i].result);
    if (rows[i].result == STORE_OK)
        CHECK_TEXT(c->holder.roles, roles);
}

static struct store_step step_of(size_t i, size_t number)
{
    return fixture_step((uint8_t)number, rows[i].generation,
                        (uint8_t)(number + rows[i].shown),
                        (uint8_t)(number + rows[i].next));
}

/* What a session is now, but for the bytes of its own number. */
static const char same_rows[] =
    "SELECT count(*) FROM session a JOIN session b ON"
    " get_byte(b.sid, 0) = get_byte(a.sid, 0) + 100 AND length(a.sid) = 16"
    " WHERE (a.generation, a.moved, a.moved_s, a.used_s, a.created_s, a.ended)"
    " = (b.generation, b.moved, b.moved_s, b.used_s, b.created_s, b.ended)"
    " AND get_byte(b.chain, 0) = get_byte(a.chain, 0) + 100"
    " AND get_byte(b.chain, 31) = get_byte(a.chain, 31) + 100"
    " AND (get_byte(b.chain, 32) = get_byte(a.chain, 32) + 100"
    " OR get_byte(b.chain, 32) = 0 AND get_byte(a.chain, 32) = 0)"
    " AND substr(a.chain, 49) = substr(b.chain, 49)";

static void as_alone(void **state)
{
    struct step_change steps[COUNT(rows)];
    struct step_change one;
    struct fixture f;

    (void)state;
    CASE("a database for steps together and alone");
    fixture_open(&f);
    for (size_t i = 0; i < COUNT(rows); i++) {
        add_session(&f, i, i + 1);
        add_session(&f, i, i + 1 + ALONE);
        // The last in the list is the first by sid.
        set_step(&steps[COUNT(rows) - 1 - i], step_of(i, i + 1));
    }
    CHECK_EQ(run_steps(f.store, steps, COUNT(rows)), STORE_OK);
    for (size_t i = 0; i < COUNT(rows); i++) {
        check_case("together: %s", rows[i].name);
        check_step(&steps[COUNT(rows) - 1 - i], i, i + 1);
        check_case("alone: %s", rows[i].name);
        set_step(&one, step_of(i, i + 1 + ALONE));
        CHECK_EQ(run_steps(f.store, &one, 1), STORE_OK);
        check_step(&one, i, i + 1 + ALONE);
    }
    CASE("together and alone leave the same rows");
    CHECK_EQ(ask_number(f.store, same_rows), COUNT(rows) - 1);
    fixture_close(&f);
}

static void many(void **state)
{
    static struct step_change steps[250];
    struct fixture f;
    size_t done = 0;

    (void)state;
    CASE("250 steps in one statement, and the next of each in another");
    fixture_open(&f);
    for (size_t i = 0; i < COUNT(steps); i++)
        fixture_add_session(&f, (uint8_t)(i + 1));
    for (uint8_t turn = 0; turn < 2; turn++) {
        for (size_t i = 0; i < COUNT(steps); i++) {
            uint8_t sid = (uint8_t)(i + 1);

            set_step(&steps[i], fixture_step(sid, turn, (uint8_t)(sid + turn),
                                             (uint8_t)(sid + turn + 1)));
        }
        CHECK_EQ(run_steps(f.store, steps, COUNT(steps)), STORE_OK);
        for (size_t i = 0; i < COUNT(steps); i++)
            done += steps[i].change.result == STORE_OK;
    }
    CHECK_EQ(done, 2 * COUNT(steps));
    CHECK_EQ(ask_number(f.store, "SELECT sum(generation) FROM session"),
             2 * (int64_t)COUNT(steps));
    fixture_close(&f);
}

/* ---- In one order ---- */

/* Whatever the table holds. */
#define FILL(count)                                                            \
    "DO $$DECLARE one session; BEGIN"                                          \
    " INSERT INTO session SELECT * FROM kept ON CONFLICT DO NOTHING;"          \
    " SELECT * INTO one FROM kept;"                                            \
    " FOR n IN 2.." count " LOOP"                                              \
    " one.sid := decode(lpad(to_hex(n), 32, 'e'), 'hex');"                     \
    " INSERT INTO session SELECT one.* ON CONFLICT DO NOTHING;"                \
    " END LOOP; END$$"

static void plan(void **state)
{
    static const struct {
        const char *name;
        const char *sql; /* before it is analyzed; "": it is not */
        bool is_small;   /* to read all of it is as fast */
    } sizes[] = {
        {"as it is installed", "",                    false},
        {"found to be empty",  "DELETE FROM session", true },
        {"ten sessions",       FILL("10"),            true },
        {"300 sessions",       FILL("300"),           false},
        {"3,000 sessions",     FILL("3000"),          false},
    };
    struct fixture f;
    char sql[SQL_SIZE], out[4096];

    (void)state;
    CASE("a database for the plan");
    fixture_open(&f);
    fixture_add_session(&f, 1);
    ask(f.store, "CREATE TABLE kept AS SELECT * FROM session", out, sizeof out);
    (void)snprintf(sql, sizeof sql,
                   "EXPLAIN (COSTS OFF) EXECUTE s%03d ('{}', '{}', '{}', '{}',"
                   " '{}', '{}', '{}')",
                   (int)SESSION_STEPS);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        const char *loop, *list, *table;

        check_case("rows are taken in the order of their sids: %s",
                   sizes[i].name);
        if (sizes[i].sql[0] != '\0')
            ask(f.store, sizes[i].sql, out, sizeof out);
        if (i > 0)
            ask(f.store, "VACUUM ANALYZE session", out, sizeof out);
        ask(f.store, sql, out, sizeof out);
        loop = strstr(out, "Nested Loop");
        list = strstr(out, "Function Scan on");
        table = loop == NULL ? NULL : strstr(loop, " on session");
        CHECK(loop != NULL && list != NULL && table != NULL);
        // Either is in the order of the sids, but only one is fast.
        CHECK((loop < list && list < table) || sizes[i].is_small);
        if (!CHECK(strstr(out, "Index Scan using session_pkey") != NULL &&
                   strstr(out, "Seq Scan") == NULL))
            check_note("%s", out);
    }
    fixture_close(&f);
}

struct load {
    struct store *store;
    int64_t end_ms;
    int64_t moved, lost, other; /* steps */
};

/* All of them, each from where this writer believes it to be. */
static void *move_all(void *context)
{
    struct step_change steps[SHARED];
    int64_t at[SHARED] = {0};
    struct load *l = context;

    while (process_now_ms() < l->end_ms) {
        for (size_t i = 0; i < SHARED; i++) {
            uint8_t sid = (uint8_t)(i + 1);
            uint8_t shown = (uint8_t)(1 + (sid - 1 + at[i]) % 250);
            uint8_t next = (uint8_t)(1 + (sid + at[i]) % 250);

            set_step(&steps[SHARED - 1 - i],
                     fixture_step(sid, at[i], shown, next));
        }
        l->other += run_steps(l->store, steps, SHARED) != STORE_OK;
        for (size_t i = 0; i < SHARED; i++) {
            enum store_result result = steps[SHARED - 1 - i].change.result;

            l->moved += result == STORE_OK;
            l->lost += result == STORE_NONE; // the other one was there before
            l->other += result != STORE_OK && result != STORE_NONE;
            at[i]++;
        }
    }
    return NULL;
}

static void two_writers(void **state)
{
    struct load loads[WRITERS] = {{.store = NULL}};
    pthread_t threads[WRITERS];
    struct fixture f;

    (void)state;
    CASE("two writers on the same sessions, for seconds: no deadlock");
    fixture_open(&f);
    for (size_t i = 0; i < SHARED; i++)
        fixture_add_session(&f, (uint8_t)(i + 1));
    for (size_t i = 0; i < WRITERS; i++) {
        loads[i].store = fixture_connect(&f, STORE_WRITE);
        loads[i].end_ms = process_now_ms() + LOAD_MS;
        CHECK_EQ(pthread_create(&threads[i], NULL, move_all, &loads[i]), 0);
    }
    for (size_t i = 0; i < WRITERS; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    check_note("%d and %d steps made, %d and %d lost", (int)loads[0].moved,
               (int)loads[1].moved, (int)loads[0].lost, (int)loads[1].lost);
    CHECK_EQ(loads[0].other + loads[1].other, 0);
    CHECK(loads[0].moved + loads[1].moved > SHARED);
    CHECK_EQ(ask_number(f.store, "SELECT sum(generation) FROM session"),
             loads[0].moved + loads[1].moved);
    for (size_t i = 0; i < WRITERS; i++)
        store_close(loads[i].store);
    CHECK_EQ(ask_number(f.store, "SELECT deadlocks FROM pg_stat_database"
                                 " WHERE datname = current_database()"),
             0);
    fixture_close(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_alone),
        cmocka_unit_test(many),
        cmocka_unit_test(plan),
        cmocka_unit_test(two_writers),
    };

    return fixture_run("server/steps", tests);
}
