/*
 * stay-dialect(5) tells of every key, message, field and case there is, with
 * what a case falls back to and what a client makes of it.
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/json.h"
#include "check.h"
#include "core/dialect.h"

enum { PAGE_SIZE = 64 * 1024, TOKENS_MAX = 4096 };

static char page[PAGE_SIZE];

static bool read_page(void)
{
    FILE *file = fopen(PAGE, "r");
    size_t length = 0;

    if (file != NULL) {
        length = fread(page, 1, sizeof page - 1, file);
        (void)fclose(file); // only read from
    }
    page[length] = '\0';
    return CHECK(length > 0 && length < sizeof page - 1);
}

static bool is_word_end(char c)
{
    return strchr(" ,\n", c) != NULL; // also at the page's end
}

/* `word` stands in a line of names: .It Cm, .Cm or .Pq Cm. */
static bool tells(const char *word)
{
    size_t length = strlen(word);

    for (const char *at = page; (at = strstr(at, word)) != NULL; at++) {
        const char *line = at;

        while (line > page && line[-1] != '\n')
            line--;
        if (at > page && at[-1] == ' ' && is_word_end(at[length]) &&
            line[0] == '.' && strncmp(line, ".Xr", 3) != 0)
            return true;
    }
    return false;
}

static void check_told(const char *word)
{
    if (!CHECK(tells(word)))
        check_note("stay-dialect(5) does not tell of %s", word);
}

static void messages(void **state)
{
    (void)state;
    CASE("every message");
    for (unsigned i = MESSAGE_WELCOME; i < MESSAGE_COUNT; i++)
        check_told(message_name((enum message)i));
}

static void fields(void **state)
{
    (void)state;
    CASE("every field");
    for (unsigned i = 1; i < FIELD_COUNT; i++)
        check_told(field_name((enum field)i));
}

static bool is_about_field(const char *name)
{
    struct reply_case found;
    char text[64];

    (void)snprintf(text, sizeof text, "%s.username", name);
    return reply_case_find(span_of(text), &found);
}

static void cases(void **state)
{
    static const char *const verdicts[] = {
        [VERDICT_GRANTED] = "granted",   [VERDICT_REFUSED] = "refused",
        [VERDICT_PROTOCOL] = "protocol", [VERDICT_CONFIG] = "config",
        [VERDICT_RENEW] = "renew",       [VERDICT_DENIED] = "denied",
        [VERDICT_LATER] = "later",
    };

    (void)state;
    for (unsigned i = 0; i < CASE_COUNT; i++) {
        enum reply_kind kind = (enum reply_kind)i;
        enum reply_kind next = reply_kind_next(kind);
        const char *name = reply_kind_name(kind);
        char line[160];

        check_case("the case %s, its next and its meaning", name);
        (void)snprintf(line, sizeof line, "\n.It %s%s Ta %s Ta %s\n", name,
                       is_about_field(name) ? " *" : "",
                       next == kind ? "\\-" : reply_kind_name(next),
                       verdicts[reply_kind_verdict(kind)]);
        CHECK(strstr(page, line) != NULL);
    }
}

static void dialects(void **state)
{
    (void)state;
    CASE("every dialect that is built in");
    for (size_t i = 0; i < dialect_sources_count; i++) {
        const char *name = dialect_sources[i].name;
        char escaped[64];
        size_t length = 0;

        for (; *name != '\0' && length < sizeof escaped - 2; name++) {
            if (*name == '-')
                escaped[length++] = '\\';
            escaped[length++] = *name;
        }
        escaped[length] = '\0';
        check_told(escaped);
    }
}

/* Each key of the object at `object`. */
static void check_keys(const struct json *schema, size_t object)
{
    size_t at = object + 1;

    while (at < schema->token[object].next) {
        struct span key = json_raw(schema, at);
        char word[64];

        (void)snprintf(word, sizeof word, "%.*s", (int)key.length, key.text);
        check_told(word);
        at = schema->token[at + 1].next;
    }
}

static size_t read_schema(char text[PAGE_SIZE])
{
    FILE *file = fopen(SCHEMA, "r");
    size_t length = file != NULL ? fread(text, 1, PAGE_SIZE, file) : 0;

    if (file != NULL)
        (void)fclose(file); // only read from
    return length;
}

static void keys(void **state)
{
    static struct json_token tokens[TOKENS_MAX];
    static char text[PAGE_SIZE];
    struct json schema;
    size_t objects = 0;

    (void)state;
    CASE("every key of the schema, which are those of the loader");
    CHECK_EQ(json_parse(&schema, text, read_schema(text), tokens, TOKENS_MAX),
             JSON_OK);
    for (size_t i = 0; i + 1 < schema.count; i++)
        if (json_string_is(&schema, i, SPAN("properties")) &&
            json_type_at(&schema, i + 1) == JSON_OBJECT) {
            check_keys(&schema, i + 1);
            objects++;
        }
    CHECK(objects >= 8);
}

static void unknown(void **state)
{
    (void)state;
    CASE("a word that is none is not found");
    CHECK(!tells("sign_on"));
    CHECK(!tells("expire"));
    CHECK(!tells("xpires_in"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages), cmocka_unit_test(fields),
        cmocka_unit_test(cases),    cmocka_unit_test(dialects),
        cmocka_unit_test(keys),     cmocka_unit_test(unknown),
    };

    if (!read_page())
        return 1;
    return check_run("doc/dialect_page", tests);
}
