/*
 * The files of sql/sqlite/ and sql/postgres/ in the order of their numbers,
 * without a gap; the tables are made at build time (sql/meson.build).
 *
 * A program may use a database that a newer one has migrated if the setting
 * "schema_oldest" there, a decimal number, is at most the number of the newest
 * migration that the program knows: so two neighbours can work on one database
 * while instances are replaced one by one. A migration writes that setting as
 * its last statement, in its own database's words:
 *
 *     INSERT INTO setting (name, value) VALUES ('schema_oldest', ...)
 *         ON CONFLICT (name) DO UPDATE SET value = excluded.value;
 *
 * with CAST('2' AS BLOB) in SQLite and '2'::bytea in PostgreSQL, where 2 is the
 * oldest program's newest migration. One that does not write it leaves what the
 * one before has said; without any, older programs are kept out.
 */
#ifndef STORE_MIGRATION_H
#define STORE_MIGRATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct migration {
    const char *name; /* "001_start" */
    const char *sql;  /* NUL-terminated */
    size_t length;
};

extern const struct migration sqlite_migrations[];
extern const size_t sqlite_migrations_count;
extern const struct migration postgres_migrations[];
extern const size_t postgres_migrations_count;

/* The name of that setting. */
#define MIGRATION_OLDEST "schema_oldest"

/*
 * May a program whose newest migration is `newest` use a database at `version`?
 * `oldest` is what the setting says; 0 where there is none. Older databases are
 * for the caller to migrate, or to refuse.
 */
static inline bool migration_allows(int64_t newest, int64_t version,
                                    int64_t oldest)
{
    return version <= newest || (oldest > 0 && oldest <= newest);
}

#endif
