/*
 * A server of a test's own: HTTP/1.1 on 127.0.0.1, a thread per connection, and
 * an answer that the test writes byte by byte. It records what it was sent.
 *
 *     struct fake_server *server = fake_open(answer, &state);
 *     ... fake_url(server) ... fake_count(server, "POST /api/session") ...
 *     fake_close(server);
 */
#ifndef TEST_CLIENT_FAKE_SERVER_H
#define TEST_CLIENT_FAKE_SERVER_H

#include <stdbool.h>
#include <stddef.h>

enum {
    FAKE_HEAD_MAX = 64 * 1024,
    FAKE_BODY_MAX = 4 * 1024 * 1024,
    FAKE_REPLY_MAX = 512 * 1024,
    FAKE_RECORDS_MAX = 4096, /* later requests are counted, not kept */
};

struct fake_request {
    char method[16];
    char target[1024]; /* path and query, as sent */
    const char *head;  /* all lines of it, NUL-terminated */
    const char *body;  /* NULL while `awaits` */
    size_t body_length;
    bool awaits;         /* "Expect: 100-continue": the body is not here yet */
    unsigned connection; /* counted from 1 */
    unsigned number;     /* of the request, counted from 1 */
};

struct fake_reply {
    char *bytes; /* FAKE_REPLY_MAX: what goes over the wire */
    size_t length;
    bool close; /* the connection, once the bytes are out */
    bool hang;  /* keep the connection open, and silent, until fake_close */
    const char *after; /* hold it back until such a request came; or NULL */
};

/*
 * Runs under one lock over all connections. To a request that awaits it may
 * write nothing: then a 100 goes out, and it is called again with the body; or
 * an answer: then the connection closes after it.
 */
typedef void fake_answer_fn(struct fake_reply *reply,
                            const struct fake_request *request, void *data);

struct fake_server;

struct fake_server *fake_open(fake_answer_fn *answer, void *data);
void fake_close(struct fake_server *server); /* NULL is allowed */

int fake_port(const struct fake_server *server);
const char *
fake_url(const struct fake_server *server); /* no slash at its end */

/* Requests so far whose "METHOD TARGET" starts with `start`; "" counts all. */
unsigned fake_count(struct fake_server *server, const char *start);

/* The head of the n-th request (from 1) that starts so; NULL: none. Borrowed
   until fake_close. */
const char *fake_head(struct fake_server *server, const char *start,
                      unsigned n);
const char *fake_body(struct fake_server *server, const char *start, unsigned n,
                      size_t *length);

/* The value of a header line in a head, copied to `out`; false: none. */
bool fake_header(const char *head, const char *name, char *out, size_t size);

/* Appends raw bytes, printf's words. */
void fake_write(struct fake_reply *reply, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void fake_write_bytes(struct fake_reply *reply, const void *bytes,
                      size_t length);

/* "HTTP/1.1 STATUS", Content-Type, Content-Length, body. */
void fake_answer(struct fake_reply *reply, int status, const char *type,
                 const char *body);

/* Takes (true) or gives back the lock that the answer function runs under. */
void fake_locked(struct fake_server *server, bool lock);

/* Waits until the count is at least `wanted`; false after 30 s. */
bool fake_wait(struct fake_server *server, const char *start, unsigned wanted);

#endif
