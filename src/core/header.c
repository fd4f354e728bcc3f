#include "core/header.h"

struct span header_find(const struct header_line *lines, size_t count,
                        struct span name)
{
    // Nearly all names differ in length: that is seen without a call.
    for (size_t i = 0; i < count; i++)
        if (lines[i].name.length == name.length &&
            span_equal_nocase(lines[i].name, name))
            return lines[i].value;
    return (struct span){NULL, 0};
}
