/*
 * A load on a server over many connections, one request in work on each.
 *
 * usage: load MODE PORT[,PORT...] CONNECTIONS SECONDS FIRST
 *             [PID[,PID...] [SYNCS]]
 *
 * MODE is one of
 *   refresh   each connection is a session of its own that takes committed steps
 *             as fast as they are answered; the first token is verified
 *   spread=COUNT:STEP   the same for COUNT sessions in turn that fill.c has
 *             written: FIRST, FIRST + STEP, ...; none of them moved yet
 *   peer      POST /sign-in, then POST /refresh with the token of the answer
 *             before, as most back ends have it
 *   get       GET /api/test/user with a token
 *   sign-in   ada signs in again and again
 *   idle      each connection makes one request and is then left alone, until
 *             standard input ends
 *
 * FIRST is the number of the first session: no two loads on one server may use
 * the same one. Connections go to the PORTs in turn. PIDs are the server's
 * processes, SYNCS the file of sync_count.c: what they cost meanwhile.
 *
 * Secrets are derived from a session's number, so that a server may know the
 * sessions before (bare_refresh.c, fill.c). Prints one line:
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

#include "load.h"

enum {
    EVENTS_MAX = 256,
    SAMPLES_MAX = 4 * 1000 * 1000,
};

static const char usage[] =
    "usage: load refresh|spread=COUNT:STEP|peer|get|sign-in|idle "
    "PORT[,PORT...] "
    "CONNECTIONS SECONDS FIRST [PID[,PID...] [SYNCS]]\n";

static int64_t now_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t); // cannot fail on Linux
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void take_reply(struct load *load, struct connection *c,
                       const struct talk_reply *reply)
{
    int64_t took_us = now_us() - c->sent_us;

    if (!load_take(load, c, reply) && load->failed++ == 0)
        (void)fprintf(stderr, "load: answered %d: %.300s\n", reply->status,
                      reply->body);
    if (load->samples_count < SAMPLES_MAX)
        load->samples[load->samples_count++] = (uint32_t)took_us;
}

static void watch(const struct load *load, int epoll, unsigned i)
{
    struct epoll_event e = {.events = EPOLLIN, .data.u32 = i};

    if (epoll_ctl(epoll, EPOLL_CTL_ADD, load->connections[i].talk.fd, &e) != 0)
        talk_fail("epoll");
}

/* A request; on a new connection where the server has closed the last. */
static void go_on(struct load *load, int epoll, unsigned i, bool watched)
{
    struct connection *c = &load->connections[i];
    bool again = c->talk.closing;

    c->sent_us = now_us();
    if (again)
        talk_open_again(&c->talk);
    if (again || !watched)
        watch(load, epoll, i);
    load_send(load, c);
}

static void run(struct load *load)
{
    int64_t end_us = now_us() + (int64_t)(load->seconds * 1e6);
    struct epoll_event events[EVENTS_MAX];
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    for (unsigned i = 0; i < load->count; i++)
        go_on(load, epoll, i, false);
    while (now_us() < end_us) {
        int n = epoll_wait(epoll, events, EVENTS_MAX, 100);

        for (int i = 0; i < n; i++) {
            struct connection *c = &load->connections[events[i].data.u32];
            struct talk_reply reply;

            if (!talk_receive(&c->talk, &reply))
                continue;
            take_reply(load, c, &reply);
            go_on(load, epoll, events[i].data.u32, true);
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
        load_send(load, &load->connections[i]);
        (void)talk_expect(&load->connections[i].talk, 200);
    }
    printf("idle\n");
    (void)fflush(stdout); // who waits for the line may be gone
    while (getchar() != EOF)
        ;
}

static bool read_mode(const char *text, struct load *out)
{
    static const char *const names[LOAD_MODES] = {"refresh", "spread",  "peer",
                                                  "get",     "sign-in", "idle"};
    size_t length = strcspn(text, "=");
    unsigned count = 0;

    for (size_t i = 0; i < LOAD_MODES; i++)
        if (strlen(names[i]) == length && memcmp(names[i], text, length) == 0) {
            out->mode = (enum load_mode)i;
            if (out->mode != SPREAD)
                return text[length] == '\0';
            if (sscanf(text + length, "=%u:%u", &count, &out->spread_step) != 2)
                return false;
            out->spread_count = count;
            return true;
        }
    return false;
}

static bool read_ports(const char *text, struct load *out)
{
    while (out->ports_count < LOAD_PORTS_MAX) {
        char *end;

        out->ports[out->ports_count++] = (unsigned)strtoul(text, &end, 10);
        if (*end == '\0')
            return true;
        text = end + 1;
    }
    return false;
}

static bool read_arguments(int argc, char **argv, struct load *out)
{
    if (argc < 6 || argc > 8 || !read_mode(argv[1], out) ||
        !read_ports(argv[2], out))
        return false;
    out->count = (unsigned)strtoul(argv[3], NULL, 10);
    out->seconds = strtod(argv[4], NULL);
    out->next_chain = (unsigned)strtoul(argv[5], NULL, 10);
    out->spread_first = out->next_chain;
    out->server.pids = argc > 6 ? argv[6] : NULL;
    out->server.syncs = argc > 7 ? argv[7] : NULL;
    return out->count > 0 && out->count <= LOAD_CONNECTIONS_MAX &&
           (out->mode != SPREAD || out->spread_count > out->count);
}

int main(int argc, char **argv)
{
    struct load load = {0};

    if (!read_arguments(argc, argv, &load) || sodium_init() < 0) {
        (void)fputs(usage, stderr);
        return 2;
    }
    load.connections = calloc(load.count, sizeof *load.connections);
    load.samples = calloc(SAMPLES_MAX, sizeof *load.samples);
    load.spread = calloc(load.spread_count + 1, sizeof *load.spread);
    if (load.connections == NULL || load.samples == NULL || load.spread == NULL)
        talk_fail("calloc");
    load_prepare(&load);
    if (load.mode == IDLE)
        stay_idle(&load);
    else
        measure(&load);
    return 0;
}
