/*
 * Unicode normalisation form C (UAX #15): what looks the same to a person is
 * the same bytes, on whichever keyboard it was typed (RFC 8265).
 */
#ifndef SERVER_NFC_H
#define SERVER_NFC_H

#include <stddef.h>

#include "base/bytes.h"

enum {
    NFC_TEXT_MAX = 4096, /* bytes that go in */
    NFC_GROWTH = 3,      /* bytes that one byte becomes at most */
};

enum nfc_result {
    NFC_OK = 0,
    NFC_SAME,    /* it is in this form already: nothing was written */
    NFC_INVALID, /* no UTF-8 */
    NFC_LARGE,   /* above NFC_TEXT_MAX, or does not fit */
    NFC_NO_MEMORY,
};

/* ASCII is in this form whatever it says. */
bool nfc_is_plain(struct span text);

/* On NFC_OK `out` holds *length bytes, without a NUL. */
enum nfc_result nfc_write(struct span text, char *out, size_t size,
                          size_t *length);

/* The same with a NUL behind it, whatever form it was in. False: no UTF-8, a NUL
   within, too long, or no memory; `out` is empty then. */
bool nfc_copy(struct span text, char *out, size_t size);

#endif
