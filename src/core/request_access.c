/*
 * Where the access token stands in any request.
 */
#include "core/request.h"
#include "core/template.h"

/* Behind the prefix exactly one word stands. */
static enum reply_kind read_place(const struct access_place *place,
                                  struct span value, struct span *token)
{
    struct span word = span_head(value, place->prefix.length);
    bool same = place->exact ? span_equal(word, place->prefix)
                             : span_equal_nocase(word, place->prefix);
    struct span rest;

    if (place->prefix.length == 0) {
        *token = value;
        return CASE_OK;
    }
    rest = span_tail(value, place->prefix.length);
    if (!same || (rest.length > 0 && rest.text[0] != ' '))
        return CASE_NO_TOKEN;
    while (rest.length > 0 && rest.text[0] == ' ')
        rest = span_tail(rest, 1);
    if (rest.length == 0 || span_find(rest, ' ') < rest.length)
        return CASE_BAD_HEADER;
    *token = rest;
    return CASE_OK;
}

bool access_build(const struct dialect *dialect, struct span access,
                  struct span buffer, struct header_line *out)
{
    struct json_writer w;

    json_begin(&w, (char *)buffer.text, buffer.length, JSON_COMPACT);
    template_put_text(&w, dialect->send.prefix, ESCAPE_NONE);
    if (dialect->send.prefix.length > 0)
        template_put_text(&w, SPAN(" "), ESCAPE_NONE);
    template_put_text(&w, access, ESCAPE_HEADER);
    *out = (struct header_line){
        dialect->send.header, (struct span){w.out, w.length}
    };
    return !w.overflow;
}

enum reply_kind access_match(const struct dialect *dialect,
                             const struct header_line *headers, size_t count,
                             struct span *token)
{
    enum reply_kind result = CASE_NO_TOKEN;

    for (size_t i = 0; i < dialect->reads_count; i++) {
        const struct access_place *place = &dialect->reads[i];
        struct span value = header_find(headers, count, place->header);
        enum reply_kind kind;

        if (value.length == 0)
            continue;
        kind = read_place(place, value, token);
        if (kind == CASE_OK)
            return CASE_OK;
        if (kind == CASE_BAD_HEADER)
            result = kind;
    }
    return result;
}
