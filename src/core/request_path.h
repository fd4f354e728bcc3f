/*
 * Which message stands at which path. Inside core only.
 */
#ifndef CORE_REQUEST_PATH_H
#define CORE_REQUEST_PATH_H

#include "core/request.h"
#include "core/template.h"

/*
 * Is `path`, from the mount on, this request's? A slash at the end more or less
 * is the same path. `fields`, if not NULL, gets what stands in its blanks.
 */
bool request_stands_at(const struct dialect *dialect,
                       const struct request_rule *rule, struct span path,
                       struct fields *fields);

/* The first message of a set; one bit at least is set. */
static inline enum message message_first(uint64_t set)
{
    return (enum message)__builtin_ctzll(set);
}

/* HEAD is answered as GET. */
bool request_same_method(struct span rule, struct span seen);

#endif
