/*
 * The states that a search has seen, by 128 bits of hash each.
 */
#ifndef TEST_CORE_VISITED_H
#define TEST_CORE_VISITED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct visited {
    uint64_t (*slots)[2]; /* 1 << bits of them; zeros are free */
    unsigned bits;
    size_t count;
};

/* Room for 3/4 of 1 << bits states. False: no memory. */
bool visited_open(struct visited *v, unsigned bits);
void visited_close(struct visited *v);

/* True when `state` (its padding included) was not there; false also when there
   is no room, and then visited_is_full. */
bool visited_add(struct visited *v, const void *state, size_t size);
bool visited_is_full(const struct visited *v);

#endif
