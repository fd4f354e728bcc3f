/*
 * What comes out of stayd is what went in, however naughty; and a browser's
 * cookies are worth nothing to another site.
 */
#include <jansson.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"
#include "rows.h"
#include "stayd.h"
#include "wire.h"

enum {
    HEADER_ROOM = 5000,       /* of an access token's header line */
    LABEL_STEP = 16,          /* each sign-in costs a hash */
    LABEL_MAX = 100,          /* bytes of a label that are kept */
    RSS_GROWTH_KB = 8 * 1024, /* over all strings */
    PATH_ROOM = 4200,
};

/* Builds with sanitizers keep what was freed for a while. */
#ifdef STAY_NO_SANDBOX
#define KEEPS_MEMORY true
#else
#define KEEPS_MEMORY false
#endif

static const char *const options[] = {"--no-throttle", NULL};

/* ---- Cookies ---- */

/*
 * Outside of cookie mode (cookie.c) no message of any family may be done by a
 * cookie, and none may set one. FOREIGN is what a browser sends from a page of
 * another site.
 */
#define COOKIES                                                                \
    "Cookie: __Host-stay=$A_R; stay=$A_R; refresh_token=$TOKEN; "              \
    "BEARER=$ACCESS; refreshToken=$TOKEN; accessToken=$ACCESS\r\n"
#define FOREIGN "Origin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\n"
#define MODE "Stay-Mode: cookie\r\n"
#define NO_COOKIE "!Set-Cookie\n"

// clang-format off
static const struct row cookie_rows[] = {
    {"a session to steal", "POST", "/d/stay/api/session", NULL,
     "{\"username\":\"ada\",\"password\":\"lovelace\",\"sid\":\"$A_SID\","
     "\"next\":\"$A_N0\"}", 201, NULL, NO_COOKIE, "ACCESS=access_token"},
    {"and one of the other kind", "POST", "/d/symfony/api/login_check", NULL,
     "{\"username\":\"ada\",\"password\":\"lovelace\"}", 200, NULL, NO_COOKIE,
     "TOKEN=refresh_token"},
    {"sign-in in cookie mode is refused", "POST", "/d/stay/api/session", MODE,
     "{\"username\":\"ada\",\"password\":\"lovelace\",\"next\":\"$A_N1\"}", 403,
     "{\"error\":\"bad_origin\",<ANY>", NO_COOKIE, NULL},
    {"from another site too", "POST", "/d/stay/api/session", MODE FOREIGN,
     "{\"username\":\"ada\",\"password\":\"lovelace\",\"next\":\"$A_N1\"}", 403,
     "{\"error\":\"bad_origin\",<ANY>",
     NO_COOKIE "!Access-Control-Allow-Origin\n", NULL},
    {"refresh in cookie mode is refused", "POST", "/d/stay/api/session/refresh",
     MODE COOKIES, "{\"sid\":\"$A_SID\",\"generation\":0,\"secret\":\"$A_S0\","
     "\"next\":\"$A_N1\"}", 403, "{\"error\":\"bad_origin\",<ANY>", NO_COOKIE,
     NULL},
    {"refresh by a cookie alone is refused", "POST",
     "/d/stay/api/session/refresh", COOKIES FOREIGN,
     "{\"sid\":\"$A_SID\",\"generation\":0,\"secret\":\"$A_S0\","
     "\"next\":\"$A_N1\"}", 400, NULL, NO_COOKIE, NULL},
    {"sign-out in cookie mode is refused", "DELETE", "/d/stay/api/session",
     MODE COOKIES FOREIGN, NULL, 403, "{\"error\":\"bad_origin\",<ANY>",
     NO_COOKIE, NULL},
    {"sign-out by a cookie alone ends nothing", "DELETE", "/d/stay/api/session",
     COOKIES FOREIGN, NULL, 400, NULL, NO_COOKIE, NULL},
    {"a family's refresh by a cookie alone", "POST",
     "/d/symfony/api/token/refresh", COOKIES FOREIGN, NULL, 401, NULL,
     NO_COOKIE, NULL},
    {"a form of another site, without a preflight", "POST",
     "/d/stay/api/session/refresh",
     COOKIES FOREIGN "Content-Type: text/plain\r\n",
     "{\"sid\":\"$A_SID\",\"generation\":0,\"secret\":\"$A_S0\","
     "\"next\":\"$A_N1\"}", 400, NULL, NO_COOKIE, NULL},
    {"an account by a cookie", "GET", "/d/stay/api/account", COOKIES, NULL, 401,
     NULL, NO_COOKIE, NULL},
    {"its removal by a cookie", "DELETE", "/d/stay/api/account",
     COOKIES FOREIGN, "{\"current_password\":\"lovelace\"}", 401, NULL,
     NO_COOKIE, NULL},
    {"sessions by a cookie", "DELETE", "/d/stay/api/sessions", COOKIES FOREIGN,
     NULL, 401, NULL, NO_COOKIE, NULL},
    {"a todo by a cookie, express", "POST", "/d/express/api/todos",
     COOKIES FOREIGN, "{\"title\":\"x\"}", 403, NULL, NO_COOKIE, NULL},
    {"a todo by a cookie, symfony", "POST", "/d/symfony/api/todos",
     COOKIES FOREIGN, "{\"title\":\"x\"}", 401, NULL, NO_COOKIE, NULL},
    {"a page by a cookie, Django", "GET", "/d/django/api/v1/todos",
     COOKIES FOREIGN, NULL, 401, NULL, NO_COOKIE, NULL},
    {"the session lives after all that", "POST", "/d/stay/api/session/refresh",
     NULL, "{\"session\":\"$A_R\",\"sid\":\"$A_SID\",\"generation\":0,"
     "\"secret\":\"$A_S0\",\"next\":\"$A_N1\"}", 200, NULL, NO_COOKIE, NULL},
};
// clang-format on

static void cookies(void **state)
{
    struct stayd stayd;
    struct rows rows;

    (void)state;
    CASE("stayd starts");
    if (!stayd_start(&stayd, options))
        return;
    rows_init(&rows, stayd.port);
    rows_set_secrets(&rows, "A");
    rows_run(&rows, cookie_rows, COUNT(cookie_rows));
    rows_clear(&rows);
    stayd_clear(&stayd);
}

/* ---- Naughty strings ---- */

struct visitor {
    struct stayd stayd;
    char header[HEADER_ROOM]; /* ada's access token */
    int fd;
    size_t same, refused; /* strings */
};

static struct wire_reply ask(struct visitor *v, const char *method,
                             const char *path, json_t *body)
{
    char *text = body == NULL ? NULL : json_dumps(body, 0);
    const struct wire_request request = {
        .method = method, .path = path, .headers = v->header, .body = text};
    struct wire_reply reply = wire_ask_on(v->fd, &request);

    free(text);
    json_decref(body);
    return reply;
}

static const char *member(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text == NULL ? "" : text;
}

/* Sent back as it is, or refused in words: never changed, never a fault. */
static void compare(struct visitor *v, const struct wire_reply *reply,
                    const json_t *answer, const char *got, const char *sent)
{
    if (reply->status / 100 == 2) {
        v->same++;
        CHECK_TEXT(got, sent);
    } else {
        v->refused++;
        CHECK_EQ(reply->status, 400);
        CHECK(member(answer, "message")[0] != '\0');
    }
}

static void change_todo(struct visitor *v, const char *sent)
{
    struct wire_reply reply = ask(v, "PATCH", "/d/stay/api/todos/1",
                                  json_pack("{s:s}", "title", sent));
    json_t *answer = json_loads(reply.body, 0, NULL);

    compare(v, &reply, answer, member(answer, "title"), sent);
    json_decref(answer);
    wire_clear(&reply);
}

/* What is stored is what was answered. */
static void read_todo(struct visitor *v, const char *sent)
{
    struct wire_reply reply = ask(v, "GET", "/d/stay/api/todos", NULL);
    json_t *list = json_loads(reply.body, 0, NULL);

    CHECK_TEXT(member(json_array_get(list, 0), "title"), sent);
    json_decref(list);
    wire_clear(&reply);
}

static void todos(struct visitor *v, const json_t *strings)
{
    struct wire_reply reply = ask(v, "POST", "/d/stay/api/todos",
                                  json_pack("{s:s}", "title", "the only one"));
    size_t same;

    CASE("a todo to change");
    CHECK_EQ(reply.status, 201);
    wire_clear(&reply);
    v->same = v->refused = 0;
    for (size_t i = 0; i < json_array_size(strings); i++) {
        const char *sent = json_string_value(json_array_get(strings, i));

        check_case("todo: naughty string %zu", i);
        same = v->same;
        change_todo(v, sent);
        if (v->same > same)
            read_todo(v, sent);
    }
    check_note("todos: %zu naughty strings came back as they were, %zu refused",
               v->same, v->refused);
    CASE("hardly any was refused");
    CHECK(v->refused < json_array_size(strings) / 10);
}

static json_t *sign_in(const struct rows *rows, const char *label)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:s}", "username", "ada", "password",
                     "lovelace", "sid", rows_value(rows, "L_SID"), "next",
                     rows_value(rows, "L_N0"), "label", label);
}

/* A label is for people to know their devices by: what is longer is cut at a
   whole character, and a control character becomes a question mark. */
static void shape_label(const char *sent, char out[LABEL_MAX + 1])
{
    size_t length = strlen(sent);

    if (length > LABEL_MAX)
        length = LABEL_MAX;
    while (length > 0 && ((unsigned char)sent[length] & 0xc0) == 0x80)
        length--;
    for (size_t i = 0; i < length; i++)
        out[i] =
            (unsigned char)sent[i] < ' ' || sent[i] == 0x7f ? '?' : sent[i];
    out[length] = '\0';
}

static void one_label(struct visitor *v, const char *sent)
{
    char kept[LABEL_MAX + 1];
    struct rows rows;
    struct wire_reply reply;
    json_t *answer;

    shape_label(sent, kept);
    rows_init(&rows, v->stayd.port);
    rows_set_secrets(&rows, "L");
    reply = ask(v, "POST", "/d/stay/api/session", sign_in(&rows, sent));
    answer = json_loads(reply.body, 0, NULL);
    compare(v, &reply, answer,
            member(json_object_get(answer, "session"), "label"), kept);
    json_decref(answer);
    wire_clear(&reply);
    rows_clear(&rows);
}

static void labels(struct visitor *v, const json_t *strings)
{
    size_t step = getenv("FULL") != NULL ? 1 : LABEL_STEP;

    v->same = v->refused = 0;
    for (size_t i = 0; i < json_array_size(strings); i += step) {
        check_case("label: naughty string %zu", i);
        one_label(v, json_string_value(json_array_get(strings, i)));
    }
    check_note("labels: %zu came back as they were, %zu refused", v->same,
               v->refused);
}

static void check_memory(const struct visitor *v, long before_kb)
{
    long after_kb = process_rss_kb(v->stayd.process);

    CASE("memory is bounded over all of them");
    check_note("RSS: %ld kB before, %ld kB after", before_kb, after_kb);
    CHECK(before_kb > 0);
    CHECK(KEEPS_MEMORY || after_kb - before_kb < RSS_GROWTH_KB);
}

static bool enter(struct visitor *v)
{
    struct wire_reply reply;
    struct rows rows;
    char token[HEADER_ROOM - 64];
    bool good;

    if (!stayd_start(&v->stayd, options))
        return false;
    rows_init(&rows, v->stayd.port);
    rows_set_secrets(&rows, "L");
    v->fd = wire_connect(v->stayd.port);
    reply = ask(v, "POST", "/d/stay/api/session", sign_in(&rows, "own"));
    good = CHECK_EQ(reply.status, 201) &&
           CHECK(wire_member(&reply, "access_token", token, sizeof token));
    if (good)
        (void)snprintf(v->header, sizeof v->header,
                       "Authorization: Bearer %s\r\n", token);
    wire_clear(&reply);
    rows_clear(&rows);
    return good;
}

static void naughty(void **state)
{
    struct visitor visitor = {.fd = -1};
    const char *vectors = check_vectors();
    char path[PATH_ROOM];
    json_t *strings;
    long before_kb;

    (void)state;
    CASE("the big list of naughty strings");
    if (vectors == NULL) {
        check_skip_vectors("the vectors are not there");
        return;
    }
    (void)snprintf(path, sizeof path, "%s/blns/blns.json", vectors);
    strings = json_load_file(path, JSON_ALLOW_NUL, NULL);
    if (CHECK(json_array_size(strings) > 0) && enter(&visitor)) {
        // What a hash takes is there from the first sign-in on.
        before_kb = process_rss_kb(visitor.stayd.process);
        todos(&visitor, strings);
        labels(&visitor, strings);
        check_memory(&visitor, before_kb);
    }
    if (visitor.fd >= 0)
        (void)close(visitor.fd);
    stayd_clear(&visitor.stayd);
    json_decref(strings);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(cookies),
        cmocka_unit_test(naughty),
    };

    if (sodium_init() < 0)
        return 1;
    return check_run("system/fort_input", tests);
}
