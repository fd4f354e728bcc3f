#include "client/hold.h"

#include <stdlib.h>
#include <string.h>

#include <stay.h>

/* Kind in the top byte, length in the other three. */
enum { MARK_SIZE = 4, LENGTH_MASK = 0xffffff };

static bool make_room(struct hold *hold, size_t more)
{
    size_t size = hold->size == 0 ? 4096 : hold->size;
    char *bytes;

    while (size - hold->used < more)
        size *= 2;
    if (size == hold->size)
        return true;
    bytes = realloc(hold->bytes, size);
    if (bytes == NULL)
        return false;
    hold->bytes = bytes;
    hold->size = size;
    return true;
}

bool hold_add(struct hold *hold, enum hold_kind kind, const char *piece,
              size_t length)
{
    uint32_t mark;

    if (length > STAY_HELD_BACK_MAX - hold->count)
        return false;
    if (!make_room(hold, MARK_SIZE + length))
        return false;
    mark = (uint32_t)kind << 24 | (uint32_t)length;
    memcpy(hold->bytes + hold->used, &mark, MARK_SIZE);
    memcpy(hold->bytes + hold->used + MARK_SIZE, piece, length);
    hold->used += MARK_SIZE + length;
    hold->count += length;
    return true;
}

bool hold_deliver(struct hold *hold, hold_give_fn *give, void *data)
{
    size_t at = 0;

    while (at < hold->used) {
        uint32_t mark;
        size_t length;

        memcpy(&mark, hold->bytes + at, MARK_SIZE);
        length = mark & LENGTH_MASK;
        at += MARK_SIZE;
        if (!give((enum hold_kind)(mark >> 24), hold->bytes + at, length, data))
            return false;
        at += length;
    }
    return true;
}

void hold_empty(struct hold *hold)
{
    hold->used = 0;
    hold->count = 0;
}

void hold_clear(struct hold *hold)
{
    free(hold->bytes);
    *hold = (struct hold){0};
}
