/*
 * Cookie mode: how a record begins a line. record.c alone calls this; see
 * "COOKIE MODE" in core/record.h.
 */
#ifndef CORE_RECORD_LINE_H
#define CORE_RECORD_LINE_H

#include "core/record.h"

/* The next message is no refresh, but one of the two that lead to a line. */
bool record_line_is_due(const struct record *stored,
                        const struct record_refresh *refresh);

/* record_begin then; what `refresh` was told, if anything, is recorded. */
unsigned record_line_begin(struct record *stored,
                           struct record_refresh *refresh,
                           const uint8_t fresh[RECORD_SECRET_SIZE],
                           struct record_message *out);

/* Keeps what the server told, for record_line_begin. The vault is unmoved. */
unsigned record_line_told(const struct record *stored,
                          struct record_refresh *refresh,
                          const struct record_reply *reply);

/* The vault's line has begun: from here on it is refreshed as any other. */
void record_line_begun(struct record *stored);

#endif
