#include "server/nfc.h"

#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

enum {
    APART = 2, /* characters that one byte is taken apart to, at most: Unicode
                  has three from two bytes (U+0390) */
};

static const utf8proc_option_t form = UTF8PROC_STABLE | UTF8PROC_COMPOSE;

bool nfc_is_plain(struct span text)
{
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.text[i] >= 0x80)
            return false;
    return true;
}

/* In place: characters become bytes in the same memory. How many, or below 0. */
static utf8proc_ssize_t compose(struct span text, utf8proc_int32_t *room,
                                size_t count)
{
    const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)text.text;
    utf8proc_ssize_t characters =
        utf8proc_decompose(bytes, (utf8proc_ssize_t)text.length, room,
                           (utf8proc_ssize_t)count, form);

    if (characters < 0 || (size_t)characters > count)
        return characters < 0 ? characters : UTF8PROC_ERROR_OVERFLOW;
    return utf8proc_reencode(room, characters, form);
}

static enum nfc_result deliver(struct span text, struct span composed,
                               char *out, size_t size)
{
    if (span_equal(text, composed))
        return NFC_SAME;
    if (composed.length > size)
        return NFC_LARGE;
    memcpy(out, composed.text, composed.length);
    return NFC_OK;
}

enum nfc_result nfc_write(struct span text, char *out, size_t size,
                          size_t *length)
{
    const size_t count = text.length * APART;
    utf8proc_int32_t *room;
    utf8proc_ssize_t used;
    enum nfc_result result = NFC_INVALID;

    if (nfc_is_plain(text))
        return NFC_SAME;
    if (text.length > NFC_TEXT_MAX)
        return NFC_LARGE;
    room = malloc((count + 1) * sizeof *room); // reencode ends it with a NUL
    if (room == NULL)
        return NFC_NO_MEMORY;
    used = compose(text, room, count);
    if (used >= 0) {
        *length = (size_t)used;
        result = deliver(text, (struct span){(char *)room, *length}, out, size);
    } else if (used != UTF8PROC_ERROR_INVALIDUTF8) {
        result = NFC_LARGE;
    }
    bytes_wipe(room, (count + 1) * sizeof *room); // it may be a password
    free(room);
    return result;
}

bool nfc_copy(struct span text, char *out, size_t size)
{
    size_t length = 0;
    enum nfc_result result = nfc_write(text, out, size - 1, &length);

    if (result == NFC_SAME && text.length < size) {
        memcpy(out, text.text, text.length);
        length = text.length;
        result = NFC_OK;
    }
    if (result != NFC_OK || memchr(out, '\0', length) != NULL)
        length = 0;
    out[length] = '\0';
    return length > 0 || text.length == 0;
}
