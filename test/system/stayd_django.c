/*
 * djoser and SimpleJWT, as captured from the originals: wire.md 2.
 */
#include <signal.h>

#include "base/bytes.h"
#include "check.h"
#include "rows.h"
#include "stayd.h"

#define PAGE "Origin: http://localhost:8080\r\n"
#define CARRIED                                                                \
    "Access-Control-Allow-Origin: http://localhost:8080\nVary: Origin\n"       \
    "Content-Type: application/json\nAllow: <ANY>\n"
/* Every 401 of the original. */
#define REFUSED CARRIED "WWW-Authenticate: Bearer realm=\"api\"\n"
#define USERS "/api/v1/auth/users/"
#define CREATE "/api/v1/auth/jwt/create/"
#define REFRESH "/api/v1/auth/jwt/refresh/"
#define VERIFY "/api/v1/auth/jwt/verify/"
#define ME "/api/v1/auth/users/me/"
#define INVALID                                                                \
    "{\"detail\":\"Token is invalid or "                                       \
    "expired\",\"code\":\"token_not_valid\"}"
#define NOT_VALID(text)                                                        \
    "{\"detail\":\"Given token not valid for any token type\","                \
    "\"code\":\"token_not_valid\",\"messages\":[{\"token_class\":"             \
    "\"AccessToken\",\"token_type\":\"access\",\"message\":\"" text "\"}]}"

// clang-format off
static const struct row captured[] = {
    {"users: ok", "POST", USERS, PAGE,
     "{\"username\":\"alice\",\"email\":\"alice@example.com\",\"password\":\"wonderland-7\"}", 201,
     "{\"email\":\"alice@example.com\",\"username\":\"alice\",\"id\":<INT>}", CARRIED, "ID=id"},
    {"users: taken", "POST", USERS, PAGE,
     "{\"username\":\"alice\",\"email\":\"b@example.com\",\"password\":\"wonderland-7\"}", 400,
     "{\"username\":[\"A user with that username already exists.\"]}", CARRIED, NULL},
    {"users: field missing", "POST", USERS, PAGE, "{\"username\":\"bob\",\"email\":\"b@example.com\"}", 400,
     "{\"password\":[\"This field is required.\"]}", CARRIED, NULL},
    {"users: weak", "POST", USERS, PAGE,
     "{\"username\":\"bob\",\"email\":\"b@example.com\",\"password\":\"83017\"}", 400,
     "{\"password\":[\"This password is too short. It must contain at least 8 characters.\","
     "\"This password is entirely numeric.\"]}",
     CARRIED, NULL},
    {"create: ok, refresh first", "POST", CREATE, PAGE, "{\"username\":\"alice\",\"password\":\"wonderland-7\"}", 200,
     "{\"refresh\":\"<TOKEN>\",\"access\":\"<JWT>\"}", CARRIED "Cache-Control: no-store\n",
     "ACCESS=access REFRESH=refresh"},
    {"create: bad password", "POST", CREATE, PAGE, "{\"username\":\"alice\",\"password\":\"wrong-one\"}", 401,
     "{\"detail\":\"No active account found with the given credentials\"}", REFUSED, NULL},
    {"create: unknown user", "POST", CREATE, PAGE, "{\"username\":\"nobody\",\"password\":\"wonderland-7\"}", 401,
     "{\"detail\":\"No active account found with the given credentials\"}", REFUSED, NULL},
    {"create: empty object", "POST", CREATE, PAGE, "{}", 400,
     "{\"username\":[\"This field is required.\"],\"password\":[\"This field is required.\"]}", CARRIED, NULL},
    {"create: broken JSON", "POST", CREATE, PAGE, "{", 400, "{\"detail\":\"JSON parse error - <ANY>\"}", CARRIED, NULL},
    {"create: wrong content type", "POST", CREATE, PAGE "Content-Type: text/plain\r\n", "x", 415,
     "{\"detail\":\"Unsupported media type \\\"text/plain\\\" in request.\"}", CARRIED, NULL},
    {"create: GET", "GET", CREATE, PAGE, NULL, 405, "{\"detail\":\"Method \\\"GET\\\" not allowed.\"}", CARRIED, NULL},
    {"create: without the final slash", "POST", "/api/v1/auth/jwt/create", PAGE,
     "{\"username\":\"alice\",\"password\":\"wonderland-7\"}", 200, "{\"refresh\":\"<TOKEN>\",\"access\":\"<JWT>\"}",
     CARRIED, NULL},
    {"refresh: ok, access first", "POST", REFRESH, PAGE, "{\"refresh\":\"$REFRESH\"}", 200,
     "{\"access\":\"<JWT>\",\"refresh\":\"<TOKEN>\"}", CARRIED "Cache-Control: no-store\n", "ACCESS=access"},
    {"refresh: bad", "POST", REFRESH, PAGE, "{\"refresh\":\"rubbish\"}", 401, INVALID, REFUSED, NULL},
    {"refresh: an access token was sent", "POST", REFRESH, PAGE, "{\"refresh\":\"$ACCESS\"}", 401,
     "{\"detail\":\"Token has wrong type\",\"code\":\"token_not_valid\"}", REFUSED, NULL},
    {"refresh: empty", "POST", REFRESH, PAGE, "{\"refresh\":\"\"}", 400,
     "{\"refresh\":[\"This field may not be blank.\"]}", CARRIED, NULL},
    {"refresh: null", "POST", REFRESH, PAGE, "{\"refresh\":null}", 400,
     "{\"refresh\":[\"This field may not be null.\"]}", CARRIED, NULL},
    {"refresh: missing", "POST", REFRESH, PAGE, "{}", 400, "{\"refresh\":[\"This field is required.\"]}", CARRIED,
     NULL},
    {"verify: an access token", "POST", VERIFY, PAGE, "{\"token\":\"$ACCESS\"}", 200, "{}", CARRIED, NULL},
    {"verify: a refresh token", "POST", VERIFY, PAGE, "{\"token\":\"$REFRESH\"}", 200, "{}", CARRIED, NULL},
    {"verify: bad", "POST", VERIFY, PAGE, "{\"token\":\"rubbish\"}", 401, INVALID, REFUSED, NULL},
    {"verify: missing", "POST", VERIFY, PAGE, "{}", 400, "{\"token\":[\"This field is required.\"]}", CARRIED, NULL},
    {"me: ok, id before username here", "GET", ME, PAGE "Authorization: Bearer $ACCESS\r\n", NULL, 200,
     "{\"email\":\"alice@example.com\",\"id\":$ID,\"username\":\"alice\"}", CARRIED, NULL},
    {"me: no header", "GET", ME, PAGE, NULL, 401, "{\"detail\":\"Authentication credentials were not provided.\"}",
     REFUSED, NULL},
    {"me: the scheme in small letters", "GET", ME, PAGE "Authorization: bearer $ACCESS\r\n", NULL, 401,
     "{\"detail\":\"Authentication credentials were not provided.\"}", REFUSED, NULL},
    {"me: the scheme alone", "GET", ME, PAGE "Authorization: Bearer\r\n", NULL, 401,
     "{\"detail\":\"Authorization header must contain two space-delimited values\","
     "\"code\":\"bad_authorization_header\"}",
     REFUSED, NULL},
    {"me: three words", "GET", ME, PAGE "Authorization: Bearer a b\r\n", NULL, 401,
     "{\"detail\":\"Authorization header must contain two space-delimited values\","
     "\"code\":\"bad_authorization_header\"}",
     REFUSED, NULL},
    {"me: bad", "GET", ME, PAGE "Authorization: Bearer rubbish\r\n", NULL, 401,
     NOT_VALID("Token is invalid or expired"), REFUSED, NULL},
    {"me: a refresh token was sent", "GET", ME, PAGE "Authorization: Bearer $REFRESH\r\n", NULL, 401,
     NOT_VALID("Token has wrong type"), REFUSED, NULL},
    {"preflight", "OPTIONS", CREATE,
     PAGE "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n", NULL, 200, "",
     "Content-Type: text/html; charset=utf-8\nContent-Length: 0\n"
     "Access-Control-Allow-Origin: http://localhost:8080\n"
     "Access-Control-Allow-Headers: accept, accept-encoding, authorization, content-type, dnt, origin, user-agent, "
     "x-csrftoken, x-requested-with\n"
     "Access-Control-Allow-Methods: DELETE, GET, OPTIONS, PATCH, POST, PUT\nAccess-Control-Max-Age: 86400\n",
     NULL},
};

static const struct row ours[] = {
    {"board for users", "GET", "/api/v1/test/user", "Authorization: Bearer $ACCESS\r\n", NULL, 200,
     "{\"detail\":\"User Content.\"}", NULL, NULL},
    {"board of moderators", "GET", "/api/v1/test/mod", "Authorization: Bearer $ACCESS\r\n", NULL, 403,
     "{\"detail\":\"<ANY>\"}", NULL, NULL},
    {"a todo", "POST", "/api/v1/todos", "Authorization: Bearer $ACCESS\r\n", "{\"title\":\"milk\"}", 201,
     "{\"id\":<INT>,\"title\":\"milk\",\"done\":false}", NULL, NULL},
    {"an unknown path below its prefix is in its words", "GET", "/api/v1/nope", NULL, NULL, 404,
     "\n<!doctype html>\n<html lang=\"en\">\n<ANY>Not Found<ANY>", NULL, NULL},
    {"the same under its own mount", "POST", "/d/django" CREATE, NULL,
     "{\"username\":\"alice\",\"password\":\"wonderland-7\"}", 200, NULL, NULL, NULL},
    {"all tokens expire", "POST", "/demo/expire", NULL, NULL, 204, "", NULL, NULL},
    {"me: expired", "GET", ME, PAGE "Authorization: Bearer $ACCESS\r\n", NULL, 401,
     NOT_VALID("Token is invalid or expired"), REFUSED, NULL},
    {"verify: expired", "POST", VERIFY, PAGE, "{\"token\":\"$ACCESS\"}", 401, INVALID, REFUSED, NULL},
    {"refresh: goes on", "POST", REFRESH, PAGE, "{\"refresh\":\"$REFRESH\"}", 200, NULL, NULL, "ACCESS=access"},
    {"me: good again", "GET", ME, PAGE "Authorization: Bearer $ACCESS\r\n", NULL, 200, NULL, NULL, NULL},
    {"sign out", "POST", "/api/v1/auth/signout", NULL, "{\"refresh\":\"$REFRESH\"}", 200, "{}", NULL, NULL},
    {"sign out again", "POST", "/api/v1/auth/signout", NULL, "{\"refresh\":\"$REFRESH\"}", 401,
     "{\"detail\":\"Token is blacklisted\",\"code\":\"token_not_valid\"}", NULL, NULL},
    {"refresh: signed out", "POST", REFRESH, PAGE, "{\"refresh\":\"$REFRESH\"}", 401,
     "{\"detail\":\"Token is blacklisted\",\"code\":\"token_not_valid\"}", REFUSED, NULL},
    {"verify: signed out", "POST", VERIFY, PAGE, "{\"token\":\"$REFRESH\"}", 400,
     "{\"non_field_errors\":[\"Token is blacklisted\"]}", NULL, NULL},
    {"me: signed out", "GET", ME, PAGE "Authorization: Bearer $ACCESS\r\n", NULL, 401,
     NOT_VALID("Token is invalid or expired"), REFUSED, NULL},
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
    rows_clear(&rows);
    stayd_clear(&stayd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(all)};

    return check_run("system/stayd_django", tests);
}
