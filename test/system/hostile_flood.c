/*
 * Very many at once: connections that are opened and left, from a whole network
 * of addresses, and a thousand sign-ups of one name.
 *
 * FULL=1 opens as many connections as the hard limit of files allows.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"
#include "stayd.h"
#include "wire.h"

enum {
    OWN_FILES = 64,            /* the test's other descriptors */
    CONNECTIONS_USUAL = 25000, /* without FULL=1, where the limit is higher */
    SERVER_LIMIT = 10000,      /* of one loop: src/server/server.c */
    ADDRESSES = 254,           /* 127.0.0.1 to .254 */
    SAMPLES = 100,
    BYTES_A_CONNECTION = 2048, /* of stayd's memory, at most */
    RSS_SLACK_KB = 16 * 1024,
    SIGN_UPS = 1000,
};

/* From 127.0.0.(1 + number % 254); -1 when the system refuses. */
static int connect_from(int port, int number)
{
    struct sockaddr_in from = {.sin_family = AF_INET};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;

    from.sin_addr.s_addr =
        htonl(INADDR_LOOPBACK + (uint32_t)(number % ADDRESSES));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0)
        return -1;
    // The port is chosen by where it goes: else 28,000 were all there are.
    (void)setsockopt(fd, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &on,
                     sizeof on);
    if (bind(fd, (struct sockaddr *)&from, sizeof from) != 0 ||
        connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static int wanted(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 512;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max > CONNECTIONS_USUAL && getenv("FULL") == NULL)
        return CONNECTIONS_USUAL;
    return (int)limit.rlim_max - OWN_FILES;
}

static const struct wire_request get_all = {.method = "GET",
                                            .path = "/d/express/api/test/all"};

static int status_on(int fd)
{
    struct wire_reply reply = wire_ask_on(fd, &get_all);
    int status = reply.status;

    wire_clear(&reply);
    return status;
}

/* Waits until the server holds so many, or the limit is over. */
static double wait_connections(const struct stayd *stayd, double most)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;
    double now;

    while ((now = stayd_metric(stayd, "stay_connections")) > most &&
           process_now_ms() < end_ms)
        process_pause();
    return now;
}

/* How many of some that lie evenly among [0, held) are answered 200. */
static int serve_old(const int *fds, int held)
{
    int served = 0;

    for (int i = 0; i < SAMPLES; i++)
        served += status_on(fds[(int)((long)held * i / SAMPLES)]) == 200;
    return served;
}

/* 503 without having been asked. */
static bool is_turned_away(int fd)
{
    struct wire_reply reply;
    bool told =
        wire_read(fd, false, &reply) && reply.status == 503 && reply.closed;

    wire_clear(&reply);
    return told;
}

static int count_away(const int *fds, int from, int to)
{
    int away = 0;

    for (int i = 0; i < SAMPLES && to > from; i++)
        away +=
            is_turned_away(fds[from + (int)((long)(to - from) * i / SAMPLES)]);
    return away;
}

static void check_held(const struct stayd *stayd, const int *fds, int count,
                       long before_kb)
{
    int held = count < SERVER_LIMIT ? count : SERVER_LIMIT - 1;
    long grown_kb = process_rss_kb(stayd->process) - before_kb;

    CASE("those who were there are served on");
    CHECK_EQ(serve_old(fds, held), SAMPLES);
    if (count > SERVER_LIMIT + SAMPLES) {
        CASE("beyond its own limit new ones hear 503");
        CHECK_EQ(count_away(fds, SERVER_LIMIT + 1, count), SAMPLES);
    }
    CASE("memory stays within so much a connection");
    check_note("%d connections opened and left, from %d addresses; stayd's "
               "memory grew by %ld kB",
               count, ADDRESSES, grown_kb);
    CHECK(before_kb > 0);
    CHECK(grown_kb < RSS_SLACK_KB + (long)held * BYTES_A_CONNECTION / 1024);
}

static void crowd(void **state)
{
    int most = wanted();
    int *fds = calloc((size_t)most, sizeof *fds);
    struct stayd stayd;
    long before_kb;
    int count = 0;

    (void)state;
    CASE("stayd starts");
    if (fds == NULL || !stayd_start(&stayd, NULL)) {
        free(fds);
        return;
    }
    CHECK_EQ(stayd_metric(&stayd, "stay_connections"), 1);
    before_kb = process_rss_kb(stayd.process);
    CASE("connections are opened and left, as many as there are files");
    while (count < most && (fds[count] = connect_from(stayd.port, count)) >= 0)
        count++;
    CHECK(count > most - OWN_FILES);
    check_held(&stayd, fds, count, before_kb);
    for (int i = 0; i < count; i++)
        (void)close(fds[i]);
    CASE("when they leave, others come");
    CHECK(wait_connections(&stayd, 1) <= 1);
    stayd_clear(&stayd);
    free(fds);
}

/* ---- A thousand sign-ups of one name ---- */

static const char sign_up[] =
    "POST /d/express/api/auth/signup HTTP/1.1\r\nHost: a\r\n"
    "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s";

static void send_sign_up(int fd, int number)
{
    char body[256];
    char bytes[512];
    int length;

    (void)snprintf(body, sizeof body,
                   "{\"username\":\"one-name\",\"email\":\"e%d@b.example\","
                   "\"password\":\"wonderland-1865\"}",
                   number);
    length = snprintf(bytes, sizeof bytes, sign_up, strlen(body), body);
    (void)wire_send(fd, bytes, (size_t)length);
}

struct tally {
    int granted;
    int taken;
    int later; /* 503: the queue of passwords is bounded */
    int other;
};

static struct tally race(const struct stayd *stayd)
{
    static int fds[SIGN_UPS];
    struct tally tally = {.granted = 0};

    for (int i = 0; i < SIGN_UPS; i++)
        fds[i] = connect_from(stayd->port, i);
    for (int i = 0; i < SIGN_UPS; i++)
        send_sign_up(fds[i], i);
    for (int i = 0; i < SIGN_UPS; i++) {
        struct wire_reply reply;

        (void)wire_read(fds[i], false, &reply);
        tally.granted += reply.status == 200;
        tally.taken += reply.status == 400;
        tally.later += reply.status == 503;
        tally.other +=
            reply.status != 200 && reply.status != 400 && reply.status != 503;
        wire_clear(&reply);
        (void)close(fds[i]);
    }
    return tally;
}

static void one_name(void **state)
{
    struct wire_request sign_in = {
        .method = "POST",
        .path = "/d/express/api/auth/signin",
        .body = "{\"username\":\"one-name\",\"password\":\"wonderland-1865\"}"};
    struct wire_reply reply;
    struct stayd stayd;
    struct tally tally;
    long before_kb;

    (void)state;
    CASE("stayd starts");
    if (!stayd_start(&stayd, NULL))
        return;
    before_kb = process_rss_kb(stayd.process);
    CASE("a thousand sign-ups of one name at once: one wins");
    tally = race(&stayd);
    check_note("granted %d, taken %d, try later %d", tally.granted, tally.taken,
               tally.later);
    CHECK_EQ(tally.granted, 1);
    CHECK_EQ(tally.other, 0);
    CHECK_EQ(tally.granted + tally.taken + tally.later, SIGN_UPS);
    CASE("and is there");
    reply = wire_ask(stayd.port, &sign_in);
    CHECK_EQ(reply.status, 200);
    wire_clear(&reply);
    CASE("who comes once more is told that it is taken");
    tally = (struct tally){.granted = 0};
    sign_in.path = "/d/express/api/auth/signup";
    sign_in.body = "{\"username\":\"one-name\",\"email\":\"z@b.example\","
                   "\"password\":\"wonderland-1865\"}";
    reply = wire_ask(stayd.port, &sign_in);
    CHECK_EQ(reply.status, 400);
    wire_clear(&reply);
    CASE("memory is bounded: what a hash takes, for each core");
    check_note("RSS: %ld kB before, %ld kB after", before_kb,
               process_rss_kb(stayd.process));
    CHECK(process_rss_kb(stayd.process) - before_kb <
          RSS_SLACK_KB + sysconf(_SC_NPROCESSORS_ONLN) * 20 * 1024);
    stayd_clear(&stayd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(crowd),
        cmocka_unit_test(one_name),
    };

    if (sodium_init() < 0)
        return 1;
    return check_run("system/hostile_flood", tests);
}
