#include "server/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/base64url.h"
#include "base/json.h"

enum {
    CUT_SIZE = 6, /* bytes of a name: 8 characters */
    LINE_SIZE = 512,
};

static const char *const words[] = {
    [ROTATION_MOVE] = "move",
    [ROTATION_TOUCH] = "touch",
    [ROTATION_KEEP] = "keep",
    [ROTATION_BAD] = "bad",
    [ROTATION_OTHER_SESSION] = "other_session",
    [ROTATION_ADVANCE] = "advance",
    [ROTATION_STALE] = "stale",
    [ROTATION_BEHIND] = "behind",
    [ROTATION_RESEED] = "reseed",
    [ROTATION_SOFT] = "soft",
    [ROTATION_UNKNOWN] = "unknown",
    [ROTATION_REVOKED] = "revoked",
    [ROTATION_EXPIRED] = "expired",
    [ROTATION_DISABLED] = "disabled",
    [ROTATION_REUSE] = "reuse",
    [ROTATION_REVOKE] = "revoke",
};

/* Ends the line; there is nobody to tell when it cannot be written. */
static void write_line(const struct trace *trace, struct json_writer *w)
{
    json_close(w, '}');
    if (w->overflow || w->length >= LINE_SIZE)
        return;
    w->out[w->length] = '\n';
    (void)!write(trace->fd, w->out, w->length + 1);
}

static void put_int(struct json_writer *w, const char *key, int64_t value)
{
    json_key(w, span_of(key));
    json_put_int(w, value);
}

static void put_text(struct json_writer *w, const char *key, const char *text)
{
    json_key(w, span_of(key));
    json_put_string(w, span_of(text));
}

static void put_cut(struct json_writer *w, const char *key, const uint8_t *name)
{
    char text[BASE64URL_LENGTH(CUT_SIZE)];

    (void)base64url_encode(name, CUT_SIZE, text);
    json_key(w, span_of(key));
    json_put_string(w, (struct span){text, sizeof text});
}

static void begin(struct json_writer *w, char line[LINE_SIZE],
                  const char *event, int64_t at_s)
{
    json_begin(w, line, LINE_SIZE, JSON_COMPACT);
    json_open(w, '{');
    put_int(w, "at_s", at_s);
    put_text(w, "event", event);
}

bool trace_open(struct trace *out, const char *path, char why[TRACE_WHY_SIZE])
{
    char line[LINE_SIZE];
    struct json_writer w;

    out->fd = open(
        path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
        0600);
    if (out->fd < 0) {
        (void)snprintf(why, TRACE_WHY_SIZE, "trace %.300s: %s", path,
                       strerror(errno));
        return false;
    }
    begin(&w, line, "start", time(NULL));
    write_line(out, &w);
    return true;
}

void trace_close(struct trace *trace)
{
    if (trace->fd > 0)
        (void)close(trace->fd); // nothing is buffered in it that could fail
    trace->fd = -1;
}

void trace_committed(const struct trace *trace,
                     const struct rotate_committed *r)
{
    char line[LINE_SIZE];
    struct json_writer w;

    if (trace->fd <= 0)
        return;
    begin(&w, line, r->is_line ? "line" : "committed", r->now_s);
    put_cut(&w, "sid", r->sid);
    put_int(&w, "i", r->is_line ? r->line.generation : r->step.generation);
    put_cut(&w, "shown", r->is_line ? r->line.from : r->step.secret_hash);
    put_cut(&w, "next", r->is_line ? r->line.next : r->step.next);
    if (r->is_line)
        put_int(&w, "to", r->line.to);
    put_text(&w, "verdict", words[r->verdict]);
    put_int(&w, "g", r->generation);
    write_line(trace, &w);
}

void trace_offered(const struct trace *trace, const struct rotate_offered *r)
{
    char line[LINE_SIZE];
    struct json_writer w;

    if (trace->fd <= 0)
        return;
    begin(&w, line, "offered", r->now_s);
    put_cut(&w, "sid", r->token.sid);
    put_int(&w, "n", r->token.n);
    put_cut(&w, "self", r->token.self);
    put_cut(&w, "parent", r->token.parent);
    put_text(&w, "verdict", words[r->verdict]);
    put_cut(&w, "current", r->parent);
    put_int(&w, "current_n", r->n);
    write_line(trace, &w);
}
