/*
 * The audit's table, as a test reads it from beside a stayd that runs.
 */
#ifndef TEST_AUDIT_TABLE_H
#define TEST_AUDIT_TABLE_H

#include <stddef.h>

#include "stayd.h"

/* The first column of what `sql` selects from the SQLite database, each row a
   line. What does not fit is left out. */
void audit_table_read(const struct stayd *stayd, const char *sql, char *out,
                      size_t size);

#endif
