/*
 * Keys that sign and verify: Ed25519 by libsodium, ES256, RS256 and HS256 by
 * libcrypto. For server and client alike.
 *
 * A key is bound to one algorithm when it is made and never to another. It does
 * not change after, so threads share it: what libcrypto would change while it
 * works is a copy of what the key keeps ready, made for each signature.
 */
#ifndef CRYPTO_SIGNATURE_H
#define CRYPTO_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "core/jws.h"

enum {
    SIGNATURE_MAX = 512,         /* of 4,096 bits of RSA */
    SIGNATURE_SECRET_MAX = 2048, /* what a key is made from, as kept */
    SIGNATURE_NUMBER_MAX = 512,
    SIGNATURE_HS256_MIN = 32, /* RFC 7518, section 3.2 */
    SIGNATURE_HS256_MAX = 512,
    SIGNATURE_RSA_BITS = 2048,     /* of the keys that we make */
    SIGNATURE_RSA_BITS_MIN = 2048, /* RFC 7518, section 3.3 */
    SIGNATURE_RSA_BITS_MAX = 4096,
};

/* A public key's numbers, big-endian: x; x and y; n and e. */
struct signature_public {
    enum jws_algorithm algorithm;
    struct {
        uint8_t bytes[SIGNATURE_NUMBER_MAX];
        size_t length;
    } number[2];
};

struct signature_key; /* opaque */

/* Call once before all else. False: a library does not work. */
bool signature_init(void);

/*
 * What a new key is made from: a seed, a private key in DER, random bytes. To be
 * kept secret; at most SIGNATURE_SECRET_MAX. 0: it could not be made. RS256
 * takes long, half a second and more.
 */
size_t signature_make_secret(enum jws_algorithm algorithm,
                             uint8_t out[SIGNATURE_SECRET_MAX]);

/* One that signs and verifies; NULL: not such a secret, or no memory. */
struct signature_key *signature_open_secret(enum jws_algorithm algorithm,
                                            const uint8_t *secret,
                                            size_t length);

/*
 * One that only verifies; NULL: no such key, one that must not be used (a point
 * off the curve, RSA too short, too long or of the ROCA kind), or no memory.
 * HS256 has no public keys.
 */
struct signature_key *signature_open_public(const struct signature_public *key);

void signature_close(struct signature_key *key); /* wipes; NULL is allowed */

enum jws_algorithm signature_algorithm(const struct signature_key *key);

/* False for HS256. */
bool signature_get_public(const struct signature_key *key,
                          struct signature_public *out);

/* Bytes of each of its signatures. */
size_t signature_size(const struct signature_key *key);

/* signature_size bytes into `out`; false: no secret, or the library failed. */
bool signature_sign(const struct signature_key *key, struct span text,
                    uint8_t out[SIGNATURE_MAX]);

bool signature_verify(const struct signature_key *key, struct span text,
                      const uint8_t *signature, size_t length);

#endif
