/*
 * The audit trail: what it tells, where, and what it never holds.
 */
#include <jansson.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit_table.h"
#include "base/bytes.h"
#include "check.h"
#include "postgres.h"
#include "rows.h"
#include "stayd.h"

static const char *const options[] = {
    "--log-level", "debug", "--trust-proxy", "127.0.0.1", "--throttle", NULL};

#define FROM "X-Forwarded-For: 192.0.2.5\r\n"
#define CANARY "User-Agent: canary-agent-1\r\nX-Forwarded-For: 192.0.2.5\r\n"

static const struct row story[] = {
    {"a sign-up",                "POST",   "/d/stay/api/account",         CANARY,
     "{\"username\":\"canary-name\",\"email\":\"canary@mail.example\","
     "\"password\":\"canary-password-1\"}",                                               201, NULL, NULL, NULL                 },
    {"a sign-in",                "POST",   "/d/stay/api/session",         CANARY,
     "{\"username\":\"canary-name\",\"password\":\"canary-password-1\","
     "\"sid\":\"$A_SID\",\"next\":\"$A_N0\",\"label\":\"canary-label\"}",                 201, NULL, NULL, "ACCESS=access_token"},
    {"a wrong password",         "POST",   "/d/express/api/auth/signin",  CANARY,
     "{\"username\":\"canary-name\",\"password\":\"canary-wrong-1\"}",                    401,
     NULL,                                                                                           NULL, NULL                 },
    {"a name that is nobody's",  "POST",   "/d/express/api/auth/signin",  CANARY,
     "{\"username\":\"canary-nobody\",\"password\":\"canary-wrong-2\"}",                  401,
     NULL,                                                                                           NULL, NULL                 },
    {"a refresh",                "POST",   "/d/stay/api/session/refresh", CANARY,
     "{\"session\":\"$A_R\",\"sid\":\"$A_SID\",\"generation\":0,"
     "\"secret\":\"$A_S0\",\"next\":\"$A_N1\"}",                                          200, NULL, NULL, NULL                 },
    {"a second holder",          "POST",   "/d/stay/api/session/refresh",
     "X-Forwarded-For: 203.0.113.66\r\n",                                         "{\"session\":\"$A_R\",\"sid\":\"$A_SID\",\"generation\":0,"
     "\"secret\":\"$A_S0\",\"next\":\"$B_N1\"}", 401, NULL, NULL, NULL                 },
    {"an offered session",       "POST",   "/d/express/api/auth/signin",  CANARY,
     "{\"username\":\"ada\",\"password\":\"lovelace\"}",                                  200, NULL, NULL,
     "REFRESH=refreshToken OTHER=accessToken"                                                                                   },
    {"a third session",          "POST",   "/d/stay/api/session",         FROM,
     "{\"username\":\"ada\",\"password\":\"lovelace\",\"sid\":\"$B_SID\","
     "\"next\":\"$B_N0\"}",                                                               201, NULL, NULL, NULL                 },
    {"its sign-out",             "DELETE", "/d/stay/api/session",         FROM,
     "{\"session\":\"$B_R\"}",                                                            204, NULL, NULL, NULL                 },
    {"once more is nothing new", "DELETE", "/d/stay/api/session",         FROM,
     "{\"session\":\"$B_R\"}",                                                            204, NULL, NULL, NULL                 },
    {"garbage in every place",   "POST",   "/d/stay/api/session/refresh", CANARY,
     "{\"session\":\"canary-garbage\",\"sid\":\"canary-garbage\"}",                       400, NULL,
     NULL,                                                                                                 NULL                 },
};

/* One line each, in this order; $NAME as in rows. */
static const struct {
    const char *name;
    const char *line; /* what follows the time */
} lines[] = {
    {"the sign-up",
     "\"level\":\"audit\",\"event\":\"sign_up\",\"outcome\":\"ok\",\"user\":4,"
     "\"dialect\":\"stay\",\"address\":\"192.0.2.5\"}"                   },
    {"the sign-in, its session and its address",
     "\"level\":\"audit\",\"event\":\"sign_in\",\"outcome\":\"ok\",\"user\":4,"
     "\"sid\":\"$A_SID\",\"dialect\":\"stay\",\"address\":\"192.0.2.5\"}"},
    {"the wrong password",
     "\"event\":\"sign_in\",\"outcome\":\"bad_password\",\"user\":4,"
     "\"dialect\":\"express\",\"address\":\"192.0.2.5\"}"                },
    {"the name that is nobody's: no user",
     "\"event\":\"sign_in\",\"outcome\":\"unknown_user\",\"dialect\":"
     "\"express\","
     "\"address\":\"192.0.2.5\"}"                                        },
    {"the second holder, where he came from",
     "\"event\":\"refresh\",\"outcome\":\"reuse\",\"user\":4,\"sid\":\"$A_"
     "SID\","
     "\"dialect\":\"stay\",\"address\":\"203.0.113.66\"}"                },
    {"the sign-out",
     "\"event\":\"sign_out\",\"outcome\":\"ok\",\"user\":1,\"sid\":\"$B_SID\","
     "\"dialect\":\"stay\",\"address\":\"192.0.2.5\"}"                   },
};

static void put_values(const struct rows *rows, const char *text, char *out,
                       size_t size)
{
    size_t length = 0;

    while (*text != '\0' && length + 1 < size) {
        const char *value = NULL;

        if (strncmp(text, "$A_SID", 6) == 0)
            value = rows_value(rows, "A_SID");
        if (strncmp(text, "$B_SID", 6) == 0)
            value = rows_value(rows, "B_SID");
        if (value == NULL)
            out[length++] = *text++;
        else
            length +=
                (size_t)snprintf(out + length, size - length, "%s", value);
        if (value != NULL)
            text += 6;
    }
    out[length < size ? length : size - 1] = '\0';
}

static void check_lines(const struct rows *rows, const char *err)
{
    const char *from = err;

    for (size_t i = 0; i < COUNT(lines); i++) {
        char want[512];
        const char *found;

        check_case("the log tells of %s", lines[i].name);
        put_values(rows, lines[i].line, want, sizeof want);
        found = strstr(from, want);
        if (CHECK(found != NULL))
            from = found;
    }
    CASE("a sign-out of what is gone already is no event");
    CHECK(strstr(from + 1, "\"event\":\"sign_out\"") == NULL);
}

/* Each line is a JSON object of its own; how many. */
static size_t check_json(const char *err)
{
    size_t count = 0;

    CASE("every line of the log is one JSON object");
    while (*err != '\0') {
        size_t length = strcspn(err, "\n");
        json_t *line = json_loadb(err, length, JSON_REJECT_DUPLICATES, NULL);

        if (!CHECK(json_is_object(line)))
            check_note("%.*s", (int)length, err);
        CHECK(json_is_string(json_object_get(line, "time")));
        CHECK(json_is_string(json_object_get(line, "level")));
        CHECK(json_is_string(json_object_get(line, "event")));
        json_decref(line);
        err += length + (err[length] == '\n');
        count++;
    }
    return count;
}

/* What clients sent, and secrets of theirs: $NAME is a value of the rows. */
static const char *const canaries[] = {
    "canary", "lovelace", "$A_R",    "$A_S0",    "$A_N0",
    "$A_N1",  "$B_R",     "$ACCESS", "$REFRESH", "$OTHER",
};

static const char *canary(const struct rows *rows, size_t i)
{
    return canaries[i][0] == '$' ? rows_value(rows, canaries[i] + 1)
                                 : canaries[i];
}

static void check_canaries(const struct rows *rows, const char *where,
                           const char *text, size_t size)
{
    for (size_t i = 0; i < COUNT(canaries); i++) {
        const char *value = canary(rows, i);

        check_case("%s: no %s", where, canaries[i]);
        CHECK(strlen(value) > 5);
        CHECK(memmem(text, size, value, strlen(value)) == NULL);
    }
    check_case("%s: this search would find one", where);
    CHECK(memmem(text, size, rows_value(rows, "A_SID"), 22) != NULL);
}

/* ---- The table ---- */

/* All rows as text, "kind outcome user sid dialect address\n" each. */
static void read_table(const struct stayd *stayd, char *out, size_t size)
{
    audit_table_read(
        stayd,
        "SELECT kind || ' ' || outcome || ' ' || user_id || ' ' ||"
        " length(sid) || ' ' || dialect || ' ' || address FROM audit"
        " ORDER BY id",
        out, size);
}

/* Rows of refusals come within a second: those of changes are there at once. */
static const char *const table_rows[] = {
    "sign_up ok 4 0 stay 192.0.2.5\n",
    "sign_in ok 4 16 stay 192.0.2.5\n",
    "sign_in bad_password 4 0 express 192.0.2.5\n",
    "sign_in unknown_user 0 0 express 192.0.2.5\n",
    "refresh reuse 4 16 stay 203.0.113.66\n",
    "sign_in ok 1 16 express 192.0.2.5\n",
    "sign_out ok 1 16 stay 192.0.2.5\n",
};

static bool holds_all(const char *table)
{
    for (size_t i = 0; i < COUNT(table_rows); i++)
        if (strstr(table, table_rows[i]) == NULL)
            return false;
    return true;
}

static void check_table(const struct stayd *stayd)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;
    char table[8192];

    do {
        process_pause();
        read_table(stayd, table, sizeof table);
    } while (!holds_all(table) && process_now_ms() < end_ms);
    for (size_t i = 0; i < COUNT(table_rows); i++) {
        check_case("the table tells: %.*s", (int)strcspn(table_rows[i], "\n"),
                   table_rows[i]);
        CHECK(strstr(table, table_rows[i]) != NULL);
    }
    CASE("one sign-out, and no refresh but the one of a second holder");
    CHECK(strstr(strstr(table, "sign_out") + 1, "sign_out") == NULL);
    CHECK(strstr(strstr(table, "refresh ") + 1, "refresh ") == NULL);
}

/* The database file and its log, whole. */
static void check_files(const struct stayd *stayd, const struct rows *rows)
{
    static const char *const names[] = {"stay.db", "stay.db-wal"};

    for (size_t i = 0; i < COUNT(names); i++) {
        char path[PROCESS_PATH_SIZE + 16];
        char *bytes;
        size_t size;

        (void)snprintf(path, sizeof path, "%s/%s", stayd->folder, names[i]);
        bytes = process_read_file(path, &size);
        check_case("%s: no password and no secret", names[i]);
        for (size_t k = 1; bytes != NULL && k < COUNT(canaries); k++)
            CHECK(memmem(bytes, size, canary(rows, k),
                         strlen(canary(rows, k))) == NULL);
        if (bytes != NULL)
            CHECK(memmem(bytes, size, "canary-password", 15) == NULL);
        free(bytes);
    }
}

static void trail(void **state)
{
    struct stayd stayd;
    struct rows rows;
    char *err;

    (void)state;
    CASE("stayd starts");
    if (!stayd_start(&stayd, options))
        return;
    rows_init(&rows, stayd.port);
    rows_set_secrets(&rows, "A");
    rows_set_secrets(&rows, "B");
    rows_run(&rows, story, COUNT(story));
    check_table(&stayd);
    check_files(&stayd, &rows);
    err = process_text(stayd.process, PROCESS_ERR);
    check_lines(&rows, err);
    check_canaries(&rows, "the log", err, strlen(err));
    CHECK(check_json(err) >= COUNT(lines));
    free(err);
    rows_clear(&rows);
    stayd_clear(&stayd);
}

/* The same story on the other database: the end of a session and the row that
   tells of it go out together, and come back as they went. */
static void other_database(void **state)
{
    static const char sql[] =
        "SELECT kind || ' ' || outcome || ' ' || user_id || ' ' ||"
        " length(sid) || ' ' || dialect || ' ' || address FROM audit"
        " ORDER BY id";
    const char *words[] = {"--trust-proxy", "127.0.0.1", "--database", NULL,
                           NULL};
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;
    struct postgres db = {.port = 0};
    struct stayd stayd = {.port = 0};
    struct rows rows;
    char table[8192] = "";

    (void)state;
    CASE("PostgreSQL starts, and stayd on it");
    if (!postgres_start(&db))
        return;
    words[3] = db.url;
    if (stayd_start(&stayd, words)) {
        rows_init(&rows, stayd.port);
        rows_set_secrets(&rows, "A");
        rows_set_secrets(&rows, "B");
        rows_run(&rows, story, COUNT(story));
        CASE("the table tells it all there too");
        do {
            process_pause();
            (void)postgres_sql(&db, sql, table, sizeof table - 1);
            table[strlen(table) + 1] = '\0';
            table[strlen(table)] = '\n'; // that of the last row was cut
        } while (!holds_all(table) && process_now_ms() < end_ms);
        CHECK(holds_all(table));
        rows_clear(&rows);
    }
    stayd_clear(&stayd);
    postgres_clear(&db);
}

/* Under --log-level error the audit is there all the same, and goes in time. */
static void short_memory(void **state)
{
    static const char *const brief[] = {"--log-level", "error", "--audit-keep",
                                        "1s", NULL};
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;
    struct stayd stayd;
    struct rows rows;
    char table[8192];
    char line[PROCESS_LINE_SIZE];
    size_t from = 0;

    (void)state;
    CASE("stayd starts");
    if (!stayd_start(&stayd, brief))
        return;
    rows_init(&rows, stayd.port);
    rows_set_secrets(&rows, "B");
    rows_run(&rows, story + 7, 1);
    CASE("the audit is told whatever the level");
    CHECK(process_line(stayd.process, PROCESS_ERR, "\"event\":\"sign_in\"",
                       &from, line));
    CASE("a row is there with the answer");
    read_table(&stayd, table, sizeof table);
    CHECK(strstr(table, "sign_in ok 1 16 stay 127.0.0.1\n") != NULL);
    CASE("and goes when it is older than --audit-keep");
    while (table[0] != '\0' && process_now_ms() < end_ms) {
        process_pause();
        read_table(&stayd, table, sizeof table);
    }
    CHECK_TEXT(table, "");
    rows_clear(&rows);
    stayd_clear(&stayd);
}

// clang-format off
static const struct row denied[] = {
    {"a sign-in", "POST", "/d/stay/api/session", FROM,
     "{\"username\":\"ada\",\"password\":\"lovelace\",\"sid\":\"$A_SID\","
     "\"next\":\"$A_N0\"}", 201, NULL, NULL, "ACCESS=access_token"},
    {"a change of password without the old one", "PATCH", "/d/stay/api/account",
     FROM "Authorization: Bearer $ACCESS\r\n",
     "{\"password\":\"ink-lathe-1843\",\"current_password\":\"wrong-one\"}", 403,
     NULL, NULL, NULL},
    {"a change of address likewise", "PATCH", "/d/stay/api/account",
     FROM "Authorization: Bearer $ACCESS\r\n",
     "{\"email\":\"a@b.example\",\"current_password\":\"wrong-one\"}", 403,
     NULL, NULL, NULL},
    {"a change to another's address", "PATCH", "/d/stay/api/account",
     FROM "Authorization: Bearer $ACCESS\r\n",
     "{\"email\":\"max@example.org\",\"current_password\":\"lovelace\"}", 409,
     NULL, NULL, NULL},
    {"an end of the account", "DELETE", "/d/stay/api/account",
     FROM "Authorization: Bearer $ACCESS\r\n",
     "{\"current_password\":\"wrong-one\"}", 403, NULL, NULL, NULL},
    {"a sign-up under another's name", "POST", "/d/stay/api/account", FROM,
     "{\"username\":\"ada\",\"email\":\"b@b.example\","
     "\"password\":\"ink-lathe-1843\"}", 409, NULL, NULL, NULL},
};
// clang-format on

static const char denied_table[] =
    "sign_in ok 1 16 stay 192.0.2.5\n"
    "password_change bad_password 1 16 stay 192.0.2.5\n"
    "email_change bad_password 1 16 stay 192.0.2.5\n"
    "email_change taken 1 16 stay 192.0.2.5\n"
    "account_delete bad_password 1 16 stay 192.0.2.5\n"
    "sign_up taken 0 0 stay 192.0.2.5\n";

static void refusals(void **state)
{
    struct stayd stayd;
    struct rows rows;
    char table[8192];

    (void)state;
    CASE("stayd starts");
    if (!stayd_start(&stayd, options))
        return;
    rows_init(&rows, stayd.port);
    rows_set_secrets(&rows, "A");
    rows_run(&rows, denied, COUNT(denied));
    CHECK_EQ(stayd_stop(&stayd, SIGTERM), 0);
    CASE("the table tells of each refusal, in order");
    read_table(&stayd, table, sizeof table);
    CHECK_TEXT(table, denied_table);
    rows_clear(&rows);
    stayd_clear(&stayd);
}

static void last_words(void **state)
{
    struct stayd stayd;
    struct rows rows;
    char table[8192];

    (void)state;
    CASE("stayd starts, refuses somebody, and is stopped at once");
    if (!stayd_start(&stayd, options))
        return;
    rows_init(&rows, stayd.port);
    rows_run(&rows, story + 3, 1);
    CHECK_EQ(stayd_stop(&stayd, SIGTERM), 0);
    CASE("the table tells of it");
    read_table(&stayd, table, sizeof table);
    CHECK_TEXT(table, "sign_in unknown_user 0 0 express 192.0.2.5\n");
    rows_clear(&rows);
    stayd_clear(&stayd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(trail),          cmocka_unit_test(short_memory),
        cmocka_unit_test(refusals),       cmocka_unit_test(last_words),
        cmocka_unit_test(other_database),
    };

    if (sodium_init() < 0)
        return 1;
    return check_run("system/gate_audit", tests);
}
