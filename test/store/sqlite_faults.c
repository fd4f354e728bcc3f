/*
 * A disk that fails at every place it can: the result is the old state or the
 * new one, never half of it, and what was answered is there.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"
#include "store/faulty_disk.h"
#include "store/fixture.h"
#include "store/migration.h"

enum { STEPS = 6, COUNTS_MAX = 400 };

static const struct store_lifetime life = {.now_s = FIXTURE_NOW_S};

/* One change of two rows that must come and go together. */
static enum store_result make_step(struct store *store, uint8_t i)
{
    struct store_step step =
        fixture_step(1, i, (uint8_t)(i + 1), (uint8_t)(i + 2));
    struct store_value value = {.length = 1};
    struct store_holder holder;
    enum store_result result = store_begin(store);

    value.bytes[0] = (uint8_t)(i + 1);
    if (result == STORE_OK)
        result = store_session_step(store, &step, &life, &holder);
    if (result == STORE_OK)
        result = store_setting_put(store, "steps", &value);
    if (result == STORE_OK && store_in_transaction(store))
        return store_commit(store);
    store_rollback(store);
    return result == STORE_OK ? STORE_FAILED : result;
}

/* Steps until one fails; how many were answered with STORE_OK. */
static int make_steps(struct store *store, int from)
{
    struct store_log log;
    int done = from;

    while (done < STEPS && make_step(store, (uint8_t)done) == STORE_OK) {
        done++;
        if (done % 2 == 0) // a failed copy must not harm either
            (void)store_checkpoint(store, &log);
    }
    return done;
}

/* The number of steps in the database, the same in both rows. */
static int read_steps(struct store *store)
{
    uint8_t sid[STORE_SID_SIZE];
    struct store_session session;
    struct store_value value = {.length = 1};

    memset(sid, 1, sizeof sid);
    memset(&session, 0, sizeof session);
    CHECK_EQ(store_session_find(store, sid, &session), STORE_OK);
    if (store_setting_get(store, "steps", &value) == STORE_NONE)
        value.bytes[0] = 0;
    CHECK_EQ(session.chain.generation, value.bytes[0]);
    CHECK_EQ(session.chain.bytes[0], value.bytes[0] + 1);
    return (int)session.chain.generation;
}

struct fault_case {
    const char *name;
    enum disk_fault fault;
    bool same_connection; /* goes on without opening anew */
};

static const struct fault_case fault_cases[] = {
    {"one operation fails, the connection goes on",      DISK_ERROR_ONCE, true },
    {"one operation fails, then a restart",              DISK_ERROR_ONCE, false},
    {"no room for one write, the connection goes on",    DISK_FULL_ONCE,  true },
    {"the disk is gone, the program restarts",           DISK_GONE,       false},
    {"power is cut, unsynced writes are lost by chance", DISK_CUT,        false},
};

/* Breaks operation n; false once the work needs fewer operations than that. */
static bool break_one(const struct fault_case *c, int n)
{
    struct fixture f;
    struct store_log log;
    int answered, there;
    bool hit;

    fixture_open(&f);
    fixture_add_session(&f, 1);
    CHECK_EQ(store_checkpoint(f.store, &log), STORE_OK);
    disk_break(c->fault, n, (unsigned)n);
    answered = make_steps(f.store, 0);
    hit = disk_count() >= n;
    if (!c->same_connection) {
        store_close(f.store);
        disk_restore();
        f.store = fixture_connect(&f, STORE_WRITE);
    }
    disk_break(DISK_GOOD, 0, 0);
    there = read_steps(f.store);
    // The step that failed may be there after a restart, but none is lost.
    CHECK(there >= answered && there <= answered + 1);
    if (c->same_connection)
        CHECK_EQ(there, answered);
    fixture_check_whole(f.store);
    CHECK_EQ(make_steps(f.store, there), STEPS);
    CHECK_EQ(read_steps(f.store), STEPS);
    disk_restore();
    fixture_close(&f);
    return hit;
}

static void every_operation(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(fault_cases); i++) {
        int n = 1;

        CASE(fault_cases[i].name);
        while (n < COUNTS_MAX && break_one(&fault_cases[i], n))
            n++;
        CHECK(n > 20 && n < COUNTS_MAX);
        check_note("%s: %d places", fault_cases[i].name, n - 1);
    }
}

/*
 * A statement that is its own transaction: its row comes before its commit, and
 * must not be taken for it.
 */
static bool break_alone(int n)
{
    struct store_step step = fixture_step(1, 0, 1, 2);
    struct store_session session = {.user_id = 0};
    struct store_holder holder;
    enum store_result result;
    struct fixture f;
    bool hit;

    fixture_open(&f);
    fixture_add_session(&f, 1);
    disk_break(DISK_ERROR_ONCE, n, 0);
    result = store_session_step(f.store, &step, &life, &holder);
    hit = disk_count() >= n;
    disk_break(DISK_GOOD, 0, 0);
    CHECK_EQ(store_session_find(f.store, step.sid, &session), STORE_OK);
    CHECK(result == STORE_OK || store_failed(result));
    CHECK_EQ(session.chain.generation, result == STORE_OK ? 1 : 0);
    CHECK(hit == (result != STORE_OK));
    disk_restore();
    fixture_close(&f);
    return hit;
}

static void alone(void **state)
{
    int n = 1;

    (void)state;
    CASE("a row that was handed over before a failing commit is no success");
    while (n < COUNTS_MAX && break_alone(n))
        n++;
    CHECK(n > 2 && n < COUNTS_MAX);
    check_note("one statement: %d places", n - 1);
}

/* Migrations: either all of one or nothing of it, and the next start goes on. */
static bool break_birth(enum disk_fault fault, int n)
{
    struct fixture f;
    struct store_config config;
    struct store_why why;
    struct store *store = NULL;
    int64_t version = 0;
    bool hit;

    fixture_open(&f); // for its folder and its name
    store_close(f.store);
    (void)unlink(f.path);
    config = (struct store_config){.url = f.url, .mode = STORE_WRITE};
    disk_break(fault, n, (unsigned)n);
    (void)store_open(&store, &config, &why);
    hit = disk_count() >= n;
    store_close(store);
    disk_restore();
    f.store = fixture_connect(&f, STORE_WRITE);
    CHECK_EQ(store_version(f.store, &version), STORE_OK);
    CHECK_EQ(version, (int64_t)sqlite_migrations_count);
    fixture_check_whole(f.store);
    (void)fixture_add_user(&f, "ada", "");
    fixture_close(&f);
    return hit;
}

static void birth(void **state)
{
    static const enum disk_fault faults[] = {DISK_ERROR_ONCE, DISK_GONE,
                                             DISK_CUT};

    (void)state;
    for (size_t i = 0; i < COUNT(faults); i++) {
        int n = 1;

        check_case("the first start is broken off anywhere, fault %d",
                   (int)faults[i]);
        while (n < COUNTS_MAX && break_birth(faults[i], n))
            n++;
        CHECK(n > 10 && n < COUNTS_MAX);
        check_note("first start: %d places", n - 1);
    }
}

/* Adds users until there is no room; how many were answered. */
static int fill(struct store *store, enum store_result *last)
{
    struct store_user user = {.roles = "user"};
    int count = 0;

    memset(user.password, 'p', sizeof user.password - 1);
    do {
        int64_t id;

        (void)snprintf(user.name, sizeof user.name, "user-%0600d", count);
        *last = store_user_add(store, &user, &id);
        count += *last == STORE_OK;
    } while (*last == STORE_OK && count < 10000);
    return count;
}

static void no_room(void **state)
{
    struct fixture f;
    struct store_config config = {.mode = STORE_WRITE, .size_max = 256 * 1024};
    struct store_why why;
    enum store_result last;
    int64_t there = 0;
    int count;

    (void)state;
    fixture_open(&f);
    store_close(f.store);
    config.url = f.url;
    CHECK_EQ(store_open(&f.store, &config, &why), STORE_OK);
    CASE("a full database says so");
    count = fill(f.store, &last);
    CHECK_EQ(last, STORE_FULL);
    CHECK(store_failed(last));
    CHECK(count > 10);
    CASE("what was answered is there, and reads go on");
    CHECK_EQ(store_user_count(f.store, &there), STORE_OK);
    CHECK_EQ(there, count + 1);
    fixture_check_whole(f.store);
    CASE("with room again, writes go on");
    store_close(f.store);
    config.size_max = 0;
    CHECK_EQ(store_open(&f.store, &config, &why), STORE_OK);
    (void)fixture_add_user(&f, "eve", "");
    fixture_close(&f);
}

/* In a child: a file may not grow beyond 200 kB, and then may again. */
static int outgrow(const struct fixture *f)
{
    struct rlimit limit = {200 * 1024, RLIM_INFINITY};
    struct store *store = fixture_connect(f, STORE_WRITE);
    enum store_result last;
    int count, more;

    (void)signal(SIGXFSZ, SIG_IGN);
    if (store == NULL || setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 1;
    count = fill(store, &last);
    if (last != STORE_FULL || count < 3)
        return 2;
    limit.rlim_cur = RLIM_INFINITY;
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 3;
    more = fill(store, &last); // the names begin anew: the first is taken
    store_close(store);
    return last == STORE_TAKEN_NAME && more == 0 ? 0 : 4;
}

static void file_limit(void **state)
{
    struct fixture f;
    int status = -1;
    pid_t child;

    (void)state;
    fixture_open(&f);
    store_close(f.store);
    CASE("a limit on the file's size is no room, and passes");
    (void)fflush(NULL);
    child = fork();
    if (child == 0)
        _exit(outgrow(&f));
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    f.store = fixture_connect(&f, STORE_WRITE);
    fixture_check_whole(f.store);
    fixture_close(&f);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation), cmocka_unit_test(alone),
        cmocka_unit_test(birth),           cmocka_unit_test(no_room),
        cmocka_unit_test(file_limit),
    };

    disk_install();
    return check_run("store/sqlite_faults", tests);
}
