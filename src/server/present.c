#include "server/present.h"

#include <sodium.h>
#include <string.h>

bool present_bytes(const struct call *call, enum field field, void *out,
                   size_t size)
{
    size_t length = 0;

    return base64url_decode(fields_text(&call->fields, field), out, size,
                            &length) &&
           length == size;
}

bool present_sid(const struct call *call, uint8_t sid[STORE_SID_SIZE])
{
    uint8_t secret[PRESENT_SECRET_SIZE];
    uint8_t hash[crypto_hash_sha256_BYTES];
    bool good = present_bytes(call, FIELD_SESSION, secret, sizeof secret);

    if (good) {
        crypto_hash_sha256(hash, secret, sizeof secret);
        memcpy(sid, hash, STORE_SID_SIZE);
    }
    sodium_memzero(secret, sizeof secret);
    return good;
}

bool present_offered(const struct call *call, struct span text,
                     uint8_t sid[STORE_SID_SIZE])
{
    struct offered_token token;

    if (!offered_parse(text, &token) ||
        !key_mac_fits(call->worker->keys, &token))
        return false;
    memcpy(sid, token.sid, STORE_SID_SIZE);
    return true;
}
