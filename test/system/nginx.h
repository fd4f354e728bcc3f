/*
 * An nginx of the test's own with packaging/nginx/stayd.conf as it is shipped:
 * only the ports, the servers and the certificate's paths are filled in, and one
 * port more is listened on, without TLS.
 */
#ifndef TEST_NGINX_H
#define TEST_NGINX_H

#include <stdbool.h>
#include <stddef.h>

#include "process.h"

enum { NGINX_SERVERS_MAX = 8 };

/* The name that its certificate is for. */
#define NGINX_NAME "auth.example.org"

struct nginx {
    struct process *process;        /* NULL: it does not run */
    int port;                       /* on 127.0.0.1, plain */
    int tls_port;                   /* TLS and HTTP/2 */
    char folder[PROCESS_PATH_SIZE]; /* error.log, certificate.pem */
};

/*
 * In front of the stayd on these ports of 127.0.0.1. False: the row was skipped
 * (no nginx) or has failed.
 */
bool nginx_start(struct nginx *out, const int *ports, size_t count);

/* What it has written into error.log; free it with free. NULL: unreadable. */
char *nginx_errors(const struct nginx *nginx);

/* Stops it if need be and removes the folder. Zeroed is allowed. */
void nginx_clear(struct nginx *nginx);

#endif
