/*
 * stayd and its machine: signals, limits, a disk without room, a folder without
 * rights.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"
#include "stayd.h"
#include "wire.h"

enum {
    HELD = 200,      /* connections: more than the soft limit below */
    BEYOND = 20,     /* and so many more than the hard one */
    TODOS = 100,     /* a user may have no more */
    CHANGES = 300,   /* enough to fill the log twice */
    JSON_ROOM = 256, /* of a request */
};

/* As stayd_start, by a shell that sets its own limits first. */
static bool start_limited(struct stayd *out, const char *limits)
{
    char script[128];
    char database[PROCESS_PATH_SIZE + 32];
    char line[PROCESS_LINE_SIZE];
    const char *argv[] = {"/bin/sh", "-c",       script,        stayd_path(),
                          "--demo",  "--listen", "127.0.0.1:0", "--database",
                          database,  NULL};
    size_t from = 0;

    *out = (struct stayd){.port = 0};
    if (!CHECK(process_folder(out->folder)))
        return false;
    (void)snprintf(script, sizeof script, "%s; exec \"$0\" \"$@\"", limits);
    (void)snprintf(database, sizeof database, "sqlite:%s/stay.db", out->folder);
    out->process = process_start(argv, NULL);
    return CHECK(out->process != NULL) &&
           CHECK(process_line(out->process, PROCESS_OUT, "listening on ", &from,
                              line)) &&
           CHECK_EQ(
               sscanf(line, "listening on http://127.0.0.1:%d", &out->port), 1);
}

/* By a shell, whose signal comes within microseconds of the line. */
static void signals(void **state)
{
    static const char script[] =
        "cd \"$1\" && mkfifo out || exit 2\n"
        "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do\n"
        "    \"$0\" --listen 127.0.0.1:0 >out &\n"
        "    read line <out\n"
        "    kill $!\n"
        "    wait $! || exit 1\n"
        "done";
    char folder[PROCESS_PATH_SIZE];
    const char *argv[] = {"/bin/sh", "-c", script, stayd_path(), folder, NULL};
    struct process_result result;

    (void)state;
    CASE("SIGTERM upon the first line ends it cleanly, 20 times");
    if (!CHECK(process_folder(folder)))
        return;
    result = process_run(argv, NULL, NULL);
    CHECK_EQ(result.code, 0);
    process_result_clear(&result);
    process_folder_remove(folder);
}

/* ---- Descriptors ---- */

static int ask_status(int fd)
{
    const struct wire_request request = {.method = "GET",
                                         .path = "/.well-known/jwks.json"};
    struct wire_reply reply = wire_ask_on(fd, &request);
    int status = reply.status;

    wire_clear(&reply);
    return status;
}

/* What a connection over the limit hears before it is closed. */
static int turned_away(int port)
{
    int fd = wire_connect(port);
    struct wire_reply reply = {.status = 0};
    char later[1024];
    int status;

    (void)wire_read(fd, false, &reply);
    CHECK(wire_header(&reply, "Retry-After", 0, later));
    status = reply.status;
    wire_clear(&reply);
    (void)close(fd);
    return status;
}

static void descriptors(void **state)
{
    struct stayd stayd;
    int held[HELD];

    (void)state;
    CASE("stayd starts with a soft limit of 64 descriptors, a hard one of 256");
    if (start_limited(&stayd, "ulimit -n 256; ulimit -S -n 64")) {
        CASE("it takes what the hard one allows");
        for (size_t i = 0; i < HELD; i++) {
            held[i] = wire_connect(stayd.port);
            CHECK_EQ(ask_status(held[i]), 200);
        }
        for (int i = HELD; i < 208; i++)
            (void)wire_connect(stayd.port); // ended with the program
        CASE("who is too many is told to come again");
        for (int i = 0; i < BEYOND; i++)
            CHECK_EQ(turned_away(stayd.port), 503);
        CASE("and the others are served");
        for (size_t i = 0; i < HELD; i++) {
            CHECK_EQ(ask_status(held[i]), 200);
            (void)close(held[i]);
        }
    }
    stayd_clear(&stayd);
}

/* ---- Room on the disk ---- */

static bool sign_in(const struct stayd *stayd, char header[JSON_ROOM * 8])
{
    const struct wire_request request = {
        .method = "POST",
        .path = "/d/express/api/auth/signin",
        .body = "{\"username\":\"ada\",\"password\":\"lovelace\"}"};
    struct wire_reply reply = wire_ask(stayd->port, &request);
    char token[JSON_ROOM * 7];
    bool good = CHECK_EQ(reply.status, 200) &&
                CHECK(wire_member(&reply, "accessToken", token, sizeof token));

    if (good)
        (void)snprintf(header, JSON_ROOM * 8, "x-access-token: %s\r\n", token);
    wire_clear(&reply);
    return good;
}

/*
 * The first TODOS changes add one each, later ones give the first another title.
 * The status; what cannot be stored must say when to come again.
 */
static int change(const struct stayd *stayd, const char *header, int number)
{
    bool adds = number < TODOS;
    char body[JSON_ROOM];
    const struct wire_request request = {
        .method = adds ? "POST" : "PATCH",
        .path = adds ? "/d/express/api/todos" : "/d/express/api/todos/1",
        .headers = header,
        .body = body};
    struct wire_reply reply;
    char later[1024];
    int status;

    (void)snprintf(body, sizeof body, "{\"title\":\"number %d\"}", number);
    reply = wire_ask(stayd->port, &request);
    status = reply.status;
    if (status == 503)
        CHECK(wire_header(&reply, "Retry-After", 0, later));
    wire_clear(&reply);
    return status;
}

static void fill_log(struct stayd *stayd, const char *header)
{
    char line[PROCESS_LINE_SIZE];
    size_t refused = 0;
    size_t from = 0;

    CASE("a change is stored or refused with 503, nothing else");
    for (int i = 0; i < CHANGES; i++) {
        int status = change(stayd, header, i);

        CHECK(status / 100 == 2 || status == 503);
        refused += status == 503;
    }
    CASE("some were refused, and the log says why");
    CHECK(refused > 0);
    CHECK(process_line(stayd->process, PROCESS_ERR,
                       "\"event\":\"write_failed\","
                       "\"reason\":\"no room on the disk\"",
                       &from, line));
    from = 0;
    CHECK(process_line(stayd->process, PROCESS_ERR,
                       "\"event\":\"unavailable\",\"message\":\"todo_", &from,
                       line));
    CASE("but few: the room that the log has is used again");
    CHECK(refused < CHANGES / 10);
}

static void no_room(void **state)
{
    char header[JSON_ROOM * 8];
    struct stayd stayd;

    (void)state;
    CASE("stayd starts where no file may grow beyond 300 KiB");
    if (start_limited(&stayd, "ulimit -S -f 600") && sign_in(&stayd, header)) {
        fill_log(&stayd, header);
        CASE("it ends as it should");
        CHECK_EQ(stayd_stop(&stayd, SIGTERM), 0);
    }
    stayd_clear(&stayd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals),
        cmocka_unit_test(descriptors),
        cmocka_unit_test(no_room),
    };

    return check_run("system/stayd_machine", tests);
}
