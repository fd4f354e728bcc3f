#include "chain.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

enum { TEXT_SIZE = 64 };

static void encode(const uint8_t *bytes, size_t size, char out[TEXT_SIZE])
{
    (void)sodium_bin2base64(out, TEXT_SIZE, bytes, size,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void chain_init(struct chain *c, unsigned number)
{
    char seed[32];
    uint8_t hash[CHAIN_SIZE];

    memset(c, 0, sizeof *c);
    (void)snprintf(seed, sizeof seed, "R%u", number);
    (void)crypto_hash_sha256(c->session, (const uint8_t *)seed, strlen(seed));
    (void)crypto_hash_sha256(hash, c->session, sizeof c->session);
    memcpy(c->sid, hash, sizeof c->sid);
    (void)snprintf(seed, sizeof seed, "S%u", number);
    (void)crypto_hash_sha256(c->secret, (const uint8_t *)seed, strlen(seed));
    (void)crypto_hash_sha256(c->next, c->secret, sizeof c->secret);
    // A commitment must not be the next secret: derive along another path.
    c->next[0] ^= 0x5a;
}

void chain_advance(struct chain *c)
{
    memcpy(c->secret, c->next, sizeof c->secret);
    (void)crypto_hash_sha256(c->next, c->secret, sizeof c->secret);
    c->next[0] ^= 0x5a;
    c->generation++;
}

void chain_commitment(const struct chain *c, uint8_t out[CHAIN_SIZE])
{
    (void)crypto_hash_sha256(out, c->secret, sizeof c->secret);
}

void chain_sign_in_body(const struct chain *c, char *out, size_t size)
{
    uint8_t hash[CHAIN_SIZE];
    char sid[TEXT_SIZE];
    char next[TEXT_SIZE];

    chain_commitment(c, hash);
    encode(hash, sizeof hash, next);
    encode(c->sid, sizeof c->sid, sid);
    (void)snprintf(out, size,
                   "{\"username\":\"ada\",\"password\":\"lovelace\","
                   "\"next\":\"%s\",\"sid\":\"%s\"}",
                   next, sid);
}

void chain_refresh_body(const struct chain *c, char *out, size_t size)
{
    uint8_t hash[CHAIN_SIZE];
    char session[TEXT_SIZE];
    char sid[TEXT_SIZE];
    char secret[TEXT_SIZE];
    char next[TEXT_SIZE];

    (void)crypto_hash_sha256(hash, c->next, sizeof c->next);
    encode(c->session, sizeof c->session, session);
    encode(c->sid, sizeof c->sid, sid);
    encode(c->secret, sizeof c->secret, secret);
    encode(hash, sizeof hash, next);
    (void)snprintf(out, size,
                   "{\"session\":\"%s\",\"sid\":\"%s\",\"generation\":%llu,"
                   "\"secret\":\"%s\",\"next\":\"%s\"}",
                   session, sid, (unsigned long long)c->generation, secret,
                   next);
}
