#include "store/raw.h"

#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "system/process.h"

enum { SQL_SIZE = 32 * 1024 };

struct raw {
    sqlite3 *file;
    PGconn *server; /* one of the two is NULL */
};

struct raw *raw_open(const struct fixture *f)
{
    struct raw *raw = calloc(1, sizeof *raw);
    char url[sizeof f->url + 16];
    bool opened = false;

    if (raw == NULL)
        return NULL;
    if (!fixture_is_postgres()) {
        opened = sqlite3_open(f->path, &raw->file) == SQLITE_OK;
    } else {
        (void)snprintf(url, sizeof url, "postgresql://postgres@%s",
                       strchr(f->url, '@') + 1);
        raw->server = PQconnectdb(url);
        opened = PQstatus(raw->server) == CONNECTION_OK;
    }
    if (CHECK(opened))
        return raw;
    raw_close(raw);
    return NULL;
}

void raw_close(struct raw *raw)
{
    if (raw == NULL)
        return;
    CHECK_EQ(sqlite3_close(raw->file), SQLITE_OK);
    PQfinish(raw->server);
    free(raw);
}

/* <5a*16> as the database writes bytes. */
static size_t put_bytes(const struct raw *raw, const char *at, char *out,
                        size_t room, size_t *taken)
{
    unsigned value = 0;
    int count = 0, length = 0;
    size_t used = 0;

    *taken = 0;
    if (sscanf(at, "<%2x*%d>%n", &value, &count, &length) != 2 || length == 0)
        return 0;
    *taken = (size_t)length;
    used = (size_t)snprintf(out, room, raw->file != NULL ? "x'" : "'\\x");
    for (int i = 0; i < count && used + 4 < room; i++)
        used += (size_t)snprintf(out + used, room - used, "%02x", value);
    return used + (size_t)snprintf(out + used, room - used,
                                   raw->file != NULL ? "'" : "'::bytea");
}

static void fill_in(const struct raw *raw, const char *sql, char out[SQL_SIZE])
{
    size_t used = 0;

    while (*sql != '\0' && used < SQL_SIZE - 1) {
        size_t taken = 0;

        if (*sql == '<')
            used += put_bytes(raw, sql, out + used, SQL_SIZE - used, &taken);
        if (taken == 0)
            out[used++] = *sql++;
        sql += taken;
    }
    out[used] = '\0';
}

bool raw_run(struct raw *raw, const char *sql)
{
    static char text[SQL_SIZE];
    PGresult *result;
    bool done;

    fill_in(raw, sql, text);
    if (raw->file != NULL) {
        done = sqlite3_exec(raw->file, text, NULL, NULL, NULL) == SQLITE_OK;
        if (!CHECK(done))
            check_note("%s: %.300s", sqlite3_errmsg(raw->file), text);
        return done;
    }
    result = PQexec(raw->server, text);
    done = PQresultStatus(result) == PGRES_COMMAND_OK ||
           PQresultStatus(result) == PGRES_TUPLES_OK;
    if (!CHECK(done))
        check_note("%s: %.300s", PQerrorMessage(raw->server), text);
    PQclear(result);
    return done;
}

static int64_t file_number(struct raw *raw, const char *sql)
{
    sqlite3_stmt *q = NULL;
    int64_t number = -1;

    if (sqlite3_prepare_v2(raw->file, sql, -1, &q, NULL) == SQLITE_OK &&
        sqlite3_step(q) == SQLITE_ROW)
        number = sqlite3_column_int64(q, 0);
    else
        check_note("%s: %.300s", sqlite3_errmsg(raw->file), sql);
    (void)sqlite3_finalize(q); // what failed has been told
    return number;
}

static int64_t ask(struct raw *raw, const char *sql)
{
    PGresult *result;
    int64_t number = -1;

    if (raw->file != NULL)
        return file_number(raw, sql);
    result = PQexec(raw->server, sql);
    if (PQntuples(result) == 1)
        number = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    else
        check_note("%s: %.300s", PQerrorMessage(raw->server), sql);
    PQclear(result);
    return number;
}

int64_t raw_number(struct raw *raw, const char *sql)
{
    int64_t number = ask(raw, sql);

    CHECK(number >= 0);
    return number;
}

bool raw_wait(struct raw *raw, const char *sql, int64_t wanted)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;

    while (process_now_ms() < end_ms) {
        if (ask(raw, sql) == wanted)
            return true;
        process_pause();
    }
    return false;
}
