#include "base/base64url.h"

#include <stdint.h>

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv"
    "wxyz0123456789-_";

/* 0 to 63, or -1. Secrets pass here: no table that a cache could betray. */
static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '-')
        return 62;
    if (c == '_')
        return 63;
    return -1;
}

size_t base64url_encode(const void *bytes, size_t size, char *out)
{
    const uint8_t *in = bytes;
    uint32_t bits = 0;
    unsigned count = 0;
    size_t length = 0;

    for (size_t i = 0; i < size; i++) {
        bits = (bits << 8) | in[i];
        count += 8;
        while (count >= 6) {
            count -= 6;
            out[length++] = alphabet[(bits >> count) & 63];
        }
    }
    if (count > 0)
        out[length++] = alphabet[(bits << (6 - count)) & 63];
    return length;
}

bool base64url_decode(struct span text, void *out, size_t max, size_t *size)
{
    uint8_t *to = out;
    uint32_t bits = 0;
    unsigned count = 0;
    size_t length = 0;

    if (text.length % 4 == 1)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        int value = value_of(text.text[i]);

        if (value < 0)
            return false;
        bits = (bits << 6) | (uint32_t)value;
        count += 6;
        if (count < 8)
            continue;
        count -= 8;
        if (length == max)
            return false;
        to[length++] = (uint8_t)(bits >> count);
    }
    if (bits & ((1u << count) - 1))
        return false;
    *size = length;
    return true;
}
