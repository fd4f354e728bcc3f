/*
 * Accounts and sessions on the wire: the rows, the cap on sessions, and the
 * strings that break others.
 */
#include <dirent.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/json.h"
#include "check.h"
#include "rows.h"
#include "stayd.h"
#include "wire.h"

enum { BODY_SIZE = 16 * 1024, WIDE = 256, TURNS = 8 };

static void all(void **state)
{
    static const char *const options[] = {"--sessions-max", "3", NULL};
    static const char *const holders[] = {"A", "B", "C", "D", "E",
                                          "F", "G", "H", "I", "J"};
    char wide[WIDE * 4 + 1] = "";
    struct stayd stayd;
    struct rows rows;

    (void)state;
    CASE("stayd starts");
    if (!stayd_start(&stayd, options))
        return;
    rows_init(&rows, stayd.port);
    for (size_t i = 0; i < COUNT(holders); i++)
        rows_set_secrets(&rows, holders[i]);
    for (size_t i = 0; i < WIDE; i++) // pictures that are no sequence
        (void)snprintf(wide + 4 * i, 5, "\xf0\x9f%c%c",
                       (char)(0x98 + i * 7 % 5), (char)(0x80 + i * 37 % 64));
    rows_set(&rows, "WIDE", wide);
    rows_run_file(&rows, "accounts.rows");
    CASE("stayd stops well");
    CHECK_EQ(stayd_stop(&stayd, SIGTERM), 0);
    rows_clear(&rows);
    stayd_clear(&stayd);
}

/* ---- The cap ---- */

static int sign_in(const struct stayd *stayd, const struct rows *rows,
                   const char *holder)
{
    char sid[16], next[16], body[512];
    struct wire_reply reply;
    int status;

    (void)snprintf(sid, sizeof sid, "%s_SID", holder);
    (void)snprintf(next, sizeof next, "%s_N0", holder);
    (void)snprintf(body, sizeof body,
                   "{\"username\":\"ada\",\"password\":\"lovelace\","
                   "\"sid\":\"%s\",\"next\":\"%s\"}",
                   rows_value(rows, sid), rows_value(rows, next));
    reply = wire_ask(stayd->port, &(struct wire_request){.method = "POST",
                                                         .path = "/api/session",
                                                         .body = body});
    status = reply.status;
    wire_clear(&reply);
    return status;
}

/* Step 1 of a session: 200 while it lives. */
static int refresh(const struct stayd *stayd, const struct rows *rows,
                   const char *holder)
{
    static const char *const parts[] = {"R", "SID", "S0", "N1"};
    const char *value[COUNT(parts)];
    char name[16], body[1024];
    struct wire_reply reply;
    int status;

    for (size_t i = 0; i < COUNT(parts); i++) {
        (void)snprintf(name, sizeof name, "%s_%s", holder, parts[i]);
        value[i] = rows_value(rows, name);
    }
    (void)snprintf(body, sizeof body,
                   "{\"session\":\"%s\",\"sid\":\"%s\",\"generation\":0,"
                   "\"secret\":\"%s\",\"next\":\"%s\"}",
                   value[0], value[1], value[2], value[3]);
    reply = wire_ask(stayd->port,
                     &(struct wire_request){.method = "POST",
                                            .path = "/api/session/refresh",
                                            .body = body});
    status = reply.status;
    wire_clear(&reply);
    return status;
}

static void cap(void **state)
{
    static const char *const options[] = {"--sessions-max", "2", NULL};
    static const char *const holders[] = {"A", "B", "C", "D"};
    struct stayd stayd;
    struct rows rows;
    int alive = 0;

    (void)state;
    CASE("as many sessions as may be, and two more");
    if (!stayd_start(&stayd, options))
        return;
    rows_init(&rows, stayd.port);
    for (size_t i = 0; i < COUNT(holders); i++) {
        rows_set_secrets(&rows, holders[i]);
        CHECK_EQ(sign_in(&stayd, &rows, holders[i]), 201);
    }
    CASE("the same sign-in once more is the same session");
    CHECK_EQ(sign_in(&stayd, &rows, "D"), 201);
    CASE("and reclaims nothing: so many live, the newest among them");
    CHECK_EQ(refresh(&stayd, &rows, "D"), 200);
    for (size_t i = 0; i < COUNT(holders) - 1; i++)
        alive += refresh(&stayd, &rows, holders[i]) == 200;
    CHECK_EQ(alive, 1);
    rows_clear(&rows);
    stayd_clear(&stayd);
}

/* Seconds are what last use is told in. */
static void wait_for_next_second(void)
{
    time_t now = time(NULL);

    while (time(NULL) == now)
        process_pause();
}

static void least_used(void **state)
{
    static const char *const options[] = {"--sessions-max", "2", NULL};
    static const char *const holders[] = {"A", "B", "C"};
    struct stayd stayd;
    struct rows rows;

    (void)state;
    CASE("two sessions, of which the older one is used");
    if (!stayd_start(&stayd, options))
        return;
    rows_init(&rows, stayd.port);
    for (size_t i = 0; i < COUNT(holders); i++)
        rows_set_secrets(&rows, holders[i]);
    CHECK_EQ(sign_in(&stayd, &rows, "A"), 201);
    CHECK_EQ(sign_in(&stayd, &rows, "B"), 201);
    wait_for_next_second();
    CHECK_EQ(refresh(&stayd, &rows, "A"), 200);
    CASE("a third one takes the place of the one that was not");
    CHECK_EQ(sign_in(&stayd, &rows, "C"), 201);
    CHECK_EQ(refresh(&stayd, &rows, "B"), 401);
    CHECK_EQ(refresh(&stayd, &rows, "A"), 409); // the same step again: advance
    CHECK_EQ(refresh(&stayd, &rows, "C"), 200);
    rows_clear(&rows);
    stayd_clear(&stayd);
}

/* ---- Who has an account is not told by time ---- */

struct shown_row {
    const char *name;
    const char *shown; /* in the field of the user name */
};

/* Each with a wrong password. The first is what the others are compared to. */
static const struct shown_row shown[] = {
    {"a name that is somebody's",         "ada"               },
    {"one that is nobody's",              "nobody"            },
    {"an address that is somebody's",     "ada@example.org"   },
    {"one that is nobody's",              "nobody@example.org"},
    {"a name with a hash from elsewhere", "imp"               },
    {"what cannot be a name",             "\\u202e"           },
};

/* What the whole of stayd has worked so far: the wall tells of others, too. */
static int64_t worked_us(const struct stayd *stayd)
{
    struct timespec now = {0};
    clockid_t clock;

    CHECK(clock_getcpuclockid(process_id(stayd->process), &clock) == 0 &&
          clock_gettime(clock, &now) == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Microseconds of work for one refused try. */
static int64_t try_us(const struct stayd *stayd, const char *name)
{
    int64_t before_us = worked_us(stayd);
    struct wire_reply reply;
    char body[256];

    (void)snprintf(body, sizeof body,
                   "{\"username\":\"%s\",\"password\":\"wrong-one\"}", name);
    reply =
        wire_ask(stayd->port,
                 &(struct wire_request){.method = "POST",
                                        .path = "/d/express/api/auth/signin",
                                        .body = body});
    CHECK_EQ(reply.status, 401);
    wire_clear(&reply);
    return worked_us(stayd) - before_us;
}

/*
 * The least of many, in turns. A hash costs many times as much as all the rest,
 * so that half as much again is far from a hash too few or too many.
 */
static void compare_times(const struct stayd *stayd)
{
    int64_t least_us[COUNT(shown)];

    for (size_t i = 0; i < COUNT(shown); i++)
        least_us[i] = INT64_MAX;
    for (size_t turn = 0; turn < TURNS; turn++)
        for (size_t i = 0; i < COUNT(shown); i++) {
            int64_t us = try_us(stayd, shown[i].shown);

            least_us[i] = us < least_us[i] ? us : least_us[i];
        }
    for (size_t i = 1; i < COUNT(shown); i++) {
        check_case("%s costs as much as %s", shown[i].name, shown[0].name);
        check_note("%s: %lld us, %s: %lld us", shown[0].shown,
                   (long long)least_us[0], shown[i].shown,
                   (long long)least_us[i]);
        CHECK(least_us[i] * 2 < least_us[0] * 3);
        CHECK(least_us[0] * 2 < least_us[i] * 3);
    }
}

/* Of a cost that would show. */
static const char imported_user[] =
    "{\"username\":\"imp\",\"password_hash\":\"$2b$08$"
    "abcdefghijklmnopqrstuubAvJmxpQuyV3jn7x.SUSPxe.DearCPe\"}\n";

static void timing(void **state)
{
    char path[PROCESS_PATH_SIZE + 16], database[PROCESS_PATH_SIZE + 16];
    const char *const argv[] = {stayd_path(), "--database", database, "user",
                                "import",     path,         NULL};
    struct process_result result;
    struct stayd stayd;

    (void)state;
    CASE("a user is imported");
    if (!stayd_start(&stayd, NULL))
        return;
    (void)snprintf(path, sizeof path, "%s/users", stayd.folder);
    (void)snprintf(database, sizeof database, "sqlite:%s/stay.db",
                   stayd.folder);
    CHECK(process_write_file(path, imported_user, sizeof imported_user - 1));
    result = process_run(argv, NULL, NULL);
    CHECK_EQ(result.code, 0);
    process_result_clear(&result);
    compare_times(&stayd);
    stayd_clear(&stayd);
}

/* ---- Strings that break others ---- */

/* The strings of blns, as a JSON list, in memory of the caller. */
static char *read_strings(size_t *length)
{
    const char *vectors = check_vectors();
    char path[1024];

    if (vectors == NULL)
        return NULL;
    (void)snprintf(path, sizeof path, "%s/blns/blns.json", vectors);
    return process_read_file(path, length);
}

struct blns {
    struct stayd stayd;
    char token[4200]; /* of a session of ada's */
    size_t kept, refused;
};

static struct wire_reply ask(const struct blns *b, const char *method,
                             const char *path, const char *body)
{
    char headers[4400];

    (void)snprintf(headers, sizeof headers, "Authorization: Bearer %s\r\n",
                   b->token);
    return wire_ask(b->stayd.port, &(struct wire_request){.method = method,
                                                          .path = path,
                                                          .headers = headers,
                                                          .body = body});
}

/* Does the reply's `name` mean the same as the `raw` that was sent? */
static bool gives_back(const struct wire_reply *reply, const char *name,
                       struct span raw)
{
    struct json_token tokens[64], one[1];
    char sent[BODY_SIZE], quoted[BODY_SIZE];
    struct json json;
    size_t length = 0;

    (void)snprintf(quoted, sizeof quoted, "\"%.*s\"", (int)raw.length,
                   raw.text);
    if (json_parse(&json, quoted, strlen(quoted), one, 1) != JSON_OK ||
        !json_string(&json, 0, sent, sizeof sent, &length))
        return false;
    if (json_parse(&json, reply->body, reply->body_size, tokens,
                   COUNT(tokens)) != JSON_OK)
        return false;
    return json_string_is(&json, json_member(&json, 0, name),
                          (struct span){sent, length});
}

/* As a todo: given back byte for byte, or 400 that names the field. */
static void try_todo(struct blns *b, struct span raw)
{
    struct wire_reply reply;
    char body[BODY_SIZE], id[32], path[64];

    (void)snprintf(body, sizeof body, "{\"title\":\"%.*s\"}", (int)raw.length,
                   raw.text);
    reply = ask(b, "POST", "/api/todos", body);
    if (reply.status != 201) {
        CHECK_EQ(reply.status, 400);
        if (!CHECK(strstr(reply.body, "\"title\"") != NULL))
            check_note("%s: %s", body, reply.body);
        wire_clear(&reply);
        b->refused++;
        return;
    }
    CHECK(gives_back(&reply, "title", raw));
    CHECK(wire_member(&reply, "id", id, sizeof id));
    wire_clear(&reply);
    (void)snprintf(path, sizeof path, "/api/todos/%s", id);
    reply = ask(b, "DELETE", path, NULL);
    CHECK_EQ(reply.status, 204);
    wire_clear(&reply);
    b->kept++;
}

/* As a name: the one that was given is normalized, but signs in as it was. */
static void try_name(struct blns *b, struct span raw)
{
    struct wire_reply reply;
    char body[BODY_SIZE];

    (void)snprintf(body, sizeof body,
                   "{\"username\":\"%.*s\",\"email\":\"u%zu@example.org\","
                   "\"password\":\"ink-lathe-1843\"}",
                   (int)raw.length, raw.text, b->kept);
    reply = ask(b, "POST", "/api/account", body);
    CHECK(reply.status == 201 || reply.status == 400 || reply.status == 409);
    if (reply.status != 201)
        CHECK(strstr(reply.body, "\"username\"") != NULL);
    b->kept += reply.status == 201;
    b->refused += reply.status != 201;
    wire_clear(&reply);
}

/* As a password of a new account: refused for a reason of its own, or the
   account is there and can be entered by it. */
static void try_password(struct blns *b, struct span raw)
{
    struct wire_reply reply;
    char body[BODY_SIZE];
    bool added;

    (void)snprintf(body, sizeof body,
                   "{\"username\":\"pass-%zu\",\"password\":\"%.*s\","
                   "\"email\":\"p%zu@example.org\"}",
                   b->kept, (int)raw.length, raw.text, b->kept);
    reply = ask(b, "POST", "/api/account", body);
    added = reply.status == 201;
    if (!added) {
        CHECK_EQ(reply.status, 400);
        CHECK(strstr(reply.body, "\"password\"") != NULL);
    }
    wire_clear(&reply);
    if (added) {
        reply = ask(b, "POST", "/d/express/api/auth/signin", body);
        CHECK_EQ(reply.status, 200);
        wire_clear(&reply);
    }
    b->kept += added;
    b->refused += !added;
}

/* Hashes cost their time: of those, one string in so many unless FULL is set. */
enum { STRIDE = 8 };

static const struct blns_row {
    const char *name;
    void (*run)(struct blns *b, struct span raw);
    size_t stride;
} blns_rows[] = {
    {"each string as a todo",     try_todo,     1     },
    {"each string as a name",     try_name,     STRIDE},
    {"each string as a password", try_password, STRIDE},
};

static void run_strings(struct blns *b, const struct blns_row *row,
                        const struct json *json)
{
    size_t stride = getenv("FULL") != NULL ? 1 : row->stride;
    size_t number = 0;

    b->kept = b->refused = 0;
    for (size_t i = 1; i < json->count; i = json->token[i].next)
        if (number++ % stride == 0)
            row->run(b, json_raw(json, i));
    check_note("%s: %zu kept, %zu refused", row->name, b->kept, b->refused);
    CHECK(b->kept > b->refused && number > 500);
}

static bool enter(struct blns *b)
{
    struct wire_reply reply;
    struct rows rows;
    char body[512];
    bool good;

    rows_init(&rows, b->stayd.port);
    rows_set_secrets(&rows, "A");
    (void)snprintf(body, sizeof body,
                   "{\"username\":\"ada\",\"password\":\"lovelace\","
                   "\"sid\":\"%s\",\"next\":\"%s\"}",
                   rows_value(&rows, "A_SID"), rows_value(&rows, "A_N0"));
    reply =
        wire_ask(b->stayd.port, &(struct wire_request){.method = "POST",
                                                       .path = "/api/session",
                                                       .body = body});
    good =
        CHECK_EQ(reply.status, 201) &&
        CHECK(wire_member(&reply, "access_token", b->token, sizeof b->token));
    wire_clear(&reply);
    rows_clear(&rows);
    return good;
}

static void strings(void **state)
{
    static struct json_token tokens[2048];
    struct json json;
    struct blns b = {.kept = 0};
    size_t length = 0;
    char *text = read_strings(&length);

    (void)state;
    CASE("the strings are there");
    if (text == NULL) {
        check_skip_vectors("no big list of naughty strings");
        return;
    }
    CHECK_EQ(json_parse(&json, text, length, tokens, COUNT(tokens)), JSON_OK);
    if (stayd_start(&b.stayd, NULL) && enter(&b))
        for (size_t r = 0; r < COUNT(blns_rows); r++) {
            CASE(blns_rows[r].name);
            run_strings(&b, &blns_rows[r], &json);
        }
    stayd_clear(&b.stayd);
    free(text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(all),        cmocka_unit_test(cap),
        cmocka_unit_test(least_used), cmocka_unit_test(timing),
        cmocka_unit_test(strings),
    };

    if (sodium_init() < 0)
        return 1;
    return check_run("system/stayd_accounts", tests);
}
