/*
 * Reading dialects: the shipped ones load, and whatever is wrong with one is
 * told by file, line and pointer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "dialect_kit.h"

/* A small good dialect, its lines numbered for the rows below. */
#define HEAD                                                                   \
    "{\n"                                                                      \
    "\"dialect\": \"mine\", \"title\": \"Mine\",\n"                            \
    "\"rotation\": \"none\", \"repeat\": \"safe\",\n"                          \
    "\"send\": {\"header\": \"X\"},\n"
#define MESSAGES(inside) "\"messages\": {\n" inside "\n}}"
#define REFRESH(request, replies)                                              \
    "\"refresh\": {\n\"request\": {" request "},\n\"replies\": {" replies "}}"
#define GOOD_REQUEST "\"method\": \"POST\", \"path\": \"/r\""
#define GOOD_REPLY "\"ok\": {\"status\": 200}"
#define REPLIES(replies) HEAD MESSAGES(REFRESH(GOOD_REQUEST, replies))
#define REQUEST(request) HEAD MESSAGES(REFRESH(request, GOOD_REPLY))
#define GOOD HEAD MESSAGES(REFRESH(GOOD_REQUEST, GOOD_REPLY))
#define TOP(member)                                                            \
    HEAD member ",\n" MESSAGES(REFRESH(GOOD_REQUEST, GOOD_REPLY))
#define BODY(body) REPLIES("\"ok\": {\"status\": 200, \"body\": " body "}")

struct row {
    const char *name;
    const char *text;
    const char *want; /* the error, whole; "" for none */
};

// clang-format off
static const struct row rows[] = {
    {"a good one", GOOD, ""},
    {"not JSON", "{\n\"dialect\": \"mine\",\n}",
     "mine.json:3: not JSON; see RFC 8259: no comments, no comma at the end"},
    {"nothing", "",
     "mine.json:1: not JSON; see RFC 8259: no comments, no comma at the end"},
    {"a list", "[]",
     "mine.json:1: \"a list\" is of the wrong type; it must be an object"},
    {"an unknown key", TOP("\"methods\": 1"),
     "mine.json:5: /methods: \"methods\" is no key here; use one of $schema, "
     "dialect, title, about, mount, client_default, prefix, json, json_type, "
     "text_type, encoding, accepts, rotation, repeat, merge, send, reads, "
     "receive, roles, asked_roles, cookie, jwt, headers, preflight, errors, "
     "messages"},
    {"a key of the wrong type", TOP("\"mount\": \"first\""),
     "mine.json:5: /mount: \"a string\" is of the wrong type; it must be a "
     "number"},
    {"a place below the first", TOP("\"mount\": 0"),
     "mine.json:5: /mount: a mount is a place in the order; write a whole "
     "number from 1 to 99"},
    {"a place past the last", TOP("\"mount\": 100"),
     "mine.json:5: /mount: a mount is a place in the order; write a whole "
     "number from 1 to 99"},
    {"one of two types", TOP("\"about\": 1"),
     "mine.json:5: /about: \"a number\" is of the wrong type; it must be a "
     "list or a string"},
    {"a missing key", "{\"dialect\": \"mine\"}",
     "mine.json:1: \"title\" is missing here"},
    {"a key twice", TOP("\"prefix\": \"/a\", \"prefix\": \"/b\""),
     "mine.json:5: /prefix: \"prefix\" stands here twice; take one out"},
    {"a word that is not on the list", TOP("\"json\": \"pretty\""),
     "mine.json:5: /json: \"pretty\" is not known here; use one of compact, "
     "spaced, escaped"},
    {"a name with a slash in it",
     "{\n\"dialect\": \"my/ne\"}",
     "mine.json:2: /dialect: \"my/ne\" is no name; 1 to 31 letters, digits, - "
     "and _"},
    {"a name that is empty", "{\n\"dialect\": \"\"}",
     "mine.json:2: /dialect: \"\" is no name; 1 to 31 letters, digits, - and "
     "_"},
    {"a name of 31", "{\n\"dialect\": \"a234567890123456789012345678901\"}",
     "mine.json:1: \"title\" is missing here"},
    {"a name of 32", "{\n\"dialect\": \"a2345678901234567890123456789012\"}",
     "mine.json:2: /dialect: \"a2345678901234567890123456789012\" is no name; 1 "
     "to 31 letters, digits, - and _"},
    {"a media type of two lines", TOP("\"json_type\": \"a\\r\\nb\""),
     "mine.json:5: /json_type: a control character stands in it; it is one "
     "line"},
    {"a header's name with a blank",
     TOP("\"headers\": {\"all\": {\"A B\": \"c\"}}"),
     "mine.json:5: /headers/all/A B: \"A B\" is no header's name; see RFC 9110, "
     "section 5.1"},
    {"a header of two lines",
     TOP("\"headers\": {\"all\": {\"A\": \"{origin?}\\r\\nB: c\"}}"),
     "mine.json:5: /headers/all/A: no header may say this; visible ASCII and "
     "blanks, on one line"},
    {"a prefix without a slash", TOP("\"prefix\": \"api\""),
     "mine.json:5: /prefix: \"api\" is no prefix; it begins with a slash and "
     "does not end with one"},
    {"a prefix with a slash at the end", TOP("\"prefix\": \"/api/\""),
     "mine.json:5: /prefix: \"/api/\" is no prefix; it begins with a slash and "
     "does not end with one"},
    {"a place where nothing stands", TOP("\"receive\": {\"access\": [\"x\"]}"),
     "mine.json:5: /receive/access/0: \"x\" is no place; write /pointer, "
     "header:NAME or cookie:NAME"},
    {"a field that is none", TOP("\"receive\": {\"acces\": [\"/x\"]}"),
     "mine.json:5: /receive/acces: \"acces\" is no field; the nearest is "
     "\"access\""},
    {"a role left out",
     TOP("\"roles\": {\"user\": \"u\", \"moderator\": \"m\"}"),
     "mine.json:5: /roles: \"admin\" is missing here"},
    {"five places to read a token from",
     TOP("\"reads\": [{\"header\":\"A\"},{\"header\":\"B\"},{\"header\":\"C\"},"
         "{\"header\":\"D\"},{\"header\":\"E\"}]"),
     "mine.json:5: /reads/4: too many places; at most 4 may be read"},
    {"four of them",
     TOP("\"reads\": [{\"header\":\"A\"},{\"header\":\"B\"},{\"header\":\"C\"},"
         "{\"header\":\"D\"}]"),
     ""},

    {"an unknown message", HEAD MESSAGES("\"refrsh\": {}"),
     "mine.json:6: /messages/refrsh: \"refrsh\" is no message; the nearest is "
     "\"refresh\""},
    {"a message without a request", HEAD MESSAGES("\"refresh\": {}"),
     "mine.json:6: /messages/refresh: \"request\" is missing here"},
    {"a method nobody knows", REQUEST("\"method\": \"FETCH\", \"path\": \"/\""),
     "mine.json:7: /messages/refresh/request/method: \"FETCH\" is not known "
     "here; use one of GET, POST, PUT, PATCH, DELETE"},
    {"a path without a slash", REQUEST("\"method\": \"GET\", \"path\": \"x\""),
     "mine.json:7: /messages/refresh/request/path: \"x\" is no path; it begins "
     "with a slash"},
    {"a path of a blank alone",
     REQUEST("\"method\": \"GET\", \"path\": \"{path}\""),
     "mine.json:7: /messages/refresh/request/path: \"{path}\" is no path; it "
     "begins with a slash"},
    {"an unknown key in a request", REQUEST(GOOD_REQUEST ", \"bdy\": {}"),
     "mine.json:7: /messages/refresh/request/bdy: \"bdy\" is no key here; use "
     "one of method, path, at_mount, headers, query, encoding, accepts, body"},
    {"a request's body that is not flat",
     REQUEST(GOOD_REQUEST ", \"body\": {\"a\": {\"b\": \"{refresh}\"}}"),
     "mine.json:7: /messages/refresh/request/body/a: a request's body is flat; "
     "a member is a string, a number or a word"},

    {"an unknown case", REPLIES("\"expierd\": {\"status\": 401}"),
     "mine.json:8: /messages/refresh/replies/expierd: \"expierd\" is no case; "
     "the nearest is \"expired\""},
    {"a case with a field that is none",
     REPLIES("\"missing.refrehs\": {\"status\": 401}"),
     "mine.json:8: /messages/refresh/replies/missing.refrehs: "
     "\"missing.refrehs\" is no case; behind the dot stands a field, and only "
     "where the case is about one"},
    {"a case that is about no field",
     REPLIES("\"expired.refresh\": {\"status\": 401}"),
     "mine.json:8: /messages/refresh/replies/expired.refresh: "
     "\"expired.refresh\" is no case; behind the dot stands a field, and only "
     "where the case is about one"},
    {"a reply without a status", REPLIES("\"ok\": {}"),
     "mine.json:8: /messages/refresh/replies/ok: \"status\" is missing here"},
    {"a status below 200", REPLIES("\"ok\": {\"status\": 199}"),
     "mine.json:8: /messages/refresh/replies/ok/status: \"199\" is no status "
     "of a reply; write a whole number from 200 to 599"},
    {"the first status", REPLIES("\"ok\": {\"status\": 200}"), ""},
    {"the last status", REPLIES("\"internal\": {\"status\": 599}"), ""},
    {"a status above 599", REPLIES("\"ok\": {\"status\": 600}"),
     "mine.json:8: /messages/refresh/replies/ok/status: \"600\" is no status "
     "of a reply; write a whole number from 200 to 599"},
    {"a status with a fraction", REPLIES("\"ok\": {\"status\": 200.5}"),
     "mine.json:8: /messages/refresh/replies/ok/status: \"200.5\" is no status "
     "of a reply; write a whole number from 200 to 599"},
    {"a list of statuses that is empty", REPLIES("\"ok\": {\"status\": []}"),
     "mine.json:8: /messages/refresh/replies/ok/status: the list is empty; "
     "write at least one status"},
    {"five statuses",
     REPLIES("\"ok\": {\"status\": [200, 201, 202, 203, 204]}"),
     "mine.json:8: /messages/refresh/replies/ok/status/4: too many statuses; "
     "at most 4"},
    {"a refusal that no client would hear",
     REPLIES("\"expired\": {\"status\": 500}"),
     "mine.json:8: /messages/refresh/replies/expired: clients take this status "
     "for passing trouble; a refusal needs one of 400 to 499, but for 408, 425 "
     "and 429"},
    {"a refusal that says wait",
     REPLIES("\"expired\": {\"status\": [401, 429]}"),
     "mine.json:8: /messages/refresh/replies/expired: clients take this status "
     "for passing trouble; a refusal needs one of 400 to 499, but for 408, 425 "
     "and 429"},
    {"body and text",
     REPLIES("\"ok\": {\"status\": 200, \"body\": {}, "
             "\"text\": \"x\"}"),
     "mine.json:8: /messages/refresh/replies/ok/text: both body and text stand "
     "here; a reply has one of them"},
    {"replies shared with a message that is none",
     HEAD MESSAGES("\"refresh\": {\"request\": {" GOOD_REQUEST
                   "}, \"replies\": \"sign_inn\"}"),
     "mine.json:6: /messages/refresh/replies: \"sign_inn\" has no replies to "
     "share; name a message that stands before"},
    {"replies shared with itself",
     HEAD MESSAGES("\"refresh\": {\"request\": {" GOOD_REQUEST
                   "}, \"replies\": \"refresh\"}"),
     "mine.json:6: /messages/refresh/replies: \"refresh\" has no replies to "
     "share; name a message that stands before"},

    {"a blank that is no field", BODY("{\"a\": \"{acess}\"}"),
     "mine.json:8: /messages/refresh/replies/ok/body/a: \"acess\" is no field; "
     "the nearest is \"access\""},
    {"a blank without a name", BODY("\"{}\""),
     "mine.json:8: /messages/refresh/replies/ok/body: \"\" is no field; the "
     "nearest is \"id\""},
    {"a blank that is not closed", BODY("\"x {access\""),
     "mine.json:8: /messages/refresh/replies/ok/body: a { is not closed; write "
     "{name}, {name?} or {*:text}"},
    {"two blanks side by side", BODY("\"{username}{email}\""),
     "mine.json:8: /messages/refresh/replies/ok/body: two blanks stand side by "
     "side; nothing tells where one ends: put text between"},
    {"a blank that matches anything beside another",
     BODY("\"{username}{*:x}\""),
     "mine.json:8: /messages/refresh/replies/ok/body: two blanks stand side by "
     "side; nothing tells where one ends: put text between"},
    {"a list within a text", BODY("\"your roles: {roles}\""),
     "mine.json:8: /messages/refresh/replies/ok/body: \"roles\" is no text; it "
     "can only stand alone in a string"},
    {"a body in two wordings", BODY("[{\"a\": \"{access}\"}, {\"b\": 1}]"), ""},
    {"no wording at all", BODY("[]"),
     "mine.json:8: /messages/refresh/replies/ok/body: the list is empty; leave "
     "it out where there is no body"},
    {"eight levels",
     BODY("{\"1\":{\"2\":{\"3\":{\"4\":{\"5\":{\"6\":{\"7\":1}}}}}}}"), ""},
    {"nine levels",
     BODY("{\"1\":{\"2\":{\"3\":{\"4\":{\"5\":{\"6\":{\"7\":{\"8\":1}}}}}}}}"),
     "mine.json:8: /messages/refresh/replies/ok/body/1/2/3/4/5/6/7/8: the "
     "template is too deep; at most 8 levels"},

    {"two messages at one path",
     HEAD MESSAGES(
         REFRESH(GOOD_REQUEST, GOOD_REPLY) ",\n\"verify\": "
                                           "{\"request\": {" GOOD_REQUEST
                                           "}, \"replies\": {}}"),
     "mine.json:9: /messages/verify/request/path: \"refresh\" has the same "
     "method and path; a fixed text in body, query or headers must tell them "
     "apart"},
    {"two at one path, but a fixed text tells them apart",
     HEAD MESSAGES(
         REFRESH(GOOD_REQUEST,
                 GOOD_REPLY) ",\n\"verify\": "
                             "{\"request\": {" GOOD_REQUEST
                             ", \"body\": {\"a\": \"b\"}}, \"replies\": {}}"),
     ""},
    {"served, but it does not rotate", TOP("\"mount\": 1"),
     "mine.json:3: /rotation: a dialect with a mount rotates its refresh "
     "tokens; write offered or committed"},
};
// clang-format on

static void errors(void **state)
{
    char *memory = malloc(DIALECT_MEMORY);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct dialect d;
        struct dialect_error error;
        enum dialect_result result;

        CASE(rows[i].name);
        result = dialect_load(&d, SPAN("mine.json"), span_of(rows[i].text),
                              (struct span){memory, DIALECT_MEMORY}, &error);
        CHECK_TEXT(error.text, rows[i].want);
        CHECK_EQ(result, rows[i].want[0] ? DIALECT_BAD : DIALECT_OK);
        if (result == DIALECT_BAD) {
            CHECK_EQ(d.name.length, 0);
            CHECK(error.line > 0);
        }
        // Without a place for the error it is the same answer.
        CHECK_EQ(dialect_load(&d, SPAN("mine.json"), span_of(rows[i].text),
                              (struct span){memory, DIALECT_MEMORY}, NULL),
                 result);
    }
    free(memory);
}

static void served(void **state)
{
    static const char text[] =
        "{\"dialect\":\"mine\",\"title\":\"Mine\",\"mount\":1,\"rotation\":"
        "\"offered\",\"repeat\":\"safe\",\"send\":{\"header\":\"X\"},\n"
        "\"errors\":{\"no_token\":{\"status\":401}},\"messages\":{}}";
    char *memory = malloc(DIALECT_MEMORY);
    struct dialect d;
    struct dialect_error error;

    (void)state;
    CASE("a served dialect must have words for what every server says");
    CHECK_EQ(dialect_load(&d, SPAN("mine.json"), SPAN(text),
                          (struct span){memory, DIALECT_MEMORY}, &error),
             DIALECT_BAD);
    CHECK_TEXT(error.text, "mine.json:2: /errors: \"bad_token\" is missing "
                           "here; a dialect with a mount needs it");
    free(memory);
}

static void shipped(void **state)
{
    unsigned defaults = 0;
    unsigned mounts = 0;

    (void)state;
    for (size_t i = 0; i < dialect_sources_count; i++) {
        const struct dialect *d;

        check_case("%s loads", dialect_sources[i].name);
        d = kit_dialect(dialect_sources[i].name);
        if (d == NULL)
            continue;
        CHECK(span_is(d->name, dialect_sources[i].name));
        CHECK(dialect_has(d, MESSAGE_SIGN_IN));
        CHECK(dialect_has(d, MESSAGE_REFRESH));
        defaults += d->client_default;
        CHECK(!(mounts & 1u << d->mount) || d->mount == 0);
        mounts |= 1u << d->mount;
    }
    CASE("one is the clients' default, and it is found");
    CHECK_EQ(defaults, 1);
    CHECK(kit_dialect(dialect_find_default()->name)->client_default);
    CASE("nine are served, each at a place of its own, from the first on");
    CHECK_EQ(mounts, 0x3FF);
    CASE("no other name is found");
    CHECK(dialect_find(SPAN("sta")) == NULL);
    CHECK(dialect_find(SPAN("stayy")) == NULL);
    CHECK(dialect_find(SPAN("")) == NULL);
}

/* In memory of just its size, so that a sanitizer sees every byte too many. */
static enum dialect_result load_copy(const char *text, size_t length,
                                     char *memory)
{
    char *copy = malloc(length + 1);
    struct dialect d;
    struct dialect_error error;
    enum dialect_result result;

    memcpy(copy, text, length);
    copy = realloc(copy, length > 0 ? length : 1);
    result = dialect_load(&d, SPAN("cut.json"), (struct span){copy, length},
                          (struct span){memory, DIALECT_MEMORY}, &error);
    CHECK_EQ(error.text[0] != 0, result != DIALECT_OK);
    free(copy);
    return result;
}

/* Every prefix of the small files; of a large one about 1,000. */
static void prefixes(void **state)
{
    char *memory = malloc(DIALECT_MEMORY);

    (void)state;
    for (size_t i = 0; i < dialect_sources_count; i++) {
        const struct dialect_source *s = &dialect_sources[i];
        size_t step = 1 + s->length / 2000;

        check_case("%s, cut anywhere, is an error", s->name);
        // The last byte is a line feed behind the last brace.
        for (size_t length = 0; length + 1 < s->length; length += step)
            if (!CHECK_EQ(load_copy(s->text, length, memory), DIALECT_BAD))
                break;
    }
    free(memory);
}

/* A byte changed anywhere: an answer, whichever, and no crash. */
static void damage(void **state)
{
    static const char bytes[] = "\"{],0\\";
    const struct dialect_source *s = dialect_find(SPAN("flask"));
    char *memory = malloc(DIALECT_MEMORY);
    char *text = malloc(s->length);
    unsigned bad = 0;
    unsigned good = 0;

    (void)state;
    CASE("one byte changed, anywhere");
    memcpy(text, s->text, s->length);
    for (size_t i = 0; i < s->length; i++) {
        for (size_t k = 0; k < sizeof bytes; k++) {
            text[i] = bytes[k];
            if (load_copy(text, s->length, memory) == DIALECT_OK)
                good++;
            else
                bad++;
        }
        text[i] = s->text[i];
    }
    CHECK(bad > 0 && good > 0);
    check_note("%u damaged files refused, %u taken", bad, good);
    free(text);
    free(memory);
}

/* From no memory to enough: full, then good, and never anything else. */
static void memory_sizes(void **state)
{
    const struct dialect_source *s = dialect_find(SPAN("express"));
    bool loaded = false;

    (void)state;
    CASE("memory of every size, at every address");
    for (size_t size = 0; size < DIALECT_MEMORY; size += 4093) {
        char *memory = malloc(size + 1);
        struct dialect d;
        struct dialect_error error;
        enum dialect_result result =
            dialect_load(&d, SPAN("e.json"), (struct span){s->text, s->length},
                         (struct span){memory + size % 2, size}, &error);

        CHECK_EQ(result, loaded ? DIALECT_OK : result);
        CHECK(result != DIALECT_BAD);
        if (result == DIALECT_FULL)
            CHECK_TEXT(error.text,
                       "e.json: too large for the memory it is given");
        loaded = result == DIALECT_OK;
        free(memory);
    }
    CHECK(loaded);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors),  cmocka_unit_test(served),
        cmocka_unit_test(shipped), cmocka_unit_test(prefixes),
        cmocka_unit_test(damage),  cmocka_unit_test(memory_sizes),
    };

    return check_run("core/dialect_load", tests);
}
