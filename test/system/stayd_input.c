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

/* A sign-in of each family, and what belongs in it beside the name. */
struct family {
    const char *name;
    const char *sign_in;
    const char *rest;
};

static const char password[] = "\"password\":\"x\"";
static const char secrets[] =
    "\"password\":\"x\",\"sid\":\"AAAAAAAAAAAAAAAAAAAAAA\","
    "\"next\":\"BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"";

static const struct family families[] = {
    {"stay",       "/d/stay/api/session",               secrets },
    {"express",    "/d/express/api/auth/signin",        password},
    {"django",     "/d/django/api/v1/auth/jwt/create/", password},
    {"spring",     "/d/spring/api/auth/signin",         password},
    {"nest",       "/d/nest/auth/login",                password},
    {"nest-camel", "/d/nest-camel/auth/login",          password},
    {"sofunction", "/d/sofunction/auth/login",          password},
    {"symfony",    "/d/symfony/api/login_check",        password},
};

/* Whatever the family, each is answered 4xx; $R is the family's rest. */
static const struct {
    const char *name;
    const char *body;
} inputs[] = {
    {"an empty body",            ""                                        },
    {"half an object",           "{\"username\":"                          },
    {"a list",                   "[]"                                      },
    {"a number",                 "1"                                       },
    {"two values",               "{}{}"                                    },
    {"a name that is a number",  "{\"username\":1,$R}"                     },
    {"a name that is an object", "{\"username\":{\"a\":1},$R}"             },
    {"a name that is null",      "{\"username\":null,$R}"                  },
    {"a name with a NUL",        "{\"username\":\"ada\\u0000x\",$R}"       },
    {"a name that is not UTF-8", "{\"username\":\"\xff\xfe\",$R}"          },
    {"a lone surrogate",         "{\"username\":\"\\ud800\",$R}"           },
    {"a name in SQL",            "{\"username\":\"' OR 1=1 --\",$R}"       },
    {"deep nesting",             "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["},
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
        CHECK_EQ(reply.status / 100, 4);
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
    length = snprintf(body, 1024, "{\"username\":\"");
    memset(body + length, 'n', size);
    (void)snprintf(body + length + size, 1000, "\",%s}", family->rest);
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
    CHECK_EQ(reply.status / 100, 4);
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
    rows_run_file(&rows, "faults.rows");
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
    rows_run_file(&rows, "earnest.rows");
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
        rows_run_file(&rows, "own.rows");
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
