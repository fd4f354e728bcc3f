#include "crypto/evp.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "crypto/roca.h"

enum {
    DIGEST_SIZE = 32,
    COORDINATE = 32,            /* bytes of a number of P-256 */
    ECDSA_DER_MAX = 80,         /* two numbers of at most 33 bytes, and heads */
    POINT = 1 + 2 * COORDINATE, /* 04, x, y */
};

static char curve_name[] = "P-256";
static char digest_name[] = "SHA256";

bool evp_init(void)
{
    // Reads the machine's configuration now, before any sandbox forbids it.
    EVP_MD *md = EVP_MD_fetch(NULL, digest_name, NULL);

    EVP_MD_free(md);
    return md != NULL;
}

/* ---- HMAC ---- */

EVP_MAC_CTX *evp_mac_open(const uint8_t *secret, size_t length)
{
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name, 0),
        OSSL_PARAM_construct_end()};
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *mac = hmac != NULL ? EVP_MAC_CTX_new(hmac) : NULL;

    EVP_MAC_free(hmac); // the context holds it
    if (mac != NULL && EVP_MAC_init(mac, secret, length, parameters) == 1)
        return mac;
    EVP_MAC_CTX_free(mac);
    return NULL;
}

void evp_mac_close(EVP_MAC_CTX *mac)
{
    EVP_MAC_CTX_free(mac);
}

bool evp_mac(EVP_MAC_CTX *mac, struct span text, uint8_t *out)
{
    EVP_MAC_CTX *copy = EVP_MAC_CTX_dup(mac);
    size_t length = 0;
    bool good =
        copy != NULL &&
        EVP_MAC_update(copy, (const uint8_t *)text.text, text.length) == 1 &&
        EVP_MAC_final(copy, out, &length, DIGEST_SIZE) == 1;

    EVP_MAC_CTX_free(copy);
    return good && length == DIGEST_SIZE;
}

/* ---- Making keys ---- */

static size_t write_der(EVP_PKEY *pair, uint8_t out[SIGNATURE_SECRET_MAX])
{
    uint8_t *at = out;
    int length = pair != NULL ? i2d_PrivateKey(pair, NULL) : 0;

    if (length > 0 && length <= SIGNATURE_SECRET_MAX)
        length = i2d_PrivateKey(pair, &at);
    else
        length = 0;
    EVP_PKEY_free(pair);
    return length > 0 ? (size_t)length : 0;
}

size_t evp_make_ec(uint8_t out[SIGNATURE_SECRET_MAX])
{
    return write_der(EVP_EC_gen(curve_name), out);
}

size_t evp_make_rsa(uint8_t out[SIGNATURE_SECRET_MAX])
{
    return write_der(EVP_RSA_gen((unsigned)SIGNATURE_RSA_BITS), out);
}

/* ---- Opening them ---- */

/* All that libcrypto would fetch for each signature, fetched once. */
static EVP_PKEY_CTX *prepare(const struct evp_pair *pair,
                             int (*begin)(EVP_PKEY_CTX *context))
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pair->pair, NULL);
    bool good = context != NULL && begin(context) == 1;

    if (good && pair->kind == EVP_KIND_RSA)
        good = EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
    if (good)
        good = EVP_PKEY_CTX_set_signature_md(context, pair->sha256) == 1;
    if (good)
        return context;
    EVP_PKEY_CTX_free(context);
    return NULL;
}

static bool fits(const struct evp_pair *pair)
{
    int bits = EVP_PKEY_get_bits(pair->pair);
    char name[16] = "";

    if (pair->kind == EVP_KIND_RSA)
        return EVP_PKEY_is_a(pair->pair, "RSA") == 1 &&
               bits >= SIGNATURE_RSA_BITS_MIN && bits <= SIGNATURE_RSA_BITS_MAX;
    return EVP_PKEY_is_a(pair->pair, "EC") == 1 &&
           EVP_PKEY_get_group_name(pair->pair, name, sizeof name, NULL) == 1 &&
           strcmp(name, "prime256v1") == 0;
}

/* Takes `key` over; NULL is none. */
static bool finish(struct evp_pair *out, enum evp_kind kind, EVP_PKEY *key,
                   bool signs)
{
    out->kind = kind;
    out->pair = key;
    out->sha256 = EVP_MD_fetch(NULL, digest_name, NULL);
    if (key == NULL || out->sha256 == NULL || !fits(out)) {
        ERR_clear_error();
        return false;
    }
    out->size = kind == EVP_KIND_EC ? (size_t)EVP_EC_SIGNATURE
                                    : (size_t)EVP_PKEY_get_size(key);
    out->verifier = prepare(out, EVP_PKEY_verify_init);
    if (signs)
        out->signer = prepare(out, EVP_PKEY_sign_init);
    return out->verifier != NULL && (!signs || out->signer != NULL);
}

bool evp_open_secret(struct evp_pair *out, enum evp_kind kind,
                     const uint8_t *secret, size_t length)
{
    const uint8_t *at = secret;
    EVP_PKEY *key = NULL;

    if (length <= SIGNATURE_SECRET_MAX)
        key =
            d2i_PrivateKey_ex(kind == EVP_KIND_EC ? EVP_PKEY_EC : EVP_PKEY_RSA,
                              NULL, &at, (long)length, NULL, NULL);
    return finish(out, kind, key, true);
}

static EVP_PKEY *build(const char *type, OSSL_PARAM *parameters)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;

    if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    return key;
}

bool evp_open_ec(struct evp_pair *out, const struct signature_public *from)
{
    uint8_t point[POINT] = {4};
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve_name,
                                         0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point,
                                          sizeof point),
        OSSL_PARAM_construct_end()};

    // RFC 7518, section 6.2.1.2: the full size, leading zeros and all.
    if (from->number[0].length != COORDINATE ||
        from->number[1].length != COORDINATE)
        return false;
    memcpy(point + 1, from->number[0].bytes, COORDINATE);
    memcpy(point + 1 + COORDINATE, from->number[1].bytes, COORDINATE);
    // A point off the curve is refused by libcrypto as it reads it.
    return finish(out, EVP_KIND_EC, build("EC", parameters), false);
}

/* OSSL_PARAM has its numbers in the machine's own order of bytes. */
static bool put_number(OSSL_PARAM_BLD *list, const char *name, const BIGNUM *n)
{
    return n != NULL && OSSL_PARAM_BLD_push_BN(list, name, n) == 1;
}

static EVP_PKEY *build_rsa(const BIGNUM *n, const BIGNUM *e)
{
    OSSL_PARAM_BLD *list = OSSL_PARAM_BLD_new();
    OSSL_PARAM *parameters = NULL;
    EVP_PKEY *key = NULL;

    if (list != NULL && put_number(list, OSSL_PKEY_PARAM_RSA_N, n) &&
        put_number(list, OSSL_PKEY_PARAM_RSA_E, e))
        parameters = OSSL_PARAM_BLD_to_param(list);
    if (parameters != NULL)
        key = build("RSA", parameters);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(list);
    return key;
}

/* Odd, and more than 1: with e = 1 every text is its own signature. */
static bool is_exponent(const BIGNUM *e)
{
    return e != NULL && BN_is_odd(e) && !BN_is_one(e) && BN_num_bits(e) <= 64;
}

bool evp_open_rsa(struct evp_pair *out, const struct signature_public *from)
{
    BIGNUM *n =
        BN_bin2bn(from->number[0].bytes, (int)from->number[0].length, NULL);
    BIGNUM *e =
        BN_bin2bn(from->number[1].bytes, (int)from->number[1].length, NULL);
    EVP_PKEY *key = NULL;

    if (n != NULL && BN_is_odd(n) && is_exponent(e) &&
        !roca_fits(from->number[0].bytes, from->number[0].length))
        key = build_rsa(n, e);
    BN_free(n);
    BN_free(e);
    return finish(out, EVP_KIND_RSA, key, false);
}

void evp_close(struct evp_pair *pair)
{
    EVP_PKEY_CTX_free(pair->signer);
    EVP_PKEY_CTX_free(pair->verifier);
    EVP_MD_free(pair->sha256);
    EVP_PKEY_free(pair->pair);
    *pair = (struct evp_pair){.pair = NULL};
}

static bool get_number(const EVP_PKEY *key, const char *name,
                       struct signature_public *out, size_t at)
{
    BIGNUM *number = NULL;
    int length = 0;
    bool good = EVP_PKEY_get_bn_param(key, name, &number) == 1;

    if (good) {
        length = BN_num_bytes(number);
        if (out->algorithm == JWS_ES256)
            length = COORDINATE;
        good = length <= SIGNATURE_NUMBER_MAX &&
               BN_bn2binpad(number, out->number[at].bytes, length) == length;
    }
    if (good)
        out->number[at].length = (size_t)length;
    BN_free(number);
    return good;
}

bool evp_get_public(const struct evp_pair *pair, struct signature_public *out)
{
    static const char *const names[][2] = {
        [EVP_KIND_EC] = {OSSL_PKEY_PARAM_EC_PUB_X, OSSL_PKEY_PARAM_EC_PUB_Y},
        [EVP_KIND_RSA] = {OSSL_PKEY_PARAM_RSA_N,    OSSL_PKEY_PARAM_RSA_E   },
    };

    return get_number(pair->pair, names[pair->kind][0], out, 0) &&
           get_number(pair->pair, names[pair->kind][1], out, 1);
}

/* ---- Signatures ---- */

static bool digest(const struct evp_pair *pair, struct span text,
                   uint8_t out[DIGEST_SIZE])
{
    return EVP_Digest(text.text, text.length, out, NULL, pair->sha256, NULL) ==
           1;
}

/* libcrypto writes DER, a JWS has r and s side by side. */
static bool unwrap(const uint8_t *der, size_t length, uint8_t *out)
{
    ECDSA_SIG *found = d2i_ECDSA_SIG(NULL, &der, (long)length);
    bool good =
        found != NULL &&
        BN_bn2binpad(ECDSA_SIG_get0_r(found), out, COORDINATE) == COORDINATE &&
        BN_bn2binpad(ECDSA_SIG_get0_s(found), out + COORDINATE, COORDINATE) ==
            COORDINATE;

    ECDSA_SIG_free(found);
    return good;
}

static size_t wrap(const uint8_t *signature, uint8_t der[ECDSA_DER_MAX])
{
    ECDSA_SIG *made = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, COORDINATE, NULL);
    BIGNUM *s = BN_bin2bn(signature + COORDINATE, COORDINATE, NULL);
    uint8_t *at = der;
    int length = 0;

    if (made != NULL && r != NULL && s != NULL &&
        ECDSA_SIG_set0(made, r, s) == 1) {
        r = NULL; // made's now
        s = NULL;
        length = i2d_ECDSA_SIG(made, &at);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(made);
    return length > 0 ? (size_t)length : 0;
}

bool evp_sign(const struct evp_pair *pair, struct span text, uint8_t *out)
{
    uint8_t hash[DIGEST_SIZE];
    uint8_t der[SIGNATURE_MAX];
    size_t length = sizeof der;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_dup(pair->signer);
    bool good = context != NULL && digest(pair, text, hash) &&
                EVP_PKEY_sign(context, der, &length, hash, sizeof hash) == 1;

    EVP_PKEY_CTX_free(context);
    if (!good)
        ERR_clear_error();
    else if (pair->kind == EVP_KIND_EC)
        good = unwrap(der, length, out);
    else
        memcpy(out, der, length);
    return good;
}

bool evp_verify(const struct evp_pair *pair, struct span text,
                const uint8_t *signature)
{
    uint8_t hash[DIGEST_SIZE];
    uint8_t der[ECDSA_DER_MAX];
    const uint8_t *bytes = signature;
    size_t length = pair->size;
    EVP_PKEY_CTX *context;
    bool good;

    if (pair->kind == EVP_KIND_EC) {
        length = wrap(signature, der);
        bytes = der;
    }
    context = EVP_PKEY_CTX_dup(pair->verifier);
    good = context != NULL && length > 0 && digest(pair, text, hash) &&
           EVP_PKEY_verify(context, bytes, length, hash, sizeof hash) == 1;
    EVP_PKEY_CTX_free(context);
    if (!good)
        ERR_clear_error(); // the queue is the thread's, and others read it
    return good;
}
