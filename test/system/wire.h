/*
 * HTTP as bytes: what a test sends is exactly what goes out, and what came back
 * is kept as it came.
 */
#ifndef TEST_WIRE_H
#define TEST_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WIRE_LIMIT_MS = 30000,    /* the longest wait for one reply */
    WIRE_REPLY_MAX = 4 << 20, /* bytes of one reply */
};

struct wire_reply {
    int status;       /* 0: none came, or the connection ended within it */
    char *head;       /* status line and fields, NUL-terminated; owned */
    char *body;       /* NUL-terminated; owned; never NULL */
    size_t body_size; /* without that NUL */
    bool closed;      /* the server closed after it, or said that it will */
};
void wire_clear(struct wire_reply *reply); /* zeroed is allowed */

/* A socket to 127.0.0.1:port, or -1. */
int wire_connect(int port);
bool wire_send(int fd, const void *bytes, size_t size);
/*
 * Reads one final reply (1xx are passed over); `headless` says that none of its
 * body follows (HEAD). False, with status 0, when no whole reply came.
 */
bool wire_read(int fd, bool headless, struct wire_reply *out);

struct wire_request {
    const char *method;
    const char *path;
    const char *headers; /* lines that end in \r\n each, or NULL */
    const char *body;    /* or NULL; makes a Content-Length */
    size_t body_size;    /* 0: strlen(body) */
};

/*
 * One request on a connection of its own. Host is added, where it is not the
 * first of the headers, and, with a body and no Content-Type among them, that of
 * JSON.
 */
struct wire_reply wire_ask(int port, const struct wire_request *request);
/* As wire_ask, on an open connection. */
struct wire_reply wire_ask_on(int fd, const struct wire_request *request);
/* Bytes as they are, on a connection of their own. */
struct wire_reply wire_raw(int port, const void *bytes, size_t size);

/*
 * The value of the `number`-th (from 0) field of that name, any case, copied
 * without outer blanks; false, and "" in value, when there is none.
 */
bool wire_header(const struct wire_reply *reply, const char *name,
                 size_t number, char value[1024]);

/*
 * Does `text` match all of `pattern`? Literal, but for
 *   <JWT>   a compact JWS          <TOKEN> any of [A-Za-z0-9._~+/=-]
 *   <INT>   decimal digits         <ANY>   anything, also nothing
 *   <HEX>   lower-case hex digits  <NL>    a new line
 */
bool wire_match(const char *pattern, const char *text);

/*
 * The string or number that member `name` has at the top level, or one object
 * below, of a JSON body: as written, without quotes. False when there is none.
 */
bool wire_member(const struct wire_reply *reply, const char *name, char *out,
                 size_t size);

#endif
