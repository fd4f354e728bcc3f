/*
 * The cookbook of JOSE: RFC 7520, RFC 8037 and RFC 7797. Texts that we sign are
 * its own, byte by byte; of its tokens the compact ones of our algorithms are
 * accepted, and every other form is refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "vectors.h"

enum { TEXT_MAX = 4096 };

enum form { COMPACT, GENERAL, FLATTENED, FORMS };

static const struct text_row {
    const char *file;
    enum vectors_verdict want[FORMS]; /* VECTORS_VERDICTS: there is none */
    bool exact;                       /* the signature can be made again */
} texts[] = {
  // clang-format off
    {"jws/4_1.rsa_v15_signature",
     {VECTORS_ACCEPTED, VECTORS_FORM, VECTORS_FORM}, true},
    {"jws/4_2.rsa-pss_signature", /* PS384 is none of our algorithms */
     {VECTORS_KEY, VECTORS_FORM, VECTORS_FORM}, false},
    {"jws/4_3.ecdsa_signature", /* nor is ES512 */
     {VECTORS_KEY, VECTORS_FORM, VECTORS_FORM}, false},
    {"jws/4_4.hmac-sha2_integrity_protection",
     {VECTORS_ACCEPTED, VECTORS_FORM, VECTORS_FORM}, true},
    {"jws/4_5.signature_with_detached_content", /* what is signed is not there */
     {VECTORS_FORGED, VECTORS_FORM, VECTORS_FORM}, true},
    {"jws/4_6.protecting_specific_header_fields",
     {VECTORS_VERDICTS, VECTORS_FORM, VECTORS_FORM}, true},
    {"jws/4_7.protecting_content_only",
     {VECTORS_VERDICTS, VECTORS_FORM, VECTORS_FORM}, true},
    {"jws/4_8.multiple_signatures",
     {VECTORS_VERDICTS, VECTORS_FORM, VECTORS_VERDICTS}, false},
    {"curve25519/jws",
     {VECTORS_ACCEPTED, VECTORS_FORM, VECTORS_FORM}, true},
    {"rfc7797/4.2.hmac-sha2_b64_false", /* "b64" must be understood */
     {VECTORS_VERDICTS, VECTORS_FORM, VECTORS_FORM}, false},
    {"rfc7797/hmac-sha2_b64_false",
     {VECTORS_FORM, VECTORS_FORM, VECTORS_FORM}, false},
  // clang-format on
};

static const char *const form_names[FORMS] = {"compact", "json", "json_flat"};

struct tally {
    unsigned accepted, refused, exact;
};

static bool open_file(struct vectors *v, const char *name)
{
    char path[128];

    (void)snprintf(path, sizeof path, "jose-cookbook/%s.json", name);
    return vectors_open(v, path);
}

static void judge(const struct vectors *v, const struct jwk_set *set,
                  const char *form, enum vectors_verdict want)
{
    const size_t token =
        vectors_member(v, vectors_member(v, 0, "output"), form);
    char payload[TEXT_MAX];
    char *found;
    size_t length = 0;

    CHECK_EQ(token != JSON_NONE, want != VECTORS_VERDICTS);
    if (token == JSON_NONE)
        return;
    CHECK_EQ(vectors_judge(set, json_raw(&v->json, token), &found, &length),
             want);
    if (found != NULL &&
        CHECK(vectors_text(v, vectors_member(v, 0, "input"), "payload", payload,
                           sizeof payload)))
        CHECK_BYTES(found, length, payload, strlen(payload));
    free(found);
}

static void sign_again(const struct vectors *v, size_t key_at)
{
    const size_t signing = vectors_member(v, 0, "signing");
    uint8_t signature[SIGNATURE_MAX];
    char made[BASE64URL_LENGTH(SIGNATURE_MAX) + 1];
    char text[TEXT_MAX];
    char want[TEXT_MAX];
    struct signature_key *key = vectors_secret(v, key_at);
    size_t length;

    if (CHECK(key != NULL) &&
        CHECK(vectors_text(v, signing, "sig-input", text, sizeof text)) &&
        CHECK(vectors_text(v, signing, "sig", want, sizeof want)) &&
        CHECK(signature_sign(key, span_of(text), signature))) {
        length = base64url_encode(signature, signature_size(key), made);
        made[length] = '\0';
        CHECK_TEXT(made, want);
    }
    signature_close(key);
}

static void try_text(const struct vectors *v, const struct text_row *row,
                     struct tally *tally)
{
    size_t key = vectors_member(v, vectors_member(v, 0, "input"), "key");
    struct jwk_set set;

    if (json_type_at(&v->json, key) == JSON_ARRAY)
        key++;
    // Of a key that we have not, there is none in the set.
    (void)vectors_key(v, key, &set);
    for (int i = 0; i < FORMS; i++) {
        check_case("%s, %s", row->file, form_names[i]);
        judge(v, &set, form_names[i], row->want[i]);
        tally->accepted += row->want[i] == VECTORS_ACCEPTED;
        tally->refused += row->want[i] != VECTORS_ACCEPTED &&
                          row->want[i] != VECTORS_VERDICTS;
    }
    jwk_set_clear(&set);
    if (row->exact) {
        check_case("%s, signed again", row->file);
        sign_again(v, key);
        tally->exact++;
    }
}

static void signatures(void **state)
{
    struct tally tally = {0, 0, 0};

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct vectors v;

        check_case("%s is there", texts[i].file);
        if (!open_file(&v, texts[i].file)) {
            check_skip_vectors("the 11 signatures of the cookbook are absent");
            return;
        }
        try_text(&v, &texts[i], &tally);
        vectors_close(&v);
    }
    check_note("JOSE cookbook: of 11 examples %u compact tokens accepted, %u "
               "other forms refused, %u signatures made again to the byte",
               tally.accepted, tally.refused, tally.exact);
}

/* ---- Keys ---- */

/* By RFC 7638, section 3, with another program's SHA-256. */
static const char rsa_thumbprint[] =
    "9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI";

static const struct key_row {
    const char *file;
    enum jwk_result want;
    bool secret;
    const char *thumbprint; /* "": a shared secret has none of ours */
} keys[] = {
  // clang-format off
    {"jwk/3_1.ec_public_key", JWK_OTHER, false, NULL}, /* P-521 */
    {"jwk/3_2.ec_private_key", JWK_OTHER, true, NULL},
    {"jwk/3_3.rsa_public_key", JWK_OK, false, rsa_thumbprint},
    {"jwk/3_4.rsa_private_key", JWK_OK, true, rsa_thumbprint},
    {"jwk/3_5.symmetric_key_mac_computation", JWK_OK, true, ""},
    {"jwk/3_6.symmetric_key_encryption", JWK_OTHER, true, NULL},
  // clang-format on
};

/* What we would publish is what was read, but for `alg`, which it now has. */
static void write_again(const struct vectors *v, const struct jwk *key,
                        const char *thumbprint)
{
    static const char *const same[] = {"kty", "use", "kid", "n", "e"};
    struct signature_public numbers;
    struct json_token tokens[64];
    char text[TEXT_MAX];
    char name[JWK_THUMBPRINT_LENGTH + 1] = "";
    struct json_writer w;
    struct json json;

    if (!CHECK(signature_get_public(key->key, &numbers)))
        return;
    jwk_thumbprint(&numbers, name);
    CHECK_TEXT(name, thumbprint);
    json_begin(&w, text, sizeof text, JSON_COMPACT);
    jwk_write(&w, &numbers, (struct span){key->kid, key->kid_length});
    if (!CHECK_EQ(json_parse(&json, text, w.length, tokens, COUNT(tokens)),
                  JSON_OK))
        return;
    for (size_t i = 0; i < COUNT(same); i++)
        CHECK(
            json_string_is(&json, json_member(&json, 0, same[i]),
                           json_raw(&v->json, vectors_member(v, 0, same[i]))));
    CHECK(json_string_is(&json, json_member(&json, 0, "alg"), SPAN("RS256")));
    CHECK_EQ(json_member(&json, 0, "d"), JSON_NONE);
}

static void read_keys(void **state)
{
    const unsigned all = JWK_BIT(JWS_EDDSA) | JWK_BIT(JWS_ES256) |
                         JWK_BIT(JWS_RS256) | JWK_BIT(JWS_HS256);

    (void)state;
    for (size_t i = 0; i < COUNT(keys); i++) {
        struct vectors v;
        struct jwk key;

        CASE(keys[i].file);
        if (!open_file(&v, keys[i].file)) {
            check_skip_vectors("the 6 keys of the cookbook are absent");
            return;
        }
        CHECK_EQ(jwk_read(&v.json, 0, all, &key), keys[i].want);
        CHECK_EQ(key.secret, keys[i].secret);
        if (keys[i].thumbprint != NULL && keys[i].thumbprint[0] != '\0')
            write_again(&v, &key, keys[i].thumbprint);
        jwk_clear(&key);
        vectors_close(&v);
    }
    check_note("JOSE cookbook: of 6 keys 3 are for us, 2 of P-521, 1 is for "
               "encryption");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures),
        cmocka_unit_test(read_keys),
    };

    if (!signature_init())
        return 1;
    return check_run("crypto/cookbook", tests);
}
