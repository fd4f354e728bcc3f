#include "core/visited.h"

#include <stdlib.h>
#include <string.h>

bool visited_open(struct visited *v, unsigned bits)
{
    v->bits = bits;
    v->count = 0;
    v->slots = calloc((size_t)1 << bits, sizeof *v->slots);
    return v->slots != NULL;
}

void visited_close(struct visited *v)
{
    free(v->slots);
    v->slots = NULL;
}

bool visited_is_full(const struct visited *v)
{
    return v->count >= ((size_t)3 << v->bits) / 4;
}

static uint64_t mix(uint64_t x)
{
    x *= 0xd6e8feb86659fd93u;
    return x ^ (x >> 32);
}

static void digest(const void *state, size_t size, uint64_t out[2])
{
    const unsigned char *bytes = state;

    out[0] = 0x9e3779b97f4a7c15u;
    out[1] = 0xc2b2ae3d27d4eb4fu;
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = 0;

        memcpy(&word, bytes + i, size - i < 8 ? size - i : 8);
        out[0] = mix(out[0] ^ word);
        out[1] = mix((out[1] << 1 | out[1] >> 63) + word);
    }
    out[1] |= 1; // never zeros
}

bool visited_add(struct visited *v, const void *state, size_t size)
{
    size_t mask = ((size_t)1 << v->bits) - 1;
    uint64_t key[2];

    if (visited_is_full(v))
        return false;
    digest(state, size, key);
    for (size_t i = (size_t)key[0] & mask;; i = (i + 1) & mask) {
        if (v->slots[i][1] == 0) {
            v->slots[i][0] = key[0];
            v->slots[i][1] = key[1];
            v->count++;
            return true;
        }
        if (v->slots[i][0] == key[0] && v->slots[i][1] == key[1])
            return false;
    }
}
