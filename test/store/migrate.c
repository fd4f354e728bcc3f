/*
 * Each migration from the one before it, with data in it that its own version
 * could have written: what was there is there afterwards, and what is new works
 * with what is old.
 */
#include "store/migration.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "store/code.h"
#include "store/fixture.h"
#include "store/key.h"
#include "store/raw.h"
#include "store/sqlite_store.h"
#include "store/todo.h"

enum { RACERS = 4, RACES = 5, SQL_SIZE = 16 * 1024 };

/*
 * What the version of this number added, filled with data; a new migration
 * brings a row of its own. Ids begin at 1.
 */
static const char *const data[] = {
    NULL,
    "INSERT INTO account (name, email, password, roles, disabled, created_s)"
    " VALUES ('ada', 'ada@example.org', 'hash of ada', 'user moderator', 0, 7),"
    " ('eve', '', 'hash of eve', 'user', 1, 8),"
    " ('J\xc3\xbcrgen', 'J@Example.org', 'hash of J', 'user', 0, 9);"
    "INSERT INTO session (sid, user_id, protocol, cookie, ended, ended_s,"
    " created_s, used_s, moved, moved_s, generation, chain, roles, dialect,"
    " label, agent, address) VALUES"
    " (<0a*16>, 1, 0, 0, 0, 0, 10, 20, 1, 20, 3, <5a*144>, 'user moderator',"
    " 'stay', 'laptop', 'test/1', '::1'),"
    " (<0b*16>, 1, 0, 1, 1, 30, 10, 20, 0, 0, 0, <5b*144>, 'user', 'stay', '',"
    " '', '');"
    "INSERT INTO todo (user_id, title, done) VALUES (1, 'learn C', 1),"
    " (3, 'learn Vue', 0);"
    "INSERT INTO sealed_key (id, kind, kid, created_s, retired_s, sealed)"
    " VALUES (1, 'sign', 'k1', 7, 8, <6a*64>), (2, 'mac', '', 7, 0, <6b*64>);"
    "INSERT INTO setting (name, value) VALUES ('colour', <72*3>);",
    "UPDATE account SET verified = 1 WHERE name = 'ada';"
    "INSERT INTO code (hash, user_id, kind, email, expires_s)"
    " VALUES (<0c*32>, 1, 2, 'ada@example.org', 5000);",
    "INSERT INTO audit (at_s, kind, outcome, user_id, sid, detail, dialect,"
    " address) VALUES (40, 'sign_in', 'done', 1, <0a*16>, 0, 'stay', '::1');",
};

static size_t count_migrations(void)
{
    return fixture_is_postgres() ? postgres_migrations_count
                                 : sqlite_migrations_count;
}

static const struct migration *migration(size_t number)
{
    return fixture_is_postgres() ? &postgres_migrations[number - 1]
                                 : &sqlite_migrations[number - 1];
}

/* As the version of this number would have left it. */
static void mark(struct raw *raw, size_t number)
{
    char sql[256];

    if (!fixture_is_postgres())
        (void)snprintf(sql, sizeof sql,
                       "PRAGMA application_id = %d; PRAGMA user_version = %zu",
                       STAY_APPLICATION_ID, number);
    else
        (void)snprintf(sql, sizeof sql,
                       "INSERT INTO stay_migration (number, name)"
                       " VALUES (%zu, '%s')",
                       number, migration(number)->name);
    (void)raw_run(raw, sql);
}

static void make_version(struct raw *raw, size_t version)
{
    char sql[SQL_SIZE];

    if (fixture_is_postgres())
        (void)raw_run(raw, "SET ROLE stay; CREATE TABLE stay_migration (number"
                           " bigint PRIMARY KEY, name text NOT NULL, applied"
                           " timestamptz NOT NULL DEFAULT now())");
    for (size_t i = 1; i <= version; i++) {
        (void)snprintf(sql, sizeof sql, "%s", migration(i)->sql);
        (void)raw_run(raw, sql);
        mark(raw, i);
        (void)raw_run(raw, data[i]);
    }
}

static bool count_one(void *context, const struct store_todo *todo)
{
    int *count = context;

    CHECK(strncmp(todo->title, "learn ", 6) == 0);
    ++*count;
    return true;
}

static bool count_key(void *context, const struct store_key *key)
{
    int *count = context;

    CHECK_EQ(key->blob_length, 64);
    ++*count;
    return true;
}

static void check_users(struct store *store, size_t version)
{
    struct store_user user;
    int todos = 0;

    CHECK_EQ(store_user_by_name(store, "ada", &user), STORE_OK);
    CHECK_EQ(user.id, 1);
    CHECK_TEXT(user.password, "hash of ada");
    CHECK_TEXT(user.roles, "user moderator");
    CHECK_EQ(user.created_s, 7);
    CHECK_EQ(user.verified, version >= 2);
    CHECK_EQ(store_user_by_name(store, "eve", &user), STORE_OK);
    CHECK(user.disabled && user.email[0] == '\0' && !user.verified);
    CHECK_EQ(store_user_by_email(store, "j@example.ORG", &user), STORE_OK);
    CHECK_TEXT(user.name, "J\xc3\xbcrgen");
    CHECK_EQ(store_todo_list(store, 1, count_one, &todos), STORE_OK);
    CHECK_EQ(todos, 1);
}

/* A session of the old version goes on in the new one. */
static void check_sessions(struct store *store)
{
    const struct store_lifetime life = {.now_s = 50};
    struct store_step step = fixture_step(0x0a, 3, 0x5a, 0x77);
    struct store_session session;
    struct store_holder holder;

    CHECK_EQ(store_session_find(store, step.sid, &session), STORE_OK);
    CHECK_EQ(session.chain.generation, 3);
    CHECK_EQ(session.used_s, 20);
    CHECK_TEXT(session.label, "laptop");
    CHECK_TEXT(session.address, "::1");
    CHECK_EQ(store_session_step(store, &step, &life, &holder), STORE_OK);
    CHECK_EQ(holder.user_id, 1);
    CHECK_TEXT(holder.roles, "user moderator");
    memset(step.sid, 0x0b, sizeof step.sid);
    CHECK_EQ(store_session_find(store, step.sid, &session), STORE_OK);
    CHECK_EQ(session.ended, STORE_ENDED_REVOKED);
    CHECK(session.cookie);
}

static void check_rest(struct store *store, size_t version)
{
    struct store_value value;
    uint8_t hash[STORE_HASH_SIZE];
    int64_t id = 0, removed = 0;
    int keys = 0;

    CHECK_EQ(store_setting_get(store, "colour", &value), STORE_OK);
    CHECK_BYTES(value.bytes, value.length, "rrr", 3);
    CHECK_EQ(store_key_list(store, count_key, &keys), STORE_OK);
    CHECK_EQ(keys, 2);
    memset(hash, 0x0c, sizeof hash);
    CHECK_EQ(store_code_find(store, STORE_CODE_RESET, hash, 4999, &id),
             version >= 2 ? STORE_OK : STORE_NONE);
    CHECK_EQ(store_audit_sweep(store, 41, 10, &removed), STORE_OK);
    CHECK_EQ(removed, version >= 3 ? 1 : 0);
}

/* What came with later versions, for a user of this one. */
static void check_new(struct store *store)
{
    struct store_code code = {.kind = STORE_CODE_VERIFY,
                              .user_id = 1,
                              .email = "ada@example.org",
                              .expires_s = 100};
    struct store_audit row = {.at_s = 60,
                              .kind = "sign_in",
                              .outcome = "done",
                              .user_id = 1,
                              .dialect = "",
                              .address = ""};

    CHECK_EQ(store_code_add(store, &code, 60), STORE_OK);
    CHECK_EQ(store_user_set_verified(store, 1, true), STORE_OK);
    CHECK_EQ(store_audit_add(store, &row), STORE_OK);
}

static void steps(void **state)
{
    (void)state;
    CASE("the migrations of both databases are numbered alike, from 1");
    CHECK_EQ(sqlite_migrations_count, postgres_migrations_count);
    for (size_t i = 0; i < sqlite_migrations_count; i++) {
        CHECK_EQ(strtoul(postgres_migrations[i].name, NULL, 10), i + 1);
        CHECK_TEXT(postgres_migrations[i].name, sqlite_migrations[i].name);
    }
    CASE("each migration has data of its own here");
    CHECK_EQ(COUNT(data), count_migrations() + 1);
    for (size_t version = 1; version <= count_migrations(); version++) {
        struct fixture f;
        struct raw *raw;
        int64_t now = 0;

        check_case("a database of version %zu, with data", version);
        fixture_make(&f);
        raw = raw_open(&f);
        if (raw == NULL)
            return;
        make_version(raw, version);
        raw_close(raw);
        f.store = fixture_connect(&f, STORE_WRITE);
        if (f.store == NULL)
            return;
        CHECK_EQ(store_version(f.store, &now), STORE_OK);
        CHECK_EQ(now, count_migrations());
        fixture_check_whole(f.store);
        check_users(f.store, version);
        check_sessions(f.store);
        check_rest(f.store, version);
        check_new(f.store);
        fixture_close(&f);
    }
}

/* Something in the way of each step but the first: nothing of it stays. */
static void failed_step(void **state)
{
    static const char *const in_the_way[] = {NULL, NULL,
                                             "CREATE TABLE code (id integer)",
                                             "CREATE TABLE audit (id integer)"};
    static const char *const out_of_the_way[] = {NULL, NULL, "DROP TABLE code",
                                                 "DROP TABLE audit"};

    (void)state;
    for (size_t step = 2; step <= count_migrations(); step++) {
        struct store_config config = {.mode = STORE_WRITE};
        struct store_why why = {{0}};
        struct fixture f;
        struct raw *raw;

        check_case("a migration to version %zu that fails in its midst", step);
        CHECK(step < COUNT(in_the_way));
        fixture_make(&f);
        config.url = f.url;
        raw = raw_open(&f);
        if (raw == NULL)
            return;
        make_version(raw, step - 1);
        (void)raw_run(raw, in_the_way[step]);
        CHECK(store_failed(store_open(&f.store, &config, &why)));
        if (!CHECK(strstr(why.text, "already exists") != NULL))
            check_note("%s", why.text);
        CASE("... leaves all as it was, and can be done later");
        (void)raw_run(raw, out_of_the_way[step]);
        raw_close(raw);
        f.store = fixture_connect(&f, STORE_WRITE);
        if (f.store == NULL)
            return;
        check_users(f.store, step - 1);
        check_sessions(f.store);
        fixture_close(&f);
    }
}

static void *open_in_thread(void *context)
{
    const struct fixture *f = context;
    struct store_config config = {.url = f->url, .mode = STORE_WRITE};
    struct store *store = NULL;
    struct store_why why;
    enum store_result result = store_open(&store, &config, &why);

    store_close(store);
    return (void *)(uintptr_t)result;
}

static void at_once(void **state)
{
    (void)state;
    for (size_t version = 0; version < RACES; version++) {
        pthread_t threads[RACERS];
        void *results[RACERS];
        struct fixture f;
        struct raw *raw;

        check_case("%d who migrate at once, race %zu", (int)RACERS,
                   version + 1);
        fixture_make(&f);
        raw = raw_open(&f);
        if (raw == NULL)
            return;
        if (version > 0)
            make_version(raw, 1 + version % 2);
        raw_close(raw);
        for (int i = 0; i < RACERS; i++)
            CHECK_EQ(pthread_create(&threads[i], NULL, open_in_thread, &f), 0);
        for (int i = 0; i < RACERS; i++) {
            CHECK_EQ(pthread_join(threads[i], &results[i]), 0);
            CHECK_EQ((uintptr_t)results[i], STORE_OK);
        }
        f.store = fixture_connect(&f, STORE_WRITE);
        fixture_check_whole(f.store);
        fixture_close(&f);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps),
        cmocka_unit_test(failed_step),
        cmocka_unit_test(at_once),
    };

    return fixture_run("store/migrate", tests);
}
