/*
 * Many sessions, as a database has them after years: full chains, labels, user
 * agents, addresses, in random order of their keys, five to a user. COUNT is a
 * power of ten, or five of one.
 *
 * usage: fill sqlite FILE COUNT     into a database that stayd has made
 *        fill copy COUNT            for COPY session (COLUMNS) FROM STDIN
 *        fill columns               those COLUMNS
 *
 * Session number i is chain_init(i) at generation 0: load.c can move it.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>
#include <sqlite3.h>

#include "chain.h"
#include "store/store.h"

#define COLUMNS                                                                \
    "sid, user_id, protocol, cookie, ended, ended_s, created_s, used_s, "      \
    "moved,"                                                                   \
    " moved_s, generation, chain, roles, dialect, label, agent, address"

enum {
    SESSIONS_OF_A_USER = 5,
    AGE_S = 86400, /* since when they were last used */
    HEX_SIZE = 2 * STORE_CHAIN_SIZE + 1,
    SCATTER = 61803399, /* odd, and no multiple of 5, as COUNT's factors are */
};

static const char agent[] =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36";
static const char label[] = "Firefox on the kitchen table";
static const char address[] = "2001:db8:85a3:8d3:1319:8a2e:370:7348";

struct session {
    uint8_t sid[CHAIN_SID_SIZE];
    uint8_t chain[STORE_CHAIN_SIZE];
    long long user_id;
    long long used_s;
};

static void fail(const char *what)
{
    (void)fprintf(stderr, "fill: %s\n", what);
    exit(1);
}

/*
 * The number of the session that is written as number i: sessions that a load
 * moves one after the other are not to lie side by side on the disk.
 */
static unsigned scatter(unsigned i, unsigned count)
{
    return (unsigned)((unsigned long long)i * SCATTER % count);
}

static void make_session(unsigned number, struct session *out)
{
    struct chain chain;

    chain_init(&chain, number);
    memcpy(out->sid, chain.sid, sizeof out->sid);
    randombytes_buf(out->chain, sizeof out->chain);
    chain_commitment(&chain, out->chain);
    out->user_id = 1 + number / SESSIONS_OF_A_USER;
    out->used_s = (long long)time(NULL) - AGE_S;
}

/* ---- SQLite ---- */

static void run_sql(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail(sqlite3_errmsg(db));
}

static void insert(sqlite3 *db, sqlite3_stmt *q, const struct session *s)
{
    (void)sqlite3_bind_blob(q, 1, s->sid, sizeof s->sid, SQLITE_STATIC);
    (void)sqlite3_bind_int64(q, 2, s->user_id);
    (void)sqlite3_bind_int64(q, 3, s->used_s);
    (void)sqlite3_bind_blob(q, 4, s->chain, sizeof s->chain, SQLITE_STATIC);
    if (sqlite3_step(q) != SQLITE_DONE)
        fail(sqlite3_errmsg(db));
    (void)sqlite3_reset(q); // it has gone well
}

static void fill_sqlite(const char *path, unsigned count)
{
    char sql[1024];
    struct session session;
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;

    (void)snprintf(
        sql, sizeof sql,
        "INSERT INTO session (" COLUMNS ") VALUES (?1, ?2, 0, 0, 0,"
        " 0, ?3, ?3, 1, ?3, 0, ?4, 'user', 'stay', '%s', '%s', '%s')",
        label, agent, address);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        fail(path);
    // Nothing is lost if this is cut off: it is done again.
    run_sql(db, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
                "PRAGMA cache_size = -1000000; BEGIN");
    if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK)
        fail(sqlite3_errmsg(db));
    for (unsigned i = 0; i < count; i++) {
        make_session(scatter(i, count), &session);
        insert(db, q, &session);
    }
    run_sql(db, "COMMIT");
    (void)sqlite3_finalize(q); // every step was looked at
    if (sqlite3_close(db) != SQLITE_OK)
        fail("close");
}

/* ---- PostgreSQL: the text form of COPY ---- */

static void fill_copy(unsigned count)
{
    struct session s;
    char sid[HEX_SIZE];
    char chain[HEX_SIZE];

    for (unsigned i = 0; i < count; i++) {
        make_session(scatter(i, count), &s);
        (void)sodium_bin2hex(sid, sizeof sid, s.sid, sizeof s.sid);
        (void)sodium_bin2hex(chain, sizeof chain, s.chain, sizeof s.chain);
        if (printf("\\\\x%s\t%lld\t0\t0\t0\t0\t%lld\t%lld\t1\t%lld\t0\t\\\\x%s"
                   "\tuser\tstay\t%s\t%s\t%s\n",
                   sid, s.user_id, s.used_s, s.used_s, s.used_s, chain, label,
                   agent, address) < 0)
            fail("write");
    }
    if (fflush(stdout) != 0)
        fail("write");
}

int main(int argc, char **argv)
{
    if (sodium_init() < 0)
        return 1;
    if (argc == 4 && strcmp(argv[1], "sqlite") == 0)
        fill_sqlite(argv[2], (unsigned)strtoul(argv[3], NULL, 10));
    else if (argc == 3 && strcmp(argv[1], "copy") == 0)
        fill_copy((unsigned)strtoul(argv[2], NULL, 10));
    else if (argc == 2 && strcmp(argv[1], "columns") == 0)
        (void)puts(COLUMNS);
    else
        return 2;
    return 0;
}
