#include <stdio.h>

#include "store/migration.h"
#include "store/postgres_store.h"

enum {
    LOCK = 0x53746179, /* "Stay": the advisory lock of whoever migrates */
    SQL_SIZE = 256,
};

static const char find_table[] =
    "SELECT (to_regclass('stay_migration') IS NOT NULL)::int";
static const char find_version[] =
    "SELECT coalesce(max(number), 0) FROM stay_migration";
static const char find_oldest[] =
    "SELECT coalesce(max(convert_from(value, 'UTF8')::bigint), 0)"
    " FROM setting WHERE name = '" MIGRATION_OLDEST "'";

enum store_result postgres_read_version(struct postgres_store *s, int64_t *out)
{
    int64_t found = 0;
    enum store_result result = postgres_number(s, find_table, &found);

    if (result == STORE_OK && found != 0)
        result = postgres_number(s, find_version, &found);
    if (result == STORE_OK)
        *out = found;
    return result;
}

static enum store_result refuse(struct postgres_store *s, const char *reason,
                                enum store_result result)
{
    (void)snprintf(s->message, sizeof s->message, "%s", reason);
    return result;
}

enum store_result postgres_check_schema(struct postgres_store *s)
{
    const int64_t newest = (int64_t)postgres_migrations_count;
    int64_t version = 0, oldest = 0;
    enum store_result result = postgres_read_version(s, &version);

    if (result == STORE_OK && version < newest)
        return refuse(s, store_result_text(STORE_OLDER), STORE_OLDER);
    if (result == STORE_OK && version > newest)
        result = postgres_number(s, find_oldest, &oldest);
    if (result == STORE_OK && !migration_allows(newest, version, oldest))
        return refuse(s, "written by a newer version of this program",
                      STORE_NEWER);
    return result;
}

/* Inside a transaction that has the lock. */
static enum store_result apply(struct postgres_store *s, int64_t number)
{
    const struct migration *step = &postgres_migrations[number - 1];
    char mark[SQL_SIZE];
    enum store_result result = postgres_run(s, step->sql);

    if (result != STORE_OK)
        return result;
    (void)snprintf(mark, sizeof mark,
                   "INSERT INTO stay_migration (number, name)"
                   " VALUES (%lld, '%.60s')",
                   (long long)number, step->name);
    return postgres_run(s, mark);
}

/* The table that says which were applied; made by the first of all. */
static enum store_result make_table(struct postgres_store *s)
{
    return postgres_run(s, "CREATE TABLE IF NOT EXISTS stay_migration ("
                           "number bigint PRIMARY KEY, name text NOT NULL,"
                           " applied timestamptz NOT NULL DEFAULT now())");
}

static enum store_result begin_locked(struct postgres_store *s)
{
    char sql[SQL_SIZE];

    (void)snprintf(sql, sizeof sql,
                   "BEGIN; SET LOCAL statement_timeout = 0;"
                   " SET LOCAL lock_timeout = 0;"
                   " SELECT pg_advisory_xact_lock(%d)",
                   LOCK);
    return postgres_run(s, sql);
}

static enum store_result apply_alone(struct postgres_store *s, int64_t number)
{
    int64_t version = 0;
    enum store_result result = begin_locked(s);

    if (result == STORE_OK)
        result = make_table(s);
    // Another process may have done it while this one waited for the lock.
    if (result == STORE_OK)
        result = postgres_number(s, find_version, &version);
    if (result == STORE_OK && version < number)
        result = apply(s, number);
    if (result == STORE_OK)
        result = postgres_run(s, "COMMIT");
    if (result != STORE_OK && s->conn != NULL) {
        char said[POSTGRES_MESSAGE_SIZE];

        (void)snprintf(said, sizeof said, "%s", s->message);
        (void)postgres_run(s, "ROLLBACK"); // of a transaction that is over, too
        (void)snprintf(s->message, sizeof s->message, "%s", said);
    }
    return result;
}

enum store_result postgres_migrate(struct postgres_store *s)
{
    int64_t limit_ms = s->limit_ms;
    int64_t version = 0;
    enum store_result result = postgres_read_version(s, &version);

    s->limit_ms = POSTGRES_LONG_MS;
    while (result == STORE_OK && version < (int64_t)postgres_migrations_count)
        result = apply_alone(s, ++version);
    s->limit_ms = limit_ms;
    return result;
}
