/*
 * stayd as an operator meets it: health, counts, SIGHUP, the service manager's
 * sockets and words, and a stop that drops nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"
#include "rows.h"
#include "server/listen.h"
#include "stayd.h"

enum {
    CLIENTS = 4,       /* that ask all the time while stayd is replaced, */
    REPLACED = 3,      /* so often */
    ASKED_LEAST = 200, /* answers they must have had between two of those */
    ASK_LIMIT_MS = 30000,
};

/* ---- Health and counts ---- */

// clang-format off
static const struct row health[] = {
    {"it lives", "GET", "/livez", NULL, NULL, 200, "ok\n", NULL, NULL},
    {"it can serve", "GET", "/readyz", NULL, NULL, 200, "{\"ready\":true}\n",
     "Cache-Control: no-store\nContent-Type: application/json\n", NULL},
    {"a HEAD is answered alike", "HEAD", "/readyz", NULL, NULL, 200, "", NULL,
     NULL},
    {"nothing else may be done there", "POST", "/livez", NULL, NULL, 405, NULL,
     "Allow: GET, HEAD\n", NULL},
    {"a path below it is no place", "GET", "/livez/x", NULL, NULL, 404, NULL,
     NULL, NULL},
    {"a sign-in to be counted", "POST", "/api/auth/signin", NULL,
     "{\"username\":\"ada\",\"password\":\"lovelace\"}", 200, NULL, NULL,
     NULL},
    {"one that is refused", "POST", "/api/auth/signin", NULL,
     "{\"username\":\"ada\",\"password\":\"wrong-one\"}", 401, NULL, NULL,
     NULL},
};
// clang-format on

static void check_series(const struct stayd *stayd)
{
    static const struct {
        const char *series;
        double want;
    } counts[] = {
        {"stay_responses_total{dialect=\"express\",route=\"sign_in\","
         "status=\"200\"}",                                    1 },
        {"stay_responses_total{dialect=\"express\",route=\"sign_in\","
         "status=\"401\"}",                                    1 },
        {"stay_responses_total{dialect=\"none\",route=\"/"
         "livez\",status=\"405\"}",                            1 },
        {"stay_response_seconds_count{route=\"sign_in\"}",              2 },
        {"stay_response_seconds_bucket{route=\"sign_in\",le=\"+Inf\"}", 2 },
        {"stay_responses_total{dialect=\"express\",route=\"none\","
         "status=\"404\"}",                                    -1},
    };

    for (size_t i = 0; i < COUNT(counts); i++) {
        check_case("%.100s", counts[i].series);
        CHECK_EQ(stayd_metric(stayd, counts[i].series), counts[i].want);
    }
    CASE("what questions to the database took is told");
    CHECK(stayd_metric(stayd, "stay_database_seconds_total{work=\"read\"}") >
          0);
    CASE("how many changes, questions, and passwords wait");
    CHECK_EQ(stayd_metric(stayd, "stay_writer_queue"), 0);
    CHECK_EQ(stayd_metric(stayd, "stay_reader_queue"), 0);
    CHECK_EQ(stayd_metric(stayd, "stay_password_queue"), 0);
}

/* They are counted at a start, and then every 15 seconds. */
static void count_sessions(struct stayd *stayd)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;

    CASE("the session from before a new start is counted");
    CHECK_EQ(stayd_stop(stayd, SIGTERM), 0);
    if (!stayd_restart(stayd, NULL))
        return;
    while (stayd_metric(stayd, "stay_sessions") != 1 &&
           process_now_ms() < end_ms)
        process_pause();
    CHECK_EQ(stayd_metric(stayd, "stay_sessions"), 1);
}

/* By Prometheus's own judge. */
static void judge(const struct stayd *stayd)
{
    static const char *const where[] = {TOOLS "/peers", "--present", "promtool",
                                        NULL};
    struct process_result found = process_run(where, NULL, NULL);
    const char *check[] = {found.out, "check", "metrics", NULL};
    const struct wire_request ask = {.method = "GET", .path = "/metrics"};
    struct wire_reply reply = wire_ask(stayd->port, &ask);
    struct process_result result;

    CASE("promtool finds nothing to say of /metrics");
    if (found.code != 0) {
        check_skip("promtool is not there; get it with tools/peers promtool");
    } else {
        found.out[strcspn(found.out, "\n")] = '\0';
        result = process_run(check, NULL, reply.body);
        CHECK_EQ(result.code, 0);
        CHECK_TEXT(result.err, "");
        CHECK_TEXT(result.out, "");
        process_result_clear(&result);
    }
    process_result_clear(&found);
    wire_clear(&reply);
}

static void healthy(void **state)
{
    struct stayd stayd;
    struct rows rows;

    (void)state;
    CASE("stayd starts");
    if (!stayd_start(&stayd, NULL))
        return;
    rows_init(&rows, stayd.port);
    rows_run(&rows, health, COUNT(health));
    check_series(&stayd);
    judge(&stayd);
    count_sessions(&stayd);
    rows_clear(&rows);
    stayd_clear(&stayd);
}

/* ---- SIGHUP ---- */

static void write_config(const struct stayd *stayd, const char *text)
{
    char path[128];

    (void)snprintf(path, sizeof path, "%s/stayd.conf", stayd->folder);
    CHECK(process_write_file(path, text, strlen(text)));
}

/* Is this page admitted? */
static bool admits(const struct stayd *stayd, const char *origin)
{
    char header[128];
    char value[1024];
    struct wire_request ask = {
        .method = "GET", .path = "/api/account", .headers = header};
    struct wire_reply reply;
    bool admitted;

    (void)snprintf(header, sizeof header, "Origin: %s\r\n", origin);
    reply = wire_ask(stayd->port, &ask);
    admitted = wire_header(&reply, "Access-Control-Allow-Origin", 0, value) &&
               strcmp(value, origin) == 0;
    wire_clear(&reply);
    return admitted;
}

/* Waits until each loop has taken the new one. */
static bool soon_admits(const struct stayd *stayd, const char *origin)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;
    unsigned in_a_row = 0;

    while (in_a_row < 20 && process_now_ms() < end_ms) {
        in_a_row = admits(stayd, origin) ? in_a_row + 1 : 0;
        if (in_a_row == 0)
            process_pause();
    }
    return in_a_row == 20;
}

static bool hang_up(struct stayd *stayd, const char *event, size_t *from)
{
    char line[PROCESS_LINE_SIZE];

    process_signal(stayd->process, SIGHUP);
    return process_line(stayd->process, PROCESS_ERR, event, from, line);
}

static void reload(struct stayd *stayd)
{
    char line[PROCESS_LINE_SIZE];
    size_t from = 0;

    CASE("the origin of the file is admitted, and no other");
    CHECK(admits(stayd, "https://a.example"));
    CHECK(!admits(stayd, "https://b.example"));
    CASE("SIGHUP: another origin takes its place");
    write_config(stayd, "origin = https://b.example\nthreads = 2\n");
    CHECK(hang_up(stayd, "\"event\":\"reloaded\"", &from));
    CHECK(soon_admits(stayd, "https://b.example"));
    CHECK(!admits(stayd, "https://a.example"));
    CASE("what only a start takes is named");
    write_config(stayd, "origin = https://b.example\nthreads = 2\n"
                        "access-ttl = 7s\n");
    CHECK(hang_up(stayd, "\"needs_restart\":\"access-ttl\"", &from));
    CASE("a configuration that is wrong is told, with its line");
    write_config(stayd, "origin = https://c.example\nthreads = many\n");
    CHECK(
        hang_up(stayd, "stayd.conf:2: threads: 'many' is not allowed", &from));
    CASE("and the old one stays");
    CHECK(soon_admits(stayd, "https://b.example"));
    CHECK(!admits(stayd, "https://c.example"));
    CASE("the log's level changes too");
    write_config(stayd, "threads = 2\nlog-level = error\n");
    process_signal(stayd->process, SIGHUP);
    write_config(stayd, "origin = https://d.example\nthreads = 2\n"
                        "log-level = info\n");
    CHECK(hang_up(stayd, "\"event\":\"reloaded\"", &from));
    CHECK(soon_admits(stayd, "https://d.example"));
    CASE("a stop is a stop");
    process_signal(stayd->process, SIGTERM);
    CHECK(process_line(stayd->process, PROCESS_ERR, "\"event\":\"stopped\"",
                       &from, line));
    CHECK_EQ(process_wait(stayd->process), 0);
}

static void reloads(void **state)
{
    char path[128];
    const char *options[] = {"--config", path, NULL};
    struct stayd stayd = {.earnest = true};

    (void)state;
    CASE("stayd starts with a file");
    if (!CHECK(process_folder(stayd.folder)))
        return;
    (void)snprintf(path, sizeof path, "%s/stayd.conf", stayd.folder);
    write_config(&stayd, "origin = https://a.example\nthreads = 2\n");
    if (stayd_restart(&stayd, options))
        reload(&stayd);
    stayd_clear(&stayd);
}

/* ---- A stop ---- */

static void stops(void **state)
{
    const struct wire_request ask = {.method = "GET", .path = "/livez"};
    char line[PROCESS_LINE_SIZE];
    struct wire_reply reply;
    struct stayd stayd;
    size_t from = 0;
    int fd;

    (void)state;
    CASE("stayd starts");
    if (!stayd_start(&stayd, NULL))
        return;
    fd = wire_connect(stayd.port);
    reply = wire_ask_on(fd, &ask);
    CHECK_EQ(reply.status, 200);
    CHECK(!reply.closed);
    wire_clear(&reply);
    process_signal(stayd.process, SIGTERM);
    CHECK(process_line(stayd.process, PROCESS_ERR, "\"event\":\"stopping\"",
                       &from, line));
    CASE("who is connected is answered once more, and told that it is the end");
    reply = wire_ask_on(fd, &ask);
    CHECK_EQ(reply.status, 200);
    CHECK(reply.closed);
    wire_clear(&reply);
    (void)close(fd);
    CASE("then it ends, well");
    CHECK_EQ(process_wait(stayd.process), 0);
    stayd_clear(&stayd);
}

/* ---- The service manager ---- */

/* Reads messages until this one comes. */
static bool hears(int fd, const char *wanted)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;
    char message[256];

    while (process_now_ms() < end_ms) {
        ssize_t got = recv(fd, message, sizeof message - 1, MSG_DONTWAIT);

        if (got > 0) {
            message[got] = '\0';
            if (strcmp(message, wanted) == 0)
                return true;
        } else {
            process_pause();
        }
    }
    return false;
}

static int open_manager(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static void notifies(void **state)
{
    char folder[PROCESS_PATH_SIZE];
    char path[96];
    struct stayd stayd;
    int fd;

    (void)state;
    CASE("the service manager hears that stayd is ready");
    if (!CHECK(process_folder(folder)))
        return;
    (void)snprintf(path, sizeof path, "%s/notify", folder);
    fd = open_manager(path);
    CHECK(fd >= 0);
    (void)setenv("NOTIFY_SOCKET", path, 1);
    (void)setenv("WATCHDOG_USEC", "300000", 1);
    if (stayd_start(&stayd, NULL)) {
        CHECK(hears(fd, "READY=1"));
        CASE("and then again and again that it is well");
        CHECK(hears(fd, "WATCHDOG=1"));
        CHECK(hears(fd, "WATCHDOG=1"));
        CASE("but not while it hangs");
        process_signal(stayd.process, SIGSTOP);
        while (recv(fd, path, sizeof path, MSG_DONTWAIT) > 0)
            ;
        CHECK(recv(fd, path, sizeof path, MSG_DONTWAIT) < 0);
        process_signal(stayd.process, SIGCONT);
        CHECK(hears(fd, "WATCHDOG=1"));
        CASE("and that it stops");
        process_signal(stayd.process, SIGTERM);
        CHECK(hears(fd, "STOPPING=1"));
        CHECK_EQ(process_wait(stayd.process), 0);
    }
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    stayd_clear(&stayd);
    (void)close(fd);
    process_folder_remove(folder);
}

/* Starts one with the listening socket `fd`, as a service manager does. */
static struct process *start_with_socket(const char *folder, int fd)
{
    static const char script[] =
        "exec 3<&\"$1\"; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$2\" --listen "
        "127.0.0.1:1 --database sqlite:\"$3\"/stay.db --demo --threads 2";
    char number[8];
    const char *argv[] = {"/bin/sh", "-c",         script, "sh",
                          number,    stayd_path(), folder, NULL};
    struct process *process;
    char line[PROCESS_LINE_SIZE];
    size_t from = 0;

    (void)snprintf(number, sizeof number, "%d", fd);
    process = process_start(argv, NULL);
    if (process != NULL &&
        process_line(process, PROCESS_OUT, "listening on ", &from, line))
        return process;
    process_close(process);
    return NULL;
}

struct client {
    pthread_t thread;
    int port;
    const char *header; /* with its access token */
    _Atomic bool *stop;
    _Atomic unsigned answered;
    _Atomic unsigned failed;
};

/* Asks on one connection until it is told to close it, then on another. */
static void *ask_always(void *context)
{
    struct client *client = context;
    const struct wire_request ask = {
        .method = "GET", .path = "/api/test/user", .headers = client->header};
    int fd = -1;

    while (!atomic_load(client->stop)) {
        struct wire_reply reply;

        if (fd < 0)
            fd = wire_connect(client->port);
        reply = wire_ask_on(fd, &ask);
        atomic_fetch_add(
            reply.status == 200 ? &client->answered : &client->failed, 1);
        if (reply.closed || reply.status == 0) {
            (void)close(fd);
            fd = -1;
        }
        wire_clear(&reply);
    }
    if (fd >= 0)
        (void)close(fd);
    return NULL;
}

/* Waits until each has been answered so many times more. */
static bool all_go_on(struct client *clients)
{
    int64_t end_ms = process_now_ms() + ASK_LIMIT_MS;
    bool good = true;

    for (size_t i = 0; i < CLIENTS; i++) {
        unsigned goal = atomic_load(&clients[i].answered) + ASKED_LEAST;

        while (atomic_load(&clients[i].answered) < goal &&
               process_now_ms() < end_ms)
            process_pause();
        good &= atomic_load(&clients[i].answered) >= goal;
    }
    return good;
}

static void replace(const char *folder, int fd, struct process **now)
{
    struct process *next = start_with_socket(folder, fd);

    if (!CHECK(next != NULL))
        return;
    process_signal(*now, SIGTERM);
    CHECK_EQ(process_wait(*now), 0);
    process_close(*now);
    *now = next;
}

static bool sign_in(int port, char *header, size_t size)
{
    const struct wire_request ask = {
        .method = "POST",
        .path = "/api/auth/signin",
        .body = "{\"username\":\"ada\",\"password\":\"lovelace\"}"};
    struct wire_reply reply = wire_ask(port, &ask);
    char token[ROWS_VALUE_SIZE];
    bool good = CHECK(wire_member(&reply, "accessToken", token, sizeof token));

    (void)snprintf(header, size, "x-access-token: %s\r\n", token);
    wire_clear(&reply);
    return good;
}

static void roll(const char *folder, int fd, int port)
{
    struct process *now = start_with_socket(folder, fd);
    char header[ROWS_VALUE_SIZE + 32];
    struct client clients[CLIENTS];
    _Atomic bool stop = false;
    unsigned answered = 0;
    unsigned failed = 0;

    memset(clients, 0, sizeof clients);
    if (!CHECK(now != NULL) || !sign_in(port, header, sizeof header))
        return;
    for (size_t i = 0; i < CLIENTS; i++) {
        clients[i].port = port;
        clients[i].header = header;
        clients[i].stop = &stop;
        CHECK_EQ(
            pthread_create(&clients[i].thread, NULL, ask_always, &clients[i]),
            0);
    }
    for (unsigned i = 0; i < REPLACED; i++) {
        CHECK(all_go_on(clients));
        replace(folder, fd, &now);
    }
    CHECK(all_go_on(clients));
    atomic_store(&stop, true);
    for (size_t i = 0; i < CLIENTS; i++) {
        (void)pthread_join(clients[i].thread, NULL);
        answered += clients[i].answered;
        failed += clients[i].failed;
    }
    check_note("%u requests over %d restarts, %u failed", answered, REPLACED,
               failed);
    CHECK_EQ(failed, 0);
    process_signal(now, SIGTERM);
    CHECK_EQ(process_wait(now), 0);
    process_close(now);
}

static void rolling(void **state)
{
    struct listen_address address;
    char problem[LISTEN_TEXT];
    char url[LISTEN_TEXT];
    char folder[PROCESS_PATH_SIZE];
    int port = 0;
    int kept = -1;
    int fd = -1;

    (void)state;
    CASE("a restart under load, on an inherited socket, drops nothing");
    if (!CHECK(process_folder(folder)))
        return;
    if (CHECK_EQ(listen_parse("127.0.0.1:0", &address, problem), LISTEN_OK) &&
        CHECK_EQ(listen_open(&address, 1, &kept, problem), LISTEN_OK)) {
        // The shell wants one digit, and ours would close when it starts.
        fd = fcntl(kept, F_DUPFD, 3);
        listen_url(kept, url);
        CHECK(fd >= 0 && fd <= 9);
        CHECK_EQ(sscanf(url, "http://127.0.0.1:%d", &port), 1);
        roll(folder, fd, port);
        (void)close(fd);
        (void)close(kept);
    }
    process_folder_remove(folder);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(healthy), cmocka_unit_test(reloads),
        cmocka_unit_test(stops),   cmocka_unit_test(notifies),
        cmocka_unit_test(rolling),
    };

    return check_run("system/operate", tests);
}
