#include "token_check.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

/* The text of member `name`, up to its quote; NULL: it is not there. */
static const char *find_text(const char *json, const char *name, size_t *length)
{
    const char *at = strstr(json, name);

    if (at == NULL)
        return NULL;
    at += strlen(name);
    *length = strcspn(at, "\"");
    return at;
}

static bool decode(const char *text, size_t length, uint8_t *out, size_t size)
{
    size_t got = 0;

    return sodium_base642bin(out, size, text, length, NULL, &got, NULL,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
           got == size;
}

bool token_check_text(const char *body, const char *member,
                      char out[TOKEN_CHECK_SIZE])
{
    char name[32];
    size_t length = 0;
    const char *text;

    (void)snprintf(name, sizeof name, "\"%s\":\"", member);
    text = find_text(body, name, &length);

    if (text == NULL || length >= TOKEN_CHECK_SIZE)
        return false;
    memcpy(out, text, length);
    out[length] = '\0';
    return true;
}

bool token_check_signed(const char *token, const char *jwks)
{
    uint8_t key[crypto_sign_PUBLICKEYBYTES];
    uint8_t signature[crypto_sign_BYTES];
    const char *dot = strrchr(token, '.');
    size_t length = 0;
    const char *x = find_text(jwks, "\"x\":\"", &length);

    return dot != NULL && x != NULL && decode(x, length, key, sizeof key) &&
           decode(dot + 1, strlen(dot + 1), signature, sizeof signature) &&
           crypto_sign_verify_detached(signature, (const uint8_t *)token,
                                       (size_t)(dot - token), key) == 0;
}
