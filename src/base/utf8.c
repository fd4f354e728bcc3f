#include "base/utf8.h"

#include <stdbool.h>

/* One byte repeated through a word, to look at eight bytes at once. */
#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* What may follow a first byte from `first` to `last`. */
struct lead {
    uint8_t first, last;
    uint8_t length;    /* of the whole character */
    uint8_t low, high; /* bounds of the second byte; a later one: 80 to BF */
};

/*
 * RFC 3629, section 4. The bounds of the second byte leave out overlong forms,
 * surrogates and what is above U+10FFFF.
 */
static const struct lead leads[] = {
    {0xC2, 0xDF, 2, 0x80, 0xBF},
    {0xE0, 0xE0, 3, 0xA0, 0xBF},
    {0xE1, 0xEC, 3, 0x80, 0xBF},
    {0xED, 0xED, 3, 0x80, 0x9F},
    {0xEE, 0xEF, 3, 0x80, 0xBF},
    {0xF0, 0xF0, 4, 0x90, 0xBF},
    {0xF1, 0xF3, 4, 0x80, 0xBF},
    {0xF4, 0xF4, 4, 0x80, 0x8F},
};

static bool follows(const struct lead *lead, const uint8_t *s)
{
    if (s[1] < lead->low || s[1] > lead->high)
        return false;
    for (size_t i = 2; i < lead->length; i++)
        if ((s[i] & 0xC0) != 0x80)
            return false;
    return true;
}

size_t utf8_length(struct span text)
{
    const uint8_t *s = (const uint8_t *)text.text;

    if (text.length == 0)
        return 0;
    if (s[0] < 0x80)
        return 1;
    for (size_t i = 0; i < COUNT(leads); i++) {
        const struct lead *lead = &leads[i];

        if (s[0] >= lead->first && s[0] <= lead->last)
            return text.length >= lead->length && follows(lead, s)
                       ? lead->length
                       : 0;
    }
    return 0;
}

size_t utf8_put(uint32_t c, char out[UTF8_MAX])
{
    static const uint8_t marks[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t i = length; i-- > 1; c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)(marks[length] | c);
    return length;
}

static bool is_plain(char c)
{
    return (uint8_t)c >= 0x20 && (uint8_t)c < 0x80 && c != '"' && c != '\\';
}

/* The top bit of some byte is set where a byte of `word` is zero. */
static uint64_t zero_bytes(uint64_t word)
{
    return (word - EACH(0x01)) & ~word;
}

/* Is each of the eight bytes plain? The order of the bytes does not matter. */
static bool all_plain(const char *bytes)
{
    uint64_t word, bad;

    __builtin_memcpy(&word, bytes, sizeof word);
    bad = word | (word - EACH(0x20));
    bad |= zero_bytes(word ^ EACH('"')) | zero_bytes(word ^ EACH('\\'));
    return (bad & EACH(0x80)) == 0;
}

size_t utf8_plain(struct span text)
{
    size_t i = 0;

    while (text.length - i >= 8 && all_plain(text.text + i))
        i += 8;
    while (i < text.length && is_plain(text.text[i]))
        i++;
    return i;
}
