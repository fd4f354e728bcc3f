/*
 * Access tokens that must open no door of a running stayd: forged in every way
 * that a row tells, most of them with stayd's own signature, so that nothing but
 * the one wrong thing can be what they are refused for.
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "doors.h"
#include "forge.h"
#include "stayd.h"

#define SIGNED(name, drop, add, signer, want)                                  \
    {                                                                          \
        {name, drop, add, NULL, NULL, signer, 0, 0}, want                      \
    }
#define HEADER(name, drop, add, want) SIGNED(name, drop, add, FORGE_OWN, want)
#define CLAIMS(name, drop, add, want)                                          \
    {                                                                          \
        {name, NULL, NULL, drop, add, FORGE_OWN, 0, 0}, want                   \
    }
#define SIZED(name, header, claims, want)                                      \
    {                                                                          \
        {name, NULL, NULL, NULL, NULL, FORGE_OWN, header, claims}, want        \
    }

static const struct token_row {
    struct forge_row how;
    enum doors_verdict want;
} rows[] = {
    // clang-format off
    HEADER("nothing is wrong with it", NULL, NULL, DOORS_OPEN),

    /* Who signed it, and how he says so. */
    SIGNED("algorithm none, no signature",
     "alg", "\"alg\":\"none\"", FORGE_NOBODY, DOORS_BAD),
    SIGNED("algorithm None",
     "alg", "\"alg\":\"None\"", FORGE_NOBODY, DOORS_BAD),
    HEADER("algorithm nOnE, with a good signature",
     "alg", "\"alg\":\"nOnE\"", DOORS_BAD),
    HEADER("no algorithm at all", "alg", "\"a\":1", DOORS_BAD),
    HEADER("an empty algorithm", "alg", "\"alg\":\"\"", DOORS_BAD),
    HEADER("a list of algorithms", "alg", "\"alg\":[\"ALG\"]", DOORS_BAD),
    HEADER("another algorithm under the key's name",
     "alg", "\"alg\":\"RS256\"", DOORS_BAD),
    HEADER("the algorithm in small letters",
     "alg", "\"alg\":\"eddsa\"", DOORS_BAD),
    SIGNED("the right algorithm, no signature",
     NULL, NULL, FORGE_NOBODY, DOORS_BAD),
    SIGNED("a signature of zeros", NULL, NULL, FORGE_ZEROS, DOORS_BAD),
    SIGNED("an attacker's signature under our key's name",
     NULL, NULL, FORGE_ATTACKER, DOORS_BAD),
    SIGNED("an attacker's under his own",
     "kid", "\"kid\":\"OTHER\"", FORGE_ATTACKER, DOORS_BAD),
    SIGNED("and with his key in the header (jwk)",
     "kid", "\"kid\":\"OTHER\",\"jwk\":JWK", FORGE_ATTACKER, DOORS_BAD),
    SIGNED("his key in the header under our key's name",
     NULL, "\"jwk\":JWK", FORGE_ATTACKER, DOORS_BAD),
    SIGNED("his key and no name",
     "kid", "\"jwk\":JWK", FORGE_ATTACKER, DOORS_BAD),
    SIGNED("where his keys are (jku)",
     "kid", "\"kid\":\"OTHER\",\"jku\":\"URL\"", FORGE_ATTACKER, DOORS_BAD),
    SIGNED("where his certificate is (x5u)",
     NULL, "\"x5u\":\"URL\"", FORGE_ATTACKER, DOORS_BAD),
    SIGNED("his certificate (x5c)",
     NULL, "\"x5c\":[\"MIIB\"]", FORGE_ATTACKER, DOORS_BAD),
    HEADER("what is brought along is not looked at",
     NULL, "\"jwk\":JWK,\"jku\":\"URL\",\"x5u\":\"URL\",\"x5c\":[\"MIIB\"]", DOORS_OPEN),

    /* The key's name. */
    HEADER("no name of a key", "kid", "\"k\":1", DOORS_BAD),
    HEADER("an empty name", "kid", "\"kid\":\"\"", DOORS_BAD),
    HEADER("a path for a name",
     "kid", "\"kid\":\"../../../../../../dev/null\"", DOORS_BAD),
    SIGNED("a path for a name, signed with nothing",
     "kid", "\"kid\":\"/dev/null\",\"alg\":\"HS256\"", FORGE_MAC, DOORS_BAD),
    HEADER("a file's URL for a name",
     "kid", "\"kid\":\"file:///proc/self/environ\"", DOORS_BAD),
    HEADER("SQL for a name", "kid", "\"kid\":\"x' OR '1'='1\"", DOORS_BAD),
    SIGNED("SQL that selects a key",
     "kid", "\"kid\":\"' UNION SELECT 'a' --\"", FORGE_ATTACKER, DOORS_BAD),
    HEADER("SQL that drops all",
     "kid", "\"kid\":\"'; DROP TABLE keys; --\"", DOORS_BAD),
    HEADER("a shell's word for a name",
     "kid", "\"kid\":\"|sleep 60\"", DOORS_BAD),
    HEADER("the name with a NUL behind",
     "kid", "\"kid\":\"KID\\u0000\"", DOORS_BAD),
    HEADER("the name with a blank behind",
     "kid", "\"kid\":\"KID \"", DOORS_BAD),
    HEADER("the name in other letters", "kid", "\"kid\":\"kID\"", DOORS_BAD),
    HEADER("a list with the name", "kid", "\"kid\":[\"KID\"]", DOORS_BAD),
    HEADER("null for a name", "kid", "\"kid\":null", DOORS_BAD),
    HEADER("a number for a name", "kid", "\"kid\":0", DOORS_BAD),

    /* The rest of the header. */
    HEADER("something critical", NULL, "\"crit\":[\"exp\"]", DOORS_BAD),
    HEADER("nothing critical", NULL, "\"crit\":[]", DOORS_BAD),
    HEADER("a payload that is not encoded (b64)",
     NULL, "\"b64\":false,\"crit\":[\"b64\"]", DOORS_BAD),
    HEADER("no type", "typ", "\"t\":1", DOORS_BAD),
    HEADER("the type of an ID token", "typ", "\"typ\":\"JWT\"", DOORS_BAD),
    HEADER("the type of a logout token",
     "typ", "\"typ\":\"logout+jwt\"", DOORS_BAD),
    HEADER("the algorithm twice", NULL, "\"alg\":\"none\"", DOORS_BAD),
    HEADER("the algorithm twice, once escaped",
     NULL, "\"\\u0061lg\":\"none\"", DOORS_BAD),
    HEADER("the name twice", NULL, "\"kid\":\"KID\"", DOORS_BAD),
    SIZED("a header of 1,024 bytes", 1024, 0, DOORS_OPEN),
    SIZED("a header of 1,025 bytes", 1025, 0, DOORS_BAD),
    HEADER("a header 32 deep", NULL, "\"x\":DEEP31", DOORS_OPEN),
    HEADER("a header 33 deep", NULL, "\"x\":DEEP32", DOORS_BAD),

    /* For whom, by whom, from when, until when. */
    CLAIMS("another issuer",
     "iss", "\"iss\":\"https://evil.example\"", DOORS_BAD),
    CLAIMS("the issuer with a slash more",
     "iss", "\"iss\":\"ISS/\"", DOORS_BAD),
    CLAIMS("no issuer", "iss", NULL, DOORS_BAD),
    CLAIMS("a list of issuers", "iss", "\"iss\":[\"ISS\"]", DOORS_BAD),
    CLAIMS("another audience",
     "aud", "\"aud\":\"https://evil.example\"", DOORS_BAD),
    CLAIMS("audiences without ours", "aud", "\"aud\":[\"a\",\"b\"]", DOORS_BAD),
    CLAIMS("audiences with ours", "aud", "\"aud\":[\"a\",\"ISS\"]", DOORS_OPEN),
    CLAIMS("our audience one level down",
     "aud", "\"aud\":[[\"ISS\"]]", DOORS_BAD),
    CLAIMS("no audience", "aud", NULL, DOORS_BAD),
    CLAIMS("expired a second ago", "exp", "\"exp\":NOW-1", DOORS_EXPIRED),
    CLAIMS("expired in 1970", "exp", "\"exp\":0", DOORS_EXPIRED),
    CLAIMS("expired before 1970",
     "exp", "\"exp\":-9223372036854775808", DOORS_EXPIRED),
    CLAIMS("no end", "exp", NULL, DOORS_BAD),
    CLAIMS("an end in words", "exp", "\"exp\":\"NOW+60\"", DOORS_BAD),
    CLAIMS("an end with a fraction", "exp", "\"exp\":NOW+60.5", DOORS_BAD),
    CLAIMS("an end of 10^400", "exp", "\"exp\":1e400", DOORS_BAD),
    CLAIMS("an end of null", "exp", "\"exp\":null", DOORS_BAD),
    CLAIMS("an end that no clock reaches",
     "exp", "\"exp\":9223372036854775808", DOORS_BAD),
    CLAIMS("issued within the leeway ahead",
     "iat", "\"iat\":NOW+4", DOORS_OPEN),
    CLAIMS("issued in the future", "iat", "\"iat\":NOW+30", DOORS_BAD),
    CLAIMS("valid since a second", NULL, "\"nbf\":NOW-1", DOORS_OPEN),
    CLAIMS("valid in the future", NULL, "\"nbf\":NOW+30", DOORS_BAD),
    CLAIMS("valid from a text on", NULL, "\"nbf\":\"0\"", DOORS_BAD),
    CLAIMS("expired and for another audience",
     "aud", "\"aud\":\"b\",\"exp\":1", DOORS_BAD),

    /* What else it says. */
    CLAIMS("a session that there is not",
     "sid", "\"sid\":\"AAAAAAAAAAAAAAAAAAAAAA\"", DOORS_BAD),
    CLAIMS("no session", "sid", NULL, DOORS_BAD),
    CLAIMS("a session that is a number", "sid", "\"sid\":1", DOORS_BAD),
    CLAIMS("a session with a letter more",
     "sid", "\"sid\":\"SIDA\"", DOORS_BAD),
    CLAIMS("no token's number", "jti", NULL, DOORS_BAD),
    CLAIMS("a token's number of 31 digits",
     "jti", "\"jti\":\"0000000000000000000000000000000\"", DOORS_BAD),
    CLAIMS("roles that the session has not",
     "roles", "\"roles\":[\"user\",\"admin\"]", DOORS_NO_ADMIN),
    CLAIMS("another user's number", "sub", "\"sub\":\"3\"", DOORS_NO_ADMIN),
    CLAIMS("no dialect", "dialect", NULL, DOORS_BAD),
    CLAIMS("a dialect of 32 letters",
     "dialect", "\"dialect\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"", DOORS_BAD),
    CLAIMS("the session twice", NULL, "\"sid\":\"SID\"", DOORS_BAD),
    CLAIMS("the end twice, once escaped",
     NULL, "\"\\u0065xp\":NOW+99", DOORS_BAD),
    CLAIMS("anything twice", NULL, "\"a\":1,\"a\":1", DOORS_BAD),
    CLAIMS("claims 32 deep", NULL, "\"x\":DEEP31", DOORS_OPEN),
    CLAIMS("claims 33 deep", NULL, "\"x\":DEEP32", DOORS_BAD),
    CLAIMS("claims 5,000 deep", NULL, "\"x\":DEEP5000", DOORS_BAD),
    SIZED("claims of 2,560 bytes", 0, 2560, DOORS_OPEN),
    SIZED("claims of 2,561 bytes", 0, 2561, DOORS_BAD),
    SIZED("claims of 20,000 bytes", 0, 20000, DOORS_BAD),
    CLAIMS("claims that are not UTF-8", NULL, "\"x\":\"\xff\"", DOORS_BAD),
    // clang-format on
};

static void forged(void **state)
{
    static char token[FORGE_TEXT_MAX];
    struct stayd stayd;
    struct doors doors;
    struct forge forge;

    (void)state;
    CASE("stayd starts, and ada signs in");
    if (!stayd_start(&stayd, NULL) || !doors_open(&doors, &stayd) ||
        !forge_open(&forge, &stayd, JWS_EDDSA, doors.sid))
        return;
    for (size_t i = 0; i < COUNT(rows); i++) {
        CASE(rows[i].how.name);
        forge_write(&forge, &rows[i].how, SPAN(""), token);
        doors_try(&doors, token, rows[i].want);
    }
    CASE("nobody came to where the headers pointed");
    CHECK(!forge_visited(&forge));
    CASE("what stayd made itself is good after all that");
    doors_try(&doors, doors.access, DOORS_OPEN);
    forge_close(&forge);
    stayd_clear(&stayd);
}

/* ---- Forms of a text that was good ---- */

static const struct form_row {
    const char *name;
    const char *pattern; /* H, P, S: its parts; all else as it stands */
} forms[] = {
    {"with padding",                  "H.P.S="       },
    {"with padding in the payload",   "H.P=.S"       },
    {"with a dot behind",             "H.P.S."       },
    {"with a dot before",             ".H.P.S"       },
    {"with a part more",              "H.P.S.S"      },
    {"with the five parts of a JWE",  "H.P.S.P.S"    },
    {"without its signature",         "H.P."         },
    {"without its last dot",          "H.P"          },
    {"without its payload",           "H..S"         },
    {"without its header",            ".P.S"         },
    {"with its parts changed about",  "P.H.S"        },
    {"nothing but dots",              ".."           },
    {"as JSON",                       "{\"protected\":\"H\",\"payload\":\"P\","
                "\"signature\":\"S\"}"},
    {"in quotes",                     "\"H.P.S\""    },
    {"twice, with a comma",           "H.P.S,H.P.S"  },
    {"with a blank within",           "H.P .S"       },
    {"with a letter that base64 has", "H.P+.S"       },
    {"with a scheme before",          "Bearer H.P.S" },
    {"with a percent sign",           "H%2eP%2eS"    },
};

static void write_form(const char *token, const char *pattern, char *out)
{
    struct jws_parts parts;

    CHECK(jws_split(span_of(token), &parts));
    for (; *pattern != '\0'; pattern++) {
        const struct span part = *pattern == 'H'   ? parts.header
                                 : *pattern == 'P' ? parts.payload
                                 : *pattern == 'S' ? parts.signature
                                                   : (struct span){pattern, 1};

        memcpy(out, part.text, part.length);
        out += part.length;
    }
    *out = '\0';
}

static void misshapen(void **state)
{
    static char token[FORGE_TEXT_MAX];
    struct stayd stayd;
    struct doors doors;

    (void)state;
    CASE("stayd starts once more, and ada signs in");
    if (!stayd_start(&stayd, NULL) || !doors_open(&doors, &stayd))
        return;
    for (size_t i = 0; i < COUNT(forms); i++) {
        check_case("a good token %s", forms[i].name);
        write_form(doors.access, forms[i].pattern, token);
        doors_try(&doors, token, DOORS_BAD);
    }
    CASE("as it was it is good");
    doors_try(&doors, doors.access, DOORS_OPEN);
    stayd_clear(&stayd);
}

/* ---- A public key taken for a shared secret ---- */

static void confuse(const char *name, enum jws_algorithm algorithm)
{
    static const struct forge_row mac = {
        .header_drop = "alg",
        .header_add = "\"alg\":\"HS256\"",
        .signer = FORGE_MAC,
    };
    const char *const options[] = {"--algorithm", name, NULL};
    static char token[FORGE_TEXT_MAX];
    static char secret[FORGE_SECRET_MAX];
    const char *form;
    struct stayd stayd;
    struct doors doors;
    struct forge forge;
    size_t length;

    check_case("%s: stayd starts, and a token like its own is good", name);
    if (!stayd_start(&stayd, options) || !doors_open(&doors, &stayd) ||
        !forge_open(&forge, &stayd, algorithm, doors.sid))
        return;
    forge_write(&forge, &rows[0].how, SPAN(""), token);
    doors_try(&doors, token, DOORS_OPEN);
    for (size_t i = 0; forge_public(&forge, i, &form, secret, &length); i++) {
        check_case("%s: HS256 with the public key %s", name, form);
        forge_write(&forge, &mac, (struct span){secret, length}, token);
        doors_try(&doors, token, DOORS_BAD);
    }
    check_case("%s: an attacker's key, and a signature of zeros", name);
    forge_write(&forge, &(struct forge_row){.signer = FORGE_ATTACKER}, SPAN(""),
                token);
    doors_try(&doors, token, DOORS_BAD);
    forge_write(&forge, &(struct forge_row){.signer = FORGE_ZEROS}, SPAN(""),
                token);
    doors_try(&doors, token, DOORS_BAD);
    forge_close(&forge);
    stayd_clear(&stayd);
}

static void confused(void **state)
{
    (void)state;
    confuse("EdDSA", JWS_EDDSA);
    confuse("ES256", JWS_ES256);
    confuse("RS256", JWS_RS256);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(forged),
        cmocka_unit_test(misshapen),
        cmocka_unit_test(confused),
    };

    if (!signature_init())
        return 1;
    return check_run("system/tokens", tests);
}
