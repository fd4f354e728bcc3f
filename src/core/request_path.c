#include "core/request_path.h"

#include "core/template.h"

/* Is `text` what the path is, and a slash? */
static bool adds_slash(struct span text, struct span path)
{
    return text.length == path.length + 1 && text.text[path.length] == '/' &&
           span_starts(text, path);
}

/*
 * No blank of a path reaches over a slash, and none is empty. Apart, so that the
 * many paths of another length do not pay for its frame.
 */
__attribute__((noinline)) static bool match_path(const struct pattern *pattern,
                                                 struct span path,
                                                 struct fields *fields)
{
    for (size_t i = 0; i < pattern->count; i++) {
        const struct part *part = &pattern->parts[i];
        size_t length;

        if (part->kind == PART_TEXT) {
            if (!span_starts(path, part->text))
                return i + 1 == pattern->count && adds_slash(part->text, path);
            path = span_tail(path, part->text.length);
            continue;
        }
        length = span_find(path, '/');
        if (length == 0)
            return false;
        if (part->kind == PART_FIELD && fields != NULL)
            (void)template_take_text(fields, (enum field)part->field,
                                     span_head(path, length));
        path = span_tail(path, length);
    }
    return path.length == 0;
}

/* One path as the rules of a dialect see it; empty: none of them can stand. */
struct seen_path {
    struct span whole;
    struct span below; /* the prefix */
};

/* A slash at the end says nothing, but where it is all that there is. */
static struct span trim_slash(struct span path)
{
    if (path.length > 1 && path.text[path.length - 1] == '/')
        path.length--;
    return path;
}

static struct seen_path see_path(const struct dialect *d, struct span path)
{
    struct seen_path seen = {
        .whole = trim_slash(path), .below = {NULL, 0}
    };

    if (span_starts(path, d->prefix))
        seen.below = trim_slash(span_tail(path, d->prefix.length));
    return seen;
}

static bool stands_at(const struct request_rule *rule,
                      const struct seen_path *seen, struct fields *fields)
{
    struct span path = rule->at_mount ? seen->whole : seen->below;

    // Without blanks it is as long as what stands there, or that and a slash.
    if (rule->path_length > 0 && rule->path_length != path.length &&
        rule->path_length != path.length + 1)
        return false;
    return path.length > 0 && match_path(&rule->path, path, fields);
}

bool request_stands_at(const struct dialect *d, const struct request_rule *rule,
                       struct span path, struct fields *fields)
{
    const struct seen_path seen = see_path(d, path);

    return stands_at(rule, &seen, fields);
}

bool request_same_method(struct span rule, struct span seen)
{
    return span_equal(rule, seen) ||
           (span_equal(rule, SPAN("GET")) && span_equal(seen, SPAN("HEAD")));
}

enum route_result request_route(const struct dialect *dialect,
                                const struct request_seen *seen,
                                enum message *message)
{
    const struct seen_path path = see_path(dialect, seen->path);
    enum route_result result = ROUTE_NO_PATH;

    for (uint64_t rest = dialect->requests; rest != 0; rest &= rest - 1) {
        enum message first = message_first(rest);
        const struct request_rule *rule = &dialect->message[first]->request;

        if (!stands_at(rule, &path, NULL))
            continue;
        if (request_same_method(rule->method, seen->method)) {
            *message = first;
            return ROUTE_FOUND;
        }
        if (result == ROUTE_NO_PATH)
            *message = first;
        result = ROUTE_NO_METHOD;
    }
    return result;
}

static bool takes_method(const struct dialect *dialect,
                         const struct request_seen *seen, struct span method)
{
    for (uint64_t rest = dialect->requests; rest != 0; rest &= rest - 1) {
        const struct request_rule *rule =
            &dialect->message[message_first(rest)]->request;

        if (request_same_method(rule->method, method) &&
            request_stands_at(dialect, rule, seen->path, NULL))
            return true;
    }
    return false;
}

size_t request_methods(const struct dialect *dialect,
                       const struct request_seen *seen,
                       char out[REQUEST_METHODS_SIZE])
{
    static const char *const methods[] = {"GET", "HEAD",  "POST",
                                          "PUT", "PATCH", "DELETE"};
    struct json_writer w;

    json_begin(&w, out, REQUEST_METHODS_SIZE, JSON_COMPACT);
    for (size_t i = 0; i < COUNT(methods); i++) {
        if (!takes_method(dialect, seen, span_of(methods[i])))
            continue;
        template_put_text(&w, w.length > 0 ? SPAN(", ") : SPAN(""),
                          ESCAPE_NONE);
        template_put_text(&w, span_of(methods[i]), ESCAPE_NONE);
    }
    return w.length;
}
