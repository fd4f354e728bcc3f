/*
 * Shared secrets: every one of a public list of weak ones is refused, and those
 * that a generator makes are not.
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/base64url.h"
#include "check.h"
#include "server/hs256_file.h"

enum {
    LINE_SIZE = 8192,
    LISTED = 103979, /* lines of the list, empty ones too */
    MADE = 300,      /* of each kind; more tell no more and take long */
};

static const char *const reasons[] = {
    "is under 32 bytes",
    "is known: it stands in public examples",
    "has too few different characters",
    "is easy to guess: words, repeats or rows of keys",
};

static size_t reason_of(const char *weakness)
{
    size_t i = 0;

    while (weakness != NULL && i < COUNT(reasons) &&
           strcmp(weakness, reasons[i]) != 0)
        i++;
    return weakness == NULL ? COUNT(reasons) : i;
}

static void weak(void **state)
{
    unsigned count[COUNT(reasons) + 1] = {0};
    const char *folder = check_vectors();
    char path[4096];
    static char line[LINE_SIZE];
    unsigned lines = 0;
    FILE *file = NULL;

    (void)state;
    CASE("every secret of the public list is refused");
    (void)snprintf(path, sizeof path, "%s/weak-secrets/jwt.secrets.list",
                   folder != NULL ? folder : "");
    if (folder == NULL || (file = fopen(path, "r")) == NULL) {
        check_skip_vectors("the 103,979 weak secrets are absent");
        return;
    }
    while (fgets(line, sizeof line, file) != NULL) {
        struct span secret = {line, strcspn(line, "\r\n")};
        size_t reason = reason_of(hs256_weakness(secret));

        count[reason]++;
        lines++;
        if (reason == COUNT(reasons))
            check_note("let through: %.*s", (int)secret.length, line);
    }
    (void)fclose(file);
    CHECK_EQ(lines, LISTED);
    CHECK_EQ(count[COUNT(reasons)], 0);
    check_note("weak secrets: %u refused, %u as too short, %u as known, %u for "
               "too few characters, %u as guessable",
               lines - count[COUNT(reasons)], count[0], count[1], count[2],
               count[3]);
}

static const struct made_row {
    const char *name;
    size_t bytes; /* drawn by chance */
    enum { BINARY, BASE64, HEX } spelled;
} made[] = {
    {"32 bytes as they are",              32, BINARY},
    {"24 bytes in base64url, 32 letters", 24, BASE64},
    {"48 bytes in base64url, 64 letters", 48, BASE64},
    {"32 bytes in hex, 64 letters",       32, HEX   },
};

static void strong(void **state)
{
    uint8_t bytes[64];
    char text[160];

    (void)state;
    for (size_t i = 0; i < COUNT(made); i++) {
        check_case("a generator's secret is taken: %s", made[i].name);
        for (int n = 0; n < MADE; n++) {
            struct span secret = {text, made[i].bytes};

            randombytes_buf(bytes, made[i].bytes);
            if (made[i].spelled == BINARY)
                secret.text = (const char *)bytes;
            else if (made[i].spelled == BASE64)
                secret.length = base64url_encode(bytes, made[i].bytes, text);
            else
                secret = span_of(
                    sodium_bin2hex(text, sizeof text, bytes, made[i].bytes));
            if (!CHECK(hs256_weakness(secret) == NULL))
                break;
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(weak),
        cmocka_unit_test(strong),
    };

    if (!signature_init())
        return 1;
    return check_run("server/hs256", tests);
}
