/*
 * Memory that ends at a page which may not be touched: a read of one byte too
 * many ends the test.
 */
#ifndef TEST_BASE_EDGE_H
#define TEST_BASE_EDGE_H

#include <stddef.h>

struct edge {
    char *base;
    size_t size; /* usable bytes; base + size may not be read */
};

/* Room for at least `size` bytes; ends the program when there is none. */
struct edge edge_open(size_t size);
void edge_close(struct edge *edge);

/* Copies `length` bytes to where they end at the forbidden page. */
char *edge_place(const struct edge *edge, const void *bytes, size_t length);

#endif
