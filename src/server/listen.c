#include "server/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"

enum {
    FIRST_INHERITED = 3, /* sd_listen_fds(3) */
    UNIX_MODE = 0660,    /* who may connect: owner and group */
};

static const struct span unix_prefix = {"unix:", 5};

static enum listen_result fail(char problem[LISTEN_TEXT],
                               enum listen_result result, const char *format,
                               ...) __attribute__((format(printf, 3, 4)));

static enum listen_result fail(char problem[LISTEN_TEXT],
                               enum listen_result result, const char *format,
                               ...)
{
    va_list words;

    va_start(words, format);
    (void)vsnprintf(problem, LISTEN_TEXT, format, words); // cut if too long
    va_end(words);
    return result;
}

static bool parse_unix(const char *path, struct listen_address *out)
{
    size_t length = strlen(path);

    if (length == 0 || length >= sizeof out->socket.local.sun_path)
        return false;
    out->socket.local.sun_family = AF_UNIX;
    memcpy(out->socket.local.sun_path, path, length + 1);
    out->length = sizeof out->socket.local;
    return true;
}

static bool parse_port(struct span text, in_port_t *out)
{
    int64_t port;

    if (!span_to_int(text, &port) || port > UINT16_MAX)
        return false;
    *out = htons((uint16_t)port);
    return true;
}

/* The text between the brackets, or before the colon, as inet_pton wants it. */
static bool parse_host(struct span host, int family, void *out)
{
    char text[INET6_ADDRSTRLEN];

    if (host.length >= sizeof text)
        return false;
    memcpy(text, host.text, host.length);
    text[host.length] = '\0';
    return inet_pton(family, text, out) == 1;
}

static bool parse_v6(struct span text, struct listen_address *out)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    struct span inside = span_tail(text, 1);
    size_t end = span_find(inside, ']');
    struct span rest = span_tail(inside, end + 1);

    if (!span_starts(rest, SPAN(":")) ||
        !parse_host(span_head(inside, end), AF_INET6, &v6.sin6_addr) ||
        !parse_port(span_tail(rest, 1), &v6.sin6_port))
        return false;
    memcpy(&out->socket.room, &v6, sizeof v6);
    out->length = sizeof v6;
    return true;
}

static bool parse_v4(struct span text, struct listen_address *out)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    size_t colon = span_find(text, ':');
    struct span host = span_head(text, colon);

    if (span_is(host, "localhost"))
        host = SPAN("127.0.0.1");
    if (host.length == 0 || !parse_host(host, AF_INET, &v4.sin_addr) ||
        !parse_port(span_tail(text, colon + 1), &v4.sin_port))
        return false;
    memcpy(&out->socket.room, &v4, sizeof v4);
    out->length = sizeof v4;
    return true;
}

enum listen_result listen_parse(const char *text, struct listen_address *out,
                                char problem[LISTEN_TEXT])
{
    struct listen_address address;
    struct span all = span_of(text);
    bool good;

    memset(&address, 0, sizeof address);
    problem[0] = '\0';
    if (span_starts(all, unix_prefix))
        good = parse_unix(text + unix_prefix.length, &address);
    else if (span_starts(all, SPAN("[")))
        good = parse_v6(all, &address);
    else
        good = parse_v4(all, &address);
    if (!good)
        return fail(problem, LISTEN_BAD_ADDRESS,
                    "'%.80s' is no address to listen on: want ADDR:PORT, "
                    "[IPV6]:PORT or unix:PATH (path up to %zu bytes)",
                    text, sizeof address.socket.local.sun_path - 1);
    *out = address;
    return LISTEN_OK;
}

static struct sockaddr_in v4_of(const struct listen_address *address)
{
    struct sockaddr_in v4;

    memcpy(&v4, &address->socket.room, sizeof v4);
    return v4;
}

static struct sockaddr_in6 v6_of(const struct listen_address *address)
{
    struct sockaddr_in6 v6;

    memcpy(&v6, &address->socket.room, sizeof v6);
    return v6;
}

bool listen_is_local(const struct listen_address *address)
{
    struct sockaddr_in6 v6;

    switch (address->socket.any.sa_family) {
    case AF_INET:
        return (ntohl(v4_of(address).sin_addr.s_addr) >> 24) == 127;
    case AF_INET6:
        v6 = v6_of(address);
        return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) != 0;
    default:
        return true;
    }
}

static void write_url(const struct listen_address *address,
                      char out[LISTEN_TEXT])
{
    char host[INET6_ADDRSTRLEN] = "";
    struct sockaddr_in6 v6;
    struct sockaddr_in v4;

    switch (address->socket.any.sa_family) {
    case AF_INET:
        v4 = v4_of(address);
        (void)inet_ntop(AF_INET, &v4.sin_addr, host, sizeof host);
        (void)snprintf(out, LISTEN_TEXT, "http://%s:%u", host,
                       (unsigned)ntohs(v4.sin_port));
        break;
    case AF_INET6:
        v6 = v6_of(address);
        (void)inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof host);
        (void)snprintf(out, LISTEN_TEXT, "http://[%s]:%u", host,
                       (unsigned)ntohs(v6.sin6_port));
        break;
    default:
        (void)snprintf(out, LISTEN_TEXT, "unix:%.108s",
                       address->socket.local.sun_path);
        break;
    }
}

/* Opens and binds; -1 with errno. `shared`: our other loops may bind it too. */
static int bind_one(const struct listen_address *address, bool shared)
{
    int family = address->socket.any.sa_family;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1;
    int code = 0;

    if (fd < 0)
        return -1;
    if (family != AF_UNIX)
        code |= setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (family == AF_INET6)
        code |= setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (shared)
        code |= setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (code == 0)
        code = bind(fd, &address->socket.any, address->length);
    // What our umask took away; nobody can connect before listen.
    if (code == 0 && family == AF_UNIX)
        code = chmod(address->socket.local.sun_path, UNIX_MODE);
    if (code == 0)
        return fd;
    code = errno;
    (void)close(fd);
    errno = code;
    return -1;
}

/* A port that was picked by the kernel becomes part of the address. */
static void learn_port(struct listen_address *address, int fd)
{
    if (address->socket.any.sa_family == AF_UNIX)
        return;
    address->length = sizeof address->socket.room;
    (void)getsockname(fd, &address->socket.any, &address->length);
}

/* Whether the file is a socket that nobody listens on any more. */
static bool is_dead_socket(const struct listen_address *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct stat file;
    bool dead = false;

    if (fd < 0)
        return false;
    if (lstat(address->socket.local.sun_path, &file) == 0 &&
        S_ISSOCK(file.st_mode))
        dead = connect(fd, &address->socket.any, address->length) != 0 &&
               errno == ECONNREFUSED;
    (void)close(fd);
    return dead;
}

/* The first socket, bound alone, so that a taken address is seen. */
static int bind_alone(struct listen_address *address)
{
    int fd = bind_one(address, false);

    if (fd < 0 && errno == EADDRINUSE &&
        address->socket.any.sa_family == AF_UNIX && is_dead_socket(address)) {
        (void)unlink(address->socket.local.sun_path); // bind will tell
        fd = bind_one(address, false);
    }
    if (fd >= 0)
        learn_port(address, fd);
    return fd;
}

/* One socket for all loops: each gets a descriptor of its own. */
static bool share_one(int fd, size_t count, int fds[], size_t *opened)
{
    fds[0] = fd;
    *opened = 1;
    if (listen(fd, LISTEN_BACKLOG) != 0)
        return false;
    for (; *opened < count; ++*opened) {
        fds[*opened] = listen_share(fd);
        if (fds[*opened] < 0)
            return false;
    }
    return true;
}

/* A socket for each loop, among which the kernel deals connections out. */
static bool bind_each(const struct listen_address *address, size_t count,
                      int fds[], size_t *opened)
{
    while (*opened < count) {
        int fd = bind_one(address, true);

        if (fd < 0)
            return false;
        fds[(*opened)++] = fd;
        if (listen(fd, LISTEN_BACKLOG) != 0)
            return false;
    }
    return true;
}

/* On failure *opened sockets are in fds, for the caller to close. */
static bool open_all(struct listen_address *address, size_t count, int fds[],
                     size_t *opened)
{
    int fd = bind_alone(address);

    *opened = 0;
    if (fd < 0)
        return false;
    if (count == 1 || address->socket.any.sa_family == AF_UNIX)
        return share_one(fd, count, fds, opened);
    // The kernel lets sockets share a port only if all said so before bind.
    (void)close(fd);
    return bind_each(address, count, fds, opened);
}

enum listen_result listen_open(struct listen_address *address, size_t count,
                               int fds[], char problem[LISTEN_TEXT])
{
    struct listen_address bound = *address;
    char url[LISTEN_TEXT];
    size_t opened = 0;
    int code;

    problem[0] = '\0';
    if (open_all(&bound, count, fds, &opened)) {
        *address = bound;
        return LISTEN_OK;
    }
    code = errno;
    for (size_t i = 0; i < opened; i++)
        (void)close(fds[i]);
    write_url(address, url);
    if (code == EADDRINUSE)
        return fail(problem, LISTEN_TAKEN,
                    "cannot listen on %.180s: it is taken by another program",
                    url);
    return fail(problem, LISTEN_SYSTEM, "cannot listen on %.150s: %s", url,
                strerror(code));
}

static bool is_listener(int fd)
{
    int type = 0;
    int listening = 0;
    socklen_t size = sizeof type;

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
           type == SOCK_STREAM &&
           getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 &&
           listening != 0;
}

/* A number from the environment; 0 when it is absent or none. */
static int64_t number_from(const char *name)
{
    int64_t number = 0;

    (void)span_to_int(span_of(getenv(name)), &number); // stays 0
    return number;
}

size_t listen_inherited(int fds[], size_t room)
{
    int64_t passed = number_from("LISTEN_FDS");
    bool for_us = number_from("LISTEN_PID") == (int64_t)getpid();
    size_t count = 0;

    (void)unsetenv("LISTEN_FDS");
    (void)unsetenv("LISTEN_PID");
    (void)unsetenv("LISTEN_FDNAMES");
    if (!for_us)
        return 0;
    for (int64_t i = 0; i < passed && count < room; i++) {
        int fd = listen_share(FIRST_INHERITED + (int)i);

        if (fd < 0)
            continue;
        (void)close(FIRST_INHERITED + (int)i);
        if (is_listener(fd))
            fds[count++] = fd;
        else
            (void)close(fd);
    }
    return count;
}

int listen_share(int fd)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_INHERITED);
    int flags = copy < 0 ? -1 : fcntl(copy, F_GETFL);

    if (flags >= 0 && fcntl(copy, F_SETFL, flags | O_NONBLOCK) == 0)
        return copy;
    if (copy >= 0)
        (void)close(copy);
    return -1;
}

void listen_url(int fd, char out[LISTEN_TEXT])
{
    struct listen_address address;

    memset(&address, 0, sizeof address);
    address.length = sizeof address.socket.room;
    // An unbound or closed descriptor leaves a Unix socket without a path.
    (void)getsockname(fd, &address.socket.any, &address.length);
    write_url(&address, out);
}

void listen_forget(const struct listen_address *address)
{
    if (address->socket.any.sa_family == AF_UNIX)
        (void)unlink(address->socket.local.sun_path); // it may be gone
}
