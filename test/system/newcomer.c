/*
 * What goes wrong on the first days with stayd: each is told, with what to do,
 * by a start and before it by `stayd check`; and nothing is lost.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/bytes.h"
#include "check.h"
#include "postgres.h"
#include "rows.h"
#include "stayd.h"

enum { PATH_SIZE = 160 };

/* `stayd WORD` on the folder's database; its output is looked at. */
static void judge(const struct stayd *stayd, const char *word, int code,
                  const char *out, const char *err)
{
    char database[PATH_SIZE], key_file[PATH_SIZE];
    const char *argv[] = {stayd_path(),  "--database", database,
                          "--key-file",  key_file,     "--listen",
                          "127.0.0.1:0", word,         NULL};
    struct process_result result;

    (void)snprintf(database, sizeof database, "sqlite:%s/stay.db",
                   stayd->folder);
    (void)snprintf(key_file, sizeof key_file, "%s/stay.key", stayd->folder);
    result = process_run(argv, NULL, NULL);
    CHECK_EQ(result.code, code);
    if (!CHECK(wire_match(out, result.out)))
        check_note("%s", result.out);
    if (!CHECK(wire_match(err, result.err)))
        check_note("%s", result.err);
    process_result_clear(&result);
}

static bool is_there(const struct stayd *stayd, const char *name)
{
    char path[PATH_SIZE];

    (void)snprintf(path, sizeof path, "%s/%s", stayd->folder, name);
    return access(path, F_OK) == 0;
}

static void move(const struct stayd *stayd, const char *from, const char *to)
{
    char old[PATH_SIZE], new[PATH_SIZE];

    (void)snprintf(old, sizeof old, "%s/%s", stayd->folder, from);
    (void)snprintf(new, sizeof new, "%s/%s", stayd->folder, to);
    CHECK_EQ(rename(old, new), 0);
}

/* A copy of stay.db alone must be all of it. */
static void stopped(void **state)
{
    struct stayd stayd;

    (void)state;
    CASE("while it runs, the log is a file of its own");
    if (!stayd_start(&stayd, NULL))
        return;
    CHECK(is_there(&stayd, "stay.db-wal"));
    CASE("after a stop all is in one file");
    CHECK_EQ(stayd_stop(&stayd, SIGINT), 0);
    CHECK(is_there(&stayd, "stay.db"));
    CHECK(!is_there(&stayd, "stay.db-wal") && !is_there(&stayd, "stay.db-shm"));
    CASE("with several loops too");
    if (CHECK(
            stayd_restart(&stayd, (const char *[]){"--threads", "3", NULL}))) {
        CHECK_EQ(stayd_stop(&stayd, SIGTERM), 0);
        CHECK(!is_there(&stayd, "stay.db-wal"));
    }
    stayd_clear(&stayd);
}

#define WOULD_NOT "stayd: stayd would not start, or not serve well\n"

/* The key file that belongs to the database is not where it was. */
static void key_files(void **state)
{
    static const char other[] =
        "stay-key-1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
    char path[PATH_SIZE];
    struct stayd stayd;

    (void)state;
    CASE("a database with keys in it");
    if (!stayd_start(&stayd, NULL))
        return;
    CHECK_EQ(stayd_stop(&stayd, SIGTERM), 0);
    move(&stayd, "stay.key", "kept.key");
    CASE("check: its key file is gone");
    judge(&stayd, "check", 1,
          "<ANY>wrong key file: <ANY>: is "
          "missing, and the keys in the database are sealed with it: bring "
          "it back, or say by --key-file where it is\n",
          WOULD_NOT);
    CASE("a start says so, and makes no other");
    judge(&stayd, NULL, 1, "",
          "stayd: key file <ANY>: is missing, and the "
          "keys in the database are sealed with it: bring it back, or say "
          "by --key-file where it is\n");
    CHECK(!is_there(&stayd, "stay.key"));
    (void)snprintf(path, sizeof path, "%s/stay.key", stayd.folder);
    CHECK(process_write_file(path, other, sizeof other - 1) &&
          chmod(path, 0600) == 0);
    CASE("check: it is another's");
    judge(&stayd, "check", 1,
          "<ANY>wrong key file: <ANY>: is not "
          "the one that the keys in the database are sealed with\n",
          WOULD_NOT);
    CASE("a start says so");
    judge(&stayd, NULL, 1, "",
          "stayd: key file <ANY>: is not the one that "
          "the keys in the database are sealed with\n");
    move(&stayd, "kept.key", "stay.key");
    CASE("brought back, all is well");
    judge(
        &stayd, "check", 0,
        "<ANY>well  key file: <ANY>/stay.key opens the keys in the database\n",
        "");
    stayd_clear(&stayd);
}

static void set_version(const struct stayd *stayd, int version)
{
    char path[PATH_SIZE], text[64];
    sqlite3 *db = NULL;

    (void)snprintf(path, sizeof path, "%s/stay.db", stayd->folder);
    (void)snprintf(text, sizeof text, "PRAGMA user_version = %d", version);
    CHECK_EQ(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL),
             SQLITE_OK);
    CHECK_EQ(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    CHECK_EQ(sqlite3_close(db), SQLITE_OK);
}

/* Before the first start of a new version. */
static void versions(void **state)
{
    struct stayd stayd;

    (void)state;
    CASE("a database of an older version");
    if (!stayd_start(&stayd, NULL))
        return;
    CHECK_EQ(stayd_stop(&stayd, SIGTERM), 0);
    set_version(&stayd, 1);
    CASE("check: a start will migrate it, and that is no fault");
    judge(&stayd, "check", 0,
          "<ANY>note  database: <ANY>/stay.db: the "
          "database is of an older version: `stayd migrate` brings it to "
          "this one, and so does a start\n<ANY>",
          "");
    CASE("check: one of a newer version is a fault");
    set_version(&stayd, 1000);
    judge(&stayd, "check", 1,
          "<ANY>wrong database: <ANY>: written by a "
          "newer version of this program\n<ANY>",
          WOULD_NOT);
    stayd_clear(&stayd);
}

/* A first start with no room: 4 KiB is a page of the database. */
static void no_room(void **state)
{
    char folder[PROCESS_PATH_SIZE], database[PATH_SIZE];
    const char *full[] = {
        "/usr/bin/prlimit", "--fsize=8192", stayd_path(),  "--database",
        database,           "--listen",     "127.0.0.1:0", NULL};
    const char *migrate[] = {stayd_path(), "--database", database, "migrate",
                             NULL};
    struct process_result result;

    (void)state;
    CASE("a folder");
    if (!process_folder(folder))
        return;
    (void)snprintf(database, sizeof database, "sqlite:%s/stay.db", folder);
    CASE("a first start without room says so");
    result = process_run(full, NULL, NULL);
    CHECK_EQ(result.code, 1);
    if (!CHECK(wire_match("stayd: database <ANY>: no room on the disk\n",
                          result.err)))
        check_note("%s", result.err);
    process_result_clear(&result);
    CASE("and does not stand in the way of the next");
    result = process_run(migrate, NULL, NULL);
    CHECK_EQ(result.code, 0);
    CHECK_TEXT(result.err, "");
    process_result_clear(&result);
    process_folder_remove(folder);
}

static void misspelt(void **state)
{
    static const char *const env[] = {"STAYD_ORIGINS=https://a.example",
                                      "STAYD_ORIGIN=https://b.example", NULL};
    const char *const argv[] = {stayd_path(), "--database",
                                "sqlite:/nowhere/stay.db", "check", NULL};
    struct process_result result;

    (void)state;
    CASE("a variable that is no option is told, one that is is not");
    result = process_run(argv, env, NULL);
    CHECK(strstr(result.out, "note  environment: STAYD_ORIGINS is no option, "
                             "and does nothing\n") != NULL);
    CHECK(strstr(result.out, "STAYD_ORIGIN is") == NULL);
    CHECK(strstr(result.out, "a.example") == NULL);
    process_result_clear(&result);
}

/* A database that is a server has a backup of its own. */
static void copied(void **state)
{
    struct postgres db = {.port = 0};
    struct process_result result;
    const char *argv[] = {stayd_path(), "--database", db.url,
                          "migrate",    NULL,         NULL};

    (void)state;
    CASE("who backs up a PostgreSQL is told by what");
    if (!postgres_start(&db))
        return;
    result = process_run(argv, NULL, NULL);
    CHECK_EQ(result.code, 0);
    process_result_clear(&result);
    argv[3] = "backup";
    argv[4] = "/nowhere/copy.db";
    result = process_run(argv, NULL, NULL);
    CHECK_EQ(result.code, 1);
    CHECK_TEXT(result.err,
               "stayd: this database is a server of its own: back it up with "
               "its own tools, such as pg_dump\n");
    CHECK_TEXT(result.out, "");
    process_result_clear(&result);
    postgres_clear(&db);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(stopped),  cmocka_unit_test(key_files),
        cmocka_unit_test(versions), cmocka_unit_test(no_room),
        cmocka_unit_test(misspelt), cmocka_unit_test(copied),
    };

    return check_run("system/newcomer", tests);
}
