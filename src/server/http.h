/*
 * HTTP/1.1 as a pure function: bytes <-> struct http_request, http_response.
 *
 * No I/O, no allocation, no clock. Strict RFC 9110 and 9112: what two readers
 * could understand in two ways is refused, for that is how one request is
 * smuggled inside another. TLS, HTTP/2 and chunked bodies are a proxy's work.
 *
 * Statuses that the parser gives are values of enum http_result, so a refusal
 * says by itself how to answer it.
 */
#ifndef SERVER_HTTP_H
#define SERVER_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/* Every limit of a message has its name here. */
enum {
    HTTP_HEAD_LIMIT = 8 * 1024,  /* request line and headers: 414, 431 */
    HTTP_HEADER_LIMIT = 100,     /* header lines of a request: 431 */
    HTTP_BODY_LIMIT = 64 * 1024, /* body of a request: 413 */
    HTTP_RESPONSE_HEADERS = 16,  /* extra headers of a response */
    HTTP_RESPONSE_HEAD = 4096,   /* bytes of a response's head */
    HTTP_DATE_LENGTH = 29,       /* "Sun, 06 Nov 1994 08:49:37 GMT" */
    HTTP_PEER_TEXT = 48,         /* longest address as text, with its NUL */
};

enum http_result {
    HTTP_OK = 0,
    HTTP_MORE = 1, /* good as far as it goes; bytes are missing */
    HTTP_BAD_REQUEST = 400,
    HTTP_TIMEOUT = 408,
    HTTP_LENGTH_REQUIRED = 411, /* Transfer-Encoding: a proxy's work */
    HTTP_BODY_TOO_LONG = 413,
    HTTP_TARGET_TOO_LONG = 414,
    HTTP_EXPECTATION_FAILED = 417,
    HTTP_HEAD_TOO_LONG = 431,
    HTTP_BAD_VERSION = 505,
};

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_OTHER, /* any other well-formed token; read method_text */
};

struct http_header {
    struct span name;
    struct span value; /* blanks around it are cut; may be empty */
};

/* Who is at the other end of the connection (a proxy's words apart). */
struct http_peer {
    bool is_unix;        /* a Unix socket: address and port are zero */
    uint8_t address[16]; /* IPv6; IPv4 is mapped, ::ffff:a.b.c.d */
    uint16_t port;
};

/*
 * A request. All spans point into the bytes it was parsed from, or are empty.
 *
 * After a refusal what was read before the fault is there too (a bad header
 * still leaves the path), so that the answer can be shaped for it.
 */
struct http_request {
    enum http_method method;
    int minor; /* HTTP/1.minor: 0 or 1 */
    struct span method_text;
    struct span path;  /* raw, starts with '/'; "*" only for OPTIONS */
    struct span query; /* raw, behind the '?'; empty when none */
    struct span host;  /* the target's authority, else the Host header's */
    struct span content_type;
    struct span body;      /* empty until it is all there */
    size_t content_length; /* 0 when there is no body */
    bool has_length;       /* a Content-Length was sent, perhaps 0 */
    bool keep_alive;       /* false: HTTP/1.0, or Connection: close */
    bool wants_continue;   /* Expect: 100-continue */
    struct http_peer peer; /* filled by the connection */
    size_t header_count;
    struct http_header headers[HTTP_HEADER_LIMIT]; /* in order received */
};

/* How far the search for a head's end has come; all zero to begin. */
struct http_scan {
    size_t line; /* where the line in hand begins */
    size_t next; /* first byte not looked at */
};

/*
 * Looks for the end of a head, looking at each byte once however they arrive.
 *
 * `bytes` begin at the request; `length` only grows from call to call. HTTP_OK:
 * the head is bytes[0 .. *head_length). HTTP_MORE: call again with more. Else a
 * refusal that needs no more bytes: a bare LF, an empty first line twice, 414,
 * 431.
 */
enum http_result http_head_find(const char *bytes, size_t length,
                                struct http_scan *scan, size_t *head_length);

/*
 * Parses a head that http_head_find delimited. Never gives HTTP_MORE.
 *
 * Overwrites all of *out but unused rows of headers, and peer. On HTTP_OK the
 * body is the content_length bytes behind the head, for the caller to set.
 * HTTP_BODY_TOO_LONG and HTTP_LENGTH_REQUIRED come only for heads that are
 * good otherwise. After any refusal the connection must be closed.
 */
enum http_result http_head_parse(const char *head, size_t head_length,
                                 struct http_request *out);

/*
 * The first header of that name, ASCII case aside; false when there is none,
 * and then *value is unchanged. (The parser refuses a second Host,
 * Content-Length, Content-Type, Authorization, Origin or Expect.)
 */
bool http_request_header(const struct http_request *request, struct span name,
                         struct span *value);

/* A cookie by its exact name; false when absent. Quotes are left in place. */
bool http_request_cookie(const struct http_request *request, struct span name,
                         struct span *value);

/* NUL-terminated: "127.0.0.1", "2001:db8::1" or "unix". */
void http_peer_text(const struct http_peer *peer, char out[HTTP_PEER_TEXT]);

/*
 * From where a peer comes, as far as it cannot choose: of IPv6 the first 64 bits,
 * for all addresses below them are one customer's; of IPv4 the whole address.
 */
void http_peer_network(const struct http_peer *peer, uint8_t out[16]);

/*
 * A response. Zero it, then set the status and what there is to say.
 *
 * Date, Content-Length, Connection and Content-Type are written by the writer:
 * they do not belong in `headers`. All spans are borrowed for the call that
 * takes the response. A body beside 204 or 304, or to HEAD, is not sent (HEAD
 * and 304 need not be treated apart by who builds it).
 */
struct http_response {
    int status;               /* 200 to 599 */
    struct span content_type; /* empty: none is sent */
    struct span body;
    bool body_lasting; /* body outlives the loop (an embedded file), so it need
                          not be copied when the network is slow */
    bool close;        /* close the connection behind this answer */
    size_t header_count;
    struct http_header headers[HTTP_RESPONSE_HEADERS];
};

/* Adds a header; false, and nothing added, when the table is full. */
bool http_response_add(struct http_response *response, struct span name,
                       struct span value);

/* What a response's head needs to know besides the response. */
struct http_reply_to {
    bool keep_alive;             /* the connection stays open */
    char date[HTTP_DATE_LENGTH]; /* from http_date */
};

/*
 * Writes the head, blank line included, and returns its length. The body
 * follows it as it is, unless http_response_bodiless.
 *
 * 0 when it must not be sent: a CR, LF, NUL or other control in a value, a bad
 * name, a status out of range, or longer than HTTP_RESPONSE_HEAD.
 */
size_t http_response_write(const struct http_response *response,
                           const struct http_reply_to *to,
                           char out[HTTP_RESPONSE_HEAD]);

/* Whether no body follows this head: HEAD, 204, 304. */
bool http_response_bodiless(const struct http_response *response,
                            enum http_method method);

/* "OK", "Not Found"; "Unknown" for a status that has no name here. */
const char *http_status_text(int status);

/* RFC 9110, section 5.6.7, not NUL-terminated. Years 1970 to 9999. */
void http_date(int64_t now_s, char out[HTTP_DATE_LENGTH]);

#endif
