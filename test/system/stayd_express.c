/*
 * bezkoder's Node/Express API, as captured from the original: wire.md 1.1.
 */
#include <signal.h>

#include "base/bytes.h"
#include "check.h"
#include "rows.h"
#include "stayd.h"

#define PAGE "Origin: http://localhost:8081\r\n"
/* What all replies of the original carry. */
#define CARRIED                                                                \
    "Access-Control-Allow-Origin: http://localhost:8081\n"                     \
    "Vary: Origin\n"                                                           \
    "Access-Control-Allow-Headers: x-access-token, Origin, Content-Type, "     \
    "Accept\n"
#define JSON CARRIED "Content-Type: application/json; charset=utf-8\n"
#define HTML CARRIED "Content-Type: text/html; charset=utf-8\n"
#define TEXT CARRIED "Content-Type: text/plain; charset=utf-8\n"
#define FORM PAGE "Content-Type: application/x-www-form-urlencoded\r\n"
#define SIGN_UP "/api/auth/signup"
#define SIGN_IN "/api/auth/signin"
#define REFRESH "/api/auth/refreshtoken"

// clang-format off
static const struct row captured[] = {
    {"GET /", "GET", "/", PAGE, NULL, 200, "{\"message\":\"Welcome to bezkoder application.\"}", JSON, NULL},
    {"signup: ok", "POST", SIGN_UP, PAGE,
     "{\"username\":\"alice\",\"email\":\"a@b.c\",\"password\":\"wonderland\"}", 200,
     "{\"message\":\"User registered successfully!\"}", JSON, NULL},
    {"signup: ok with roles", "POST", SIGN_UP, PAGE,
     "{\"username\":\"mod\",\"email\":\"m@b.c\",\"password\":\"wonderland\",\"roles\":[\"moderator\",\"user\"]}", 200,
     "{\"message\":\"User registered successfully!\"}", JSON, NULL},
    {"signup: name taken", "POST", SIGN_UP, PAGE,
     "{\"username\":\"alice\",\"email\":\"x@b.c\",\"password\":\"wonderland\"}", 400,
     "{\"message\":\"Failed! Username is already in use!\"}", JSON, NULL},
    {"signup: mail taken", "POST", SIGN_UP, PAGE,
     "{\"username\":\"alice2\",\"email\":\"a@b.c\",\"password\":\"wonderland\"}", 400,
     "{\"message\":\"Failed! Email is already in use!\"}", JSON, NULL},
    {"signup: unknown role", "POST", SIGN_UP, PAGE,
     "{\"username\":\"bob\",\"email\":\"b@b.c\",\"password\":\"wonderland\",\"roles\":[\"boss\"]}", 400,
     "{\"message\":\"Failed! Role does not exist = boss\"}", JSON, NULL},
    {"signin: ok", "POST", SIGN_IN, PAGE, "{\"username\":\"alice\",\"password\":\"wonderland\"}", 200,
     "{\"id\":<INT>,\"username\":\"alice\",\"email\":\"a@b.c\",\"roles\":[\"ROLE_USER\"],"
     "\"accessToken\":\"<JWT>\",\"refreshToken\":\"<TOKEN>\"}",
     JSON "Cache-Control: no-store\n", "ACCESS=accessToken REFRESH=refreshToken"},
    {"signin: ok by form", "POST", SIGN_IN, FORM, "username=alice&password=wonderland", 200, NULL, JSON, NULL},
    {"signin: roles in the order of their ids", "POST", SIGN_IN, PAGE,
     "{\"username\":\"mod\",\"password\":\"wonderland\"}", 200,
     "{\"id\":<INT>,\"username\":\"mod\",\"email\":\"m@b.c\",\"roles\":[\"ROLE_USER\",\"ROLE_MODERATOR\"],<ANY>}", JSON,
     "MOD=accessToken"},
    {"signin: admin", "POST", SIGN_IN, PAGE, "{\"username\":\"root\",\"password\":\"toor-toor\"}", 200,
     "{\"id\":<INT>,\"username\":\"root\",\"email\":\"<ANY>\","
     "\"roles\":[\"ROLE_USER\",\"ROLE_MODERATOR\",\"ROLE_ADMIN\"],<ANY>}",
     JSON, "ADMIN=accessToken"},
    {"signin: unknown user", "POST", SIGN_IN, PAGE, "{\"username\":\"nobody\",\"password\":\"wonderland\"}", 404,
     "{\"message\":\"User Not found.\"}", JSON, NULL},
    {"signin: bad password", "POST", SIGN_IN, PAGE, "{\"username\":\"alice\",\"password\":\"wrong\"}", 401,
     "{\"accessToken\":null,\"message\":\"Invalid Password!\"}", JSON, NULL},
    {"refresh: ok", "POST", REFRESH, PAGE, "{\"refreshToken\":\"$REFRESH\"}", 200,
     "{\"accessToken\":\"<JWT>\",\"refreshToken\":\"<TOKEN>\"}", JSON "Cache-Control: no-store\n", NULL},
    {"refresh: the one we kept is good again", "POST", REFRESH, PAGE, "{\"refreshToken\":\"$REFRESH\"}", 200,
     "{\"accessToken\":\"<JWT>\",\"refreshToken\":\"<TOKEN>\"}", JSON, "REFRESH2=refreshToken"},
    {"refresh: ok by form", "POST", REFRESH, FORM, "refreshToken=$REFRESH2", 200,
     "{\"accessToken\":\"<JWT>\",\"refreshToken\":\"<TOKEN>\"}", JSON, "ACCESS=accessToken"},
    {"refresh: with the expired token in the header, as its clients send it", "POST", REFRESH,
     PAGE "x-access-token: $ACCESS\r\n", "{\"refreshToken\":\"$REFRESH2\"}", 200, NULL, JSON, NULL},
    {"refresh: field missing", "POST", REFRESH, PAGE, "{}", 403, "{\"message\":\"Refresh Token is required!\"}", JSON,
     NULL},
    {"refresh: field null", "POST", REFRESH, PAGE, "{\"refreshToken\":null}", 403,
     "{\"message\":\"Refresh Token is required!\"}", JSON, NULL},
    {"refresh: unknown", "POST", REFRESH, PAGE, "{\"refreshToken\":\"0f7b9f0c-5f31-4c88-9a63-58a1a26b2f0e\"}", 403,
     "{\"message\":\"Refresh token is not in database!\"}", JSON, NULL},
    {"refresh: empty", "POST", REFRESH, PAGE, "{\"refreshToken\":\"\"}", 403,
     "{\"message\":\"Refresh token is not in database!\"}", JSON, NULL},
    {"broken JSON", "POST", SIGN_IN, PAGE, "{\"username\":", 400,
     "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n"
     "<pre>SyntaxError: <ANY></pre>\n</body>\n</html>\n",
     "Content-Type: text/html; charset=utf-8\n", NULL},
    {"board: all", "GET", "/api/test/all", PAGE, NULL, 200, "Public Content.", HTML, NULL},
    {"board: user", "GET", "/api/test/user", PAGE "x-access-token: $ACCESS\r\n", NULL, 200, "User Content.", HTML,
     NULL},
    {"board: mod, role moderator", "GET", "/api/test/mod", PAGE "x-access-token: $MOD\r\n", NULL, 200,
     "Moderator Content.", HTML, NULL},
    {"board: mod, other role", "GET", "/api/test/mod", PAGE "x-access-token: $ACCESS\r\n", NULL, 403,
     "{\"message\":\"Require Moderator Role!\"}", JSON, NULL},
    {"board: admin, role admin", "GET", "/api/test/admin", PAGE "x-access-token: $ADMIN\r\n", NULL, 200,
     "Admin Content.", HTML, NULL},
    {"board: admin, other role", "GET", "/api/test/admin", PAGE "x-access-token: $MOD\r\n", NULL, 403,
     "{\"message\":\"Require Admin Role!\"}", JSON, NULL},
    {"board: no token", "GET", "/api/test/user", PAGE, NULL, 403, "{\"message\":\"No token provided!\"}", JSON, NULL},
    {"board: an Authorization header does not count", "GET", "/api/test/mod",
     PAGE "Authorization: Bearer $ACCESS\r\n", NULL, 403, "{\"message\":\"No token provided!\"}", JSON, NULL},
    {"board: rubbish", "GET", "/api/test/user", PAGE "x-access-token: rubbish\r\n", NULL, 401, "Unauthorized",
     TEXT "Content-Length: 12\n", NULL},
    {"board: Bearer in its header", "GET", "/api/test/user", PAGE "x-access-token: Bearer $ACCESS\r\n", NULL, 401,
     "Unauthorized", TEXT, NULL},
    {"preflight", "OPTIONS", "/api/test/user",
     PAGE "Access-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: x-access-token\r\n", NULL, 204, "",
     "Access-Control-Allow-Origin: http://localhost:8081\nAccess-Control-Allow-Methods: "
     "GET,HEAD,PUT,PATCH,POST,DELETE\nAccess-Control-Allow-Headers: x-access-token\n"
     "Vary: Origin, Access-Control-Request-Headers\n",
     NULL},
    {"unknown path", "GET", "/api/nope", PAGE, NULL, 404,
     "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n"
     "<pre>Cannot GET /api/nope</pre>\n</body>\n</html>\n",
     "Content-Type: text/html; charset=utf-8\n", NULL},
};

static const struct row ours[] = {
    {"the same under its own mount", "GET", "/d/express/api/test/user", "x-access-token: $ACCESS\r\n", NULL, 200,
     "User Content.", NULL, NULL},
    {"a path with markup in it is shown, not obeyed", "GET", "/api/a&b'c", NULL, NULL, 404,
     "<ANY>Cannot GET /api/a&amp;b&#39;c<ANY>", NULL, NULL},
    {"who am I", "GET", "/api/auth/me", "x-access-token: $ACCESS\r\n", NULL, 200,
     "{\"id\":<INT>,\"username\":\"alice\",\"email\":\"a@b.c\",\"roles\":[\"ROLE_USER\"]}", NULL, NULL},
    {"a todo", "POST", "/api/todos", "x-access-token: $ACCESS\r\n", "{\"title\":\"milk\"}", 201,
     "{\"id\":<INT>,\"title\":\"milk\",\"done\":false}", NULL, NULL},
    {"todos", "GET", "/api/todos", "x-access-token: $ACCESS\r\n", NULL, 200,
     "[{\"id\":<INT>,\"title\":\"milk\",\"done\":false}]", NULL, NULL},
    {"a short password", "POST", SIGN_UP, NULL, "{\"username\":\"sue\",\"email\":\"s@b.c\",\"password\":\"short\"}",
     400, "{\"message\":\"Failed! Password is too short!\"}", NULL, NULL},
    {"an access token for a refresh token", "POST", REFRESH, NULL, "{\"refreshToken\":\"$ACCESS\"}", 403,
     "{\"message\":\"Refresh token is not in database!\"}", NULL, NULL},
    {"a refresh token for an access token", "GET", "/api/test/user", "x-access-token: $REFRESH\r\n", NULL, 401,
     "Unauthorized", NULL, NULL},
    {"a refresh token that is an object", "POST", REFRESH, NULL, "{\"refreshToken\":{}}", 403,
     "{\"message\":\"Refresh token is not in database!\"}", NULL, NULL},
    {"a refresh token with one letter off", "POST", REFRESH, NULL, "{\"refreshToken\":\"$REFRESHA\"}", 403,
     "{\"message\":\"Refresh token is not in database!\"}", NULL, NULL},
    {"sign out with rubbish", "POST", "/api/auth/signout", NULL, "{\"refreshToken\":\"rubbish\"}", 200,
     "{\"message\":\"Log out successful!\"}", NULL, NULL},
    {"sign out", "POST", "/api/auth/signout", NULL, "{\"refreshToken\":\"$REFRESH\"}", 200,
     "{\"message\":\"Log out successful!\"}", NULL, NULL},
    {"refresh after it", "POST", REFRESH, NULL, "{\"refreshToken\":\"$REFRESH2\"}", 403,
     "{\"message\":\"<ANY>\"}", NULL, NULL},
    {"board after it", "GET", "/api/test/user", "x-access-token: $ACCESS\r\n", NULL, 401, "Unauthorized", NULL, NULL},
};

static const struct row expired[] = {
    {"all tokens expire", "POST", "/demo/expire", NULL, NULL, 204, "", NULL, NULL},
    {"board: expired", "GET", "/api/test/mod", PAGE "x-access-token: $MOD\r\n", NULL, 401,
     "{\"message\":\"Unauthorized! Access Token was expired!\"}", JSON, NULL},
    {"sign in gives one that is good", "POST", SIGN_IN, PAGE, "{\"username\":\"mod\",\"password\":\"wonderland\"}", 200,
     NULL, NULL, "MOD=accessToken"},
    {"board: good again", "GET", "/api/test/mod", PAGE "x-access-token: $MOD\r\n", NULL, 200, "Moderator Content.",
     HTML, NULL},
};
// clang-format on

static void all(void **state)
{
    static const char *const options[] = {"--access-ttl", "60s", NULL};
    struct stayd stayd;
    struct rows rows;

    (void)state;
    CASE("stayd starts");
    if (!stayd_start(&stayd, options))
        return;
    rows_init(&rows, stayd.port);
    rows_run(&rows, captured, COUNT(captured));
    rows_run(&rows, ours, COUNT(ours));
    rows_run(&rows, expired, COUNT(expired));
    CASE("stayd stops at once when interrupted, and well");
    CHECK_EQ(stayd_stop(&stayd, SIGINT), 0);
    rows_clear(&rows);
    stayd_clear(&stayd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(all)};

    return check_run("system/stayd_express", tests);
}
