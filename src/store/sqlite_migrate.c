#include <stdio.h>

#include "store/migration.h"
#include "store/sqlite_store.h"

int64_t sqlite_newest_version(void)
{
    return (int64_t)sqlite_migrations_count;
}

enum store_result sqlite_check_version(sqlite3 *db, int64_t version,
                                       bool *known)
{
    enum store_result result = STORE_OK;
    int64_t oldest = 0;

    if (version > sqlite_newest_version())
        result =
            sqlite_number(db,
                          "SELECT CAST(CAST(value AS TEXT) AS INTEGER)"
                          " FROM setting WHERE name = '" MIGRATION_OLDEST "'",
                          &oldest);
    *known = migration_allows(sqlite_newest_version(), version, oldest);
    return result;
}

/* Inside a transaction that has the write lock. */
static int apply(sqlite3 *db, int64_t number)
{
    char mark[96];
    int code =
        sqlite3_exec(db, sqlite_migrations[number - 1].sql, NULL, NULL, NULL);

    if (code != SQLITE_OK)
        return code;
    (void)snprintf(mark, sizeof mark,
                   "PRAGMA application_id = %d; PRAGMA user_version = %lld",
                   STAY_APPLICATION_ID, (long long)number);
    return sqlite3_exec(db, mark, NULL, NULL, NULL);
}

static enum store_result apply_alone(sqlite3 *db, int64_t number)
{
    enum store_result result;
    int64_t version = 0;
    int code = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

    if (code != SQLITE_OK)
        return sqlite_result(db, code);
    // Another process may have done it while this one waited for the lock.
    result = sqlite_number(db, "PRAGMA user_version", &version);
    if (result == STORE_OK && version < number)
        code = apply(db, number);
    if (result == STORE_OK && code == SQLITE_OK)
        code = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    // What failed is told by its message, which a ROLLBACK would replace; the
    // handle is closed upon a failure, and that undoes all.
    return code != SQLITE_OK ? sqlite_result(db, code) : result;
}

enum store_result sqlite_migrate(sqlite3 *db)
{
    int64_t version = 0;
    enum store_result result =
        sqlite_number(db, "PRAGMA user_version", &version);

    while (result == STORE_OK && version < sqlite_newest_version())
        result = apply_alone(db, ++version);
    return result;
}
