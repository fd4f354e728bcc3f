#include "edge.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct edge edge_open(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t usable = (size + page - 1) / page * page;
    char *base = mmap(NULL, usable + page, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (base == MAP_FAILED || mprotect(base + usable, page, PROT_NONE) != 0)
        abort();
    return (struct edge){base, usable};
}

void edge_close(struct edge *edge)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    if (edge->base != NULL && munmap(edge->base, edge->size + page) != 0)
        abort();
    *edge = (struct edge){NULL, 0};
}

char *edge_place(const struct edge *edge, const void *bytes, size_t length)
{
    char *place = edge->base + edge->size - length;

    if (length > edge->size)
        abort();
    memcpy(place, bytes, length);
    return place;
}
