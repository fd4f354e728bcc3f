/*
 * What a browser asks for: Accept, Accept-Encoding, If-None-Match.
 */
#include "server/web.h"

/* The text before the next `byte`, which is taken off with it. */
static struct span take(struct span *rest, char byte)
{
    size_t end = span_find(*rest, byte);
    struct span one = span_head(*rest, end);

    *rest = span_tail(*rest, end + 1);
    return span_trim(one);
}

/* "0", "0.", "0.000" (RFC 9110, section 12.4.2). */
static bool is_nothing(struct span value)
{
    for (size_t i = 0; i < value.length; i++)
        if (value.text[i] != '0' && value.text[i] != '.')
            return false;
    return value.length > 0;
}

static bool is_refused(struct span parameters)
{
    while (parameters.length > 0) {
        struct span one = take(&parameters, ';');

        if (one.length > 2 && (one.text[0] == 'q' || one.text[0] == 'Q') &&
            one.text[1] == '=' && is_nothing(span_tail(one, 2)))
            return true;
    }
    return false;
}

bool web_lists(struct span list, struct span item)
{
    while (list.length > 0) {
        struct span rest = take(&list, ',');
        struct span name = take(&rest, ';');

        if (span_equal_nocase(name, item))
            return !is_refused(rest);
    }
    return false;
}

enum web_coding web_choose(const struct web_file *file, struct span accepted)
{
    static const struct span names[] = {
        [WEB_GZIP] = {"gzip", 4},
        [WEB_BROTLI] = {"br",   2},
    };

    for (int coding = WEB_BROTLI; coding > WEB_PLAIN; coding--)
        if (file->body[coding].length > 0 && web_lists(accepted, names[coding]))
            return (enum web_coding)coding;
    return WEB_PLAIN;
}

bool web_matches(struct span list, struct span tag)
{
    while (list.length > 0) {
        struct span one = take(&list, ',');

        if (span_starts(one, SPAN("W/")))
            one = span_tail(one, 2);
        if (span_equal(one, tag) || span_is(one, "*"))
            return true;
    }
    return false;
}
