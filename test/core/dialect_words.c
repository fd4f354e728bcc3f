/*
 * No family's name, path, member, header or message stands in src/: all such
 * text is data. The words are taken from the dialects themselves; what is left
 * out, and why, is said at the lists below.
 */
#include <ctype.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "dialect_kit.h"

/* A word of up to 4 bytes ("data", "msg") tells no family from another. */
enum {
    WORDS_MAX = 4096,
    SOURCE_MAX = 1 << 20,
    WORD_MIN = 5,
    TEXT_MIN = 8,
};

/* HTTP's own: reason phrases (RFC 9110, section 15) and schemes. */
static const char *const of_http[] = {
    "Unauthorized",
    "Forbidden",
    "Not Found",
    "Bad Request",
    "Method Not Allowed",
    "Payload Too Large",
    "Length Required",
    "Too Many Requests",
    "Service Unavailable",
    "Conflict",
    "Bearer",
    "Internal Server Error",
    "Content Too Large",
    "Unsupported Media Type",
};

/* Registered claims (RFC 7519, section 4.1) and header names of HTTP. */
static const char *const of_standards[] = {
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "Authorization",
    "Cache-Control",
    "Vary",
    "Allow",
    "Retry-After",
    "Pragma",
    "WWW-Authenticate",
    "Content-Security-Policy",
    "X-Content-Type-Options",
};

/* The example resources stand under every base: they are no family's. */
static const char *const of_stayd[] = {
    "/test/all", "/test/user", "/test/mod", "/test/admin", "/todos", "/todos/",
};

/* What our own vocabulary says in the same letters, filled from schema.json. */
static const char *vocabulary[WORDS_MAX];
static size_t vocabulary_count;

static struct {
    char *text;
    bool whole; /* must be a whole literal; otherwise: anywhere in one */
    const char *from;
} words[WORDS_MAX];
static size_t words_count;

static bool is_one_of(const char *text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(text, list[i]) == 0)
            return true;
    return false;
}

static bool is_ours(const char *text)
{
    return is_one_of(text, vocabulary, vocabulary_count) ||
           is_one_of(text, of_http, COUNT(of_http)) ||
           is_one_of(text, of_standards, COUNT(of_standards)) ||
           is_one_of(text, of_stayd, COUNT(of_stayd)) ||
           strncasecmp(text, "Access-Control-", 15) == 0;
}

static void add_word(const char *text, size_t length, bool whole,
                     const char *from)
{
    char *copy = strndup(text, length);

    for (size_t i = 0; i < words_count; i++)
        if (strcmp(words[i].text, copy) == 0)
            length = 0;
    if (length < WORD_MIN || is_ours(copy) || words_count == WORDS_MAX) {
        free(copy);
        return;
    }
    words[words_count].text = copy;
    words[words_count].whole = whole;
    words[words_count++].from = from;
}

/* The texts between the blanks of a template. */
static void add_template(const char *text, const char *from)
{
    while (*text != 0) {
        size_t length = strcspn(text, "{");
        const char *close = strchr(text + length, '}');
        bool sentence = memchr(text, ' ', length) && length >= TEXT_MIN;

        add_word(text, length, !sentence, from);
        text = close != NULL ? close + 1 : text + length;
    }
}

/* Where the words are read from: a value of a dialect. */
struct spot {
    const struct json *json;
    size_t at; /* JSON_NONE: nothing is there */
    const char *from;
};

static struct spot member(const struct spot *p, const char *name)
{
    return (struct spot){p->json, json_member(p->json, p->at, name), p->from};
}

static struct spot value_of(const struct spot *p, size_t key)
{
    return (struct spot){p->json, key + 1, p->from};
}

static void add_whole(const struct spot *p)
{
    char room[2048];
    const char *text = kit_string(p->json, p->at, room);

    add_word(text, strlen(text), true, p->from);
}

static void add_keys(const struct spot *p)
{
    char room[2048];

    for (size_t k = kit_first(p->json, p->at); k != 0;
         k = kit_next(p->json, p->at, k)) {
        const char *key = kit_string(p->json, k, room);

        add_word(key, strlen(key), true, p->from);
    }
}

/* Member names and texts, at any depth. */
static void add_values(const struct spot *p)
{
    bool object = json_type_at(p->json, p->at) == JSON_OBJECT;
    char room[2048];

    if (json_type_at(p->json, p->at) == JSON_STRING)
        add_template(kit_string(p->json, p->at, room), p->from);
    if (object)
        add_keys(p);
    for (size_t k = kit_first(p->json, p->at); k != 0;
         k = kit_next(p->json, p->at, k))
        add_values(&(struct spot){p->json, k + object, p->from});
}

static void add_replies(const struct spot *p)
{
    if (json_type_at(p->json, p->at) != JSON_OBJECT)
        return; // another message's
    for (size_t k = kit_first(p->json, p->at); k != 0;
         k = kit_next(p->json, p->at, k)) {
        struct spot reply = value_of(p, k);
        struct spot body = member(&reply, "body");
        struct spot text = member(&reply, "text");
        struct spot headers = member(&reply, "headers");

        add_values(&body);
        add_values(&text);
        add_keys(&headers);
    }
}

static void add_path(const char *path, const char *from)
{
    while (*path != 0) {
        size_t length = strcspn(path, "{");
        const char *close = strchr(path + length, '}');

        add_word(path, length, length < 6, from);
        path = close != NULL ? close + 1 : path + length;
    }
}

static void add_messages(const struct spot *p)
{
    char room[2048];

    for (size_t k = kit_first(p->json, p->at); k != 0;
         k = kit_next(p->json, p->at, k)) {
        struct spot message = value_of(p, k);
        struct spot request = member(&message, "request");
        struct spot path = member(&request, "path");
        struct spot body = member(&request, "body");
        struct spot headers = member(&request, "headers");
        struct spot replies = member(&message, "replies");

        add_path(kit_string(p->json, path.at, room), p->from);
        add_values(&body);
        add_keys(&headers);
        add_replies(&replies);
    }
}

static void add_dialect(const struct dialect_source *s)
{
    struct kit_json json;
    struct spot root = {&json.json, 0, s->name};

    CHECK(kit_json_open(&json, s->text, s->length));
    {
        struct spot prefix = member(&root, "prefix");
        struct spot cookie = member(&root, "cookie");
        struct spot jwt = member(&root, "jwt");
        struct spot claims = member(&jwt, "claims");
        struct spot headers = member(&root, "headers");
        struct spot all = member(&headers, "all");
        struct spot send = member(&root, "send");
        struct spot header = member(&send, "header");
        struct spot errors = member(&root, "errors");
        struct spot messages = member(&root, "messages");

        add_whole(&prefix);
        add_values(&cookie);
        add_keys(&claims);
        add_keys(&all);
        add_whole(&header);
        add_replies(&errors);
        add_messages(&messages);
    }
    kit_json_close(&json);
}

static void add_our_word(const char *word)
{
    if (vocabulary_count < WORDS_MAX)
        vocabulary[vocabulary_count++] = strdup(word);
}

/* Keys and choices of schema.json: the loader must know them. */
static void add_vocabulary(const struct json *json, size_t at)
{
    size_t properties = json_member(json, at, "properties");
    size_t choices = json_member(json, at, "enum");
    bool object = json_type_at(json, at) == JSON_OBJECT;
    char room[2048];

    if (properties != JSON_NONE)
        for (size_t k = kit_first(json, properties); k != 0;
             k = kit_next(json, properties, k))
            add_our_word(kit_string(json, k, room));
    if (choices != JSON_NONE)
        for (size_t k = kit_first(json, choices); k != 0;
             k = kit_next(json, choices, k))
            add_our_word(kit_string(json, k, room));
    for (size_t k = kit_first(json, at); k != 0; k = kit_next(json, at, k))
        add_vocabulary(json, k + object);
}

static void fill_vocabulary(void)
{
    struct kit_json schema;

    CHECK(kit_json_file(&schema, DIALECTS_DIR "/schema.json"));
    for (unsigned i = 1; i < FIELD_COUNT; i++)
        add_our_word(field_name((enum field)i));
    for (unsigned i = 0; i < CASE_COUNT; i++)
        add_our_word(reply_kind_name((enum reply_kind)i));
    for (unsigned i = 0; i < MESSAGE_COUNT; i++)
        add_our_word(message_name((enum message)i));
    add_vocabulary(&schema.json, 0);
    // OpenAPI's own word too, whatever family sends it.
    add_our_word("description");
    kit_json_close(&schema);
}

/* ---- the sources ---- */

static char source[SOURCE_MAX];

static bool is_word_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* Names are looked for everywhere, comments too, as whole words. */
static void check_name(const char *path, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = source; (at = strcasestr(at, name)) != NULL; at++)
        if ((at == source || !is_word_byte(at[-1])) &&
            !is_word_byte(at[length])) {
            check_note("%s names the family \"%s\"", path, name);
            CHECK(false && "a family's name stands in src");
            return;
        }
}

static void check_literal(const char *path, const char *literal)
{
    for (size_t i = 0; i < words_count; i++) {
        bool found = words[i].whole ? strcmp(literal, words[i].text) == 0
                                    : strstr(literal, words[i].text) != NULL;

        if (!found)
            continue;
        check_note("%s: \"%s\" is the text of %s", path, words[i].text,
                   words[i].from);
        CHECK(false && "a family's text stands in src");
    }
}

/* The end of the comment or character at `at`, or `at` where there is none. */
static const char *skip_comment(const char *at)
{
    const char *end = NULL;

    if (at[0] == '/' && at[1] == '/')
        end = strchr(at, '\n');
    else if (at[0] == '/' && at[1] == '*')
        end = strstr(at + 2, "*/");
    else if (at[0] == '\'')
        return at + (at[1] == '\\' ? 4 : 3);
    else
        return at;
    return end != NULL ? end : at + strlen(at);
}

/* One literal, with those that follow it with only blanks between. */
static const char *read_literal(const char *at, char *out, size_t size)
{
    size_t used = 0;

    while (*at == '"') {
        for (at++; *at != 0 && *at != '"'; at++) {
            at += *at == '\\';
            if (used + 1 < size)
                out[used++] = *at;
        }
        at += *at == '"';
        at += strspn(at, " \t\n") * (at[strspn(at, " \t\n")] == '"');
    }
    out[used] = 0;
    return at;
}

static void check_literals(const char *path)
{
    static char literal[1 << 16];
    const char *at = source;

    while (*at != 0) {
        const char *behind = skip_comment(at);

        if (behind != at) {
            at = behind;
        } else if (strncmp(at, "#include", 8) == 0) {
            at += strcspn(at, "\n");
        } else if (*at == '"') {
            at = read_literal(at, literal, sizeof literal);
            check_literal(path, literal);
        } else {
            at++;
        }
    }
}

static unsigned files;

static int check_file(const char *path, const struct stat *info, int type,
                      struct FTW *walk)
{
    const char *dot = strrchr(path, '.');
    FILE *in;

    (void)info;
    (void)walk;
    if (type != FTW_F || !dot ||
        (strcmp(dot, ".c") != 0 && strcmp(dot, ".h") != 0))
        return 0;
    in = fopen(path, "rb");
    if (!CHECK(in != NULL))
        return 0;
    source[fread(source, 1, sizeof source - 1, in)] = 0;
    (void)fclose(in); // only read
    for (size_t i = 0; i < dialect_sources_count; i++)
        // Our own dialect has the project's name.
        if (strcmp(dialect_sources[i].name, "stay") != 0)
            check_name(path, dialect_sources[i].name);
    check_literals(path);
    files++;
    return 0;
}

static void sources(void **state)
{
    (void)state;
    CASE("no family's text stands in src/");
    fill_vocabulary();
    for (size_t i = 0; i < dialect_sources_count; i++)
        add_dialect(&dialect_sources[i]);
    CHECK(words_count > 250);
    CHECK_EQ(nftw(SOURCE_DIR, check_file, 16, FTW_PHYS), 0);
    CHECK(files > 30);
    check_note("%zu words of %zu dialects looked for in %u files", words_count,
               dialect_sources_count, files);
}

/* The check can fail. */
static void planted(void **state)
{
    static const char *const texts[] = {
        "Refresh token is not in database!",
        "x-access-token",
        "accessToken",
        "/auth/refreshtoken",
        "token_not_valid",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        bool found = false;

        check_case("\"%s\" would be found", texts[i]);
        for (size_t k = 0; k < words_count; k++)
            found |= strcmp(words[k].text, texts[i]) == 0;
        CHECK(found);
    }
    CASE("a literal over two lines, with a comment before it");
    {
        char literal[64];
        const char *text = "\"ab\"\n    \"c\\\"d\", x";

        CHECK_TEXT(read_literal(text, literal, sizeof literal), ", x");
        CHECK_TEXT(literal, "abc\"d");
        CHECK_TEXT(skip_comment("/* \"no\" */x"), "*/x");
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources),
        cmocka_unit_test(planted),
    };

    return check_run("core/dialect_words", tests);
}
