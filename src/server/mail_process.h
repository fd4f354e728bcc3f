/*
 * Inside the process that runs the mail programs; server/mail.h is for the
 * others.
 */
#ifndef SERVER_MAIL_PROCESS_H
#define SERVER_MAIL_PROCESS_H

#include "server/mail.h"

/* What comes over the socket; `text` is as long as the packet leaves it. */
struct mail_packet {
    int64_t user_id;
    char text[MAIL_TEXT_MAX];
};

struct mail_work {
    const char *program;
    int64_t limit_ms; /* of one run */
    const struct log *log;
};

/* Runs the program for each packet from `fd`, until that ends and all are
   done. */
void mail_process_run(int fd, const struct mail_work *work);

#endif
