/*
 * JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037): public keys read and
 * written, and their thumbprints (RFC 7638).
 */
#ifndef CRYPTO_JWK_H
#define CRYPTO_JWK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/base64url.h"
#include "base/json.h"
#include "crypto/signature.h"

enum {
    JWK_SET_MAX = 32,             /* keys of one set; more are refused */
    JWK_SET_TEXT_MAX = 64 * 1024, /* of its JSON */
    JWK_THUMBPRINT_LENGTH = 43,
};

/* Algorithms as a set of bits. */
#define JWK_BIT(algorithm) (1u << (algorithm))

enum jwk_result {
    JWK_OK = 0,
    JWK_OTHER, /* for another purpose, or of a kind that we do not know */
    JWK_BAD,   /* of our kind, but malformed or not safe to use */
};

struct jwk {
    char kid[JWS_KID_MAX];     /* not NUL-terminated */
    size_t kid_length;         /* 0: it has none */
    bool secret;               /* a private or symmetric key stood there */
    struct signature_key *key; /* NULL: not fit to use */
};

/*
 * The key at `index`, of one of the `allowed` algorithms: that of its `alg`, or
 * the one that its kind has here. It must be for verifying (`use`, `key_ops`). A
 * private key is read as its public half.
 */
enum jwk_result jwk_read(const struct json *json, size_t index,
                         unsigned allowed, struct jwk *out);
void jwk_clear(struct jwk *key); /* zeroed is allowed */

struct jwk_set {
    struct jwk key[JWK_SET_MAX];
    size_t count;
};

/*
 * Keys that are not for us are left out (RFC 7517, section 5); one that is not
 * fit to use is found by nobody, and its name is taken. The set is refused as a
 * whole where it is malformed or too large, where two keys have one name, and
 * where a private key, or a symmetric one beside public ones, has strayed into
 * it. *out is for jwk_set_clear if true.
 */
bool jwk_set_read(struct span text, unsigned allowed, struct jwk_set *out);
void jwk_set_clear(struct jwk_set *set); /* zeroed is allowed */

/*
 * The key of a token's header: by name, or, where the token has none, the only
 * one; and of the algorithm that the token says. NULL: none.
 */
const struct jwk *jwk_set_find(const struct jwk_set *set,
                               const struct jws_header *header);

/* No NUL. */
void jwk_thumbprint(const struct signature_public *key,
                    char out[JWK_THUMBPRINT_LENGTH]);

/* One object: what a verifier needs, `use`, `alg` and `kid`. */
void jwk_write(struct json_writer *w, const struct signature_public *key,
               struct span kid);

#endif
