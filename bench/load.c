/*
 * A load on one server over many connections, one request in work on each.
 *
 * usage: load refresh|get|sign-in|idle PORT CONNECTIONS SECONDS [PATH]
 *
 * refresh   each connection is a session of its own that takes committed steps
 *           as fast as they are answered; the first reply is checked
 * get       GET PATH with a token, /api/test/user unless said
 * sign-in   ada signs in again and again
 * idle      connections are opened, then left alone until standard input ends
 *
 * Secrets are derived from a connection's number, so that a server may know the
 * sessions before (bare_refresh.c does): R = SHA-256("R" i), S_0 likewise, and
 * S_n+1 follows from S_n. Prints one line:
 *   done COUNT seconds S rate R p50_us N p99_us N max_us N failed N
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "chain.h"

enum {
    CONNECTIONS_MAX = 8192,
    REPLY_SIZE = 8192,
    REQUEST_SIZE = 4096,
    TOKEN_SIZE = 2048,
    SAMPLES_MAX = 4 * 1000 * 1000,
};

enum mode { REFRESH, GET, SIGN_IN, IDLE };

struct connection {
    int fd;
    struct chain chain;
    char reply[REPLY_SIZE];
    size_t length;
    int64_t sent_us;
};

struct load {
    enum mode mode;
    unsigned port;
    unsigned count;
    double seconds;
    const char *path;
    char token[TOKEN_SIZE];
    struct connection *connections;
    uint32_t *samples;
    size_t samples_count;
    size_t done;
    size_t failed;
};

static int64_t now_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void fail(const char *what)
{
    (void)fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int connect_to(unsigned port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        fail("connect");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return fd;
}

static size_t write_post(char *out, size_t size, const char *path,
                         const char *body)
{
    return (size_t)snprintf(out, size,
                            "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                            "Content-Type: application/json\r\n"
                            "Content-Length: %zu\r\n\r\n%s",
                            path, strlen(body), body);
}

static size_t write_request(const struct load *load, struct connection *c,
                            char *out, size_t size)
{
    char body[1024];

    switch (load->mode) {
    case REFRESH:
        chain_refresh_body(&c->chain, body, sizeof body);
        return write_post(out, size, "/api/session/refresh", body);
    case SIGN_IN:
        chain_init(&c->chain, (unsigned)(load->done + load->count));
        chain_sign_in_body(&c->chain, body, sizeof body);
        return write_post(out, size, "/api/session", body);
    case GET:
    case IDLE:
        break;
    }
    return (size_t)snprintf(out, size,
                            "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                            "Authorization: Bearer %s\r\n\r\n",
                            load->path, load->token);
}

static void send_request(const struct load *load, struct connection *c)
{
    char request[REQUEST_SIZE];
    size_t length = write_request(load, c, request, sizeof request);

    c->length = 0;
    c->sent_us = now_us();
    if (send(c->fd, request, length, MSG_NOSIGNAL) != (ssize_t)length)
        fail("send");
}

/* Is the reply whole? Its status and body then. */
static bool whole(struct connection *c, int *status, char **body)
{
    char *end = strstr(c->reply, "\r\n\r\n");
    char *length = strcasestr(c->reply, "\r\ncontent-length: ");
    size_t head;

    if (end == NULL || length == NULL)
        return false;
    head = (size_t)(end - c->reply) + 4;
    if (c->length < head + strtoul(length + 18, NULL, 10))
        return false;
    *status = (int)strtol(c->reply + 9, NULL, 10);
    *body = c->reply + head;
    return true;
}

/* Reads what is there; true when the reply is whole. */
static bool receive(struct connection *c, int *status, char **body)
{
    ssize_t n =
        recv(c->fd, c->reply + c->length, REPLY_SIZE - 1 - c->length, 0);

    if (n <= 0)
        fail("the server closed a connection");
    c->length += (size_t)n;
    c->reply[c->length] = '\0';
    return whole(c, status, body);
}

static void ask_and_wait(struct load *load, struct connection *c, int want,
                         char **body)
{
    int status = 0;

    send_request(load, c);
    while (!receive(c, &status, body))
        ;
    if (status != want) {
        (void)fprintf(stderr, "load: answered %d: %s\n", status, *body);
        exit(1);
    }
}

static void take_token(struct load *load, const char *body)
{
    static const char name[] = "\"access_token\":\"";
    const char *from = strstr(body, name);
    size_t length;

    if (from == NULL)
        return;
    from += sizeof name - 1;
    length = strcspn(from, "\"");
    if (length < sizeof load->token) {
        memcpy(load->token, from, length);
        load->token[length] = '\0';
    }
}

/* One sign-in per session, on the connection that will use it. */
static void sign_in(struct load *load, struct connection *c)
{
    char request[REQUEST_SIZE];
    char body[1024];
    char *reply;
    int status = 0;
    size_t length;

    chain_sign_in_body(&c->chain, body, sizeof body);
    length = write_post(request, sizeof request, "/api/session", body);
    c->length = 0;
    if (send(c->fd, request, length, MSG_NOSIGNAL) != (ssize_t)length)
        fail("send");
    while (!receive(c, &status, &reply))
        ;
    if (status != 201 && status != 404) {
        (void)fprintf(stderr, "load: sign-in answered %d: %s\n", status, reply);
        exit(1);
    }
    take_token(load, reply);
}

static void prepare(struct load *load)
{
    for (unsigned i = 0; i < load->count; i++) {
        struct connection *c = &load->connections[i];

        chain_init(&c->chain, i);
        c->fd = connect_to(load->port);
        if (load->mode == REFRESH || (load->mode == GET && i == 0))
            sign_in(load, c);
    }
}

static void finish_one(struct load *load, struct connection *c, int status)
{
    int64_t took = now_us() - c->sent_us;

    if (status / 100 != 2)
        load->failed++;
    else if (load->mode == REFRESH)
        chain_advance(&c->chain);
    if (load->samples_count < SAMPLES_MAX)
        load->samples[load->samples_count++] = (uint32_t)took;
    load->done++;
}

static void run(struct load *load)
{
    int64_t end = now_us() + (int64_t)(load->seconds * 1e6);
    struct epoll_event events[256];
    int epoll = epoll_create1(0);

    for (unsigned i = 0; i < load->count; i++) {
        struct epoll_event e = {.events = EPOLLIN, .data.u32 = i};

        (void)epoll_ctl(epoll, EPOLL_CTL_ADD, load->connections[i].fd, &e);
        send_request(load, &load->connections[i]);
    }
    while (now_us() < end) {
        int n = epoll_wait(epoll, events, 256, 100);

        for (int i = 0; i < n; i++) {
            struct connection *c = &load->connections[events[i].data.u32];
            char *body;
            int status;

            if (!receive(c, &status, &body))
                continue;
            finish_one(load, c, status);
            send_request(load, c);
        }
    }
    (void)close(epoll);
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static uint32_t quantile(const struct load *load, double q)
{
    size_t i = (size_t)(q * (double)load->samples_count);

    if (load->samples_count == 0)
        return 0;
    return load->samples[i < load->samples_count ? i : load->samples_count - 1];
}

static void print_result(struct load *load, double seconds)
{
    qsort(load->samples, load->samples_count, sizeof *load->samples, compare);
    printf("done %zu seconds %.3f rate %.1f p50_us %u p99_us %u max_us %u "
           "failed %zu\n",
           load->done, seconds, (double)load->done / seconds,
           quantile(load, 0.50), quantile(load, 0.99), quantile(load, 1.0),
           load->failed);
}

static void stay_idle(void)
{
    printf("idle\n");
    (void)fflush(stdout);
    while (getchar() != EOF)
        ;
}

static bool read_arguments(int argc, char **argv, struct load *out)
{
    static const char *const names[] = {"refresh", "get", "sign-in", "idle"};
    bool known = false;

    if (argc < 5)
        return false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(argv[1], names[i]) == 0) {
            out->mode = (enum mode)i;
            known = true;
        }
    out->port = (unsigned)strtoul(argv[2], NULL, 10);
    out->count = (unsigned)strtoul(argv[3], NULL, 10);
    out->seconds = strtod(argv[4], NULL);
    out->path = argc > 5 ? argv[5] : "/api/test/user";
    return known && out->count > 0 && out->count <= CONNECTIONS_MAX;
}

int main(int argc, char **argv)
{
    struct load load = {0};
    int64_t start;
    char *body;

    if (!read_arguments(argc, argv, &load) || sodium_init() < 0) {
        (void)fprintf(stderr, "usage: load refresh|get|sign-in|idle PORT "
                              "CONNECTIONS SECONDS [PATH]\n");
        return 2;
    }
    load.connections = calloc(load.count, sizeof *load.connections);
    load.samples = calloc(SAMPLES_MAX, sizeof *load.samples);
    if (load.connections == NULL || load.samples == NULL)
        return 1;
    prepare(&load);
    if (load.mode == IDLE) {
        stay_idle();
        return 0;
    }
    ask_and_wait(&load, &load.connections[0], load.mode == SIGN_IN ? 201 : 200,
                 &body);
    if (load.mode == REFRESH) {
        chain_advance(&load.connections[0].chain);
        if (strstr(body, "\"access_token\":\"eyJ") == NULL)
            fail("the first reply holds no access token");
    }
    start = now_us();
    run(&load);
    print_result(&load, (double)(now_us() - start) / 1e6);
    return 0;
}
