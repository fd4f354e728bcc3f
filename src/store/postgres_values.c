#include <string.h>

#include "base/assert.h"
#include "store/postgres_store.h"

/*
 * As FNV-1a, eight bytes at a time, and the high bits folded back: it tells a
 * question from another, and guards against nobody.
 */
static uint64_t add_word(uint64_t print, uint64_t word)
{
    print = (print ^ word) * 0x100000001b3u;
    return print ^ print >> 32;
}

static uint64_t add_print(uint64_t print, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    uint64_t word;

    print = add_word(print, length);
    for (; length >= sizeof word; length -= sizeof word, at += sizeof word) {
        memcpy(&word, at, sizeof word);
        print = add_word(print, word);
    }
    word = 0;
    if (length > 0)
        memcpy(&word, at, length);
    return length > 0 ? add_word(print, word) : print;
}

/* In decimal, as printf would, which takes ten times as long. How many. */
static int write_number(char out[POSTGRES_NUMBER_SIZE], int64_t number)
{
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    char digits[POSTGRES_NUMBER_SIZE];
    int count = 0, length = 0;

    do
        digits[count++] = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (number < 0)
        out[length++] = '-';
    while (count > 0)
        out[length++] = digits[--count];
    out[length] = '\0';
    return length;
}

static void put_value(struct postgres_values *v,
                      const struct store_value_ref *value)
{
    int i = v->count++;
    bool is_int = value->type == STORE_INT;
    bool has_bytes = value->type == STORE_TEXT || value->type == STORE_BLOB;

    v->is_int[i] = is_int;
    v->formats[i] = has_bytes;
    v->text[i] = has_bytes ? value->bytes : NULL;
    v->lengths[i] = has_bytes ? (int)value->length : 0;
    v->whole[i] = is_int ? value->number : 0;
    v->print = add_word(v->print, (uint64_t)value->type);
    if (is_int)
        v->print = add_word(v->print, (uint64_t)value->number);
    if (has_bytes)
        v->print = add_print(v->print, value->bytes, value->length);
}

void postgres_values_set(struct postgres_values *v, enum statement which,
                         const struct store_value_ref *values, size_t count)
{
    assert(count <= STATEMENT_VALUES_MAX);
    v->count = 0;
    v->print = add_word(0xcbf29ce484222325u, (uint64_t)which);
    for (size_t i = 0; i < count; i++)
        put_value(v, &values[i]);
}

void postgres_values_write(struct postgres_values *v)
{
    for (int i = 0; i < v->count; i++) {
        if (!v->is_int[i])
            continue;
        v->lengths[i] = write_number(v->numbers[i], v->whole[i]);
        v->text[i] = v->numbers[i];
    }
}

int64_t postgres_read_number(const char *bytes, int length)
{
    uint64_t value = length > 1 && (bytes[0] & 0x80) != 0 ? UINT64_MAX : 0;

    for (int i = 0; i < length; i++)
        value = value << 8 | (uint8_t)bytes[i];
    return (int64_t)value;
}
