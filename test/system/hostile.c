/*
 * Requests that no honest client sends, against the running program: each ends
 * in the right refusal, nothing hidden behind it is taken for a request, and
 * whoever came before and comes after is served.
 */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"
#include "rows.h"
#include "stayd.h"

enum {
    SLOW = 64, /* connections of each slow kind */
    SLOW_MS =
        10000, /* how long stayd waits for a head, or for a step of a body */
    DRIP_MS = 500,
    BIG = 100 * 1000,
    HEADERS = 5000,
    RSS_GROWTH_KB = 16 * 1024, /* over all of this */
};

/* What is smuggled: were it served, the log would tell. */
#define INNER                                                                  \
    "POST /demo/expire HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
#define H "Host: a\r\n"
#define POST "POST /d/express/api/auth/signin HTTP/1.1\r\n" H
/* A literal with the NULs in it. */
#define M(text) (text), sizeof(text) - 1

struct shape {
    const char *name;
    const char *bytes;
    size_t size;
    int status;
};

// clang-format off
static const struct shape shapes[] = {
    {"two lengths that differ",
     M(POST "Content-Length: 0\r\nContent-Length: 61\r\n\r\n" INNER), 400},
    {"two lengths that agree",
     M(POST "Content-Length: 61\r\nContent-Length: 61\r\n\r\n" INNER), 400},
    {"a list of lengths",
     M(POST "Content-Length: 0, 61\r\n\r\n" INNER), 400},
    {"a length and an encoding",
     M(POST "Content-Length: 61\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
       INNER), 400},
    {"an encoding and a length",
     M(POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"
       INNER), 400},
    {"chunked alone is a proxy's work",
     M(POST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" INNER), 411},
    {"chunked behind a vertical tab",
     M(POST "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n" INNER), 400},
    {"chunked twice",
     M(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n"
       "0\r\n\r\n" INNER), 411},
    {"an encoding with a blank before its colon",
     M(POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" INNER), 400},
    {"a length behind a blank",
     M(POST "Content-Length : 61\r\n\r\n" INNER), 400},
    {"an encoding in HTTP/1.0",
     M("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" INNER),
     400},
    {"a bare LF ends a header",
     M(POST "X: y\nContent-Length: 0\r\n\r\n" INNER), 400},
    {"bare LFs end the head", M(POST "X: y\n\n" INNER), 400},
    {"a bare LF ends the request line",
     M("GET / HTTP/1.1\n" H "\r\n" INNER), 400},
    {"a bare CR in a value", M(POST "X: y\rZ: 1\r\n\r\n" INNER), 400},
    {"a folded header", M(POST "X: y\r\n Content-Length: 61\r\n\r\n" INNER),
     400},
    {"a folded length", M(POST "Content-Length:\r\n 0\r\n\r\n" INNER), 400},
    {"a NUL in a name", M(POST "X\0: y\r\n\r\n" INNER), 400},
    {"a NUL in a value", M(POST "X: a\0b\r\n\r\n" INNER), 400},
    {"a NUL in the path", M("GET /\0 HTTP/1.1\r\n" H "\r\n" INNER), 400},
    {"a length with a plus", M(POST "Content-Length: +0\r\n\r\n" INNER), 400},
    {"a length with a minus", M(POST "Content-Length: -61\r\n\r\n" INNER), 400},
    {"a length in hex", M(POST "Content-Length: 0x3d\r\n\r\n" INNER), 400},
    {"a length with an underscore", M(POST "Content-Length: 6_1\r\n\r\n" INNER),
     400},
    {"a length with leading noughts",
     M(POST "Content-Length: 00\r\n\r\n" INNER), 400},
    {"a length of 2^64",
     M(POST "Content-Length: 18446744073709551616\r\n\r\n" INNER), 413},
    {"a length of 2^64 and a body's",
     M(POST "Content-Length: 18446744073709551677\r\n\r\n" INNER), 413},
    {"an empty length", M(POST "Content-Length:\r\n\r\n" INNER), 400},
    {"two hosts", M("GET / HTTP/1.1\r\n" H "Host: b\r\n\r\n" INNER), 400},
    {"no host", M("GET / HTTP/1.1\r\n\r\n" INNER), 400},
    {"two content types",
     M(POST "Content-Type: a/b\r\nContent-Type: c/d\r\nContent-Length: 0\r\n\r\n"
       INNER), 400},
    {"two authorizations",
     M("GET /d/django/api/v1/test/user HTTP/1.1\r\n" H "Authorization: Bearer a"
       "\r\nAuthorization: Bearer b\r\n\r\n" INNER), 400},
    {"CONNECT", M("CONNECT a:443 HTTP/1.1\r\n" H "\r\n" INNER), 400},
    {"the preface of HTTP/2", M("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505},
    {"TLS", M("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), 400},
    {"a body longer than is taken",
     M(POST "Content-Length: 65537\r\n\r\n" INNER), 413},
};
// clang-format on

/* ---- All that comes back on one connection ---- */

struct heard {
    char text[16 * 1024];
    size_t length;
    bool ended; /* the server closed */
};

static void hear(int fd, struct heard *out)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    out->length = 0;
    out->ended = false;
    while (out->length < sizeof out->text - 1 && process_now_ms() < end_ms) {
        ssize_t count;

        if (poll(&ready, 1, 100) <= 0)
            continue;
        count = recv(fd, out->text + out->length,
                     sizeof out->text - 1 - out->length, 0);
        if (count <= 0) {
            out->ended = count == 0 || errno == ECONNRESET;
            break;
        }
        out->length += (size_t)count;
    }
    out->text[out->length] = '\0';
}

static int count_answers(const struct heard *heard)
{
    const char *at = heard->text;
    int count = 0;

    while ((at = strstr(at, "HTTP/1.1 ")) != NULL) {
        count++;
        at++;
    }
    return count;
}

static int first_status(const struct heard *heard)
{
    int status = -1;

    (void)sscanf(heard->text, "HTTP/1.1 %d", &status);
    return status;
}

static void one_shape(const struct stayd *stayd, const struct shape *shape)
{
    static struct heard heard;
    int fd = wire_connect(stayd->port);

    check_case("smuggling: %s", shape->name);
    (void)wire_send(fd, shape->bytes, shape->size);
    (void)shutdown(fd, SHUT_WR);
    hear(fd, &heard);
    CHECK_EQ(first_status(&heard), shape->status);
    CHECK_EQ(count_answers(&heard), 1);
    CHECK(heard.ended);
    CHECK(strcasestr(heard.text, "\r\nConnection: close\r\n") != NULL);
    (void)close(fd);
}

/* A good request before the bad one gets its answer, one behind it none. */
static void between_good_ones(const struct stayd *stayd)
{
    static const char bytes[] = "GET /d/express/api/test/all HTTP/1.1\r\n" H
                                "\r\n" POST "Content-Length: 1\r\n"
                                "Content-Length: 1\r\n\r\nx" INNER;
    static struct heard heard;
    int fd = wire_connect(stayd->port);

    CASE("a good request before a bad one is answered, one behind it is not");
    (void)wire_send(fd, bytes, sizeof bytes - 1);
    hear(fd, &heard);
    CHECK_EQ(count_answers(&heard), 2);
    CHECK_EQ(first_status(&heard), 200);
    CHECK(strstr(heard.text, "HTTP/1.1 400 ") != NULL);
    CHECK(heard.ended);
    (void)close(fd);
}

enum { HEADS_SIZE = 2 * BIG + 1024 };

/* Adds to what stands there, whose length it moves on. */
static void put(char *bytes, size_t *length, const char *text)
{
    size_t more = strlen(text);

    CHECK(more < HEADS_SIZE - *length);
    memcpy(bytes + *length, text, more);
    *length += more;
}

static void long_heads(const struct stayd *stayd)
{
    char *bytes = malloc(HEADS_SIZE);
    char line[32];
    struct wire_reply reply;
    size_t length = 0;

    if (bytes == NULL)
        abort();
    CASE("a header of 100 kB");
    put(bytes, &length, "GET / HTTP/1.1\r\n" H "X: ");
    memset(bytes + length, 'x', BIG);
    length += BIG;
    put(bytes, &length, "\r\n\r\n");
    reply = wire_raw(stayd->port, bytes, length);
    CHECK_EQ(reply.status, 431);
    CHECK(reply.closed);
    wire_clear(&reply);

    CASE("5,000 headers");
    length = 0;
    put(bytes, &length, "GET / HTTP/1.1\r\n" H);
    for (int i = 0; i < HEADERS; i++) {
        (void)snprintf(line, sizeof line, "X-%d: %d\r\n", i, i);
        put(bytes, &length, line);
    }
    put(bytes, &length, "\r\n");
    reply = wire_raw(stayd->port, bytes, length);
    CHECK_EQ(reply.status, 431);
    CHECK(reply.closed);
    wire_clear(&reply);

    CASE("a path of 100 kB");
    length = 0;
    put(bytes, &length, "GET /");
    memset(bytes + length, 'x', BIG);
    length += BIG;
    put(bytes, &length, " HTTP/1.1\r\n" H "\r\n");
    reply = wire_raw(stayd->port, bytes, length);
    CHECK_EQ(reply.status, 414);
    CHECK(reply.closed);
    wire_clear(&reply);
    free(bytes);
}

/* ---- What is echoed ---- */

/* Each holds a header that must not become one. */
static const struct row echoes[] = {
    {"an escaped new line in the path",            "GET",
     "/d/express/api/x%0d%0aInjected:%20yes",                                               NULL,                                               NULL,                                                       404, NULL,
     "!Injected\n",                                                                                                                                                                                                                                         NULL                 },
    {"an escaped script in the path",              "GET",
     "/d/express/api/%3Cscript%3Ealert(1)%3C/script%3E",                                    NULL,                                               NULL,                                                       404,
     "<ANY>%3Cscript%3E<ANY>",                                                                                                                                                                                         "X-Content-Type-Options: nosniff\n", NULL                 },
    {"an escaped new line in the query",           "GET",
     "/d/express/api/test/all?a=%0d%0aInjected:%20yes",                                     NULL,                                               NULL,                                                       200, NULL,
     "!Injected\n",                                                                                                                                                                                                                                         NULL                 },
    {"a method that is echoed",                    "IN-JECT", "/d/express/api/auth/signin", NULL,
     NULL,                                                                                                                                                                                                  404, NULL, "!Injected\n",                       NULL                 },
    {"an origin with an escaped new line",         "GET",     "/d/express/api/test/all",
     "Origin: http://localhost:8081%0d%0aInjected: yes\r\n",                                                                                    NULL,                                                       200, NULL,
     "!Injected\n!Access-Control-Allow-Origin\n",                                                                                                                                                                                                           NULL                 },
    {"asked-for headers with an escaped new line", "OPTIONS",
     "/d/django/api/v1/test/all",                                                           "Origin: http://localhost:8081\r\nAccess-Control-Request-Method: GET\r\n"
     "Access-Control-Request-Headers: a%0d%0aInjected: yes\r\n",                                               NULL,                                                       200, NULL, "!Injected\n",                       NULL                 },
    {"a name with new lines",                      "POST",    "/d/stay/api/account",        NULL,
     "{\"username\":\"x\\r\\nInjected: yes\",\"email\":\"i@b.example\","
     "\"password\":\"wonderland-1865\"}",                                                                                                                                                                   400, NULL, "!Injected\n",                       NULL                 },
    {"a session's label with new lines",           "POST",    "/d/stay/api/session",        NULL,
     "{\"username\":\"ada\",\"password\":\"lovelace\",\"sid\":\"$A_SID\","
     "\"next\":\"$A_N0\",\"label\":\"x\\r\\nInjected: yes\"}",                                                                                                                                              201, NULL, "!Injected\n",                       "ACCESS=access_token"},
    {"a todo with new lines",                      "POST",    "/d/stay/api/todos",
     "Authorization: Bearer $ACCESS\r\n",                                                                                                       "{\"title\":\"x\\r\\nInjected: yes\\r\\n\\r\\n<script>\"}", 400, NULL,
     "!Injected\nContent-Type: application/json\n",                                                                                                                                                                                                         NULL                 },
    {"a content type that is echoed",              "POST",
     "/d/django/api/v1/auth/jwt/create/",                                                   "Content-Type: text/x; a=\"b\tInjected: yes\"\r\n", "{}",                                                       415, NULL,
     "!Injected\n",                                                                                                                                                                                                                                         NULL                 },
    {"a proxy's word of nobody we trust",          "GET",     "/d/express/api/test/all",
     "X-Forwarded-For: 1.2.3.4\tInjected: yes\r\nX-Forwarded-Host: evil\r\n"
     "X-Original-URL: /metrics\r\nX-HTTP-Method-Override: DELETE\r\n",                                                                          NULL,                                                       200, NULL, "!Injected\n",                       NULL                 },
};

/* ---- Pages of other origins ---- */

static const char *const cors_options[] = {"--origin", "https://app.example",
                                           "--log-level", "debug", NULL};

static const char *const foreign[] = {
    "https://evil.example",
    "https://app.example.evil.example",
    "https://evil-app.example",
    "https://app.example:444",
    "http://app.example",
    "https://app.example.",
    "https://app.example/",
    "https://APP.example",
    "https://app.example@evil.example",
    "null",
    "file://",
    "http://localhost.evil.example",
    "http://localhost:8081@evil.example",
    "http://127.0.0.1.evil.example",
    "http://localhost:0",
    "http://localhost:65536",
    "*",
};

/* A preflight, a page, and an error: none admits the origin. */
static const struct {
    const char *name;
    const char *method;
    const char *path;
    int status; /* of who needs no origin; 0: any */
} cors_asks[] = {
    {"preflight", "OPTIONS", "/d/django/api/v1/test/user", 0  },
    {"page",      "GET",     "/d/express/api/test/all",    200},
    {"error",     "GET",     "/d/express/api/test/user",   0  },
    {"refusal",   "POST",    "/d/stay/api/session",        400},
    {"nowhere",   "GET",     "/d/stay/api/nowhere",        404},
};

static void ask_from(const struct stayd *stayd, const char *origin, size_t ask,
                     bool admitted)
{
    char headers[512];
    char value[1024];
    struct wire_request request = {.method = cors_asks[ask].method,
                                   .path = cors_asks[ask].path,
                                   .headers = headers};
    struct wire_reply reply;

    (void)snprintf(headers, sizeof headers,
                   "Origin: %s\r\nAccess-Control-Request-Method: GET\r\n"
                   "Access-Control-Request-Headers: authorization\r\n",
                   origin);
    reply = wire_ask(stayd->port, &request);
    check_case("CORS: %s of %s", cors_asks[ask].name, origin);
    CHECK(reply.status >= 200);
    if (cors_asks[ask].status != 0)
        CHECK_EQ(reply.status, cors_asks[ask].status);
    CHECK_EQ(wire_header(&reply, "Access-Control-Allow-Origin", 0, value),
             admitted);
    if (admitted)
        CHECK_TEXT(value, origin);
    wire_clear(&reply);
}

static void cors(const struct stayd *stayd)
{
    for (size_t i = 0; i < COUNT(foreign); i++)
        for (size_t k = 0; k < COUNT(cors_asks); k++)
            ask_from(stayd, foreign[i], k, false);
    for (size_t k = 0; k < COUNT(cors_asks); k++)
        ask_from(stayd, "https://app.example", k, true);
}

/* ---- The slow ---- */

/* Opened at first and looked at last, so that waiting costs no time. */
struct slow {
    int head[SLOW];   /* a head that grows by a byte now and then */
    int body[SLOW];   /* a body likewise */
    int silent[SLOW]; /* a whole head, and no byte of the body */
    int64_t began_ms;
};

static int begin_slow(const struct stayd *stayd, const char *bytes)
{
    int fd = wire_connect(stayd->port);

    CHECK(wire_send(fd, bytes, strlen(bytes)));
    return fd;
}

static void slow_begin(const struct stayd *stayd, struct slow *slow)
{
    CASE("slow heads and slow bodies begin");
    slow->began_ms = process_now_ms();
    for (int i = 0; i < SLOW; i++) {
        slow->head[i] = begin_slow(stayd, "GET / HTTP/1.1\r\n" H "X: ");
        slow->body[i] = begin_slow(stayd, POST "Content-Length: 9000\r\n\r\nx");
        slow->silent[i] =
            begin_slow(stayd, POST "Content-Length: 9000\r\n\r\n");
    }
}

/* Has the server answered or closed? */
static bool is_heard(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 ||
           (errno != EAGAIN && errno != EWOULDBLOCK);
}

static int drip(int fds[SLOW])
{
    int living = 0;

    for (int i = 0; i < SLOW; i++) {
        if (is_heard(fds[i]))
            continue;
        living++;
        (void)send(fds[i], "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    return living;
}

static void check_slow(const char *name, int fds[SLOW])
{
    static struct heard heard;
    int told = 0;

    for (int i = 0; i < SLOW; i++) {
        hear(fds[i], &heard);
        told += first_status(&heard) == 408 && heard.ended;
        (void)close(fds[i]);
    }
    check_case("%s: all are told 408, and closed", name);
    CHECK_EQ(told, SLOW);
}

static void slow_end(struct slow *slow)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;
    int64_t took_ms;

    while (drip(slow->head) + drip(slow->body) > 0 && process_now_ms() < end_ms)
        (void)poll(NULL, 0, DRIP_MS);
    took_ms = process_now_ms() - slow->began_ms;
    CASE("a byte now and then wins no more time");
    CHECK(took_ms >= SLOW_MS - 1000);
    CHECK(took_ms < 3 * SLOW_MS);
    check_slow("slow heads", slow->head);
    check_slow("slow bodies", slow->body);
    check_slow("bodies that never come", slow->silent);
}

/* ---- All of it, against one server ---- */

static int ask_status(const struct stayd *stayd, const char *path)
{
    struct wire_request request = {.method = "GET", .path = path};
    struct wire_reply reply = wire_ask(stayd->port, &request);
    int status = reply.status;

    wire_clear(&reply);
    return status;
}

static void check_after(const struct stayd *stayd, int early, long before_kb)
{
    struct wire_request request = {.method = "GET",
                                   .path = "/d/express/api/test/all"};
    struct wire_reply reply = wire_ask_on(early, &request);
    char *err = process_text(stayd->process, PROCESS_ERR);
    long after_kb = process_rss_kb(stayd->process);

    CASE("nothing smuggled was served");
    CHECK(strstr(err, "demo_expire") == NULL);
    CASE("what the log tells has no line of a client's making");
    CHECK(strstr(err, "Injected") == NULL);
    CASE("a connection from before is served on");
    CHECK_EQ(reply.status, 200);
    CASE("and a new one");
    CHECK_EQ(ask_status(stayd, "/d/express/api/test/all"), 200);
    CASE("memory is bounded");
    CHECK(before_kb > 0 && after_kb - before_kb < RSS_GROWTH_KB);
    check_note("RSS: %ld kB before, %ld kB after", before_kb, after_kb);
    wire_clear(&reply);
    free(err);
}

static void hostile(void **state)
{
    static struct slow slow;
    struct stayd stayd;
    struct rows rows;
    long before_kb;
    int early;

    (void)state;
    CASE("stayd starts");
    if (!stayd_start(&stayd, cors_options))
        return;
    rows_init(&rows, stayd.port);
    rows_set_secrets(&rows, "A");
    // The passwords' memory comes with the first.
    rows_run(&rows, echoes, COUNT(echoes));
    early = wire_connect(stayd.port);
    before_kb = process_rss_kb(stayd.process);
    slow_begin(&stayd, &slow);
    for (size_t i = 0; i < COUNT(shapes); i++)
        one_shape(&stayd, &shapes[i]);
    between_good_ones(&stayd);
    long_heads(&stayd);
    cors(&stayd);
    slow_end(&slow);
    check_after(&stayd, early, before_kb);
    (void)close(early);
    rows_clear(&rows);
    stayd_clear(&stayd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(hostile)};

    if (sodium_init() < 0)
        return 1;
    return check_run("system/hostile", tests);
}
