/*
 * Compact JWS (RFC 7515, section 7.1), EdDSA over Ed25519 (RFC 8037) and nothing
 * else: the algorithm belongs to the key and is never read from the token.
 *
 * base64url is exact, so one token has one spelling. Every size has a limit.
 */
#ifndef SERVER_JWS_H
#define SERVER_JWS_H

#include <stddef.h>
#include <stdint.h>

#include "base/base64url.h"
#include "base/bytes.h"

enum {
    JWS_SEED_SIZE = 32,
    JWS_PUBLIC_SIZE = 32,
    JWS_SECRET_SIZE = 64, /* libsodium's: the seed, then the public key */
    JWS_SIGNATURE_SIZE = 64,
    JWS_KID_SIZE = 44,        /* RFC 7638 thumbprint and NUL */
    JWS_OWN_HEADER_MAX = 192, /* of the JSON of our own header */
    JWS_PAYLOAD_MAX = 2560,   /* of the claims' JSON */
    JWS_TEXT_MAX = 4096,      /* a whole token; longer ones are not looked at */
};

enum jws_result {
    JWS_OK = 0,
    JWS_MALFORMED, /* not three exact base64url parts, or a header not ours */
    JWS_NO_KEY,    /* no key of that kid */
    JWS_FORGED,    /* the signature is not the key's */
};

/* Signs with `secret`; whoever only verifies leaves that zero. */
struct jws_key {
    char kid[JWS_KID_SIZE];
    uint8_t public_key[JWS_PUBLIC_SIZE];
    uint8_t secret[JWS_SECRET_SIZE];
    char header[BASE64URL_LENGTH(JWS_OWN_HEADER_MAX)]; /* ready to sign */
    size_t header_length;
};

/* Derives all of *out from the seed; the kid is the key's thumbprint. */
void jws_key_init(struct jws_key *out, const uint8_t seed[JWS_SEED_SIZE]);
void jws_key_clear(struct jws_key *key);

/* Writes header.payload.signature, no NUL; its length, or 0: does not fit. */
size_t jws_sign(const struct jws_key *key, struct span payload, char *out,
                size_t size);

/*
 * Verifies a token under the one key of its kid; the header must say EdDSA,
 * at+jwt (RFC 9068) and nothing that must be understood (`crit`). Only on JWS_OK
 * `payload` holds *length bytes.
 */
enum jws_result jws_verify(const struct jws_key *keys, size_t count,
                           struct span token, char payload[JWS_PAYLOAD_MAX],
                           size_t *length);

#endif
