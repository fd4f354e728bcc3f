/*
 * Accounts, for administrators; and the account that a demonstration disables
 * for a while.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "rows.h"
#include "stayd.h"

enum {
    LONG = 255, /* bytes of the longest text that is looked for */
    PAGE = 50,  /* accounts of one answer */
    MORE = 48,  /* accounts beside the three of the demonstration */
    DISABLED_MS = 30 * 1000, /* POST /demo/disable */
    LATE_MS = 5 * 1000,
};

static bool start(struct stayd *stayd, struct rows *rows)
{
    char text[LONG + 1] = "";

    if (!stayd_start(stayd, NULL))
        return false;
    memset(text, 'x', LONG);
    rows_init(rows, stayd->port);
    rows_set_secrets(rows, "A");
    rows_set_secrets(rows, "B");
    rows_set_secrets(rows, "C");
    rows_set_secrets(rows, "D");
    rows_set(rows, "LONG", text);
    return true;
}

static size_t count(const char *text, const char *part)
{
    size_t found = 0;

    while ((text = strstr(text, part)) != NULL) {
        text += strlen(part);
        found++;
    }
    return found;
}

/* Each change is told once, by whom it was done: the session of root. */
static void check_told(struct stayd *stayd, const struct rows *rows)
{
    static const struct {
        const char *event;
        size_t times;
    } told[] = {
        {"\"event\":\"user_disable\"", 1},
        {"\"event\":\"user_enable\"",  1},
        {"\"event\":\"roles_change\"", 3},
        {"\"event\":\"sessions_end\"", 1},
    };
    char *text = process_text(stayd->process, PROCESS_ERR);

    for (size_t i = 0; i < COUNT(told); i++) {
        check_case("the log tells of %s", told[i].event);
        CHECK_EQ(count(text, told[i].event), told[i].times);
    }
    CASE("and of the session that did it");
    CHECK_EQ(count(text, rows_value(rows, "C_SID")), 7); // its sign-in too
    free(text);
}

/* ---- More than one answer holds ---- */

static bool add_user(int port, int number)
{
    char body[160];
    const struct wire_request request = {
        .method = "POST", .path = "/api/account", .body = body};
    struct wire_reply reply;
    int status;

    (void)snprintf(body, sizeof body,
                   "{\"username\":\"person%02d\",\"email\":\"p%02d@b.c\","
                   "\"password\":\"wonderland-1865\"}",
                   number, number);
    reply = wire_ask(port, &request);
    status = reply.status;
    wire_clear(&reply);
    return status == 201;
}

static void check_page(int port, const struct rows *rows, const char *path,
                       size_t want)
{
    char headers[8192];
    const struct wire_request request = {
        .method = "GET", .path = path, .headers = headers};
    struct wire_reply reply;

    (void)snprintf(headers, sizeof headers, "Authorization: Bearer %s\r\n",
                   rows_value(rows, "ROOT"));
    check_case("a page: %s", path);
    reply = wire_ask(port, &request);
    CHECK_EQ(reply.status, 200);
    CHECK_EQ(count(reply.body, "{\"id\":"), want);
    wire_clear(&reply);
}

static void check_pages(int port, const struct rows *rows)
{
    bool good = true;

    CASE("many sign up");
    for (int i = 0; i < MORE; i++)
        good = add_user(port, i) && good;
    CHECK(good);
    check_page(port, rows, "/api/admin/users", PAGE);
    check_page(port, rows, "/api/admin/users?after=50", 1);
    check_page(port, rows, "/api/admin/users?after=1", PAGE);
    check_page(port, rows, "/api/admin/users?search=person", MORE);
    check_page(port, rows, "/api/admin/users?search=person&after=50", 1);
}

static void users(void **state)
{
    struct stayd stayd;
    struct rows rows;

    (void)state;
    CASE("stayd starts");
    if (!start(&stayd, &rows))
        return;
    rows_run_file(&rows, "users.rows");
    check_told(&stayd, &rows);
    check_pages(stayd.port, &rows);
    rows_clear(&rows);
    stayd_clear(&stayd);
}

/* ---- /demo/disable ---- */

#define SIGN_IN "{\"username\":\"ada\",\"password\":\"lovelace\","

// clang-format off
static const struct row disable_rows[] = {
    {"ada signs in", "POST", "/api/session", NULL,
     SIGN_IN "\"sid\":\"$A_SID\",\"next\":\"$A_N0\"}", 201, NULL, NULL,
     "ADA=access_token"},
    {"nobody is disabled by nobody", "POST", "/demo/disable", NULL, NULL, 401,
     NULL, NULL, NULL},
    {"by a token that is none", "POST", "/demo/disable",
     "Authorization: Bearer abc\r\n", NULL, 401, NULL, NULL, NULL},
    {"a page on another port asks whether it may", "OPTIONS", "/demo/disable",
     "Origin: http://localhost:5173\r\nAccess-Control-Request-Method: POST\r\n"
     "Access-Control-Request-Headers: authorization\r\n", NULL, 204, "",
     "Access-Control-Allow-Origin: http://localhost:5173\n"
     "Allow: POST\n"
     "Access-Control-Allow-Methods: POST\n"
     "Access-Control-Allow-Headers: Authorization, Content-Type\n"
     "Vary: Origin\n", NULL},
    {"a page from elsewhere may not", "OPTIONS", "/demo/disable",
     "Origin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\n",
     NULL, 204, "", "!Access-Control-Allow-Origin\n", NULL},
    {"her account is disabled", "POST", "/demo/disable",
     "Authorization: Bearer $ADA\r\nOrigin: http://localhost:5173\r\n", NULL,
     204, NULL, "Access-Control-Allow-Origin: http://localhost:5173\n", NULL},
    {"her session is over, and the reason is told", "POST",
     "/api/session/refresh", NULL,
     "{\"session\":\"$A_R\",\"sid\":\"$A_SID\",\"generation\":0,"
     "\"secret\":\"$A_S0\",\"next\":\"$A_N1\"}", 401,
     "{\"error\":\"disabled\",<ANY>}", NULL, NULL},
    {"and she cannot disable again", "POST", "/demo/disable",
     "Authorization: Bearer $ADA\r\n", NULL, 401, "{\"error\":\"disabled\",<ANY>}",
     NULL, NULL},
};
// clang-format on

static void disable(void **state)
{
    struct stayd stayd;
    struct rows rows;
    char line[PROCESS_LINE_SIZE];
    // Said where the server is one that can be told to wait less.
    const char *less = getenv("STAY_DISABLED_MS");
    int64_t disabled_ms = less != NULL ? strtoll(less, NULL, 10) : DISABLED_MS;
    int64_t begun_ms;
    size_t from = 0;
    bool told = false;

    (void)state;
    CASE("stayd starts");
    if (!start(&stayd, &rows))
        return;
    begun_ms = process_now_ms();
    rows_run(&rows, disable_rows, COUNT(disable_rows));
    check_case("%d s later it is enabled again, and not before",
               (int)(disabled_ms / 1000));
    // One wait is shorter than that by itself.
    while (!told && process_now_ms() - begun_ms < disabled_ms + LATE_MS)
        told = process_line(stayd.process, PROCESS_ERR,
                            "\"event\":\"user_enable\"", &from, line);
    CHECK(told);
    CHECK(process_now_ms() - begun_ms >= disabled_ms);
    rows_clear(&rows);
    stayd_clear(&stayd);
}

static void earnest(void **state)
{
    static const struct row rows_list[] = {
        {"in earnest there is no such path", "POST",    "/demo/disable", NULL,
         NULL,                                                                       404, NULL, NULL,       NULL},
        {"and a page finds no switches",     "OPTIONS", "/demo/expire",  NULL, NULL,
         204,                                                                             NULL, "!Allow\n", NULL},
    };
    struct stayd stayd;
    struct rows rows;

    (void)state;
    CASE("stayd starts in earnest");
    if (!stayd_start_earnest(&stayd, NULL))
        return;
    rows_init(&rows, stayd.port);
    rows_run(&rows, rows_list, COUNT(rows_list));
    rows_clear(&rows);
    stayd_clear(&stayd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(users),
                                              cmocka_unit_test(disable),
                                              cmocka_unit_test(earnest)};

    return check_run("system/users", tests);
}
