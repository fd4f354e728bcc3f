/*
 * A malloc whose price does not depend on what was allocated before: a list of
 * free pieces for each power of two. For one thread, in bench/easy.c only.
 *
 * With glibc's the same requests differ by a thousand instructions each with the
 * order of two calls made long before, and that is more than what is measured.
 */
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    CLASSES = 32,
    SMALLEST = 4,              /* 2^4 bytes */
    ALIGNMENT = 16,            /* of all that malloc gives */
    ARENA = 256 * 1024 * 1024, /* bytes of address space, touched as needed */
};

/* Before each piece; as long as ALIGNMENT. */
struct piece {
    size_t class;       /* 2^class bytes; CLASSES: never used again */
    struct piece *next; /* in its list, while free */
};

_Static_assert(sizeof(struct piece) == ALIGNMENT, "keeps pieces aligned");

/* Globals because malloc has no other argument. */
static struct piece *lists[CLASSES];
static char *arena;
static size_t used;

static void *extend(size_t size, size_t alignment)
{
    size_t start;

    if (arena == NULL)
        arena = mmap(NULL, ARENA, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    start =
        (used + sizeof(struct piece) + alignment - 1) / alignment * alignment;
    if (arena == MAP_FAILED || size > ARENA - start)
        abort(); // a benchmark without memory says nothing
    used = start + size;
    return arena + start;
}

static size_t class_of(size_t size)
{
    size_t class = 64 - (size_t)__builtin_clzl((size - (size > 0)) | 1);

    return class < SMALLEST ? SMALLEST : class;
}

static void *take(size_t size)
{
    size_t class = class_of(size);
    struct piece *piece;

    if (class >= CLASSES)
        abort();
    piece = lists[class];
    if (piece == NULL)
        piece = (struct piece *)extend((size_t)1 << class, ALIGNMENT) - 1;
    else
        lists[class] = piece->next;
    piece->class = class;
    return piece + 1;
}

static size_t room_of(const struct piece *piece)
{
    if (piece->class == CLASSES)
        abort(); // aligned memory keeps its size
    return (size_t)1 << piece->class;
}

#pragma GCC visibility push(default)

void *malloc(size_t size)
{
    return take(size);
}

void free(void *memory)
{
    struct piece *piece = (struct piece *)memory - 1;

    if (memory == NULL || piece->class == CLASSES)
        return;
    piece->next = lists[piece->class];
    lists[piece->class] = piece;
}

void *calloc(size_t count, size_t size)
{
    size_t whole;

    if (__builtin_mul_overflow(count, size, &whole))
        abort();
    return memset(take(whole), 0, whole);
}

void *realloc(void *memory, size_t size)
{
    size_t room = memory != NULL ? room_of((struct piece *)memory - 1) : 0;
    void *larger;

    if (memory != NULL && size <= room)
        return memory;
    larger = take(size);
    if (memory != NULL)
        memcpy(larger, memory, room);
    free(memory);
    return larger;
}

void *memalign(size_t alignment, size_t size)
{
    struct piece *piece =
        extend(size, alignment > ALIGNMENT ? alignment : ALIGNMENT);

    piece[-1].class = CLASSES;
    return piece;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    *out = memalign(alignment, size);
    return 0;
}
