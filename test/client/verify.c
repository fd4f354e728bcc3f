/*
 * stay_verify against an issuer of the test's own, which signs whatever a row
 * wants signed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stay.h>

#include "check.h"
#include "client/issuer.h"

static const struct token_row {
    const char *name;
    int key;
    const char *header;
    const char *claims; /* NULL: good */
    enum stay_verdict want;
} tokens[] = {
  // clang-format off
    {"EdDSA", 0, ISSUER_HEADER("EdDSA", "k0"), NULL, STAY_VERDICT_GOOD},
    {"ES256", 1, ISSUER_HEADER("ES256", "k1"), NULL, STAY_VERDICT_GOOD},
    {"RS256", 2, ISSUER_HEADER("RS256", "k2"), NULL, STAY_VERDICT_GOOD},
    {"the type as a whole media type", 0,
     "{\"alg\":\"EdDSA\",\"typ\":\"application/AT+JWT\",\"kid\":\"k0\"}", NULL,
     STAY_VERDICT_GOOD},
    {"an unknown header member", 0,
     "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"k0\",\"x\":[1]}", NULL,
     STAY_VERDICT_GOOD},
    {"another's key in the header (jwk)", 3,
     "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"k0\",\"jwk\":{}}", NULL,
     STAY_VERDICT_FORGED},
    {"a URL of keys in the header (jku)", 3,
     "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"k0\","
     "\"jku\":\"http://127.0.0.1:1/\"}", NULL, STAY_VERDICT_FORGED},
    {"a certificate in the header (x5c)", 3,
     "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"k0\",\"x5c\":[\"AA\"]}",
     NULL, STAY_VERDICT_FORGED},
    {"no algorithm (none)", 0, ISSUER_HEADER("none", "k0"), NULL,
     STAY_VERDICT_ALGORITHM},
    {"no algorithm (NoNe)", 0, ISSUER_HEADER("NoNe", "k0"), NULL,
     STAY_VERDICT_ALGORITHM},
    {"HS256, with a public key's name", 0, ISSUER_HEADER("HS256", "k0"), NULL,
     STAY_VERDICT_ALGORITHM},
    {"RS256 under an EdDSA key's name", 2, ISSUER_HEADER("RS256", "k0"), NULL,
     STAY_VERDICT_UNKNOWN_KEY},
    {"signed by another key", 3, ISSUER_HEADER("EdDSA", "k0"), NULL,
     STAY_VERDICT_FORGED},
    {"a key that is not published", 3, ISSUER_HEADER("EdDSA", "k3"), NULL,
     STAY_VERDICT_UNKNOWN_KEY},
    {"no key's name, and there are several", 0,
     "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\"}", NULL, STAY_VERDICT_UNKNOWN_KEY},
    {"a path for a key's name", 0, ISSUER_HEADER("EdDSA", "../../etc/passwd"), NULL,
     STAY_VERDICT_UNKNOWN_KEY},
    {"a list for a key's name", 0,
     "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":[\"k0\"]}", NULL,
     STAY_VERDICT_MALFORMED},
    {"the type of an ID token", 0,
     "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"k0\"}", NULL,
     STAY_VERDICT_TYPE},
    {"no type", 0, "{\"alg\":\"EdDSA\",\"kid\":\"k0\"}", NULL,
     STAY_VERDICT_TYPE},
    {"something critical", 0,
     "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"k0\",\"crit\":[\"x\"]}",
     NULL, STAY_VERDICT_MALFORMED},
    {"the algorithm twice", 0,
     "{\"alg\":\"none\",\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"k0\"}",
     NULL, STAY_VERDICT_MALFORMED},
    {"the algorithm twice, once escaped", 0,
     "{\"\\u0061lg\":\"none\",\"alg\":\"EdDSA\",\"typ\":\"at+jwt\","
     "\"kid\":\"k0\"}", NULL, STAY_VERDICT_MALFORMED},
    {"another issuer", 0, ISSUER_HEADER("EdDSA", "k0"),
     "{\"iss\":\"J\",\"aud\":\"A\",\"exp\":NOW+60}", STAY_VERDICT_ISSUER},
    {"no issuer", 0, ISSUER_HEADER("EdDSA", "k0"), "{\"aud\":\"A\",\"exp\":NOW+60}",
     STAY_VERDICT_ISSUER},
    {"a list of issuers", 0, ISSUER_HEADER("EdDSA", "k0"),
     "{\"iss\":[\"I\"],\"aud\":\"A\",\"exp\":NOW+60}", STAY_VERDICT_ISSUER},
    {"another audience", 0, ISSUER_HEADER("EdDSA", "k0"),
     "{\"iss\":\"I\",\"aud\":\"B\",\"exp\":NOW+60}", STAY_VERDICT_AUDIENCE},
    {"a list of audiences with ours", 0, ISSUER_HEADER("EdDSA", "k0"),
     "{\"iss\":\"I\",\"aud\":[\"B\",\"A\"],\"exp\":NOW+60}",
     STAY_VERDICT_GOOD},
    {"no audience", 0, ISSUER_HEADER("EdDSA", "k0"), "{\"iss\":\"I\",\"exp\":NOW+60}",
     STAY_VERDICT_AUDIENCE},
    {"expired within the leeway", 0, ISSUER_HEADER("EdDSA", "k0"),
     "{\"iss\":\"I\",\"aud\":\"A\",\"exp\":NOW-2}", STAY_VERDICT_GOOD},
    {"expired beyond it", 0, ISSUER_HEADER("EdDSA", "k0"),
     "{\"iss\":\"I\",\"aud\":\"A\",\"exp\":NOW-6}", STAY_VERDICT_EXPIRED},
    {"no end", 0, ISSUER_HEADER("EdDSA", "k0"), "{\"iss\":\"I\",\"aud\":\"A\"}",
     STAY_VERDICT_MALFORMED},
    {"an end in words", 0, ISSUER_HEADER("EdDSA", "k0"),
     "{\"iss\":\"I\",\"aud\":\"A\",\"exp\":\"NOW+60\"}",
     STAY_VERDICT_MALFORMED},
    {"an end of 10^400", 0, ISSUER_HEADER("EdDSA", "k0"),
     "{\"iss\":\"I\",\"aud\":\"A\",\"exp\":1e400}", STAY_VERDICT_MALFORMED},
    {"begins within the leeway", 0, ISSUER_HEADER("EdDSA", "k0"),
     "{\"iss\":\"I\",\"aud\":\"A\",\"exp\":NOW+60,\"nbf\":NOW+3}",
     STAY_VERDICT_GOOD},
    {"begins beyond it", 0, ISSUER_HEADER("EdDSA", "k0"),
     "{\"iss\":\"I\",\"aud\":\"A\",\"exp\":NOW+60,\"nbf\":NOW+30}",
     STAY_VERDICT_NOT_YET},
    {"issued in the future", 0, ISSUER_HEADER("EdDSA", "k0"),
     "{\"iss\":\"I\",\"aud\":\"A\",\"exp\":NOW+60,\"iat\":NOW+30}",
     STAY_VERDICT_NOT_YET},
    {"the audience twice", 0, ISSUER_HEADER("EdDSA", "k0"),
     "{\"iss\":\"I\",\"aud\":\"B\",\"exp\":NOW+60,\"aud\":\"A\"}",
     STAY_VERDICT_MALFORMED},
    {"claims that are a list", 0, ISSUER_HEADER("EdDSA", "k0"), "[]",
     STAY_VERDICT_MALFORMED},
    {"claims that are no JSON", 0, ISSUER_HEADER("EdDSA", "k0"), "exp",
     STAY_VERDICT_MALFORMED},
    {"a NUL within who it is", 0, ISSUER_HEADER("EdDSA", "k0"),
     "{\"iss\":\"I\",\"aud\":\"A\",\"exp\":NOW+60,\"sub\":\"1\\u0000x\"}",
     STAY_VERDICT_MALFORMED},
  // clang-format on
};

static void judged(void **state)
{
    static char text[ISSUER_TEXT_MAX];
    char claims[ISSUER_CLAIMS_MAX];
    struct issuer issuer;
    struct stay_claims out;

    (void)state;
    issuer_open(&issuer);
    for (size_t i = 0; i < COUNT(tokens); i++) {
        const struct token_row *row = &tokens[i];

        CASE(row->name);
        issuer_claims(row->claims != NULL ? row->claims : issuer_good, claims);
        issuer_sign(&issuer, row->key, row->header, claims, text);
        CHECK_EQ(stay_verify(issuer.verifier, text, &out), row->want);
        CHECK_EQ(out.json != NULL, row->want == STAY_VERDICT_GOOD);
        stay_claims_clear(&out);
    }
    CASE("all that asked for the keys once");
    CHECK_EQ(fake_count(issuer.server, "GET /keys"), 1);
    CASE("and nothing else was asked");
    CHECK_EQ(fake_count(issuer.server, ""), 1);
    issuer_close(&issuer);
}

static void damaged(void **state)
{
    static char text[ISSUER_TEXT_MAX];
    static char copy[ISSUER_TEXT_MAX];
    char claims[ISSUER_CLAIMS_MAX];
    struct issuer issuer;
    struct stay_claims out;
    size_t accepted = 0;
    size_t length;

    (void)state;
    issuer_open(&issuer);
    issuer_claims(issuer_good, claims);
    CASE("no token with any one letter changed is good");
    issuer_sign(&issuer, 1, ISSUER_HEADER("ES256", "k1"), claims, text);
    length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        memcpy(copy, text, length + 1);
        copy[i] = copy[i] == 'A' ? 'B' : 'A';
        accepted +=
            stay_verify(issuer.verifier, copy, &out) == STAY_VERDICT_GOOD;
    }
    CHECK_EQ(accepted, 0);
    CASE("nor one cut anywhere");
    for (size_t i = 0; i < length; i++) {
        (void)snprintf(copy, sizeof copy, "%.*s", (int)i, text);
        accepted +=
            stay_verify(issuer.verifier, copy, &out) == STAY_VERDICT_GOOD;
    }
    CHECK_EQ(accepted, 0);
    CASE("nor one of more than 16 KiB");
    memset(copy, 'A', ISSUER_TEXT_MAX - 1);
    copy[ISSUER_TEXT_MAX - 1] = '\0';
    memcpy(copy, text, length);
    CHECK_EQ(stay_verify(issuer.verifier, copy, &out), STAY_VERDICT_MALFORMED);
    CASE("rubbish has no keys fetched");
    stay_verifier_close(issuer.verifier);
    issuer.verifier = issuer_verifier(&issuer, NULL);
    length = fake_count(issuer.server, "");
    CHECK_EQ(stay_verify(issuer.verifier, "", &out), STAY_VERDICT_MALFORMED);
    CHECK_EQ(stay_verify(issuer.verifier, "..", &out), STAY_VERDICT_MALFORMED);
    CHECK_EQ(stay_verify(issuer.verifier, "a.b.c.d.e", &out),
             STAY_VERDICT_MALFORMED);
    CHECK_EQ(fake_count(issuer.server, ""), length);
    issuer_close(&issuer);
}

static void claims_out(void **state)
{
    static char text[ISSUER_TEXT_MAX];
    char claims[ISSUER_CLAIMS_MAX];
    char value[64];
    struct issuer issuer;
    struct stay_claims out;

    (void)state;
    issuer_open(&issuer);
    issuer_claims(issuer_good, claims);
    issuer_sign(&issuer, 0, ISSUER_HEADER("EdDSA", "k0"), claims, text);
    CASE("what it says is in plain fields");
    CHECK_EQ(stay_verify(issuer.verifier, text, &out), STAY_VERDICT_GOOD);
    CHECK_TEXT(out.subject, "7");
    CHECK_TEXT(out.session, "s");
    CHECK_TEXT(out.roles, "user admin");
    CHECK_EQ(out.expires_s - out.issued_s, 61);
    CHECK_TEXT(out.json, claims);
    CASE("a role is a whole word");
    CHECK(stay_verify_role(&out, "admin"));
    CHECK(stay_verify_role(&out, "user"));
    CHECK(!stay_verify_role(&out, "adm"));
    CHECK(!stay_verify_role(&out, "user admin"));
    CHECK(!stay_verify_role(&out, ""));
    CASE("any other claim by name");
    CHECK(stay_verify_claim(&out, "email", value, sizeof value));
    CHECK_TEXT(value, "a\xc3\xa9@b");
    CHECK(stay_verify_claim(&out, "n", value, sizeof value));
    CHECK_TEXT(value, "1.5");
    CASE("one that fits exactly, and one that does not");
    CHECK(stay_verify_claim(&out, "email", value, 6));
    CHECK(!stay_verify_claim(&out, "email", value, 5));
    CHECK_TEXT(value, "");
    CASE("one that is not there");
    CHECK(!stay_verify_claim(&out, "none", value, sizeof value));
    stay_claims_clear(&out);
    stay_claims_clear(&out);
    CASE("roles with blanks within are none");
    issuer_claims("{\"iss\":\"I\",\"aud\":\"A\",\"exp\":NOW+60,"
                  "\"roles\":[\"user admin\",7,\"mod\"]}",
                  claims);
    issuer_sign(&issuer, 0, ISSUER_HEADER("EdDSA", "k0"), claims, text);
    CHECK_EQ(stay_verify(issuer.verifier, text, &out), STAY_VERDICT_GOOD);
    CHECK_TEXT(out.roles, "mod");
    stay_claims_clear(&out);
    issuer_close(&issuer);
}

/* ---- What is asked for ---- */

static const struct config_row {
    const char *name;
    struct stay_verifier_config config;
    const char *error;
} configs[] = {
  // clang-format off
    {"no keys' URL", {.issuer = "I", .audience = "A"}, "keys_url is missing"},
    {"no issuer", {.keys_url = "https://a.example/", .audience = "A"},
     "issuer is missing"},
    {"no audience", {.keys_url = "https://a.example/", .issuer = "I"},
     "audience is missing"},
    {"plain http to another machine",
     {.keys_url = "http://a.example/", .issuer = "I", .audience = "A"},
     "plain http"},
    {"a password in the URL",
     {.keys_url = "https://a:b@a.example/", .issuer = "I", .audience = "A"},
     "a user name or password"},
    {"an algorithm that is none",
     {.keys_url = "https://a.example/", .issuer = "I", .audience = "A",
      .algorithms = 1u << 4}, "algorithms"},
    {"a leeway of more than an hour",
     {.keys_url = "https://a.example/", .issuer = "I", .audience = "A",
      .leeway_s = 3601}, "leeway_s"},
  // clang-format on
};

static void configured(void **state)
{
    struct stay_verifier *verifier;
    struct stay_verifier_config config;
    struct issuer issuer;

    (void)state;
    for (size_t i = 0; i < COUNT(configs); i++) {
        char error[STAY_ERROR_SIZE] = "";

        CASE(configs[i].name);
        config = configs[i].config;
        config.error = error;
        verifier = (struct stay_verifier *)&config;
        CHECK_EQ(stay_verifier_open(&verifier, &config), STAY_BAD_CONFIG);
        CHECK(verifier == NULL);
        CHECK(strstr(error, configs[i].error) != NULL);
    }
    CASE("closing nothing is allowed");
    stay_verifier_close(NULL);
    CASE("with a type of nothing any type will do");
    issuer_open(&issuer);
    stay_verifier_close(issuer.verifier);
    issuer.verifier = issuer_verifier(&issuer, "");
    CHECK_EQ(issuer_ask(&issuer, 0), STAY_VERDICT_GOOD);
    stay_verifier_close(issuer.verifier);
    CASE("with another type, that one only");
    issuer.verifier = issuer_verifier(&issuer, "JWT");
    CHECK_EQ(issuer_ask(&issuer, 0), STAY_VERDICT_TYPE);
    issuer_close(&issuer);
    CASE("every verdict has its words");
    for (int i = 0; i <= STAY_VERDICT_NO_MEMORY + 1; i++)
        CHECK(stay_verdict_text((enum stay_verdict)i)[0] != '\0');
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(judged),
        cmocka_unit_test(damaged),
        cmocka_unit_test(claims_out),
        cmocka_unit_test(configured),
    };

    return check_run("client/verify", tests);
}
