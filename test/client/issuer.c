#include "client/issuer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64url.h"
#include "base/json.h"
#include "check.h"
#include "client/clock.h"
#include "crypto/jwk.h"

static const enum jws_algorithm algorithms[ISSUER_KEYS] = {
    JWS_EDDSA, JWS_ES256, JWS_RS256, JWS_EDDSA};

static void write_keys(const struct issuer *issuer, char out[ISSUER_TEXT_MAX])
{
    struct signature_public numbers;
    struct json_writer w;
    char kid[4];

    json_begin(&w, out, ISSUER_TEXT_MAX - 1, JSON_COMPACT);
    json_open(&w, '{');
    json_key(&w, SPAN("keys"));
    json_open(&w, '[');
    for (int i = 0; i < ISSUER_KEYS; i++) {
        if (!issuer->published[i] ||
            !signature_get_public(issuer->key[i], &numbers))
            continue;
        (void)snprintf(kid, sizeof kid, "k%d", i);
        jwk_write(&w, &numbers, span_of(kid));
    }
    json_close(&w, ']');
    json_close(&w, '}');
    out[w.length] = '\0';
}

static void answer(struct fake_reply *reply, const struct fake_request *request,
                   void *data)
{
    const struct issuer *issuer = data;
    static char text[ISSUER_TEXT_MAX];

    (void)request;
    write_keys(issuer, text);
    if (issuer->instead != NULL)
        (void)snprintf(text, sizeof text, "%s", issuer->instead);
    fake_write(reply,
               "HTTP/1.1 %d X\r\nContent-Type: application/json\r\n%s"
               "Location: /elsewhere\r\nContent-Length: %zu\r\n\r\n%s",
               issuer->status, issuer->cache, strlen(text), text);
}

struct stay_verifier *issuer_verifier(const struct issuer *issuer,
                                      const char *type)
{
    char url[128];
    char error[STAY_ERROR_SIZE] = "";
    struct stay_verifier_config config = {.keys_url = url,
                                          .issuer = "I",
                                          .audience = "A",
                                          .type = type,
                                          .error = error};
    struct stay_verifier *verifier = NULL;

    (void)snprintf(url, sizeof url, "%s/keys", fake_url(issuer->server));
    CHECK_EQ(stay_verifier_open(&verifier, &config), STAY_OK);
    CHECK_TEXT(error, "");
    return verifier;
}

void issuer_open(struct issuer *issuer)
{
    // Made once: an RSA key takes a while.
    static uint8_t secret[ISSUER_KEYS][SIGNATURE_SECRET_MAX];
    static size_t length[ISSUER_KEYS];

    *issuer = (struct issuer){.status = 200, .cache = ""};
    CHECK(signature_init());
    for (int i = 0; i < ISSUER_KEYS; i++) {
        if (length[i] == 0)
            length[i] = signature_make_secret(algorithms[i], secret[i]);
        issuer->key[i] =
            signature_open_secret(algorithms[i], secret[i], length[i]);
        issuer->published[i] = i < 3;
    }
    issuer->server = fake_open(answer, issuer);
    issuer->verifier = issuer_verifier(issuer, NULL);
}

void issuer_close(struct issuer *issuer)
{
    stay_verifier_close(issuer->verifier);
    fake_close(issuer->server);
    for (int i = 0; i < ISSUER_KEYS; i++)
        signature_close(issuer->key[i]);
}

/* Signed by that key, whatever the header says. */
void issuer_sign(const struct issuer *issuer, int key, const char *header,
                 const char *payload, char out[ISSUER_TEXT_MAX])
{
    uint8_t signature[SIGNATURE_MAX];
    size_t length = base64url_encode(header, strlen(header), out);

    out[length++] = '.';
    length += base64url_encode(payload, strlen(payload), out + length);
    CHECK(signature_sign(issuer->key[key], (struct span){out, length},
                         signature));
    out[length++] = '.';
    length += base64url_encode(signature, signature_size(issuer->key[key]),
                               out + length);
    out[length] = '\0';
}

/* NOW stands for the time, and +N or -N behind it for so many seconds. */
void issuer_claims(const char *text, char out[ISSUER_CLAIMS_MAX])
{
    const char *at;
    size_t length = 0;

    while ((at = strstr(text, "NOW")) != NULL) {
        char *end;
        long offset = strtol(at + 3, &end, 10);

        length += (size_t)snprintf(out + length, ISSUER_CLAIMS_MAX - length,
                                   "%.*s%lld", (int)(at - text), text,
                                   (long long)clock_wall_s() + offset);
        text = end;
    }
    (void)snprintf(out + length, ISSUER_CLAIMS_MAX - length, "%s", text);
}

const char issuer_good[] = "{\"iss\":\"I\",\"aud\":\"A\",\"exp\":NOW+60,"
                           "\"iat\":NOW-1,\"sub\":\"7\",\"sid\":\"s\","
                           "\"roles\":[\"user\",\"admin\"],\"n\":1.5,"
                           "\"email\":\"a\\u00e9@b\"}";

enum stay_verdict issuer_ask(struct issuer *issuer, int key)
{
    static char text[ISSUER_TEXT_MAX];
    static const char *const headers[ISSUER_KEYS] = {
        ISSUER_HEADER("EdDSA", "k0"), ISSUER_HEADER("ES256", "k1"),
        ISSUER_HEADER("RS256", "k2"), ISSUER_HEADER("EdDSA", "k3")};
    char claims[ISSUER_CLAIMS_MAX];
    struct stay_claims out;
    enum stay_verdict verdict;

    issuer_claims(issuer_good, claims);
    issuer_sign(issuer, key, headers[key], claims, text);
    verdict = stay_verify(issuer->verifier, text, &out);
    stay_claims_clear(&out);
    return verdict;
}
