/*
 * The audit, event by event: each that its table of words knows is brought
 * about, and must be in the log and in the database, so many times.
 */
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "audit_table.h"
#include "base/bytes.h"
#include "check.h"
#include "rows.h"
#include "stayd.h"

enum { WRONG = 10, WORDS_MAX = 6 };

/* A stayd, and the program to which it hands its mail. */
struct scene {
    struct stayd stayd;
    struct rows rows;
    char folder[PROCESS_PATH_SIZE];
    char box[PROCESS_PATH_SIZE + 16]; /* a line a mail */
    size_t mails;                     /* that were read */
    char told[64 * 1024];             /* by commands, on standard error */
};

#define FROM "X-Forwarded-For: 192.0.2.5\r\n"
#define SHOWN FROM "Authorization: Bearer $ACCESS\r\n"
#define BROWSER FROM "Stay-Mode: cookie\r\nOrigin: http://localhost\r\n"
#define STAY "/d/stay/api"
#define EXPRESS "/d/express/api/auth"

// clang-format off
static const struct row mailed[] = {
    {"zoe signs up", "POST", STAY "/account", FROM,
     "{\"username\":\"zoe\",\"email\":\"zoe@example.org\","
     "\"password\":\"ink-lathe-1843\"}", 201, NULL, NULL, NULL},
    {"shows a code that there is not", "POST", STAY "/account/verify/confirm",
     FROM, "{\"code\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}", 400, NULL, NULL,
     NULL},
};

static const struct row verified[] = {
    {"shows the one that was mailed", "POST", STAY "/account/verify/confirm",
     FROM, "{\"code\":\"$CODE\"}", 204, NULL, NULL, NULL},
    {"somebody asks for nobody's password", "POST", STAY "/account/reset",
     FROM, "{\"email\":\"nobody@example.org\"}", 204, NULL, NULL, NULL},
    {"and sets it", "POST", STAY "/account/reset/confirm", FROM,
     "{\"code\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
     "\"password\":\"ink-lathe-1844\"}", 400, NULL, NULL, NULL},
    {"zoe asks for hers", "POST", STAY "/account/reset", FROM,
     "{\"email\":\"zoe@example.org\"}", 204, NULL, NULL, NULL},
};

static const struct row reset[] = {
    {"and sets it", "POST", STAY "/account/reset/confirm", FROM,
     "{\"code\":\"$CODE\",\"password\":\"ink-lathe-1844\"}", 204, NULL, NULL,
     NULL},
};

static const struct row sessions[] = {
    {"max signs in", "POST", STAY "/session", FROM,
     "{\"username\":\"max\",\"password\":\"quantum-1900\",\"sid\":\"$A_SID\","
     "\"next\":\"$A_N0\"}", 201, NULL, NULL, "ACCESS=access_token"},
    {"a second time", "POST", STAY "/session", FROM,
     "{\"username\":\"max\",\"password\":\"quantum-1900\",\"sid\":\"$B_SID\","
     "\"next\":\"$B_N0\"}", 201, NULL, NULL, NULL},
    {"with other secrets under the name of that session", "POST",
     STAY "/session", FROM,
     "{\"username\":\"max\",\"password\":\"quantum-1900\",\"sid\":\"$B_SID\","
     "\"next\":\"$C_N0\"}", 409, NULL, NULL, NULL},
    {"ends the second", "DELETE", STAY "/sessions/$B_SID", SHOWN, NULL, 204,
     NULL, NULL, NULL},
    {"has another address", "PATCH", STAY "/account", SHOWN,
     "{\"email\":\"max2@example.org\",\"current_password\":\"quantum-1900\"}",
     200, NULL, NULL, NULL},
    {"and another password", "PATCH", STAY "/account", SHOWN,
     "{\"password\":\"ink-lathe-1845\",\"current_password\":\"quantum-1900\"}",
     200, NULL, NULL, NULL},
    {"a third session", "POST", STAY "/session", FROM,
     "{\"username\":\"max\",\"password\":\"ink-lathe-1845\","
     "\"sid\":\"$C_SID\",\"next\":\"$C_N0\"}", 201, NULL, NULL, NULL},
    {"a fourth is one too many: the first or third goes", "POST",
     STAY "/session", FROM,
     "{\"username\":\"max\",\"password\":\"ink-lathe-1845\","
     "\"sid\":\"$D_SID\",\"next\":\"$D_N0\"}", 201, NULL, NULL,
     "ACCESS=access_token"},
    {"he signs out everywhere", "DELETE", STAY "/sessions", SHOWN, NULL, 204,
     NULL, NULL, NULL},
    {"root signs in", "POST", STAY "/session", FROM,
     "{\"username\":\"root\",\"password\":\"toor-toor\",\"sid\":\"$E_SID\","
     "\"next\":\"$E_N0\"}", 201, NULL, NULL, "ACCESS=access_token"},
    {"and leaves", "DELETE", STAY "/account", SHOWN,
     "{\"current_password\":\"toor-toor\"}", 204, NULL, NULL, NULL},
    {"ada has a session of the other kind", "POST", EXPRESS "/signin", FROM,
     "{\"username\":\"ada\",\"password\":\"lovelace\"}", 200, NULL, NULL,
     "FIRST=refreshToken"},
    {"and the token behind its first", "POST", EXPRESS "/refreshtoken", FROM,
     "{\"refreshToken\":\"$FIRST\"}", 200, NULL, NULL, "SECOND=refreshToken"},
};

static const struct row disabled[] = {
    {"zoe, who was disabled, signs in", "POST", EXPRESS "/signin", FROM,
     "{\"username\":\"zoe\",\"password\":\"ink-lathe-1844\"}", 401, NULL, NULL,
     NULL},
};

static const struct row enabled[] = {
    {"zoe, who is enabled, signs in", "POST", STAY "/session", FROM,
     "{\"username\":\"zoe\",\"password\":\"ink-lathe-1844\","
     "\"sid\":\"$F_SID\",\"next\":\"$F_N0\"}", 201, NULL, NULL, NULL},
    {"and in a browser", "POST", "/api/session", BROWSER,
     "{\"username\":\"zoe\",\"password\":\"ink-lathe-1844\","
     "\"next\":\"$G_N0\"}", 201, NULL, NULL,
     "BROWSER_SID=id COOKIE=;stay-80"},
    {"which loses its storage, and begins a new line", "POST",
     "/api/session/refresh", BROWSER "Cookie: stay-80=$COOKIE\r\n",
     "{\"sid\":\"$BROWSER_SID\",\"generation\":0,\"from\":\"$G_N0\","
     "\"to\":1000,\"next\":\"$G_N1\"}", 200, NULL, NULL, NULL},
};

/* $NAME: a value of the rows. */
static const struct {
    const char *name;
    const char *words[WORDS_MAX];
} commands[] = {
    {"the operator ends that session", {"sessions", "end", "$F_SID"}},
    {"and all of ada's", {"sessions", "end", "--user", "ada"}},
    {"gives roles", {"user", "roles", "zoe", "user,admin"}},
    {"rotates the keys", {"keys", "rotate"}},
};

/* "kind outcome detail user how-many", as the table has them, sorted. */
static const char want[] =
    "account_delete ok 0 3 1\n"
    "email_change ok 0 2 1\n"
    "email_verify bad_code 0 0 1\n"
    "email_verify ok 0 4 1\n"
    "key_rotate ok 3 0 1\n"
    "password_change ok 0 2 1\n"
    "password_reset bad_code 0 0 1\n"
    "password_reset ok 0 4 1\n"
    "refresh reuse 0 1 1\n"
    "reseeded ok 0 4 1\n"
    "reset_asked ok 0 4 1\n"
    "reset_asked unknown_user 0 0 1\n"
    "roles_change ok 5 4 1\n"
    "session_end ok 0 2 1\n"
    "session_end ok 0 4 1\n"
    "sessions_end ok 0 1 1\n"
    "sessions_end ok 2 2 1\n"
    "sessions_reclaim ok 1 2 1\n"
    "sign_in denied 0 2 1\n"
    "sign_in disabled 0 4 1\n"
    "sign_in ok 0 1 1\n"
    "sign_in ok 0 2 4\n"
    "sign_in ok 0 3 1\n"
    "sign_in ok 0 4 2\n"
    "sign_in throttled 0 0 1\n"
    "sign_in unknown_user 0 0 10\n"
    "sign_up ok 0 4 1\n"
    "user_disable ok 0 4 1\n"
    "user_enable ok 0 4 1\n";
// clang-format on

static const char sql[] =
    "SELECT kind || ' ' || outcome || ' ' || detail || ' ' || user_id || ' ' ||"
    " count(*) FROM audit GROUP BY kind, outcome, detail, user_id ORDER BY 1";

static bool open_scene(struct scene *scene)
{
    static const char *const more[] = {
        "--sessions-max", "2",         "--refresh-soft", "1s",
        "--trust-proxy",  "127.0.0.1", "--throttle"};
    char program[PROCESS_PATH_SIZE + 16], text[256];
    const char *options[COUNT(more) + 3] = {"--mail-command", program};

    memset(scene, 0, sizeof *scene);
    if (!CHECK(process_folder(scene->folder)))
        return false;
    memcpy(options + 2, more, sizeof more);
    (void)snprintf(program, sizeof program, "%s/mail", scene->folder);
    (void)snprintf(scene->box, sizeof scene->box, "%s/box", scene->folder);
    (void)snprintf(text, sizeof text,
                   "#!/bin/sh\nread -r line\necho \"$line\" >>%s\n",
                   scene->box);
    if (!CHECK(process_write_file(program, text, strlen(text))) ||
        !CHECK(chmod(program, 0700) == 0) ||
        !stayd_start(&scene->stayd, options))
        return false;
    rows_init(&scene->rows, scene->stayd.port);
    for (const char *name = "A\0B\0C\0D\0E\0F\0G\0"; *name != '\0'; name += 2)
        rows_set_secrets(&scene->rows, name);
    return true;
}

/* The code of the next mail is CODE, once it is there. */
static void take_mail(struct scene *scene)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;
    char code[64] = "";

    while (code[0] == '\0' && process_now_ms() < end_ms) {
        char *text = process_read_file(scene->box, NULL);
        const char *at = text;

        for (size_t i = 0; at != NULL && i <= scene->mails; i++)
            at = strstr(at + (i > 0), "\"code\":\"");
        if (at != NULL && strchr(at, '\n') != NULL)
            (void)snprintf(code, sizeof code, "%.*s",
                           (int)strcspn(at + 8, "\""), at + 8);
        free(text);
        process_pause();
    }
    CHECK(code[0] != '\0');
    rows_set(&scene->rows, "CODE", code);
    scene->mails++;
}

static void command(struct scene *scene, const char *const words[WORDS_MAX])
{
    char key_file[PROCESS_PATH_SIZE + 16];
    const char *argv[WORDS_MAX + 6] = {stayd_path(), "--database",
                                       scene->stayd.database, "--key-file",
                                       key_file};
    struct process_result result;
    size_t length = strlen(scene->told);

    (void)snprintf(key_file, sizeof key_file, "%s/stay.key",
                   scene->stayd.folder);
    for (size_t i = 0; i < WORDS_MAX && words[i] != NULL; i++)
        argv[5 + i] = words[i][0] == '$'
                          ? rows_value(&scene->rows, words[i] + 1)
                          : words[i];
    result = process_run(argv, NULL, NULL);
    if (!CHECK_EQ(result.code, 0))
        check_note("%s", result.err);
    (void)snprintf(scene->told + length, sizeof scene->told - length, "%s",
                   result.err);
    process_result_clear(&result);
}

static int ask(struct scene *scene, const char *path, const char *headers,
               const char *body)
{
    struct wire_reply reply = wire_ask(
        scene->stayd.port,
        &(struct wire_request){
            .method = "POST", .path = path, .headers = headers, .body = body});
    int status = reply.status;

    wire_clear(&reply);
    return status;
}

static int refresh(struct scene *scene, const char *token)
{
    char body[ROWS_VALUE_SIZE + 32];

    (void)snprintf(body, sizeof body, "{\"refreshToken\":\"%s\"}",
                   rows_value(&scene->rows, token));
    return ask(scene, EXPRESS "/refreshtoken", FROM, body);
}

/* The one has moved on to the second token; who has the first is another. */
static void show_old_token(struct scene *scene)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;
    int status = 200;

    CASE("the first is shown when the second has taken its place for long");
    while ((status == 200 || status == 503) && process_now_ms() < end_ms) {
        CHECK_EQ(refresh(scene, "SECOND"), 200);
        status = refresh(scene, "FIRST");
    }
    CHECK_EQ(status, 403);
    CHECK_EQ(refresh(scene, "SECOND"), 403);
}

static void guess(struct scene *scene)
{
    static const char body[] = "{\"username\":\"nix\",\"password\":\"x\"}";
    static const char from[] = "X-Forwarded-For: 192.0.2.9\r\n";

    CASE("somebody guesses, until he has to wait");
    for (int i = 0; i < WRONG; i++)
        CHECK_EQ(ask(scene, EXPRESS "/signin", from, body), 401);
    for (int i = 0; i < 3; i++) // told once
        CHECK_EQ(ask(scene, EXPRESS "/signin", from, body), 429);
}

static void operate(struct scene *scene)
{
    static const char *const disable[WORDS_MAX] = {"user", "disable", "zoe"};
    static const char *const enable[WORDS_MAX] = {"user", "enable", "zoe"};

    command(scene, disable);
    rows_run(&scene->rows, disabled, COUNT(disabled));
    command(scene, enable);
    rows_run(&scene->rows, enabled, COUNT(enabled));
    for (size_t i = 0; i < COUNT(commands); i++) {
        CASE(commands[i].name);
        command(scene, commands[i].words);
    }
}

/* Each kind and outcome of `want` is told by stayd or by a command. */
static void check_log(const struct scene *scene)
{
    char *log = process_text(scene->stayd.process, PROCESS_ERR);

    for (const char *at = want; *at != '\0'; at = strchr(at, '\n') + 1) {
        char line[128], kind[32], outcome[32];

        if (!CHECK_EQ(sscanf(at, "%31s %31s", kind, outcome), 2))
            break;
        (void)snprintf(
            line, sizeof line,
            "\"level\":\"audit\",\"event\":\"%s\",\"outcome\":\"%s\"", kind,
            outcome);
        check_case("a line of the log tells: %s %s", kind, outcome);
        CHECK(strstr(log, line) != NULL || strstr(scene->told, line) != NULL);
    }
    free(log);
}

static void each_event(void **state)
{
    struct scene scene;
    char table[8192];

    (void)state;
    CASE("stayd starts with a program for mail");
    if (open_scene(&scene)) {
        rows_run(&scene.rows, mailed, COUNT(mailed));
        take_mail(&scene);
        rows_run(&scene.rows, verified, COUNT(verified));
        take_mail(&scene);
        rows_run(&scene.rows, reset, COUNT(reset));
        rows_run(&scene.rows, sessions, COUNT(sessions));
        show_old_token(&scene);
        guess(&scene);
        operate(&scene);
        check_log(&scene);
        CHECK_EQ(stayd_stop(&scene.stayd, SIGTERM), 0); // writes what waits
        CASE("the table tells each event as often as it was");
        audit_table_read(&scene.stayd, sql, table, sizeof table);
        CHECK_TEXT(table, want);
        rows_clear(&scene.rows);
    }
    stayd_clear(&scene.stayd);
    process_folder_remove(scene.folder);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(each_event)};

    if (sodium_init() < 0)
        return 1;
    return check_run("system/audit_events", tests);
}
