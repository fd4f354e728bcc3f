#include "base/base64url.h"

#include <string.h>

#include "check.h"

struct row {
    const char *name;
    const char *text;
    const char *bytes; /* NULL: must be refused */
};

/* The first seven are RFC 4648, section 10, without padding. */
static const struct row rows[] = {
    {"empty",                      "",         ""            },
    {"one byte",                   "Zg",       "f"           },
    {"two bytes",                  "Zm8",      "fo"          },
    {"three bytes",                "Zm9v",     "foo"         },
    {"four bytes",                 "Zm9vYg",   "foob"        },
    {"five bytes",                 "Zm9vYmE",  "fooba"       },
    {"six bytes",                  "Zm9vYmFy", "foobar"      },
    {"the two letters of the url", "-_-_",     "\xfb\xff\xbf"},
    {"padding",                    "Zg==",     NULL          },
    {"the other alphabet's plus",  "+/+/",     NULL          },
    {"a length no encoder makes",  "Zm9vY",    NULL          },
    {"unused bits set, one byte",  "Zh",       NULL          },
    {"unused bits set, two bytes", "Zm9",      NULL          },
    {"a blank",                    "Zm 8",     NULL          },
    {"a new line at the end",      "Zm8\n",    NULL          },
};

static void both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct row *r = &rows[i];
        char out[16];
        char text[16];
        size_t size = 99;
        bool good;

        CASE(r->name);
        good = base64url_decode(span_of(r->text), out, sizeof out, &size);
        CHECK_EQ(good, r->bytes != NULL);
        if (r->bytes == NULL) {
            CHECK_EQ(size, 99);
            continue;
        }
        CHECK_BYTES(out, size, r->bytes, strlen(r->bytes));
        CHECK_EQ(BASE64URL_LENGTH(size), strlen(r->text));
        size = base64url_encode(r->bytes, strlen(r->bytes), text);
        CHECK_BYTES(text, size, r->text, strlen(r->text));
    }
}

static void room(void **state)
{
    char out[3];
    size_t size = 0;

    (void)state;
    CASE("what fits exactly is decoded");
    CHECK(base64url_decode(SPAN("Zm9v"), out, 3, &size));
    CASE("one byte less room is refused");
    CHECK(!base64url_decode(SPAN("Zm9v"), out, 2, &size));
}

static void every_length(void **state)
{
    enum { LONGEST = 66 };
    uint8_t bytes[LONGEST];
    uint8_t back[LONGEST];
    char text[BASE64URL_LENGTH(LONGEST)];

    (void)state;
    for (size_t i = 0; i < LONGEST; i++)
        bytes[i] = (uint8_t)(i * 151 + 13);
    for (size_t size = 0; size <= LONGEST; size++) {
        size_t length = base64url_encode(bytes, size, text);
        size_t got = 0;

        check_case("%zu bytes there and back", size);
        CHECK_EQ(length, BASE64URL_LENGTH(size));
        CHECK(base64url_decode((struct span){text, length}, back, size, &got));
        CHECK_BYTES(back, got, bytes, size);
    }
}

static void every_character(void **state)
{
    (void)state;
    CASE("64 of 256 bytes are letters of the alphabet");
    for (int place = 0; place < 20; place++) {
        unsigned accepted = 0;

        for (int c = 0; c < 256; c++) {
            char text[] = "AAAAAAAAAAAAAAAAAAAA";
            char out[15];
            size_t size;

            text[place] = (char)c;
            accepted += base64url_decode((struct span){text, 20}, out,
                                         sizeof out, &size);
        }
        CHECK_EQ(accepted, 64);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways),
        cmocka_unit_test(room),
        cmocka_unit_test(every_length),
        cmocka_unit_test(every_character),
    };

    return check_run("base/base64url", tests);
}
