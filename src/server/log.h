/*
 * The log: one JSON object a line on standard error, for machines and for people.
 *
 *     {"time":"2026-01-02T03:04:05.678Z","level":"info","event":"started",
 *      "threads":1}
 *
 * What is written is numbers, our own words and sids; never a token, a password,
 * or text that a client sent. Lines of level "audit" are written whatever the
 * level (server/audit.h).
 */
#ifndef SERVER_LOG_H
#define SERVER_LOG_H

#include "server/config.h"

struct json_writer;

enum {
    LOG_LINE_MAX = 4096
}; /* bytes, the new line included: a pipe takes
                                 so many at once */

struct log {
    _Atomic enum config_level level; /* what is less urgent is left out */
};

/*
 * Any thread; a line is written whole. `format` makes "name=value ..." with
 * single spaces between, and each becomes a member: a whole number as a number,
 * anything else, and all that stands in quotes, as a string:
 *
 *     log_event(log, CONFIG_WARN, "full", "free=%d path=\"%s\"", 0, path);
 */
void log_event(const struct log *log, enum config_level level,
               const char *event, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * A line by hand: begins it with time, level and event. It must fit: what goes
 * in is bounded. out[LOG_LINE_MAX].
 */
void log_begin(struct json_writer *w, char *out, const char *level,
               const char *event);
/* Ends the line and writes it. */
void log_end(struct json_writer *w);

#endif
