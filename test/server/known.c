#include "server/known.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

enum { NOW_S = 1700000000, LIFE_S = 100 };

static const char form[] =
    "{\"iss\":\"I\",\"aud\":\"A\",\"exp\":1700000100,\"iat\":1700000000,"
    "\"jti\":\"%032x\",\"sid\":\"AAECAwQFBgcICQoLDA0ODw\",\"dialect\":\"d\"}";

/* Tokens, and what reads them. Without keys an issuer verifies nothing, so what
   it finds good then was known. */
struct reading {
    struct jws_key key;
    struct token_issuer issuer;
    struct token_issuer keyless;
    struct known *known;
    char text[JWS_TEXT_MAX];
    size_t length;
};

static void write_token(struct reading *r, unsigned number)
{
    char payload[512];

    (void)snprintf(payload, sizeof payload, form, number);
    r->length = jws_sign(&r->key, span_of(payload), r->text, sizeof r->text);
}

static void open_reading(struct reading *r)
{
    uint8_t seed[32] = {7};

    CHECK(jws_key_init(&r->key, JWS_EDDSA, seed, sizeof seed));
    r->keyless =
        (struct token_issuer){.issuer = SPAN("I"), .audience = SPAN("A")};
    r->issuer = r->keyless;
    r->issuer.keys = &r->key;
    r->issuer.keys_count = 1;
    r->known = calloc(1, sizeof *r->known);
    known_forget(r->known);
    write_token(r, 1);
}

static void close_reading(struct reading *r)
{
    free(r->known);
    jws_key_clear(&r->key);
}

static enum token_result
read_at(struct reading *r, const struct token_issuer *issuer, int64_t now_s)
{
    struct known_shown shown = {
        .text = {NULL, 0}
    };
    struct token_claims claims = {.dialect = ""};
    enum token_result result;

    known_show(r->known, (struct span){r->text, r->length}, &shown);
    result = known_read(r->known, issuer, &shown, now_s, &claims);
    if (result != TOKEN_BAD)
        CHECK_TEXT(claims.dialect, "d");
    return result;
}

struct time_row {
    const char *name;
    int64_t now_s;
    enum token_result want; /* of a token that is known, without keys */
};

static const struct time_row time_rows[] = {
    {"as it was found",                      NOW_S,              TOKEN_OK     },
    {"its last second",                      NOW_S + LIFE_S - 1, TOKEN_OK     },
    {"its life is over, known or not",       NOW_S + LIFE_S,     TOKEN_EXPIRED},
    {"a clock set back asks the keys again", NOW_S - 1,          TOKEN_BAD    },
};

static void times(void **state)
{
    struct reading r;

    (void)state;
    open_reading(&r);
    CASE("nothing is known at first");
    CHECK_EQ(read_at(&r, &r.keyless, NOW_S), TOKEN_BAD);
    CHECK_EQ(read_at(&r, &r.issuer, NOW_S), TOKEN_OK);
    for (size_t i = 0; i < COUNT(time_rows); i++) {
        CASE(time_rows[i].name);
        CHECK_EQ(read_at(&r, &r.keyless, time_rows[i].now_s),
                 time_rows[i].want);
    }
    CASE("after other keys nothing is known");
    known_forget(r.known);
    CHECK_EQ(read_at(&r, &r.keyless, NOW_S), TOKEN_BAD);
    CASE("one that was expired when it came is not kept");
    CHECK_EQ(read_at(&r, &r.issuer, NOW_S + LIFE_S), TOKEN_EXPIRED);
    CHECK_EQ(read_at(&r, &r.keyless, NOW_S + LIFE_S), TOKEN_BAD);
    close_reading(&r);
}

/* Whatever byte of a known token is changed, it is another, and forged. */
static void changed(void **state)
{
    struct reading r;

    (void)state;
    open_reading(&r);
    CHECK_EQ(read_at(&r, &r.issuer, NOW_S), TOKEN_OK);
    for (size_t i = 0; i < r.length; i++) {
        check_case("byte %zu is changed", i);
        r.text[i] ^= 1;
        CHECK_EQ(read_at(&r, &r.issuer, NOW_S), TOKEN_BAD);
        r.text[i] ^= 1;
    }
    CASE("a byte less");
    r.length--;
    CHECK_EQ(read_at(&r, &r.issuer, NOW_S), TOKEN_BAD);
    CASE("no text at all");
    r.length = 0;
    CHECK_EQ(read_at(&r, &r.issuer, NOW_S), TOKEN_BAD);
    close_reading(&r);
}

/* More than there is room for: each is still what it is. */
static void many(void **state)
{
    struct reading r;
    unsigned kept = 0;

    (void)state;
    open_reading(&r);
    CASE("all are good, with keys");
    for (unsigned i = 0; i < KNOWN_MAX + 500; i++) {
        write_token(&r, i);
        CHECK_EQ(read_at(&r, &r.issuer, NOW_S), TOKEN_OK);
    }
    for (unsigned i = 0; i < KNOWN_MAX + 500; i++) {
        write_token(&r, i);
        kept += read_at(&r, &r.keyless, NOW_S) == TOKEN_OK;
    }
    CASE("a good part of them is known, and never more than there is room for");
    CHECK(kept > KNOWN_MAX / 2 && kept <= KNOWN_MAX);
    close_reading(&r);
}

/* With so many bytes more in its payload; the length of what is signed. */
static size_t write_long_token(struct reading *r, size_t more)
{
    char payload[JWS_PAYLOAD_MAX];
    int length =
        snprintf(payload, sizeof payload, "{\"x\":\"%0*d\",", (int)more + 1, 0);
    const char *dot;

    (void)snprintf(payload + length, sizeof payload - (size_t)length, form + 1,
                   1);
    r->length = jws_sign(&r->key, span_of(payload), r->text, sizeof r->text);
    dot = memrchr(r->text, '.', r->length);
    return (size_t)(dot - r->text);
}

static void lengths(void **state)
{
    struct reading r;
    size_t more = 0;

    (void)state;
    open_reading(&r);
    while (write_long_token(&r, more) <= KNOWN_TEXT_MAX)
        more++;
    CASE("the shortest that is too long is good, and not known");
    CHECK_EQ(read_at(&r, &r.issuer, NOW_S), TOKEN_OK);
    CHECK_EQ(read_at(&r, &r.keyless, NOW_S), TOKEN_BAD);
    CASE("the longest that is kept");
    CHECK(write_long_token(&r, more - 1) <= KNOWN_TEXT_MAX);
    CHECK_EQ(read_at(&r, &r.issuer, NOW_S), TOKEN_OK);
    CHECK_EQ(read_at(&r, &r.keyless, NOW_S), TOKEN_OK);
    close_reading(&r);
}

static void peeked(void **state)
{
    struct reading r;
    struct known_shown shown = {
        .text = {NULL, 0}
    };
    char name[TOKEN_DIALECT_SIZE] = "";

    (void)state;
    open_reading(&r);
    CASE("a token that is not known tells its dialect");
    known_show(r.known, (struct span){r.text, r.length}, &shown);
    CHECK(known_peek_dialect(r.known, &shown, name));
    CHECK_TEXT(name, "d");
    CASE("and so does one that is");
    CHECK_EQ(read_at(&r, &r.issuer, NOW_S), TOKEN_OK);
    name[0] = '\0';
    CHECK(known_peek_dialect(r.known, &shown, name));
    CHECK_TEXT(name, "d");
    CASE("what is no token tells none");
    known_show(r.known, SPAN("x"), &shown);
    CHECK(!known_peek_dialect(r.known, &shown, name));
    close_reading(&r);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(times),  cmocka_unit_test(changed),
        cmocka_unit_test(many),   cmocka_unit_test(lengths),
        cmocka_unit_test(peeked),
    };

    if (sodium_init() < 0)
        return 1;
    return check_run("server/known", tests);
}
