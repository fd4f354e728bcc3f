#include "base/base64url.h"

#include <stdint.h>

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv"
    "wxyz0123456789-_";

enum { BLOCK = 16 }; /* characters that are read together, a multiple of 4 */

/* All ones if `c` is one of the `count` characters from `first` on. */
static uint8_t within(uint8_t c, uint8_t first, uint8_t count)
{
    return (uint8_t) - ((uint8_t)(c - first) < count);
}

/*
 * 0 to 63, or 255. Secrets pass here: no table that a cache could betray and no
 * branch that a clock could. Compilers do all of a block at once.
 */
static uint8_t value_of(uint8_t c)
{
    uint8_t above = (within(c, 'A', 26) & (uint8_t)(c - 'A' + 1)) |
                    (within(c, 'a', 26) & (uint8_t)(c - 'a' + 27)) |
                    (within(c, '0', 10) & (uint8_t)(c - '0' + 53)) |
                    (within(c, '-', 1) & 63) | (within(c, '_', 1) & 64);

    return (uint8_t)(above - 1);
}

/* Up to three bytes; the four characters are in the low 24 bits. */
static uint32_t join_bytes(const uint8_t *in, size_t count)
{
    uint32_t bits = 0;

    for (size_t i = 0; i < 3; i++)
        bits = bits << 8 | (i < count ? in[i] : 0);
    return bits;
}

size_t base64url_encode(const void *bytes, size_t size, char *out)
{
    const uint8_t *in = bytes;
    char *to = out;
    uint32_t bits;

    for (; size >= 3; size -= 3, in += 3, to += 4) {
        bits = join_bytes(in, 3);
        to[0] = alphabet[bits >> 18];
        to[1] = alphabet[bits >> 12 & 63];
        to[2] = alphabet[bits >> 6 & 63];
        to[3] = alphabet[bits & 63];
    }
    bits = join_bytes(in, size);
    for (size_t i = 0; size > 0 && i < size + 1; i++)
        *to++ = alphabet[bits >> (18 - 6 * i) & 63];
    return (size_t)(to - out);
}

/* The values of a block; true: each character has one. */
static bool take_values(const uint8_t text[BLOCK], uint8_t values[BLOCK])
{
    uint8_t all = 0;

    for (size_t i = 0; i < BLOCK; i++) {
        values[i] = value_of(text[i]);
        all |= values[i];
    }
    return all < 64;
}

static uint32_t join_values(const uint8_t v[4])
{
    return (uint32_t)v[0] << 18 | (uint32_t)v[1] << 12 | (uint32_t)v[2] << 6 |
           v[3];
}

static void put_bytes(uint32_t bits, size_t count, uint8_t *to)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (uint8_t)(bits >> (16 - 8 * i));
}

/* At most a block. Its last group may be of 2 or 3 characters. */
static bool take_block(struct span text, uint8_t *to)
{
    uint8_t padded[BLOCK];
    uint8_t values[BLOCK];
    size_t rest = text.length % 4;
    size_t whole = text.length - rest;
    bool good;

    __builtin_memset(padded, 'A', sizeof padded); // a zero
    __builtin_memcpy(padded, text.text, text.length);
    good = take_values(padded, values);
    for (size_t at = 0; at < whole; at += 4)
        put_bytes(join_values(values + at), 3, to + at / 4 * 3);
    if (rest > 0) {
        uint32_t last = join_values(values + whole);

        put_bytes(last, rest - 1, to + whole / 4 * 3);
        // Bits behind the last byte would give it a second spelling.
        good &= (last & UINT32_C(0xFFFFFF) >> (8 * (rest - 1))) == 0;
    }
    bytes_wipe(padded, sizeof padded);
    bytes_wipe(values, sizeof values);
    return good;
}

bool base64url_decode(struct span text, void *out, size_t max, size_t *size)
{
    size_t rest = text.length % 4;
    size_t length = text.length / 4 * 3 + (rest > 0 ? rest - 1 : 0);
    uint8_t *to = out;
    bool good = rest != 1 && length <= max;

    for (size_t at = 0; good && at < text.length; at += BLOCK)
        good =
            take_block(span_head(span_tail(text, at), BLOCK), to + at / 4 * 3);
    if (good)
        *size = length;
    return good;
}
