#include "server/http_chars.h"

/* Bits of enum http_char. test/server/http_chars.c says it in characters. */
const uint8_t http_chars[256] = {
    /* clang-format off */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, /* 00 */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 10 */
    16, 23, 16, 17, 23, 31, 23, 23, 22, 22, 23, 23, 22, 31, 31, 22, /* 20 */
    31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 30, 22, 16, 22, 16, 20, /* 30 */
    22, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, /* 40 */
    31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 28, 20, 28, 21, 31, /* 50 */
    21, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, /* 60 */
    31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 20, 21, 20, 31, 0, /* 70 */
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, /* 80 */
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, /* 90 */
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, /* a0 */
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, /* b0 */
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, /* c0 */
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, /* d0 */
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, /* e0 */
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, /* f0 */
    /* clang-format on */
};

size_t http_chars_run(struct span text, enum http_char kind)
{
    size_t i = 0;

    while (i < text.length && (http_chars[(uint8_t)text.text[i]] & kind) != 0)
        i++;
    return i;
}

/* Whether a control stands among eight bytes; HTAB counts as one here. */
static bool has_control(uint64_t eight)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t tops = ones << 7;
    uint64_t del = eight ^ ones * 0x7f; // zero where the byte is DEL
    uint64_t low = (eight - ones * 0x20) & ~eight;

    return ((low | ((del - ones) & ~del)) & tops) != 0;
}

size_t http_chars_value_run(struct span text)
{
    size_t i = 0;
    uint64_t eight;

    while (text.length - i >= sizeof eight) {
        __builtin_memcpy(&eight, text.text + i, sizeof eight);
        if (has_control(eight))
            break;
        i += sizeof eight;
    }
    return i + http_chars_run(span_tail(text, i), HTTP_CHAR_VALUE);
}

bool http_chars_all(struct span text, enum http_char kind)
{
    return text.length > 0 && http_chars_run(text, kind) == text.length;
}
