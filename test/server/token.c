#include "server/token.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

enum { NOW_S = 1700000000 };

/* What the rows below change one thing of. */
static const char base_claims[] =
    "\"iss\":\"I\",\"aud\":\"A\",\"exp\":1700000100,\"iat\":1700000000,"
    "\"jti\":\"00060a24181e40000102030405060708\","
    "\"sid\":\"AAECAwQFBgcICQoLDA0ODw\",\"dialect\":\"d\"";

static const uint8_t sid[TOKEN_SID_SIZE] = {0, 1, 2,  3,  4,  5,  6,  7,
                                            8, 9, 10, 11, 12, 13, 14, 15};

static struct token_issuer make_issuer(struct jws_key *key)
{
    uint8_t seed[32] = {7};

    CHECK(jws_key_init(key, JWS_EDDSA, seed, sizeof seed));
    return (struct token_issuer){.issuer = SPAN("I"),
                                 .audience = SPAN("A"),
                                 .keys = key,
                                 .keys_count = 1};
}

struct claim_row {
    const char *name;
    const char *member;  /* replaced in base_claims; NULL: nothing is */
    const char *instead; /* with its name and no comma; "" leaves it out */
    enum token_result want;
};

static const struct claim_row claim_rows[] = {
    {"all as it must be",                    NULL,      NULL,                                    TOKEN_OK     },
    {"of another issuer",                    "iss",     "\"iss\":\"J\"",                         TOKEN_BAD    },
    {"without issuer",                       "iss",     "\"x\":0",                               TOKEN_BAD    },
    {"for another audience",                 "aud",     "\"aud\":\"B\"",                         TOKEN_BAD    },
    {"an audience that is a list with ours", "aud",     "\"aud\":[\"A\"]",
     TOKEN_OK                                                                                                 },
    {"a list of audiences, not ours",        "aud",     "\"aud\":[\"B\"]",                       TOKEN_BAD    },
    {"an empty list of audiences",           "aud",     "\"aud\":[]",                            TOKEN_BAD    },
    {"without expiry",                       "exp",     "\"x\":0",                               TOKEN_BAD    },
    {"expiry as text",                       "exp",     "\"exp\":\"1700000100\"",                TOKEN_BAD    },
    {"expiry with a fraction",               "exp",     "\"exp\":1700000100.5",                  TOKEN_BAD    },
    {"last second of its life",              "exp",     "\"exp\":1700000001",                    TOKEN_OK     },
    {"first second after its life",          "exp",     "\"exp\":1700000000",                    TOKEN_EXPIRED},
    {"expired long ago",                     "exp",     "\"exp\":0",                             TOKEN_EXPIRED},
    {"issued a clock's error ahead",         "iat",     "\"iat\":1700000005",                    TOKEN_OK     },
    {"issued in the future",                 "iat",     "\"iat\":1700000006",                    TOKEN_BAD    },
    {"good from now on",                     "iat",     "\"iat\":1700000000,\"nbf\":1700000005",
     TOKEN_OK                                                                                                 },
    {"not good yet",                         "iat",     "\"iat\":1700000000,\"nbf\":1700000006", TOKEN_BAD    },
    {"a start that is no number",            "iat",     "\"iat\":1700000000,\"nbf\":\"soon\"",
     TOKEN_BAD                                                                                                },
    {"without number",                       "jti",     "\"x\":0",                               TOKEN_BAD    },
    {"a number that is too short",           "jti",     "\"jti\":\"00060a24181e4000\"",
     TOKEN_BAD                                                                                                },
    {"a number that is not hex",             "jti",
     "\"jti\":\"zz060a24181e40000102030405060708\"",                                             TOKEN_BAD    },
    {"a number beyond the clock",            "jti",
     "\"jti\":\"ff060a24181e40000102030405060708\"",                                             TOKEN_BAD    },
    {"without session",                      "sid",     "\"x\":0",                               TOKEN_BAD    },
    {"a session id that is too short",       "sid",
     "\"sid\":\"AAECAwQFBgcICQoLDA0O\"",                                                         TOKEN_BAD    },
    {"a session id in another alphabet",     "sid",
     "\"sid\":\"AAECAwQFBgcICQoLDA0O+w\"",                                                       TOKEN_BAD    },
    {"without dialect",                      "dialect", "\"x\":0",                               TOKEN_BAD    },
    {"a dialect of 31 characters",           "dialect",
     "\"dialect\":\"1234567890123456789012345678901\"",                                          TOKEN_OK     },
    {"a dialect of 32 characters",           "dialect",
     "\"dialect\":\"12345678901234567890123456789012\"",                                         TOKEN_BAD    },
};

/* base_claims with one member replaced. */
static void write_claims(const struct claim_row *row, char *out, size_t size)
{
    char quoted[16];
    const char *from;
    const char *to;

    if (row->member == NULL) {
        (void)snprintf(out, size, "{%s}", base_claims);
        return;
    }
    (void)snprintf(quoted, sizeof quoted, "\"%s\":", row->member);
    from = strstr(base_claims, quoted);
    to = strchr(from, ',');
    if (to == NULL)
        to = from + strlen(from);
    (void)snprintf(out, size, "{%.*s%s%s}", (int)(from - base_claims),
                   base_claims, row->instead, to);
}

static void claims(void **state)
{
    struct jws_key key;
    struct token_issuer issuer = make_issuer(&key);

    (void)state;
    for (size_t i = 0; i < COUNT(claim_rows); i++) {
        char payload[1024];
        char text[JWS_TEXT_MAX];
        struct token_claims found = {.expires_s = -1};
        size_t length;

        CASE(claim_rows[i].name);
        write_claims(&claim_rows[i], payload, sizeof payload);
        length = jws_sign(&key, span_of(payload), text, sizeof text);
        CHECK_EQ(
            token_read(&issuer, (struct span){text, length}, NOW_S, &found),
            claim_rows[i].want);
        if (claim_rows[i].want == TOKEN_BAD)
            CHECK_EQ(found.expires_s, -1);
        else
            CHECK_BYTES(found.sid, sizeof found.sid, sid, sizeof sid);
    }
    jws_key_clear(&key);
}

/* A dialect whose own claims stand before ours, sub and roles among them. */
static const char dialect_text[] =
    "{\"dialect\":\"mine\",\"title\":\"Mine\","
    "\"json\":\"compact\",\"encoding\":\"json\",\"accepts\":[\"json\"],"
    "\"rotation\":\"offered\",\"repeat\":\"safe\","
    "\"send\":{\"header\":\"Authorization\",\"prefix\":\"Bearer\"},"
    "\"receive\":{\"access\":[\"/a\"]},"
    "\"jwt\":{\"algorithm\":\"EdDSA\",\"claims\":{\"sub\":\"{username}\","
    "\"exp\":\"{expires_at}\"}},"
    "\"messages\":{\"sign_in\":{\"request\":{\"method\":\"POST\","
    "\"path\":\"/in\",\"body\":{\"u\":\"{username}\",\"p\":\"{password}\"}},"
    "\"replies\":{\"ok\":{\"status\":200,\"body\":{\"a\":\"{access}\"}}}}}}";

/* Everything that a token is written from. */
struct writing {
    void *memory;
    struct dialect dialect;
    struct jws_key key;
    struct token_issuer issuer;
    struct token_facts facts;
};

static void open_writing(struct writing *w)
{
    struct dialect_error error = {.line = 0};

    w->memory = malloc(DIALECT_MEMORY);
    w->issuer = make_issuer(&w->key);
    w->facts = (struct token_facts){.user_id = 42,
                                    .username = SPAN("ada"),
                                    .roles = SPAN("user admin"),
                                    .now_us = (int64_t)NOW_S * 1000000 + 5,
                                    .life_s = 10};
    memcpy(w->facts.sid, sid, sizeof sid);
    for (uint8_t i = 0; i < TOKEN_RANDOM_SIZE; i++)
        w->facts.random[i] = (uint8_t)(i + 1);
    CASE("the dialect of this test is one");
    CHECK_EQ(dialect_load(&w->dialect, SPAN("mine"), SPAN(dialect_text),
                          (struct span){w->memory, DIALECT_MEMORY}, &error),
             DIALECT_OK);
    CHECK_TEXT(error.text, "");
}

static void close_writing(struct writing *w)
{
    jws_key_clear(&w->key);
    free(w->memory);
}

static void written(void **state)
{
    struct writing w;
    char text[JWS_TEXT_MAX];
    char payload[JWS_PAYLOAD_MAX];
    size_t length = 0;
    size_t size;

    (void)state;
    open_writing(&w);
    CASE("the family's claims come first, then ours that it has not named");
    size = token_write(&w.issuer, &w.dialect, &w.facts, text);
    CHECK_EQ(jws_verify(&w.key, 1, (struct span){text, size}, payload, &length),
             JWS_OK);
    payload[length] = '\0';
    CHECK_TEXT(payload, "{\"sub\":\"ada\",\"exp\":1700000010,\"iss\":\"I\","
                        "\"aud\":\"A\",\"iat\":1700000000,"
                        "\"jti\":\"00060a24181e40050102030405060708\","
                        "\"sid\":\"AAECAwQFBgcICQoLDA0ODw\","
                        "\"roles\":[\"user\",\"admin\"],\"dialect\":\"mine\"}");
    CASE("a user name as long as there can be still fits");
    memset(payload, 'n', sizeof payload);
    w.facts.username = (struct span){payload, 640};
    CHECK(token_write(&w.issuer, &w.dialect, &w.facts, text) > 0);
    CASE("a longer one is refused, not cut");
    w.facts.username = (struct span){payload, sizeof payload};
    CHECK_EQ(token_write(&w.issuer, &w.dialect, &w.facts, text), 0);
    close_writing(&w);
}

/* Beside a refresh token: any age will do, and a key that is gone. */
static void any_age(void **state)
{
    enum { YEAR_S = 365 * 24 * 60 * 60 };
    static const uint8_t other_seed[32] = {9};
    struct writing w;
    struct jws_key other;
    char text[JWS_TEXT_MAX];
    struct span token;

    (void)state;
    open_writing(&w);
    token.text = text;
    token.length = token_write(&w.issuer, &w.dialect, &w.facts, text);
    CASE("an access token is ours a year later");
    CHECK(token_may_be_ours(&w.issuer, token, NOW_S + YEAR_S));
    CASE("with one letter changed it is not");
    text[token.length - 2] = text[token.length - 2] == 'A' ? 'B' : 'A';
    CHECK(!token_may_be_ours(&w.issuer, token, NOW_S));
    CASE("under a key that we do not have it may be");
    CHECK(jws_key_init(&other, JWS_EDDSA, other_seed, sizeof other_seed));
    w.issuer.keys = &other;
    CHECK(token_may_be_ours(&w.issuer, token, NOW_S));
    CASE("but not when it tells no dialect");
    token.length = jws_sign(&other, SPAN("{}"), text, sizeof text);
    w.issuer.keys_count = 0;
    CHECK(!token_may_be_ours(&w.issuer, token, NOW_S));
    CASE("nor when it is no token");
    CHECK(!token_may_be_ours(&w.issuer, SPAN("KfUdux3ROiIUBMWH"), NOW_S));
    CHECK(!token_may_be_ours(&w.issuer, SPAN(""), NOW_S));
    jws_key_clear(&other);
    close_writing(&w);
}

static void read_back(void **state)
{
    struct writing w;
    struct token_claims found;
    char name[TOKEN_DIALECT_SIZE];
    char text[JWS_TEXT_MAX];
    size_t size;

    (void)state;
    open_writing(&w);
    size = token_write(&w.issuer, &w.dialect, &w.facts, text);
    CASE("it is read back, with the microsecond it was issued in");
    CHECK_EQ(token_read(&w.issuer, (struct span){text, size}, NOW_S, &found),
             TOKEN_OK);
    CHECK_EQ(found.issued_us, w.facts.now_us);
    CHECK_EQ(found.expires_s, NOW_S + 10);
    CHECK_TEXT(found.dialect, "mine");
    CASE("its dialect can be seen without a key");
    CHECK(token_peek_dialect((struct span){text, size}, name));
    CHECK_TEXT(name, "mine");
    CASE("what is no token tells no dialect");
    CHECK(!token_peek_dialect(SPAN("a.b.c"), name));
    CHECK(!token_peek_dialect(SPAN(""), name));
    CHECK(!token_peek_dialect(SPAN(".."), name));
    close_writing(&w);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(claims),
        cmocka_unit_test(written),
        cmocka_unit_test(any_age),
        cmocka_unit_test(read_back),
    };

    if (!signature_init())
        return 1;
    return check_run("server/token", tests);
}
