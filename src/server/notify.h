/*
 * What the service manager is told: sd_notify(3), on $NOTIFY_SOCKET. Without
 * one, nothing. Its watchdog hears of us while every loop turns, so a loop that
 * hangs has us restarted.
 */
#ifndef SERVER_NOTIFY_H
#define SERVER_NOTIFY_H

#include <stdint.h>

struct notify {
    int fd;              /* connected; -1: nobody listens */
    int64_t watchdog_ms; /* how often it wants to hear; 0: never */
    uint64_t *seen;      /* each loop's turns at the last look; owned */
};

/*
 * Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment,
 * and opens what they name: later a sandbox might forbid it.
 */
void notify_open(struct notify *out);
void notify_close(struct notify *notify); /* zeroed is allowed */

/* "READY=1", "STOPPING=1". Never blocks; a lost word is nobody's loss. */
void notify_send(const struct notify *notify, const char *text);

struct server;

/* Starts the watchdog's timers, before the loops run. */
void notify_watch(struct server *server);

#endif
