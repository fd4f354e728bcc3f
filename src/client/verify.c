#include "client/verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64url.h"
#include "client/clock.h"

enum { CLAIM_TOKENS = 512 };

/* Where the claims' JSON is looked at; too large for a stack. */
struct reading {
    struct json_token tokens[CLAIM_TOKENS];
    struct json json;
};

const char *stay_verdict_text(enum stay_verdict verdict)
{
    static const char *const texts[] = {
        [STAY_VERDICT_GOOD] = "good",
        [STAY_VERDICT_MALFORMED] = "not a token of this form",
        [STAY_VERDICT_TYPE] = "a token of another type",
        [STAY_VERDICT_ALGORITHM] = "signed by an algorithm that is not allowed",
        [STAY_VERDICT_UNKNOWN_KEY] = "signed by an unknown key",
        [STAY_VERDICT_FORGED] = "the signature is wrong",
        [STAY_VERDICT_ISSUER] = "of another issuer",
        [STAY_VERDICT_AUDIENCE] = "for another audience",
        [STAY_VERDICT_NOT_YET] = "not valid yet",
        [STAY_VERDICT_EXPIRED] = "expired",
        [STAY_VERDICT_NO_KEYS] = "the issuer's keys cannot be had",
        [STAY_VERDICT_NO_MEMORY] = "out of memory",
    };

    if ((size_t)verdict >= COUNT(texts))
        return "unknown verdict";
    return texts[verdict];
}

/* ---- What a token says ---- */

/* True also when there is none, or another kind of value; false: too long, or
   with a NUL within, so that a comparison in C would see another text. */
static bool copy_text(const struct json *json, size_t at, char *out,
                      size_t size)
{
    struct span raw = json_raw(json, at);
    size_t length = 0;

    out[0] = '\0';
    if (at == JSON_NONE)
        return true;
    if (json_type_at(json, at) == JSON_STRING) {
        if (!json_string(json, at, out, size - 1, &length))
            return false;
    } else if (raw.length < size) {
        memcpy(out, raw.text, raw.length);
        length = raw.length;
    } else {
        return false;
    }
    out[length] = '\0';
    return strlen(out) == length;
}

/* A word with a blank in it would pass for two; what does not fit is no role. */
static void add_role(const struct json *json, size_t at,
                     char roles[STAY_NAME_SIZE])
{
    size_t length = strlen(roles);
    char word[STAY_NAME_SIZE];

    if (json_type_at(json, at) != JSON_STRING ||
        !copy_text(json, at, word, sizeof word) || word[0] == '\0' ||
        strchr(word, ' ') != NULL ||
        length + 1 + strlen(word) >= STAY_NAME_SIZE)
        return;
    if (length > 0)
        roles[length++] = ' ';
    memcpy(roles + length, word, strlen(word) + 1);
}

static bool fill(const struct json *json, struct stay_claims *out)
{
    size_t roles = json_member(json, 0, "roles");
    size_t issued = json_member(json, 0, "iat");

    if (!copy_text(json, json_member(json, 0, "sub"), out->subject,
                   sizeof out->subject) ||
        !copy_text(json, json_member(json, 0, "sid"), out->session,
                   sizeof out->session))
        return false;
    if (json_type_at(json, roles) == JSON_ARRAY)
        for (size_t i = roles + 1; i < json->token[roles].next;
             i = json->token[i].next)
            add_role(json, i, out->roles);
    if (issued != JSON_NONE && !json_int(json, issued, &out->issued_s))
        return false;
    return json_int(json, json_member(json, 0, "exp"), &out->expires_s);
}

static const enum stay_verdict claim_verdicts[] = {
    [JWS_CLAIMS_OK] = STAY_VERDICT_GOOD,
    [JWS_CLAIMS_MALFORMED] = STAY_VERDICT_MALFORMED,
    [JWS_CLAIMS_ISSUER] = STAY_VERDICT_ISSUER,
    [JWS_CLAIMS_AUDIENCE] = STAY_VERDICT_AUDIENCE,
    [JWS_CLAIMS_NOT_YET] = STAY_VERDICT_NOT_YET,
    [JWS_CLAIMS_EXPIRED] = STAY_VERDICT_EXPIRED,
};

static enum stay_verdict judge_claims(const struct stay_verifier *v,
                                      struct span text, struct reading *reading,
                                      struct stay_claims *out)
{
    const struct jws_expected expected = {.issuer = span_of(v->issuer),
                                          .audience = span_of(v->audience),
                                          .now_s = clock_wall_s(),
                                          .early_s = v->leeway_s,
                                          .late_s = v->leeway_s};
    enum stay_verdict verdict;

    if (json_parse(&reading->json, text.text, text.length, reading->tokens,
                   CLAIM_TOKENS) != JSON_OK)
        return STAY_VERDICT_MALFORMED;
    verdict = claim_verdicts[jws_judge_claims(&reading->json, &expected)];
    if (verdict == STAY_VERDICT_GOOD && !fill(&reading->json, out))
        verdict = STAY_VERDICT_MALFORMED;
    return verdict;
}

static enum stay_verdict read_claims(const struct stay_verifier *v,
                                     struct span payload,
                                     struct stay_claims *out)
{
    struct reading *reading = calloc(1, sizeof *reading);
    enum stay_verdict verdict = STAY_VERDICT_NO_MEMORY;
    size_t length = 0;

    out->json = malloc(VERIFY_TOKEN_MAX);
    if (reading != NULL && out->json != NULL) {
        verdict = STAY_VERDICT_MALFORMED;
        if (base64url_decode(payload, out->json, VERIFY_TOKEN_MAX - 1,
                             &length)) {
            out->json[length] = '\0';
            verdict =
                judge_claims(v, (struct span){out->json, length}, reading, out);
        }
    }
    free(reading);
    return verdict;
}

/* ---- Is it good? ---- */

/* RFC 7515, section 4.1.9: a media type, "application/" left out. */
static bool is_type(const struct stay_verifier *v,
                    const struct jws_header *header)
{
    static const struct span family = {"application/", 12};
    struct span type = {header->type, header->type_length};

    if (v->type[0] == '\0')
        return true;
    if (span_equal_nocase(span_head(type, family.length), family))
        type = span_tail(type, family.length);
    return span_equal_nocase(type, span_of(v->type));
}

static enum stay_verdict check_signature(const struct jwk *key,
                                         const struct jws_parts *parts)
{
    uint8_t signature[SIGNATURE_MAX];
    size_t length = 0;

    if (!base64url_decode(parts->signature, signature, sizeof signature,
                          &length))
        return STAY_VERDICT_MALFORMED;
    return signature_verify(key->key, parts->signed_text, signature, length)
               ? STAY_VERDICT_GOOD
               : STAY_VERDICT_FORGED;
}

static enum stay_verdict check_key(struct stay_verifier *v,
                                   const struct jws_header *header,
                                   const struct jws_parts *parts)
{
    bool failed = false;
    struct verify_keys *keys = verify_keys_get(v, header, &failed);
    const struct jwk *key =
        keys != NULL ? jwk_set_find(&keys->set, header) : NULL;
    enum stay_verdict verdict = STAY_VERDICT_UNKNOWN_KEY;

    if (key != NULL)
        verdict = check_signature(key, parts);
    else if (keys == NULL || failed)
        verdict = STAY_VERDICT_NO_KEYS;
    verify_keys_drop(keys);
    return verdict;
}

/* What costs nothing comes first, so that rubbish fetches no keys. */
static enum stay_verdict judge(struct stay_verifier *v, struct span token,
                               struct stay_claims *out)
{
    struct jws_header header;
    struct jws_parts parts;
    enum stay_verdict verdict;

    if (token.length > VERIFY_TOKEN_MAX || !jws_split(token, &parts) ||
        !jws_read_header(parts.header, &header))
        return STAY_VERDICT_MALFORMED;
    if (!is_type(v, &header))
        return STAY_VERDICT_TYPE;
    if ((v->algorithms & JWK_BIT(header.algorithm)) == 0)
        return STAY_VERDICT_ALGORITHM;
    verdict = check_key(v, &header, &parts);
    if (verdict == STAY_VERDICT_GOOD)
        verdict = read_claims(v, parts.payload, out);
    return verdict;
}

enum stay_verdict stay_verify(struct stay_verifier *v, const char *token,
                              struct stay_claims *out)
{
    enum stay_verdict verdict;

    *out = (struct stay_claims){.json = NULL};
    verdict = judge(v, span_of(token), out);
    if (verdict != STAY_VERDICT_GOOD)
        stay_claims_clear(out);
    return verdict;
}

bool stay_verify_claim(const struct stay_claims *claims, const char *name,
                       char *out, size_t size)
{
    struct reading *reading = calloc(1, sizeof *reading);
    bool good = false;
    size_t at;

    if (size > 0)
        out[0] = '\0';
    if (reading != NULL && size > 0 && claims->json != NULL &&
        json_parse(&reading->json, claims->json, strlen(claims->json),
                   reading->tokens, CLAIM_TOKENS) == JSON_OK) {
        at = json_member(&reading->json, 0, name);
        good = at != JSON_NONE && copy_text(&reading->json, at, out, size);
    }
    if (!good && size > 0)
        out[0] = '\0';
    free(reading);
    return good;
}

bool stay_verify_role(const struct stay_claims *claims, const char *role)
{
    struct span wanted = span_of(role);
    struct span rest = span_of(claims->roles);

    while (rest.length > 0) {
        size_t end = span_find(rest, ' ');

        if (span_equal(span_head(rest, end), wanted))
            return true;
        rest = span_tail(rest, end + 1);
    }
    return false;
}

void stay_claims_clear(struct stay_claims *claims)
{
    free(claims->json);
    *claims = (struct stay_claims){.json = NULL};
}
