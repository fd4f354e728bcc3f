/*
 * dialects/schema.json and the loader know the same keys, words and names.
 *
 * Where the loader refuses a key, a message or a word, it says which ones it
 * knows; those must be the schema's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "dialect_kit.h"

#define HEAD                                                                   \
    "{\"dialect\":\"d\",\"title\":\"D\",\"rotation\":\"none\",\"repeat\":"     \
    "\"safe\",\"send\":{\"header\":\"X\"},"
#define MESSAGE(inside) HEAD "\"messages\":{\"me\":{" inside "}}}"
#define REQUEST(inside)                                                        \
    MESSAGE("\"request\":{\"method\":\"GET\",\"path\":\"/\"" inside            \
            "},\"replies\":{}")

struct row {
    const char *name;
    const char *text; /* has a key that is none in the object in question */
    const char *at;   /* the same object in the schema, as path of members */
};

// clang-format off
static const struct row rows[] = {
    {"a dialect", HEAD "\"?\":1,\"messages\":{}}", "properties"},
    {"a place", HEAD "\"reads\":[{\"?\":1}],\"messages\":{}}",
     "$defs place properties"},
    {"roles", HEAD "\"roles\":{\"?\":1},\"messages\":{}}",
     "properties roles properties"},
    {"asked roles", HEAD "\"asked_roles\":{\"?\":1},\"messages\":{}}",
     "properties asked_roles properties"},
    {"a cookie", HEAD "\"cookie\":{\"?\":1},\"messages\":{}}",
     "properties cookie properties"},
    {"claims", HEAD "\"jwt\":{\"?\":1},\"messages\":{}}",
     "properties jwt properties"},
    {"headers", HEAD "\"headers\":{\"?\":1},\"messages\":{}}",
     "properties headers properties"},
    {"a reply", HEAD "\"preflight\":{\"?\":1},\"messages\":{}}",
     "$defs reply properties"},
    {"a message", MESSAGE("\"?\":1"), "$defs message properties"},
    {"a request", REQUEST(",\"?\":1"), "$defs request properties"},
    {"styles", HEAD "\"json\":\"?\",\"messages\":{}}", "properties json enum"},
    {"encodings", HEAD "\"encoding\":\"?\",\"messages\":{}}",
     "properties encoding enum"},
    {"what is accepted", HEAD "\"accepts\":[\"?\"],\"messages\":{}}",
     "$defs accepts items enum"},
    {"rotations", "{\"dialect\":\"d\",\"rotation\":\"?\"}",
     "properties rotation enum"},
    {"repeats", "{\"dialect\":\"d\",\"repeat\":\"?\"}",
     "properties repeat enum"},
    {"unknown roles", HEAD "\"roles\":{\"unknown\":\"?\"},\"messages\":{}}",
     "properties roles properties unknown enum"},
    {"methods", MESSAGE("\"request\":{\"method\":\"?\",\"path\":\"/\"}"),
     "$defs request properties method enum"},
    {"needs", MESSAGE("\"needs\":\"?\""),
     "$defs message properties needs enum"},
};
// clang-format on

static struct kit_json file;
static const struct json *schema = &file.json;

static size_t find(const char *at)
{
    size_t value = 0;
    char path[128];
    char *save = NULL;

    (void)snprintf(path, sizeof path, "%s", at);
    for (char *step = strtok_r(path, " ", &save); step != NULL;
         step = strtok_r(NULL, " ", &save))
        value = json_member(schema, value, step);
    return value;
}

/* Keys of an object, or strings of a list. */
static bool schema_has(size_t list, const char *word)
{
    for (size_t k = kit_first(schema, list); k != 0;
         k = kit_next(schema, list, k))
        if (json_string_is(schema, k, span_of(word)))
            return true;
    return false;
}

/* Each word behind "use one of " is in the schema, and there are no more. */
static void check_choices(char *text, size_t list)
{
    static const char begin[] = "use one of ";
    char *words = strstr(text, begin);
    char *save = NULL;
    size_t count = 0;

    if (!CHECK(words != NULL) || !CHECK(list != JSON_NONE))
        return;
    for (char *word = strtok_r(words + sizeof begin - 1, ", ", &save);
         word != NULL; word = strtok_r(NULL, ", ", &save), count++)
        if (!CHECK(schema_has(list, word)))
            check_note("the schema has no %s", word);
    CHECK_EQ(count, schema->token[list].count);
}

static void same_keys(void **state)
{
    char *memory = malloc(DIALECT_MEMORY);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct dialect d;
        struct dialect_error error;

        CASE(rows[i].name);
        CHECK_EQ(dialect_load(&d, SPAN("d.json"), span_of(rows[i].text),
                              (struct span){memory, DIALECT_MEMORY}, &error),
                 DIALECT_BAD);
        check_choices(error.text, find(rows[i].at));
    }
    free(memory);
}

static void same_names(void **state)
{
    size_t fields = find("properties receive propertyNames enum");
    size_t messages = find("properties messages propertyNames enum");
    struct span pattern =
        json_raw(schema, find("$defs replies propertyNames pattern"));
    char *cases = strndup(pattern.text ? pattern.text : "", pattern.length);

    (void)state;
    CASE("every field");
    CHECK_EQ(schema->token[fields].count, FIELD_COUNT - 1);
    for (unsigned i = 1; i < FIELD_COUNT; i++)
        CHECK(schema_has(fields, field_name((enum field)i)));
    CASE("every message");
    CHECK_EQ(schema->token[messages].count, MESSAGE_COUNT - MESSAGE_WELCOME);
    for (unsigned i = MESSAGE_WELCOME; i < MESSAGE_COUNT; i++)
        CHECK(schema_has(messages, message_name((enum message)i)));
    CASE("every case");
    for (unsigned i = 0; i < CASE_COUNT; i++)
        CHECK(strstr(cases, reply_kind_name((enum reply_kind)i)) != NULL);
    free(cases);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_keys),
        cmocka_unit_test(same_names),
    };
    int result;

    if (!kit_json_file(&file, DIALECTS_DIR "/schema.json"))
        return 1;
    result = check_run("core/dialect_schema", tests);
    kit_json_close(&file);
    return result;
}
