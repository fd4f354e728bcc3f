#include "audit_table.h"

#include <sqlite3.h>
#include <stdio.h>

#include "check.h"

void audit_table_read(const struct stayd *stayd, const char *sql, char *out,
                      size_t size)
{
    char path[PROCESS_PATH_SIZE + 16];
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    size_t length = 0;

    out[0] = '\0';
    (void)snprintf(path, sizeof path, "%s/stay.db", stayd->folder);
    if (CHECK_EQ(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL),
                 SQLITE_OK) &&
        CHECK_EQ(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK))
        while (sqlite3_step(q) == SQLITE_ROW && length < size)
            length += (size_t)snprintf(out + length, size - length, "%s\n",
                                       sqlite3_column_text(q, 0));
    (void)sqlite3_finalize(q);
    (void)sqlite3_close(db);
}
