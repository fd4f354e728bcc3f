#include "core/offered.h"

#include <string.h>

#include "check.h"

static struct offered_token sample(void)
{
    struct offered_token token = {.key_id = 7, .n = 0x0102030405060708};

    for (uint8_t i = 0; i < OFFERED_ID_SIZE; i++) {
        token.sid[i] = i;
        token.self[i] = (uint8_t)(0x40 + i);
        token.parent[i] = (uint8_t)(0x80 + i);
        token.mac[i] = (uint8_t)(0xf0 + i);
    }
    return token;
}

/* From Python: b'\x07' + bytes(range(16)) + ..., urlsafe_b64encode. */
static const char sample_text[] =
    "stay_o1.BwABAgMEBQYHCAkKCwwNDg8BAgMEBQYHCEBBQkNERUZHSElKS0xNTk-AgYKDhIWGh4"
    "iJiouMjY6P8PHy8_T19vf4-fr7_P3-_w";

static void both_ways(void **state)
{
    struct offered_token token = sample();
    struct offered_token back = {0};
    char text[OFFERED_TEXT_LENGTH];

    (void)state;
    CASE("a token as text, byte for byte");
    offered_format(&token, text);
    CHECK_EQ(OFFERED_TEXT_LENGTH, 106);
    CHECK_BYTES(text, sizeof text, sample_text, strlen(sample_text));
    CASE("and back");
    CHECK(offered_parse(SPAN(sample_text), &back));
    CHECK_EQ(back.key_id, token.key_id);
    CHECK_EQ(back.n, token.n);
    CHECK_BYTES(back.sid, 16, token.sid, 16);
    CHECK_BYTES(back.self, 16, token.self, 16);
    CHECK_BYTES(back.parent, 16, token.parent, 16);
    CHECK_BYTES(back.mac, 16, token.mac, 16);
}

/* Every single character changed: another token, or none; never the same. */
static void changed(void **state)
{
    struct offered_token token = sample();
    char text[OFFERED_TEXT_LENGTH];

    (void)state;
    for (size_t i = 0; i < sizeof text; i++) {
        struct offered_token back = token;
        struct span span = {text, sizeof text};

        check_case("character %zu changed", i);
        memcpy(text, sample_text, sizeof text);
        text[i] = text[i] == 'A' ? 'B' : 'A';
        if (offered_parse(span, &back))
            CHECK(i >= 8 && memcmp(&back, &token, sizeof back) != 0);
    }
}

struct refusal {
    const char *name;
    size_t at; /* where to put `text` over the sample */
    const char *text;
    size_t length; /* of the whole */
};

static const struct refusal refusals[] = {
    {"empty",                     0,   "",         0  },
    {"one character short",       0,   "",         105},
    {"one character long",        105, "wA",       107},
    {"another prefix",            0,   "stay_o2.", 106},
    {"padding",                   105, "=",        106},
    {"unused bits set",           105, "x",        106},
    {"a blank inside",            50,  " ",        106},
    {"a NUL inside",              50,  "\0",       106},
    {"the plain alphabet's plus", 50,  "+",        106},
};

static void refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        const struct refusal *r = &refusals[i];
        struct offered_token token = sample();
        char text[OFFERED_TEXT_LENGTH + 8] = {0};

        CASE(r->name);
        memcpy(text, sample_text, OFFERED_TEXT_LENGTH);
        memcpy(text + r->at, r->text, r->at == 50 ? 1 : strlen(r->text));
        token.n = 99;
        CHECK(!offered_parse((struct span){text, r->length}, &token));
        CHECK_EQ(token.n, 99);
    }
}

static void numbers(void **state)
{
    struct offered_token token = sample();
    char text[OFFERED_TEXT_LENGTH];
    struct span span = {text, sizeof text};

    (void)state;
    CASE("the largest number there and back");
    token.n = INT64_MAX;
    offered_format(&token, text);
    CHECK(offered_parse(span, &token));
    CHECK_EQ(token.n, INT64_MAX);
    CASE("one above it is refused");
    token.n = INT64_MIN;
    offered_format(&token, text);
    CHECK(!offered_parse(span, &token));
    CASE("1, the first token");
    token.n = 1;
    offered_format(&token, text);
    CHECK(offered_parse(span, &token));
    CASE("0, the root, is never handed out");
    token.n = 0;
    offered_format(&token, text);
    CHECK(!offered_parse(span, &token));
}

static void child(void **state)
{
    struct offered_token of = sample();
    struct offered_token token =
        offered_child(9, of.sid, of.self, 41, of.parent);
    uint8_t bytes[OFFERED_SIGNED_SIZE];

    (void)state;
    CASE("a child names its parent and is one further");
    CHECK_EQ(token.n, 42);
    CHECK_EQ(token.key_id, 9);
    CHECK_BYTES(token.sid, 16, of.sid, 16);
    CHECK_BYTES(token.parent, 16, of.self, 16);
    CHECK_BYTES(token.self, 16, of.parent, 16);
    CASE("the mac covers all that stands before it");
    offered_signed_bytes(&token, bytes);
    CHECK_EQ(sizeof bytes, 57);
    CHECK_EQ(bytes[0], 9);
    CHECK_BYTES(bytes + 1, 16, token.sid, 16);
    CHECK_EQ(bytes[24], 42);
    CHECK_BYTES(bytes + 25, 16, token.self, 16);
    CHECK_BYTES(bytes + 41, 16, token.parent, 16);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways), cmocka_unit_test(changed),
        cmocka_unit_test(refused),   cmocka_unit_test(numbers),
        cmocka_unit_test(child),
    };

    return check_run("core/offered", tests);
}
