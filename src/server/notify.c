#include "server/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/server.h"

/* A path, or with @ in front a name of the abstract kind (unix(7)). */
static int connect_to(const char *name)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t length = strlen(name);
    int fd;

    if ((name[0] != '/' && name[0] != '@') || length < 2 ||
        length >= sizeof to.sun_path)
        return -1;
    memcpy(to.sun_path, name, length);
    if (name[0] == '@')
        to.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to,
                           (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
                                       length + (name[0] == '/'))) == 0)
        return fd;
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

/* A number from the environment; `absent` when it is none. */
static int64_t number_from(const char *name, int64_t absent)
{
    const char *text = getenv(name);
    int64_t number = absent;

    if (text != NULL)
        (void)span_to_int(span_of(text), &number); // stays as it is
    return number;
}

void notify_open(struct notify *out)
{
    const char *name = getenv("NOTIFY_SOCKET");
    int64_t watchdog_us = number_from("WATCHDOG_USEC", 0);

    *out = (struct notify){.fd = name == NULL ? -1 : connect_to(name)};
    if (out->fd >= 0 &&
        number_from("WATCHDOG_PID", getpid()) == (int64_t)getpid())
        out->watchdog_ms = watchdog_us / 1000;
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
}

void notify_close(struct notify *notify)
{
    if (notify->fd > 0)
        (void)close(notify->fd);
    free(notify->seen);
    *notify = (struct notify){.fd = -1};
}

void notify_send(const struct notify *notify, const char *text)
{
    if (notify->fd > 0)
        (void)send(notify->fd, text, strlen(text), MSG_NOSIGNAL);
}

/* On each loop. */
static void turn(void *context)
{
    struct worker *worker = context;

    atomic_fetch_add_explicit(&worker->turns, 1, memory_order_relaxed);
}

/* On the first loop: has each one turned since the last look? */
static void look(void *context)
{
    struct server *server = context;
    bool all = true;

    for (size_t i = 0; i < server->worker_count; i++) {
        uint64_t turns = atomic_load_explicit(&server->workers[i].turns,
                                              memory_order_relaxed);

        all &= turns != server->notify.seen[i];
        server->notify.seen[i] = turns;
    }
    if (all)
        notify_send(&server->notify, "WATCHDOG=1");
}

void notify_watch(struct server *server)
{
    // Told three times in its span: one late turn is no alarm.
    int64_t period_ms = server->notify.watchdog_ms / 3;

    if (period_ms <= 0)
        return;
    server->notify.seen =
        calloc(server->worker_count, sizeof *server->notify.seen);
    if (server->notify.seen == NULL)
        return;
    for (size_t i = 0; i < server->worker_count; i++)
        (void)loop_every(server->workers[i].loop,
                         period_ms > 2 ? period_ms / 2 : 1, turn,
                         &server->workers[i]);
    (void)loop_every(server->workers[0].loop, period_ms, look, server);
}
