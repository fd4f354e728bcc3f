/*
 * What the compiler calls of the C library where there is none. Byte by byte:
 * the longest of them moves one answer, once.
 */
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *string);

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    char *at = to;
    const char *source = from;

    while (size-- > 0)
        *at++ = *source++;
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    char *at = to;
    const char *source = from;

    if (at < source)
        return memcpy(to, from, size);
    while (size-- > 0)
        at[size] = source[size];
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    char *at = to;

    while (size-- > 0)
        *at++ = (char)byte;
    return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const unsigned char *x = a;
    const unsigned char *y = b;

    for (; size > 0; size--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

size_t strlen(const char *string)
{
    size_t length = 0;

    while (string[length] != '\0')
        length++;
    return length;
}
