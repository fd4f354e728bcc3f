/*
 * The web app, and whatever else is served as a file: from the program itself,
 * or from a folder that is read once, at the start (--web).
 *
 * A page's own paths are deep links: a browser that asks for one of them wants
 * the app, and the app's own requests for the same path want the API. Which of
 * the two it is says Accept.
 */
#ifndef SERVER_WEB_H
#define SERVER_WEB_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

struct call;

enum web_coding { WEB_PLAIN, WEB_GZIP, WEB_BROTLI, WEB_CODINGS };

enum {
    WEB_FILES_MAX = 4096,
    WEB_BYTES_MAX = 64 * 1024 * 1024, /* of all files together */
    WEB_PATH_SIZE = 1024,             /* of a path, with its NUL */
    WEB_TAG_SIZE = 33,                /* hex of 16 bytes, with its NUL */
};

struct web_file {
    const char *path; /* as browsers ask for it: "/assets/index-BxYz1234.js" */
    const char *type; /* Content-Type */
    const char *tag;  /* of the plain bytes; the codings add to it */
    bool lasting;     /* its name changes with its content */
    struct span body[WEB_CODINGS]; /* empty where there is none; PLAIN is */
};

/* Those in the program, sorted by path; made when it is built. */
extern const struct web_file web_embedded[];
extern const size_t web_embedded_count;

struct web {
    const struct web_file *files; /* sorted by path */
    size_t count;
    bool missing; /* the program was built without any, and none were named */
    void *owned;  /* struct web_folder, where they are of a folder */
};

enum { WEB_WHY_SIZE = 512 };

/*
 * `from` is a folder, "none", or NULL for those in the program. On false `why`
 * holds a line. Reads all of the folder; blocks.
 */
bool web_open(struct web *out, const char *from, char why[WEB_WHY_SIZE]);
void web_close(struct web *web); /* zeroed is allowed */

/* NULL when there is none of that path. */
const struct web_file *web_find(const struct web *web, struct span path);

/* True: it was a request for a file or a page, and is answered. */
bool web_take(struct call *call);

/* ---- web_ask.c: what a browser asks for; pure ---- */

/* Does a list such as Accept name `item`, and not by q=0? */
bool web_lists(struct span list, struct span item);
/* The shortest that there is and that Accept-Encoding takes. */
enum web_coding web_choose(const struct web_file *file, struct span accepted);
/* Is `tag`, quotes included, one of If-None-Match? */
bool web_matches(struct span list, struct span tag);

/* ---- web_folder.c ---- */

bool web_folder_read(struct web *out, const char *path, char why[WEB_WHY_SIZE]);
void web_folder_close(void *owned);

/* For the names of files that last: in a folder "assets", with a hash. */
bool web_is_lasting(const char *path);
const char *web_type(const char *path);

#endif
