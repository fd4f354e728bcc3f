/*
 * Mail is not sent by stayd: --mail-command PROGRAM does that. Each message is
 * one run of the program, without a shell, which gets one JSON object and a new
 * line on standard input:
 *
 *     {"kind":"verify","to":"ada@example.org","username":"ada",
 *      "code":"...","expires_in":86400,"url":"https://auth.example.org"}
 *
 * kind is verify or reset; url is --url, where it is given. The program has an
 * environment of its own, nothing open but its standard streams, and what it
 * says goes nowhere: a code may be in it.
 *
 * A process of its own runs the programs, and its parent, a third one, starts it
 * anew should it be killed; what waits in the socket between us is not lost then.
 * They are forked at start, before there are threads, keys or connections, and
 * end when stayd does, once they have done what they were handed.
 */
#ifndef SERVER_MAIL_H
#define SERVER_MAIL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "server/log.h"

enum {
    MAIL_PROGRAMS_MAX = 4,       /* at once */
    MAIL_PROGRAM_MS = 30000,     /* then it is killed */
    MAIL_REST_MS = 1000,         /* before a process that died begins anew */
    MAIL_CLOSE_MS = 5000,        /* what is left at the end may take so long */
    MAIL_TEXT_MAX = 8 * 1024,    /* of one message */
    MAIL_QUEUE_MAX = 256 * 1024, /* bytes that wait for a program, about */
};

enum mail_kind {
    MAIL_VERIFY,
    MAIL_RESET,
};

struct mail {
    enum mail_kind kind;
    int64_t user_id; /* for the log */
    const char *to;
    const char *username;
    const char *code;
    int64_t expires_in_s;
    const char *url; /* NULL: none */
};

struct mailer_config {
    const char *program;
    int64_t limit_ms;      /* of one run; 0 means MAIL_PROGRAM_MS */
    const struct log *log; /* copied by the fork */
};

/* Zero is one that is closed. */
struct mailer {
    int fd; /* to the process; valid while pid is above 0 */
    pid_t pid;
};

/* Is it a program that we may run? False: errno says why not. */
bool mail_can_run(const char *program);

/* Forks: one thread only. False: it could not; errno says why. Children never
   return from this. */
bool mailer_open(struct mailer *out, const struct mailer_config *config);

/* Waits for what was handed over, MAIL_CLOSE_MS at most. */
void mailer_close(struct mailer *mailer);

bool mailer_is_open(const struct mailer *mailer);

/* Any thread; never blocks. False: it is closed, gone, or its queue is full. */
bool mailer_send(const struct mailer *mailer, const struct mail *mail);

#endif
