/*
 * Mailed codes: what the program gets, what a code does, what it does not tell.
 */
#include <signal.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/bytes.h"
#include "check.h"
#include "rows.h"
#include "stayd.h"
#include "wire.h"

enum { CODE_SIZE = 64, TIMED = 60, HANGING = 10 };

/* A stayd and the program that keeps what it would mail. */
struct post {
    char folder[PROCESS_PATH_SIZE];
    char program[96];
    char box[96]; /* a line a mail */
    char extra[96];
    struct stayd stayd;
    const char *options[8];
};

static bool write_program(struct post *post, const char *text)
{
    return CHECK(process_write_file(post->program, text, strlen(text))) &&
           CHECK(chmod(post->program, 0700) == 0);
}

/* The mail comes whole, or not at all. */
static bool open_post(struct post *post)
{
    char text[1024];

    memset(post, 0, sizeof *post);
    if (!CHECK(process_folder(post->folder)))
        return false;
    (void)snprintf(post->program, sizeof post->program, "%s/mail",
                   post->folder);
    (void)snprintf(post->box, sizeof post->box, "%s/box", post->folder);
    (void)snprintf(post->extra, sizeof post->extra, "%s/extra", post->folder);
    (void)snprintf(text, sizeof text,
                   "#!/bin/sh\n"
                   "env >%s; ls -l /proc/$$/fd >>%s; echo $0 $# >>%s\n"
                   "echo said; echo said >&2\n"
                   "read -r line\n"
                   "echo \"$line\" >>%s\n",
                   post->extra, post->extra, post->extra, post->box);
    post->options[0] = "--mail-command";
    post->options[1] = post->program;
    post->options[2] = "--url";
    post->options[3] = "https://auth.example.org";
    return write_program(post, text) &&
           CHECK(stayd_start(&post->stayd, post->options));
}

static void close_post(struct post *post)
{
    stayd_clear(&post->stayd);
    process_folder_remove(post->folder);
}

static int ask(const struct post *post, const char *method, const char *path,
               const char *token, const char *body)
{
    char headers[4400] = "";
    struct wire_reply reply;
    int status;

    if (token != NULL)
        (void)snprintf(headers, sizeof headers, "Authorization: Bearer %s\r\n",
                       token);
    reply = wire_ask(
        post->stayd.port,
        &(struct wire_request){
            .method = method, .path = path, .headers = headers, .body = body});
    status = reply.status;
    wire_clear(&reply);
    return status;
}

static size_t count_lines(const struct post *post)
{
    char *text = process_read_file(post->box, NULL);
    size_t count = 0;

    for (const char *at = text; at != NULL && *at != '\0'; at++)
        count += *at == '\n';
    free(text);
    return count;
}

/* The line of that number, from 0, once it is there; "" after the limit. */
static void wait_for_line(const struct post *post, size_t number,
                          char line[PROCESS_LINE_SIZE])
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;
    char *text, *at;

    line[0] = '\0';
    while (count_lines(post) <= number && process_now_ms() < end_ms)
        process_pause();
    text = process_read_file(post->box, NULL);
    at = text;
    for (size_t i = 0; at != NULL && i < number; i++)
        at = strchr(at, '\n') == NULL ? NULL : strchr(at, '\n') + 1;
    if (CHECK(at != NULL))
        (void)snprintf(line, PROCESS_LINE_SIZE, "%.*s", (int)strcspn(at, "\n"),
                       at);
    free(text);
}

/* Waits for mail `number`; its code. */
static void wait_for_code(const struct post *post, size_t number,
                          const char *kind, char code[CODE_SIZE])
{
    char line[PROCESS_LINE_SIZE], want[256];
    const char *at;

    wait_for_line(post, number, line);
    (void)snprintf(want, sizeof want,
                   "{\"kind\":\"%s\",\"to\":\"<ANY>\","
                   "\"username\":\"<ANY>\",\"code\":\"<TOKEN>\","
                   "\"expires_in\":<INT>,\"url\":\"https://auth.example.org\"}",
                   kind);
    if (!CHECK(wire_match(want, line)))
        check_note("%s", line);
    at = strstr(line, "\"code\":\"");
    code[0] = '\0';
    if (at != NULL)
        (void)snprintf(code, CODE_SIZE, "%.*s", (int)strcspn(at + 8, "\""),
                       at + 8);
    CHECK_EQ(strlen(code), 32);
}

static int confirm(const struct post *post, const char *code)
{
    char body[128];

    (void)snprintf(body, sizeof body, "{\"code\":\"%s\"}", code);
    return ask(post, "POST", "/api/account/verify/confirm", NULL, body);
}

static int reset(const struct post *post, const char *code,
                 const char *password)
{
    char body[256];

    (void)snprintf(body, sizeof body, "{\"code\":\"%s\",\"password\":\"%s\"}",
                   code, password);
    return ask(post, "POST", "/api/account/reset/confirm", NULL, body);
}

static int ask_reset(const struct post *post, const char *email)
{
    char body[256];

    (void)snprintf(body, sizeof body, "{\"email\":\"%s\"}", email);
    return ask(post, "POST", "/api/account/reset", NULL, body);
}

/* Its status. By the words of a family whose sign-in needs no secrets. */
static int sign_in(const struct post *post, const char *password)
{
    char body[256];

    (void)snprintf(body, sizeof body,
                   "{\"username\":\"zoe\",\"password\":\"%s\"}", password);
    return ask(post, "POST", "/d/express/api/auth/signin", NULL, body);
}

/* A token of our own dialect, which shows what is verified. */
static bool enter(const struct post *post, char token[4200])
{
    struct wire_reply reply;
    struct rows rows;
    char body[512];
    bool good;

    rows_init(&rows, post->stayd.port);
    rows_set_secrets(&rows, "A");
    (void)snprintf(body, sizeof body,
                   "{\"username\":\"zoe\",\"password\":\"ink-lathe-1843\","
                   "\"sid\":\"%s\",\"next\":\"%s\"}",
                   rows_value(&rows, "A_SID"), rows_value(&rows, "A_N0"));
    reply =
        wire_ask(post->stayd.port,
                 &(struct wire_request){
                     .method = "POST", .path = "/api/session", .body = body});
    good = CHECK_EQ(reply.status, 201) &&
           CHECK(wire_member(&reply, "access_token", token, 4200));
    wire_clear(&reply);
    rows_clear(&rows);
    return good;
}

static void check_verified(const struct post *post, const char *token,
                           bool want)
{
    char headers[4400];
    struct wire_reply reply;

    (void)snprintf(headers, sizeof headers, "Authorization: Bearer %s\r\n",
                   token);
    reply = wire_ask(post->stayd.port,
                     &(struct wire_request){.method = "GET",
                                            .path = "/api/account",
                                            .headers = headers});
    CHECK_EQ(reply.status, 200);
    CHECK(strstr(reply.body,
                 want ? "\"verified\":true" : "\"verified\":false") != NULL);
    wire_clear(&reply);
}

/* No file of the database, and no line of the log, has the code in it. */
static void check_secret(const struct post *post, const char *code)
{
    static const char *const names[] = {"stay.db", "stay.db-wal"};
    char *log = process_text(post->stayd.process, PROCESS_ERR);

    CHECK(strstr(log, code) == NULL);
    free(log);
    for (size_t i = 0; i < COUNT(names); i++) {
        char path[PROCESS_PATH_SIZE + 16];
        size_t size = 0;
        char *bytes;

        (void)snprintf(path, sizeof path, "%s/%s", post->stayd.folder,
                       names[i]);
        bytes = process_read_file(path, &size);
        CHECK(bytes != NULL && memmem(bytes, size, code, strlen(code)) == NULL);
        free(bytes);
    }
}

static void check_surroundings(const struct post *post)
{
    char want[128];
    char *text = process_read_file(post->extra, NULL);
    char *log = process_text(post->stayd.process, PROCESS_ERR);

    if (!CHECK(text != NULL))
        return;
    CASE("the program has a short environment of its own");
    CHECK(strstr(text, "PATH=/usr/local/sbin:") != NULL);
    CHECK(strstr(text, "HOME=") == NULL && strstr(text, "STAYD") == NULL);
    CASE("no arguments, and nothing open but the standard streams");
    (void)snprintf(want, sizeof want, "%s 0\n", post->program);
    CHECK(strstr(text, want) != NULL);
    CHECK(strstr(text, "socket:") == NULL && strstr(text, ".db") == NULL);
    CASE("what it says is nobody's business");
    CHECK(strstr(log, "said") == NULL);
    free(log);
    free(text);
}

static void verify(struct post *post)
{
    char code[CODE_SIZE], second[CODE_SIZE], token[4200];

    CASE("a new account is mailed a code");
    CHECK_EQ(ask(post, "POST", "/api/account", NULL,
                 "{\"username\":\"zoe\",\"email\":\"zoe@example.org\","
                 "\"password\":\"ink-lathe-1843\"}"),
             201);
    wait_for_code(post, 0, "verify", code);
    check_surroundings(post);
    CASE("the address is not verified yet");
    if (!enter(post, token))
        return;
    check_verified(post, token, false);
    CASE("the code is asked for again");
    CHECK_EQ(ask(post, "POST", "/api/account/verify", token, NULL), 204);
    wait_for_code(post, 1, "verify", second);
    CHECK(strcmp(code, second) != 0);
    CASE("the code is in no log and in no database");
    check_secret(post, code);
    CASE("codes that were never mailed");
    CHECK_EQ(confirm(post, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), 400);
    CHECK_EQ(confirm(post, "A"), 400);
    CHECK_EQ(reset(post, code, "ink-lathe-1844"), 400);
    CASE("the first is as good as the second");
    CHECK_EQ(confirm(post, code), 204);
    check_verified(post, token, true);
    CASE("and then neither is good");
    CHECK_EQ(confirm(post, code), 400);
    CHECK_EQ(confirm(post, second), 400);
    CASE("another address is not verified, and is mailed");
    CHECK_EQ(ask(post, "PATCH", "/api/account", token,
                 "{\"email\":\"zoe2@example.org\","
                 "\"current_password\":\"ink-lathe-1843\"}"),
             200);
    wait_for_code(post, 2, "verify", code);
    check_verified(post, token, false);
    CHECK_EQ(confirm(post, code), 204);
}

static void forgotten(struct post *post)
{
    char first[CODE_SIZE], code[CODE_SIZE], token[4200];

    CASE("nobody's address is answered the same");
    CHECK_EQ(ask_reset(post, "nobody@example.org"), 204);
    CHECK_EQ(ask_reset(post, "zoe@example.org"), 204);
    CASE("the address in other letters is mailed");
    CHECK_EQ(ask_reset(post, "ZOE2@example.org"), 204);
    wait_for_code(post, 3, "reset", first);
    CHECK_EQ(ask_reset(post, "zoe2@example.org"), 204);
    wait_for_code(post, 4, "reset", code);
    CASE("what is no address is told to be none");
    CHECK_EQ(ask_reset(post, "zoe2"), 400);
    CASE("a password that is guessed early does not spend the code");
    if (!enter(post, token))
        return;
    CHECK_EQ(reset(post, code, "Password1"), 400);
    CHECK_EQ(reset(post, code, ""), 400);
    CASE("a good one does");
    CHECK_EQ(reset(post, code, "brass-otter-77"), 204);
    CHECK_EQ(reset(post, code, "brass-otter-78"), 400);
    CASE("other codes are void then");
    CHECK_EQ(reset(post, first, "brass-otter-78"), 400);
    CASE("all sessions have ended, and only the new password is one");
    CHECK_EQ(ask(post, "GET", "/api/test/user", token, NULL), 401);
    CHECK_EQ(sign_in(post, "ink-lathe-1843"), 401);
    CHECK_EQ(sign_in(post, "brass-otter-77"), 200);
}

/* Five codes live at most: who asks on and on is mailed no more. */
static void bounded(struct post *post)
{
    char code[CODE_SIZE];

    CASE("so many codes are mailed, and no more");
    for (size_t i = 0; i < 8; i++)
        CHECK_EQ(ask_reset(post, "ada@example.org"), 204);
    for (size_t i = 0; i < 5; i++)
        wait_for_code(post, 5 + i, "reset", code);
    CHECK_EQ(ask_reset(post, "zoe2@example.org"), 204);
    wait_for_code(post, 10, "reset", code);
    CHECK_EQ(count_lines(post), 11);
}

/* All codes end so many seconds from now; below 0: they did. */
static void set_end(const struct post *post, int seconds)
{
    char path[PROCESS_PATH_SIZE + 16];
    char text[80];
    sqlite3 *db = NULL;

    (void)snprintf(path, sizeof path, "%s/stay.db", post->stayd.folder);
    (void)snprintf(text, sizeof text, "UPDATE code SET expires_s = %lld",
                   (long long)time(NULL) + seconds);
    if (CHECK_EQ(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL),
                 SQLITE_OK)) {
        (void)sqlite3_busy_timeout(db, PROCESS_LIMIT_MS);
        CHECK_EQ(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    }
    (void)sqlite3_close(db);
}

static void outdated(struct post *post)
{
    char code[CODE_SIZE];

    CASE("a code that is nearly over is good");
    wait_for_code(post, 10, "reset", code);
    set_end(post, 60);
    CHECK_EQ(reset(post, code, "brass-otter-79"), 204);
    CASE("one that is over is not, and changes nothing");
    CHECK_EQ(ask_reset(post, "zoe2@example.org"), 204);
    wait_for_code(post, 11, "reset", code);
    set_end(post, -1);
    CHECK_EQ(reset(post, code, "brass-otter-80"), 400);
    CHECK_EQ(sign_in(post, "brass-otter-80"), 401);
    CHECK_EQ(sign_in(post, "brass-otter-79"), 200);
}

static int compare(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Microseconds; the middle one of many, each kind in turn. */
static void timing(struct post *post)
{
    static const char *const emails[] = {"ada@example.org",
                                         "nobody@example.org"};
    int64_t took[2][TIMED];
    struct timespec a, b;

    CASE("an answer takes as long for nobody's address");
    for (size_t i = 0; i < TIMED; i++)
        for (size_t k = 0; k < 2; k++) {
            (void)clock_gettime(CLOCK_MONOTONIC, &a);
            CHECK_EQ(ask_reset(post, emails[k]), 204);
            (void)clock_gettime(CLOCK_MONOTONIC, &b);
            took[k][i] = (b.tv_sec - a.tv_sec) * 1000000 +
                         (b.tv_nsec - a.tv_nsec) / 1000;
        }
    for (size_t k = 0; k < 2; k++)
        qsort(took[k], TIMED, sizeof took[k][0], compare);
    check_note("reset: somebody %lld us, nobody %lld us",
               (long long)took[0][TIMED / 2], (long long)took[1][TIMED / 2]);
    CHECK(llabs(took[0][TIMED / 2] - took[1][TIMED / 2]) < 1000);
}

static void mails(void **state)
{
    struct post post;

    (void)state;
    CASE("stayd starts with a program for mail");
    if (open_post(&post)) {
        verify(&post);
        forgotten(&post);
        bounded(&post);
        outdated(&post);
        timing(&post);
        CASE("it stops well");
        CHECK_EQ(stayd_stop(&post.stayd, SIGTERM), 0);
    }
    close_post(&post);
}

struct fault_row {
    const char *name;
    const char *program;
    const char *reason; /* in the log */
};

static const struct fault_row faults[] = {
    {"a program that fails is told of", "#!/bin/sh\nexit 3\n",     "exit code 3"  },
    {"so is one that was killed",       "#!/bin/sh\nkill -9 $$\n", "signal 9"     },
    {"and one that is no program",      "\x7f",                    "cannot be run"},
};

static void failing(void **state)
{
    char line[PROCESS_LINE_SIZE];
    struct post post;
    size_t from = 0;

    (void)state;
    CASE("stayd starts once more");
    if (!open_post(&post)) {
        close_post(&post);
        return;
    }
    for (size_t i = 0; i < COUNT(faults); i++) {
        CASE(faults[i].name);
        (void)remove(post.program);
        if (!write_program(&post, faults[i].program))
            break;
        CHECK_EQ(ask_reset(&post, "ada@example.org"), 204);
        CHECK(process_line(post.stayd.process, PROCESS_ERR, "mail_failed",
                           &from, line));
        if (!CHECK(strstr(line, faults[i].reason) != NULL))
            check_note("%s", line);
    }
    close_post(&post);
}

static void hanging(void **state)
{
    int64_t began_ms, longest_ms = 0;
    struct post post;

    (void)state;
    CASE("programs that hang keep nobody waiting");
    if (open_post(&post) &&
        write_program(&post, "#!/bin/sh\nexec sleep 1000\n")) {
        for (size_t i = 0; i < HANGING; i++) {
            began_ms = process_now_ms();
            CHECK_EQ(ask_reset(&post, i % 2 == 0 ? "ada@example.org"
                                                 : "max@example.org"),
                     204);
            CHECK_EQ(ask(&post, "GET", "/readyz", NULL, NULL), 200);
            began_ms = process_now_ms() - began_ms;
            longest_ms = began_ms > longest_ms ? began_ms : longest_ms;
        }
        check_note("the longest of %d took %lld ms", HANGING,
                   (long long)longest_ms);
        CHECK(longest_ms < PROCESS_LIMIT_MS / 10);
    }
    close_post(&post);
}

/* Handed over is handed over, also at the end. */
static void last(void **state)
{
    char line[PROCESS_LINE_SIZE];
    struct post post;

    (void)state;
    CASE("what was asked for before the end is still mailed");
    if (open_post(&post)) {
        CHECK_EQ(ask_reset(&post, "ada@example.org"), 204);
        CHECK_EQ(stayd_stop(&post.stayd, SIGTERM), 0);
        CHECK_EQ(count_lines(&post), 1);
        wait_for_line(&post, 0, line);
    }
    close_post(&post);
}

/* The sandbox allows no signal to another process. */
static void endless(void **state)
{
    char line[PROCESS_LINE_SIZE];
    char text[256];
    struct post post;
    int64_t begin_ms;

    (void)state;
    CASE("a program that does not end is ended");
    if (open_post(&post)) {
        (void)snprintf(text, sizeof text,
                       "#!/bin/sh\necho began >>%s\nsleep 25\n", post.box);
        (void)write_program(&post, text);
        CHECK_EQ(ask_reset(&post, "ada@example.org"), 204);
        wait_for_line(&post, 0, line);
        begin_ms = process_now_ms();
        CHECK_EQ(stayd_stop(&post.stayd, SIGTERM), 0);
        CHECK(process_now_ms() - begin_ms < 20000); // 5 s, on a busy machine
    }
    close_post(&post);
}

static void refused(void **state)
{
    static const char *const argv[] = {
        "", "--mail-command", "/nowhere/mail", "--listen", "127.0.0.1:0", NULL};
    const char *line[COUNT(argv)];
    struct process_result result;

    (void)state;
    CASE("a program that is not there is told at the start");
    memcpy(line, argv, sizeof line);
    line[0] = stayd_path();
    result = process_run(line, NULL, NULL);
    CHECK_EQ(result.code, 1);
    CHECK(strstr(result.err, "--mail-command: /nowhere/mail: No such file") !=
          NULL);
    process_result_clear(&result);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(mails),   cmocka_unit_test(failing),
        cmocka_unit_test(hanging), cmocka_unit_test(last),
        cmocka_unit_test(endless), cmocka_unit_test(refused),
    };

    if (sodium_init() < 0)
        return 1;
    return check_run("system/stayd_mail", tests);
}
