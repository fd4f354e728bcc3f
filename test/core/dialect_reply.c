/*
 * stayd's side: case and fields -> the bytes of the reply, as captured from
 * the families' own back ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "dialect_kit.h"

#define ALL_EXPRESS                                                            \
    "Access-Control-Allow-Origin: http://localhost:8081\nVary: Origin\n"       \
    "Access-Control-Allow-Headers: x-access-token, Origin, Content-Type, "     \
    "Accept\n"
#define JSON_EXPRESS                                                           \
    "Content-Type: application/json; charset=utf-8\n" ALL_EXPRESS "\n"
#define HTML_EXPRESS "Content-Type: text/html; charset=utf-8\n" ALL_EXPRESS "\n"
#define ALICE                                                                  \
    "id=1&username=alice&email=a@b.c&roles=user&access=J.W.T&refresh=R"
#define ORIGIN "origin=http://localhost:8081"
#define DJ(allow)                                                              \
    "Content-Type: application/json\nAllow: " allow "\nVary: Origin\n\n"
#define DJ401(allow)                                                           \
    "Content-Type: application/json\nWWW-Authenticate: Bearer "                \
    "realm=\"api\"\nAllow: " allow "\nVary: Origin\n\n"
#define POST_ONLY "POST, OPTIONS"
#define USERS "GET, POST, HEAD, OPTIONS"
#define ME "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"

struct row {
    const char *name;
    const char *dialect;
    enum message message;
    const char *cases; /* blanks between */
    const char *fields;
    const char *want; /* status, headers, empty line, body */
};

// clang-format off
static const struct row express[] = {
    {"express welcomes at the mount", "express", MESSAGE_WELCOME, "ok",
     ORIGIN,
     "200\n" JSON_EXPRESS "{\"message\":\"Welcome to bezkoder application.\"}"},
    {"express signs up", "express", MESSAGE_SIGN_UP, "ok", ORIGIN,
     "200\n" JSON_EXPRESS "{\"message\":\"User registered successfully!\"}"},
    {"express: name taken", "express", MESSAGE_SIGN_UP, "taken.username",
     ORIGIN,
     "400\n" JSON_EXPRESS
     "{\"message\":\"Failed! Username is already in use!\"}"},
    {"express: mail taken", "express", MESSAGE_SIGN_UP, "taken.email",
     ORIGIN,
     "400\n" JSON_EXPRESS "{\"message\":\"Failed! Email is already in use!\"}"},
    {"express: unknown role", "express", MESSAGE_SIGN_UP,
     "unknown_role.asked_roles", "role=boss&" ORIGIN,
     "400\n" JSON_EXPRESS
     "{\"message\":\"Failed! Role does not exist = boss\"}"},
    {"express signs in", "express", MESSAGE_SIGN_IN, "ok", ALICE "&" ORIGIN,
     "200\n" JSON_EXPRESS
     "{\"id\":1,\"username\":\"alice\",\"email\":\"a@b.c\",\"roles\":[\"ROLE_"
     "USER\"],\"accessToken\":\"J.W.T\",\"refreshToken\":\"R\"}"},
    {"express: unknown user", "express", MESSAGE_SIGN_IN, "unknown_user",
     ORIGIN, "404\n" JSON_EXPRESS "{\"message\":\"User Not found.\"}"},
    {"express: bad password", "express", MESSAGE_SIGN_IN, "bad_password",
     ORIGIN,
     "401\n" JSON_EXPRESS
     "{\"accessToken\":null,\"message\":\"Invalid Password!\"}"},
    {"express: a disabled user reads as a bad password", "express",
     MESSAGE_SIGN_IN, "disabled", ORIGIN,
     "401\n" JSON_EXPRESS
     "{\"accessToken\":null,\"message\":\"Invalid Password!\"}"},
    {"express refreshes", "express", MESSAGE_REFRESH, "ok", ALICE "&" ORIGIN,
     "200\n" JSON_EXPRESS "{\"accessToken\":\"J.W.T\",\"refreshToken\":\"R\"}"},
    {"express: refresh token missing", "express", MESSAGE_REFRESH,
     "missing.refresh", ORIGIN,
     "403\n" JSON_EXPRESS "{\"message\":\"Refresh Token is required!\"}"},
    {"express: refresh token null", "express", MESSAGE_REFRESH, "null.refresh",
     ORIGIN,
     "403\n" JSON_EXPRESS "{\"message\":\"Refresh Token is required!\"}"},
    {"express: refresh token unknown", "express", MESSAGE_REFRESH, "unknown",
     ORIGIN,
     "403\n" JSON_EXPRESS
     "{\"message\":\"Refresh token is not in database!\"}"},
    {"express: refresh token empty", "express", MESSAGE_REFRESH,
     "blank.refresh", ORIGIN,
     "403\n" JSON_EXPRESS
     "{\"message\":\"Refresh token is not in database!\"}"},
    {"express: reuse reads as unknown", "express", MESSAGE_REFRESH, "reuse",
     ORIGIN,
     "403\n" JSON_EXPRESS
     "{\"message\":\"Refresh token is not in database!\"}"},
    {"express: refresh token expired", "express", MESSAGE_REFRESH, "expired",
     ORIGIN,
     "403\n" JSON_EXPRESS "{\"message\":\"Refresh token was expired. Please "
     "make a new signin request\"}"},
    {"express: the public board", "express", MESSAGE_BOARD_ALL, "ok",
     ORIGIN, "200\n" HTML_EXPRESS "Public Content."},
    {"express: the user board", "express", MESSAGE_BOARD_USER, "ok", ORIGIN,
     "200\n" HTML_EXPRESS "User Content."},
    {"express: the moderator board", "express", MESSAGE_BOARD_MOD, "ok",
     ORIGIN, "200\n" HTML_EXPRESS "Moderator Content."},
    {"express: the admin board", "express", MESSAGE_BOARD_ADMIN, "ok",
     ORIGIN, "200\n" HTML_EXPRESS "Admin Content."},
    {"express: not a moderator", "express", MESSAGE_BOARD_MOD, "wrong_role",
     ORIGIN,
     "403\n" JSON_EXPRESS "{\"message\":\"Require Moderator Role!\"}"},
    {"express: not an admin", "express", MESSAGE_BOARD_ADMIN, "wrong_role",
     ORIGIN, "403\n" JSON_EXPRESS "{\"message\":\"Require Admin Role!\"}"},
    {"express: no token", "express", MESSAGE_BOARD_USER, "no_token", ORIGIN,
     "403\n" JSON_EXPRESS "{\"message\":\"No token provided!\"}"},
    {"express: token expired", "express", MESSAGE_BOARD_USER, "expired_token",
     ORIGIN,
     "401\n" JSON_EXPRESS
     "{\"message\":\"Unauthorized! Access Token was expired!\"}"},
    {"express: any other token fault is plain text", "express",
     MESSAGE_BOARD_USER, "bad_token", ORIGIN,
     "401\nContent-Type: text/plain; charset=utf-8\n" ALL_EXPRESS
     "\nUnauthorized"},
    {"express: preflight has headers of its own, each once", "express",
     MESSAGE_PREFLIGHT, "ok",
     "asked_headers=content-type,x-access-token&" ORIGIN,
     "204\nAccess-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE\n"
     "Access-Control-Allow-Headers: content-type,x-access-token\n"
     "Vary: Origin, Access-Control-Request-Headers\n"
     "Access-Control-Allow-Origin: http://localhost:8081\n\n"},
    {"express: unknown path, its text made harmless in HTML", "express",
     MESSAGE_NONE, "unknown_path",
     "method=GET&path=/api/<script>alert('x')</script>&" ORIGIN,
     "404\nContent-Type: text/html; charset=utf-8\n"
     "Content-Security-Policy: default-src 'none'\n"
     "X-Content-Type-Options: nosniff\n" ALL_EXPRESS
     "\n<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta "
     "charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>Cannot "
     "GET /api/&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;</pre>\n"
     "</body>\n</html>\n"},
    {"express: without an allowed origin no such line", "express",
     MESSAGE_SIGN_UP, "ok", "id=1",
     "200\nContent-Type: application/json; charset=utf-8\nVary: Origin\n"
     "Access-Control-Allow-Headers: x-access-token, Origin, Content-Type, "
     "Accept\n\n{\"message\":\"User registered successfully!\"}"},
};
// clang-format on

#define NOT_VALID "\",\"code\":\"token_not_valid\"}"
#define GIVEN                                                                  \
    "{\"detail\":\"Given token not valid for any token "                       \
    "type\",\"code\":\"token_not_valid\",\"messages\":[{\"token_class\":"      \
    "\"AccessToken\",\"token_type\":\"access\",\"message\":\""
#define REQUIRED "[\"This field is required.\"]"

// clang-format off
static const struct row django[] = {
    {"django signs up", "django", MESSAGE_SIGN_UP, "ok",
     "id=1&username=alice&email=alice@example.com",
     "201\n" DJ(USERS) "{\"email\":\"alice@example.com\",\"username\":"
                       "\"alice\",\"id\":1}"},
    {"django: taken", "django", MESSAGE_SIGN_UP, "taken.username", "",
     "400\n" DJ(USERS) "{\"username\":[\"A user with that username already "
                       "exists.\"]}"},
    {"django: field missing", "django", MESSAGE_SIGN_UP, "missing.password", "",
     "400\n" DJ(USERS) "{\"password\":" REQUIRED "}"},
    {"django: a weak password, all it is told", "django", MESSAGE_SIGN_UP,
     "too_short.password too_common.password all_digits.password", "",
     "400\n" DJ(USERS) "{\"password\":[\"This password is too short. It must "
                       "contain at least 8 characters.\",\"This password is "
                       "too common.\",\"This password is entirely "
                       "numeric.\"]}"},
    {"django: two fields and three faults in one body", "django",
     MESSAGE_SIGN_UP, "too_short.password missing.username too_common.password",
     "",
     "400\n" DJ(USERS) "{\"password\":[\"This password is too short. It must "
                       "contain at least 8 characters.\",\"This password is "
                       "too common.\"],\"username\":" REQUIRED "}"},
    {"django signs in, refresh first", "django", MESSAGE_SIGN_IN, "ok", ALICE,
     "200\n" DJ(POST_ONLY) "{\"refresh\":\"R\",\"access\":\"J.W.T\"}"},
    {"django: bad password", "django", MESSAGE_SIGN_IN, "bad_password", "",
     "401\n" DJ401(POST_ONLY) "{\"detail\":\"No active account found with the "
                              "given credentials\"}"},
    {"django: unknown user", "django", MESSAGE_SIGN_IN, "unknown_user", "",
     "401\n" DJ401(POST_ONLY) "{\"detail\":\"No active account found with the "
                              "given credentials\"}"},
    {"django: inactive user", "django", MESSAGE_SIGN_IN, "disabled", "",
     "401\n" DJ401(POST_ONLY) "{\"detail\":\"No active account found with the "
                              "given credentials\"}"},
    {"django: an empty object", "django", MESSAGE_SIGN_IN,
     "missing.username missing.password", "",
     "400\n" DJ(POST_ONLY) "{\"username\":" REQUIRED ",\"password\":" REQUIRED
                           "}"},
    {"django: wrong content type", "django", MESSAGE_SIGN_IN,
     "wrong_content_type", "content_type=text/plain",
     "415\n" DJ(POST_ONLY) "{\"detail\":\"Unsupported media type "
                           "\\\"text/plain\\\" in request.\"}"},
    {"django: wrong method", "django", MESSAGE_SIGN_IN, "method_not_allowed",
     "method=GET",
     "405\n" DJ(POST_ONLY) "{\"detail\":\"Method \\\"GET\\\" not allowed.\"}"},
    {"django refreshes, access first", "django", MESSAGE_REFRESH, "ok", ALICE,
     "200\n" DJ(POST_ONLY) "{\"access\":\"J.W.T\",\"refresh\":\"R\"}"},
    {"django refreshes without a new refresh token", "django", MESSAGE_REFRESH,
     "ok", "access=J.W.T", "200\n" DJ(POST_ONLY) "{\"access\":\"J.W.T\"}"},
    {"django: refresh token bad", "django", MESSAGE_REFRESH, "unknown", "",
     "401\n" DJ401(POST_ONLY) "{\"detail\":\"Token is invalid or expired" //
     NOT_VALID},
    {"django: refresh token expired", "django", MESSAGE_REFRESH, "expired", "",
     "401\n" DJ401(POST_ONLY) "{\"detail\":\"Token is invalid or expired" //
     NOT_VALID},
    {"django: an access token was sent", "django", MESSAGE_REFRESH,
     "wrong_kind", "",
     "401\n" DJ401(POST_ONLY) "{\"detail\":\"Token has wrong type" NOT_VALID},
    {"django: rotated before", "django", MESSAGE_REFRESH, "spent", "",
     "401\n" DJ401(POST_ONLY) "{\"detail\":\"Token is blacklisted" NOT_VALID},
    {"django: reuse reads as blacklisted", "django", MESSAGE_REFRESH, "reuse",
     "",
     "401\n" DJ401(POST_ONLY) "{\"detail\":\"Token is blacklisted" NOT_VALID},
    {"django: refresh token empty", "django", MESSAGE_REFRESH, "blank.refresh",
     "",
     "400\n" DJ(POST_ONLY) "{\"refresh\":[\"This field may not be blank.\"]}"},
    {"django: refresh token null", "django", MESSAGE_REFRESH, "null.refresh",
     "",
     "400\n" DJ(POST_ONLY) "{\"refresh\":[\"This field may not be null.\"]}"},
    {"django: refresh token missing", "django", MESSAGE_REFRESH,
     "missing.refresh", "", "400\n" DJ(POST_ONLY) "{\"refresh\":" REQUIRED "}"},
    {"django: account off", "django", MESSAGE_REFRESH, "disabled", "",
     "401\n" DJ401(POST_ONLY) "{\"detail\":\"No active account found for the "
                              "given token.\"}"},
    {"django verifies", "django", MESSAGE_VERIFY, "ok", "",
     "200\n" DJ(POST_ONLY) "{}"},
    {"django: verify a bad one", "django", MESSAGE_VERIFY, "unknown", "",
     "401\n" DJ401(POST_ONLY) "{\"detail\":\"Token is invalid or expired" //
     NOT_VALID},
    {"django: verify a blacklisted one", "django", MESSAGE_VERIFY, "revoked",
     "",
     "400\n" DJ(POST_ONLY) "{\"non_field_errors\":[\"Token is "
                           "blacklisted\"]}"},
    {"django: who am I", "django", MESSAGE_ME, "ok",
     "id=1&username=alice&email=alice@example.com",
     "200\n" DJ(ME) "{\"email\":\"alice@example.com\",\"id\":1,\"username\":"
                    "\"alice\"}"},
    {"django: no header", "django", MESSAGE_ME, "no_token", "",
     "401\n" DJ401(ME) "{\"detail\":\"Authentication credentials were not "
                       "provided.\"}"},
    {"django: a header of one word", "django", MESSAGE_ME, "bad_header", "",
     "401\n" DJ401(ME) "{\"detail\":\"Authorization header must contain two "
                       "space-delimited values\",\"code\":"
                       "\"bad_authorization_header\"}"},
    {"django: bad access token", "django", MESSAGE_ME, "bad_token", "",
     "401\n" DJ401(ME) GIVEN "Token is invalid or expired\"}]}"},
    {"django: expired access token", "django", MESSAGE_ME, "expired_token", "",
     "401\n" DJ401(ME) GIVEN "Token is invalid or expired\"}]}"},
    {"django: a refresh token as access token", "django", MESSAGE_ME,
     "wrong_token", "", "401\n" DJ401(ME) GIVEN "Token has wrong type\"}]}"},
    {"django: inactive", "django", MESSAGE_ME, "disabled", "",
     "401\n" DJ401(ME) "{\"detail\":\"User is inactive\",\"code\":\"user_"
                       "inactive\"}"},
    {"django: deleted", "django", MESSAGE_ME, "deleted", "",
     "401\n" DJ401(ME) "{\"detail\":\"User not found\",\"code\":\"user_not_"
                       "found\"}"},
    {"django: preflight has a type and no byte", "django", MESSAGE_PREFLIGHT,
     "ok", "origin=http://localhost:8080",
     "200\nContent-Type: text/html; charset=utf-8\n"
     "Access-Control-Allow-Headers: accept, accept-encoding, authorization, "
     "content-type, dnt, origin, user-agent, x-csrftoken, x-requested-with\n"
     "Access-Control-Allow-Methods: DELETE, GET, OPTIONS, PATCH, POST, PUT\n"
     "Access-Control-Max-Age: 86400\nVary: Origin\n"
     "Access-Control-Allow-Origin: http://localhost:8080\n\n"},
};
// clang-format on

#define NEST "Content-Type: application/json; charset=utf-8\nVary: Origin\n\n"
#define SYM                                                                    \
    "Content-Type: application/json\nCache-Control: no-cache, private\n"       \
    "Vary: Origin\n\n"
#define OAUTH                                                                  \
    "Content-Type: application/json;charset=UTF-8\nCache-Control: no-store\n"  \
    "Pragma: no-cache\nVary: Origin\n\n"
#define SYM401                                                                 \
    "Content-Type: application/json\nWWW-Authenticate: Bearer\n"               \
    "Cache-Control: no-cache, private\nVary: Origin\n\n"
#define BOOT                                                                   \
    "Content-Type: application/json\nVary: Origin\nCache-Control: no-cache, "  \
    "no-store, max-age=0, must-revalidate\n\n"
#define STAY                                                                   \
    "Cache-Control: no-store\nVary: Origin\n"                                  \
    "Access-Control-Allow-Credentials: true\n"                                 \
    "Access-Control-Expose-Headers: Retry-After, WWW-Authenticate\n\n"
#define STAY_JSON "Content-Type: application/json\n" STAY
#define STAY_401                                                               \
    "Content-Type: application/json\nWWW-Authenticate: Bearer "                \
    "realm=\"stay\"\n" STAY

// clang-format off
static const struct row others[] = {
    {"spring signs in, in Jackson's order", "spring", MESSAGE_SIGN_IN, "ok",
     ALICE,
     "200\n" BOOT "{\"refreshToken\":\"R\",\"id\":1,\"username\":\"alice\","
     "\"email\":\"a@b.c\",\"roles\":[\"ROLE_USER\"],"
     "\"accessToken\":\"J.W.T\",\"tokenType\":\"Bearer\"}"},
    {"spring: unknown refresh token, with date, token and path", "spring",
     MESSAGE_REFRESH, "unknown",
     "now_ms=1618162464193&refresh=R&path=/api/auth/refreshtoken",
     "403\n" BOOT
     "{\"statusCode\":403,\"timestamp\":\"2021-04-11T17:34:24.193+00:00\","
     "\"message\":\"Failed for [R]: Refresh token is not in database!\","
     "\"description\":\"uri=/api/auth/refreshtoken\"}"},
    {"spring: one body for missing, bad and expired", "spring",
     MESSAGE_BOARD_USER, "expired_token", "path=/api/test/user",
     "401\n" BOOT
     "{\"path\":\"/api/test/user\",\"error\":\"Unauthorized\",\"message\":"
     "\"Full authentication is required to access this resource\","
     "\"status\":401}"},
    {"nest signs in with 201", "nest", MESSAGE_SIGN_IN, "ok", ALICE,
     "201\n" NEST "{\"access_token\":\"J.W.T\",\"refresh_token\":\"R\"}"},
    {"nest: whatever is wrong", "nest", MESSAGE_REFRESH, "unknown", "",
     "401\n" NEST "{\"statusCode\":401,\"message\":\"Unauthorized\"}"},
    {"nest: unknown path", "nest", MESSAGE_NONE, "unknown_path",
     "method=GET&path=/nope",
     "404\n" NEST "{\"statusCode\":404,\"message\":\"Cannot GET "
     "/nope\",\"error\":\"Not Found\"}"},
    {"nest's todos are titles", "nest", MESSAGE_TODO_LIST, "ok",
     "titles=[\"Watch Movie\"]", "200\n" NEST "[\"Watch Movie\"]"},
    {"nest-camel refreshes", "nest-camel", MESSAGE_REFRESH, "ok", ALICE,
     "201\n" NEST "{\"accessToken\":\"J.W.T\",\"refreshToken\":\"R\"}"},
    {"sofunction answers under both guesses", "sofunction", MESSAGE_REFRESH,
     "ok", ALICE,
     "200\n" NEST "{\"accessToken\":\"J.W.T\",\"refreshToken\":\"R\",\"token\":"
     "\"J.W.T\"}"},
    {"sofunction never refuses a refresh with 401", "sofunction",
     MESSAGE_REFRESH, "reuse", "",
     "403\n" NEST "{\"message\":\"Refresh token is not valid.\"}"},
    {"symfony: too many refreshes", "symfony", MESSAGE_REFRESH, "throttled",
     "retry_after=7",
     "429\nContent-Type: application/json\nRetry-After: 7\nCache-Control: "
     "no-cache, private\nVary: Origin\n\n{\"code\":429,\"message\":\"Too many "
     "refresh requests, please try again later.\"}"},
    {"symfony signs in; a slash is escaped", "symfony", MESSAGE_SIGN_IN, "ok",
     "access=a/b&refresh=R",
     "200\n" SYM "{\"token\":\"a\\/b\",\"refresh_token\":\"R\"}"},
    {"symfony: the end of the refresh token is not told", "symfony",
     MESSAGE_SIGN_IN, "ok", "access=a&refresh=R&refresh_expires_at=1795233604",
     "200\n" SYM "{\"token\":\"a\",\"refresh_token\":\"R\"}"},
    {"symfony: disabled, hidden", "symfony", MESSAGE_SIGN_IN, "hidden", "",
     "401\n" SYM401 "{\"code\":401,\"message\":\"Invalid credentials.\"}"},
    {"symfony: disabled, shown", "symfony", MESSAGE_SIGN_IN, "disabled", "",
     "401\n" SYM401 "{\"code\":401,\"message\":\"Account is disabled.\"}"},
    {"symfony: Lexik's failures carry a challenge", "symfony", MESSAGE_SIGN_IN,
     "bad_password", "",
     "401\n" SYM401 "{\"code\":401,\"message\":\"Invalid credentials.\"}"},
    {"symfony: Gesdinet's carry none", "symfony", MESSAGE_REFRESH, "unknown",
     "",
     "401\n" SYM "{\"code\":401,\"message\":\"JWT Refresh Token Not "
     "Found\"}"},
    {"symfony: refresh token missing", "symfony", MESSAGE_REFRESH,
     "missing.refresh", "",
     "401\n" SYM "{\"code\":401,\"message\":\"Missing JWT Refresh Token\"}"},
    {"symfony: refresh token expired", "symfony", MESSAGE_REFRESH, "expired",
     "",
     "401\n" SYM "{\"code\":401,\"message\":\"Invalid JWT Refresh Token\"}"},
    {"symfony signs out", "symfony", MESSAGE_SIGN_OUT, "ok", "",
     "200\n" SYM "{\"code\":200,\"message\":\"The supplied refresh_token has "
     "been invalidated.\"}"},
    {"symfony: signed out before", "symfony", MESSAGE_SIGN_OUT, "already", "",
     "200\n" SYM "{\"code\":200,\"message\":\"The supplied refresh_token is "
     "already invalid.\"}"},
    {"symfony: expired access token", "symfony", MESSAGE_ME, "expired_token",
     "", "401\n" SYM401 "{\"code\":401,\"message\":\"Expired JWT Token\"}"},
    {"oauth2 answers a refresh that is not to be kept", "oauth2",
     MESSAGE_REFRESH, "ok", "access=J.W.T&refresh=R&expires_in=300",
     "200\n" OAUTH
     "{\"access_token\": \"J.W.T\", \"expires_in\": 300, \"token_type\": "
     "\"Bearer\", \"refresh_token\": \"R\"}"},
    {"oauth2: invalid_grant", "oauth2", MESSAGE_REFRESH, "expired", "",
     "400\n" OAUTH "{\"error\": \"invalid_grant\"}"},
    {"oauth2: a dead token is told so and no more", "oauth2",
     MESSAGE_INTROSPECT, "unknown", "",
     "200\n" OAUTH "{\"active\": false}"},
    {"stay signs in", "stay", MESSAGE_SIGN_IN, "ok",
     ALICE "&expires_in=300&sid=SID&label=laptop",
     "201\n" STAY_JSON
     "{\"access_token\":\"J.W.T\",\"token_type\":\"Bearer\",\"expires_in\":300,"
     "\"session\":{\"id\":\"SID\",\"label\":\"laptop\"},\"user\":{\"id\":1,"
     "\"username\":\"alice\",\"email\":\"a@b.c\",\"roles\":[\"user\"]}}"},
    {"stay refreshes", "stay", MESSAGE_REFRESH, "ok",
     "access=J.W.T&expires_in=300&generation=7",
     "200\n" STAY_JSON "{\"access_token\":\"J.W.T\",\"token_type\":\"Bearer\","
     "\"expires_in\":300,\"generation\":7}"},
    {"stay: behind comes with the generation", "stay", MESSAGE_REFRESH,
     "behind", "generation=3",
     "409\n" STAY_JSON "{\"error\":\"behind\",\"message\":\"The server has "
     "lost steps. Send them again from this generation.\","
     "\"generation\":3}"},
    {"stay: reuse", "stay", MESSAGE_REFRESH, "reuse", "",
     "401\n" STAY_401 "{\"error\":\"reuse\",\"message\":\"Two holders used "
     "this session, so it was ended. Sign in again.\"}"},
    {"stay signs out with nothing to say", "stay", MESSAGE_SIGN_OUT, "already",
     "", "204\n" STAY},
    {"stay: no token, and no error code in the challenge (RFC 6750, 3.1)",
     "stay", MESSAGE_BOARD_USER, "no_token", "",
     "401\n" STAY_401 "{\"error\":\"no_token\",\"message\":\"Show an access "
     "token: Authorization: Bearer TOKEN.\"}"},
    {"stay: expired", "stay", MESSAGE_BOARD_USER, "expired_token", "",
     "401\nContent-Type: application/json\nWWW-Authenticate: Bearer "
     "realm=\"stay\", error=\"invalid_token\", error_description=\"The access "
     "token has expired\"\n" STAY
     "{\"error\":\"expired_token\",\"message\":\"The access token has "
     "expired.\"}"},
    {"stay: two faults, one list", "stay", MESSAGE_SIGN_UP,
     "missing.username too_short.password", "",
     "400\n" STAY_JSON
     "{\"error\":\"invalid\",\"message\":\"Some fields are missing or cannot "
     "be accepted.\",\"fields\":{\"username\":[\"This is required.\"],"
     "\"password\":[\"This is too short.\"]}}"},
    {"stay: throttled with a time", "stay", MESSAGE_SIGN_IN, "throttled",
     "retry_after=30",
     "429\nContent-Type: application/json\nRetry-After: 30\n" STAY
     "{\"error\":\"throttled\",\"message\":\"Too many tries. Wait a "
     "little.\"}"},
    {"stay: without a time no such line", "stay", MESSAGE_SIGN_IN, "throttled",
     "",
     "429\n" STAY_JSON "{\"error\":\"throttled\",\"message\":\"Too many tries. "
     "Wait a little.\"}"},
};
// clang-format on

static size_t read_cases(const char *text, struct reply_case *cases)
{
    struct span rest = span_of(text);
    size_t count = 0;

    while (rest.length > 0) {
        size_t end = span_find(rest, ' ');

        CHECK(reply_case_find(span_head(rest, end), &cases[count++]));
        rest = span_tail(rest, end + 1);
    }
    return count;
}

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct row *r = &rows[i];
        const struct dialect *d;
        struct fields fields;
        struct reply_case cases[8];
        char buffer[4096];
        char text[8192];
        struct reply reply;
        size_t used;

        CASE(r->name);
        d = kit_dialect(r->dialect);
        kit_fields(&fields, r->fields);
        used = read_cases(r->cases, cases);
        if (d == NULL ||
            !CHECK_EQ(reply_build(
                          d,
                          &(struct reply_ask){r->message, cases, used, &fields},
                          (struct span){buffer, sizeof buffer}, &reply),
                      REPLY_OK))
            continue;
        kit_print_reply(&reply, text);
        CHECK_TEXT(text, r->want);
    }
}

static void of_express(void **state)
{
    (void)state;
    check_rows(express, COUNT(express));
}

static void of_django(void **state)
{
    (void)state;
    check_rows(django, COUNT(django));
}

static void of_others(void **state)
{
    (void)state;
    check_rows(others, COUNT(others));
}

/* Nothing is cut in silence: for every size of buffer, all or REPLY_LARGE. */
static void room(void **state)
{
    const struct dialect *d = kit_dialect("stay");
    const struct reply_case ok = {CASE_OK, FIELD_NONE};
    struct fields fields;
    char buffer[1024];
    struct reply reply;
    size_t full;

    (void)state;
    CASE("a buffer of every size");
    kit_fields(&fields, ALICE "&expires_in=300&generation=1");
    (void)reply_build(d, &(struct reply_ask){MESSAGE_REFRESH, &ok, 1, &fields},
                      (struct span){buffer, sizeof buffer}, &reply);
    full = reply.body.length;
    for (size_t size = 0; size <= full; size++) {
        enum reply_result want = size < full ? REPLY_LARGE : REPLY_OK;

        buffer[size] = '#';
        CHECK_EQ(reply_build(
                     d, &(struct reply_ask){MESSAGE_REFRESH, &ok, 1, &fields},
                     (struct span){buffer, size}, &reply),
                 want);
        CHECK_EQ(buffer[size], '#');
    }
}

/* A header cannot be split, nor hold what HTTP does not allow. */
static void injection(void **state)
{
    const struct dialect *d = kit_dialect("express");
    const struct reply_case ok = {CASE_OK, FIELD_NONE};
    struct fields fields;
    char buffer[1024];
    struct reply reply;

    (void)state;
    CASE("a line feed in a header's value");
    fields_init(&fields, NULL, 0);
    fields_set_text(&fields, FIELD_ASKED_HEADERS,
                    SPAN("a\r\nSet-Cookie: b\0c"));
    CHECK_EQ(
        reply_build(d, &(struct reply_ask){MESSAGE_PREFLIGHT, &ok, 1, &fields},
                    (struct span){buffer, sizeof buffer}, &reply),
        REPLY_OK);
    CHECK(span_is(header_find(reply.headers, reply.headers_count,
                              SPAN("Access-Control-Allow-Headers")),
                  "a??Set-Cookie: b?c"));
}

/* Data decides: another text in the file is another text on the wire. */
static void changed(void **state)
{
    static const char old[] = "No token provided!";
    static const char new[] = "Where's the token?";
    const struct dialect_source *s = dialect_find(SPAN("express"));
    const struct reply_case what = {CASE_NO_TOKEN, FIELD_NONE};
    char *text = strndup(s->text, s->length);
    char *memory = malloc(DIALECT_MEMORY);
    struct dialect d;
    struct fields fields;
    char buffer[1024];
    struct reply reply;

    (void)state;
    CASE("a message changed in the file");
    memcpy(strstr(text, old), new, sizeof new - 1);
    CHECK_EQ(dialect_load(&d, SPAN("e.json"), (struct span){text, s->length},
                          (struct span){memory, DIALECT_MEMORY}, NULL),
             DIALECT_OK);
    fields_init(&fields, NULL, 0);
    CHECK_EQ(reply_build(
                 &d, &(struct reply_ask){MESSAGE_BOARD_USER, &what, 1, &fields},
                 (struct span){buffer, sizeof buffer}, &reply),
             REPLY_OK);
    CHECK(span_is(reply.body, "{\"message\":\"Where's the token?\"}"));
    free(text);
    free(memory);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_express), cmocka_unit_test(of_django),
        cmocka_unit_test(of_others),  cmocka_unit_test(room),
        cmocka_unit_test(injection),  cmocka_unit_test(changed),
    };

    return check_run("core/dialect_reply", tests);
}
