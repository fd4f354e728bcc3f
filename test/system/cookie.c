/*
 * Cookie mode, row by row; and the name that --url gives a server.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "rows.h"
#include "stayd.h"

/* PREFIX_R, _S0, _N0 ...: of the first sign-in, the next, and all others. */
static void set_secrets(struct rows *rows)
{
    rows_set_secrets(rows, "A");
    rows_set_secrets(rows, "B");
    rows_set_secrets(rows, "C");
}

/* The one line that began, among all that asked for one. */
static void check_audit(struct stayd *stayd)
{
    static const char event[] = "\"event\":\"reseeded\",\"outcome\":\"ok\"";
    char *text = process_text(stayd->process, PROCESS_ERR);
    const char *first = strstr(text, event);

    CASE("the line that began is in the audit trail, once");
    CHECK(first != NULL);
    CHECK(first != NULL && strstr(first + 1, event) == NULL);
    free(text);
}

static void loopback(void **state)
{
    static const char *const options[] = {
        "--trust-proxy", "127.0.0.1", "--origin", "https://app.example", NULL};
    struct stayd stayd;
    struct rows rows;

    (void)state;
    CASE("stayd starts");
    if (!stayd_start(&stayd, options))
        return;
    rows_init(&rows, stayd.port);
    set_secrets(&rows);
    rows_run_file(&rows, "cookie.rows");
    check_audit(&stayd);
    rows_clear(&rows);
    stayd_clear(&stayd);
}

#define SIGN_IN(next)                                                          \
    "{\"username\":\"ada\",\"password\":\"lovelace\",\"next\":\"" next "\"}"

// clang-format off
static const struct row url_rows[] = {
    {"https by --url: the cookie is for https alone", "POST", "/api/session",
     "Host: auth.example\r\nStay-Mode: cookie\r\nOrigin: https://auth.example\r\n",
     SIGN_IN("$A_N0"), 201, NULL,
     "Set-Cookie: __Host-stay=<TOKEN>; Path=/; Max-Age=15552000; HttpOnly; "
     "SameSite=Strict; Secure\n", NULL},
    {"another name than that of --url is plain http from afar", "POST",
     "/api/session",
     "Host: other.example\r\nStay-Mode: cookie\r\nOrigin: https://other.example\r\n",
     SIGN_IN("$A_N1"), 400, "{\"error\":\"insecure\",<ANY>}", "!Set-Cookie\n",
     NULL},
    {"what a client says of https is not believed", "POST", "/api/session",
     "Host: other.example\r\nX-Forwarded-Proto: https\r\nStay-Mode: cookie\r\n"
     "Origin: https://other.example\r\n",
     SIGN_IN("$A_N1"), 400, "{\"error\":\"insecure\",<ANY>}", "!Set-Cookie\n",
     NULL},
    {"and this very machine is plain http all the same", "POST", "/api/session",
     "Stay-Mode: cookie\r\nOrigin: http://localhost\r\n", SIGN_IN("$A_N2"), 201,
     NULL, "Set-Cookie: stay-80=<ANY>\n", NULL},
};
// clang-format on

#define HERE "Stay-Mode: cookie\r\nOrigin: http://localhost\r\n"
#define COOKIE HERE "Cookie: stay-80=$COOKIE\r\n"
#define REFRESH "/api/session/refresh"

// clang-format off
static const struct row forgetful_rows[] = {
    {"--no-reseed: sign-in", "POST", "/api/session", HERE, SIGN_IN("$A_N0"),
     201, NULL, NULL, "SID=id COOKIE=;stay-80"},
    {"--no-reseed: who asks has to sign in again", "POST", REFRESH, COOKIE,
     "{\"generation\":null}", 401, "{\"error\":\"unknown\",<ANY>}", NULL, NULL},
    {"--no-reseed: no line begins", "POST", REFRESH, COOKIE,
     "{\"sid\":\"$SID\",\"generation\":0,\"from\":\"$A_N0\",\"to\":1000,"
     "\"next\":\"$A_N1\"}", 401, "{\"error\":\"unknown\",<ANY>}", NULL, NULL},
    {"--no-reseed: who has the secrets goes on", "POST", REFRESH, COOKIE,
     "{\"sid\":\"$SID\",\"generation\":0,\"secret\":\"$A_S0\","
     "\"next\":\"$A_N1\"}", 200, NULL, NULL, NULL},
};
// clang-format on

static void run_rows(const char *const options[], const struct row *list,
                     size_t count)
{
    struct stayd stayd;
    struct rows rows;

    check_case("stayd starts with %s", options[0]);
    if (!stayd_start(&stayd, options))
        return;
    rows_init(&rows, stayd.port);
    set_secrets(&rows);
    rows_run(&rows, list, count);
    rows_clear(&rows);
    stayd_clear(&stayd);
}

static void forgetful(void **state)
{
    static const char *const options[] = {"--no-reseed", NULL};

    (void)state;
    run_rows(options, forgetful_rows, COUNT(forgetful_rows));
}

static void url(void **state)
{
    static const char *const options[] = {"--url", "https://auth.example",
                                          NULL};

    (void)state;
    run_rows(options, url_rows, COUNT(url_rows));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(loopback),
                                              cmocka_unit_test(url),
                                              cmocka_unit_test(forgetful)};

    return check_run("system/cookie", tests);
}
