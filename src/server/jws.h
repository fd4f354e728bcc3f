/*
 * The keys that sign access tokens, and tokens signed and verified with them:
 * compact JWS (core/jws.h) of the type at+jwt (RFC 9068).
 *
 * Signing algorithm and key are one thing: what a token says of its algorithm is
 * only compared with it.
 */
#ifndef SERVER_JWS_H
#define SERVER_JWS_H

#include <stddef.h>
#include <stdint.h>

#include "base/base64url.h"
#include "base/bytes.h"
#include "core/jws.h"
#include "crypto/signature.h"

enum {
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

struct jws_key {
    char kid[JWS_KID_SIZE];
    struct signature_key *key;
    char header[BASE64URL_LENGTH(JWS_OWN_HEADER_MAX)]; /* ready to sign */
    size_t header_length;
};

/*
 * Makes all of *out from a secret (signature_make_secret). The kid of a public
 * key is its thumbprint; of a shared secret, a name that only it gives. False:
 * no such secret, or no memory.
 */
bool jws_key_init(struct jws_key *out, enum jws_algorithm algorithm,
                  const uint8_t *secret, size_t length);
void jws_key_clear(struct jws_key *key); /* zeroed is allowed */

/* Writes header.payload.signature, no NUL; its length, or 0: does not fit. */
size_t jws_sign(const struct jws_key *key, struct span payload, char *out,
                size_t size);

/*
 * Verifies a token under the one key of its kid; the header must say that key's
 * algorithm, at+jwt and nothing that must be understood (`crit`). Only on JWS_OK
 * `payload` holds *length bytes.
 */
enum jws_result jws_verify(const struct jws_key *keys, size_t count,
                           struct span token, char payload[JWS_PAYLOAD_MAX],
                           size_t *length);

#endif
