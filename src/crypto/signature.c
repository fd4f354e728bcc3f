#include "crypto/signature.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/evp.h"

enum { HS256_MADE = 32, HMAC_SIZE = 32 };

struct signature_key {
    enum jws_algorithm algorithm;
    bool signs;
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES]; /* EdDSA */
    uint8_t secret_key[crypto_sign_SECRETKEYBYTES];
    EVP_MAC_CTX *mac;    /* HS256: keyed, copied for each use */
    struct evp_pair evp; /* ES256, RS256 */
};

/* What each algorithm does in its own way. */
struct way {
    size_t (*make)(uint8_t out[SIGNATURE_SECRET_MAX]);
    bool (*open)(struct signature_key *key, const uint8_t *secret,
                 size_t length);
    bool (*open_public)(struct signature_key *key,
                        const struct signature_public *from);
    bool (*get_public)(const struct signature_key *key,
                       struct signature_public *out);
    bool (*sign)(const struct signature_key *key, struct span text,
                 uint8_t out[SIGNATURE_MAX]);
    bool (*verify)(const struct signature_key *key, struct span text,
                   const uint8_t *signature);
    size_t size; /* of a signature; 0: the key's own */
};

/* ---- Ed25519 ---- */

static size_t make_eddsa(uint8_t out[SIGNATURE_SECRET_MAX])
{
    randombytes_buf(out, crypto_sign_SEEDBYTES);
    return crypto_sign_SEEDBYTES;
}

static bool open_eddsa(struct signature_key *key, const uint8_t *secret,
                       size_t length)
{
    return length == crypto_sign_SEEDBYTES &&
           crypto_sign_seed_keypair(key->public_key, key->secret_key, secret) ==
               0;
}

static bool open_eddsa_public(struct signature_key *key,
                              const struct signature_public *from)
{
    if (from->number[0].length != sizeof key->public_key ||
        crypto_core_ed25519_is_valid_point(from->number[0].bytes) != 1)
        return false;
    memcpy(key->public_key, from->number[0].bytes, sizeof key->public_key);
    return true;
}

static bool get_eddsa_public(const struct signature_key *key,
                             struct signature_public *out)
{
    memcpy(out->number[0].bytes, key->public_key, sizeof key->public_key);
    out->number[0].length = sizeof key->public_key;
    return true;
}

static bool sign_eddsa(const struct signature_key *key, struct span text,
                       uint8_t out[SIGNATURE_MAX])
{
    return crypto_sign_detached(out, NULL, (const uint8_t *)text.text,
                                text.length, key->secret_key) == 0;
}

static bool verify_eddsa(const struct signature_key *key, struct span text,
                         const uint8_t *signature)
{
    return crypto_sign_verify_detached(signature, (const uint8_t *)text.text,
                                       text.length, key->public_key) == 0;
}

/* ---- HMAC ---- */

static size_t make_hs256(uint8_t out[SIGNATURE_SECRET_MAX])
{
    randombytes_buf(out, HS256_MADE);
    return HS256_MADE;
}

static bool open_hs256(struct signature_key *key, const uint8_t *secret,
                       size_t length)
{
    if (length < SIGNATURE_HS256_MIN || length > SIGNATURE_HS256_MAX)
        return false;
    key->mac = evp_mac_open(secret, length);
    return key->mac != NULL;
}

static bool sign_hs256(const struct signature_key *key, struct span text,
                       uint8_t out[SIGNATURE_MAX])
{
    return evp_mac(key->mac, text, out);
}

static bool verify_hs256(const struct signature_key *key, struct span text,
                         const uint8_t *signature)
{
    uint8_t mac[HMAC_SIZE];

    return evp_mac(key->mac, text, mac) &&
           bytes_equal_secret(mac, signature, sizeof mac);
}

/* ---- ECDSA and RSA ---- */

static bool open_es256(struct signature_key *key, const uint8_t *secret,
                       size_t length)
{
    return evp_open_secret(&key->evp, EVP_KIND_EC, secret, length);
}

static bool open_rs256(struct signature_key *key, const uint8_t *secret,
                       size_t length)
{
    return evp_open_secret(&key->evp, EVP_KIND_RSA, secret, length);
}

static bool open_es256_public(struct signature_key *key,
                              const struct signature_public *from)
{
    return evp_open_ec(&key->evp, from);
}

static bool open_rs256_public(struct signature_key *key,
                              const struct signature_public *from)
{
    return evp_open_rsa(&key->evp, from);
}

static bool get_evp_public(const struct signature_key *key,
                           struct signature_public *out)
{
    return evp_get_public(&key->evp, out);
}

static bool sign_evp(const struct signature_key *key, struct span text,
                     uint8_t out[SIGNATURE_MAX])
{
    return evp_sign(&key->evp, text, out);
}

static bool verify_evp(const struct signature_key *key, struct span text,
                       const uint8_t *signature)
{
    return evp_verify(&key->evp, text, signature);
}

static const struct way ways[JWS_ALGORITHM_COUNT] = {
    [JWS_EDDSA] = {make_eddsa,   open_eddsa, open_eddsa_public, get_eddsa_public,
                   sign_eddsa,                                                                verify_eddsa, crypto_sign_BYTES},
    [JWS_ES256] = {evp_make_ec,  open_es256, open_es256_public, get_evp_public,
                   sign_evp,                                                                  verify_evp,   EVP_EC_SIGNATURE },
    [JWS_RS256] = {evp_make_rsa, open_rs256, open_rs256_public, get_evp_public,
                   sign_evp,                                                                  verify_evp,   0                },
    [JWS_HS256] = {make_hs256,   open_hs256, NULL,              NULL,             sign_hs256, verify_hs256,
                   HMAC_SIZE                                                                                                 },
};

bool signature_init(void)
{
    return sodium_init() >= 0 && evp_init();
}

size_t signature_make_secret(enum jws_algorithm algorithm,
                             uint8_t out[SIGNATURE_SECRET_MAX])
{
    return ways[algorithm].make != NULL ? ways[algorithm].make(out) : 0;
}

static struct signature_key *new_key(enum jws_algorithm algorithm)
{
    // Neither swapped nor dumped where the system allows it. What OpenSSL holds
    // is on its own heap.
    struct signature_key *key = sodium_malloc(sizeof *key);

    if (key != NULL)
        *key = (struct signature_key){.algorithm = algorithm};
    return key;
}

struct signature_key *signature_open_secret(enum jws_algorithm algorithm,
                                            const uint8_t *secret,
                                            size_t length)
{
    const struct way *way = &ways[algorithm];
    struct signature_key *key = way->open != NULL ? new_key(algorithm) : NULL;

    if (key == NULL)
        return NULL;
    key->signs = way->open(key, secret, length);
    if (key->signs)
        return key;
    signature_close(key);
    return NULL;
}

struct signature_key *signature_open_public(const struct signature_public *from)
{
    const struct way *way = &ways[from->algorithm];
    struct signature_key *key =
        way->open_public != NULL ? new_key(from->algorithm) : NULL;

    if (key == NULL)
        return NULL;
    if (way->open_public(key, from))
        return key;
    signature_close(key);
    return NULL;
}

void signature_close(struct signature_key *key)
{
    if (key == NULL)
        return;
    evp_mac_close(key->mac);
    evp_close(&key->evp);
    sodium_free(key); // and wipes it
}

enum jws_algorithm signature_algorithm(const struct signature_key *key)
{
    return key->algorithm;
}

bool signature_get_public(const struct signature_key *key,
                          struct signature_public *out)
{
    const struct way *way = &ways[key->algorithm];

    memset(out, 0, sizeof *out);
    out->algorithm = key->algorithm;
    return way->get_public != NULL && way->get_public(key, out);
}

size_t signature_size(const struct signature_key *key)
{
    size_t size = ways[key->algorithm].size;

    return size != 0 ? size : key->evp.size;
}

bool signature_sign(const struct signature_key *key, struct span text,
                    uint8_t out[SIGNATURE_MAX])
{
    return key->signs && ways[key->algorithm].sign(key, text, out);
}

bool signature_verify(const struct signature_key *key, struct span text,
                      const uint8_t *signature, size_t length)
{
    return length == signature_size(key) &&
           ways[key->algorithm].verify(key, text, signature);
}
