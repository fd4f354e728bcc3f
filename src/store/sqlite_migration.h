/*
 * The files of sql/sqlite/ in the order of their numbers, without a gap; the
 * table is made at build time (sql/meson.build).
 */
#ifndef STORE_SQLITE_MIGRATION_H
#define STORE_SQLITE_MIGRATION_H

#include <stddef.h>

struct sqlite_migration {
    const char *name; /* "001_start" */
    const char *sql;  /* NUL-terminated */
    size_t length;
};

extern const struct sqlite_migration sqlite_migrations[];
extern const size_t sqlite_migrations_count;

#endif
