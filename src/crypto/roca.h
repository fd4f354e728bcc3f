/*
 * RSA keys of the ROCA kind (CVE-2017-15361): made by a faulty smart-card
 * library, they can be factored, and they show it.
 */
#ifndef CRYPTO_ROCA_H
#define CRYPTO_ROCA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `modulus` is big-endian. Of sound keys one in 2^27 fits as well. */
bool roca_fits(const uint8_t *modulus, size_t length);

#endif
