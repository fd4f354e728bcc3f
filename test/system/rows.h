/*
 * Requests and the answers they must get, as rows sent to a running server.
 *
 * In paths, headers, bodies and wants, $NAME (or ${NAME}) stands for a value that an earlier
 * row saved or the test set. Wants are patterns of wire_match.
 */
#ifndef TEST_ROWS_H
#define TEST_ROWS_H

#include <stddef.h>

#include "wire.h"

enum {
    ROWS_VALUES = 512,
    ROWS_LINE_MAX = 8192,   /* of a file, and of a row's headers together */
    ROWS_VALUE_SIZE = 4200, /* a token fits */
    ROWS_TEXT_SIZE = 70000, /* a request's body with all values in it */
};

struct rows {
    int port;
    const char *base; /* before each path of a dialect: "/d/NAME", or "" */
    size_t count;
    char names[ROWS_VALUES][16];
    char (*values)[ROWS_VALUE_SIZE];
};

struct row {
    const char *name;
    const char *method;
    const char *path;
    const char *headers; /* as wire_request; NULL: none */
    const char *body;    /* NULL: none */
    int status;
    const char *want;         /* the body; NULL: whatever it is */
    const char *want_headers; /* "Name: pattern\n" lines that must be there, and
                                 "!Name\n" for those that must not, and
                                 "claims member pattern\n", of the payload of
                                 the JWT in that member; or NULL */
    const char *save; /* "NAME=member NAME=member" of the reply, or NULL;
                         "NAME=;cookie" for the value of a cookie it sets */
};

void rows_init(struct rows *rows, int port);
void rows_clear(struct rows *rows);

/* `name` is made of capitals, digits and underscores. */
void rows_set(struct rows *rows, const char *name, const char *value);
/* "" when it was never set. */
const char *rows_value(const struct rows *rows, const char *name);
/* The values of a client of committed rotation, drawn by chance: PREFIX_R, _SID,
   _S0 to _S19 and _N0 to _N19, the hashes of those. */
void rows_set_secrets(struct rows *rows, const char *prefix);

/* Each row is a CASE. */
void rows_run(struct rows *rows, const struct row *list, size_t count);

/*
 * The same, from a file of ROWS, the folder rows/ beside this one:
 *
 *     ## a comment                      let NAME
 *     # the row's name                      a value, its lines joined
 *     METHOD path
 *     Header: value
 *
 *     the body, on one line
 *     => STATUS
 *     Header: pattern       (!Header: it must not be there; $NAME: several)
 *
 *     a pattern of the body, on one line
 *     claims member pattern      (of the payload of the JWT in that member)
 *     save NAME=member
 *
 * <EMPTY> is a body of no bytes; what is left out is not sent or not looked at.
 * Paths are those at the dialect's own place; rows->base goes before them.
 */
void rows_run_file(struct rows *rows, const char *name);

#endif
