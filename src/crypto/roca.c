/*
 * Nemec, Sys, Svenda, Klinec, Matyas: "The Return of Coppersmith's Attack", CCS
 * 2017, section 2.1: the primes of such keys are k * M + (65537^a mod M), where M
 * is a product of small primes. So modulo each of these the modulus is a power
 * of 65537.
 */
#include "crypto/roca.h"

#include "base/bytes.h"

enum { GENERATOR = 65537 };

/* The odd primes of M for the shortest keys; for longer ones M has more. */
static const uint8_t primes[] = {
    3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,  43,
    47,  53,  59,  61,  67,  71,  73,  79,  83,  89,  97,  101, 103,
    107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
};

static unsigned modulo(const uint8_t *number, size_t length, unsigned prime)
{
    unsigned rest = 0;

    for (size_t i = 0; i < length; i++)
        rest = (rest << 8 | number[i]) % prime;
    return rest;
}

static bool is_power(unsigned rest, unsigned prime)
{
    unsigned power = 1;

    do {
        if (power == rest)
            return true;
        power = power * (GENERATOR % prime) % prime;
    } while (power != 1);
    return false;
}

bool roca_fits(const uint8_t *modulus, size_t length)
{
    for (size_t i = 0; i < COUNT(primes); i++)
        if (!is_power(modulo(modulus, length, primes[i]), primes[i]))
            return false;
    return true;
}
