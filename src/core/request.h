/*
 * Requests: the client writes them from fields, the server reads them back.
 */
#ifndef CORE_REQUEST_H
#define CORE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "core/dialect.h"

enum { REQUEST_HEADERS_MAX = 8, PROBLEMS_MAX = 8 };

struct request {
    struct span method; /* "POST" */
    struct span target; /* path and query, to be joined to the base URL */
    struct header_line headers[REQUEST_HEADERS_MAX]; /* with Content-Type */
    size_t headers_count;
    struct span content_type; /* empty: no body */
    struct span body;         /* bytes; not NUL-terminated */
};

enum request_result {
    REQUEST_OK = 0,
    REQUEST_UNSPOKEN,   /* the dialect has no such message */
    REQUEST_INCOMPLETE, /* a field that must be there is not given */
    REQUEST_LARGE,      /* does not fit the buffer */
};

/*
 * Writes a message into `buffer` (wipe it afterwards: it holds secrets); *out
 * points into it and into the dialect. The access token is only in it where the
 * message itself carries it; see access_build for the others.
 */
enum request_result request_build(const struct dialect *dialect,
                                  enum message message,
                                  const struct fields *fields,
                                  struct span buffer, struct request *out);

/*
 * The header that shows the access token: *out's value is written into `buffer`
 * (prefix, blank, token). False when it does not fit.
 */
bool access_build(const struct dialect *dialect, struct span access,
                  struct span buffer, struct header_line *out);

/*
 * Base URL and target as axios joins baseURL and url: exactly one slash between
 * them. Returns the length, or 0 when it does not fit; no NUL is written.
 */
size_t request_join(struct span base, struct span target, struct span buffer);

/* What the server got. The body is whole; spans are borrowed. */
struct request_seen {
    struct span method;
    struct span path;  /* from the mount on, not decoded, no query */
    struct span query; /* behind the question mark */
    struct span content_type;
    const struct header_line *headers;
    size_t headers_count;
    struct span body;
};

enum route_result {
    ROUTE_FOUND = 0,
    ROUTE_NO_PATH,   /* not this dialect's */
    ROUTE_NO_METHOD, /* the path is; *message is one that stands there */
};

/*
 * Which message stands at this method and path. The path starts at the mount;
 * the dialect's prefix is taken off here; a slash at the end more or less is
 * the same path; HEAD counts as GET. Reads method, path and query only. Where
 * messages share a path, the first; request_match then looks at the body.
 */
enum route_result request_route(const struct dialect *dialect,
                                const struct request_seen *seen,
                                enum message *message);

enum { REQUEST_METHODS_SIZE = 48 };

/*
 * The methods that stand at seen->path, as Allow lists them: "GET, HEAD, POST".
 * HEAD stands where GET does. The length written, no NUL.
 */
size_t request_methods(const struct dialect *dialect,
                       const struct request_seen *seen,
                       char out[REQUEST_METHODS_SIZE]);

/* What is wrong with a request, in the order of its template. */
struct problems {
    struct reply_case list[PROBLEMS_MAX];
    size_t count;
};

/*
 * Takes the fields out of a request, path, query, headers and body. *message is
 * moved to another one of the same path where the body says so. `problems` is
 * empty when all is well; otherwise it is what reply_build wants as its cases:
 * one of BAD_JSON, WRONG_CONTENT_TYPE, UNSUPPORTED, BAD_REQUEST, or one or more
 * about fields (MISSING, NULL, BLANK, WRONG_TYPE, UNKNOWN_ROLE with FIELD_ROLE
 * set). Text too long for the fields' buffer: TOO_LONG.
 */
void request_match(const struct dialect *dialect,
                   const struct request_seen *seen, enum message *message,
                   struct fields *fields, struct problems *problems);

/*
 * The access token a request shows, in any place where the dialect reads one:
 * CASE_OK and *token, CASE_NO_TOKEN or CASE_BAD_HEADER.
 */
enum reply_kind access_match(const struct dialect *dialect,
                             const struct header_line *headers, size_t count,
                             struct span *token);

#endif
