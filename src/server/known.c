#include "server/known.h"

#include <sodium.h>
#include <string.h>

_Static_assert(crypto_shorthash_siphashx24_BYTES == KNOWN_NAME_SIZE &&
                   crypto_shorthash_siphashx24_KEYBYTES == KNOWN_NAME_SIZE,
               "libsodium writes and reads as much");

void known_forget(struct known *known)
{
    sodium_memzero(known->tokens, sizeof known->tokens);
    randombytes_buf(known->key, sizeof known->key);
}

void known_show(const struct known *known, struct span text,
                struct known_shown *shown)
{
    const char *dot;
    struct span signature;

    if (text.length > 0 && shown->text.text == text.text &&
        shown->text.length == text.length)
        return;
    dot = text.length > 0 ? memrchr(text.text, '.', text.length) : NULL;
    shown->text = text;
    shown->signed_length = dot != NULL ? (size_t)(dot - text.text) : 0;
    signature = span_tail(text, shown->signed_length);
    (void)crypto_shorthash_siphashx24(
        shown->name, (const uint8_t *)signature.text, signature.length,
        known->key); // always 0
}

/* Where it is, or would be. */
static size_t place_of(const struct known_shown *shown)
{
    return (shown->name[0] | (size_t)shown->name[1] << 8) % KNOWN_MAX;
}

/* Nobody outside can choose a name, so time tells nothing of it; what was signed
   is no secret. */
static const struct known_token *find(const struct known *known,
                                      const struct known_shown *shown)
{
    const struct known_token *token = &known->tokens[place_of(shown)];
    bool same =
        token->length > 0 && token->length == shown->signed_length &&
        memcmp(token->name, shown->name, sizeof token->name) == 0 &&
        memcmp(token->signed_text, shown->text.text, token->length) == 0;

    return same ? token : NULL;
}

static void keep(struct known *known, const struct known_shown *shown,
                 const struct token_claims *claims)
{
    struct known_token *kept = &known->tokens[place_of(shown)];

    if (shown->signed_length > sizeof kept->signed_text)
        return;
    memcpy(kept->name, shown->name, sizeof kept->name);
    memcpy(kept->signed_text, shown->text.text, shown->signed_length);
    kept->length = (uint32_t)shown->signed_length;
    kept->claims = *claims;
}

enum token_result known_read(struct known *known,
                             const struct token_issuer *issuer,
                             const struct known_shown *shown, int64_t now_s,
                             struct token_claims *out)
{
    const struct known_token *token = find(known, shown);
    enum token_result result;

    // A clock that was set back is left to token_read.
    if (token != NULL && token->claims.issued_s <= now_s) {
        *out = token->claims;
        return now_s < out->expires_s ? TOKEN_OK : TOKEN_EXPIRED;
    }
    result = token_read(issuer, shown->text, now_s, out);
    if (result == TOKEN_OK)
        keep(known, shown, out);
    return result;
}

bool known_peek_dialect(const struct known *known,
                        const struct known_shown *shown,
                        char out[TOKEN_DIALECT_SIZE])
{
    const struct known_token *token = find(known, shown);

    if (token == NULL)
        return token_peek_dialect(shown->text, out);
    memcpy(out, token->claims.dialect, TOKEN_DIALECT_SIZE);
    return true;
}
