/*
 * The part of crypto/signature.c that is libcrypto's: HMAC-SHA256, ECDSA on
 * P-256, RSASSA-PKCS1-v1_5. Algorithms are fetched once for each key.
 */
#ifndef CRYPTO_EVP_H
#define CRYPTO_EVP_H

#include <openssl/evp.h>

#include "crypto/signature.h"

enum { EVP_EC_SIGNATURE = 64 }; /* r and s, 32 bytes each (RFC 7518, 3.4) */

enum evp_kind { EVP_KIND_EC, EVP_KIND_RSA };

/* All NULL is safe to close. The contexts are copied for each use. */
struct evp_pair {
    enum evp_kind kind;
    EVP_PKEY *pair;
    EVP_PKEY_CTX *signer; /* NULL: a public key */
    EVP_PKEY_CTX *verifier;
    EVP_MD *sha256;
    size_t size; /* of a signature */
};

bool evp_init(void);

/* Private keys in DER; 0: failed. */
size_t evp_make_ec(uint8_t out[SIGNATURE_SECRET_MAX]);
size_t evp_make_rsa(uint8_t out[SIGNATURE_SECRET_MAX]);

/* On false *out is for evp_close all the same. */
bool evp_open_secret(struct evp_pair *out, enum evp_kind kind,
                     const uint8_t *secret, size_t length);
bool evp_open_ec(struct evp_pair *out, const struct signature_public *from);
bool evp_open_rsa(struct evp_pair *out, const struct signature_public *from);
void evp_close(struct evp_pair *pair);

bool evp_get_public(const struct evp_pair *pair, struct signature_public *out);
bool evp_sign(const struct evp_pair *pair, struct span text, uint8_t *out);
/* `signature` has pair->size bytes. */
bool evp_verify(const struct evp_pair *pair, struct span text,
                const uint8_t *signature);

EVP_MAC_CTX *evp_mac_open(const uint8_t *secret, size_t length); /* or NULL */
void evp_mac_close(EVP_MAC_CTX *mac); /* NULL is allowed */
/* 32 bytes into `out`. */
bool evp_mac(EVP_MAC_CTX *mac, struct span text, uint8_t *out);

#endif
