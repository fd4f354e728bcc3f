#include "vectors.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/jws.h"

enum {
    TEXT_MAX = 512 * 1024,
    TOKENS_MAX = 32 * 1024,
    KEYS_TEXT_MAX = 16 * 1024,
};

static bool read_text(struct vectors *v, const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t length = 0;

    if (!CHECK(file != NULL))
        return false;
    length = fread(v->text, 1, TEXT_MAX, file);
    (void)fclose(file);
    return CHECK(length < TEXT_MAX) &&
           CHECK_EQ(
               json_parse(&v->json, v->text, length, v->tokens, TOKENS_MAX),
               JSON_OK);
}

bool vectors_open(struct vectors *v, const char *path)
{
    const char *folder = check_vectors();
    char full[4096];

    if (folder == NULL)
        return false;
    (void)snprintf(full, sizeof full, "%s/%s", folder, path);
    *v = (struct vectors){.text = malloc(TEXT_MAX),
                          .tokens = calloc(TOKENS_MAX, sizeof *v->tokens)};
    if (CHECK(v->text != NULL && v->tokens != NULL) && read_text(v, full))
        return true;
    vectors_close(v);
    return false;
}

void vectors_close(struct vectors *v)
{
    free(v->text);
    free(v->tokens);
    *v = (struct vectors){.text = NULL};
}

size_t vectors_member(const struct vectors *v, size_t object,
                      const char *member)
{
    return json_member(&v->json, object, member);
}

bool vectors_text(const struct vectors *v, size_t object, const char *member,
                  char *out, size_t size)
{
    size_t length = 0;

    out[0] = '\0';
    if (!json_string(&v->json, vectors_member(v, object, member), out, size - 1,
                     &length))
        return false;
    out[length] = '\0';
    return true;
}

/* Who shares secrets expects HS256, who has public keys expects the others. */
static unsigned allowed_by(const struct vectors *v, size_t key)
{
    size_t kind = vectors_member(v, key, "kty");

    if (json_string_is(&v->json, kind, SPAN("oct")))
        return JWK_BIT(JWS_HS256);
    return JWK_BIT(JWS_EDDSA) | JWK_BIT(JWS_ES256) | JWK_BIT(JWS_RS256);
}

bool vectors_keys(const struct vectors *v, size_t index, struct jwk_set *out)
{
    static char text[KEYS_TEXT_MAX];
    const size_t several = vectors_member(v, index, "keys");
    const struct span raw = json_raw(&v->json, index);
    const size_t first = several == JSON_NONE ? index : several + 1;
    int length;

    length =
        snprintf(text, sizeof text, "%s%.*s%s",
                 several == JSON_NONE ? "{\"keys\":[" : "", (int)raw.length,
                 raw.text, several == JSON_NONE ? "]}" : "");
    if (!CHECK(length > 0 && (size_t)length < sizeof text))
        return false;
    return jwk_set_read((struct span){text, (size_t)length},
                        allowed_by(v, first), out);
}

bool vectors_key(const struct vectors *v, size_t index, struct jwk_set *out)
{
    *out = (struct jwk_set){.count = 1};
    if (jwk_read(&v->json, index, allowed_by(v, index), &out->key[0]) == JWK_OK)
        return true;
    jwk_set_clear(out);
    return false;
}

/* ---- Private keys ---- */

/* A member of a key, as bytes. */
static size_t read_bytes(const struct vectors *v, size_t key,
                         const char *member, uint8_t *out, size_t size)
{
    size_t length = 0;

    (void)base64url_decode(json_raw(&v->json, vectors_member(v, key, member)),
                           out, size, &length);
    return length;
}

/* stayd keeps RSA in DER; a JWK has its numbers (RFC 7518, section 6.3). */
static struct signature_key *open_rsa(const struct vectors *v, size_t index)
{
    static const char *const numbers[][2] = {
        {"n",  OSSL_PKEY_PARAM_RSA_N           },
        {"e",  OSSL_PKEY_PARAM_RSA_E           },
        {"d",  OSSL_PKEY_PARAM_RSA_D           },
        {"p",  OSSL_PKEY_PARAM_RSA_FACTOR1     },
        {"q",  OSSL_PKEY_PARAM_RSA_FACTOR2     },
        {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1   },
        {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2   },
        {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
    };
    BIGNUM *number[COUNT(numbers)];
    OSSL_PARAM_BLD *list = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    struct signature_key *key = NULL;
    OSSL_PARAM *parameters;
    EVP_PKEY *pair = NULL;
    uint8_t *der = NULL;
    int length;

    for (size_t i = 0; i < COUNT(numbers); i++) {
        uint8_t bytes[SIGNATURE_NUMBER_MAX];
        size_t size = read_bytes(v, index, numbers[i][0], bytes, sizeof bytes);

        number[i] = BN_bin2bn(bytes, (int)size, NULL);
        (void)OSSL_PARAM_BLD_push_BN(list, numbers[i][1], number[i]);
    }
    parameters = OSSL_PARAM_BLD_to_param(list);
    if (EVP_PKEY_fromdata_init(context) == 1 &&
        EVP_PKEY_fromdata(context, &pair, EVP_PKEY_KEYPAIR, parameters) == 1 &&
        (length = i2d_PrivateKey(pair, &der)) > 0)
        key = signature_open_secret(JWS_RS256, der, (size_t)length);
    OPENSSL_free(der);
    EVP_PKEY_free(pair);
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(list);
    for (size_t i = 0; i < COUNT(numbers); i++)
        BN_free(number[i]);
    return key;
}

struct signature_key *vectors_secret(const struct vectors *v, size_t index)
{
    uint8_t secret[SIGNATURE_HS256_MAX];
    struct jwk_set set;
    enum jws_algorithm algorithm;
    size_t length;

    if (!vectors_key(v, index, &set))
        return NULL;
    algorithm = signature_algorithm(set.key[0].key);
    jwk_set_clear(&set);
    if (algorithm == JWS_RS256)
        return open_rsa(v, index);
    length = read_bytes(v, index, algorithm == JWS_HS256 ? "k" : "d", secret,
                        sizeof secret);
    return signature_open_secret(algorithm, secret, length);
}

/* ---- Tokens ---- */

enum vectors_verdict vectors_judge(const struct jwk_set *set, struct span token,
                                   char **payload, size_t *length)
{
    uint8_t signature[SIGNATURE_MAX];
    struct jws_header header;
    struct jws_parts parts;
    const struct jwk *key;
    size_t size = 0;

    *payload = NULL;
    if (!jws_split(token, &parts) || !jws_read_header(parts.header, &header) ||
        !base64url_decode(parts.signature, signature, sizeof signature, &size))
        return VECTORS_FORM;
    key = jwk_set_find(set, &header);
    if (key == NULL)
        return VECTORS_KEY;
    if (!signature_verify(key->key, parts.signed_text, signature, size))
        return VECTORS_FORGED;
    *payload = malloc(token.length);
    *length = 0;
    if (*payload != NULL &&
        base64url_decode(parts.payload, *payload, token.length, length))
        return VECTORS_ACCEPTED;
    free(*payload);
    *payload = NULL;
    return VECTORS_FORM;
}
