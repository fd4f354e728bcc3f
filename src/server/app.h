/*
 * Applications that are registered with us: what OAuth calls clients (RFC 6749,
 * section 2). They stand in a file (--client-file), one a line:
 *
 *     # who may ask
 *     shop   sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
 *     phone  public
 *
 * The first has a secret, of which only the hash stands here; as a secret is 32
 * random bytes and no password, that is as good as a slow hash. The second can
 * keep none. Others than the file's owner must not be able to read it.
 */
#ifndef SERVER_APP_H
#define SERVER_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum {
    APP_MAX = 64, /* lines in all */
    APP_ID_SIZE = 65,
    APP_SECRET_MAX = 256, /* bytes */
    APP_HASH_SIZE = 32,   /* SHA-256 */
    APP_FILE_MAX = 64 * 1024,
    APP_WHY_SIZE = 512, /* one line of text, with its NUL */
};

struct app {
    char id[APP_ID_SIZE]; /* visible ASCII */
    bool is_public;       /* has no secret */
    uint8_t hash[APP_HASH_SIZE];
};

struct apps {
    bool registered; /* there is a file: all others are refused */
    size_t count;
    struct app list[APP_MAX];
};

enum app_result {
    APP_OK = 0,
    APP_BAD_FILE, /* `why` says which line, what is wrong and what is right */
};

/* Reads the file; NULL: there is none. *out is empty unless APP_OK. */
enum app_result app_read_file(const char *path, struct apps *out,
                              char why[APP_WHY_SIZE]);

/* NULL when nobody of that id is registered. */
const struct app *app_find(const struct apps *apps, struct span id);

/* In the same time whatever is wrong with it; of a public one, no secret is. */
bool app_secret_fits(const struct app *app, struct span secret);

#endif
