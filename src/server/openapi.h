/*
 * /openapi.json: OpenAPI 3.1, made from the dialects that are mounted and from
 * the places outside them, so it says what is served and nothing is written
 * twice. Made once, at the start.
 *
 * What it tells of an answer is what the dialect may say there: whichever of its
 * bodies of that status, all its general errors among them.
 */
#ifndef SERVER_OPENAPI_H
#define SERVER_OPENAPI_H

#include <stdbool.h>
#include <stddef.h>

#include "server/mount.h"

enum {
    OPENAPI_START = 256 * 1024,     /* bytes of room at first, */
    OPENAPI_MAX = 16 * 1024 * 1024, /* and at most */
};

struct openapi_source {
    const struct mounts *mounts;
    const char *url; /* how clients reach us */
    bool demo;
    bool (*serves)(enum message message); /* is there anybody to answer it? */
};

/* The document, for free; NULL: out of memory. */
char *openapi_write(const struct openapi_source *source, size_t *length);

#endif
