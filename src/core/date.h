/*
 * Dates as they stand in messages. No clock: seconds in, text out, and back.
 */
#ifndef CORE_DATE_H
#define CORE_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum { DATE_ISO_LENGTH = 29 };

/*
 * An HTTP date in any of its three forms (RFC 9110, section 5.6.7), in seconds
 * since 1970; false when it is none. Years 1970 to 9999.
 */
bool date_from_http(struct span text, int64_t *seconds);

/* "2021-04-11T17:33:24.193+00:00" of milliseconds since 1970; no NUL. */
void date_put_iso(int64_t ms, char out[DATE_ISO_LENGTH]);

#endif
