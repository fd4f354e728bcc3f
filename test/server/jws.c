#include "server/jws.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

/* RFC 8037, appendix A. */
static const char rfc_seed[] = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
static const char rfc_thumbprint[] =
    "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
static const char rfc_header[] = "eyJhbGciOiJFZERTQSJ9";
static const char rfc_token[] =
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt"
    "9g7sVvpAr_MuM0KAg";

static void make_key(struct jws_key *key)
{
    uint8_t seed[32];
    size_t size = 0;

    (void)base64url_decode(span_of(rfc_seed), seed, sizeof seed, &size);
    CHECK(jws_key_init(key, JWS_EDDSA, seed, sizeof seed));
}

static void standard(void **state)
{
    char text[JWS_TEXT_MAX];
    struct jws_key key;
    size_t length;

    (void)state;
    make_key(&key);
    CASE("the kid is the thumbprint of RFC 8037, A.3");
    CHECK_TEXT(key.kid, rfc_thumbprint);
    CASE("with the header of RFC 8037, A.4, the token is the standard's");
    memcpy(key.header, rfc_header, sizeof rfc_header - 1);
    key.header_length = sizeof rfc_header - 1;
    length =
        jws_sign(&key, SPAN("Example of Ed25519 signing"), text, sizeof text);
    CHECK_BYTES(text, length, rfc_token, sizeof rfc_token - 1);
    CASE("a cleared key holds nothing");
    jws_key_clear(&key);
    CHECK(sodium_is_zero((const uint8_t *)&key, sizeof key));
}

/* A token with this header's JSON, signed by the key all the same. */
static size_t sign_with(struct jws_key *key, const char *header, char *out)
{
    key->header_length = base64url_encode(header, strlen(header), key->header);
    return jws_sign(key, SPAN("{}"), out, JWS_TEXT_MAX);
}

struct header_row {
    const char *name;
    const char *header; /* KID stands for the key's */
    enum jws_result want;
};

static const struct header_row header_rows[] = {
    {"ours",                          "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"KID\"}", JWS_OK       },
    {"members in another order",
     "{\"kid\":\"KID\",\"typ\":\"at+jwt\",\"alg\":\"EdDSA\"}",                                  JWS_OK       },
    {"no algorithm at all",           "{\"typ\":\"at+jwt\",\"kid\":\"KID\"}",
     JWS_MALFORMED                                                                                           },
    {"algorithm none",                "{\"alg\":\"none\",\"typ\":\"at+jwt\",\"kid\":\"KID\"}",
     JWS_MALFORMED                                                                                           },
    {"HS256 with the public key",
     "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"KID\"}",                                  JWS_MALFORMED},
    {"the algorithm in lower case",
     "{\"alg\":\"eddsa\",\"typ\":\"at+jwt\",\"kid\":\"KID\"}",                                  JWS_MALFORMED},
    {"the algorithm a number",        "{\"alg\":1,\"typ\":\"at+jwt\",\"kid\":\"KID\"}",
     JWS_MALFORMED                                                                                           },
    {"the type of an ID token",
     "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"KID\"}",                                     JWS_MALFORMED},
    {"no type",                       "{\"alg\":\"EdDSA\",\"kid\":\"KID\"}",                    JWS_MALFORMED},
    {"something critical",
     "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"KID\",\"crit\":[]}",                      JWS_MALFORMED},
    {"another key's name",
     "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"other\"}",                                JWS_NO_KEY   },
    {"no key's name",                 "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\"}",                 JWS_NO_KEY   },
    {"a key's name that is a number",
     "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":1}",                                        JWS_MALFORMED},
    {"a header that is a list",       "[]",                                                     JWS_MALFORMED},
    {"a header that is no JSON",      "{\"alg\":\"EdDSA\"",                                     JWS_MALFORMED},
};

static void headers(void **state)
{
    struct jws_key key;
    struct jws_key signer;

    (void)state;
    make_key(&key);
    for (size_t i = 0; i < COUNT(header_rows); i++) {
        const struct header_row *row = &header_rows[i];
        const char *at = strstr(row->header, "KID");
        char header[JWS_OWN_HEADER_MAX];
        char text[JWS_TEXT_MAX];
        char payload[JWS_PAYLOAD_MAX];
        size_t length = 0;
        size_t size;

        CASE(row->name);
        if (at == NULL)
            (void)snprintf(header, sizeof header, "%s", row->header);
        else
            (void)snprintf(header, sizeof header, "%.*s%s%s",
                           (int)(at - row->header), row->header, key.kid,
                           at + 3);
        signer = key;
        size = sign_with(&signer, header, text);
        CHECK_EQ(
            jws_verify(&key, 1, (struct span){text, size}, payload, &length),
            row->want);
    }
    jws_key_clear(&key);
}

static void damage(void **state)
{
    char text[JWS_TEXT_MAX];
    char payload[JWS_PAYLOAD_MAX];
    struct jws_key key;
    size_t accepted = 0;
    size_t size;
    size_t length = 0;

    (void)state;
    make_key(&key);
    size = jws_sign(&key, SPAN("{\"a\":1}"), text, sizeof text);
    CASE("untouched, it is verified and gives its payload back");
    CHECK_EQ(jws_verify(&key, 1, (struct span){text, size}, payload, &length),
             JWS_OK);
    CHECK_BYTES(payload, length, "{\"a\":1}", 7);
    CASE("with any one bit turned, it is refused");
    for (size_t i = 0; i < size * 8; i++) {
        text[i / 8] = (char)(text[i / 8] ^ 1 << i % 8);
        accepted += jws_verify(&key, 1, (struct span){text, size}, payload,
                               &length) == JWS_OK;
        text[i / 8] = (char)(text[i / 8] ^ 1 << i % 8);
    }
    CHECK_EQ(accepted, 0);
    CASE("cut anywhere, it is refused");
    for (size_t i = 0; i < size; i++)
        accepted += jws_verify(&key, 1, (struct span){text, i}, payload,
                               &length) == JWS_OK;
    CHECK_EQ(accepted, 0);
    CASE("with anything behind it, it is refused");
    for (int c = 1; c < 256; c++) {
        text[size] = (char)c;
        accepted += jws_verify(&key, 1, (struct span){text, size + 1}, payload,
                               &length) == JWS_OK;
    }
    CHECK_EQ(accepted, 0);
    jws_key_clear(&key);
}

static void limits(void **state)
{
    static char big[JWS_PAYLOAD_MAX + 1];
    static char text[JWS_TEXT_MAX * 2];
    static char payload[JWS_PAYLOAD_MAX];
    struct jws_key key;
    size_t length = 0;
    size_t size;

    (void)state;
    make_key(&key);
    memset(big, 'a', sizeof big);
    CASE("the longest payload is signed, and verified");
    size =
        jws_sign(&key, (struct span){big, JWS_PAYLOAD_MAX}, text, JWS_TEXT_MAX);
    CHECK(size > 0 && size <= JWS_TEXT_MAX);
    CHECK_EQ(jws_verify(&key, 1, (struct span){text, size}, payload, &length),
             JWS_OK);
    CHECK_EQ(length, JWS_PAYLOAD_MAX);
    CASE("one byte more is not");
    CHECK_EQ(jws_sign(&key, (struct span){big, JWS_PAYLOAD_MAX + 1}, text,
                      sizeof text),
             0);
    CASE("what fits exactly is written, one byte less room is refused");
    CHECK_EQ(jws_sign(&key, SPAN("{}"), text, sizeof text),
             key.header_length + 1 + 3 + 1 + 86);
    CHECK(jws_sign(&key, SPAN("{}"), text, key.header_length + 91) > 0);
    CHECK_EQ(jws_sign(&key, SPAN("{}"), text, key.header_length + 90), 0);
    CASE("an overlong text is not looked at");
    memset(text, 'a', sizeof text);
    CHECK_EQ(
        jws_verify(&key, 1, (struct span){text, sizeof text}, payload, &length),
        JWS_MALFORMED);
    jws_key_clear(&key);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(standard),
        cmocka_unit_test(headers),
        cmocka_unit_test(damage),
        cmocka_unit_test(limits),
    };

    if (!signature_init())
        return 1;
    return check_run("server/jws", tests);
}
