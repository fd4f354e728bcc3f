/*
 * The client's side: answers as the families give them -> what they mean; and
 * whatever a served dialect writes is recognised by its own client.
 */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "core/template.h"
#include "dialect_kit.h"

struct row {
    const char *name;
    const char *dialect;
    enum message message;
    int status;
    const char *headers;
    const char *body;
    enum verdict verdict;
    const char *what;   /* the case; "" where the verdict is NONE */
    const char *fields; /* that must have come with it */
};

#define REFRESH MESSAGE_REFRESH
#define SIGN_IN MESSAGE_SIGN_IN
#define ANY MESSAGE_NONE
#define OK VERDICT_GRANTED, "ok"
#define DEAD VERDICT_REFUSED
#define NV "\",\"code\":\"token_not_valid\"}"

// clang-format off
static const struct row granted[] = {
    {"express signs in", "express", SIGN_IN, 200, "",
     "{\"id\":1,\"username\":\"alice\",\"email\":\"a@b.c\",\"roles\":[\"ROLE_"
     "USER\",\"ROLE_ADMIN\"],\"accessToken\":\"J\",\"refreshToken\":\"R\"}",
     OK, "access=J&refresh=R&id=1&username=alice&roles=user admin"},
    {"express with MongoDB: an id that is no number is left out", "express",
     SIGN_IN, 200, "",
     "{\"id\":\"60b8\",\"username\":\"alice\",\"email\":\"a@b.c\",\"roles\":[],"
     "\"accessToken\":\"J\",\"refreshToken\":\"R\"}",
     OK, "access=J&refresh=R&username=alice"},
    {"members in another order, and one more", "express", REFRESH, 200, "",
     "{\"x\":{\"accessToken\":\"no\"},\"refreshToken\":\"R\",\"accessToken\":"
     "\"J\"}",
     OK, "access=J&refresh=R"},
    {"escapes are undone", "express", REFRESH, 200, "",
     "{\"accessToken\":\"J\\u002fK\\/L\"}", OK, "access=J/K/L"},
    {"spring refreshes", "spring", REFRESH, 200, "",
     "{\"accessToken\":\"J\",\"refreshToken\":\"R\",\"tokenType\":\"Bearer\"}",
     OK, "access=J&refresh=R"},
    {"django without rotation", "django", REFRESH, 200, "",
     "{\"access\":\"J\"}", OK, "access=J"},
    {"django with rotation", "django", REFRESH, 200, "",
     "{\"access\":\"J\",\"refresh\":\"R\"}", OK, "access=J&refresh=R"},
    {"nest answers 201", "nest", REFRESH, 201, "",
     "{\"access_token\":\"J\",\"refresh_token\":\"R\"}", OK,
     "access=J&refresh=R"},
    {"nest-camel answers 201", "nest-camel", REFRESH, 201, "",
     "{\"accessToken\":\"J\",\"refreshToken\":\"R\"}", OK,
     "access=J&refresh=R"},
    {"sofunction, first guess", "sofunction", REFRESH, 200, "",
     "{\"accessToken\":\"J\"}", OK, "access=J"},
    {"sofunction, second guess", "sofunction", REFRESH, 200, "",
     "{\"token\":\"J\"}", OK, "access=J"},
    {"sofunction, all of them: the first counts", "sofunction", REFRESH, 200,
     "", "{\"token\":\"X\",\"access_token\":\"Y\",\"accessToken\":\"J\"}", OK,
     "access=J"},
    {"symfony refreshes", "symfony", REFRESH, 200, "",
     "{\"token\":\"J\",\"refresh_token\":\"R\"}", OK, "access=J&refresh=R"},
    {"symfony by cookies, 204", "symfony", REFRESH, 204,
     "Set-Cookie: BEARER=J; path=/; secure; httponly\nSet-Cookie: "
     "refresh_token=R; expires=Mon, 21-Dec-2026 04:00:07 GMT; Max-Age=2592000; "
     "path=/; secure; httponly; samesite=lax",
     "", OK, "access=J&refresh=R"},
    {"oauth2 refreshes, JSON with blanks", "oauth2", REFRESH, 200, "",
     "{\"access_token\": \"J\", \"expires_in\": 3, \"token_type\": \"Bearer\", "
     "\"scope\": \"read introspection\", \"refresh_token\": \"R\"}",
     OK,
     "access=J&refresh=R&expires_in=3&expires_in_ms=3000&scope=read "
     "introspection"},
    {"a token type in other letters", "oauth2", REFRESH, 200, "",
     "{\"access_token\":\"J\",\"token_type\":\"bearer\"}", OK, "access=J"},
    {"a lifetime that is a text", "oauth2", REFRESH, 200, "",
     "{\"access_token\":\"J\",\"token_type\":\"bearer\",\"expires_in\":\"3600"
     "\"}",
     OK, "access=J&expires_in_ms=3600000"},
    {"a negative lifetime", "oauth2", REFRESH, 200, "",
     "{\"access_token\":\"J\",\"token_type\":\"bearer\",\"expires_in\":-5}", OK,
     "access=J&expires_in_ms=-5000"},
    {"a lifetime beyond all bounds", "oauth2", REFRESH, 200, "",
     "{\"access_token\":\"J\",\"token_type\":\"bearer\",\"expires_in\":"
     "9223372036854775807}",
     OK, "access=J&expires_in_ms=9223372036854775807"},
    {"supabase: the lifetime in seconds goes before the end", "supabase",
     REFRESH, 200, "Date: Sun, 06 Nov 1994 08:49:37 GMT",
     "{\"access_token\":\"J\",\"token_type\":\"bearer\",\"expires_in\":3600,"
     "\"expires_at\":784111800,\"refresh_token\":\"R\",\"user\":{\"id\":\"u\"}"
     "}",
     OK, "access=J&refresh=R&expires_in_ms=3600000&date=784111777"},
    {"supabase: only an end, counted from the reply's date", "supabase",
     REFRESH, 200, "Date: Sun, 06 Nov 1994 08:49:37 GMT",
     "{\"access_token\":\"J\",\"token_type\":\"bearer\",\"expires_at\":"
     "784111800,\"refresh_token\":\"R\"}",
     OK, "access=J&expires_in_ms=23000"},
    {"auth0 without rotation", "auth0", REFRESH, 200, "",
     "{\"access_token\":\"J\",\"expires_in\":86400,\"token_type\":\"Bearer\"}",
     OK, "access=J&expires_in_ms=86400000"},
    {"directus: nested, milliseconds", "directus", REFRESH, 200, "",
     "{\"data\":{\"access_token\":\"J\",\"expires\":900000,\"refresh_token\":"
     "\"R\"}}",
     OK, "access=J&refresh=R&expires_in_ms=900000"},
    {"laravel: the token is its own refresh token", "laravel", REFRESH, 200, "",
     "{\"access_token\":\"J\",\"token_type\":\"bearer\",\"expires_in\":3600}",
     OK, "access=J&refresh=J"},
    {"strapi", "strapi", REFRESH, 200, "", "{\"jwt\":\"J\"}", OK, "access=J"},
    {"aspnet", "aspnet", REFRESH, 200, "",
     "{\"tokenType\":\"Bearer\",\"accessToken\":\"J\",\"expiresIn\":3600,"
     "\"refreshToken\":\"R\"}",
     OK, "access=J&refresh=R&expires_in_ms=3600000"},
    {"flask", "flask", REFRESH, 200, "", "{\"access_token\":\"J\"}", OK,
     "access=J"},
    {"stay refreshes", "stay", REFRESH, 200, "",
     "{\"access_token\":\"J\",\"token_type\":\"Bearer\",\"expires_in\":300,"
     "\"generation\":8}",
     OK, "access=J&expires_in_ms=300000&generation=8"},
    {"stay says who", "stay", MESSAGE_ME, 200, "",
     "{\"id\":1,\"username\":\"ada\",\"email\":\"a@b.c\",\"roles\":[\"user\","
     "\"admin\"]}",
     OK, "id=1&username=ada&roles=user admin"},
    {"a sign-out with another body than ours", "express", MESSAGE_SIGN_OUT, 200,
     "", "bye", OK, ""},
    {"a page for a sign-out is no sign-out", "express", MESSAGE_SIGN_OUT, 200,
     "Content-Type: text/html", "<p>Log in to the Wi-Fi</p>", VERDICT_NONE, "",
     ""},
    {"an empty access token is none", "express", REFRESH, 200, "",
     "{\"accessToken\":\"\",\"refreshToken\":\"R\"}", VERDICT_NONE, "", ""},
    {"a null access token is none", "express", REFRESH, 200, "",
     "{\"accessToken\":null,\"refreshToken\":\"R\"}", VERDICT_NONE, "", ""},
};
// clang-format on

#define DJ(text) "{\"detail\":\"" text NV
#define SYM(text) "{\"code\":401,\"message\":\"" text "\"}"

// clang-format off
static const struct row refused[] = {
    {"express: unknown", "express", REFRESH, 403, "",
     "{\"message\":\"Refresh token is not in database!\"}", DEAD, "unknown",
     "message=Refresh token is not in database!"},
    {"express: expired", "express", REFRESH, 403, "",
     "{\"message\":\"Refresh token was expired. Please make a new signin "
     "request\"}",
     DEAD, "expired", ""},
    {"express: we sent none", "express", REFRESH, 403, "",
     "{\"message\":\"Refresh Token is required!\"}", VERDICT_DENIED,
     "missing.refresh", ""},
    {"express: unknown user", "express", SIGN_IN, 404, "",
     "{\"message\":\"User Not found.\"}", VERDICT_DENIED, "unknown_user", ""},
    {"express: bad password", "express", SIGN_IN, 401, "",
     "{\"accessToken\":null,\"message\":\"Invalid Password!\"}", VERDICT_DENIED,
     "bad_password", ""},
    {"express with MongoDB: unknown role", "express", MESSAGE_SIGN_UP, 400, "",
     "{\"message\":\"Failed! Role boss does not exist!\"}", VERDICT_DENIED,
     "unknown_role", "role=boss"},
    {"spring: unknown, whatever token, time and path it names", "spring",
     REFRESH, 403, "",
     "{\"statusCode\":403,\"timestamp\":\"2021-04-11T17:33:24.193+00:00\","
     "\"message\":\"Failed for [a-b-c]: Refresh token is not in database!\","
     "\"description\":\"uri=/api/auth/refreshtoken\"}",
     DEAD, "unknown", ""},
    {"spring: expired", "spring", REFRESH, 403, "",
     "{\"statusCode\":403,\"timestamp\":\"2021-04-11T17:33:24.193+00:00\","
     "\"message\":\"Failed for [a-b-c]: Refresh token was expired. Please make "
     "a new signin request\",\"description\":\"uri=/api/auth/refreshtoken\"}",
     DEAD, "expired", ""},
    {"spring: a 403 of somebody else", "spring", REFRESH, 403, "",
     "{\"statusCode\":403,\"message\":\"Forbidden\"}", VERDICT_NONE, "", ""},
    {"django: invalid or expired", "django", REFRESH, 401, "",
     DJ("Token is invalid or expired"), DEAD, "unknown", ""},
    {"django 5.5: expired", "django", REFRESH, 401, "", DJ("Token is expired"),
     DEAD, "expired", ""},
    {"django 5.5: invalid", "django", REFRESH, 401, "", DJ("Token is invalid"),
     DEAD, "unknown", ""},
    {"django: wrong type", "django", REFRESH, 401, "",
     DJ("Token has wrong type"), DEAD, "wrong_kind", ""},
    {"django: blacklisted", "django", REFRESH, 401, "",
     DJ("Token is blacklisted"), DEAD, "revoked", ""},
    {"django: no id", "django", REFRESH, 401, "", DJ("Token has no id"), DEAD,
     "unknown", ""},
    {"django: no type", "django", REFRESH, 401, "", DJ("Token has no type"),
     DEAD, "unknown", ""},
    {"django: no user in it", "django", REFRESH, 401, "",
     DJ("Token contained no recognizable user identification"), DEAD, "unknown",
     ""},
    {"django: exp has passed", "django", REFRESH, 401, "",
     DJ("Token 'exp' claim has expired"), DEAD, "expired", ""},
    {"django 5.4: the account is off", "django", REFRESH, 401, "",
     "{\"detail\":\"No active account found for the given token.\"}", DEAD,
     "disabled", ""},
    {"django: the password was changed", "django", REFRESH, 401, "",
     "{\"detail\":\"The user's password has been changed.\",\"code\":"
     "\"password_changed\"}",
     DEAD, "revoked", ""},
    {"django: we sent none", "django", REFRESH, 400, "",
     "{\"refresh\":[\"This field is required.\"]}", VERDICT_DENIED,
     "missing.refresh", ""},
    {"django: a weak password, first of three", "django", MESSAGE_SIGN_UP, 400,
     "",
     "{\"password\":[\"This password is too short. It must contain at least 8 "
     "characters.\",\"This password is too common.\"]}",
     VERDICT_DENIED, "too_short.password", ""},
    {"django: 5.2's resource says the account is off", "django", ANY, 401, "",
     "{\"detail\":\"User is inactive\",\"code\":\"user_inactive\"}", DEAD,
     "disabled", ""},
    {"django: the resource says the account is gone", "django", ANY, 401, "",
     "{\"detail\":\"User not found\",\"code\":\"user_not_found\"}", DEAD,
     "deleted", ""},
    {"django: the resource refuses the access token", "django", ANY, 401, "",
     "{\"detail\":\"Given token not valid for any token type\",\"code\":"
     "\"token_not_valid\",\"messages\":[{\"token_class\":\"AccessToken\","
     "\"token_type\":\"access\",\"message\":\"Token is invalid or expired\"}]}",
     VERDICT_RENEW, "bad_token", ""},
    {"django 5.5: the resource says expired", "django", ANY, 401, "",
     "{\"detail\":\"Given token not valid for any token type\",\"code\":"
     "\"token_not_valid\",\"messages\":[{\"token_class\":\"AccessToken\","
     "\"token_type\":\"access\",\"message\":\"Token is expired\"}]}",
     VERDICT_RENEW, "expired_token", ""},
    {"django: no credentials", "django", ANY, 401, "",
     "{\"detail\":\"Authentication credentials were not provided.\"}",
     VERDICT_RENEW, "no_token", ""},
    {"nest 7", "nest", REFRESH, 401, "",
     "{\"statusCode\":401,\"message\":\"Unauthorized\"}", DEAD, "unknown", ""},
    {"nest 10", "nest", REFRESH, 401, "",
     "{\"message\":\"Unauthorized\",\"statusCode\":401}", DEAD, "unknown", ""},
    {"nest 6", "nest", REFRESH, 401, "",
     "{\"statusCode\":401,\"error\":\"Unauthorized\"}", DEAD, "unknown", ""},
    {"nest: a status inside the body that does not fit", "nest", REFRESH, 401,
     "", "{\"statusCode\":403,\"message\":\"Unauthorized\"}", VERDICT_NONE, "",
     ""},
    {"symfony: not found", "symfony", REFRESH, 401, "",
     SYM("JWT Refresh Token Not Found"), DEAD, "unknown", ""},
    {"symfony: expired", "symfony", REFRESH, 401, "",
     SYM("Invalid JWT Refresh Token"), DEAD, "expired", ""},
    {"symfony 0.x: anything", "symfony", REFRESH, 401, "",
     SYM("An authentication exception occurred."), DEAD, "unknown", ""},
    {"symfony: disabled, hidden", "symfony", REFRESH, 401, "",
     SYM("Invalid credentials."), DEAD, "hidden", ""},
    {"symfony: disabled, shown", "symfony", REFRESH, 401, "",
     SYM("Account is disabled."), DEAD, "disabled", ""},
    {"symfony: we sent none", "symfony", REFRESH, 401, "",
     SYM("Missing JWT Refresh Token"), VERDICT_DENIED, "missing.refresh", ""},
    {"symfony: an expired access token is no dead session", "symfony", REFRESH,
     401, "", SYM("Expired JWT Token"), VERDICT_RENEW, "expired_token", ""},
    {"symfony: escaped quotes", "symfony", ANY, 401, "",
     SYM("Unable to find key \\u0022username\\u0022 in the token payload."),
     VERDICT_RENEW, "bad_token", ""},
    {"oauth2: invalid_grant", "oauth2", REFRESH, 400, "",
     "{\"error\": \"invalid_grant\"}", DEAD, "unknown", ""},
    {"oauth2: with a description", "oauth2", REFRESH, 400, "",
     "{\"error\":\"invalid_grant\",\"error_description\":\"Token expired\"}",
     DEAD, "unknown", "message=Token expired"},
    {"oauth2: bad client", "oauth2", REFRESH, 401, "",
     "{\"error\": \"invalid_client\"}", VERDICT_CONFIG, "bad_client", ""},
    {"oauth2: client without the right", "oauth2", REFRESH, 400, "",
     "{\"error\":\"unauthorized_client\"}", VERDICT_CONFIG,
     "unauthorized_client", ""},
    {"oauth2: grant", "oauth2", REFRESH, 400, "",
     "{\"error\":\"unsupported_grant_type\"}", VERDICT_CONFIG, "unsupported",
     ""},
    {"oauth2: scope", "oauth2", REFRESH, 400, "",
     "{\"error\":\"invalid_scope\"}", VERDICT_CONFIG, "bad_scope", ""},
    {"oauth2: request", "oauth2", REFRESH, 400, "",
     "{\"error\":\"invalid_request\",\"error_description\":\"Missing refresh "
     "token parameter.\"}",
     VERDICT_DENIED, "missing.refresh", ""},
    {"supabase: not found", "supabase", REFRESH, 400, "",
     "{\"code\":400,\"error_code\":\"refresh_token_not_found\",\"msg\":"
     "\"Invalid Refresh Token: Refresh Token Not Found\"}",
     DEAD, "unknown", ""},
    {"supabase: used, as older versions say it", "supabase", REFRESH, 400, "",
     "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid Refresh "
     "Token: Already Used\"}",
     DEAD, "spent", ""},
    {"auth0", "auth0", REFRESH, 403, "",
     "{\"error\":\"invalid_grant\",\"error_description\":\"Unknown or invalid "
     "refresh token.\"}",
     DEAD, "unknown", ""},
    {"directus", "directus", REFRESH, 401, "",
     "{\"errors\":[{\"message\":\"Invalid user credentials.\",\"extensions\":"
     "{\"code\":\"INVALID_CREDENTIALS\"}}]}",
     DEAD, "unknown", "message=Invalid user credentials."},
    {"laravel: used before", "laravel", REFRESH, 401, "",
     "{\"message\":\"The token has been blacklisted\",\"exception\":\"x\"}",
     DEAD, "spent", ""},
    {"laravel: too old", "laravel", REFRESH, 401, "",
     "{\"message\":\"Token has expired and can no longer be refreshed\"}", DEAD,
     "expired", ""},
    {"strapi", "strapi", REFRESH, 401, "",
     "{\"data\":null,\"error\":{\"status\":401,\"name\":\"UnauthorizedError\","
     "\"message\":\"Invalid refresh token\",\"details\":{}}}",
     DEAD, "unknown", ""},
    {"aspnet says no word", "aspnet", REFRESH, 401, "", "", DEAD, "unknown",
     ""},
    {"flask", "flask", REFRESH, 401, "", "{\"msg\":\"Token has expired\"}",
     DEAD, "expired", ""},
    {"flask, 422", "flask", REFRESH, 422, "",
     "{\"msg\":\"Signature verification failed\"}", DEAD, "unreadable", ""},
    {"sofunction", "sofunction", REFRESH, 403, "",
     "{\"message\":\"Refresh token is not valid.\"}", DEAD, "unknown", ""},
    {"stay: advance", "stay", REFRESH, 409, "",
     "{\"error\":\"advance\",\"message\":\"This step was made before. Go on "
     "with the next secret.\"}",
     VERDICT_PROTOCOL, "advance", ""},
    {"stay: behind", "stay", REFRESH, 409, "",
     "{\"error\":\"behind\",\"message\":\"The server has lost steps. Send them "
     "again from this generation.\",\"generation\":4}",
     VERDICT_PROTOCOL, "behind", "generation=4"},
    {"express: the resource wants a token", "express", ANY, 403, "",
     "{\"message\":\"No token provided!\"}", VERDICT_RENEW, "no_token", ""},
    {"express: a text that is no JSON", "express", ANY, 401, "", "Unauthorized",
     VERDICT_RENEW, "bad_token", ""},
    {"express: a longer text is another", "express", ANY, 401, "",
     "Unauthorized ", VERDICT_NONE, "", ""},
    {"express: another role is needed", "express", ANY, 403, "",
     "{\"message\":\"Require Admin Role!\"}", VERDICT_DENIED, "wrong_role", ""},
    {"the words with another status", "express", REFRESH, 400, "",
     "{\"message\":\"Refresh token is not in database!\"}", VERDICT_NONE, "",
     ""},
    {"the words in another case", "express", REFRESH, 403, "",
     "{\"message\":\"refresh token is not in database!\"}", VERDICT_NONE, "",
     ""},
    {"the words one level down", "express", REFRESH, 403, "",
     "{\"x\":{\"message\":\"Refresh token is not in database!\"}}",
     VERDICT_NONE, "", ""},
    {"the words in broken JSON", "express", REFRESH, 403, "",
     "{\"message\":\"Refresh token is not in database!\"", VERDICT_NONE, "",
     ""},
};
// clang-format on

static void check_fields(const struct fields *got, const char *want)
{
    struct fields wanted;

    kit_fields(&wanted, want);
    for (unsigned i = 1; i < FIELD_COUNT; i++) {
        char a[4096];
        char b[4096];

        if (fields_has(&wanted, (enum field)i))
            CHECK_TEXT(kit_field(got, (enum field)i, a),
                       kit_field(&wanted, (enum field)i, b));
    }
}

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct row *r = &rows[i];
        struct header_line lines[4];
        struct answer answer = {
            .status = r->status, .headers = lines, .body = span_of(r->body)};
        struct reply_meaning meaning;
        struct reply_case want;
        struct fields fields;
        char taken[2048];

        CASE(r->name);
        answer.headers_count = kit_headers(r->headers, lines, COUNT(lines));
        fields_init(&fields, taken, sizeof taken);
        meaning =
            reply_match(kit_dialect(r->dialect), r->message, &answer, &fields);
        CHECK_EQ(meaning.verdict, r->verdict);
        if (r->verdict == VERDICT_NONE)
            continue;
        CHECK(reply_case_find(span_of(r->what), &want));
        CHECK_TEXT(reply_kind_name(meaning.what.kind),
                   reply_kind_name(want.kind));
        CHECK_EQ(meaning.what.field, want.field);
        check_fields(&fields, r->fields);
    }
}

static void grants(void **state)
{
    (void)state;
    check_rows(granted, COUNT(granted));
}

static void refusals(void **state)
{
    (void)state;
    check_rows(refused, COUNT(refused));
}

/* What the reply with this case looks like to the family's client. */
static struct reply_meaning mirror(const struct dialect *d,
                                   enum message message, struct reply_case what,
                                   struct reply *reply, char room[8192])
{
    struct fields given;
    struct fields taken;
    char text[4096];
    char buffer[8192];
    const struct reply_ask ask = {message, &what, 1, &given};
    struct answer answer;

    kit_all_fields(&given);
    CHECK_EQ(reply_build(d, &ask, (struct span){buffer, sizeof buffer}, reply),
             REPLY_OK);
    kit_print_reply(reply, room);
    answer = (struct answer){.status = reply->status,
                             .headers = reply->headers,
                             .headers_count = reply->headers_count,
                             .body = reply->body};
    fields_init(&taken, text, sizeof text);
    return reply_match(d, message, &answer, &taken);
}

/*
 * The case that is recognised need not be the one that was meant, where a
 * family says both alike; then both must be written alike.
 */
static void check_mirror(const struct dialect *d, enum message message,
                         struct reply_case what)
{
    char first[8192];
    char second[8192];
    struct reply reply;
    struct reply_meaning meaning = mirror(d, message, what, &reply, first);

    if (!CHECK(meaning.verdict != VERDICT_NONE))
        return;
    CHECK_EQ(meaning.verdict, reply_kind_verdict(meaning.what.kind));
    (void)mirror(d, message, meaning.what, &reply, second);
    if (strcmp(first, second) != 0)
        CHECK_TEXT(reply_kind_name(meaning.what.kind),
                   reply_kind_name(what.kind));
}

/* Only some kinds are about a field. */
static bool is_case(struct reply_case what)
{
    char name[64];
    struct reply_case found;

    if (what.field == FIELD_NONE)
        return true;
    (void)snprintf(name, sizeof name, "%s.%s", reply_kind_name(what.kind),
                   field_name(what.field));
    return reply_case_find(span_of(name), &found);
}

static void check_message(const struct dialect *d, enum message message)
{
    // Nothing is granted by the replies that may answer any message.
    unsigned first = message == MESSAGE_NONE ? CASE_INVALID : CASE_OK;

    check_case("%.*s, %s: all it writes it recognises", (int)d->name.length,
               d->name.text, message_name(message));
    for (unsigned i = first * FIELD_COUNT; i < CASE_COUNT * FIELD_COUNT; i++) {
        struct reply_case what = {(enum reply_kind)(i / FIELD_COUNT),
                                  (enum field)(i % FIELD_COUNT)};

        if (is_case(what))
            check_mirror(d, message, what);
    }
}

static void mirrors(void **state)
{
    (void)state;
    for (size_t i = 0; i < dialect_sources_count; i++) {
        const struct dialect *d = kit_dialect(dialect_sources[i].name);

        for (unsigned m = 0; d != NULL && d->mount > 0 && m < MESSAGE_COUNT;
             m++)
            if (m != MESSAGE_PREFLIGHT && d->message[m] != NULL)
                check_message(d, (enum message)m);
    }
}

/* A final refusal is never mistaken for anything else by its own client. */
static void final(void **state)
{
    (void)state;
    for (size_t i = 0; i < dialect_sources_count; i++) {
        const struct dialect *d = kit_dialect(dialect_sources[i].name);
        const struct message_rules *rules =
            d != NULL ? d->message[MESSAGE_REFRESH] : NULL;

        check_case("%s: each refused refresh is final",
                   dialect_sources[i].name);
        for (size_t k = 0; rules != NULL && k < rules->replies_count; k++) {
            const struct reply_case what = rules->replies[k].what;
            char room[8192];
            struct reply reply;

            if (reply_kind_verdict(what.kind) == VERDICT_REFUSED)
                CHECK_EQ(mirror(d, MESSAGE_REFRESH, what, &reply, room).verdict,
                         VERDICT_REFUSED);
        }
    }
}

/* Every cut of a good reply: an answer, no crash, and never a refusal. */
static void cuts(void **state)
{
    static const char body[] =
        "{\"data\":{\"access_token\":\"J\",\"expires\":900000,\"refresh_token\""
        ":\"R\\u00e9\"}}";

    (void)state;
    CASE("each prefix of a reply");
    for (size_t length = 0; length < sizeof body; length++) {
        struct answer answer = {
            .status = 200, .body = {body, length}
        };
        struct fields fields;
        char taken[8];

        fields_init(&fields, taken, sizeof taken);
        CHECK_EQ(reply_match(kit_dialect("directus"), MESSAGE_REFRESH, &answer,
                             &fields)
                     .verdict,
                 length == sizeof body - 1 ? VERDICT_GRANTED : VERDICT_NONE);
    }
    CASE("a token that does not fit is none");
    {
        struct answer answer = {.status = 200, .body = SPAN(body)};
        struct fields fields;
        char taken[1];

        fields_init(&fields, taken, 0);
        CHECK_EQ(reply_match(kit_dialect("directus"), MESSAGE_REFRESH, &answer,
                             &fields)
                     .verdict,
                 VERDICT_NONE);
        CHECK(fields.overflow);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(grants),  cmocka_unit_test(refusals),
        cmocka_unit_test(mirrors), cmocka_unit_test(final),
        cmocka_unit_test(cuts),
    };

    return check_run("core/dialect_match", tests);
}
