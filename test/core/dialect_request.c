/*
 * The client's side: message and fields -> the bytes of the request; and
 * stayd reads the same values back.
 */
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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(built),      cmocka_unit_test(read_back),
        cmocka_unit_test(attach),     cmocka_unit_test(joined),
        cmocka_unit_test(incomplete),
    };

    return check_run("core/dialect_request", tests);
}
