#include "client/token_life.h"

#include <stdlib.h>

#include "base/base64url.h"
#include "base/json.h"
#include "core/jws.h"

enum { CLAIMS_MAX = 16 * 1024, CLAIM_TOKENS_MAX = 512 };

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
        life_ms = jws_life_ms(&json, now_s);

done:
    if (text != NULL)
        bytes_wipe(text, length);
    free(text);
    free(tokens);
    return life_ms;
}
