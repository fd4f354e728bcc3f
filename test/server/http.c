#include "server/http.h"

#include <string.h>

#include "check.h"

static const struct http_reply_to open_to = {
    .keep_alive = true,
    .date = "Sun, 06 Nov 1994 08:49:37 GM"
            "T",
};
#define DATE "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"

struct write_case {
    const char *name;
    struct http_response response;
    bool keep_alive;
    const char *want; /* NULL: must be refused */
};

#define TEXT(literal)                                                          \
    {                                                                          \
        (literal), sizeof(literal) - 1                                         \
    }

static const struct write_case write_cases[] = {
  /* clang-format off */
    {"an empty answer says so",
     {.status = 200}, true, "HTTP/1.1 200 OK\r\n" DATE
      "Content-Length: 0\r\n\r\n"},
    {"type, length, close",
     {.status = 401, .content_type = TEXT("application/json"), .body =
      TEXT("{}")}, false, "HTTP/1.1 401 Unauthorized\r\n" DATE
      "Content-Type: application/json\r\n"
      "Content-Length: 2\r\nConnection: close\r\n\r\n"},
    {"204 has no length",
     {.status = 204, .body = TEXT("ignored")}, true,
      "HTTP/1.1 204 No Content\r\n" DATE "\r\n"},
    {"304 has no length",
     {.status = 304}, true, "HTTP/1.1 304 Not Modified\r\n" DATE "\r\n"},
    {"a status without a name",
     {.status = 299}, true, "HTTP/1.1 299 Unknown\r\n" DATE
      "Content-Length: 0\r\n\r\n"},
    {"headers in their order, an empty one among them",
     {.status = 200, .header_count = 2, .headers = {{TEXT("b"), TEXT("")},
      {TEXT("a"), TEXT("x\ty \xff")}}}, true, "HTTP/1.1 200 OK\r\n" DATE
      "Content-Length: 0\r\nb: \r\n" "a: x\ty \xff\r\n\r\n"},
    {"the highest status",
     {.status = 599}, true, "HTTP/1.1 599 Unknown\r\n" DATE
      "Content-Length: 0\r\n\r\n"},
    {"a status of 600", {.status = 600}, true, NULL},
    {"a status of 199", {.status = 199}, true, NULL},
    {"a status of nought", {.status = 0}, true, NULL},
    {"a status below nought", {.status = -1}, true, NULL},
    {"CR LF in a value",
     {.status = 200, .header_count = 1, .headers = {{TEXT("a"),
      TEXT("x\r\nSet-Cookie: y")}}}, true, NULL},
    {"LF in a value",
     {.status = 200, .header_count = 1, .headers = {{TEXT("a"),
      TEXT("x\ny")}}}, true, NULL},
    {"CR in a value",
     {.status = 200, .header_count = 1, .headers = {{TEXT("a"),
      TEXT("x\ry")}}}, true, NULL},
    {"NUL in a value",
     {.status = 200, .header_count = 1, .headers = {{TEXT("a"),
      TEXT("x\0y")}}}, true, NULL},
    {"CR LF in a name",
     {.status = 200, .header_count = 1, .headers = {{TEXT("a\r\n"),
      TEXT("x")}}}, true, NULL},
    {"a colon in a name",
     {.status = 200, .header_count = 1, .headers = {{TEXT("a:"), TEXT("x")}}},
      true, NULL},
    {"an empty name",
     {.status = 200, .header_count = 1, .headers = {{TEXT(""), TEXT("x")}}},
      true, NULL},
    {"CR LF in the content type",
     {.status = 200, .content_type = TEXT("a/b\r\nx: y")}, true, NULL},
  /* clang-format on */
};

static void write_heads(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(write_cases); i++) {
        const struct write_case *c = &write_cases[i];
        struct http_reply_to to = open_to;
        char out[HTTP_RESPONSE_HEAD];
        size_t length;

        CASE(c->name);
        to.keep_alive = c->keep_alive;
        length = http_response_write(&c->response, &to, out);
        if (c->want == NULL)
            CHECK_EQ(length, 0);
        else
            CHECK_BYTES(out, length, c->want, strlen(c->want));
    }
}

/* "HTTP/1.1 200 OK", Date, a length of 0, and a header with such a value. */
static size_t write_long(size_t value_length)
{
    static char value[HTTP_RESPONSE_HEAD];
    char out[HTTP_RESPONSE_HEAD];
    struct http_response r = {.status = 200};

    memset(value, 'v', sizeof value);
    (void)http_response_add(&r, SPAN("a"), (struct span){value, value_length});
    return http_response_write(&r, &open_to, out);
}

static void room(void **state)
{
    const size_t frame = 17 + 37 + 19 + 3 + 2 + 2;
    struct http_response r = {.status = 200};

    (void)state;
    CASE("a head of exactly 4 KiB is written");
    CHECK_EQ(write_long(HTTP_RESPONSE_HEAD - frame), HTTP_RESPONSE_HEAD);
    CASE("one byte more is refused");
    CHECK_EQ(write_long(HTTP_RESPONSE_HEAD - frame + 1), 0);
    CASE("sixteen headers, and no seventeenth");
    for (size_t i = 0; i < HTTP_RESPONSE_HEADERS; i++)
        CHECK(http_response_add(&r, SPAN("a"), SPAN("b")));
    CHECK(!http_response_add(&r, SPAN("a"), SPAN("b")));
    CHECK_EQ(r.header_count, HTTP_RESPONSE_HEADERS);
}

static void bodiless(void **state)
{
    const struct http_response ok = {.status = 200};
    const struct http_response none = {.status = 204};
    const struct http_response same = {.status = 304};

    (void)state;
    CASE("which answers have no body");
    CHECK(!http_response_bodiless(&ok, HTTP_GET));
    CHECK(http_response_bodiless(&ok, HTTP_HEAD));
    CHECK(http_response_bodiless(&none, HTTP_GET));
    CHECK(http_response_bodiless(&same, HTTP_GET));
}

struct date_case {
    const char *name;
    int64_t now_s;
    const char *want;
};

static const struct date_case date_cases[] = {
    {"the beginning",     0,            "Thu, 01 Jan 1970 00:00:00 GMT"},
    {"the RFC's example", 784111777,    "Sun, 06 Nov 1994 08:49:37 GMT"},
    {"a leap day",        1709164800,   "Thu, 29 Feb 2024 00:00:00 GMT"},
    {"beyond 32 bits",    4294967296,   "Sun, 07 Feb 2106 06:28:16 GMT"},
    {"the last one",      253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
};

static void dates(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(date_cases); i++) {
        char out[HTTP_DATE_LENGTH];

        CASE(date_cases[i].name);
        http_date(date_cases[i].now_s, out);
        CHECK_BYTES(out, sizeof out, date_cases[i].want, HTTP_DATE_LENGTH);
    }
}

static void peers(void **state)
{
    char out[HTTP_PEER_TEXT];

    (void)state;
    CASE("an IPv4 address");
    http_peer_text(
        &(struct http_peer){
            .address = {[10] = 255, 255, 192, 0, 2, 1}
    },
        out);
    CHECK_TEXT(out, "192.0.2.1");
    CASE("an IPv6 address");
    http_peer_text(
        &(struct http_peer){
            .address = {0x20, 1, 0x0d, 0xb8, [15] = 1}
    },
        out);
    CHECK_TEXT(out, "2001:db8::1");
    CASE("a Unix socket");
    http_peer_text(&(struct http_peer){.is_unix = true}, out);
    CHECK_TEXT(out, "unix");
}

static void networks(void **state)
{
    static const struct {
        const char *name;
        uint8_t address[16];
        uint8_t network[16];
    } list[] = {
        {"an address of IPv4 stands for itself",
         {[10] = 255, 255, 192, 0, 2, 7},
         {[10] = 255, 255, 192, 0, 2, 7}                                 },
        {"one of IPv6 for its customer",
         {0x20, 1, 0xd, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
         {0x20, 1, 0xd, 0xb8, 1, 2, 3, 4}                                },
        {"a Unix socket for all of them",        {0},                 {0}},
    };
    uint8_t out[16];

    (void)state;
    for (size_t i = 0; i < COUNT(list); i++) {
        struct http_peer peer = {.port = 1};

        CASE(list[i].name);
        memcpy(peer.address, list[i].address, sizeof peer.address);
        http_peer_network(&peer, out);
        CHECK(memcmp(out, list[i].network, sizeof out) == 0);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(write_heads), cmocka_unit_test(room),
        cmocka_unit_test(bodiless),    cmocka_unit_test(dates),
        cmocka_unit_test(peers),       cmocka_unit_test(networks),
    };

    return check_run("server/http", tests);
}
