/*
 * Which dialects are served, and which message a method and path mean.
 *
 * Every server dialect is served under /d/NAME + its prefix, always; and at the
 * prefix itself in the order of the --dialect options, each path going to the
 * first that wants it.
 */
#ifndef SERVER_MOUNT_H
#define SERVER_MOUNT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/dialect.h"
#include "core/request.h"
#include "server/config.h"

enum {
    MOUNT_MAX = 32,       /* dialects in all */
    MOUNT_WHY_SIZE = 640, /* one line of text, with its NUL */
    MOUNT_FILE_MAX = 256 * 1024,
};

/* One served dialect; never changed after start, so threads share it. */
struct mount {
    struct dialect dialect;
    size_t number;       /* its place in the list, for counters */
    bool own_header;     /* its token header is not one that others send too */
    bool user_in_claims; /* its access tokens tell the user's name or address */
    char *text;          /* of a file, owned; NULL: embedded */
    void *memory;        /* the dialect's, owned */
};

struct mounts {
    struct mount list[MOUNT_MAX];
    size_t count;
    const struct mount *placed[MOUNT_MAX]; /* also at their prefix, in order */
    size_t placed_count;
};

enum mount_result {
    MOUNT_OK = 0,
    MOUNT_UNKNOWN, /* no dialect of that name, no such file */
    MOUNT_BAD,     /* the file is wrong, or the dialect is not for servers */
    MOUNT_NO_MEMORY,
};

/* `why` is one line unless MOUNT_OK; *out is then empty. */
enum mount_result mount_open(struct mounts *out,
                             const struct config_list *wanted,
                             char why[MOUNT_WHY_SIZE]);
void mount_close(struct mounts *mounts);

const struct mount *mount_find(const struct mounts *mounts, struct span name);
/* Only among those that also stand at their prefix. */
const struct mount *mount_find_placed(const struct mounts *mounts,
                                      struct span name);

/* Where a request goes. */
struct mount_route {
    const struct mount *mount; /* whose shape the answer has; never NULL */
    enum route_result result;
    enum message message; /* unless ROUTE_NO_PATH */
    struct span path;     /* from the mount on */
};

/*
 * `wish` is the dialect that the request itself names by its token, or NULL; it
 * goes first wherever it has the path. seen->path is the path as asked for; the
 * result's path is what seen->path must be for request_match.
 */
struct mount_route mount_route(const struct mounts *mounts,
                               const struct mount *wish,
                               const struct request_seen *seen);

/* The placed dialect whose own token header (not one that others send too) is
   among `lines`; NULL when there is none. */
const struct mount *mount_of_header(const struct mounts *mounts,
                                    const struct header_line *lines,
                                    size_t count);

/* As mount_of_header, from the names in Access-Control-Request-Headers. */
const struct mount *mount_of_names(const struct mounts *mounts,
                                   struct span names);

#endif
