/*
 * Bad input, roles nobody granted, faults on demand, a dialect of one's own.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "rows.h"
#include "stayd.h"

enum { MEGABYTE = 1 << 20 };

/* A sign-in of each family; the name is put in by the rows. */
struct family {
    const char *name;
    const char *sign_in;
    const char *name_key;
    const char *rest;
};

static const struct family families[] = {
    {"stay",       "/d/stay/api/session",               "username",
     "\"password\":\"x\",\"sid\":\"$A_SID\",\"next\":\"$A_N0\""                         },
    {"express",    "/d/express/api/auth/signin",        "username", "\"password\":\"x\""},
    {"django",     "/d/django/api/v1/auth/jwt/create/", "username",
     "\"password\":\"x\""                                                               },
    {"spring",     "/d/spring/api/auth/signin",         "username", "\"password\":\"x\""},
    {"nest",       "/d/nest/auth/login",                "username", "\"password\":\"x\""},
    {"nest-camel", "/d/nest-camel/auth/login",          "username",
     "\"password\":\"x\""                                                               },
    {"sofunction", "/d/sofunction/auth/login",          "username",
     "\"password\":\"x\""                                                               },
    {"symfony",    "/d/symfony/api/login_check",        "username", "\"password\":\"x\""},
};

struct input_row {
    const char *name;
    const char *body; /* $B: name and rest of the family as they should be */
    int lowest;       /* statuses that are good */
    int highest;
};

static const struct input_row inputs[] = {
    {"an empty body",            "",                                  400, 499},
    {"half an object",           "{\"username\":",                    400, 499},
    {"a list",                   "[]",                                400, 499},
    {"a number",                 "1",                                 400, 499},
    {"two values",               "{}{}",                              400, 499},
    {"a name that is a number",  "{\"username\":1,$R}",               400, 499},
    {"a name that is an object", "{\"username\":{\"a\":1},$R}",       400, 499},
    {"a name that is null",      "{\"username\":null,$R}",            400, 499},
    {"a name with a NUL",        "{\"username\":\"ada\\u0000x\",$R}", 400, 499},
    {"a name that is not UTF-8", "{\"username\":\"\xff\xfe\",$R}",    400, 499},
    {"a lone surrogate",         "{\"username\":\"\\ud800\",$R}",     400, 499},
    {"deep nesting",
     "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]"
     "]]]]]]]]]]]]]]]]]]]]]]]]]]]",                                   400, 499},
    {"a name in SQL",            "{\"username\":\"' OR 1=1 --\",$R}", 400, 499},
};

/* $R in a row's body is the rest that the family wants. */
static void write_body(const char *body, const char *rest, char *out,
                       size_t size)
{
    const char *at = strstr(body, "$R");

    if (at == NULL)
        (void)snprintf(out, size, "%s", body);
    else
        (void)snprintf(out, size, "%.*s%s%s", (int)(at - body), body, rest,
                       at + 2);
}

static void bad_bodies(const struct rows *rows, const struct family *family)
{
    for (size_t i = 0; i < COUNT(inputs); i++) {
        char body[1024];
        struct wire_request request = {
            .method = "POST", .path = family->sign_in, .body = body};
        struct wire_reply reply;

        write_body(inputs[i].body, family->rest, body, sizeof body);
        reply = wire_ask(rows->port, &request);
        check_case("%s: %s", family->name, inputs[i].name);
        CHECK(reply.status >= inputs[i].lowest &&
              reply.status <= inputs[i].highest);
        CHECK(reply.body_size > 0);
        wire_clear(&reply);
    }
}

/* A name of `size` bytes; what comes back. */
static struct wire_reply sign_in_long(const struct rows *rows,
                                      const struct family *family, size_t size)
{
    char *body = malloc(size + 1024);
    struct wire_request request = {
        .method = "POST", .path = family->sign_in, .body = body};
    struct wire_reply reply;
    int length;

    if (body == NULL)
        abort();
    length = sprintf(body, "{\"%s\":\"", family->name_key);
    memset(body + length, 'n', size);
    (void)sprintf(body + length + size, "\",%s}", family->rest);
    reply = wire_ask(rows->port, &request);
    free(body);
    return reply;
}

static void long_names(const struct rows *rows, const struct family *family)
{
    struct wire_reply reply = sign_in_long(rows, family, MEGABYTE);

    check_case("%s: a name of 1 MB", family->name);
    CHECK_EQ(reply.status, 413);
    CHECK(reply.body_size > 0);
    wire_clear(&reply);

    check_case("%s: a name of 60 kB", family->name);
    reply = sign_in_long(rows, family, 60000);
    CHECK(reply.status >= 400 && reply.status <= 499);
    wire_clear(&reply);
}

static void bad_input(void **state)
{
    struct stayd stayd;
    struct rows rows;

    (void)state;
    CASE("stayd starts");
    if (!stayd_start(&stayd, NULL))
        return;
    rows_init(&rows, stayd.port);
    for (size_t i = 0; i < COUNT(families); i++) {
        bad_bodies(&rows, &families[i]);
        long_names(&rows, &families[i]);
    }
    CASE("after all that it still serves");
    CHECK(stayd_metric(&stayd, "stay_requests_total") > 0);
    rows_clear(&rows);
    stayd_clear(&stayd);
}

// clang-format off
static const struct row token_rows[] = {
    {"an overlong access token", "GET", "/api/test/user", "x-access-token: $LONG\r\n", NULL, 401, "Unauthorized",
     NULL, NULL},
    {"an overlong refresh token", "POST", "/api/auth/refreshtoken", NULL, "{\"refreshToken\":\"$LONG$LONG\"}", 403,
     "{\"message\":\"Refresh token is not in database!\"}", NULL, NULL},
    {"a refresh token with a NUL", "POST", "/api/auth/refreshtoken", NULL, "{\"refreshToken\":\"\\u0000\"}", 403, NULL,
     NULL, NULL},
    {"a sid of 4 kB", "POST", "/api/session/refresh", NULL,
     "{\"session\":\"$A_R\",\"sid\":\"$LONG\",\"generation\":0,\"secret\":\"$A_S0\",\"next\":\"$A_N1\"}", 400, NULL,
     NULL, NULL},
    {"faults: not JSON", "POST", "/demo/faults", NULL, "{", 400, NULL, NULL, NULL},
    {"faults: a status that is none", "POST", "/demo/faults", NULL, "{\"status\":200}", 400, NULL, NULL, NULL},
    {"faults: 503 until told otherwise", "POST", "/demo/faults", NULL, "{\"status\":503}", 204, "", NULL, NULL},
    {"faults: a refresh meets it", "POST", "/api/auth/refreshtoken", NULL, "{\"refreshToken\":\"x\"}", 503, NULL, NULL,
     NULL},
    {"faults: other requests do not", "GET", "/api/test/all", NULL, NULL, 200, NULL, NULL, NULL},
    {"faults: over", "POST", "/demo/faults", NULL, "{\"status\":0}", 204, "", NULL, NULL},
    {"faults: a refresh is as usual", "POST", "/api/auth/refreshtoken", NULL, "{\"refreshToken\":\"x\"}", 403, NULL,
     NULL, NULL},
    {"faults: one reply is to be lost", "POST", "/demo/faults", NULL, "{\"drop_replies\":1}", 204, "", NULL, NULL},
    {"sign in for it", "POST", "/api/auth/signin", NULL, "{\"username\":\"ada\",\"password\":\"lovelace\"}", 200, NULL,
     NULL, "REFRESH=refreshToken"},
    {"faults: it is lost", "POST", "/api/auth/refreshtoken", NULL, "{\"refreshToken\":\"$REFRESH\"}", 0, "", NULL,
     NULL},
    {"faults: the next one is not", "POST", "/api/auth/refreshtoken", NULL, "{\"refreshToken\":\"$REFRESH\"}", 200,
     NULL, NULL, NULL},
};

/* In earnest, the demonstration's switches are not there. */
static const struct row earnest_rows[] = {
    {"in earnest: no expiry on demand", "POST", "/demo/expire", NULL, NULL, 404, NULL, NULL, NULL},
    {"in earnest: no faults on demand", "POST", "/demo/faults", NULL, "{}", 404, NULL, NULL, NULL},
    {"in earnest: no known users", "POST", "/api/auth/signin", NULL,
     "{\"username\":\"ada\",\"password\":\"lovelace\"}", 404, "{\"message\":\"User Not found.\"}", NULL, NULL},
    {"in earnest: local pages are not admitted", "GET", "/api/test/all", "Origin: http://localhost:5173\r\n", NULL,
     200, NULL, "!Access-Control-Allow-Origin\n", NULL},
    {"roles: express is asked for admin", "POST", "/api/auth/signup", NULL,
     "{\"username\":\"eve\",\"email\":\"eve@b.c\",\"password\":\"wonderland\",\"roles\":[\"admin\",\"moderator\"]}",
     200, NULL, NULL, NULL},
    {"roles: express grants none", "POST", "/api/auth/signin", NULL,
     "{\"username\":\"eve\",\"password\":\"wonderland\"}", 200, "<ANY>\"roles\":[\"ROLE_USER\"],<ANY>", NULL,
     "ACCESS=accessToken"},
    {"roles: the board knows it too", "GET", "/api/test/admin", "x-access-token: $ACCESS\r\n", NULL, 403, NULL, NULL,
     NULL},
    {"roles: spring is asked for admin", "POST", "/d/spring/api/auth/signup", NULL,
     "{\"username\":\"eve1\",\"email\":\"eve1@b.c\",\"password\":\"wonderland\",\"role\":[\"admin\",\"mod\"]}", 200,
     NULL, NULL, NULL},
    {"roles: spring grants none", "POST", "/d/spring/api/auth/signin", NULL,
     "{\"username\":\"eve1\",\"password\":\"wonderland\"}", 200, "<ANY>\"roles\":[\"ROLE_USER\"]<ANY>", NULL, NULL},
    {"roles: ours is asked for admin", "POST", "/d/stay/api/account", NULL,
     "{\"username\":\"eve2\",\"email\":\"eve2@b.c\",\"password\":\"wonderland\",\"roles\":[\"admin\"]}", 201,
     "<ANY>\"roles\":[\"user\"]}", NULL, NULL},
    {"roles: django is asked for admin", "POST", "/d/django/api/v1/auth/users/", NULL,
     "{\"username\":\"eve3\",\"email\":\"eve3@b.c\",\"password\":\"wonderland\",\"roles\":[\"admin\"],"
     "\"is_staff\":true}",
     201, NULL, NULL, NULL},
    {"roles: django signs in", "POST", "/d/django/api/v1/auth/jwt/create/", NULL,
     "{\"username\":\"eve3\",\"password\":\"wonderland\"}", 200, NULL, NULL, "ACCESS=access"},
    {"roles: and grants none", "GET", "/d/django/api/v1/test/admin", "Authorization: Bearer $ACCESS\r\n", NULL, 403,
     NULL, NULL, NULL},
};
// clang-format on

static void tokens_and_faults(void **state)
{
    struct stayd stayd;
    struct rows rows;
    char text[4001];

    (void)state;
    CASE("stayd starts");
    if (!stayd_start(&stayd, NULL))
        return;
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    rows_init(&rows, stayd.port);
    rows_set(&rows, "LONG", text);
    rows_set_secrets(&rows, "A");
    rows_run(&rows, token_rows, COUNT(token_rows));
    CASE("what was lost is counted");
    CHECK_EQ(stayd_metric(&stayd, "stay_demo_drops_total"), 1);
    rows_clear(&rows);
    stayd_clear(&stayd);
}

static void in_earnest(void **state)
{
    struct stayd stayd;
    struct rows rows;

    (void)state;
    CASE("stayd starts in earnest");
    if (!stayd_start_earnest(&stayd, NULL))
        return;
    rows_init(&rows, stayd.port);
    rows_run(&rows, earnest_rows, COUNT(earnest_rows));
    rows_clear(&rows);
    stayd_clear(&stayd);
}

/* A copy of a dialect's file with one text replaced by another. */
static bool write_changed(const char *path, const char *from, const char *to)
{
    char *text = process_read_file(DIALECTS "/express.json", NULL);
    char *at = text == NULL ? NULL : strstr(text, from);
    char *out = NULL;
    bool written = false;
    int size;

    if (at != NULL) {
        size = asprintf(&out, "%.*s%s%s", (int)(at - text), text, to,
                        at + strlen(from));
        written = size > 0 && process_write_file(path, out, (size_t)size);
    }
    free(text);
    free(out);
    return written;
}

static void own_dialect(void **state)
{
    static const struct row changed[] = {
        {"the changed message is on the wire",    "GET",  "/api/test/user",             NULL,
         NULL,                                                                                      403, "{\"message\":\"Bring a token, please.\"}", NULL, NULL},
        {"under its mount too",                   "GET",  "/d/express/api/test/user",   NULL, NULL,
         403,                                                                                            "{\"message\":\"Bring a token, please.\"}", NULL, NULL},
        {"the others are where they were",        "GET",  "/d/django/api/v1/test/user",
         NULL,                                                                                NULL, 401,
         "{\"detail\":\"Authentication credentials were not provided.\"}",                                                                           NULL,
         NULL                                                                                                                                                  },
        {"but only this one is at its own paths", "POST",
         "/api/v1/auth/jwt/create/",                                                    NULL, "{}", 404, NULL,                                       NULL, NULL},
    };
    char folder[PROCESS_PATH_SIZE];
    char path[PROCESS_PATH_SIZE + 16];
    const char *options[] = {"--dialect", path, NULL};
    struct stayd stayd = {.port = 0};
    struct rows rows;

    (void)state;
    CASE("a dialect file with one message changed is served");
    CHECK(process_folder(folder));
    (void)snprintf(path, sizeof path, "%s/mine.json", folder);
    CHECK(write_changed(path, "No token provided!", "Bring a token, please."));
    if (stayd_start(&stayd, options)) {
        rows_init(&rows, stayd.port);
        rows_run(&rows, changed, COUNT(changed));
        rows_clear(&rows);
    }
    stayd_clear(&stayd);
    process_folder_remove(folder);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_input),
        cmocka_unit_test(tokens_and_faults),
        cmocka_unit_test(in_earnest),
        cmocka_unit_test(own_dialect),
    };

    if (sodium_init() < 0)
        return 1;
    return check_run("system/stayd_input", tests);
}
