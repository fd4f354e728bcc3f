#include "server/http.h"

#include <string.h>

#include "base/assert.h"
#include "server/http_chars.h"

/* A head while it is read. */
struct reading {
    struct span rest; /* what is not read yet */
    struct http_request *out;
    unsigned seen;            /* bits 1 << row of known_headers */
    bool length_too_long;     /* Content-Length above HTTP_BODY_LIMIT */
    bool expectation_unknown; /* Expect, and not 100-continue */
};

struct known_header {
    struct span name;
    bool once; /* a second one is refused: two readers might differ */
    enum http_result (*read)(struct reading *r, struct span value);
};

struct known_method {
    struct span name;
    enum http_method method;
};

static const struct span line_end = {"\r\n", 2};

static const struct known_method known_methods[] = {
    {{"GET", 3},     HTTP_GET    },
    {{"POST", 4},    HTTP_POST   },
    {{"HEAD", 4},    HTTP_HEAD   },
    {{"PUT", 3},     HTTP_PUT    },
    {{"PATCH", 5},   HTTP_PATCH  },
    {{"DELETE", 6},  HTTP_DELETE },
    {{"OPTIONS", 7}, HTTP_OPTIONS},
};

/* RFC 9112, section 3.2; an empty one is allowed there. */
static enum http_result read_host(struct reading *r, struct span value)
{
    if (value.length > 0 && !http_chars_all(value, HTTP_CHAR_HOST))
        return HTTP_BAD_REQUEST;
    // The authority of an absolute target wins (section 3.2.2).
    if (r->out->host.text == NULL)
        r->out->host = value;
    return HTTP_OK;
}

/* RFC 9110, section 8.6: digits; no list, sign, blank, or leading zero. */
static enum http_result read_length(struct reading *r, struct span value)
{
    size_t length = 0;

    if (value.length == 0 || (value.length > 1 && value.text[0] == '0'))
        return HTTP_BAD_REQUEST;
    for (size_t i = 0; i < value.length; i++) {
        if (value.text[i] < '0' || value.text[i] > '9')
            return HTTP_BAD_REQUEST;
        // Beyond the limit the number stays put, so it cannot overflow.
        if (length <= HTTP_BODY_LIMIT)
            length = length * 10 + (size_t)(value.text[i] - '0');
    }
    r->out->content_length = length;
    r->out->has_length = true;
    r->length_too_long = length > HTTP_BODY_LIMIT;
    return HTTP_OK;
}

static enum http_result read_type(struct reading *r, struct span value)
{
    r->out->content_type = value;
    return HTTP_OK;
}

static enum http_result read_connection(struct reading *r, struct span value)
{
    while (value.length > 0) {
        size_t comma = span_find(value, ',');

        if (span_equal_nocase(span_trim(span_head(value, comma)),
                              SPAN("close")))
            r->out->keep_alive = false;
        value = span_tail(value, comma + 1);
    }
    return HTTP_OK;
}

/* RFC 9110, section 10.1.1; HTTP/1.0 must be taken as if it had not asked. */
static enum http_result read_expect(struct reading *r, struct span value)
{
    if (r->out->minor == 0)
        return HTTP_OK;
    if (span_equal_nocase(value, SPAN("100-continue")))
        r->out->wants_continue = true;
    else
        r->expectation_unknown = true;
    return HTTP_OK;
}

enum known_row {
    ROW_HOST,
    ROW_LENGTH,
    ROW_ENCODING,
    ROW_TYPE,
    ROW_CONNECTION,
    ROW_EXPECT,
    ROW_AUTHORIZATION,
    ROW_ORIGIN,
    ROW_COUNT,
};

static const struct known_header known_headers[ROW_COUNT] = {
    [ROW_HOST] = {{"host", 4},               true,  read_host      },
    [ROW_LENGTH] = {{"content-length", 14},    true,  read_length    },
    [ROW_ENCODING] = {{"transfer-encoding", 17}, false, NULL           },
    [ROW_TYPE] = {{"content-type", 12},      true,  read_type      },
    [ROW_CONNECTION] = {{"connection", 10},        false, read_connection},
    [ROW_EXPECT] = {{"expect", 6},             true,  read_expect    },
    [ROW_AUTHORIZATION] = {{"authorization", 13},     true,  NULL           },
    [ROW_ORIGIN] = {{"origin", 6},             true,  NULL           },
};

static bool saw(const struct reading *r, enum known_row row)
{
    return (r->seen & (1U << row)) != 0;
}

/* Takes so many bytes off the rest. */
static struct span take(struct reading *r, size_t count)
{
    struct span taken = {r->rest.text, count};

    r->rest.text += count;
    r->rest.length -= count;
    return taken;
}

/* Takes the run of one class off the rest; empty when there is none. */
static struct span take_run(struct reading *r, enum http_char kind)
{
    return take(r, http_chars_run(r->rest, kind));
}

/* Takes exactly this text off the rest. */
static inline bool take_text(struct reading *r, struct span text)
{
    if (r->rest.length < text.length ||
        memcmp(r->rest.text, text.text, text.length) != 0)
        return false;
    (void)take(r, text.length);
    return true;
}

static bool take_method(struct reading *r)
{
    struct span name = take_run(r, HTTP_CHAR_TOKEN);

    r->out->method_text = name;
    r->out->method = HTTP_OTHER;
    for (size_t i = 0; i < COUNT(known_methods); i++)
        if (span_equal(name, known_methods[i].name))
            r->out->method = known_methods[i].method;
    return name.length > 0 && take_text(r, SPAN(" "));
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
           (c >= 'A' && c <= 'F');
}

/* A '%' has two hex digits behind it (RFC 3986, section 2.1). */
static bool escapes_whole(struct span path)
{
    for (size_t at = span_find(path, '%'); at < path.length;) {
        if (path.length - at < 3 || !is_hex(path.text[at + 1]) ||
            !is_hex(path.text[at + 2]))
            return false;
        path = span_tail(path, at + 3);
        at = span_find(path, '%');
    }
    return true;
}

/* "http://host" of an absolute target (RFC 9112, section 3.2.2). */
static bool take_authority(struct reading *r)
{
    if (!take_text(r, SPAN("http://")) && !take_text(r, SPAN("https://")))
        return false;
    r->out->host = take_run(r, HTTP_CHAR_HOST);
    return r->out->host.length > 0;
}

static bool take_target(struct reading *r)
{
    struct http_request *out = r->out;

    if (r->rest.text[0] == '*' && out->method == HTTP_OPTIONS) {
        out->path = (struct span){r->rest.text, 1};
        return take_text(r, SPAN("* "));
    }
    if (r->rest.text[0] != '/' && !take_authority(r))
        return false;
    out->path = take_run(r, HTTP_CHAR_PATH);
    // "http://host" and "http://host?q" stand for the path "/".
    if (out->path.length == 0)
        out->path = SPAN("/");
    if (out->path.text[0] != '/' || !escapes_whole(out->path))
        return false;
    if (take_text(r, SPAN("?")))
        out->query = take_run(r, HTTP_CHAR_QUERY);
    return take_text(r, SPAN(" "));
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "HTTP/1.1" and the end of the line. */
static enum http_result take_version(struct reading *r)
{
    struct span rest;

    if (take_text(r, SPAN("HTTP/1.1\r\n"))) {
        r->out->minor = 1;
        r->out->keep_alive = true;
        return HTTP_OK;
    }
    if (take_text(r, SPAN("HTTP/1.0\r\n")))
        return HTTP_OK;
    rest = span_tail(r->rest, 5);
    if (span_starts(r->rest, SPAN("HTTP/")) && rest.length >= 5 &&
        is_digit(rest.text[0]) && rest.text[1] == '.' &&
        is_digit(rest.text[2]) && span_starts(span_tail(rest, 3), line_end))
        return HTTP_BAD_VERSION;
    return HTTP_BAD_REQUEST;
}

static enum http_result take_request_line(struct reading *r)
{
    if (!take_method(r))
        return HTTP_BAD_REQUEST;
    // The first line of HTTP/2: by its own words another version.
    if (span_is(r->out->method_text, "PRI") &&
        span_starts(r->rest, SPAN("* HTTP/2.0\r\n")))
        return HTTP_BAD_VERSION;
    if (!take_target(r))
        return HTTP_BAD_REQUEST;
    return take_version(r);
}

/* Notes a header that the parser itself must understand. */
static enum http_result note_header(struct reading *r, struct http_header line)
{
    for (unsigned row = 0; row < ROW_COUNT; row++) {
        const struct known_header *known = &known_headers[row];

        if (line.name.length != known->name.length ||
            !span_equal_nocase(line.name, known->name))
            continue;
        if (known->once && saw(r, row))
            return HTTP_BAD_REQUEST;
        r->seen |= 1U << row;
        return known->read ? known->read(r, line.value) : HTTP_OK;
    }
    return HTTP_OK;
}

/*
 * One header line. A blank before the colon or at the line's start (an
 * obsolete fold) is no token and so refused, as RFC 9112, section 5 wants.
 */
static enum http_result take_header(struct reading *r)
{
    struct http_header line;

    line.name = take_run(r, HTTP_CHAR_TOKEN);
    if (line.name.length == 0 || !take_text(r, SPAN(":")))
        return HTTP_BAD_REQUEST;
    line.value = span_trim(take(r, http_chars_value_run(r->rest)));
    if (!take_text(r, line_end))
        return HTTP_BAD_REQUEST;
    if (r->out->header_count == HTTP_HEADER_LIMIT)
        return HTTP_HEAD_TOO_LONG;
    r->out->headers[r->out->header_count++] = line;
    return note_header(r, line);
}

/* What can be said only once all headers are known; the gravest first. */
static enum http_result judge(const struct reading *r)
{
    // RFC 9112, section 3.2.
    if (r->out->minor == 1 && !saw(r, ROW_HOST))
        return HTTP_BAD_REQUEST;
    // RFC 9112, section 6.1: both, or either in HTTP/1.0, is an attack.
    if (saw(r, ROW_ENCODING) && (saw(r, ROW_LENGTH) || r->out->minor == 0))
        return HTTP_BAD_REQUEST;
    if (saw(r, ROW_ENCODING))
        return HTTP_LENGTH_REQUIRED;
    if (r->length_too_long)
        return HTTP_BODY_TOO_LONG;
    if (r->expectation_unknown)
        return HTTP_EXPECTATION_FAILED;
    return HTTP_OK;
}

enum http_result http_head_find(const char *bytes, size_t length,
                                struct http_scan *scan, size_t *head_length)
{
    size_t end = length < HTTP_HEAD_LIMIT ? length : HTTP_HEAD_LIMIT;

    // Not even a method or an empty line: TLS, perhaps, on the plain port.
    if (length > 0 && bytes[0] != '\r' &&
        (http_chars[(uint8_t)bytes[0]] & HTTP_CHAR_TOKEN) == 0)
        return HTTP_BAD_REQUEST;
    while (scan->next < end) {
        const char *lf = memchr(bytes + scan->next, '\n', end - scan->next);
        size_t at = lf ? (size_t)(lf - bytes) : end;

        scan->next = at;
        if (lf == NULL)
            break;
        if (at == scan->line || lf[-1] != '\r')
            return HTTP_BAD_REQUEST;
        // RFC 9112, section 2.2: one empty line may come before a request.
        if (at == scan->line + 1 && scan->line > 0) {
            *head_length = at + 1;
            return scan->line == 2 ? HTTP_BAD_REQUEST : HTTP_OK;
        }
        scan->line = scan->next = at + 1;
    }
    if (length < HTTP_HEAD_LIMIT)
        return HTTP_MORE;
    return scan->line <= 2 ? HTTP_TARGET_TOO_LONG : HTTP_HEAD_TOO_LONG;
}

enum http_result http_head_parse(const char *head, size_t head_length,
                                 struct http_request *out)
{
    struct reading r = {
        .rest = {head, head_length},
          .out = out
    };
    struct http_peer peer = out->peer;
    enum http_result result;

    memset(out, 0, offsetof(struct http_request, headers));
    out->peer = peer;
    (void)take_text(&r, line_end);
    assert(r.rest.length >= 4);
    result = take_request_line(&r);
    while (result == HTTP_OK && !take_text(&r, line_end))
        result = take_header(&r);
    if (result == HTTP_OK)
        result = judge(&r);
    if (result != HTTP_OK)
        out->keep_alive = false;
    return result;
}
