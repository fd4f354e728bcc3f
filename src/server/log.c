#include "server/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/json.h"

enum {
    FORMAT_MAX = 512,
    TEXT_MAX = 600, // each byte may become six, and a line still holds them
    // Between members, and before a value that is text. No value holds them: it
    // could otherwise make up members of its own.
    NEXT = 0x1f,
    QUOTED = 0x1e,
};

static const char *const levels[] = {"error", "warn", "info", "debug"};

void log_begin(struct json_writer *w, char *out, const char *level,
               const char *event)
{
    struct timespec now;
    char text[40];
    struct tm utc;
    size_t length;

    (void)clock_gettime(CLOCK_REALTIME, &now); // cannot fail with this clock
    (void)gmtime_r(&now.tv_sec, &utc);
    length = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(text + length, sizeof text - length, ".%03dZ",
                   (int)(now.tv_nsec / 1000000));
    json_begin(w, out, LOG_LINE_MAX - 1, JSON_COMPACT); // less the new line
    json_open(w, '{');
    json_key(w, SPAN("time"));
    json_put_string(w, span_of(text));
    json_key(w, SPAN("level"));
    json_put_string(w, span_of(level));
    json_key(w, SPAN("event"));
    json_put_string(w, span_of(event));
}

void log_end(struct json_writer *w)
{
    json_close(w, '}');
    assert(!w->overflow); // half a line would be no JSON
    w->out[w->length++] = '\n';
    // One write, so that lines of several threads do not mix; there is nobody
    // to tell when it fails.
    (void)!write(STDERR_FILENO, w->out, w->length);
}

/* The format with marks for blanks and quotes; how many blanks. */
static size_t mark(const char *format, char out[FORMAT_MAX])
{
    size_t count = 0;
    size_t length = 0;
    bool quoted = false;

    for (; *format != '\0' && length < FORMAT_MAX - 1; format++) {
        if (*format == '"')
            quoted = !quoted;
        if (*format == '"' && !quoted)
            continue;
        if (*format == '"')
            out[length++] = QUOTED;
        else if (*format == ' ' && !quoted)
            out[length++] = NEXT;
        else
            out[length++] = *format;
        count += out[length - 1] == NEXT;
    }
    out[length] = '\0';
    return count;
}

static void put_member(struct json_writer *w, struct span member)
{
    size_t end = span_find(member, '=');
    struct span value = span_tail(member, end + 1);
    bool negative = value.length > 0 && value.text[0] == '-';
    int64_t number;

    json_key(w, span_head(member, end));
    if (value.length > 0 && value.text[0] == QUOTED)
        json_put_string(w, span_tail(value, 1));
    else if (span_to_int(span_tail(value, negative), &number))
        json_put_int(w, negative ? -number : number);
    else
        json_put_string(w, value);
}

static void put_members(struct json_writer *w, struct span text)
{
    while (text.length > 0) {
        size_t end = span_find(text, NEXT);

        put_member(w, span_head(text, end));
        text = span_tail(text, end + 1);
    }
}

static size_t count_marks(struct span text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.length; i++)
        count += text.text[i] == NEXT;
    return count;
}

void log_event(const struct log *log, enum config_level level,
               const char *event, const char *format, ...)
{
    char marked[FORMAT_MAX];
    char line[LOG_LINE_MAX];
    char text[TEXT_MAX];
    struct json_writer w;
    size_t wanted;
    va_list values;
    int length;

    if (level > log->level)
        return;
    wanted = mark(format, marked);
    va_start(values, format);
// `marked` asks for what `format` did, which was checked where it stands.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    length = vsnprintf(text, sizeof text, marked, values);
#pragma GCC diagnostic pop
    va_end(values);
    log_begin(&w, line, levels[level], event);
    if (length > 0 && count_marks(span_of(text)) == wanted) {
        put_members(&w, span_of(text));
    } else if (length > 0) {
        json_key(&w, SPAN("text"));
        json_put_string(&w, span_of(text));
    }
    log_end(&w);
}
