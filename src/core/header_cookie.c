/*
 * Cookies that an answer sets; apart, for a browser shows none to script.
 */
#include "core/header.h"

/* A Max-Age of 0 or less: the cookie is taken away, whatever its value. */
static bool is_deletion(struct span attributes)
{
    while (attributes.length > 0) {
        size_t end = span_find(attributes, ';');
        struct span one = span_trim(span_head(attributes, end));
        size_t equals = span_find(one, '=');
        struct span value = span_tail(one, equals + 1);

        if (span_equal_nocase(span_head(one, equals), SPAN("max-age")) &&
            (span_is(value, "0") || span_starts(value, SPAN("-"))))
            return true;
        attributes = span_tail(attributes, end + 1);
    }
    return false;
}

static struct span cookie_value(struct span line, struct span name)
{
    size_t end = span_find(line, ';');
    struct span pair = span_head(line, end);
    size_t equals = span_find(pair, '=');
    struct span value = span_trim(span_tail(pair, equals + 1));

    if (equals == pair.length ||
        !span_equal(span_trim(span_head(pair, equals)), name))
        return (struct span){NULL, 0};
    if (is_deletion(span_tail(line, end + 1)))
        return (struct span){NULL, 0};
    if (value.length >= 2 && value.text[0] == '"' &&
        value.text[value.length - 1] == '"')
        value = span_head(span_tail(value, 1), value.length - 2);
    return value;
}

struct span header_cookie(const struct header_line *lines, size_t count,
                          struct span name)
{
    for (size_t i = 0; i < count; i++) {
        struct span value;

        if (!span_equal_nocase(lines[i].name, SPAN("Set-Cookie")))
            continue;
        value = cookie_value(lines[i].value, name);
        if (value.length > 0)
            return value;
    }
    return (struct span){NULL, 0};
}
