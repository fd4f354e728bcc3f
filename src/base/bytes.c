#include "base/bytes.h"

static bool same_letter(char a, char b)
{
    char low = (char)(a | 0x20);

    return low == (char)(b | 0x20) && low >= 'a' && low <= 'z';
}

struct span span_of(const char *string)
{
    return (struct span){string, string ? __builtin_strlen(string) : 0};
}

bool span_equal(struct span a, struct span b)
{
    return a.length == b.length &&
           (a.length == 0 || __builtin_memcmp(a.text, b.text, a.length) == 0);
}

bool span_is(struct span a, const char *string)
{
    size_t i = 0;

    if (string == NULL)
        return a.length == 0;
    // Most differ in the first few bytes, so the rest is not even counted.
    while (i < a.length && string[i] != '\0' && string[i] == a.text[i])
        i++;
    return i == a.length && string[i] == '\0';
}

bool span_equal_nocase(struct span a, struct span b)
{
    if (a.length != b.length)
        return false;
    for (size_t i = 0; i < a.length; i++)
        if (a.text[i] != b.text[i] && !same_letter(a.text[i], b.text[i]))
            return false;
    return true;
}

bool span_starts(struct span a, struct span prefix)
{
    return a.length >= prefix.length &&
           (prefix.length == 0 ||
            __builtin_memcmp(a.text, prefix.text, prefix.length) == 0);
}

/* Is one of the eight bytes of `word` zero? */
static bool has_zero(uint64_t word)
{
    return ((word - UINT64_C(0x0101010101010101)) & ~word &
            UINT64_C(0x8080808080808080)) != 0;
}

size_t span_find(struct span a, char byte)
{
    uint64_t all = UINT64_C(0x0101010101010101) * (uint8_t)byte;
    uint64_t word;
    size_t i = 0;

    // Tokens are long: eight bytes at a time, up to those that hold it.
    for (; a.length - i >= sizeof word; i += sizeof word) {
        __builtin_memcpy(&word, a.text + i, sizeof word);
        if (has_zero(word ^ all))
            break;
    }
    while (i < a.length && a.text[i] != byte)
        i++;
    return i;
}

struct span span_head(struct span a, size_t count)
{
    return (struct span){a.text, count < a.length ? count : a.length};
}

struct span span_tail(struct span a, size_t count)
{
    if (count >= a.length)
        return (struct span){NULL, 0};
    return (struct span){a.text + count, a.length - count};
}

struct span span_trim(struct span a)
{
    while (a.length > 0 && (a.text[0] == ' ' || a.text[0] == '\t'))
        a = (struct span){a.text + 1, a.length - 1};
    while (a.length > 0 &&
           (a.text[a.length - 1] == ' ' || a.text[a.length - 1] == '\t'))
        a.length--;
    return a;
}

bool bytes_equal_secret(const void *a, const void *b, size_t size)
{
    const volatile uint8_t *x = a;
    const volatile uint8_t *y = b;
    uint8_t different = 0;

    for (size_t i = 0; i < size; i++)
        different |= (uint8_t)(x[i] ^ y[i]);
    return different == 0;
}

void bytes_wipe(void *bytes, size_t size)
{
    if (size == 0)
        return;
    __builtin_memset(bytes, 0, size);
    // The compiler must believe that somebody reads what was written.
    __asm__ volatile("" : : "r"(bytes) : "memory");
}

bool span_to_int(struct span text, int64_t *out)
{
    int64_t value = 0;

    if (text.length == 0 || (text.length > 1 && text.text[0] == '0'))
        return false;
    for (size_t i = 0; i < text.length; i++) {
        int digit = text.text[i] - '0';

        if (digit < 0 || digit > 9)
            return false;
        if (value > (INT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}
