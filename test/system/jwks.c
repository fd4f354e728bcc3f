#include "jwks.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "wire.h"

enum { HEADER_SIZE = 1024 };

static bool decode(const char *text, size_t length, void *out, size_t size,
                   size_t *used)
{
    return sodium_base642bin(out, size, text, length, NULL, used, NULL,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

/* The name of the key that a token says it is signed with. */
static json_t *read_kid(const char *token)
{
    char header[HEADER_SIZE];
    size_t used = 0;
    json_t *all, *kid;

    if (!decode(token, strcspn(token, "."), header, sizeof header, &used))
        return NULL;
    all = json_loadb(header, used, 0, NULL);
    kid = json_incref(json_object_get(all, "kid"));
    json_decref(all);
    return kid;
}

/* The public key of that name. */
static bool find_key(const char *body, const json_t *kid,
                     uint8_t key[crypto_sign_PUBLICKEYBYTES])
{
    json_t *all = json_loads(body, 0, NULL);
    bool found = false;
    size_t at, used = 0;
    json_t *one;

    json_array_foreach(json_object_get(all, "keys"), at, one)
    {
        const char *x = json_string_value(json_object_get(one, "x"));

        if (x != NULL && json_equal(json_object_get(one, "kid"), kid) &&
            decode(x, strlen(x), key, crypto_sign_PUBLICKEYBYTES, &used))
            found = used == crypto_sign_PUBLICKEYBYTES;
    }
    json_decref(all);
    return found;
}

static bool is_signed(const char *token, const uint8_t *key)
{
    const char *dot = strrchr(token, '.');
    uint8_t signature[crypto_sign_BYTES];
    size_t used = 0;

    return dot != NULL &&
           decode(dot + 1, strlen(dot + 1), signature, sizeof signature,
                  &used) &&
           used == sizeof signature &&
           crypto_sign_verify_detached(signature, (const uint8_t *)token,
                                       (size_t)(dot - token), key) == 0;
}

char *jwks_read(int port)
{
    const struct wire_request ask = {.method = "GET",
                                     .path = "/.well-known/jwks.json"};
    struct wire_reply reply = wire_ask(port, &ask);
    char *body = reply.status == 200 ? strdup(reply.body) : NULL;

    wire_clear(&reply);
    return body;
}

bool jwks_verify(int port, const char *token)
{
    uint8_t key[crypto_sign_PUBLICKEYBYTES];
    char *body = jwks_read(port);
    json_t *kid = read_kid(token);
    const char *problem = NULL;

    if (body == NULL || kid == NULL || !find_key(body, kid, key))
        problem = "does not publish the token's key";
    else if (!is_signed(token, key))
        problem = "has another key of that name";
    if (problem != NULL)
        check_note("the server on port %d %s", port, problem);
    json_decref(kid);
    free(body);
    return problem == NULL;
}
