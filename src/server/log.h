/*
 * The log: one line an event on standard error, for people and for machines.
 *
 *     time=2026-01-02T03:04:05.678Z level=info event=started threads=1
 *
 * What is written is numbers, our own words and sids; never a token, a password,
 * or text that a client sent.
 */
#ifndef SERVER_LOG_H
#define SERVER_LOG_H

#include "server/config.h"

struct log {
    enum config_level level; /* what is less urgent is left out */
};

/* Any thread; a line is written whole. `format` makes "name=value ...". */
void log_event(const struct log *log, enum config_level level,
               const char *event, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
