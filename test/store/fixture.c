#include "store/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "system/postgres.h"

static struct postgres server;

bool fixture_is_postgres(void)
{
    return check_on_postgres();
}

struct postgres *fixture_server(void)
{
    return &server;
}

static void skip_all(void **state)
{
    (void)state;
    CASE("the same rows on PostgreSQL");
    (void)postgres_programs();
}

int fixture_run_group(const char *suite, const struct CMUnitTest *tests,
                      size_t count)
{
    static const struct CMUnitTest skipped[] = {cmocka_unit_test(skip_all)};
    int code;

    if (!fixture_is_postgres())
        return check_run_group(suite, tests, count);
    if (postgres_programs() == NULL)
        return check_run(suite, skipped);
    if (!postgres_start(&server))
        return 1;
    code = check_run_group(suite, tests, count);
    postgres_clear(&server);
    return code;
}

static void make_database(struct fixture *f)
{
    static int number;
    char name[32];

    (void)snprintf(name, sizeof name, "fixture_%d", ++number);
    if (!postgres_add_database(&server, name, f->url))
        exit(1);
}

static void make_folder(struct fixture *f)
{
    const char *parent = getenv("TMPDIR");

    (void)snprintf(f->folder, sizeof f->folder, "%.40s/stay-XXXXXX",
                   parent == NULL ? "/tmp" : parent);
    if (mkdtemp(f->folder) == NULL) {
        perror(f->folder);
        exit(1);
    }
    (void)snprintf(f->path, sizeof f->path, "%s/stay.db", f->folder);
    (void)snprintf(f->url, sizeof f->url, "sqlite:%s", f->path);
}

void fixture_make(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    if (fixture_is_postgres())
        make_database(f);
    else
        make_folder(f);
}

void fixture_open(struct fixture *f)
{
    fixture_make(f);
    f->store = fixture_connect(f, STORE_WRITE);
    if (f->store == NULL)
        exit(1);
    f->user_id = fixture_add_user(f, "ada", "ada@example.org");
}

void fixture_close(struct fixture *f)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    char path[sizeof f->path + 16];

    store_close(f->store);
    f->store = NULL;
    if (fixture_is_postgres())
        return;
    for (size_t i = 0; i < 4; i++) {
        (void)snprintf(path, sizeof path, "%s%s", f->path, suffixes[i]);
        (void)unlink(path);
    }
    CHECK_EQ(rmdir(f->folder), 0);
}

struct store *fixture_connect(const struct fixture *f, enum store_mode mode)
{
    struct store_config config = {.url = f->url, .mode = mode};
    struct store_why why = {{0}};
    struct store *store = NULL;

    if (!CHECK_EQ(store_open(&store, &config, &why), STORE_OK))
        check_note("%s", why.text);
    return store;
}

int64_t fixture_add_user(struct fixture *f, const char *name, const char *email)
{
    struct store_user user = {.created_s = FIXTURE_NOW_S, .roles = "user"};
    int64_t id = 0;

    (void)snprintf(user.name, sizeof user.name, "%s", name);
    (void)snprintf(user.email, sizeof user.email, "%s", email);
    (void)snprintf(user.password, sizeof user.password, "hash of %.40s", name);
    CHECK_EQ(store_user_add(f->store, &user, &id), STORE_OK);
    return id;
}

struct store_session fixture_session(const struct fixture *f, uint8_t byte)
{
    struct store_session s = {
        .user_id = f->user_id,
        .dialect = "stay",
        .protocol = STORE_COMMITTED,
        .created_s = FIXTURE_NOW_S,
        .used_s = FIXTURE_NOW_S,
        .label = "laptop",
        .agent = "test/1",
        .address = "127.0.0.1",
    };

    memset(s.sid, byte, sizeof s.sid);
    memset(s.chain.bytes, byte, STORE_HASH_SIZE);
    return s;
}

void fixture_add_session(struct fixture *f, uint8_t byte)
{
    struct store_session s = fixture_session(f, byte);
    struct store_session out;

    CHECK_EQ(store_session_add(f->store, &s, "hash of ada", &out), STORE_OK);
}

struct store_step fixture_step(uint8_t sid, int64_t generation, uint8_t shown,
                               uint8_t next)
{
    struct store_step step = {.generation = generation};

    memset(step.sid, sid, sizeof step.sid);
    memset(step.shown, shown, sizeof step.shown);
    memset(step.next, next, sizeof step.next);
    return step;
}

void fixture_check_whole(struct store *store)
{
    struct store_why why = {{0}};

    if (!CHECK_EQ(store_check(store, &why), STORE_OK))
        check_note("%s", why.text);
}
