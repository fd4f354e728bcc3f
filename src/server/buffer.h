/*
 * Buffers that are taken while bytes are in hand and given back wiped.
 *
 * One pool for each loop, for its thread only. A few of each size are kept, the
 * last given first, so that the bytes are still in the cache. Buffers above the
 * smallest size together stay under a limit; the smallest are bounded by the
 * number of connections.
 */
#ifndef SERVER_BUFFER_H
#define SERVER_BUFFER_H

#include <stddef.h>

enum {
    BUFFER_KINDS = 5,
    BUFFER_POOL_LIMIT = 64 * 1024 * 1024, /* bytes in larger buffers, taken */
};

struct buffer {
    struct buffer *next; /* the owner's, for a list */
    size_t size;         /* room in bytes */
    size_t used;         /* the owner's; so many bytes are wiped at the end */
    _Alignas(max_align_t) char bytes[];
};

/* All zero to begin; buffer_pool_clear at the end. */
struct buffer_pool {
    struct buffer *spare[BUFFER_KINDS];
    size_t spare_count[BUFFER_KINDS];
    size_t taken; /* bytes of larger buffers in use */
};

/* Room for at least `size` bytes, used 0; NULL beyond the limit. */
struct buffer *buffer_take(struct buffer_pool *pool, size_t size);

/* Wipes what was used and takes it back. NULL is allowed. */
void buffer_give(struct buffer_pool *pool, struct buffer *buffer);

/* Frees the spare ones. */
void buffer_pool_clear(struct buffer_pool *pool);

#endif
