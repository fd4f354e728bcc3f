/*
 * The client's end of one HTTP connection: one request in work at a time.
 *
 * Whatever fails here ends the program: a benchmark with errors says nothing.
 */
#ifndef BENCH_TALK_H
#define BENCH_TALK_H

#include <stdbool.h>
#include <stddef.h>

enum {
    TALK_REPLY_SIZE = 8192,
    TALK_REQUEST_SIZE = 4096,
};

struct talk {
    int fd;
    unsigned port;
    bool closing;  /* the server closes behind the reply that is whole */
    size_t length; /* of the reply so far */
    char reply[TALK_REPLY_SIZE];
};

struct talk_reply {
    int status;
    const char *body; /* NUL-terminated; borrowed until the next request */
};

/* Says it on standard error, with errno's text if there is one, and exits. */
void talk_fail(const char *what) __attribute__((noreturn));

void talk_open(struct talk *talk, unsigned port); /* on 127.0.0.1; blocks */
void talk_open_again(struct talk *talk); /* where the server has closed */

void talk_get(struct talk *talk, const char *path, const char *token);
void talk_post(struct talk *talk, const char *path, const char *json);

/* Reads what is there, and blocks if nothing is; true: the reply is whole. */
bool talk_receive(struct talk *talk, struct talk_reply *out);

/* Blocks until the reply is whole; another status ends the program. */
const char *talk_expect(struct talk *talk, int status);

#endif
