/* What is there to open, and what is said when it cannot be. */
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"
#include "store/fixture.h"
#include "store/migration.h"
#include "store/sqlite_store.h"
#include "store/statement.h"

enum { NOBODY = 65534 };

static enum store_result try_open(const char *url, enum store_mode mode,
                                  struct store_why *why)
{
    struct store_config config = {.url = url, .mode = mode, .busy_ms = 50};
    struct store *store = (struct store *)1;
    enum store_result result = store_open(&store, &config, why);

    CHECK_EQ(store != NULL, result == STORE_OK);
    store_close(store);
    return result;
}

/* Changes a closed database by other hands. */
static void spoil(const struct fixture *f, const char *sql)
{
    sqlite3 *db = NULL;

    CHECK_EQ(sqlite3_open(f->path, &db), SQLITE_OK);
    CHECK_EQ(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    CHECK_EQ(sqlite3_close(db), SQLITE_OK);
}

static void new_file(void **state)
{
    struct fixture f;
    struct stat info;
    int64_t version = 0;
    mode_t mask = umask(0);
    struct store_user user;
    char log[128];

    (void)state;
    fixture_open(&f);
    CASE("only its owner can read the file and its log");
    CHECK_EQ(stat(f.path, &info), 0);
    CHECK_EQ(info.st_mode & 0777, 0600);
    (void)snprintf(log, sizeof log, "%s-wal", f.path);
    CHECK_EQ(stat(log, &info), 0);
    CHECK_EQ(info.st_mode & 0777, 0600);
    (void)umask(mask);
    CASE("all migrations are in, and it is whole");
    CHECK_EQ(store_version(f.store, &version), STORE_OK);
    CHECK_EQ(version, sqlite_newest_version());
    fixture_check_whole(f.store);
    CASE("what was written is there when it is opened again");
    store_close(f.store);
    f.store = fixture_connect(&f, STORE_WRITE);
    CHECK_EQ(store_user_by_name(f.store, "ada", &user), STORE_OK);
    fixture_close(&f);
}

struct refusal {
    const char *name;
    const char *url; /* %s: the test's folder */
    enum store_mode mode;
    enum store_result result;
    const char *says;
};

static const struct refusal refusals[] = {
    {"no such folder",           "sqlite:%s/no/stay.db", STORE_WRITE, STORE_DENIED,
     "/no/stay.db: its folder does not exist"                                                      },
    {"a folder",                 "sqlite:%s",            STORE_WRITE, STORE_DENIED,  ": not a file"},
    {"no path",                  "sqlite:",              STORE_WRITE, STORE_DENIED,  ": not a path"},
    {"SQLite's name for memory", "sqlite::memory:",      STORE_WRITE, STORE_DENIED,
     ": not a path"                                                                                },
    {"another scheme",           "mysql:%s",             STORE_WRITE, STORE_DENIED,
     "unknown kind of database"                                                                    },
    {"a reader finds nothing",   "sqlite:%s/none.db",    STORE_READ,  STORE_DENIED,
     "there is none"                                                                               },
    {"text that is no database", "sqlite:%s/text",       STORE_WRITE, STORE_CORRUPT,
     "not a database"                                                                              },
};

static void refuse(void **state)
{
    struct fixture f;
    char text[128];
    FILE *file;

    (void)state;
    fixture_open(&f);
    (void)snprintf(text, sizeof text, "%s/text", f.folder);
    file = fopen(text, "w");
    CHECK(file != NULL && fprintf(file, "%0600d\n", 1) > 0);
    CHECK(file != NULL && fclose(file) == 0);
    for (size_t i = 0; i < COUNT(refusals); i++) {
        const struct refusal *r = &refusals[i];
        const char *mark = strstr(r->url, "%s");
        struct store_why why = {{0}};
        char url[256];

        CASE(r->name);
        if (mark == NULL)
            (void)snprintf(url, sizeof url, "%s", r->url);
        else
            (void)snprintf(url, sizeof url, "%.*s%s%s", (int)(mark - r->url),
                           r->url, f.folder, mark + 2);
        CHECK_EQ(try_open(url, r->mode, &why), r->result);
        if (!CHECK(strstr(why.text, r->says) != NULL))
            check_note("%s", why.text);
    }
    (void)unlink(text);
    fixture_close(&f);
}

struct spoilt {
    const char *name;
    const char *sql;
    enum store_result writer, reader;
    const char *says;
};

static const struct spoilt spoilts[] = {
    {"a newer version's",      "PRAGMA user_version = 1000",                         STORE_NEWER,
     STORE_NEWER,                                                                                                  "newer version"             },
    {"another program's mark", "PRAGMA application_id = 7",                          STORE_CORRUPT,
     STORE_CORRUPT,                                                                                                "belongs to another program"},
    {"no mark but tables",     "PRAGMA application_id = 0; PRAGMA user_version = 0",
     STORE_CORRUPT,                                                                                 STORE_CORRUPT, "belongs to another program"},
    {"a table that is gone",   "DROP TABLE setting",                                 STORE_FAILED,  STORE_FAILED,
     "no such table"                                                                                                                           },
};

static void spoiled(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(spoilts); i++) {
        const struct spoilt *s = &spoilts[i];
        struct store_why why = {{0}};
        struct fixture f;

        CASE(s->name);
        fixture_open(&f);
        store_close(f.store);
        f.store = NULL;
        spoil(&f, s->sql);
        CHECK_EQ(try_open(f.url, STORE_WRITE, &why), s->writer);
        CHECK(strstr(why.text, s->says) != NULL);
        CHECK_EQ(try_open(f.url, STORE_READ, &why), s->reader);
        fixture_close(&f);
    }
}

/* As a user who owns nothing here: root may write anything. */
static int open_as_nobody(const struct fixture *f, const char *says)
{
    struct store_config config = {.url = f->url, .mode = STORE_WRITE};
    struct store_why why = {{0}};
    struct store *store;

    if (getuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) != 0)
        return 3;
    if (store_open(&store, &config, &why) != STORE_DENIED)
        return 1;
    return strstr(why.text, says) != NULL ? 0 : 2;
}

static void no_rights(void **state)
{
    static const struct {
        const char *name;
        mode_t folder, file;
        const char *says;
    } rows[] = {
        {"a folder without write permission", 0555, 0666,
         "its folder cannot be written to"                                   },
        {"a file without write permission",   0777, 0444, "Permission denied"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        int status = -1;
        pid_t child;

        CASE(rows[i].name);
        fixture_open(&f);
        store_close(f.store);
        f.store = NULL;
        CHECK_EQ(chmod(f.path, rows[i].file), 0);
        CHECK_EQ(chmod(f.folder, rows[i].folder), 0);
        (void)fflush(NULL);
        child = fork();
        if (child == 0)
            _exit(open_as_nobody(&f, rows[i].says));
        CHECK_EQ(waitpid(child, &status, 0), child);
        CHECK_EQ(status, 0);
        CHECK_EQ(chmod(f.folder, 0700), 0);
        fixture_close(&f);
    }
}

static void reader(void **state)
{
    struct fixture f;
    struct store *r;
    struct store_user user;
    struct store_value value = {.length = 0};

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
    CHECK_EQ(store_setting_put(r, "x", &value), STORE_DENIED);
    CHECK_EQ(store_setting_get(f.store, "x", &value), STORE_NONE);
    store_close(r);
    fixture_close(&f);
}

static void second_writer(void **state)
{
    struct fixture f;
    struct store_config config = {.mode = STORE_WRITE, .busy_ms = 20};
    struct store_why why;
    struct store *other = NULL;

    (void)state;
    fixture_open(&f);
    config.url = f.url;
    CASE("a second writer waits its time, and says busy");
    CHECK_EQ(store_open(&other, &config, &why), STORE_OK);
    CHECK_EQ(store_begin(f.store), STORE_OK);
    CHECK_EQ(store_begin(other), STORE_BUSY);
    CASE("when the first is done, it writes");
    store_rollback(f.store);
    CHECK_EQ(store_begin(other), STORE_OK);
    store_rollback(other);
    store_close(other);
    fixture_close(&f);
}

static void *open_in_thread(void *context)
{
    const char *url = context;
    struct store_config config = {.url = url, .mode = STORE_WRITE};
    struct store_why why;
    struct store *store = NULL;
    enum store_result result = store_open(&store, &config, &why);

    store_close(store);
    return (void *)(uintptr_t)result;
}

static void born_twice(void **state)
{
    (void)state;
    CASE("two who start on no file at once both find it whole, 20 times");
    for (int i = 0; i < 20; i++) {
        struct fixture f;
        pthread_t threads[2];
        void *results[2];

        fixture_open(&f);
        store_close(f.store);
        (void)unlink(f.path);
        for (int t = 0; t < 2; t++)
            CHECK_EQ(pthread_create(&threads[t], NULL, open_in_thread, f.url),
                     0);
        for (int t = 0; t < 2; t++) {
            CHECK_EQ(pthread_join(threads[t], &results[t]), 0);
            CHECK_EQ((uintptr_t)results[t], STORE_OK);
        }
        f.store = fixture_connect(&f, STORE_WRITE);
        fixture_check_whole(f.store);
        fixture_close(&f);
    }
}

static void migrations(void **state)
{
    (void)state;
    CASE("the migrations are numbered from 1 without a gap");
    for (size_t i = 0; i < sqlite_migrations_count; i++)
        CHECK_EQ(strtoul(sqlite_migrations[i].name, NULL, 10), i + 1);
}

/* How SQLite finds what a statement asks for, in its own words. */
static const struct plan_row {
    const char *name;
    enum statement which;
    const char *wanted;
} plan_rows[] = {
    {"sessions are counted without a look at their rows", SESSION_COUNT,
     "SCAN session USING COVERING INDEX session_user"               },
    {"a refresh finds its row by sid",                    SESSION_STEP,
     "SEARCH session USING INDEX sqlite_autoindex_session_1 (sid=?)"},
    {"so does a look at a session",                       SESSION_STANDING,
     "SEARCH session USING INDEX sqlite_autoindex_session_1 (sid=?)"},
    {"who has too many is counted without a look, too",   SESSION_RECLAIM,
     "SEARCH session USING COVERING INDEX session_user"             },
};

static bool has_step(sqlite3 *db, const struct plan_row *row)
{
    char sql[2048];
    sqlite3_stmt *q = NULL;
    bool found = false;

    (void)snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s",
                   statement_text(row->which));
    if (!CHECK_EQ(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK))
        return false;
    while (sqlite3_step(q) == SQLITE_ROW) {
        const char *step = (const char *)sqlite3_column_text(q, 3);

        found |= strstr(step, row->wanted) != NULL;
    }
    (void)sqlite3_finalize(q); // tells again what step has told
    return found;
}

/* Among five million sessions, a wrong way takes a minute and not a moment. */
static void plans(void **state)
{
    sqlite3 *db = NULL;
    struct fixture f;

    (void)state;
    fixture_open(&f);
    store_close(f.store);
    f.store = NULL;
    CHECK_EQ(sqlite3_open(f.path, &db), SQLITE_OK);
    for (size_t i = 0; i < COUNT(plan_rows); i++) {
        CASE(plan_rows[i].name);
        CHECK(has_step(db, &plan_rows[i]));
    }
    CHECK_EQ(sqlite3_close(db), SQLITE_OK);
    fixture_close(&f);
}

/* $1, $2 ... appear in that order, or the drivers would bind differently. */
static void values_in_order(void **state)
{
    (void)state;
    CASE("the values of every statement are numbered by first use");
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        const char *text = statement_text((enum statement)i);
        long highest = 0;

        for (const char *p = strchr(text, '$'); p != NULL;
             p = strchr(p + 1, '$')) {
            long number = strtol(p + 1, NULL, 10);

            if (!CHECK(number >= 1 && number <= highest + 1))
                check_note("%s", text);
            highest = number > highest ? number : highest;
        }
        CHECK(highest <= STATEMENT_VALUES_MAX);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_file),   cmocka_unit_test(refuse),
        cmocka_unit_test(spoiled),    cmocka_unit_test(no_rights),
        cmocka_unit_test(reader),     cmocka_unit_test(second_writer),
        cmocka_unit_test(born_twice), cmocka_unit_test(values_in_order),
        cmocka_unit_test(migrations), cmocka_unit_test(plans),
    };

    return check_run("store/sqlite_open", tests);
}
