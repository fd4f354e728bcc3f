#include "server/jws.h"

#include <stdbool.h>
#include <string.h>

#include "base/json.h"
#include "crypto/jwk.h"

#define TYPE "at+jwt"

static void put_member(struct json_writer *w, struct span name,
                       struct span value)
{
    json_key(w, name);
    json_put_string(w, value);
}

static void write_header(struct jws_key *key)
{
    char text[JWS_OWN_HEADER_MAX];
    struct json_writer w;

    json_begin(&w, text, sizeof text, JSON_COMPACT);
    json_open(&w, '{');
    put_member(&w, SPAN("alg"),
               jws_algorithm_name(signature_algorithm(key->key)));
    put_member(&w, SPAN("typ"), SPAN(TYPE));
    put_member(&w, SPAN("kid"), span_of(key->kid));
    json_close(&w, '}');
    key->header_length = base64url_encode(text, w.length, key->header);
}

/* What the secret says to a text that no token can be. */
static bool name_secret(struct jws_key *key)
{
    uint8_t mac[SIGNATURE_MAX];
    bool good = signature_sign(key->key, SPAN("the name of this key"), mac);

    if (good)
        (void)base64url_encode(mac, 32, key->kid);
    return good;
}

static bool name_key(struct jws_key *key)
{
    struct signature_public numbers;

    if (signature_algorithm(key->key) == JWS_HS256)
        return name_secret(key);
    if (!signature_get_public(key->key, &numbers))
        return false;
    jwk_thumbprint(&numbers, key->kid);
    return true;
}

bool jws_key_init(struct jws_key *out, enum jws_algorithm algorithm,
                  const uint8_t *secret, size_t length)
{
    memset(out, 0, sizeof *out);
    out->key = signature_open_secret(algorithm, secret, length);
    if (out->key == NULL || !name_key(out)) {
        jws_key_clear(out);
        return false;
    }
    write_header(out);
    return true;
}

void jws_key_clear(struct jws_key *key)
{
    signature_close(key->key);
    bytes_wipe(key, sizeof *key);
}

size_t jws_sign(const struct jws_key *key, struct span payload, char *out,
                size_t size)
{
    uint8_t signature[SIGNATURE_MAX];
    size_t signature_length = signature_size(key->key);
    size_t length = key->header_length;

    if (payload.length > JWS_PAYLOAD_MAX ||
        size < length + 1 + BASE64URL_LENGTH(payload.length) + 1 +
                   BASE64URL_LENGTH(signature_length))
        return 0;
    memcpy(out, key->header, length);
    out[length++] = '.';
    length += base64url_encode(payload.text, payload.length, out + length);
    if (!signature_sign(key->key, (struct span){out, length}, signature))
        return 0;
    out[length++] = '.';
    return length + base64url_encode(signature, signature_length, out + length);
}

/* The key that the header names, if the header is one of ours. */
static enum jws_result find_key(const struct jws_key *keys, size_t count,
                                struct span encoded, const struct jws_key **out)
{
    struct jws_header header;
    struct span kid = {header.kid, 0};

    if (!jws_read_header(encoded, &header) ||
        !span_is((struct span){header.type, header.type_length}, TYPE))
        return JWS_MALFORMED;
    kid.length = header.kid_length;
    for (size_t i = 0; i < count && header.has_kid; i++) {
        if (!span_is(kid, keys[i].kid))
            continue;
        *out = &keys[i];
        return signature_algorithm(keys[i].key) == header.algorithm
                   ? JWS_OK
                   : JWS_MALFORMED;
    }
    return JWS_NO_KEY;
}

enum jws_result jws_verify(const struct jws_key *keys, size_t count,
                           struct span token, char payload[JWS_PAYLOAD_MAX],
                           size_t *length)
{
    uint8_t signature[SIGNATURE_MAX];
    const struct jws_key *key = NULL;
    enum jws_result result;
    struct jws_parts parts;
    size_t size = 0;

    if (token.length > JWS_TEXT_MAX || !jws_split(token, &parts))
        return JWS_MALFORMED;
    result = find_key(keys, count, parts.header, &key);
    if (result != JWS_OK)
        return result;
    if (!base64url_decode(parts.signature, signature, sizeof signature,
                          &size) ||
        size != signature_size(key->key))
        return JWS_MALFORMED;
    if (!signature_verify(key->key, parts.signed_text, signature, size))
        return JWS_FORGED;
    if (!base64url_decode(parts.payload, payload, JWS_PAYLOAD_MAX, length))
        return JWS_MALFORMED;
    return JWS_OK;
}
