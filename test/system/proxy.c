#include "proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    PAIRS_MAX = 256,
    PIECE_SIZE = 64 * 1024,
    TURN_MS = 20, /* the thread looks at what it was told this often */
};

struct pair {
    int client; /* -1: this place is free */
    int server;
    bool watched;  /* the request in work holds the path */
    bool answered; /* by the proxy itself; the rest is read and dropped */
    bool silent;   /* whatever comes, from either end, is read and dropped */
};

struct proxy {
    pthread_t thread;
    pthread_mutex_t lock; /* over all that follows, up to pairs */
    unsigned target_port;
    unsigned cuts_left;
    unsigned kept;
    int64_t cut_until_ms;
    const char *answer;
    bool hang;
    bool hold;
    bool silence;
    bool stop;
    unsigned cut_count;
    unsigned seen_count;

    const char *path;
    unsigned port;
    int listener;
    struct pair pairs[PAIRS_MAX]; /* these two are the thread's own */
    char piece[PIECE_SIZE];
};

static int64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct sockaddr_in loopback(unsigned port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
}

static int connect_to(unsigned port)
{
    struct sockaddr_in to = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

static void drop_pair(struct pair *pair)
{
    (void)close(pair->client);
    if (pair->server >= 0)
        (void)close(pair->server);
    pair->client = -1;
}

static void accept_pair(struct proxy *p)
{
    int client = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
    unsigned port;

    if (client < 0)
        return;
    (void)pthread_mutex_lock(&p->lock);
    port = p->target_port;
    (void)pthread_mutex_unlock(&p->lock);
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        struct pair *pair = &p->pairs[i];

        if (pair->client >= 0)
            continue;
        *pair = (struct pair){.client = client, .server = connect_to(port)};
        if (pair->server < 0)
            drop_pair(pair);
        return;
    }
    (void)close(client);
}

static bool send_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

/* Does the first line of `bytes` hold the path? */
static bool holds_path(const char *bytes, size_t size, const char *path)
{
    const char *end = memchr(bytes, '\n', size);

    return end != NULL &&
           memmem(bytes, (size_t)(end - bytes), path, strlen(path)) != NULL;
}

/* What is to become of a watched request; the answer, or NULL. */
static const char *look_at(struct proxy *p, bool *hang)
{
    const char *answer;

    (void)pthread_mutex_lock(&p->lock);
    p->seen_count++;
    *hang = p->hang;
    answer = p->answer;
    (void)pthread_mutex_unlock(&p->lock);
    return answer;
}

/* One piece from the client; false ends the pair. */
static bool pass_request(struct proxy *p, struct pair *pair, char *piece)
{
    ssize_t n = recv(pair->client, piece, PIECE_SIZE, 0);
    const char *answer = NULL;
    bool hang = false;

    if (n <= 0)
        return false;
    if (pair->silent)
        return true;
    if (memmem(piece, (size_t)n, " HTTP/1.", 8) != NULL) {
        pair->watched = holds_path(piece, (size_t)n, p->path);
        if (pair->watched)
            answer = look_at(p, &hang);
    }
    if (answer != NULL) {
        (void)send_all(pair->client, answer, strlen(answer));
        // The body may still be on its way: closing now would reset the answer.
        (void)shutdown(pair->client, SHUT_WR);
        pair->answered = true;
        return true;
    }
    return hang || pair->answered || send_all(pair->server, piece, (size_t)n);
}

/* Is this reply to be cut? *kept says after how many bytes. */
static bool take_cut(struct proxy *p, size_t *kept)
{
    bool cut;

    (void)pthread_mutex_lock(&p->lock);
    cut = p->cuts_left > 0 || now_ms() < p->cut_until_ms;
    *kept = p->cuts_left > 0 ? p->kept : 0;
    if (p->cuts_left > 0)
        p->cuts_left--;
    if (cut)
        p->cut_count++;
    (void)pthread_mutex_unlock(&p->lock);
    return cut;
}

/* One piece from the server; false ends the pair. */
static bool pass_reply(struct proxy *p, struct pair *pair, char *piece)
{
    ssize_t n = recv(pair->server, piece, PIECE_SIZE, 0);
    size_t kept;

    if (n <= 0)
        return false;
    if (pair->silent)
        return true;
    if (pair->watched && take_cut(p, &kept)) {
        if (kept < (size_t)n)
            n = (ssize_t)kept;
        (void)send_all(pair->client, piece, (size_t)n);
        return false;
    }
    return send_all(pair->client, piece, (size_t)n);
}

static void serve_pair(struct proxy *p, struct pair *pair,
                       const struct pollfd *f, char *piece)
{
    bool good = true;

    if (f[0].revents)
        good = pass_request(p, pair, piece);
    if (good && f[1].revents)
        good = pass_reply(p, pair, piece);
    if (!good)
        drop_pair(pair);
}

static void take_turn(struct proxy *p, char *piece)
{
    struct pollfd f[1 + 2 * PAIRS_MAX];
    struct pair *of[PAIRS_MAX];
    nfds_t count = 1;
    bool hold, silence;

    (void)pthread_mutex_lock(&p->lock);
    hold = p->hold;
    silence = p->silence;
    (void)pthread_mutex_unlock(&p->lock);

    f[0] = (struct pollfd){.fd = p->listener, .events = POLLIN};
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        if (p->pairs[i].client < 0)
            continue;
        p->pairs[i].silent = p->pairs[i].silent || silence;
        of[count / 2] = &p->pairs[i];
        f[count++] =
            (struct pollfd){.fd = p->pairs[i].client, .events = POLLIN};
        f[count++] = (struct pollfd){
            .fd = hold && p->pairs[i].watched ? -1 : p->pairs[i].server,
            .events = POLLIN};
    }
    if (poll(f, count, TURN_MS) <= 0)
        return;
    for (nfds_t i = 1; i < count; i += 2)
        serve_pair(p, of[i / 2], &f[i], piece);
    if (f[0].revents)
        accept_pair(p);
}

static void *run(void *context)
{
    struct proxy *p = context;
    bool stop = false;

    while (!stop) {
        take_turn(p, p->piece);
        (void)pthread_mutex_lock(&p->lock);
        stop = p->stop;
        (void)pthread_mutex_unlock(&p->lock);
    }
    for (size_t i = 0; i < PAIRS_MAX; i++)
        if (p->pairs[i].client >= 0)
            drop_pair(&p->pairs[i]);
    return NULL;
}

static bool listen_on_loopback(struct proxy *p)
{
    struct sockaddr_in at = loopback(0);
    socklen_t size = sizeof at;

    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (p->listener < 0 ||
        bind(p->listener, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(p->listener, 128) != 0 ||
        getsockname(p->listener, (struct sockaddr *)&at, &size) != 0)
        return false;
    p->port = ntohs(at.sin_port);
    return true;
}

struct proxy *proxy_open(unsigned target_port, const char *path)
{
    struct proxy *p = calloc(1, sizeof *p);

    if (p == NULL)
        return NULL;
    p->target_port = target_port;
    p->path = path;
    for (size_t i = 0; i < PAIRS_MAX; i++)
        p->pairs[i].client = -1;
    (void)pthread_mutex_init(&p->lock, NULL);
    if (!listen_on_loopback(p) ||
        pthread_create(&p->thread, NULL, run, p) != 0) {
        if (p->listener >= 0)
            (void)close(p->listener);
        free(p);
        return NULL;
    }
    return p;
}

void proxy_close(struct proxy *p)
{
    if (p == NULL)
        return;
    (void)pthread_mutex_lock(&p->lock);
    p->stop = true;
    (void)pthread_mutex_unlock(&p->lock);
    (void)pthread_join(p->thread, NULL);
    (void)close(p->listener);
    (void)pthread_mutex_destroy(&p->lock);
    free(p);
}

unsigned proxy_port(const struct proxy *p)
{
    return p->port;
}

void proxy_target(struct proxy *p, unsigned port)
{
    (void)pthread_mutex_lock(&p->lock);
    p->target_port = port;
    (void)pthread_mutex_unlock(&p->lock);
}

void proxy_cut(struct proxy *p, unsigned count, unsigned kept)
{
    (void)pthread_mutex_lock(&p->lock);
    p->cuts_left = count;
    p->kept = kept;
    (void)pthread_mutex_unlock(&p->lock);
}

void proxy_cut_for(struct proxy *p, int64_t ms)
{
    (void)pthread_mutex_lock(&p->lock);
    p->cut_until_ms = now_ms() + ms;
    (void)pthread_mutex_unlock(&p->lock);
}

void proxy_hang(struct proxy *p, int hang)
{
    (void)pthread_mutex_lock(&p->lock);
    p->hang = hang != 0;
    (void)pthread_mutex_unlock(&p->lock);
}

void proxy_answer(struct proxy *p, const char *bytes)
{
    (void)pthread_mutex_lock(&p->lock);
    p->answer = bytes;
    (void)pthread_mutex_unlock(&p->lock);
}

void proxy_hold(struct proxy *p, int hold)
{
    (void)pthread_mutex_lock(&p->lock);
    p->hold = hold != 0;
    (void)pthread_mutex_unlock(&p->lock);
}

void proxy_silence(struct proxy *p, int silence)
{
    (void)pthread_mutex_lock(&p->lock);
    p->silence = silence != 0;
    (void)pthread_mutex_unlock(&p->lock);
}

unsigned proxy_cut_count(struct proxy *p)
{
    unsigned count;

    (void)pthread_mutex_lock(&p->lock);
    count = p->cut_count;
    (void)pthread_mutex_unlock(&p->lock);
    return count;
}

unsigned proxy_seen_count(struct proxy *p)
{
    unsigned count;

    (void)pthread_mutex_lock(&p->lock);
    count = p->seen_count;
    (void)pthread_mutex_unlock(&p->lock);
    return count;
}
