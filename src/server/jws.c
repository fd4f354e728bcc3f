#include "server/jws.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "base/json.h"

enum { HEADER_TOKENS = 16 };

/* RFC 7638: the required members in this order, no white space. */
static void write_thumbprint(const uint8_t public_key[JWS_PUBLIC_SIZE],
                             char kid[JWS_KID_SIZE])
{
    char x[BASE64URL_LENGTH(JWS_PUBLIC_SIZE)];
    char text[128];
    uint8_t hash[crypto_hash_sha256_BYTES];
    struct json_writer w;

    (void)base64url_encode(public_key, JWS_PUBLIC_SIZE, x);
    json_begin(&w, text, sizeof text, JSON_COMPACT);
    json_open(&w, '{');
    json_key(&w, SPAN("crv"));
    json_put_string(&w, SPAN("Ed25519"));
    json_key(&w, SPAN("kty"));
    json_put_string(&w, SPAN("OKP"));
    json_key(&w, SPAN("x"));
    json_put_string(&w, (struct span){x, sizeof x});
    json_close(&w, '}');
    crypto_hash_sha256(hash, (const uint8_t *)text, w.length);
    kid[base64url_encode(hash, sizeof hash, kid)] = '\0';
}

static void write_header(struct jws_key *key)
{
    char text[JWS_OWN_HEADER_MAX];
    struct json_writer w;

    json_begin(&w, text, sizeof text, JSON_COMPACT);
    json_open(&w, '{');
    json_key(&w, SPAN("alg"));
    json_put_string(&w, SPAN("EdDSA"));
    json_key(&w, SPAN("typ"));
    json_put_string(&w, SPAN("at+jwt"));
    json_key(&w, SPAN("kid"));
    json_put_string(&w, span_of(key->kid));
    json_close(&w, '}');
    key->header_length = base64url_encode(text, w.length, key->header);
}

void jws_key_init(struct jws_key *out, const uint8_t seed[JWS_SEED_SIZE])
{
    (void)crypto_sign_seed_keypair(out->public_key, out->secret, seed);
    write_thumbprint(out->public_key, out->kid);
    write_header(out);
}

void jws_key_clear(struct jws_key *key)
{
    bytes_wipe(key, sizeof *key);
}

size_t jws_sign(const struct jws_key *key, struct span payload, char *out,
                size_t size)
{
    uint8_t signature[JWS_SIGNATURE_SIZE];
    size_t length = key->header_length;

    if (payload.length > JWS_PAYLOAD_MAX ||
        size < length + 1 + BASE64URL_LENGTH(payload.length) + 1 +
                   BASE64URL_LENGTH(sizeof signature))
        return 0;
    memcpy(out, key->header, length);
    out[length++] = '.';
    length += base64url_encode(payload.text, payload.length, out + length);
    (void)crypto_sign_detached(signature, NULL, (const uint8_t *)out, length,
                               key->secret);
    out[length++] = '.';
    return length + base64url_encode(signature, sizeof signature, out + length);
}

struct parts {
    struct span header;
    struct span payload;
    struct span signature;
    struct span signed_text;
};

/* False unless there are exactly two dots. */
static bool split(struct span token, struct parts *out)
{
    size_t first = span_find(token, '.');
    struct span rest = span_tail(token, first + 1);
    size_t second = span_find(rest, '.');

    if (first == token.length || second == rest.length)
        return false;
    out->header = span_head(token, first);
    out->payload = span_head(rest, second);
    out->signature = span_tail(rest, second + 1);
    out->signed_text = span_head(token, first + 1 + second);
    return span_find(out->signature, '.') == out->signature.length;
}

/* The key that the header names, if the header is one of ours. */
static enum jws_result find_key(const struct jws_key *keys, size_t count,
                                struct span header, const struct jws_key **out)
{
    char text[JWS_OWN_HEADER_MAX];
    struct json_token tokens[HEADER_TOKENS];
    struct json json;
    size_t kid;

    if (!base64url_decode(header, text, sizeof text, &json.length) ||
        json_parse(&json, text, json.length, tokens, HEADER_TOKENS) != JSON_OK)
        return JWS_MALFORMED;
    kid = json_member(&json, 0, "kid");
    if (!json_string_is(&json, json_member(&json, 0, "alg"), SPAN("EdDSA")) ||
        !json_string_is(&json, json_member(&json, 0, "typ"), SPAN("at+jwt")) ||
        json_member(&json, 0, "crit") != JSON_NONE)
        return JWS_MALFORMED;
    for (size_t i = 0; i < count; i++) {
        if (json_string_is(&json, kid, span_of(keys[i].kid))) {
            *out = &keys[i];
            return JWS_OK;
        }
    }
    return JWS_NO_KEY;
}

enum jws_result jws_verify(const struct jws_key *keys, size_t count,
                           struct span token, char payload[JWS_PAYLOAD_MAX],
                           size_t *length)
{
    uint8_t signature[JWS_SIGNATURE_SIZE];
    const struct jws_key *key = NULL;
    enum jws_result result;
    struct parts parts;
    size_t size = 0;

    if (token.length > JWS_TEXT_MAX || !split(token, &parts))
        return JWS_MALFORMED;
    result = find_key(keys, count, parts.header, &key);
    if (result != JWS_OK)
        return result;
    if (!base64url_decode(parts.signature, signature, sizeof signature,
                          &size) ||
        size != sizeof signature)
        return JWS_MALFORMED;
    if (crypto_sign_verify_detached(
            signature, (const uint8_t *)parts.signed_text.text,
            parts.signed_text.length, key->public_key) != 0)
        return JWS_FORGED;
    if (!base64url_decode(parts.payload, payload, JWS_PAYLOAD_MAX, length))
        return JWS_MALFORMED;
    return JWS_OK;
}
