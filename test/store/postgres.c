/*
 * One connection to PostgreSQL: who may open it, what is noticed of its end, and
 * that it is made anew where that helps.
 */
#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "store/fixture.h"
#include "store/postgres_store.h"
#include "store/raw.h"
#include "system/postgres.h"

enum {
    MIGRATION_LOCK = 0x53746179, /* of src/store/postgres_migrate.c */
    BATCHES = 20,
    BACKEND_MAX_KB = 6 * 1024,
    GROWTH_MAX_KB = 2 * 1024,
};

static const struct store_lifetime life = {.now_s = FIXTURE_NOW_S};

static enum store_result try_open(const char *url, enum store_mode mode,
                                  struct store_why *why)
{
    struct store_config config = {.url = url, .mode = mode};
    struct store *store = NULL;
    enum store_result result = store_open(&store, &config, why);

    CHECK_EQ(store != NULL, result == STORE_OK);
    store_close(store);
    return result;
}

/* ---- Versions ---- */

struct version_row {
    const char *name;
    const char *sql;
    enum store_result writer, reader;
    const char *says;
};

#define NEWER                                                                  \
    "INSERT INTO stay_migration (number, name) SELECT max(number) + 1, 'next'" \
    " FROM stay_migration"
#define OLDEST(less)                                                           \
    "INSERT INTO setting SELECT 'schema_oldest',"                              \
    " convert_to((max(number) - " #less ")::text, 'UTF8') FROM stay_migration" \
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"

// clang-format off
static const struct version_row versions[] = {
    {"as this program made it", "SELECT 1", STORE_OK, STORE_OK, ""},
    {"a newer program's", NEWER, STORE_NEWER, STORE_NEWER, "newer version"},
    {"a newer one's that lets us go on", NEWER ";" OLDEST(1), STORE_OK,
     STORE_OK, ""},
    {"one two versions ahead that lets us go on", NEWER ";" NEWER ";" OLDEST(2),
     STORE_OK, STORE_OK, ""},
    {"one two versions ahead that lets our neighbour go on",
     NEWER ";" NEWER ";" OLDEST(1), STORE_NEWER, STORE_NEWER, "newer version"},
    {"an older one's", "DELETE FROM stay_migration WHERE number ="
     " (SELECT max(number) FROM stay_migration); DROP TABLE audit",
     STORE_OK, STORE_OK, ""},
    {"a table that is gone", "DROP TABLE setting", STORE_CORRUPT, STORE_CORRUPT,
     "relation 'setting' does not exist"},
    {"a column that is gone", "ALTER TABLE session DROP COLUMN label",
     STORE_CORRUPT, STORE_CORRUPT,
     "column 'label' of relation 'session' does not exist"},
};
// clang-format on

static void versions_meet(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(versions); i++) {
        const struct version_row *v = &versions[i];
        struct store_why why = {{0}};
        struct fixture f;
        struct raw *raw;

        CASE(v->name);
        fixture_open(&f);
        raw = raw_open(&f);
        if (raw == NULL)
            return;
        (void)raw_run(raw, v->sql);
        raw_close(raw);
        CHECK_EQ(try_open(f.url, STORE_WRITE, &why), v->writer);
        if (!CHECK(strstr(why.text, v->says) != NULL))
            check_note("%s", why.text);
        CHECK_EQ(try_open(f.url, STORE_READ, &why), v->reader);
        fixture_close(&f);
    }
}

static void *open_in_thread(void *context)
{
    struct store_why why;

    return (void *)(uintptr_t)try_open(context, STORE_WRITE, &why);
}

static void lock(void **state)
{
    struct store_why why = {{0}};
    pthread_t thread;
    struct fixture f;
    struct raw *raw;
    char sql[96];
    void *result;

    (void)state;
    CASE("a reader finds an empty database of an older version");
    fixture_make(&f);
    raw = raw_open(&f);
    if (raw == NULL)
        return;
    CHECK_EQ(try_open(f.url, STORE_READ, &why), STORE_OLDER);
    CHECK(strstr(why.text, "older version") != NULL);
    CASE("who would migrate waits while another holds the lock");
    (void)snprintf(sql, sizeof sql, "SELECT pg_advisory_lock(%d)",
                   MIGRATION_LOCK);
    (void)raw_run(raw, sql);
    CHECK_EQ(pthread_create(&thread, NULL, open_in_thread, f.url), 0);
    CHECK(raw_wait(raw,
                   "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
                   " AND NOT granted",
                   1));
    CHECK_EQ(raw_number(raw, "SELECT count(*) FROM pg_class"
                             " WHERE relname = 'account'"),
             0);
    CASE("and then does it");
    (void)snprintf(sql, sizeof sql, "SELECT pg_advisory_unlock(%d)",
                   MIGRATION_LOCK);
    (void)raw_run(raw, sql);
    CHECK_EQ(pthread_join(thread, &result), 0);
    CHECK_EQ((uintptr_t)result, STORE_OK);
    raw_close(raw);
    f.store = fixture_connect(&f, STORE_READ);
    fixture_check_whole(f.store);
    fixture_close(&f);
}

/* ---- A connection's end ---- */

static PGconn *connection_of(struct fixture *f)
{
    return ((struct postgres_store *)(void *)f->store)->conn;
}

static enum store_result step_on(struct fixture *f)
{
    struct store_session session;
    struct store_holder holder;
    struct store_step step;
    enum store_result result;

    memset(step.sid, 1, sizeof step.sid);
    result = store_session_find(f->store, step.sid, &session);
    if (result != STORE_OK)
        return result;
    step.generation = session.chain.generation;
    memcpy(step.shown, session.chain.bytes, sizeof step.shown);
    memset(step.next, (int)(100 + step.generation), sizeof step.next);
    return store_session_step(f->store, &step, &life, &holder);
}

/* It is noticed without a statement being sent. */
static bool wait_until_lost(struct fixture *f)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;

    while (process_now_ms() < end_ms) {
        if (!store_ready(f->store))
            return true;
        process_pause();
    }
    return false;
}

struct end_row {
    const char *name;
    const char *begin;      /* on the connection itself, or NULL */
    const char *sql;        /* by other hands */
    const char *undo;       /* without it no connection is to be had; or NULL */
    enum store_result used; /* what a statement on it gives; STORE_OK: the end
                               is noticed without one */
};

#define ALTER(what) "ALTER SYSTEM " what "; SELECT pg_reload_conf()"
// clang-format off
static const struct end_row ends[] = {
    {"the server ends it", NULL, "SELECT pg_terminate_backend(pid)"
     " FROM pg_stat_activity WHERE usename = 'stay'", NULL, STORE_OK},
    {"the server ends it because it was idle",
     "SET idle_session_timeout = '50ms'", "SELECT 1", NULL, STORE_OK},
    {"somebody drops what it has prepared", "DEALLOCATE ALL", "SELECT 1", NULL,
     STORE_AWAY},
    {"a column's type is another one now", NULL, "ALTER TABLE session"
     " ALTER COLUMN moved TYPE integer", NULL, STORE_AWAY},
    {"the server takes no writes any more", NULL,
     ALTER("SET default_transaction_read_only = on"),
     ALTER("RESET default_transaction_read_only"), STORE_AWAY},
    {"the role may not connect any more", NULL, "ALTER ROLE stay NOLOGIN;"
     "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
     " WHERE usename = 'stay'", "ALTER ROLE stay LOGIN", STORE_OK},
    {"there is no room for a connection", NULL, "ALTER ROLE stay"
     " CONNECTION LIMIT 0; SELECT pg_terminate_backend(pid)"
     " FROM pg_stat_activity WHERE usename = 'stay'",
     "ALTER ROLE stay CONNECTION LIMIT -1", STORE_OK},
};
// clang-format on

/* A reload reaches each process by itself. */
static enum store_result use_until(struct fixture *f, enum store_result wanted)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;
    enum store_result result;

    do {
        result = step_on(f);
        process_pause();
    } while (result == STORE_OK && wanted != STORE_OK &&
             process_now_ms() < end_ms);
    return result;
}

/* What was undone may take a moment to be known. */
static bool mend_in_time(struct fixture *f)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;

    while (process_now_ms() < end_ms) {
        if (store_mend(f->store) == STORE_OK)
            return true;
        process_pause();
    }
    check_note("%s", store_message(f->store));
    return false;
}

static void try_end(struct fixture *f, struct raw *raw, const struct end_row *e)
{
    CHECK_EQ(store_mend(f->store), STORE_OK);
    CHECK_EQ(step_on(f), STORE_OK);
    if (e->begin != NULL)
        PQclear(PQexec(connection_of(f), e->begin));
    for (const char *at = e->sql; *at != '\0';) {
        // ALTER SYSTEM is for itself alone.
        size_t length = strcspn(at, ";");
        char sql[256];

        (void)snprintf(sql, sizeof sql, "%.*s", (int)length, at);
        (void)raw_run(raw, sql);
        at += length + (at[length] == ';');
    }
    if (e->used != STORE_OK)
        CHECK_EQ(use_until(f, e->used), e->used);
    CHECK(wait_until_lost(f));
    if (e->undo != NULL) {
        CHECK(store_failed(store_mend(f->store)));
        CHECK(store_message(f->store)[0] != '\0');
        check_note("%s: %s", e->name, store_message(f->store));
        CHECK(postgres_sql(fixture_server(), e->undo, NULL, 0));
    }
    CHECK(mend_in_time(f));
    CHECK_EQ(step_on(f), STORE_OK);
}

static void ended(void **state)
{
    struct fixture f;
    struct raw *raw;

    (void)state;
    CASE("a connection works");
    fixture_open(&f);
    fixture_add_session(&f, 1);
    CHECK_EQ(step_on(&f), STORE_OK);
    raw = raw_open(&f);
    if (raw == NULL)
        return;
    for (size_t i = 0; i < COUNT(ends); i++) {
        CASE(ends[i].name);
        try_end(&f, raw, &ends[i]);
    }
    raw_close(raw);
    fixture_close(&f);
}

static void reader(void **state)
{
    struct store_value value = {.length = 0};
    struct store_user user;
    struct fixture f;
    struct store *r;

    (void)state;
    fixture_open(&f);
    r = fixture_connect(&f, STORE_READ);
    CASE("a reader sees what was committed, and nothing before");
    CHECK_EQ(store_begin(f.store), STORE_OK);
    (void)fixture_add_user(&f, "eve", "");
    CHECK_EQ(store_user_by_name(r, "ada", &user), STORE_OK);
    CHECK_EQ(store_user_by_name(r, "eve", &user), STORE_NONE);
    CHECK_EQ(store_commit(f.store), STORE_OK);
    CHECK_EQ(store_user_by_name(r, "eve", &user), STORE_OK);
    CASE("a reader writes nothing");
    CHECK(store_failed(store_setting_put(r, "x", &value)));
    CHECK_EQ(store_setting_get(f.store, "x", &value), STORE_NONE);
    store_close(r);
    fixture_close(&f);
}

/* ---- Hosts ---- */

static void hosts(void **state)
{
    static struct postgres standby;
    struct store_why why = {{0}};
    char url[256], services[PROCESS_PATH_SIZE + 32], text[512];
    struct postgres *primary = fixture_server();

    (void)state;
    CASE("a standby starts");
    if (!postgres_standby(&standby, primary, false))
        return;
    CASE("a standby alone is no database to write to");
    (void)snprintf(url, sizeof url, "postgresql://stay@127.0.0.1:%d/stay",
                   standby.port);
    CHECK_EQ(try_open(url, STORE_WRITE, &why), STORE_AWAY);
    check_note("%s", why.text);
    CASE("nor to read from, whatever the address says");
    (void)snprintf(url, sizeof url,
                   "postgresql://stay@127.0.0.1:%d/stay"
                   "?target_session_attrs=any",
                   standby.port);
    CHECK_EQ(try_open(url, STORE_READ, &why), STORE_AWAY);
    CHECK(strstr(why.text, "the server is a standby") != NULL);
    CASE("of several hosts the one that takes writes is found");
    (void)snprintf(url, sizeof url,
                   "postgresql://stay@127.0.0.1:1,127.0.0.1:%d,127.0.0.1:%d"
                   "/stay",
                   standby.port, primary->port);
    CHECK_EQ(try_open(url, STORE_WRITE, &why), STORE_OK);
    CASE("also among those of a service");
    (void)snprintf(services, sizeof services, "%s/services", standby.folder);
    (void)snprintf(text, sizeof text,
                   "[stay]\nhost=127.0.0.1,127.0.0.1\nport=%d,%d\n"
                   "user=stay\ndbname=stay\n",
                   standby.port, primary->port);
    CHECK(process_write_file(services, text, strlen(text)));
    CHECK_EQ(setenv("PGSERVICEFILE", services, 1), 0);
    CHECK_EQ(try_open("postgresql://?service=stay", STORE_WRITE, &why),
             STORE_OK);
    CHECK_EQ(unsetenv("PGSERVICEFILE"), 0);
    postgres_clear(&standby);
}

/* ---- What it costs ---- */

static long own_kb(void)
{
    char *text = process_read_file("/proc/self/status", NULL);
    const char *at = text == NULL ? NULL : strstr(text, "VmRSS:");
    long kb = at == NULL ? -1 : strtol(at + 6, NULL, 10);

    free(text);
    return kb;
}

static void ask_many(struct fixture *f)
{
    static struct store_talk talks[STORE_TALKS_MAX];
    struct store_user user;
    size_t found = 0;

    for (size_t i = 0; i < STORE_TALKS_MAX; i++) {
        talks[i] = (struct store_talk){.apart = true};
        store_listen(f->store, &talks[i]);
        CHECK_EQ(store_user_by_name(f->store, "ada", &user), STORE_WAITING);
    }
    store_listen(f->store, NULL);
    CHECK_EQ(store_collect(f->store), STORE_OK);
    for (size_t i = 0; i < STORE_TALKS_MAX; i++) {
        store_listen(f->store, &talks[i]);
        found += store_user_by_name(f->store, "ada", &user) == STORE_OK;
        store_talk_clear(f->store, &talks[i]);
    }
    store_listen(f->store, NULL);
    CHECK_EQ(found, STORE_TALKS_MAX);
}

static void memory(void **state)
{
    struct fixture f;
    long before_kb;
    PGresult *result;
    long backend_kb;

    (void)state;
    check_case("%d full batches leave nothing behind, here or there",
               (int)BATCHES);
    fixture_open(&f);
    ask_many(&f);
    before_kb = own_kb();
    for (int i = 0; i < BATCHES; i++)
        ask_many(&f);
    CHECK(own_kb() - before_kb < GROWTH_MAX_KB);
    CHECK(postgres_sql(fixture_server(), "GRANT pg_read_all_stats TO stay",
                       NULL, 0));
    result =
        PQexec(connection_of(&f), "SELECT sum(total_bytes) / 1024"
                                  " FROM pg_get_backend_memory_contexts()");
    backend_kb = PQntuples(result) == 1
                     ? strtol(PQgetvalue(result, 0, 0), NULL, 10)
                     : -1;
    PQclear(result);
    check_note("a process of the server for one connection: %ld kB, of them "
               "grown here: %ld kB",
               backend_kb, own_kb() - before_kb);
    CHECK(backend_kb > 0 && backend_kb < BACKEND_MAX_KB);
    fixture_close(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_meet), cmocka_unit_test(lock),
        cmocka_unit_test(ended),         cmocka_unit_test(reader),
        cmocka_unit_test(hosts),         cmocka_unit_test(memory),
    };

    return fixture_run("store/postgres", tests);
}
