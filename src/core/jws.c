#include "core/jws.h"

#include "base/base64url.h"
#include "base/json.h"

static const struct span algorithm_names[JWS_ALGORITHM_COUNT] = {
    [JWS_NO_ALGORITHM] = {"",      0},
      [JWS_EDDSA] = {"EdDSA", 5},
    [JWS_ES256] = {"ES256", 5},
      [JWS_RS256] = {"RS256", 5},
    [JWS_HS256] = {"HS256", 5},
};

struct span jws_algorithm_name(enum jws_algorithm algorithm)
{
    return algorithm_names[algorithm];
}

enum jws_algorithm jws_algorithm_of(struct span name)
{
    for (int i = JWS_NO_ALGORITHM + 1; i < JWS_ALGORITHM_COUNT; i++)
        if (span_equal(name, algorithm_names[i]))
            return (enum jws_algorithm)i;
    return JWS_NO_ALGORITHM;
}

bool jws_split(struct span token, struct jws_parts *out)
{
    size_t first = span_find(token, '.');
    struct span rest = span_tail(token, first + 1);
    size_t second = span_find(rest, '.');

    if (first == token.length || second == rest.length)
        return false;
    out->header = span_head(token, first);
    out->payload = span_head(rest, second);
    out->signature = span_tail(rest, second + 1);
    out->signed_text = span_head(token, first + 1 + second);
    return first > 0 && out->signature.length > 0 &&
           span_find(out->signature, '.') == out->signature.length;
}

bool jws_is_plain_object(const struct json *json, size_t index)
{
    char name[JWS_NAME_MAX];
    size_t length;
    size_t end;

    if (json_type_at(json, index) != JSON_OBJECT)
        return false;
    end = json->token[index].next;
    for (size_t key = index + 1; key < end; key = json->token[key + 1].next) {
        // Of repeated names json_member finds the last.
        if (!json_string(json, key, name, sizeof name, &length) ||
            json_member_span(json, index, (struct span){name, length}) !=
                key + 1)
            return false;
    }
    return true;
}

/* True also when there is none. */
static bool read_text(const struct json *json, const char *member, char *out,
                      size_t max, size_t *length)
{
    size_t at = json_member(json, 0, member);

    *length = 0;
    return at == JSON_NONE || json_string(json, at, out, max, length);
}

bool jws_read_header(struct span encoded, struct jws_header *out)
{
    UNSET char text[JWS_HEADER_MAX];
    char name[8]; // longer than any algorithm's
    UNSET struct json_token tokens[JWS_HEADER_TOKENS];
    struct json json;
    size_t length = 0;

    if (!base64url_decode(encoded, text, sizeof text, &length) ||
        json_parse(&json, text, length, tokens, JWS_HEADER_TOKENS) != JSON_OK ||
        !jws_is_plain_object(&json, 0) ||
        json_member(&json, 0, "crit") != JSON_NONE)
        return false;
    out->has_kid = json_member(&json, 0, "kid") != JSON_NONE;
    if (!json_string(&json, json_member(&json, 0, "alg"), name, sizeof name,
                     &length) ||
        !read_text(&json, "kid", out->kid, sizeof out->kid, &out->kid_length) ||
        !read_text(&json, "typ", out->type, sizeof out->type,
                   &out->type_length))
        return false;
    out->algorithm = jws_algorithm_of((struct span){name, length});
    return true;
}

static bool is_for(const struct json *claims, size_t at, struct span audience)
{
    if (json_type_at(claims, at) != JSON_ARRAY)
        return json_string_is(claims, at, audience);
    for (size_t i = at + 1; i < claims->token[at].next;
         i = claims->token[i].next)
        if (json_string_is(claims, i, audience))
            return true;
    return false;
}

/* True also when there is none; false: no whole number. */
static bool read_time(const struct json *claims, const char *member,
                      int64_t *out)
{
    size_t at = json_member(claims, 0, member);

    return at == JSON_NONE || json_int(claims, at, out);
}

enum jws_claims jws_judge_claims(const struct json *claims,
                                 const struct jws_expected *expected)
{
    int64_t issued_s = INT64_MIN;
    int64_t begins_s = INT64_MIN;
    int64_t expires_s = 0;

    if (!jws_is_plain_object(claims, 0) ||
        !json_int(claims, json_member(claims, 0, "exp"), &expires_s) ||
        !read_time(claims, "iat", &issued_s) ||
        !read_time(claims, "nbf", &begins_s))
        return JWS_CLAIMS_MALFORMED;
    if (!json_string_is(claims, json_member(claims, 0, "iss"),
                        expected->issuer))
        return JWS_CLAIMS_ISSUER;
    if (!is_for(claims, json_member(claims, 0, "aud"), expected->audience))
        return JWS_CLAIMS_AUDIENCE;
    if (issued_s > expected->now_s + expected->early_s ||
        begins_s > expected->now_s + expected->early_s)
        return JWS_CLAIMS_NOT_YET;
    // Subtracted on the side that is a clock's: exp may be any number.
    if (expires_s <= expected->now_s - expected->late_s)
        return JWS_CLAIMS_EXPIRED;
    return JWS_CLAIMS_OK;
}

int64_t jws_life_ms(const struct json *claims, int64_t now_s)
{
    int64_t expires_s;
    int64_t from_s = now_s;
    int64_t life_s;

    if (!json_int(claims, json_member(claims, 0, "exp"), &expires_s))
        return 0;
    (void)json_int(claims, json_member(claims, 0, "iat"),
                   &from_s); // may be absent
    if (__builtin_sub_overflow(expires_s, from_s, &life_s) || life_s <= 0)
        return 0;
    return life_s > INT64_MAX / 1000 ? 0 : life_s * 1000;
}
