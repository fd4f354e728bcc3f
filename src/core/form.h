/*
 * application/x-www-form-urlencoded (URL standard, section 5): bodies, queries.
 */
#ifndef CORE_FORM_H
#define CORE_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

enum { FORM_NAME_MAX = 256 }; /* bytes of a decoded name or literal */

/* Undoes %XX and '+'; false when it does not fit or is malformed. */
bool form_decode(struct span text, char *out, size_t max, size_t *length);

/* The first value of `name`, still encoded; false when it is not there. `rest`,
   if not NULL, gets what stands behind that pair. */
bool form_find(struct span form, struct span name, struct span *value,
               struct span *rest);

/* Is the encoded value this text? An undecodable one is not. */
bool form_value_is(struct span encoded, struct span text);

#endif
