/*
 * Where a token may go: scheme, host and port, compared as libcurl reads them.
 */
#ifndef CLIENT_ORIGIN_H
#define CLIENT_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

#include <curl/curl.h>

enum {
    ORIGIN_SIZE = 300, /* "https://", a host of 253 characters, ":65535", NUL */
    ORIGIN_COUNT_MAX = 16,
    ORIGIN_NONE = -1,
};

/* In lower case, the port only where it is not the scheme's own. */
struct origin {
    char text[ORIGIN_SIZE];
    size_t length;
};

struct origin_list {
    struct origin item[ORIGIN_COUNT_MAX];
    size_t count;
};

/* What of a request decides where it goes, beside the URL's text. */
struct origin_hint {
    CURLU *parsed;                /* wins over the text; or NULL */
    const char *default_protocol; /* or NULL */
    long port;                    /* 0: the URL's own */
};

/* False when it is no http or https URL. */
bool origin_parse(const char *url, const struct origin_hint *hint,
                  struct origin *out);

/* True for a URL that brings a user name or a password of its own. */
bool origin_has_user(const char *url, const struct origin_hint *hint);

bool origin_is_loopback(const struct origin *origin);

/* False when the list is full or the URL malformed; there already is fine. */
bool origin_add(struct origin_list *list, const char *url);

/*
 * Which origin of the list `url` belongs to, or ORIGIN_NONE. A URL that starts
 * with the origin's very text costs a comparison; any other is parsed.
 */
int origin_find(const struct origin_list *list, const char *url,
                const struct origin_hint *hint);

/* Does a redirect from `base` to `location` stay where it is? */
bool origin_keeps(const char *base, const char *location);

#endif
