/*
 * Keys: what opens one, what each signs, and what is no signature of it.
 */
#include "crypto/signature.h"

#include <pthread.h>
#include <sodium.h>
#include <string.h>

#include "check.h"

enum { THREADS = 4, TURNS = 50, RSA_BYTES = 256 };

static const enum jws_algorithm algorithms[] = {JWS_EDDSA, JWS_ES256, JWS_RS256,
                                                JWS_HS256};

/* Made once: an RSA key takes a while. */
static struct signature_key *keys[COUNT(algorithms)];
static uint8_t secrets[COUNT(algorithms)][SIGNATURE_SECRET_MAX];
static size_t lengths[COUNT(algorithms)];

static void name_row(size_t i, const char *words)
{
    struct span name = jws_algorithm_name(algorithms[i]);

    check_case("%.*s: %s", (int)name.length, name.text, words);
}

static void each(void **state)
{
    uint8_t signature[SIGNATURE_MAX + 1] = {0};
    struct signature_public numbers;
    struct signature_key *other;

    (void)state;
    for (size_t i = 0; i < COUNT(algorithms); i++) {
        const size_t size = signature_size(keys[i]);

        name_row(i, "its own signature is good");
        CHECK(signature_sign(keys[i], SPAN("text"), signature));
        CHECK(signature_verify(keys[i], SPAN("text"), signature, size));
        name_row(i, "for another text, or none, it is not");
        CHECK(!signature_verify(keys[i], SPAN("texT"), signature, size));
        CHECK(!signature_verify(keys[i], SPAN(""), signature, size));
        name_row(i, "a byte more or less is none");
        CHECK(!signature_verify(keys[i], SPAN("text"), signature, size + 1));
        CHECK(!signature_verify(keys[i], SPAN("text"), signature, size - 1));
        CHECK(!signature_verify(keys[i], SPAN("text"), signature, 0));
        name_row(i, "nothing but zeros is none");
        memset(signature, 0, sizeof signature);
        CHECK(!signature_verify(keys[i], SPAN("text"), signature, size));
        name_row(i, "its public half verifies, and cannot sign");
        CHECK(signature_sign(keys[i], SPAN("text"), signature));
        CHECK_EQ(signature_get_public(keys[i], &numbers),
                 algorithms[i] != JWS_HS256);
        other = signature_open_public(&numbers);
        CHECK_EQ(other != NULL, algorithms[i] != JWS_HS256);
        if (other != NULL) {
            CHECK(signature_verify(other, SPAN("text"), signature, size));
            CHECK(!signature_sign(other, SPAN("text"), signature));
        }
        signature_close(other);
    }
}

static void crossed(void **state)
{
    (void)state;
    CASE("no secret of one algorithm opens another's key");
    for (size_t i = 0; i < COUNT(algorithms); i++)
        for (size_t j = 0; j < COUNT(algorithms); j++) {
            struct signature_key *key;

            // A seed of 32 bytes and a shared secret of 32 look the same.
            if (i == j || (lengths[i] == 32 && lengths[j] == 32) ||
                (algorithms[i] == JWS_HS256 && lengths[j] <= 512))
                continue;
            key = signature_open_secret(algorithms[i], secrets[j], lengths[j]);
            CHECK(key == NULL);
            signature_close(key);
        }
    CASE("the algorithm that is none has no keys");
    CHECK_EQ(signature_make_secret(JWS_NO_ALGORITHM, secrets[0]), 0);
    CHECK(signature_open_secret(JWS_NO_ALGORITHM, secrets[0], 32) == NULL);
    CASE("closing nothing is allowed");
    signature_close(NULL);
}

static const struct shared_row {
    const char *name;
    size_t length;
    bool opens;
} shared[] = {
    {"31 bytes are too few",   SIGNATURE_HS256_MIN - 1, false},
    {"32 bytes are enough",    SIGNATURE_HS256_MIN,     true },
    {"512 bytes are enough",   SIGNATURE_HS256_MAX,     true },
    {"513 bytes are too many", SIGNATURE_HS256_MAX + 1, false},
};

static void shared_secrets(void **state)
{
    static const uint8_t bytes[SIGNATURE_HS256_MAX + 1] = {1};

    (void)state;
    for (size_t i = 0; i < COUNT(shared); i++) {
        struct signature_key *key =
            signature_open_secret(JWS_HS256, bytes, shared[i].length);

        CASE(shared[i].name);
        CHECK_EQ(key != NULL, shared[i].opens);
        signature_close(key);
    }
}

/* ---- Ed25519 ---- */

static void replayed(void **state)
{
    // The order of the group, little-endian (RFC 8032, section 5.1).
    static const uint8_t order[32] = {
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
        0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
        0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
    uint8_t signature[SIGNATURE_MAX];
    unsigned carry = 0;

    (void)state;
    CASE("EdDSA: a second spelling of a signature, s + L, is none");
    CHECK(signature_sign(keys[0], SPAN("text"), signature));
    for (size_t i = 0; i < sizeof order; i++) {
        carry += (unsigned)signature[32 + i] + order[i];
        signature[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    CHECK_EQ(carry, 0);
    CHECK(!signature_verify(keys[0], SPAN("text"), signature, 64));
}

static const struct point_row {
    const char *name;
    const char *hex;
} points[] = {
    {"zero, of order 4",
     "0000000000000000000000000000000000000000000000000000000000000000"},
    {"one, of order 1",
     "0100000000000000000000000000000000000000000000000000000000000000"},
    {"of order 2",
     "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
    {"of order 8",
     "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"},
    {"one, spelled as p + 1",
     "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
    {"off the curve",
     "0200000000000000000000000000000000000000000000000000000000000000"},
    {"of 31 bytes",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f70751"  },
    {"of no bytes",           ""                                       },
};

static void weak_points(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(points); i++) {
        struct signature_public numbers = {.algorithm = JWS_EDDSA};
        struct signature_key *key;

        check_case("EdDSA: a public key %s is none", points[i].name);
        CHECK_EQ(sodium_hex2bin(numbers.number[0].bytes, SIGNATURE_NUMBER_MAX,
                                points[i].hex, strlen(points[i].hex), NULL,
                                &numbers.number[0].length, NULL),
                 0);
        key = signature_open_public(&numbers);
        CHECK(key == NULL);
        signature_close(key);
    }
}

/* ---- RSA ---- */

static const struct rsa_row {
    const char *name;
    size_t length; /* of the modulus, in bytes */
    uint8_t last;  /* byte of it */
    uint64_t exponent;
    bool opens;
} moduli[] = {
    {"2,048 bits",             RSA_BYTES,     1, 65537,      true },
    {"2,040 bits",             RSA_BYTES - 1, 1, 65537,      false},
    {"4,096 bits",             RSA_BYTES * 2, 1, 65537,      true },
    {"an even modulus",        RSA_BYTES,     2, 65537,      false},
    {"the exponent 3",         RSA_BYTES,     1, 3,          true },
    {"the exponent 1",         RSA_BYTES,     1, 1,          false},
    {"the exponent 0",         RSA_BYTES,     1, 0,          false},
    {"an even exponent",       RSA_BYTES,     1, 65536,      false},
    {"an exponent of 64 bits", RSA_BYTES,     1, UINT64_MAX, true },
};

static void rsa_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(moduli); i++) {
        struct signature_public numbers = {.algorithm = JWS_RS256};
        struct signature_key *key;

        check_case("RS256: %s", moduli[i].name);
        numbers.number[0].length = moduli[i].length;
        memset(numbers.number[0].bytes, 0xa5, moduli[i].length);
        numbers.number[0].bytes[moduli[i].length - 1] = moduli[i].last;
        numbers.number[1].length = 8;
        for (size_t b = 0; b < 8; b++)
            numbers.number[1].bytes[b] =
                (uint8_t)(moduli[i].exponent >> (56 - 8 * b));
        key = signature_open_public(&numbers);
        CHECK_EQ(key != NULL, moduli[i].opens);
        signature_close(key);
    }
}

/* ---- Threads ---- */

static void *sign_and_verify(void *data)
{
    size_t *good = data;
    uint8_t signature[SIGNATURE_MAX];

    for (int turn = 0; turn < TURNS; turn++)
        for (size_t i = 0; i < COUNT(algorithms); i++)
            *good += signature_sign(keys[i], SPAN("text"), signature) &&
                     signature_verify(keys[i], SPAN("text"), signature,
                                      signature_size(keys[i]));
    return NULL;
}

static void threads(void **state)
{
    pthread_t thread[THREADS];
    size_t good[THREADS] = {0};

    (void)state;
    CASE("threads share each key, to sign and to verify");
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&thread[i], NULL, sign_and_verify, &good[i]),
                 0);
    for (int i = 0; i < THREADS; i++) {
        (void)pthread_join(thread[i], NULL);
        CHECK_EQ(good[i], TURNS * COUNT(algorithms));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each),           cmocka_unit_test(crossed),
        cmocka_unit_test(shared_secrets), cmocka_unit_test(replayed),
        cmocka_unit_test(weak_points),    cmocka_unit_test(rsa_keys),
        cmocka_unit_test(threads),
    };
    int code;

    if (!signature_init())
        return 1;
    for (size_t i = 0; i < COUNT(algorithms); i++) {
        lengths[i] = signature_make_secret(algorithms[i], secrets[i]);
        keys[i] = signature_open_secret(algorithms[i], secrets[i], lengths[i]);
        if (keys[i] == NULL)
            return 1;
    }
    code = check_run("crypto/signature", tests);
    for (size_t i = 0; i < COUNT(algorithms); i++)
        signature_close(keys[i]);
    return code;
}
