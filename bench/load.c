/*
 * A load on one server over many connections, one request in work on each.
 *
 * usage: load refresh|get|sign-in|idle PORT CONNECTIONS SECONDS FIRST
 *             [PID [SYNCS]]
 *
 * refresh   each connection is a session of its own that takes committed steps
 *           as fast as they are answered; the first token is verified
 * get       GET /api/test/user with a token
 * sign-in   ada signs in again and again
 * idle      each connection makes one request and is then left alone, until
 *           standard input ends
 *
 * FIRST is the number of the first session: no two loads on one server may use
 * the same one. PID is the server's, SYNCS the file of sync_count.c: what they cost meanwhile.
 *
 * Secrets are derived from a connection's number, so that a server may know the
 * sessions before (bare_refresh.c does). Prints one line:
 *   done N failed N rate R p50_us N p99_us N max_us N cpu_s S syncs N
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "chain.h"
#include "cost.h"
#include "talk.h"
#include "token_check.h"

enum {
    CONNECTIONS_MAX = 8192,
    EVENTS_MAX = 256,
    SAMPLES_MAX = 4 * 1000 * 1000,
    BODY_SIZE = 1024,
    TOKEN_USUAL = 480, /* characters of an access token */
};

enum mode { REFRESH, GET, SIGN_IN, IDLE };

struct connection {
    struct talk talk;
    struct chain chain;
    int64_t sent_us;
};

struct load {
    enum mode mode;
    unsigned port;
    unsigned count;
    double seconds;
    struct cost_of server;
    char token[TOKEN_CHECK_SIZE];
    struct connection *connections;
    uint32_t *samples; /* in microseconds */
    size_t samples_count;
    size_t failed;
    unsigned next_chain; /* the next session's number */
};

static int64_t now_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t); // cannot fail on Linux
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void send_sign_in(struct connection *c)
{
    char body[BODY_SIZE];

    chain_sign_in_body(&c->chain, body, sizeof body);
    talk_post(&c->talk, "/api/session", body);
}

static void send_refresh(struct connection *c)
{
    char body[BODY_SIZE];

    chain_refresh_body(&c->chain, body, sizeof body);
    talk_post(&c->talk, "/api/session/refresh", body);
}

static void send_request(struct load *load, struct connection *c)
{
    c->sent_us = now_us();
    switch (load->mode) {
    case REFRESH:
        send_refresh(c);
        return;
    case SIGN_IN:
        chain_init(&c->chain, load->next_chain++);
        send_sign_in(c);
        return;
    case GET:
        talk_get(&c->talk, "/api/test/user", load->token);
        return;
    case IDLE:
        talk_get(&c->talk, "/api/test/all", NULL);
    }
}

/*
 * The server's own, or 404: it knows the sessions already, or looks at no token
 * and gets one that is as long as ours.
 */
static void sign_in(struct load *load, struct connection *c)
{
    struct talk_reply reply = {0};

    send_sign_in(c);
    while (!talk_receive(&c->talk, &reply))
        ;
    if (reply.status != 201 && reply.status != 404)
        talk_fail(reply.body);
    if (!token_check_take(reply.body, load->token))
        memset(load->token, 'A', TOKEN_USUAL);
}

/* One refresh, whose token the server's published key must have signed. */
static void verify_first(struct connection *c)
{
    char token[TOKEN_CHECK_SIZE];

    send_refresh(c);
    if (!token_check_take(talk_expect(&c->talk, 200), token))
        talk_fail("the first reply holds no token");
    chain_advance(&c->chain);
    talk_get(&c->talk, "/.well-known/jwks.json", NULL);
    if (!token_check_signed(token, talk_expect(&c->talk, 200)))
        talk_fail("the first token is not signed by the published key");
}

static void prepare(struct load *load)
{
    for (unsigned i = 0; i < load->count; i++) {
        struct connection *c = &load->connections[i];

        chain_init(&c->chain, load->next_chain++);
        talk_open(&c->talk, load->port);
        if (load->mode == REFRESH || (load->mode == GET && i == 0))
            sign_in(load, c);
    }
    if (load->mode == REFRESH)
        verify_first(&load->connections[0]);
}

static void take_reply(struct load *load, struct connection *c, int status)
{
    int64_t took_us = now_us() - c->sent_us;

    if (status / 100 != 2)
        load->failed++;
    else if (load->mode == REFRESH)
        chain_advance(&c->chain);
    if (load->samples_count < SAMPLES_MAX)
        load->samples[load->samples_count++] = (uint32_t)took_us;
}

static void start_all(struct load *load, int epoll)
{
    for (unsigned i = 0; i < load->count; i++) {
        struct epoll_event e = {.events = EPOLLIN, .data.u32 = i};
        int fd = load->connections[i].talk.fd;

        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) != 0)
            talk_fail("epoll");
        send_request(load, &load->connections[i]);
    }
}

static void run(struct load *load)
{
    int64_t end_us = now_us() + (int64_t)(load->seconds * 1e6);
    struct epoll_event events[EVENTS_MAX];
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    start_all(load, epoll);
    while (now_us() < end_us) {
        int n = epoll_wait(epoll, events, EVENTS_MAX, 100);

        for (int i = 0; i < n; i++) {
            struct connection *c = &load->connections[events[i].data.u32];
            struct talk_reply reply;

            if (!talk_receive(&c->talk, &reply))
                continue;
            take_reply(load, c, reply.status);
            send_request(load, c);
        }
    }
    (void)close(epoll); // nothing is kept in it
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static uint32_t quantile(const struct load *load, double q)
{
    size_t i = (size_t)(q * (double)load->samples_count);

    if (load->samples_count == 0)
        return 0;
    return load->samples[i < load->samples_count ? i : load->samples_count - 1];
}

static void measure(struct load *load)
{
    struct cost before = cost_read(&load->server);
    int64_t start_us = now_us();
    struct cost after;
    double seconds;

    run(load);
    seconds = (double)(now_us() - start_us) / 1e6;
    after = cost_read(&load->server);
    qsort(load->samples, load->samples_count, sizeof *load->samples, compare);
    printf("done %zu failed %zu rate %.1f p50_us %u p99_us %u max_us %u "
           "cpu_s %.2f syncs %lld\n",
           load->samples_count, load->failed,
           (double)load->samples_count / seconds, quantile(load, 0.50),
           quantile(load, 0.99), quantile(load, 1.0),
           after.cpu_s - before.cpu_s, (long long)(after.syncs - before.syncs));
}

static void stay_idle(struct load *load)
{
    for (unsigned i = 0; i < load->count; i++) {
        send_request(load, &load->connections[i]);
        (void)talk_expect(&load->connections[i].talk, 200);
    }
    printf("idle\n");
    (void)fflush(stdout); // who waits for the line may be gone
    while (getchar() != EOF)
        ;
}

static bool read_arguments(int argc, char **argv, struct load *out)
{
    static const char *const names[] = {"refresh", "get", "sign-in", "idle"};
    bool known = false;

    if (argc < 6 || argc > 8)
        return false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(argv[1], names[i]) == 0) {
            out->mode = (enum mode)i;
            known = true;
        }
    out->port = (unsigned)strtoul(argv[2], NULL, 10);
    out->count = (unsigned)strtoul(argv[3], NULL, 10);
    out->seconds = strtod(argv[4], NULL);
    out->next_chain = (unsigned)strtoul(argv[5], NULL, 10);
    out->server.pid = argc > 6 ? argv[6] : NULL;
    out->server.syncs = argc > 7 ? argv[7] : NULL;
    return known && out->count > 0 && out->count <= CONNECTIONS_MAX;
}

int main(int argc, char **argv)
{
    struct load load = {0};

    if (!read_arguments(argc, argv, &load) || sodium_init() < 0) {
        (void)fprintf(stderr, "usage: load refresh|get|sign-in|idle PORT "
                              "CONNECTIONS SECONDS FIRST [PID [SYNCS]]\n");
        return 2;
    }
    load.connections = calloc(load.count, sizeof *load.connections);
    load.samples = calloc(SAMPLES_MAX, sizeof *load.samples);
    if (load.connections == NULL || load.samples == NULL)
        talk_fail("calloc");
    prepare(&load);
    if (load.mode == IDLE)
        stay_idle(&load);
    else
        measure(&load);
    return 0;
}
