/*
 * Where the server listens: ADDR:PORT, [V6]:PORT or unix:PATH.
 *
 * A port is first bound alone, so that a taken one is seen; SO_REUSEPORT is
 * set only among our own loops. A socket may also come from the service
 * manager (LISTEN_FDS), and then outlives a restart.
 */
#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

#include <sys/socket.h>
#include <sys/un.h>

enum listen_result {
    LISTEN_OK = 0,
    LISTEN_BAD_ADDRESS, /* not one of the three forms */
    LISTEN_TAKEN,       /* someone else listens there */
    LISTEN_SYSTEM,      /* the kernel refused otherwise */
};

enum {
    LISTEN_BACKLOG = 1024,
    LISTEN_TEXT = 256, /* a message or a URL, with its NUL */
};

struct listen_address {
    socklen_t length;
    union {
        struct sockaddr any;
        struct sockaddr_un local;
        struct sockaddr_storage room;
    } socket;
};

/*
 * "127.0.0.1:8080", "localhost:0", "[::1]:8080", "unix:/run/stayd.sock". Names
 * other than localhost are not looked up. `problem` says in one line, without
 * a new line, what is wrong; empty on LISTEN_OK.
 */
enum listen_result listen_parse(const char *text, struct listen_address *out,
                                char problem[LISTEN_TEXT]);

/* Whether only this machine can connect: loopback, or a Unix socket. */
bool listen_is_local(const struct listen_address *address);

/*
 * Opens `count` listening sockets on one address, one for each loop; all are
 * the caller's (loop_listen takes them). Port 0 picks a free one, the same for
 * all, and *address then holds it. A dead Unix socket's file is replaced, a
 * living one is LISTEN_TAKEN. `problem` as above.
 */
enum listen_result listen_open(struct listen_address *address, size_t count,
                               int fds[], char problem[LISTEN_TEXT]);

/*
 * The sockets that the service manager passed to this process: how many are
 * listening stream sockets, at most `room`, are in fds. Takes LISTEN_FDS,
 * LISTEN_PID and LISTEN_FDNAMES out of the environment. 0 when there are none.
 */
size_t listen_inherited(int fds[], size_t room);

/* Another descriptor for the same socket, for the next loop; -1 on failure. */
int listen_share(int fd);

/* "http://127.0.0.1:8080", "http://[::1]:8080" or "unix:/run/stayd.sock". */
void listen_url(int fd, char out[LISTEN_TEXT]);

/* Removes the file of a Unix socket that listen_open made; else nothing. */
void listen_forget(const struct listen_address *address);

#endif
