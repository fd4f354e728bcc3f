/*
 * The dialects built into the program. Apart from the rest, for only who uses
 * it needs the table to be linked in.
 */
#include "base/assert.h"
#include "core/dialect.h"

const struct dialect_source *dialect_find(struct span name)
{
    for (size_t i = 0; i < dialect_sources_count; i++)
        if (span_is(name, dialect_sources[i].name))
            return &dialect_sources[i];
    return NULL;
}

/* Its file says so; the words are looked for, not the JSON read. */
static bool is_default(const struct dialect_source *source)
{
    static const char words[] = "\"client_default\": true";
    struct span rest = {source->text, source->length};

    while (rest.length >= sizeof words - 1) {
        if (span_starts(rest, SPAN(words)))
            return true;
        rest = span_tail(rest, span_find(rest, '\n') + 1);
        while (span_starts(rest, SPAN(" ")))
            rest = span_tail(rest, 1);
    }
    return false;
}

const struct dialect_source *dialect_find_default(void)
{
    for (size_t i = 0; i < dialect_sources_count; i++)
        if (is_default(&dialect_sources[i]))
            return &dialect_sources[i];
    assert(dialect_sources_count > 0);
    return &dialect_sources[0];
}
