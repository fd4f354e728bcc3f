/*
 * What the sqlite files know of each other.
 */
#ifndef STORE_SQLITE_STORE_H
#define STORE_SQLITE_STORE_H

#include <sqlite3.h>

#include "store/driver.h"

/* The statements that move a transaction. */
enum sqlite_control {
    CONTROL_BEGIN = 0,
    CONTROL_COMMIT,
    CONTROL_UNDO, /* the whole transaction */
    CONTROL_SAVE,
    CONTROL_KEEP,
    CONTROL_REVERT,
    CONTROL_HOLD, /* no transaction of its own, but of those that read in it */
    CONTROL_COUNT,
};

struct sqlite_store {
    struct store store; /* first: a struct store * is one of these */
    sqlite3 *db;
    sqlite3_stmt *control[CONTROL_COUNT];
    sqlite3_stmt *statement[STATEMENT_COUNT];
    int64_t log_pages; /* in the WAL after the last commit */
};

/* What a code from SQLite means to our callers. */
enum store_result sqlite_result(sqlite3 *db, int code);

/* Opens, identifies, migrates; fills everything but store.driver. */
enum store_result sqlite_connect(struct sqlite_store *s,
                                 const struct store_config *config,
                                 const char *path, struct store_why *why);

/* Applies what is missing of sql/sqlite/, each in a transaction of its own. */
enum store_result sqlite_migrate(sqlite3 *db);

/* One number that `sql` gives. */
enum store_result sqlite_number(sqlite3 *db, const char *sql, int64_t *out);

/* For store_backup. */
enum store_result sqlite_backup(struct store *store, const char *path,
                                struct store_why *why);

enum {
    STAY_APPLICATION_ID = 0x53746179, /* "Stay" */
};

/* May this program use a database at `version`? *known: it may. */
enum store_result sqlite_check_version(sqlite3 *db, int64_t version,
                                       bool *known);

/* The number of the newest migration that is built in. */
int64_t sqlite_newest_version(void);

#endif
