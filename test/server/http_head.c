#include "server/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "server/http_chars.h"

#define M(literal)                                                             \
    {                                                                          \
        (literal), sizeof(literal) - 1                                         \
    }
#define H "Host: a\r\n"

struct refusal {
    const char *name;
    struct span bytes;
    enum http_result want;
};

/* All but the last bytes of each are sound; the name says what is not. */
static const struct refusal refusals[] = {
  /* clang-format off */
    {"a space before the method", M(" GET / HTTP/1.1\r\n" H "\r\n"), 400},
    {"an empty method", M("\r\n / HTTP/1.1\r\n" H "\r\n"), 400},
    {"TLS on the plain port", M("\x16\x03\x01\x02"), 400},
    {"NUL as the first byte", M("\0GET / HTTP/1.1\r\n" H "\r\n"), 400},
    {"a slash in the method", M("G/T / HTTP/1.1\r\n" H "\r\n"), 400},
    {"a NUL in the method", M("GE\0T / HTTP/1.1\r\n" H "\r\n"), 400},
    {"a byte above ASCII in the method",
     M("G\xc3\x89T / HTTP/1.1\r\n" H "\r\n"), 400},
    {"two spaces before the target", M("GET  / HTTP/1.1\r\n" H "\r\n"), 400},
    {"two spaces behind the target", M("GET /  HTTP/1.1\r\n" H "\r\n"), 400},
    {"a tab before the target", M("GET\t/ HTTP/1.1\r\n" H "\r\n"), 400},
    {"a tab in the target", M("GET /\ta HTTP/1.1\r\n" H "\r\n"), 400},
    {"a space in the target", M("GET /a b HTTP/1.1\r\n" H "\r\n"), 400},
    {"a NUL in the target", M("GET /a\0b HTTP/1.1\r\n" H "\r\n"), 400},
    {"a CR in the target", M("GET /a\rb HTTP/1.1\r\n" H "\r\n"), 400},
    {"a fragment in the target", M("GET /a#b HTTP/1.1\r\n" H "\r\n"), 400},
    {"a quote in the target", M("GET /a\"b HTTP/1.1\r\n" H "\r\n"), 400},
    {"a backslash in the path", M("GET /a\\b HTTP/1.1\r\n" H "\r\n"), 400},
    {"a pointed bracket in the query",
     M("GET /?<a> HTTP/1.1\r\n" H "\r\n"), 400},
    {"a byte above ASCII in the path",
     M("GET /\xc3\xa9 HTTP/1.1\r\n" H "\r\n"), 400},
    {"a half escape in the path", M("GET /%4 HTTP/1.1\r\n" H "\r\n"), 400},
    {"an escape of no hex digits", M("GET /%g0 HTTP/1.1\r\n" H "\r\n"), 400},
    {"a sound escape, then half of one",
     M("GET /%41%4 HTTP/1.1\r\n" H "\r\n"), 400},
    {"a target without a slash", M("GET a HTTP/1.1\r\n" H "\r\n"), 400},
    {"an empty target", M("GET  HTTP/1.1\r\n" H "\r\n"), 400},
    {"an asterisk for GET", M("GET * HTTP/1.1\r\n" H "\r\n"), 400},
    {"an asterisk and more", M("OPTIONS *a HTTP/1.1\r\n" H "\r\n"), 400},
    {"CONNECT and its authority",
     M("CONNECT a:443 HTTP/1.1\r\n" H "\r\n"), 400},
    {"an absolute target of another scheme",
     M("GET ftp://a/ HTTP/1.1\r\n" H "\r\n"), 400},
    {"an absolute target without a host",
     M("GET http:///a HTTP/1.1\r\n" H "\r\n"), 400},
    {"a user in an absolute target",
     M("GET http://u@a/ HTTP/1.1\r\n" H "\r\n"), 400},
    {"HTTP/0.9", M("GET /\r\n\r\n"), 400},
    {"no version behind the space", M("GET / \r\n\r\n"), 400},
    {"a version in small letters", M("GET / http/1.1\r\n" H "\r\n"), 400},
    {"a version of two digits", M("GET / HTTP/1.10\r\n" H "\r\n"), 400},
    {"a version without a dot", M("GET / HTTP/11\r\n" H "\r\n"), 400},
    {"a space behind the version", M("GET / HTTP/1.1 \r\n" H "\r\n"), 400},
    {"HTTP/1.2", M("GET / HTTP/1.2\r\n" H "\r\n"), 505},
    {"HTTP/2.0 in a line of HTTP/1", M("GET / HTTP/2.0\r\n" H "\r\n"), 505},
    {"the preface of HTTP/2", M("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505},
    {"a bare LF behind the request line", M("GET / HTTP/1.1\n" H "\r\n"), 400},
    {"a bare LF behind a header", M("GET / HTTP/1.1\r\nHost: a\n\r\n"), 400},
    {"a bare LF for the empty line", M("GET / HTTP/1.1\r\n" H "\n"), 400},
    {"a bare LF before the request", M("\nGET / HTTP/1.1\r\n" H "\r\n"), 400},
    {"two empty lines before the request",
     M("\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n"), 400},
    {"a CR alone before the request", M("\rGET / HTTP/1.1\r\n" H "\r\n"), 400},
    {"two CR at a line's end", M("GET / HTTP/1.1\r\r\n" H "\r\n"), 400},
    {"no Host in HTTP/1.1", M("GET / HTTP/1.1\r\n\r\n"), 400},
    {"two equal Hosts", M("GET / HTTP/1.1\r\n" H H "\r\n"), 400},
    {"two Hosts, one in capitals",
     M("GET / HTTP/1.1\r\n" H "HOST: b\r\n\r\n"), 400},
    {"two Hosts in HTTP/1.0", M("GET / HTTP/1.0\r\n" H H "\r\n"), 400},
    {"a list of Hosts", M("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"), 400},
    {"a path in Host", M("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400},
    {"a user in Host", M("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"), 400},
    {"a blank before the colon", M("GET / HTTP/1.1\r\nHost : a\r\n\r\n"), 400},
    {"a tab before the colon", M("GET / HTTP/1.1\r\nHost\t: a\r\n\r\n"), 400},
    {"a header without a colon", M("GET / HTTP/1.1\r\n" H "a\r\n\r\n"), 400},
    {"a header without a name", M("GET / HTTP/1.1\r\n" H ": a\r\n\r\n"), 400},
    {"a fold of the first header", M("GET / HTTP/1.1\r\n " H "\r\n"), 400},
    {"a fold by a space", M("GET / HTTP/1.1\r\n" H " b\r\n\r\n"), 400},
    {"a fold by a tab", M("GET / HTTP/1.1\r\n" H "\tb: c\r\n\r\n"), 400},
    {"a NUL in a name", M("GET / HTTP/1.1\r\n" H "a\0: b\r\n\r\n"), 400},
    {"a NUL in a value", M("GET / HTTP/1.1\r\n" H "a: b\0c\r\n\r\n"), 400},
    {"a NUL deep in a long value",
     M("GET / HTTP/1.1\r\n" H "a: 0123456789abcdef\0c\r\n\r\n"), 400},
    {"a CR in a value", M("GET / HTTP/1.1\r\n" H "a: b\rc\r\n\r\n"), 400},
    {"an escape character in a value",
     M("GET / HTTP/1.1\r\n" H "a: \x1b[0m\r\n\r\n"), 400},
    {"DEL in a value", M("GET / HTTP/1.1\r\n" H "a: b\x7f\r\n\r\n"), 400},
    {"DEL deep in a long value",
     M("GET / HTTP/1.1\r\n" H "a: 0123456\x7f" "9abcdef\r\n\r\n"), 400},
    {"a byte above ASCII in a name",
     M("GET / HTTP/1.1\r\n" H "\xc3\xa9: b\r\n\r\n"), 400},
    {"a bracket in a name", M("GET / HTTP/1.1\r\n" H "a[]: b\r\n\r\n"), 400},
    {"two lengths that differ",
     M("POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 2\r\n"
      "\r\n"), 400},
    {"two equal lengths",
     M("POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 1\r\n"
      "\r\n"), 400},
    {"two lengths, one in capitals",
     M("POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nCONTENT-LENGTH: 1\r\n"
      "\r\n"), 400},
    {"a list of equal lengths",
     M("POST / HTTP/1.1\r\n" H "Content-Length: 1, 1\r\n\r\n"), 400},
    {"an empty length",
     M("POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n"), 400},
    {"a length with a plus",
     M("POST / HTTP/1.1\r\n" H "Content-Length: +1\r\n\r\n"), 400},
    {"a length with a minus",
     M("POST / HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\n"), 400},
    {"a minus nought",
     M("POST / HTTP/1.1\r\n" H "Content-Length: -0\r\n\r\n"), 400},
    {"a length in hex",
     M("POST / HTTP/1.1\r\n" H "Content-Length: 0x1\r\n\r\n"), 400},
    {"a length with a letter",
     M("POST / HTTP/1.1\r\n" H "Content-Length: 1a\r\n\r\n"), 400},
    {"a length with a leading nought",
     M("POST / HTTP/1.1\r\n" H "Content-Length: 01\r\n\r\n"), 400},
    {"a length with a dot",
     M("POST / HTTP/1.1\r\n" H "Content-Length: 1.0\r\n\r\n"), 400},
    {"a length with a blank inside",
     M("POST / HTTP/1.1\r\n" H "Content-Length: 1 0\r\n\r\n"), 400},
    {"a length and an encoding",
     M("POST / HTTP/1.1\r\n" H "Content-Length: 1\r\n"
      "Transfer-Encoding: chunked\r\n\r\n"), 400},
    {"an encoding and a length",
     M("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n"
      "Content-Length: 1\r\n\r\n"), 400},
    {"an encoding that is none, and a length",
     M("POST / HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n"
      "Content-Length: 1\r\n\r\n"), 400},
    {"an encoding in HTTP/1.0",
     M("POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n"), 400},
    {"chunked",
     M("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n"), 411},
    {"chunked in odd letters, with a tab",
     M("POST / HTTP/1.1\r\n" H "tRANSFER-eNCODING:\tChUnKeD\r\n\r\n"), 411},
    {"an unknown encoding",
     M("POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n"), 411},
    {"an encoding behind a blank before the colon",
     M("POST / HTTP/1.1\r\n" H "Transfer-Encoding : chunked\r\n\r\n"), 400},
    {"a body one byte too long",
     M("POST / HTTP/1.1\r\n" H "Content-Length: 65537\r\n\r\n"), 413},
    {"a body of 2^64 bytes",
     M("POST / HTTP/1.1\r\n" H "Content-Length: 18446744073709551616\r\n\r\n"),
      413},
    {"a length of 40 digits, then a letter",
     M("POST / HTTP/1.1\r\n" H
      "Content-Length: 1111111111222222222233333333334444444444x\r\n\r\n"),
      400},
    {"two content types",
     M("POST / HTTP/1.1\r\n" H
      "Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n"), 400},
    {"two authorizations",
     M("GET / HTTP/1.1\r\n" H "Authorization: a\r\nauthorization: b\r\n\r\n"),
      400},
    {"two origins",
     M("GET / HTTP/1.1\r\n" H "Origin: a\r\nOrigin: a\r\n\r\n"), 400},
    {"an expectation we do not know",
     M("POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nExpect: tea\r\n\r\n"),
      417},
  /* clang-format on */
};

struct sound {
    const char *name;
    struct span bytes;
    enum http_method method;
    const char *path;
    const char *query;
    const char *host;
    size_t content_length;
    bool keep_alive;
    size_t header_count;
};

static const struct sound sounds[] = {
  /* clang-format off */
    {"the least there is",
     M("GET / HTTP/1.1\r\nHost:\r\n\r\n"), HTTP_GET, "/", "", "", 0, true, 1},
    {"an empty line before",
     M("\r\nGET / HTTP/1.1\r\n" H "\r\n"), HTTP_GET, "/", "", "a", 0, true, 1},
    {"a path and a query",
     M("GET /a/b?c=d&e[]=%7c|f HTTP/1.1\r\n" H "\r\n"), HTTP_GET, "/a/b",
      "c=d&e[]=%7c|f", "a", 0, true, 1},
    {"an empty query",
     M("GET /a? HTTP/1.1\r\n" H "\r\n"), HTTP_GET, "/a", "", "a", 0, true, 1},
    {"a second question mark",
     M("GET /a?b?c HTTP/1.1\r\n" H "\r\n"), HTTP_GET, "/a", "b?c", "a", 0,
      true, 1},
    {"an escape in the path",
     M("GET /%41%2f HTTP/1.1\r\n" H "\r\n"), HTTP_GET, "/%41%2f", "", "a", 0,
      true, 1},
    {"a path that climbs stays raw",
     M("GET /../a HTTP/1.1\r\n" H "\r\n"), HTTP_GET, "/../a", "", "a", 0, true,
      1},
    {"HEAD",
     M("HEAD / HTTP/1.1\r\n" H "\r\n"), HTTP_HEAD, "/", "", "a", 0, true, 1},
    {"PUT",
     M("PUT / HTTP/1.1\r\n" H "\r\n"), HTTP_PUT, "/", "", "a", 0, true, 1},
    {"PATCH",
     M("PATCH / HTTP/1.1\r\n" H "\r\n"), HTTP_PATCH, "/", "", "a", 0, true, 1},
    {"DELETE with a body",
     M("DELETE / HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\n"), HTTP_DELETE,
      "/", "", "a", 2, true, 2},
    {"OPTIONS of the whole server",
     M("OPTIONS * HTTP/1.1\r\n" H "\r\n"), HTTP_OPTIONS, "*", "", "a", 0, true,
      1},
    {"OPTIONS of a path",
     M("OPTIONS /a HTTP/1.1\r\n" H "\r\n"), HTTP_OPTIONS, "/a", "", "a", 0,
      true, 1},
    {"a method in small letters is another one",
     M("get / HTTP/1.1\r\n" H "\r\n"), HTTP_OTHER, "/", "", "a", 0, true, 1},
    {"an absolute target wins over Host",
     M("GET http://b:80/c HTTP/1.1\r\n" H "\r\n"), HTTP_GET, "/c", "", "b:80",
      0, true, 1},
    {"an absolute target without a path",
     M("GET https://b HTTP/1.1\r\n" H "\r\n"), HTTP_GET, "/", "", "b", 0, true,
      1},
    {"an absolute target with only a query",
     M("GET http://[::1]:8080?q HTTP/1.1\r\n" H "\r\n"), HTTP_GET, "/", "q",
      "[::1]:8080", 0, true, 1},
    {"HTTP/1.0 closes, and needs no Host",
     M("GET / HTTP/1.0\r\n\r\n"), HTTP_GET, "/", "", "", 0, false, 0},
    {"HTTP/1.0 closes whatever it asks",
     M("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), HTTP_GET, "/", "",
      "", 0, false, 1},
    {"HTTP/1.0 may expect in vain",
     M("GET / HTTP/1.0\r\nExpect: tea\r\n\r\n"), HTTP_GET, "/", "", "", 0,
      false, 1},
    {"Connection: close",
     M("GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n"), HTTP_GET, "/", "",
      "a", 0, false, 2},
    {"close in a list, in capitals",
     M("GET / HTTP/1.1\r\n" H "connection: TE ,\tCLOSE\r\n\r\n"), HTTP_GET,
      "/", "", "a", 0, false, 2},
    {"closed is not close",
     M("GET / HTTP/1.1\r\n" H "Connection: closed\r\n\r\n"), HTTP_GET, "/", "",
      "a", 0, true, 2},
    {"a length of nought",
     M("POST / HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n"), HTTP_POST, "/",
      "", "a", 0, true, 2},
    {"the longest body",
     M("POST / HTTP/1.1\r\n" H "Content-Length: 65536\r\n\r\n"), HTTP_POST,
      "/", "", "a", 65536, true, 2},
    {"blanks and tabs around a value are not its own",
     M("GET / HTTP/1.1\r\nHost: \t a \t\r\n\r\n"), HTTP_GET, "/", "", "a", 0,
      true, 1},
    {"no blank before a value",
     M("GET / HTTP/1.1\r\nHost:a\r\n\r\n"), HTTP_GET, "/", "", "a", 0, true, 1},
    {"a tab and bytes above ASCII in a value",
     M("GET / HTTP/1.1\r\n" H "x: 01234567\t\xff\x80 89abcdef\r\n\r\n"),
      HTTP_GET, "/", "", "a", 0, true, 2},
    {"headers of the same name that may come twice",
     M("GET / HTTP/1.1\r\n" H "x: 1\r\nX: 2\r\n\r\n"), HTTP_GET, "/", "", "a",
      0, true, 3},
  /* clang-format on */
};

/* A page whose next page must not be touched; bytes are put at its end. */
static char *page_end;

static const char *place(struct span bytes, size_t length)
{
    char *at = page_end - length;

    memcpy(at, bytes.text, length);
    return at;
}

/* Bytes in pieces of `step` (the first of `first`), each against the page. */
static enum http_result feed(struct span bytes, size_t first, size_t step,
                             struct http_request *out, size_t *head_length)
{
    struct http_scan scan = {0, 0};
    enum http_result result = HTTP_MORE;

    for (size_t length = first; result == HTTP_MORE; length += step) {
        if (length > bytes.length)
            length = bytes.length;
        result =
            http_head_find(place(bytes, length), length, &scan, head_length);
        if (length == bytes.length)
            break;
    }
    if (result != HTTP_OK)
        return result;
    return http_head_parse(place(bytes, *head_length), *head_length, out);
}

static void refused(void **state)
{
    static struct http_request out;

    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        const struct refusal *r = &refusals[i];
        size_t head = 0;

        CASE(r->name);
        CHECK_EQ(feed(r->bytes, r->bytes.length, 1, &out, &head), r->want);
        CHECK_EQ(feed(r->bytes, 1, 1, &out, &head), r->want);
        for (size_t cut = 1; cut < r->bytes.length; cut++)
            CHECK_EQ(feed(r->bytes, cut, r->bytes.length, &out, &head),
                     r->want);
    }
}

static bool same(struct span got, const char *want)
{
    return span_is(got, want);
}

static void check_sound(const struct sound *s, size_t first, size_t step)
{
    static struct http_request out;
    size_t head = 0;

    CHECK_EQ(feed(s->bytes, first, step, &out, &head), HTTP_OK);
    CHECK_EQ(head, s->bytes.length);
    CHECK_EQ(out.method, s->method);
    CHECK(same(out.path, s->path));
    CHECK(same(out.query, s->query));
    CHECK(same(out.host, s->host));
    CHECK_EQ(out.content_length, s->content_length);
    CHECK_EQ(out.keep_alive, s->keep_alive);
    CHECK_EQ(out.header_count, s->header_count);
}

static void accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sounds); i++) {
        const struct sound *s = &sounds[i];

        CASE(s->name);
        check_sound(s, s->bytes.length, 1);
        check_sound(s, 1, 1);
        for (size_t cut = 1; cut < s->bytes.length; cut++)
            check_sound(s, cut, s->bytes.length);
    }
}

/* "GET /aaa HTTP/1.1" and one header, `target` and `value` bytes long. */
static struct span long_head(char *room, size_t target, size_t value)
{
    char *at = room;

    at = mempcpy(at, "GET /", 5);
    memset(at, 'a', target - 1);
    at = mempcpy(at + target - 1, " HTTP/1.1\r\nHost: ", 17);
    memset(at, 'b', value);
    at = mempcpy(at + value, "\r\n\r\n", 4);
    return (struct span){room, (size_t)(at - room)};
}

static enum http_result feed_long(size_t target, size_t value, size_t step)
{
    static char room[3 * HTTP_HEAD_LIMIT];
    static struct http_request out;
    struct span head = long_head(room, target, value);
    size_t length = 0;

    return feed(head, step, step, &out, &length);
}

static void limits(void **state)
{
    const size_t frame = 4 + 17 + 4; /* what long_head adds */

    (void)state;
    CASE("a head of exactly 8 KiB");
    CHECK_EQ(feed_long(1, HTTP_HEAD_LIMIT - frame - 1, 1), HTTP_OK);
    CHECK_EQ(feed_long(1, HTTP_HEAD_LIMIT - frame - 1, 9000), HTTP_OK);
    CASE("one byte more");
    CHECK_EQ(feed_long(1, HTTP_HEAD_LIMIT - frame, 1), HTTP_HEAD_TOO_LONG);
    CHECK_EQ(feed_long(1, HTTP_HEAD_LIMIT - frame, 9000), HTTP_HEAD_TOO_LONG);
    CASE("a target that leaves no room for its line's end");
    CHECK_EQ(feed_long(HTTP_HEAD_LIMIT, 1, 1), HTTP_TARGET_TOO_LONG);
    CHECK_EQ(feed_long(HTTP_HEAD_LIMIT, 1, 20000), HTTP_TARGET_TOO_LONG);
    CASE("a target that just fits its line, but no headers");
    CHECK_EQ(feed_long(HTTP_HEAD_LIMIT - 15, 1, 1), HTTP_HEAD_TOO_LONG);
}

static enum http_result feed_headers(size_t count)
{
    static char room[HTTP_HEAD_LIMIT];
    static struct http_request out;
    size_t length = 0;
    int at = snprintf(room, sizeof room, "GET / HTTP/1.1\r\nHost: a\r\n");

    for (size_t i = 1; i < count; i++)
        at += snprintf(room + at, sizeof room - (size_t)at, "x%zu: y\r\n", i);
    at += snprintf(room + at, sizeof room - (size_t)at, "\r\n");
    return feed((struct span){room, (size_t)at}, (size_t)at, 1, &out, &length);
}

static void header_count(void **state)
{
    (void)state;
    CASE("a hundred headers");
    CHECK_EQ(feed_headers(HTTP_HEADER_LIMIT), HTTP_OK);
    CASE("one more");
    CHECK_EQ(feed_headers(HTTP_HEADER_LIMIT + 1), HTTP_HEAD_TOO_LONG);
}

static void partial(void **state)
{
    static struct http_request out;
    const struct span bad = M("POST /a/b?c HTTP/1.1\r\n" H "Content-Type: t\r\n"
                              "Content-Length: 99999\r\n\r\n");
    const struct span line = M("GET /path HTTP/1.1\r\nHost : a\r\n\r\n");
    struct span value = {NULL, 0};
    size_t length = 0;

    (void)state;
    CASE("a body too long still leaves path, headers and type");
    CHECK_EQ(feed(bad, bad.length, 1, &out, &length), HTTP_BODY_TOO_LONG);
    CHECK(same(out.path, "/a/b"));
    CHECK(same(out.content_type, "t"));
    CHECK(!out.keep_alive);
    CHECK(http_request_header(&out, SPAN("hOST"), &value));
    CHECK(same(value, "a"));
    CASE("a bad header leaves the path");
    CHECK_EQ(feed(line, line.length, 1, &out, &length), HTTP_BAD_REQUEST);
    CHECK(same(out.path, "/path"));
    CHECK_EQ(out.header_count, 0);
    CASE("a header that is not there");
    value = SPAN("unchanged");
    CHECK(!http_request_header(&out, SPAN("host"), &value));
    CHECK(same(value, "unchanged"));
}

static void expect(void **state)
{
    static struct http_request out;
    const struct span bytes =
        M("POST / HTTP/1.1\r\n" H "Expect: 100-Continue\r\n"
          "Content-Length: 3\r\n\r\n");
    size_t length = 0;

    (void)state;
    CASE("100-continue, in any letters");
    CHECK_EQ(feed(bytes, bytes.length, 1, &out, &length), HTTP_OK);
    CHECK(out.wants_continue);
    CHECK(out.has_length);
    CHECK_EQ(out.minor, 1);
}

struct cookie_case {
    const char *name;
    struct span bytes;
    const char *want; /* of the cookie "a"; NULL: absent */
};

static const struct cookie_case cookie_cases[] = {
  /* clang-format off */
    {"one cookie", M("GET / HTTP/1.1\r\n" H "Cookie: a=1\r\n\r\n"), "1"},
    {"the second of two",
     M("GET / HTTP/1.1\r\n" H "Cookie: b=2; a=1\r\n\r\n"), "1"},
    {"in a second header",
     M("GET / HTTP/1.1\r\n" H "Cookie: b=2\r\ncookie: a=1\r\n\r\n"), "1"},
    {"a longer name is another",
     M("GET / HTTP/1.1\r\n" H "Cookie: aa=1; ab=2\r\n\r\n"), NULL},
    {"capitals make another",
     M("GET / HTTP/1.1\r\n" H "Cookie: A=1\r\n\r\n"), NULL},
    {"an empty value", M("GET / HTTP/1.1\r\n" H "Cookie: a=\r\n\r\n"), ""},
    {"an equals sign in the value",
     M("GET / HTTP/1.1\r\n" H "Cookie: a=b=c\r\n\r\n"), "b=c"},
    {"a name without a value",
     M("GET / HTTP/1.1\r\n" H "Cookie: a\r\n\r\n"), NULL},
    {"no cookie at all", M("GET / HTTP/1.1\r\n" H "\r\n"), NULL},
  /* clang-format on */
};

static void cookies(void **state)
{
    static struct http_request out;

    (void)state;
    for (size_t i = 0; i < COUNT(cookie_cases); i++) {
        const struct cookie_case *c = &cookie_cases[i];
        struct span value = {NULL, 0};
        size_t length = 0;
        bool found;

        CASE(c->name);
        CHECK_EQ(feed(c->bytes, c->bytes.length, 1, &out, &length), HTTP_OK);
        found = http_request_cookie(&out, SPAN("a"), &value);
        CHECK_EQ(found, c->want != NULL);
        if (c->want != NULL)
            CHECK(same(value, c->want));
    }
}

#define ALNUM "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

static void check_class(const char *name, enum http_char kind, const char *all)
{
    CASE(name);
    for (int c = 0; c < 256; c++) {
        bool want = c != 0 && strchr(all, c) != NULL;

        CHECK_EQ((http_chars[c] & kind) != 0, want);
    }
}

static void classes(void **state)
{
    (void)state;
    check_class("bytes of a token", HTTP_CHAR_TOKEN, ALNUM "!#$%&'*+-.^_`|~");
    check_class("bytes of a path", HTTP_CHAR_PATH, ALNUM "-._~!$&'()*+,;=:@/%");
    check_class("bytes of a query", HTTP_CHAR_QUERY,
                ALNUM "-._~!$&'()*+,;=:@/%?[\\]^`{|}");
    check_class("bytes of a host", HTTP_CHAR_HOST, ALNUM "-._~:[]%");
    CASE("bytes of a value: eight at a time as one by one, at every place");
    for (int c = 0; c < 256; c++) {
        bool want = c == '\t' || (c >= ' ' && c != 0x7f);
        char text[20];

        CHECK_EQ((http_chars[c] & HTTP_CHAR_VALUE) != 0, want);
        for (size_t at = 0; at < sizeof text; at++) {
            memset(text, '~', sizeof text);
            text[at] = (char)c;
            CHECK_EQ(http_chars_value_run((struct span){text, sizeof text}),
                     want ? sizeof text : at);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused), cmocka_unit_test(accepted),
        cmocka_unit_test(limits),  cmocka_unit_test(header_count),
        cmocka_unit_test(partial), cmocka_unit_test(expect),
        cmocka_unit_test(cookies), cmocka_unit_test(classes),
    };
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t room = 32 * 1024 / page * page;
    char *pages = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED || mprotect(pages + room, page, PROT_NONE) != 0)
        return EXIT_FAILURE;
    page_end = pages + room;
    return check_run("server/http_head", tests);
}
