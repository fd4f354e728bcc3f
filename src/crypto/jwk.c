#include "crypto/jwk.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    SET_TOKENS = 2048, /* 64 for each key */
    THUMBPRINT_TEXT_MAX = 1024,
};

/* How each kind of key is written; names in the order of their numbers. */
static const struct form {
    enum jws_algorithm algorithm;
    struct span kty;
    struct span crv; /* empty: none */
    struct span number[2];
} forms[] = {
    {JWS_EDDSA, {"OKP", 3}, {"Ed25519", 7}, {{"x", 1}, {"", 0}} },
    {JWS_ES256, {"EC", 2},  {"P-256", 5},   {{"x", 1}, {"y", 1}}},
    {JWS_RS256, {"RSA", 3}, {"", 0},        {{"n", 1}, {"e", 1}}},
    {JWS_HS256, {"oct", 3}, {"", 0},        {{"k", 1}, {"", 0}} },
};

static const struct form *form_of(enum jws_algorithm algorithm)
{
    for (size_t i = 0; i < COUNT(forms); i++)
        if (forms[i].algorithm == algorithm)
            return &forms[i];
    return NULL;
}

/* ---- Reading ---- */

static bool is_of(const struct json *json, size_t at, const struct form *form)
{
    return json_string_is(json, json_member(json, at, "kty"), form->kty) &&
           (form->crv.length == 0 ||
            json_string_is(json, json_member(json, at, "crv"), form->crv));
}

/* What is not said is allowed. */
static bool says(const struct json *json, size_t at, const char *member,
                 struct span text)
{
    size_t value = json_member(json, at, member);

    return value == JSON_NONE || json_string_is(json, value, text);
}

/* RFC 7517, section 4.3; the one list in which ours may stand beside others. */
static bool may_verify(const struct json *json, size_t at)
{
    size_t list = json_member(json, at, "key_ops");

    if (list == JSON_NONE)
        return true;
    if (json_type_at(json, list) != JSON_ARRAY)
        return false;
    for (size_t i = list + 1; i < json->token[list].next;
         i = json->token[i].next)
        if (json_string_is(json, i, SPAN("verify")))
            return true;
    return false;
}

static const struct form *find_form(const struct json *json, size_t at,
                                    unsigned allowed)
{
    for (size_t i = 0; i < COUNT(forms); i++)
        if ((allowed & JWK_BIT(forms[i].algorithm)) != 0 &&
            is_of(json, at, &forms[i]))
            return says(json, at, "alg", jws_algorithm_name(forms[i].algorithm))
                       ? &forms[i]
                       : NULL;
    return NULL;
}

static bool read_number(const struct json *json, size_t at, struct span name,
                        struct signature_public *out, size_t which)
{
    size_t value = json_member_span(json, at, name);
    uint8_t *bytes = out->number[which].bytes;
    size_t *length = &out->number[which].length;

    return name.length == 0 ||
           (json_type_at(json, value) == JSON_STRING &&
            base64url_decode(json_raw(json, value), bytes, SIGNATURE_NUMBER_MAX,
                             length) &&
            *length > 0);
}

static bool read_kid(const struct json *json, size_t at, struct jwk *out)
{
    size_t kid = json_member(json, at, "kid");

    return kid == JSON_NONE ||
           json_string(json, kid, out->kid, sizeof out->kid, &out->kid_length);
}

static struct signature_key *open_key(const struct json *json, size_t at,
                                      const struct form *form)
{
    struct signature_public numbers = {.algorithm = form->algorithm};
    struct signature_key *key = NULL;

    if (!read_number(json, at, form->number[0], &numbers, 0) ||
        !read_number(json, at, form->number[1], &numbers, 1))
        return NULL;
    if (form->algorithm == JWS_HS256)
        key = signature_open_secret(JWS_HS256, numbers.number[0].bytes,
                                    numbers.number[0].length);
    else
        key = signature_open_public(&numbers);
    sodium_memzero(&numbers, sizeof numbers);
    return key;
}

enum jwk_result jwk_read(const struct json *json, size_t index,
                         unsigned allowed, struct jwk *out)
{
    const struct form *form = find_form(json, index, allowed);

    *out = (struct jwk){.key = NULL};
    // Told of any key, so that a set with a secret in it is seen as one.
    out->secret = json_member(json, index, "d") != JSON_NONE ||
                  json_member(json, index, "k") != JSON_NONE;
    if (form == NULL || !says(json, index, "use", SPAN("sig")) ||
        !may_verify(json, index))
        return JWK_OTHER;
    if (!jws_is_plain_object(json, index) || !read_kid(json, index, out))
        return JWK_BAD;
    out->key = open_key(json, index, form);
    return out->key != NULL ? JWK_OK : JWK_BAD;
}

void jwk_clear(struct jwk *key)
{
    signature_close(key->key);
    *key = (struct jwk){.key = NULL};
}

static bool has_name(const struct jwk_set *set, const struct jwk *key)
{
    for (size_t i = 0; i < set->count && key->kid_length > 0; i++)
        if (span_equal((struct span){set->key[i].kid, set->key[i].kid_length},
                       (struct span){key->kid, key->kid_length}))
            return true;
    return false;
}

/* False: the whole set is not to be used. */
static bool add_key(const struct json *json, size_t at, unsigned allowed,
                    struct jwk_set *out)
{
    const bool symmetric = (allowed & JWK_BIT(JWS_HS256)) != 0;
    struct jwk key;
    enum jwk_result result = jwk_read(json, at, allowed, &key);
    bool refused = key.secret != symmetric;

    if (!refused && result == JWK_OTHER)
        return true;
    if (refused || has_name(out, &key) || out->count == JWK_SET_MAX) {
        jwk_clear(&key);
        return false;
    }
    out->key[out->count++] = key;
    return true;
}

bool jwk_set_read(struct span text, unsigned allowed, struct jwk_set *out)
{
    struct json_token *tokens = calloc(SET_TOKENS, sizeof *tokens);
    struct json json;
    size_t list;
    bool good;

    *out = (struct jwk_set){.count = 0};
    good = tokens != NULL && text.length <= JWK_SET_TEXT_MAX &&
           json_parse(&json, text.text, text.length, tokens, SET_TOKENS) ==
               JSON_OK;
    list = good ? json_member(&json, 0, "keys") : JSON_NONE;
    good = good && json_type_at(&json, list) == JSON_ARRAY;
    for (size_t i = list + 1; good && i < json.token[list].next;
         i = json.token[i].next)
        good = add_key(&json, i, allowed, out);
    if (!good)
        jwk_set_clear(out);
    free(tokens);
    return good;
}

void jwk_set_clear(struct jwk_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        jwk_clear(&set->key[i]);
    set->count = 0;
}

const struct jwk *jwk_set_find(const struct jwk_set *set,
                               const struct jws_header *header)
{
    const struct span kid = {header->kid, header->kid_length};
    const struct jwk *found = NULL;

    for (size_t i = 0; i < set->count; i++)
        if (header->has_kid ? span_equal((struct span){set->key[i].kid,
                                                       set->key[i].kid_length},
                                         kid)
                            : set->count == 1)
            found = &set->key[i];
    if (found == NULL || found->key == NULL ||
        signature_algorithm(found->key) != header->algorithm)
        return NULL;
    return found;
}

/* ---- Writing ---- */

static void put_text(struct json_writer *w, struct span name, struct span value)
{
    json_key(w, name);
    json_put_string(w, value);
}

static void put_number(struct json_writer *w, struct span name,
                       const struct signature_public *key, size_t which)
{
    char text[BASE64URL_LENGTH(SIGNATURE_NUMBER_MAX)];
    size_t length;

    if (name.length == 0)
        return;
    length = base64url_encode(key->number[which].bytes,
                              key->number[which].length, text);
    put_text(w, name, (struct span){text, length});
}

void jwk_thumbprint(const struct signature_public *key,
                    char out[JWK_THUMBPRINT_LENGTH])
{
    const struct form *form = form_of(key->algorithm);
    char text[THUMBPRINT_TEXT_MAX];
    uint8_t hash[crypto_hash_sha256_BYTES];
    struct json_writer w;

    // RFC 7638, section 3: the required members by name, no white space.
    json_begin(&w, text, sizeof text, JSON_COMPACT);
    json_open(&w, '{');
    if (form->crv.length > 0)
        put_text(&w, SPAN("crv"), form->crv);
    if (key->algorithm == JWS_RS256)
        put_number(&w, form->number[1], key, 1);
    put_text(&w, SPAN("kty"), form->kty);
    put_number(&w, form->number[0], key, 0);
    if (key->algorithm != JWS_RS256)
        put_number(&w, form->number[1], key, 1);
    json_close(&w, '}');
    crypto_hash_sha256(hash, (const uint8_t *)text, w.length);
    (void)base64url_encode(hash, sizeof hash, out);
}

void jwk_write(struct json_writer *w, const struct signature_public *key,
               struct span kid)
{
    const struct form *form = form_of(key->algorithm);

    json_open(w, '{');
    put_text(w, SPAN("kty"), form->kty);
    if (form->crv.length > 0)
        put_text(w, SPAN("crv"), form->crv);
    put_text(w, SPAN("use"), SPAN("sig"));
    put_text(w, SPAN("alg"), jws_algorithm_name(key->algorithm));
    put_text(w, SPAN("kid"), kid);
    put_number(w, form->number[0], key, 0);
    put_number(w, form->number[1], key, 1);
    json_close(w, '}');
}
