/*
 * What is long over goes in small steps, while sessions refresh all the time.
 */
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "refresher.h"
#include "stayd.h"

enum { SESSIONS = 4 };

/* Of 1970: sessions of one who has gone, sign-ins, codes. */
static const char long_over[] =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
    " WHERE i < 1000)"
    " INSERT INTO session SELECT randomblob(16), 99, 0, 0, 0, 0, 1, 1, 0, 0, 0,"
    " zeroblob(144), 'user', 'stay', '', '', '' FROM n;"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
    " WHERE i < 3000)"
    " INSERT INTO audit (at_s, kind, outcome, user_id, sid, detail, dialect,"
    " address) SELECT 1, 'sign_in', 'ok', 1, x'', 0, 'stay', '' FROM n;"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
    " WHERE i < 600)"
    " INSERT INTO code (hash, user_id, kind, email, expires_s)"
    " SELECT randomblob(32), 1, 0, 'ada@example.org', 1 FROM n";

static const char left[] =
    "SELECT (SELECT count(*) FROM session WHERE used_s < 2) +"
    " (SELECT count(*) FROM audit WHERE at_s < 2) +"
    " (SELECT count(*) FROM code WHERE expires_s < 2)";

static sqlite3 *open_database(const struct stayd *stayd)
{
    char path[PROCESS_PATH_SIZE + 16];
    sqlite3 *db = NULL;

    (void)snprintf(path, sizeof path, "%s/stay.db", stayd->folder);
    if (sqlite3_open(path, &db) != SQLITE_OK)
        return NULL;
    (void)sqlite3_busy_timeout(db, PROCESS_LIMIT_MS);
    return db;
}

static void take_count(int *out, sqlite3_stmt *q)
{
    if (sqlite3_step(q) == SQLITE_ROW)
        *out = sqlite3_column_int(q, 0);
    (void)sqlite3_finalize(q);
}

/* Rows that are long over; -1: the database does not say. */
static int count_left(sqlite3 *db)
{
    sqlite3_stmt *q = NULL;
    int count = -1;

    if (sqlite3_prepare_v2(db, left, -1, &q, NULL) == SQLITE_OK)
        take_count(&count, q);
    return count;
}

static void check_answers(const struct stayd *stayd)
{
    double all =
        stayd_metric(stayd, "stay_response_seconds_count{route=\"refresh\"}");
    double soon = stayd_metric(
        stayd, "stay_response_seconds_bucket{route=\"refresh\",le=\"0.1\"}");

    CASE("and none of them waited for it");
    check_note("%.0f refreshes, %.0f within 0.1 s", all, soon);
    CHECK(all > 0);
    CHECK_EQ(stayd_metric(stayd,
                          "stay_response_seconds_bucket{route=\"refresh\""
                          ",le=\"5\"}"),
             all);
}

static void sweep(struct stayd *stayd, sqlite3 *db)
{
    int64_t began_ms = process_now_ms();
    struct refreshers_counts counts;
    struct refreshers *all;

    CASE("sessions refresh while rows that are long over go");
    all = refreshers_start(&stayd->port, 1, SESSIONS);
    if (all == NULL)
        return;
    while (count_left(db) != 0 &&
           process_now_ms() < began_ms + PROCESS_LIMIT_MS)
        process_pause();
    CHECK_EQ(count_left(db), 0);
    check_note("gone after %lld ms", (long long)(process_now_ms() - began_ms));
    CHECK(refreshers_end(all, &counts));
    CHECK(counts.granted > 0);
    CHECK_EQ(counts.unavailable + counts.ended + counts.others, 0);
    check_answers(stayd);
}

static void sweeps(void **state)
{
    struct stayd stayd;
    sqlite3 *db = NULL;

    (void)state;
    CASE("a database that was not swept for long");
    if (!stayd_start(&stayd, NULL))
        return;
    CHECK_EQ(stayd_stop(&stayd, SIGTERM), 0);
    db = open_database(&stayd);
    if (CHECK(db != NULL) &&
        CHECK_EQ(sqlite3_exec(db, long_over, NULL, NULL, NULL), SQLITE_OK) &&
        CHECK_EQ(count_left(db), 4600) && CHECK(stayd_restart(&stayd, NULL)))
        sweep(&stayd, db);
    (void)sqlite3_close(db);
    stayd_clear(&stayd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(sweeps)};

    return check_run("system/stayd_sweep", tests);
}
