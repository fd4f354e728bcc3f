#include "client/token_life.h"

#include <stdlib.h>

#include "base/base64url.h"
#include "base/json.h"

enum { CLAIMS_MAX = 16 * 1024, CLAIM_TOKENS_MAX = 512 };

static int64_t life_of(const struct json *json, int64_t now_s)
{
    int64_t expires_s;
    int64_t from_s = now_s;
    int64_t life_s;

    if (!json_int(json, json_member(json, 0, "exp"), &expires_s))
        return 0;
    (void)json_int(json, json_member(json, 0, "iat"), &from_s); // may be absent
    if (__builtin_sub_overflow(expires_s, from_s, &life_s) || life_s <= 0)
        return 0;
    return life_s > INT64_MAX / 1000 ? 0 : life_s * 1000;
}

int64_t token_life_ms(struct span token, int64_t now_s)
{
    struct span rest = span_tail(token, span_find(token, '.') + 1);
    struct span claims = span_head(rest, span_find(rest, '.'));
    struct json_token *tokens = NULL;
    char *text = malloc(CLAIMS_MAX);
    struct json json;
    size_t length = 0;
    int64_t life_ms = 0;

    if (text == NULL || claims.length == 0 ||
        !base64url_decode(claims, text, CLAIMS_MAX, &length))
        goto done;
    tokens = malloc(CLAIM_TOKENS_MAX * sizeof *tokens);
    if (tokens != NULL &&
        json_parse(&json, text, length, tokens, CLAIM_TOKENS_MAX) == JSON_OK)
        life_ms = life_of(&json, now_s);

done:
    if (text != NULL)
        bytes_wipe(text, length);
    free(text);
    free(tokens);
    return life_ms;
}
