#include "server/buffer.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/bytes.h"

struct kind {
    size_t size;
    size_t spare_limit;
};

/* A request as usual; the work on it; any head; a head and the longest body;
   two of those. */
static const struct kind kinds[BUFFER_KINDS] = {
    {2 * 1024 - sizeof(struct buffer),   64},
    {6 * 1024 - sizeof(struct buffer),   64},
    {16 * 1024 - sizeof(struct buffer),  16},
    {76 * 1024 - sizeof(struct buffer),  4 },
    {196 * 1024 - sizeof(struct buffer), 1 },
};

/* The smallest kind with that much room; BUFFER_KINDS when there is none. */
static size_t kind_for(size_t size)
{
    size_t kind = 0;

    while (kind < BUFFER_KINDS && kinds[kind].size < size)
        kind++;
    return kind;
}

struct buffer *buffer_take(struct buffer_pool *pool, size_t size)
{
    size_t kind = kind_for(size);
    struct buffer *b;

    if (size > BUFFER_POOL_LIMIT)
        return NULL;
    if (kind < BUFFER_KINDS)
        size = kinds[kind].size;
    if (kind > 0 && size > BUFFER_POOL_LIMIT - pool->taken)
        return NULL;
    if (kind < BUFFER_KINDS && pool->spare[kind] != NULL) {
        b = pool->spare[kind];
        pool->spare[kind] = b->next;
        pool->spare_count[kind]--;
    } else {
        b = malloc(sizeof *b + size);
        if (b == NULL)
            return NULL;
        b->size = size;
    }
    b->next = NULL;
    b->used = 0;
    pool->taken += kind > 0 ? size : 0;
    return b;
}

void buffer_give(struct buffer_pool *pool, struct buffer *b)
{
    size_t kind;

    if (b == NULL)
        return;
    assert(b->used <= b->size);
    bytes_wipe(b->bytes, b->used);
    kind = kind_for(b->size);
    pool->taken -= kind > 0 ? b->size : 0;
    if (kind == BUFFER_KINDS ||
        pool->spare_count[kind] == kinds[kind].spare_limit) {
        free(b);
        return;
    }
    b->next = pool->spare[kind];
    pool->spare[kind] = b;
    pool->spare_count[kind]++;
}

void buffer_pool_clear(struct buffer_pool *pool)
{
    for (size_t kind = 0; kind < BUFFER_KINDS; kind++) {
        while (pool->spare[kind] != NULL) {
            struct buffer *b = pool->spare[kind];

            pool->spare[kind] = b->next;
            free(b);
        }
        pool->spare_count[kind] = 0;
    }
}
