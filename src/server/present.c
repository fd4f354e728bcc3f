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

static bool fits(const struct call *call, const struct offered_token *token,
                 const char *holder)
{
    return key_mac_fits(call->worker->keys, token, span_of(holder));
}

/* Whoever may ask about tokens may ask about those of others. */
static bool fits_another(const struct call *call,
                         const struct offered_token *token)
{
    const struct apps *apps = &call->server->apps;

    if (call->message != MESSAGE_INTROSPECT)
        return false;
    for (size_t i = 0; i < apps->count; i++)
        if (fits(call, token, apps->list[i].id))
            return true;
    return false;
}

/* One that was handed out before anybody was registered is for all. */
bool present_token(const struct call *call, struct span text,
                   struct offered_token *out)
{
    return offered_parse(text, out) &&
           (fits(call, out, "") ||
            (call->asker.id[0] != '\0' && fits(call, out, call->asker.id)) ||
            fits_another(call, out));
}

bool present_offered(const struct call *call, struct span text,
                     uint8_t sid[STORE_SID_SIZE])
{
    struct offered_token token;

    if (!present_token(call, text, &token))
        return false;
    memcpy(sid, token.sid, STORE_SID_SIZE);
    return true;
}
