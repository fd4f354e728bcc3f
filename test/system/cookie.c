/*
 * Cookie mode, row by row; and the name that --url gives a server.
 */
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

static void loopback(void **state)
{
    static const char *const options[] = {"--trust-proxy", "127.0.0.1",
                                          "--origin", "https://app.example",
                                          NULL};
    struct stayd stayd;
    struct rows rows;

    (void)state;
    CASE("stayd starts");
    if (!stayd_start(&stayd, options))
        return;
    rows_init(&rows, stayd.port);
    set_secrets(&rows);
    rows_run_file(&rows, "cookie.rows");
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

static void url(void **state)
{
    static const char *const options[] = {"--url", "https://auth.example",
                                          NULL};
    struct stayd stayd;
    struct rows rows;

    (void)state;
    CASE("stayd starts with --url");
    if (!stayd_start(&stayd, options))
        return;
    rows_init(&rows, stayd.port);
    set_secrets(&rows);
    rows_run(&rows, url_rows, COUNT(url_rows));
    rows_clear(&rows);
    stayd_clear(&stayd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(loopback),
                                              cmocka_unit_test(url)};

    return check_run("system/cookie", tests);
}
