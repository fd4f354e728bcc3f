/*
 * The outcome table of the documentation, line by line.
 */
#include "core/outcome.h"

#include <string.h>

#include "check.h"
#include "core/date.h"
#include "dialect_kit.h"

#define HTML "Content-Type: text/html; charset=utf-8"
#define DATE "Date: Sun, 06 Nov 1994 08:49:37 GMT"

struct row {
    const char *name;
    const char *dialect;
    enum transport transport;
    int status;
    const char *headers;
    const char *body;
    enum outcome want;
    enum reply_kind why;
    int64_t retry_after_ms;
};

#define ANSWERED "express", TRANSPORT_ANSWERED
#define STAY "stay", TRANSPORT_ANSWERED
#define OAUTH "oauth2", TRANSPORT_ANSWERED
#define GRANT "{\"accessToken\":\"J\",\"refreshToken\":\"R\"}"
#define REFUSAL "{\"message\":\"Refresh token is not in database!\"}"
#define OTHER "{\"message\":\"computer says no\"}"

// clang-format off
static const struct row rows[] = {
    {"2xx with an access token", ANSWERED, 200, "", GRANT, OUTCOME_GRANTED, 0,
     0},
    {"any 2xx will do", ANSWERED, 201, "", GRANT, OUTCOME_GRANTED, 0, 0},
    {"the last 2xx", ANSWERED, 299, "", GRANT, OUTCOME_GRANTED, 0, 0},
    {"without a refresh token", ANSWERED, 200, "", "{\"accessToken\":\"J\"}",
     OUTCOME_GRANTED, 0, 0},
    {"204 with a cookie", "symfony", TRANSPORT_ANSWERED, 204,
     "Set-Cookie: BEARER=J; path=/", "", OUTCOME_GRANTED, 0, 0},
    {"204 with a cookie taken away", "symfony", TRANSPORT_ANSWERED, 204,
     "Set-Cookie: BEARER=deleted; Max-Age=0; path=/", "", OUTCOME_UNKNOWN, 0,
     0},
    {"204 with nothing", ANSWERED, 204, "", "", OUTCOME_UNKNOWN, 0, 0},

    {"refused in the dialect's words", ANSWERED, 403, "", REFUSAL,
     OUTCOME_REFUSED, CASE_UNKNOWN, 0},
    {"refused, with the reason", STAY, 401, "",
     "{\"error\":\"reuse\",\"message\":\"Two holders used this session, so it "
     "was ended. Sign in again.\"}",
     OUTCOME_REFUSED, CASE_REUSE, 0},
    {"refused, labelled as a page", ANSWERED, 403, HTML, REFUSAL,
     OUTCOME_REFUSED, CASE_UNKNOWN, 0},

    {"advance", STAY, 409, "",
     "{\"error\":\"advance\",\"message\":\"This step was made before. Go on "
     "with the next secret.\"}",
     OUTCOME_ADVANCE, CASE_ADVANCE, 0},
    {"stale", STAY, 409, "",
     "{\"error\":\"stale\",\"message\":\"This session has moved on. Read the "
     "store again.\"}",
     OUTCOME_STALE, CASE_STALE, 0},
    {"behind", STAY, 409, "",
     "{\"error\":\"behind\",\"message\":\"The server has lost steps. Send them "
     "again from this generation.\",\"generation\":2}",
     OUTCOME_BEHIND, CASE_BEHIND, 0},
    {"other_session", STAY, 409, "",
     "{\"error\":\"other_session\",\"message\":\"The cookie belongs to another "
     "session. Read the store again.\"}",
     OUTCOME_OTHER_SESSION, CASE_OTHER_SESSION, 0},
    {"409 in other words", STAY, 409, "", OTHER, OUTCOME_PASSING, 0, 0},

    {"400 in JSON, in other words", ANSWERED, 400, "", OTHER,
     OUTCOME_UNRECOGNISED, 0, 0},
    {"401 in JSON, in other words", ANSWERED, 401, "", OTHER,
     OUTCOME_UNRECOGNISED, 0, 0},
    {"403 in JSON, in other words", ANSWERED, 403, "", OTHER,
     OUTCOME_UNRECOGNISED, 0, 0},
    {"400 empty", ANSWERED, 400, "", "", OUTCOME_UNRECOGNISED, 0, 0},
    {"401 empty", ANSWERED, 401, "", "", OUTCOME_UNRECOGNISED, 0, 0},
    {"403 empty", ANSWERED, 403, "", "", OUTCOME_UNRECOGNISED, 0, 0},
    {"403 of blanks", ANSWERED, 403, HTML, "\r\n", OUTCOME_UNRECOGNISED, 0, 0},
    {"401 about the access token is no refusal", "symfony", TRANSPORT_ANSWERED,
     401, "", "{\"code\":401,\"message\":\"Expired JWT Token\"}",
     OUTCOME_UNRECOGNISED, 0, 0},

    {"400 as a page", ANSWERED, 400, HTML, "<html>", OUTCOME_PASSING, 0, 0},
    {"401 as a page", ANSWERED, 401, HTML, "<html>", OUTCOME_PASSING, 0, 0},
    {"403 as a page", ANSWERED, 403, HTML, "<html>", OUTCOME_PASSING, 0, 0},
    {"403 as a page that is not labelled", ANSWERED, 403, "",
     "\n <!DOCTYPE html>", OUTCOME_PASSING, 0, 0},
    {"403 in plain text", ANSWERED, 403, "", "blocked by policy",
     OUTCOME_PASSING, 0, 0},
    {"402, as 404", ANSWERED, 402, "", OTHER, OUTCOME_PASSING, 0, 0},
    {"404", ANSWERED, 404, "", OTHER, OUTCOME_PASSING, 0, 0},
    {"405", ANSWERED, 405, "", OTHER, OUTCOME_PASSING, 0, 0},
    {"410", ANSWERED, 410, "", OTHER, OUTCOME_PASSING, 0, 0},
    {"413", ANSWERED, 413, "", OTHER, OUTCOME_PASSING, 0, 0},
    {"415", ANSWERED, 415, "", OTHER, OUTCOME_PASSING, 0, 0},
    {"422", ANSWERED, 422, "", OTHER, OUTCOME_PASSING, 0, 0},
    {"422 in the dialect's words", "flask", TRANSPORT_ANSWERED, 422, "",
     "{\"msg\":\"Only refresh tokens are allowed\"}", OUTCOME_REFUSED,
     CASE_WRONG_KIND, 0},

    {"2xx that is a page", ANSWERED, 200, HTML, "<html>", OUTCOME_PASSING, 0,
     0},
    {"2xx that is a page and says nothing of it", ANSWERED, 200, "", "<html>",
     OUTCOME_PASSING, 0, 0},

    {"301", ANSWERED, 301, "Location: https://elsewhere/", "", OUTCOME_PASSING,
     0, 0},
    {"302 in the words of a refusal", ANSWERED, 302, "", REFUSAL,
     OUTCOME_PASSING, 0, 0},
    {"399", ANSWERED, 399, "", "", OUTCOME_PASSING, 0, 0},

    {"408", ANSWERED, 408, "", "", OUTCOME_PASSING, 0, 0},
    {"425", ANSWERED, 425, "", "", OUTCOME_PASSING, 0, 0},
    {"429 with a time", ANSWERED, 429, "Retry-After: 7", "", OUTCOME_PASSING, 0,
     7000},
    {"500 in the words of a refusal", ANSWERED, 500, "", REFUSAL,
     OUTCOME_PASSING, 0, 0},
    {"503 with a date", ANSWERED, 503,
     "Retry-After: Sun, 06 Nov 1994 08:50:07 GMT\n" DATE, "", OUTCOME_PASSING,
     0, 30000},
    {"503 with a page", ANSWERED, 503, HTML, "<html>", OUTCOME_PASSING, 0, 0},
    {"599", ANSWERED, 599, "", "", OUTCOME_PASSING, 0, 0},

    {"not connected, or no certificate to trust", "express", TRANSPORT_NOT_SENT,
     0, "", "", OUTCOME_NOT_SENT, 0, 0},

    {"no complete answer", "express", TRANSPORT_LOST, 0, "", "",
     OUTCOME_UNKNOWN, 0, 0},
    {"2xx that cannot be read", ANSWERED, 200, "", "{\"accessToken\":\"J",
     OUTCOME_UNKNOWN, 0, 0},
    {"2xx in JSON without a token", ANSWERED, 200, "", "{}", OUTCOME_UNKNOWN, 0,
     0},

    {"invalid_client", OAUTH, 401, "", "{\"error\":\"invalid_client\"}",
     OUTCOME_CONFIG, CASE_BAD_CLIENT, 0},
    {"unauthorized_client", OAUTH, 400, "",
     "{\"error\":\"unauthorized_client\"}", OUTCOME_CONFIG,
     CASE_UNAUTHORIZED_CLIENT, 0},
    {"unsupported_grant_type", OAUTH, 400, "",
     "{\"error\":\"unsupported_grant_type\"}", OUTCOME_CONFIG, CASE_UNSUPPORTED,
     0},
    {"invalid_scope", OAUTH, 400, "", "{\"error\":\"invalid_scope\"}",
     OUTCOME_CONFIG, CASE_BAD_SCOPE, 0},
    {"invalid_request", OAUTH, 400, "", "{\"error\":\"invalid_request\"}",
     OUTCOME_CONFIG, CASE_BAD_REQUEST, 0},
    {"our request was malformed", STAY, 400, "",
     "{\"error\":\"bad_request\",\"message\":\"The refresh request is "
     "malformed. Nothing has changed.\"}",
     OUTCOME_CONFIG, CASE_BAD_REQUEST, 0},
    {"our request had no token", ANSWERED, 403, "",
     "{\"message\":\"Refresh Token is required!\"}", OUTCOME_CONFIG,
     CASE_MISSING, 0},
};
// clang-format on

static void table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct row *r = &rows[i];
        struct header_line lines[4];
        struct answer answer = {
            .status = r->status, .headers = lines, .body = span_of(r->body)};
        struct outcome_told told;
        struct fields fields;
        char taken[512];

        CASE(r->name);
        answer.headers_count = kit_headers(r->headers, lines, COUNT(lines));
        fields_init(&fields, taken, sizeof taken);
        told = outcome_decide(kit_dialect(r->dialect), MESSAGE_REFRESH,
                              r->transport, &answer, &fields);
        CHECK_TEXT(outcome_name(told.outcome), outcome_name(r->want));
        if (r->want == OUTCOME_REFUSED || r->want == OUTCOME_CONFIG)
            CHECK_TEXT(reply_kind_name(told.why.kind), reply_kind_name(r->why));
        CHECK_EQ(told.retry_after_ms, r->retry_after_ms);
    }
}

static enum outcome decide(const struct dialect *d, int status,
                           const char *body)
{
    const struct answer answer = {.status = status, .body = span_of(body)};
    struct fields fields;
    char taken[64];

    fields_init(&fields, taken, sizeof taken);
    return outcome_decide(d, MESSAGE_REFRESH, TRANSPORT_ANSWERED, &answer,
                          &fields)
        .outcome;
}

static void check_status(const struct dialect *d, int status)
{
    static const char *const bodies[] = {OTHER, "<html>", "x", "{}", "[]", "{"};
    // The one family whose refusal is an empty 401.
    bool silent = span_is(d->name, "aspnet") && status == 401;

    CHECK_EQ(decide(d, status, "") == OUTCOME_REFUSED, silent);
    for (size_t i = 0; i < COUNT(bodies); i++) {
        enum outcome outcome = decide(d, status, bodies[i]);

        CHECK(outcome != OUTCOME_REFUSED && outcome != OUTCOME_GRANTED);
    }
}

/* Invariant 2 of the engine, for every status there is and every dialect. */
static void never_ended(void **state)
{
    (void)state;
    for (size_t i = 0; i < dialect_sources_count; i++) {
        const struct dialect *d = kit_dialect(dialect_sources[i].name);

        check_case("%s: no status alone ends a session",
                   dialect_sources[i].name);
        for (int status = 100; d != NULL && status < 600; status++)
            check_status(d, status);
    }
}

struct retry_row {
    const char *name;
    const char *headers;
    int64_t want_ms;
};

// clang-format off
static const struct retry_row retry_rows[] = {
    {"none", "", 0},
    {"no seconds", "Retry-After: 0", 0},
    {"one second", "Retry-After: 1", 1000},
    {"one hour", "Retry-After: 3600", 3600000},
    {"more than one hour is one hour", "Retry-After: 3601", 3600000},
    {"beyond all bounds", "Retry-After: 9223372036854775807", 3600000},
    {"not even a number", "Retry-After: soon", 0},
    {"negative", "Retry-After: -1", 0},
    {"a date to come", "Retry-After: Sun, 06 Nov 1994 08:49:38 GMT\n" DATE,
     1000},
    {"a date gone by", "Retry-After: Sun, 06 Nov 1994 08:49:36 GMT\n" DATE, 0},
    {"a date a day away", "Retry-After: Mon, 07 Nov 1994 08:49:37 GMT\n" DATE,
     3600000},
    {"a date, but nothing to count from",
     "Retry-After: Sun, 06 Nov 1994 08:49:38 GMT", 0},
    {"the name in other letters", "retry-after: 2", 2000},
};
// clang-format on

static void retry(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(retry_rows); i++) {
        struct header_line lines[2];
        struct answer answer = {.status = 503, .headers = lines};

        CASE(retry_rows[i].name);
        answer.headers_count = kit_headers(retry_rows[i].headers, lines, 2);
        CHECK_EQ(outcome_retry_after_ms(&answer), retry_rows[i].want_ms);
    }
}

struct date_row {
    const char *text;
    int64_t want; /* -1: must be refused */
};

// clang-format off
static const struct date_row date_rows[] = {
    {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
    {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
    {"Sun Nov  6 08:49:37 1994", 784111777},
    {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
    {"Wed, 31 Dec 1969 23:59:59 GMT", -1},
    {"Tue, 29 Feb 2000 23:59:60 GMT", 951868799},
    {"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
    {"Sun, 06 Nov 1994 24:00:00 GMT", -1},
    {"Sun, 06 Nov 1994 08:60:37 GMT", -1},
    {"Sun, 06 Foo 1994 08:49:37 GMT", -1},
    {"Sun, 00 Nov 1994 08:49:37 GMT", -1},
    {"Sun, 06 Nov 1994 08:49:37 CET", -1},
    {"Sun, 06 Nov 1994 08:49:37", -1},
    {"Sun, 06 Nov 19x4 08:49:37 GMT", -1},
    {"", -1},
    {",", -1},
};
// clang-format on

static void dates(void **state)
{
    char iso[DATE_ISO_LENGTH];

    (void)state;
    for (size_t i = 0; i < COUNT(date_rows); i++) {
        int64_t seconds = -1;

        check_case("the date \"%s\"", date_rows[i].text);
        CHECK_EQ(date_from_http(span_of(date_rows[i].text), &seconds),
                 date_rows[i].want >= 0);
        CHECK_EQ(seconds, date_rows[i].want);
    }
    CASE("milliseconds as ISO 8601");
    date_put_iso(1618162404193, iso);
    CHECK_BYTES(iso, sizeof iso, "2021-04-11T17:33:24.193+00:00", 29);
    date_put_iso(951868799999, iso);
    CHECK_BYTES(iso, sizeof iso, "2000-02-29T23:59:59.999+00:00", 29);
    date_put_iso(-1, iso);
    CHECK_BYTES(iso, sizeof iso, "1970-01-01T00:00:00.000+00:00", 29);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(never_ended),
        cmocka_unit_test(retry),
        cmocka_unit_test(dates),
    };

    return check_run("core/outcome", tests);
}
