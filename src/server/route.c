#include "server/mount.h"

#define FOLDER "/d/"

const struct mount *mount_find(const struct mounts *mounts, struct span name)
{
    for (size_t i = 0; i < mounts->count; i++)
        if (span_equal(mounts->list[i].dialect.name, name))
            return &mounts->list[i];
    return NULL;
}

const struct mount *mount_find_placed(const struct mounts *mounts,
                                      struct span name)
{
    for (size_t i = 0; i < mounts->placed_count; i++)
        if (span_equal(mounts->placed[i]->dialect.name, name))
            return mounts->placed[i];
    return NULL;
}

static struct mount_route ask(const struct mount *mount,
                              const struct request_seen *seen)
{
    struct mount_route route = {.mount = mount, .path = seen->path};

    route.result = request_route(&mount->dialect, seen, &route.message);
    return route;
}

/* /d/NAME/...: the one dialect, whatever else is true. */
static bool route_folder(const struct mounts *mounts,
                         const struct request_seen *seen,
                         struct mount_route *out)
{
    struct request_seen inner = *seen;
    const struct mount *mount;
    struct span rest;
    size_t end;

    if (!span_starts(seen->path, SPAN(FOLDER)))
        return false;
    rest = span_tail(seen->path, sizeof FOLDER - 1);
    end = span_find(rest, '/');
    mount = mount_find(mounts, span_head(rest, end));
    if (mount == NULL)
        return false;
    inner.path = span_tail(rest, end);
    if (inner.path.length == 0)
        inner.path = SPAN("/");
    *out = ask(mount, &inner);
    return true;
}

/* Does the path lie in the folder `prefix`? */
static bool is_below(struct span path, struct span prefix)
{
    return span_starts(path, prefix) &&
           (path.length == prefix.length || path.text[prefix.length] == '/');
}

/* Whose "not found" it is: the wish's, else of the longest prefix. */
static const struct mount *find_nearest(const struct mounts *mounts,
                                        const struct mount *wish,
                                        struct span path)
{
    const struct mount *found = wish;

    for (size_t i = 0; i < mounts->placed_count && wish == NULL; i++) {
        const struct mount *mount = mounts->placed[i];

        if (is_below(path, mount->dialect.prefix) &&
            (found == NULL ||
             mount->dialect.prefix.length > found->dialect.prefix.length))
            found = mount;
    }
    return found != NULL ? found : mounts->placed[0];
}

struct mount_route mount_route(const struct mounts *mounts,
                               const struct mount *wish,
                               const struct request_seen *seen)
{
    struct mount_route other = {.mount = NULL, .result = ROUTE_NO_PATH};
    struct mount_route route;

    if (route_folder(mounts, seen, &route))
        return route;
    if (wish != NULL) {
        route = ask(wish, seen);
        if (route.result == ROUTE_FOUND)
            return route;
        if (route.result == ROUTE_NO_METHOD)
            other = route;
    }
    for (size_t i = 0; i < mounts->placed_count; i++) {
        route = ask(mounts->placed[i], seen);
        if (route.result == ROUTE_FOUND)
            return route;
        if (route.result == ROUTE_NO_METHOD && other.mount == NULL)
            other = route;
    }
    if (other.mount != NULL)
        return other;
    other.mount = find_nearest(mounts, wish, seen->path);
    other.path = seen->path;
    return other;
}

const struct mount *mount_of_header(const struct mounts *mounts,
                                    const struct header_line *lines,
                                    size_t count)
{
    for (size_t i = 0; i < mounts->placed_count; i++) {
        const struct mount *mount = mounts->placed[i];

        if (mount->own_header &&
            header_find(lines, count, mount->dialect.send.header).length > 0)
            return mount;
    }
    return NULL;
}

/* Names stand between commas, with blanks around them or not. */
static bool has_name(struct span names, struct span name)
{
    while (names.length > 0) {
        size_t end = span_find(names, ',');
        struct span one = span_head(names, end);

        while (one.length > 0 && one.text[0] == ' ')
            one = span_tail(one, 1);
        while (one.length > 0 && one.text[one.length - 1] == ' ')
            one.length--;
        if (span_equal_nocase(one, name))
            return true;
        names = span_tail(names, end + 1);
    }
    return false;
}

const struct mount *mount_of_names(const struct mounts *mounts,
                                   struct span names)
{
    for (size_t i = 0; i < mounts->placed_count; i++) {
        const struct mount *mount = mounts->placed[i];

        if (mount->own_header && has_name(names, mount->dialect.send.header))
            return mount;
    }
    return NULL;
}
