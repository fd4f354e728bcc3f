/*
 * The show's own stayd: started, asked for its counts, told to misbehave.
 */
#ifndef SHOW_SERVER_H
#define SHOW_SERVER_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

enum { SERVER_URL_SIZE = 128 };

struct server {
    pid_t pid;
    char url[SERVER_URL_SIZE]; /* "http://127.0.0.1:8080" */
};

/*
 * Starts `program` with demonstration users and 10-second tokens on `port` of
 * 127.0.0.1 (0: a free one), its database and stayd.log in `folder`, which is made
 * if it is missing, and waits until it listens. False after a line on standard error.
 */
bool server_start(struct server *server, const char *program, unsigned port,
                  const char *folder);

/* Asks it to stop and waits for it. Its exit code, or 128 + signal. */
int server_stop(struct server *server);

/* Waits until it ends by itself or `stop` becomes true; polls that. */
int server_wait(struct server *server, const volatile sig_atomic_t *stop);

/* Was it built with the web app? */
bool server_has_app(const struct server *server);

/* Every access token issued so far is answered as expired. */
bool server_expire(const struct server *server);

/* The next `count` refresh replies are lost after stayd has committed them. */
bool server_drop_replies(const struct server *server, unsigned count);

/* stayd's own count of refreshes it granted in `dialect`; -1: no answer. */
long server_refreshes(const struct server *server, const char *dialect);

#endif
