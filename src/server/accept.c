#include "server/accept.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/listen.h"

/* Whoever is turned away is told when to come back; no Date, no family's
   shape: nothing may be needed for it that could run out. */
static const char too_many[] = "HTTP/1.1 503 Service Unavailable\r\n"
                               "Content-Length: 0\r\n"
                               "Retry-After: 1\r\n"
                               "Connection: close\r\n\r\n";

/* Of a kind that needs no file: the sandbox has none. */
static int open_reserve(void)
{
    return eventfd(0, EFD_CLOEXEC);
}

static void turn_away(struct acceptor *a, int fd)
{
    char sink[4096];

    connections_add(&a->all->turned_away);
    // To close with bytes unread would reset the connection and might lose
    // the answer; what has arrived so far is all that is waited for.
    (void)recv(fd, sink, sizeof sink, MSG_DONTWAIT);
    (void)send(fd, too_many, sizeof too_many - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)shutdown(fd, SHUT_WR);
    (void)close(fd);
}

static struct http_peer peer_of(const struct sockaddr_storage *from)
{
    struct http_peer peer = {0};
    struct sockaddr_in6 v6;
    struct sockaddr_in v4;

    switch (from->ss_family) {
    case AF_INET:
        memcpy(&v4, from, sizeof v4);
        peer.address[10] = peer.address[11] = 0xff;
        memcpy(peer.address + 12, &v4.sin_addr, 4);
        peer.port = ntohs(v4.sin_port);
        break;
    case AF_INET6:
        memcpy(&v6, from, sizeof v6);
        memcpy(peer.address, &v6.sin6_addr, 16);
        peer.port = ntohs(v6.sin6_port);
        break;
    default:
        peer.is_unix = true;
        break;
    }
    return peer;
}

static void on_ready(uv_poll_t *poll, int status, int events);

static void on_pause_over(uv_timer_t *timer)
{
    struct acceptor *a = timer->data;

    if (a->reserve_fd < 0)
        a->reserve_fd = open_reserve();
    (void)uv_poll_start(&a->poll, UV_READABLE, on_ready);
}

/* The socket stays readable: without a pause the loop would spin on it. */
static void pause_accepting(struct acceptor *a)
{
    (void)uv_poll_stop(&a->poll);
    (void)uv_timer_start(&a->pause, on_pause_over, ACCEPT_PAUSE_MS, 0);
}

/* No descriptor is left: the reserve is used to answer one client. */
static void use_reserve(struct acceptor *a)
{
    int fd;

    if (a->reserve_fd < 0) {
        pause_accepting(a);
        return;
    }
    (void)close(a->reserve_fd);
    fd = accept4(a->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0)
        turn_away(a, fd);
    a->reserve_fd = open_reserve();
}

/* Takes one; false when there is no more to take in this turn. */
static bool accept_one(struct acceptor *a)
{
    struct sockaddr_storage from = {0};
    socklen_t size = sizeof from;
    struct http_peer peer;
    int fd = accept4(a->fd, (struct sockaddr *)&from, &size,
                     SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
        use_reserve(a);
        return false;
    }
    if (fd < 0 && (errno == ENOBUFS || errno == ENOMEM)) {
        pause_accepting(a);
        return false;
    }
    if (fd < 0)
        // A client that left before it was taken is no reason to stop.
        return errno == ECONNABORTED || errno == EINTR;
    if (a->all->count >= a->connection_limit) {
        turn_away(a, fd);
        return true;
    }
    peer = peer_of(&from);
    (void)connection_open(a->all, fd, &peer); // closes fd when it fails
    return true;
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct acceptor *a = poll->data;

    (void)events;
    if (status < 0) {
        pause_accepting(a);
        return;
    }
    for (int i = 0; i < ACCEPT_BATCH && accept_one(a); i++)
        ;
}

bool acceptor_open(struct acceptor *a, struct connections *all, int fd)
{
    int on = 1;

    memset(a, 0, sizeof *a);
    a->all = all;
    a->connection_limit = all->config->connection_limit;
    a->fd = fd;
    a->poll.data = a;
    a->pause.data = a;
    if (uv_poll_init(all->uv, &a->poll, fd) != 0) {
        (void)close(fd);
        return false;
    }
    (void)uv_timer_init(all->uv, &a->pause); // always 0
    // Accepted sockets inherit it; a Unix socket refuses, and needs it not.
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    a->is_open = true;
    a->reserve_fd = open_reserve();
    (void)uv_poll_start(&a->poll, UV_READABLE, on_ready);
    return true;
}

void acceptor_close(struct acceptor *a)
{
    if (!a->is_open)
        return;
    a->is_open = false;
    // Whoever connected already has been told so by the kernel.
    if (a->all->draining)
        for (int i = 0; i < LISTEN_BACKLOG && accept_one(a); i++)
            ;
    uv_close((uv_handle_t *)&a->poll, NULL);
    uv_close((uv_handle_t *)&a->pause, NULL);
    (void)close(a->fd);
    if (a->reserve_fd >= 0)
        (void)close(a->reserve_fd);
}
