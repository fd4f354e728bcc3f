#include "server/token.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "base/json.h"

enum {
    JTI_SIZE = 8 + TOKEN_RANDOM_SIZE,
    JTI_LENGTH = 2 * JTI_SIZE,
    CLAIM_TOKENS = 96,
};

/* What the claims are written from, once for all of them. */
struct source {
    const struct token_issuer *issuer;
    const struct dialect *dialect;
    const struct token_facts *facts;
    int64_t issued_s;
    char jti[JTI_LENGTH + 1];
    char sid[BASE64URL_LENGTH(TOKEN_SID_SIZE)];
};

static void put_issuer(const struct source *s, struct json_writer *w)
{
    json_put_string(w, s->issuer->issuer);
}

static void put_subject(const struct source *s, struct json_writer *w)
{
    char digits[24];
    struct json_writer number;

    json_begin(&number, digits, sizeof digits, JSON_COMPACT);
    json_put_int(&number, s->facts->user_id);
    json_put_string(w, (struct span){digits, number.length});
}

static void put_audience(const struct source *s, struct json_writer *w)
{
    json_put_string(w, s->issuer->audience);
}

static void put_expiry(const struct source *s, struct json_writer *w)
{
    json_put_int(w, s->issued_s + s->facts->life_s);
}

static void put_issued(const struct source *s, struct json_writer *w)
{
    json_put_int(w, s->issued_s);
}

static void put_jti(const struct source *s, struct json_writer *w)
{
    json_put_string(w, (struct span){s->jti, JTI_LENGTH});
}

static void put_sid(const struct source *s, struct json_writer *w)
{
    json_put_string(w, (struct span){s->sid, sizeof s->sid});
}

static void put_roles(const struct source *s, struct json_writer *w)
{
    struct span rest = s->facts->roles;

    json_open(w, '[');
    while (rest.length > 0) {
        size_t end = span_find(rest, ' ');

        json_put_string(w, span_head(rest, end));
        rest = span_tail(rest, end + 1);
    }
    json_close(w, ']');
}

static void put_dialect(const struct source *s, struct json_writer *w)
{
    json_put_string(w, s->dialect->name);
}

static const struct claim {
    struct span name;
    void (*put)(const struct source *s, struct json_writer *w);
} claims[] = {
    {{"iss", 3},     put_issuer  },
    {{"sub", 3},     put_subject },
    {{"aud", 3},     put_audience},
    {{"exp", 3},     put_expiry  },
    {{"iat", 3},     put_issued  },
    {{"jti", 3},     put_jti     },
    {{"sid", 3},     put_sid     },
    {{"roles", 5},   put_roles   },
    {{"dialect", 7}, put_dialect },
};

static void write_jti(const struct token_facts *facts, char out[JTI_LENGTH + 1])
{
    uint8_t bytes[JTI_SIZE];

    for (size_t i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)facts->now_us >> (56 - 8 * i));
    memcpy(bytes + 8, facts->random, TOKEN_RANDOM_SIZE);
    (void)sodium_bin2hex(out, JTI_LENGTH + 1, bytes, sizeof bytes);
}

/* What the family's own claims may speak of. */
static void set_fields(const struct source *s, struct fields *fields)
{
    const struct token_facts *facts = s->facts;

    fields_init(fields, NULL, 0);
    fields_set_int(fields, FIELD_ID, facts->user_id);
    fields_set_text(fields, FIELD_USERNAME, facts->username);
    fields_set_text(fields, FIELD_EMAIL, facts->email);
    fields_set_text(fields, FIELD_ROLES, facts->roles);
    fields_set_text(fields, FIELD_SID, (struct span){s->sid, sizeof s->sid});
    fields_set_text(fields, FIELD_TOKEN_ID, (struct span){s->jti, JTI_LENGTH});
    fields_set_int(fields, FIELD_ISSUED_AT, s->issued_s);
    fields_set_int(fields, FIELD_EXPIRES_AT, s->issued_s + facts->life_s);
    fields_set_text(fields, FIELD_ISSUER, s->issuer->issuer);
    fields_set_text(fields, FIELD_AUDIENCE, s->issuer->audience);
}

size_t token_write(const struct token_issuer *issuer,
                   const struct dialect *dialect,
                   const struct token_facts *facts, char out[JWS_TEXT_MAX])
{
    struct source s = {.issuer = issuer,
                       .dialect = dialect,
                       .facts = facts,
                       .issued_s = facts->now_us / 1000000};
    UNSET char payload[JWS_PAYLOAD_MAX];
    UNSET struct fields fields;
    struct json_writer w;

    write_jti(facts, s.jti);
    (void)base64url_encode(facts->sid, TOKEN_SID_SIZE, s.sid);
    set_fields(&s, &fields);
    json_begin(&w, payload, sizeof payload, JSON_COMPACT);
    json_open(&w, '{');
    dialect_put_claims(dialect, &fields, &w);
    for (size_t i = 0; i < COUNT(claims); i++) {
        if (dialect_claims(dialect, claims[i].name))
            continue;
        json_key(&w, claims[i].name);
        claims[i].put(&s, &w);
    }
    json_close(&w, '}');
    if (w.overflow)
        return 0;
    return jws_sign(&issuer->keys[0], (struct span){payload, w.length}, out,
                    JWS_TEXT_MAX);
}

static bool read_jti(const struct json *json, int64_t *issued_us)
{
    struct span text = json_raw(json, json_member(json, 0, "jti"));
    uint8_t bytes[JTI_SIZE];
    uint64_t value = 0;
    size_t size = 0;

    if (text.length != JTI_LENGTH ||
        sodium_hex2bin(bytes, sizeof bytes, text.text, text.length, NULL, &size,
                       NULL) != 0 ||
        size != sizeof bytes)
        return false;
    for (size_t i = 0; i < 8; i++)
        value = value << 8 | bytes[i];
    if (value > INT64_MAX)
        return false;
    *issued_us = (int64_t)value;
    return true;
}

static bool read_sid(const struct json *json, uint8_t sid[TOKEN_SID_SIZE])
{
    struct span text = json_raw(json, json_member(json, 0, "sid"));
    size_t size = 0;

    return base64url_decode(text, sid, TOKEN_SID_SIZE, &size) &&
           size == TOKEN_SID_SIZE;
}

static bool read_dialect(const struct json *json, char out[TOKEN_DIALECT_SIZE])
{
    size_t length;

    if (!json_string(json, json_member(json, 0, "dialect"), out,
                     TOKEN_DIALECT_SIZE - 1, &length))
        return false;
    out[length] = '\0';
    return true;
}

/* What stayd's own claims say, beside those of every JWT. */
static bool read_claims(const struct json *json, struct token_claims *out)
{
    return json_int(json, json_member(json, 0, "exp"), &out->expires_s) &&
           json_int(json, json_member(json, 0, "iat"), &out->issued_s) &&
           read_jti(json, &out->issued_us) && read_sid(json, out->sid) &&
           read_dialect(json, out->dialect);
}

enum token_result token_read(const struct token_issuer *issuer,
                             struct span text, int64_t now_s,
                             struct token_claims *out)
{
    const struct jws_expected expected = {.issuer = issuer->issuer,
                                          .audience = issuer->audience,
                                          .now_s = now_s,
                                          .early_s = TOKEN_LEEWAY_S};
    UNSET char payload[JWS_PAYLOAD_MAX];
    UNSET struct json_token tokens[CLAIM_TOKENS];
    struct token_claims found;
    enum jws_claims judged;
    struct json json;
    size_t length = 0;

    if (jws_verify(issuer->keys, issuer->keys_count, text, payload, &length) !=
            JWS_OK ||
        json_parse(&json, payload, length, tokens, CLAIM_TOKENS) != JSON_OK)
        return TOKEN_BAD;
    judged = jws_judge_claims(&json, &expected);
    if ((judged != JWS_CLAIMS_OK && judged != JWS_CLAIMS_EXPIRED) ||
        !read_claims(&json, &found))
        return TOKEN_BAD;
    *out = found;
    return judged == JWS_CLAIMS_OK ? TOKEN_OK : TOKEN_EXPIRED;
}

bool token_peek_dialect(struct span text, char out[TOKEN_DIALECT_SIZE])
{
    UNSET char payload[JWS_PAYLOAD_MAX];
    UNSET struct json_token tokens[CLAIM_TOKENS];
    struct span rest = span_tail(text, span_find(text, '.') + 1);
    struct span middle = span_head(rest, span_find(rest, '.'));
    struct json json;
    size_t length = 0;

    return text.length <= JWS_TEXT_MAX &&
           base64url_decode(middle, payload, sizeof payload, &length) &&
           json_parse(&json, payload, length, tokens, CLAIM_TOKENS) ==
               JSON_OK &&
           read_dialect(&json, out);
}

bool token_may_be_ours(const struct token_issuer *issuer, struct span text,
                       int64_t now_s)
{
    UNSET char payload[JWS_PAYLOAD_MAX];
    char dialect[TOKEN_DIALECT_SIZE];
    struct token_claims found;
    size_t length = 0;

    if (token_read(issuer, text, now_s, &found) != TOKEN_BAD)
        return true;
    return jws_verify(issuer->keys, issuer->keys_count, text, payload,
                      &length) == JWS_NO_KEY &&
           token_peek_dialect(text, dialect);
}
