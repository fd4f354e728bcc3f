/*
 * usage: native COUNT STEPS > hashes
 *
 * The hashes of sequences 0 to COUNT - 1, a line each.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sequences.h"

int main(int argc, char **argv)
{
    uint32_t count = argc == 3 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    uint32_t steps = argc == 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;

    if (count == 0 || sequences_begin() != 0)
        return 2;
    for (uint32_t seed = 0; seed < count; seed++)
        printf("%u\n", (unsigned)sequence(seed, steps));
    return 0;
}
