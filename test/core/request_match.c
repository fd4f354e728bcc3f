/*
 * stayd's side: any request -> its message, its fields and what is wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "dialect_kit.h"

struct problem_row {
    const char *name;
    const char *dialect;
    const char *method;
    const char *path;
    const char *type;
    const char *body;
    const char *want; /* cases, blanks between */
};

#define J "application/json"
#define F "application/x-www-form-urlencoded"
#define SIGNIN "POST", "/api/auth/signin"
#define CREATE "POST", "/api/v1/auth/jwt/create/"
#define SIGNUP "POST", "/api/auth/signup"

// clang-format off
static const struct problem_row problem_rows[] = {
    {"all is well", "express", SIGNIN, J,
     "{\"username\":\"a\",\"password\":\"b\"}", ""},
    {"extras are passed over", "express", SIGNIN, J,
     "{\"x\":[{}],\"password\":\"b\",\"username\":\"a\"}", ""},
    {"a character set behind the type", "express", SIGNIN,
     "Application/JSON; charset=utf-8",
     "{\"username\":\"a\",\"password\":\"b\"}", ""},
    {"a form where the family takes forms", "express", SIGNIN, F,
     "username=a&password=b%20c", ""},
    {"an empty object, in the template's order", "django", CREATE, J, "{}",
     "missing.username missing.password"},
    {"no body at all is an empty object", "django", CREATE, "", "",
     "missing.username missing.password"},
    {"null", "django", CREATE, J, "{\"username\":null,\"password\":\"b\"}",
     "null.username"},
    {"blank", "django", CREATE, J, "{\"username\":\"\",\"password\":\"b\"}",
     "blank.username"},
    {"a number for a text", "django", CREATE, J,
     "{\"username\":\"a\",\"password\":5}", "wrong_type.password"},
    {"an object for a text", "django", CREATE, J,
     "{\"username\":{},\"password\":\"b\"}", "wrong_type.username"},
    {"broken JSON", "django", CREATE, J, "{\"username\":", "bad_json"},
    {"JSON, but a list", "django", CREATE, J, "[]", "bad_request"},
    {"another content type, where the family has words for it", "django",
     CREATE, "text/plain", "username", "wrong_content_type"},
    {"another content type is overlooked by a family without words", "express",
     SIGNIN, "text/plain", "username", "missing.username missing.password"},
    {"JSON where only forms are read", "oauth2", "POST", "/oauth/token", J,
     "{\"grant_type\":\"password\"}", "bad_request"},
    {"a parameter twice in a form", "oauth2", "POST", "/oauth/token", F,
     "grant_type=password&username=a&password=b&username=c",
     "wrong_type.username"},
    {"the word that tells which message, twice", "oauth2", "POST",
     "/oauth/token", F, "grant_type=password&grant_type=password&username=a",
     "bad_request"},
    {"a form where only JSON is read", "stay", "POST", "/api/account", F,
     "username=a", "wrong_content_type"},
    {"an unknown role", "express", SIGNUP, J,
     "{\"username\":\"a\",\"email\":\"e\",\"password\":\"p\",\"roles\":[\"user"
     "\",\"boss\"]}",
     "unknown_role.asked_roles"},
    {"an unknown role that means user", "spring", SIGNUP, J,
     "{\"username\":\"a\",\"email\":\"e\",\"password\":\"p\",\"role\":[\"boss"
     "\"]}",
     ""},
    {"roles that are no list", "express", SIGNUP, J,
     "{\"username\":\"a\",\"email\":\"e\",\"password\":\"p\",\"roles\":\"user"
     "\"}",
     "wrong_type.asked_roles"},
    {"roles in a form, each a word of the family's", "express", SIGNUP, F,
     "username=a&email=e&password=p&roles=user+moderator+user", ""},
    {"a role in a form that there is not", "express", SIGNUP, F,
     "username=a&email=e&password=p&roles=user+boss",
     "unknown_role.asked_roles"},
    {"an optional field that is null", "stay", "POST", "/api/session", J,
     "{\"username\":\"a\",\"email\":null,\"password\":\"p\",\"next\":\"n\","
     "\"sid\":\"s\"}",
     ""},
    {"a generation that is a text", "stay", "POST", "/api/session/refresh", J,
     "{\"session\":\"r\",\"sid\":\"s\",\"generation\":\"7\",\"secret\":\"x\","
     "\"next\":\"n\"}",
     "wrong_type.generation"},
    {"a generation with a fraction", "stay", "POST", "/api/session/refresh", J,
     "{\"session\":\"r\",\"sid\":\"s\",\"generation\":7.5,\"secret\":\"x\","
     "\"next\":\"n\"}",
     "wrong_type.generation"},
    {"a grant nobody knows", "oauth2", "POST", "/oauth/token", F,
     "grant_type=magic", "unsupported"},
    {"no grant", "oauth2", "POST", "/oauth/token", F, "refresh_token=R",
     "bad_request"},
    {"the grant is there, the token is not", "oauth2", "POST", "/oauth/token",
     F, "grant_type=refresh_token", "missing.refresh"},
};
// clang-format on

static void print_problems(const struct problems *problems, char out[512])
{
    size_t used = 0;

    out[0] = 0;
    for (size_t i = 0; i < problems->count; i++) {
        const struct reply_case *c = &problems->list[i];
        int n = snprintf(out + used, 512 - used, "%s%s%s%s", i > 0 ? " " : "",
                         reply_kind_name(c->kind), c->field ? "." : "",
                         c->field ? field_name(c->field) : "");

        used += (size_t)n;
    }
}

static void wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(problem_rows); i++) {
        const struct problem_row *r = &problem_rows[i];
        const struct dialect *d = kit_dialect(r->dialect);
        const struct request_seen seen = {.method = span_of(r->method),
                                          .path = span_of(r->path),
                                          .content_type = span_of(r->type),
                                          .body = span_of(r->body)};
        struct fields fields;
        char taken[512];
        char text[512];
        struct problems problems;
        enum message message = MESSAGE_NONE;

        CASE(r->name);
        fields_init(&fields, taken, sizeof taken);
        if (!CHECK_EQ(request_route(d, &seen, &message), ROUTE_FOUND))
            continue;
        request_match(d, &seen, &message, &fields, &problems);
        print_problems(&problems, text);
        CHECK_TEXT(text, r->want);
    }
}

struct route_row {
    const char *name;
    const char *dialect;
    const char *method;
    const char *path;
    const char *query;
    const char *header; /* one, or "" */
    enum route_result want;
    enum message message;
};

// clang-format off
static const struct route_row route_rows[] = {
    {"under the prefix", "django", "POST", "/api/v1/auth/jwt/create/", "", "",
     ROUTE_FOUND, MESSAGE_SIGN_IN},
    {"without the last slash", "django", "POST", "/api/v1/auth/jwt/create", "",
     "", ROUTE_FOUND, MESSAGE_SIGN_IN},
    {"with one more slash", "express", "POST", "/api/auth/signin/", "", "",
     ROUTE_FOUND, MESSAGE_SIGN_IN},
    {"two slashes are another path", "express", "POST", "/api/auth/signin//",
     "", "", ROUTE_NO_PATH, MESSAGE_NONE},
    {"without the prefix", "django", "POST", "/auth/jwt/create/", "", "",
     ROUTE_NO_PATH, MESSAGE_NONE},
    {"a prefix cut short", "django", "POST", "/api/v", "", "", ROUTE_NO_PATH,
     MESSAGE_NONE},
    {"the welcome page at the mount", "express", "GET", "/", "", "",
     ROUTE_FOUND, MESSAGE_WELCOME},
    {"not under the prefix", "express", "GET", "/api/", "", "", ROUTE_NO_PATH,
     MESSAGE_NONE},
    {"another method", "express", "GET", "/api/auth/signin", "", "",
     ROUTE_NO_METHOD, MESSAGE_SIGN_IN},
    {"HEAD is GET", "express", "HEAD", "/api/test/all", "", "", ROUTE_FOUND,
     MESSAGE_BOARD_ALL},
    {"methods have case", "express", "post", "/api/auth/signin", "", "",
     ROUTE_NO_METHOD, MESSAGE_SIGN_IN},
    {"a number in the path", "express", "PATCH", "/api/todos/12", "", "",
     ROUTE_FOUND, MESSAGE_TODO_CHANGE},
    {"an empty one is the list's path", "express", "PATCH", "/api/todos/", "",
     "", ROUTE_NO_METHOD, MESSAGE_TODO_LIST},
    {"a blank does not reach over a slash", "express", "PATCH",
     "/api/todos/1/2", "", "", ROUTE_NO_PATH, MESSAGE_NONE},
    {"all sessions", "stay", "DELETE", "/api/sessions", "", "", ROUTE_FOUND,
     MESSAGE_SESSION_END_ALL},
    {"all other sessions", "stay", "DELETE", "/api/sessions", "others=1", "",
     ROUTE_FOUND, MESSAGE_SESSION_END_OTHERS},
    {"another value", "stay", "DELETE", "/api/sessions", "others=0", "",
     ROUTE_FOUND, MESSAGE_SESSION_END_ALL},
    {"sign-out by cookie", "stay", "DELETE", "/api/session", "",
     "Stay-Mode: cookie", ROUTE_FOUND, MESSAGE_SIGN_OUT_COOKIE},
    {"sign-out by secret", "stay", "DELETE", "/api/session", "", "",
     ROUTE_FOUND, MESSAGE_SIGN_OUT},
};
// clang-format on

static void routes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(route_rows); i++) {
        const struct route_row *r = &route_rows[i];
        const struct dialect *d = kit_dialect(r->dialect);
        struct header_line line;
        struct request_seen seen = {.method = span_of(r->method),
                                    .path = span_of(r->path),
                                    .query = span_of(r->query),
                                    .headers = &line};
        struct fields fields;
        char taken[64];
        struct problems problems;
        enum message message = MESSAGE_NONE;

        CASE(r->name);
        seen.headers_count = kit_headers(r->header, &line, 1);
        fields_init(&fields, taken, sizeof taken);
        CHECK_EQ(request_route(d, &seen, &message), r->want);
        if (r->want == ROUTE_FOUND)
            request_match(d, &seen, &message, &fields, &problems);
        CHECK_EQ(message, r->message);
        if (r->message == MESSAGE_TODO_CHANGE)
            CHECK_EQ(fields_int(&fields, FIELD_TODO_ID, 0), 12);
    }
}

struct methods_row {
    const char *name;
    const char *dialect;
    const char *path;
    const char *want;
};

// clang-format off
static const struct methods_row methods_rows[] = {
    {"one method", "symfony", "/api/login_check", "POST"},
    {"HEAD beside GET", "spring", "/api/test/all", "GET, HEAD"},
    {"messages that share a path", "spring", "/api/todos", "GET, HEAD, POST"},
    {"a blank in the path", "spring", "/api/todos/7", "PATCH, DELETE"},
    {"all that there are", "stay", "/api/account",
     "GET, HEAD, POST, PATCH, DELETE"},
    {"a path of nobody", "spring", "/api/nope", ""},
};
// clang-format on

static void methods(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(methods_rows); i++) {
        const struct methods_row *r = &methods_rows[i];
        struct request_seen seen = {.path = span_of(r->path)};
        char text[REQUEST_METHODS_SIZE + 1];

        check_case("methods: %s", r->name);
        text[request_methods(kit_dialect(r->dialect), &seen, text)] = '\0';
        CHECK_TEXT(text, r->want);
    }
}

struct access_row {
    const char *name;
    const char *dialect;
    const char *headers;
    enum reply_kind want;
    const char *token;
};

// clang-format off
static const struct access_row access_rows[] = {
    {"the raw token", "express", "x-access-token: T", CASE_OK, "T"},
    {"its name in other letters", "express", "X-Access-Token: T", CASE_OK, "T"},
    {"Authorization does not count", "express", "Authorization: Bearer T",
     CASE_NO_TOKEN, ""},
    {"Bearer", "django", "Authorization: Bearer T", CASE_OK, "T"},
    {"bearer is none where case counts", "django", "Authorization: bearer T",
     CASE_NO_TOKEN, ""},
    {"bearer is one elsewhere", "nest", "Authorization: bearer T", CASE_OK,
     "T"},
    {"one word", "django", "Authorization: Bearer", CASE_BAD_HEADER, ""},
    {"three words", "django", "Authorization: Bearer T U", CASE_BAD_HEADER, ""},
    {"another scheme", "django", "Authorization: Basic T", CASE_NO_TOKEN, ""},
    {"a longer scheme", "django", "Authorization: Bearers T", CASE_NO_TOKEN,
     ""},
    {"nothing", "django", "Accept: text/html", CASE_NO_TOKEN, ""},
    {"no header at all", "django", "", CASE_NO_TOKEN, ""},
};
// clang-format on

static void access(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(access_rows); i++) {
        const struct access_row *r = &access_rows[i];
        struct header_line lines[2];
        size_t count = kit_headers(r->headers, lines, 2);
        struct span token = {NULL, 0};

        CASE(r->name);
        CHECK_EQ(access_match(kit_dialect(r->dialect), lines, count, &token),
                 r->want);
        CHECK(span_is(token, r->token));
    }
}

/* Text that does not fit the fields' buffer is a fault, not a cut. */
static void too_long(void **state)
{
    const struct request_seen seen = {
        .method = SPAN("POST"),
        .path = SPAN("/api/auth/signin"),
        .content_type = SPAN(J),
        .body = SPAN("{\"username\":\"12345\",\"password\":\"678\"}"),
    };
    struct fields fields;
    char taken[8];
    struct problems problems;
    enum message message = MESSAGE_SIGN_IN;

    (void)state;
    CASE("what fits exactly");
    fields_init(&fields, taken, 8);
    request_match(kit_dialect("express"), &seen, &message, &fields, &problems);
    CHECK_EQ(problems.count, 0);
    CASE("one byte less");
    fields_init(&fields, taken, 7);
    request_match(kit_dialect("express"), &seen, &message, &fields, &problems);
    CHECK_EQ(problems.count, 1);
    CHECK_EQ(problems.list[0].kind, CASE_TOO_LONG);
    CHECK_EQ(problems.list[0].field, FIELD_PASSWORD);
}

/* Symfony's own order: body, then query. */
static void query(void **state)
{
    struct request_seen seen = {
        .method = SPAN("POST"),
        .path = SPAN("/api/token/refresh"),
        .query = SPAN("a=b&refresh_token=from%2Dquery"),
    };
    struct fields fields;
    char taken[64];
    struct problems problems;
    enum message message = MESSAGE_REFRESH;

    (void)state;
    CASE("a refresh token in the query");
    fields_init(&fields, taken, sizeof taken);
    request_match(kit_dialect("symfony"), &seen, &message, &fields, &problems);
    CHECK_EQ(problems.count, 0);
    CHECK(span_is(fields_text(&fields, FIELD_REFRESH), "from-query"));
    CASE("the body goes before it");
    seen.content_type = SPAN(F);
    seen.body = SPAN("refresh_token=from-body");
    fields_init(&fields, taken, sizeof taken);
    request_match(kit_dialect("symfony"), &seen, &message, &fields, &problems);
    CHECK(span_is(fields_text(&fields, FIELD_REFRESH), "from-body"));
    CASE("no query where the family reads none");
    seen.path = SPAN("/api/auth/refreshtoken");
    seen.query = SPAN("refreshToken=R");
    seen.body = (struct span){NULL, 0};
    fields_init(&fields, taken, sizeof taken);
    request_match(kit_dialect("express"), &seen, &message, &fields, &problems);
    CHECK_EQ(problems.count, 1);
}

/* Roles are ours from here on, each once, however often they were asked for. */
static void form_roles(void **state)
{
    static const struct {
        const char *name;
        const char *body;
        const char *want;
    } rows[] = {
        {"in our order",               "roles=admin+user",          "user admin"},
        {"each once",                  "roles=user+user+user+user", "user"      },
        {"an empty list",              "roles=",                    ""          },
        {"percent-encoded",            "roles=%61dmin",             "admin"     },
        {"what was before a stranger", "roles=user+boss",           "none"      },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct request_seen seen = {.method = SPAN("POST"),
                                          .path = SPAN("/api/auth/signup"),
                                          .content_type = SPAN(F),
                                          .body = span_of(rows[i].body)};
        struct fields fields;
        char taken[256];
        struct problems problems;
        enum message message = MESSAGE_SIGN_UP;
        struct span roles;

        check_case("roles in a form: %s", rows[i].name);
        fields_init(&fields, taken, sizeof taken);
        request_match(kit_dialect("express"), &seen, &message, &fields,
                      &problems);
        roles = fields_has(&fields, FIELD_ASKED_ROLES)
                    ? fields_text(&fields, FIELD_ASKED_ROLES)
                    : SPAN("none");
        CHECK(span_is(roles, rows[i].want));
    }
}

/* A body cut anywhere, in memory of just its size: a fault, and no crash. */
static void cuts(void **state)
{
    static const char json[] = "{\"username\":\"a\\u0041\",\"password\":\"b\"}";
    static const char form[] = "username=%41b&password=c%2";
    static const struct {
        const char *type;
        const char *body;
    } bodies[] = {
        {J, json},
        {F, form}
    };

    (void)state;
    CASE("a body cut anywhere");
    for (size_t i = 0; i < COUNT(bodies); i++)
        for (size_t length = 0; length < strlen(bodies[i].body); length++) {
            char *copy = malloc(length + (length == 0));
            const struct request_seen seen = {
                .method = SPAN("POST"),
                .path = SPAN("/api/auth/signin"),
                .content_type = span_of(bodies[i].type),
                .body = {copy, length},
            };
            struct fields fields;
            char taken[64];
            struct problems problems;
            enum message message = MESSAGE_SIGN_IN;

            memcpy(copy, bodies[i].body, length);
            fields_init(&fields, taken, sizeof taken);
            request_match(kit_dialect("express"), &seen, &message, &fields,
                          &problems);
            if (i == 0)
                CHECK(problems.count > 0);
            free(copy);
        }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong),    cmocka_unit_test(routes),
        cmocka_unit_test(methods),  cmocka_unit_test(access),
        cmocka_unit_test(too_long), cmocka_unit_test(query),
        cmocka_unit_test(cuts),     cmocka_unit_test(form_roles),
    };

    return check_run("core/request_match", tests);
}
