/* A vault file's text. */
#include "client/entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "check.h"

static void fill(struct entry *entry, int seed)
{
    memset(&entry->record, seed, sizeof entry->record);
    entry->record.state = RECORD_LIVE;
    entry->record.reason = RECORD_NO_REASON;
    entry->record.has_session = true;
    entry->record.has_next = seed % 2 != 0;
    entry->record.sign_out_due = false;
    entry->record.older_count = 8;
    entry->record.generation = seed * 1000;
    (void)snprintf(entry->url, sizeof entry->url, "https://a.example/api");
    (void)snprintf(entry->dialect, sizeof entry->dialect, "stay");
    (void)snprintf(entry->user, sizeof entry->user, "ad\"a\n\xc3\xa9");
    (void)snprintf(entry->boot, sizeof entry->boot, "boot");
    memset(entry->access, 'a', ENTRY_TOKEN_MAX);
    memset(entry->refresh, 'r', ENTRY_TOKEN_MAX);
    entry->sign_in = 3;
    entry->committed = true;
    entry->generation = (uint64_t)seed + 7;
    entry->life_ms = 60000;
    entry->received_ms = 123456789;
    entry->received_s = 1700000000;
    entry->budget.failure_count = 5;
    entry->budget.rest_until_ms = 99;
}

enum { NAME_SIZE = 2 * STAY_NAME_SIZE };

/* The pattern again and again, until it is longer than a kept name. */
static void repeat(const char *pattern, char name[NAME_SIZE])
{
    size_t size = strlen(pattern);
    size_t length = 0;

    for (; length <= STAY_NAME_SIZE; length += size)
        memcpy(name + length, pattern, size);
    name[length] = '\0';
}

static void text(void **state)
{
    struct entry *entry = entry_new();
    struct entry *again = entry_new();
    char *out = malloc(ENTRY_TEXT_MAX);
    size_t length = 0;
    unsigned taken = 0;

    (void)state;
    CASE("an entry as long as can be is written and read back, whole");
    fill(entry, 5);
    CHECK_EQ(entry_write(entry, out, &length), ENTRY_OK);
    CHECK_EQ(entry_read(again, out, length), ENTRY_OK);
    CHECK(memcmp(entry->access, again->access, sizeof entry->access) == 0);
    CHECK(memcmp(entry->refresh, again->refresh, sizeof entry->refresh) == 0);
    CHECK(memcmp(&entry->budget, &again->budget, sizeof entry->budget) == 0);
    CHECK(memcmp(entry->record.older, again->record.older,
                 sizeof entry->record.older) == 0);
    CHECK(memcmp(entry->record.next, again->record.next, 32) == 0);
    CHECK_EQ(again->record.generation, 5000);
    CHECK_TEXT(again->user, entry->user);
    CHECK_EQ(again->generation, 12);

    CASE("a name that is cut, or is no UTF-8, is read back like any other");
    {
        static const char *const patterns[] = {"\xc3\xa9", "\xe9", "a\xc3\xa9",
                                               "\xf0\x9f\x98\x80", "\x01"};
        char name[NAME_SIZE];

        for (size_t i = 0; i < COUNT(patterns); i++) {
            repeat(patterns[i], name);
            entry_set_name(entry->user, span_of(name));
            CHECK(strlen(entry->user) >= STAY_NAME_SIZE - 4);
            CHECK_EQ(entry_write(entry, out, &length), ENTRY_OK);
            CHECK_EQ(entry_read(again, out, length), ENTRY_OK);
            CHECK_TEXT(again->user, entry->user);
        }
        fill(entry, 5);
        CHECK_EQ(entry_write(entry, out, &length), ENTRY_OK);
    }

    CASE("cut short anywhere it is no vault");
    memset(entry->access + 40, 0, ENTRY_TOKEN_MAX - 40);
    memset(entry->refresh + 40, 0, ENTRY_TOKEN_MAX - 40);
    CHECK_EQ(entry_write(entry, out, &length), ENTRY_OK);
    for (size_t i = 0; i < length; i++)
        taken += entry_read(again, out, i) != ENTRY_BAD;
    CHECK_EQ(taken, 0);

    CASE("any one byte changed: read or refused, never a crash");
    for (size_t i = 0; i < length; i++) {
        out[i] = (char)(out[i] ^ 0x15);
        (void)entry_read(again, out, length);
        out[i] = (char)(out[i] ^ 0x15);
    }
    CHECK_EQ(entry_read(again, out, length), ENTRY_OK);
    free(out);
    entry_free(entry);
    entry_free(again);
}

struct bad_text {
    const char *name;
    const char *text;
    enum entry_result want;
};
static const struct bad_text bad_texts[] = {
    {"an empty file",                  "",                                          ENTRY_BAD  },
    {"no JSON",                        "hello",                                     ENTRY_BAD  },
    {"another JSON file",              "{\"a\":1}",                                 ENTRY_BAD  },
    {"a list",                         "[1]",                                       ENTRY_BAD  },
    {"version 0",                      "{\"stay_vault\":0}",                        ENTRY_BAD  },
    {"this version, and nothing else", "{\"stay_vault\":1}",                        ENTRY_OK   },
    {"members it does not know",       "{\"stay_vault\":1,\"new\":[1]}",            ENTRY_OK   },
    {"the next version",               "{\"stay_vault\":2}",                        ENTRY_NEWER},
    {"a number for a text",            "{\"stay_vault\":1,\"user\":1}",             ENTRY_BAD  },
    {"a text for a number",            "{\"stay_vault\":1,\"life_ms\":\"1\"}",      ENTRY_BAD  },
    {"a negative number",              "{\"stay_vault\":1,\"life_ms\":-1}",         ENTRY_BAD  },
    {"a fraction",                     "{\"stay_vault\":1,\"life_ms\":1.5}",        ENTRY_BAD  },
    {"a NUL in a text",                "{\"stay_vault\":1,\"user\":\"a\\u0000b\"}", ENTRY_BAD  },
    {"a secret too short",             "{\"stay_vault\":1,\"secret\":\"AAAA\"}",    ENTRY_BAD  },
    {"a secret not base64url",         "{\"stay_vault\":1,\"sid\":\"?\"}",          ENTRY_BAD  },
    {"a state there is not",           "{\"stay_vault\":1,\"record_state\":9}",
     ENTRY_BAD                                                                                 },
    {"nine older secrets",             "{\"stay_vault\":1,\"older_count\":9}",      ENTRY_BAD  },
    {"a reason there is not",          "{\"stay_vault\":1,\"ended\":\"x\"}",        ENTRY_BAD  },
    {"a reason there is",              "{\"stay_vault\":1,\"ended\":\"reuse\"}",    ENTRY_OK   },
};

static void texts(void **state)
{
    struct entry *entry = entry_new();

    (void)state;
    for (size_t i = 0; i < COUNT(bad_texts); i++) {
        CASE(bad_texts[i].name);
        CHECK_EQ(
            entry_read(entry, bad_texts[i].text, strlen(bad_texts[i].text)),
            bad_texts[i].want);
    }
    entry_free(entry);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(text),
        cmocka_unit_test(texts),
    };

    return check_run("client/entry", tests);
}
