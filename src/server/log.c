#include "server/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LINE_SIZE = 1024 };

static const char *const levels[] = {"error", "warn", "info", "debug"};

static size_t write_start(char *line, enum config_level level,
                          const char *event)
{
    struct timespec now;
    struct tm utc;
    size_t length;

    (void)clock_gettime(CLOCK_REALTIME, &now); // cannot fail with this clock
    (void)gmtime_r(&now.tv_sec, &utc);
    length = strftime(line, LINE_SIZE, "time=%Y-%m-%dT%H:%M:%S", &utc);
    length += (size_t)snprintf(
        line + length, LINE_SIZE - length, ".%03dZ level=%s event=%s ",
        (int)(now.tv_nsec / 1000000), levels[level], event);
    return length;
}

void log_event(const struct log *log, enum config_level level,
               const char *event, const char *format, ...)
{
    char line[LINE_SIZE];
    size_t length;
    va_list values;
    int added;

    if (level > log->level)
        return;
    length = write_start(line, level, event);
    va_start(values, format);
    added = vsnprintf(line + length, sizeof line - length - 1, format, values);
    va_end(values);
    if (added > 0)
        length += (size_t)added;
    if (length > sizeof line - 2)
        length = sizeof line - 2;
    line[length++] = '\n';
    // One write, so that lines of several threads do not mix; there is nobody
    // to tell when it fails.
    (void)!write(STDERR_FILENO, line, length);
}
