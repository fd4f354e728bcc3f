/*
 * The client's side: message and fields -> the bytes of the request; and
 * stayd's: the same bytes -> message, fields and what is wrong with them.
 */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "dialect_kit.h"

#define JSON "\nContent-Type: application/json\n\n"
#define FORM "\nContent-Type: application/x-www-form-urlencoded\n\n"
#define ADA "username=ada&email=a@b.c&password=lovelace"
#define TOKENS "access=J.W.T&refresh=R"
#define COMMITTED "session=SES&sid=SID&generation=7&secret=SEC&next=NXT"

struct row {
    const char *name;
    const char *dialect;
    enum message message;
    const char *fields;
    const char *want; /* method, target, headers, empty line, body */
};

// clang-format off
static const struct row rows[] = {
    {"express signs up", "express", MESSAGE_SIGN_UP, ADA,
     "POST /auth/signup" JSON "{\"username\":\"ada\",\"email\":\"a@b.c\","
     "\"password\":\"lovelace\"}"},
    {"express signs up with roles", "express", MESSAGE_SIGN_UP,
     ADA "&asked_roles=user moderator",
     "POST /auth/signup" JSON "{\"username\":\"ada\",\"email\":\"a@b.c\","
     "\"password\":\"lovelace\",\"roles\":[\"user\",\"moderator\"]}"},
    {"express signs in", "express", MESSAGE_SIGN_IN, ADA,
     "POST /auth/signin" JSON
     "{\"username\":\"ada\",\"password\":\"lovelace\"}"},
    {"express refreshes", "express", MESSAGE_REFRESH, TOKENS,
     "POST /auth/refreshtoken" JSON "{\"refreshToken\":\"R\"}"},
    {"spring says role, and mod", "spring", MESSAGE_SIGN_UP,
     ADA "&asked_roles=moderator admin",
     "POST /auth/signup" JSON "{\"username\":\"ada\",\"email\":\"a@b.c\","
     "\"password\":\"lovelace\",\"role\":[\"mod\",\"admin\"]}"},
    {"spring refreshes", "spring", MESSAGE_REFRESH, TOKENS,
     "POST /auth/refreshtoken" JSON "{\"refreshToken\":\"R\"}"},
    {"spring signs out by its access token", "spring", MESSAGE_SIGN_OUT, TOKENS,
     "POST /auth/signout\n\n"},
    {"django signs up", "django", MESSAGE_SIGN_UP, ADA,
     "POST /auth/users/" JSON "{\"username\":\"ada\",\"email\":\"a@b.c\","
     "\"password\":\"lovelace\"}"},
    {"django signs in", "django", MESSAGE_SIGN_IN, ADA,
     "POST /auth/jwt/create/" JSON
     "{\"username\":\"ada\",\"password\":\"lovelace\"}"},
    {"django refreshes", "django", MESSAGE_REFRESH, TOKENS,
     "POST /auth/jwt/refresh/" JSON "{\"refresh\":\"R\"}"},
    {"nest signs in", "nest", MESSAGE_SIGN_IN, ADA,
     "POST /auth/login" JSON
     "{\"username\":\"ada\",\"password\":\"lovelace\"}"},
    {"nest refreshes with both tokens", "nest", MESSAGE_REFRESH, TOKENS,
     "POST /auth/refreshtoken" JSON
     "{\"access_token\":\"J.W.T\",\"refresh_token\":\"R\"}"},
    {"nest-camel refreshes with both tokens", "nest-camel", MESSAGE_REFRESH,
     TOKENS,
     "POST /auth/refreshtoken" JSON
     "{\"accessToken\":\"J.W.T\",\"refreshToken\":\"R\"}"},
    {"sofunction calls the refresh token token", "sofunction", MESSAGE_REFRESH,
     TOKENS, "POST /auth/refresh" JSON "{\"token\":\"R\"}"},
    {"sofunction signs in", "sofunction", MESSAGE_SIGN_IN, ADA,
     "POST /auth/login" JSON
     "{\"username\":\"ada\",\"password\":\"lovelace\"}"},
    {"symfony signs in", "symfony", MESSAGE_SIGN_IN, ADA,
     "POST /login_check" JSON
     "{\"username\":\"ada\",\"password\":\"lovelace\"}"},
    {"symfony refreshes", "symfony", MESSAGE_REFRESH, TOKENS,
     "POST /token/refresh" JSON "{\"refresh_token\":\"R\"}"},
    {"oauth2 signs in by form", "oauth2", MESSAGE_SIGN_IN,
     "username=ada&password=p q+r%s&client_id=cid",
     "POST /oauth/token" FORM "grant_type=password&username=ada&password="
     "p%20q%2Br%25s&client_id=cid"},
    {"oauth2 refreshes", "oauth2", MESSAGE_REFRESH, TOKENS "&client_id=cid",
     "POST /oauth/token" FORM
     "grant_type=refresh_token&refresh_token=R&client_id=cid"},
    {"oauth2 signs out by revoking", "oauth2", MESSAGE_SIGN_OUT, TOKENS,
     "POST /oauth/revoke" FORM "token=R&token_type_hint=refresh_token"},
    {"oauth2 introspects", "oauth2", MESSAGE_INTROSPECT, "token=T",
     "POST /oauth/introspect" FORM "token=T"},
    {"supabase: the grant in the query, a key in the header", "supabase",
     MESSAGE_REFRESH, TOKENS "&api_key=KEY",
     "POST /token?grant_type=refresh_token\napikey: KEY" JSON
     "{\"refresh_token\":\"R\"}"},
    {"supabase without a key", "supabase", MESSAGE_REFRESH, TOKENS,
     "POST /token?grant_type=refresh_token" JSON "{\"refresh_token\":\"R\"}"},
    {"auth0 refreshes", "auth0", MESSAGE_REFRESH, TOKENS "&client_id=cid",
     "POST /oauth/token" FORM
     "grant_type=refresh_token&refresh_token=R&client_id=cid"},
    {"directus refreshes", "directus", MESSAGE_REFRESH, TOKENS,
     "POST /auth/refresh" JSON "{\"refresh_token\":\"R\",\"mode\":\"json\"}"},
    {"laravel refreshes with the old token and no body", "laravel",
     MESSAGE_REFRESH, "refresh=OLD",
     "POST /api/auth/refresh\nAuthorization: Bearer OLD\n\n"},
    {"strapi refreshes", "strapi", MESSAGE_REFRESH, TOKENS,
     "POST /api/auth/refresh" JSON "{\"refreshToken\":\"R\"}"},
    {"aspnet refreshes", "aspnet", MESSAGE_REFRESH, TOKENS,
     "POST /refresh" JSON "{\"refreshToken\":\"R\"}"},
    {"flask refreshes by header", "flask", MESSAGE_REFRESH, TOKENS,
     "POST /refresh\nAuthorization: Bearer R\n\n"},
    {"stay signs in", "stay", MESSAGE_SIGN_IN,
     "username=ada&password=lovelace&next=NXT&sid=SID&label=my laptop",
     "POST /session" JSON "{\"username\":\"ada\",\"password\":\"lovelace\","
     "\"next\":\"NXT\",\"sid\":\"SID\",\"label\":\"my laptop\"}"},
    {"stay refreshes", "stay", MESSAGE_REFRESH, COMMITTED,
     "POST /session/refresh" JSON "{\"session\":\"SES\",\"sid\":\"SID\","
     "\"generation\":7,\"secret\":\"SEC\",\"next\":\"NXT\"}"},
    {"stay refreshes by cookie", "stay", MESSAGE_REFRESH_COOKIE, COMMITTED,
     "POST /session/refresh\nStay-Mode: cookie" JSON
     "{\"sid\":\"SID\",\"generation\":7,\"secret\":\"SEC\",\"next\":\"NXT\"}"},
    {"stay signs out", "stay", MESSAGE_SIGN_OUT, COMMITTED,
     "DELETE /session" JSON "{\"session\":\"SES\"}"},
    {"stay ends one session, its name made harmless", "stay",
     MESSAGE_SESSION_END, "session_id=a/b c", "DELETE /sessions/a%2Fb%20c\n\n"},
    {"stay ends the others", "stay", MESSAGE_SESSION_END_OTHERS, "id=1",
     "DELETE /sessions?others=1\n\n"},
    {"stay changes a todo", "stay", MESSAGE_TODO_CHANGE, "todo_id=9&done=true",
     "PATCH /todos/9" JSON "{\"done\":true}"},
};
// clang-format on

static bool build(const struct row *r, struct fields *fields,
                  struct span buffer, struct request *out)
{
    const struct dialect *d = kit_dialect(r->dialect);

    kit_fields(fields, r->fields);
    return d != NULL &&
           CHECK_EQ(request_build(d, r->message, fields, buffer, out),
                    REQUEST_OK);
}

static void built(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fields fields;
        char buffer[2048];
        char text[8192];
        struct request request;

        CASE(rows[i].name);
        if (!build(&rows[i], &fields, (struct span){buffer, sizeof buffer},
                   &request))
            continue;
        kit_print_request(&request, text);
        CHECK_TEXT(text, rows[i].want);
    }
}

/* What a served dialect's client writes, its server reads: the same values. */
static void read_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct row *r = &rows[i];
        const struct dialect *d = kit_dialect(r->dialect);
        struct fields sent;
        struct fields got;
        char buffer[2048];
        char taken[2048];
        char path[512];
        struct request request;
        struct request_seen seen;
        struct problems problems;
        enum message message = MESSAGE_NONE;

        if (d == NULL || d->mount == 0)
            continue;
        check_case("read back: %s", r->name);
        if (!build(r, &sent, (struct span){buffer, sizeof buffer}, &request))
            continue;
        kit_seen(d, &request, path, &seen);
        fields_init(&got, taken, sizeof taken);
        if (!CHECK_EQ(request_route(d, &seen, &message), ROUTE_FOUND))
            continue;
        request_match(d, &seen, &message, &got, &problems);
        CHECK_EQ(message, r->message);
        CHECK_EQ(problems.count, 0);
        for (unsigned k = 1; k < FIELD_COUNT; k++) {
            char a[4096];
            char b[4096];

            // A path's text is not decoded: session ids need no escape.
            if (fields_has(&got, (enum field)k) && k != FIELD_SESSION_ID)
                CHECK_TEXT(kit_field(&got, (enum field)k, a),
                           kit_field(&sent, (enum field)k, b));
        }
    }
}

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

static void attach(void **state)
{
    char buffer[16];
    struct header_line line;

    (void)state;
    CASE("a token behind Bearer");
    CHECK(access_build(kit_dialect("stay"), SPAN("J.W.T"),
                       (struct span){buffer, sizeof buffer}, &line));
    CHECK(span_is(line.name, "Authorization"));
    CHECK(span_is(line.value, "Bearer J.W.T"));
    CASE("a bare token");
    CHECK(access_build(kit_dialect("express"), SPAN("J.W.T"),
                       (struct span){buffer, sizeof buffer}, &line));
    CHECK(span_is(line.name, "x-access-token"));
    CHECK(span_is(line.value, "J.W.T"));
    CASE("a buffer that is one byte short");
    CHECK(!access_build(kit_dialect("stay"), SPAN("J.W.T"),
                        (struct span){buffer, 11}, &line));
}

static void joined(void **state)
{
    static const struct {
        const char *base;
        const char *target;
        const char *want;
    } cases[] = {
        {"http://a/api",  "/session",  "http://a/api/session"},
        {"http://a/api/", "/session",  "http://a/api/session"},
        {"http://a/api",  "session",   "http://a/api/session"},
        {"http://a",      "//session", "http://a/session"    },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[64];
        size_t length;

        check_case("%s and %s", cases[i].base, cases[i].target);
        length = request_join(span_of(cases[i].base), span_of(cases[i].target),
                              (struct span){out, sizeof out});
        CHECK_BYTES(out, length, cases[i].want, strlen(cases[i].want));
        CHECK_EQ(request_join(span_of(cases[i].base), span_of(cases[i].target),
                              (struct span){out, length - 1}),
                 0);
    }
}

static void incomplete(void **state)
{
    struct fields fields;
    char buffer[256];
    struct request request;

    (void)state;
    fields_init(&fields, NULL, 0);
    CASE("a field that must be there is not given");
    CHECK_EQ(request_build(kit_dialect("express"), MESSAGE_REFRESH, &fields,
                           (struct span){buffer, sizeof buffer}, &request),
             REQUEST_INCOMPLETE);
    CASE("a message the dialect has not");
    CHECK_EQ(request_build(kit_dialect("express"), MESSAGE_INTROSPECT, &fields,
                           (struct span){buffer, sizeof buffer}, &request),
             REQUEST_UNSPOKEN);
    CASE("null is written where it is meant");
    kit_fields(&fields, "sid=SID&next=NXT");
    fields_set_null(&fields, FIELD_GENERATION);
    CHECK_EQ(request_build(kit_dialect("stay"), MESSAGE_REFRESH_COOKIE, &fields,
                           (struct span){buffer, sizeof buffer}, &request),
             REQUEST_OK);
    CHECK(span_is(request.body,
                  "{\"sid\":\"SID\",\"generation\":null,\"next\":\"NXT\"}"));
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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(built),    cmocka_unit_test(read_back),
        cmocka_unit_test(wrong),    cmocka_unit_test(routes),
        cmocka_unit_test(access),   cmocka_unit_test(attach),
        cmocka_unit_test(joined),   cmocka_unit_test(incomplete),
        cmocka_unit_test(too_long), cmocka_unit_test(query),
    };

    return check_run("core/dialect_request", tests);
}
