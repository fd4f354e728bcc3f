/*
 * Any bytes as a request's body, in a dialect that is served and under each of
 * its messages: what is read lies inside its room, roles are words of ours, and
 * what is wrong can be said. Then as the body of a reply, as clients read it.
 *
 * The first byte chooses the content type, the second the status and dialect.
 */
#include <stdlib.h>
#include <string.h>

#include "core/dialect.h"
#include "core/reply.h"
#include "core/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DIALECTS_MAX = 32, BUFFER_SIZE = 256 * 1024, TARGET_SIZE = 256 };

static struct dialect dialects[DIALECTS_MAX];
static size_t dialects_count;

/* Where each message stands, and how it is asked for. */
static struct {
    struct span method;
    char path[TARGET_SIZE];
} targets[DIALECTS_MAX][MESSAGE_COUNT];

static void must(bool held)
{
    if (!held)
        abort();
}

static void find_target(size_t number, enum message message)
{
    const struct dialect *d = &dialects[number];
    static char buffer[BUFFER_SIZE];
    struct request request;
    struct fields fields;
    struct span prefix = message == MESSAGE_WELCOME ? SPAN("") : d->prefix;
    char *path = targets[number][message].path;

    fields_init(&fields, NULL, 0);
    for (unsigned i = 1; i < FIELD_COUNT; i++)
        if (field_type((enum field)i) == FIELD_TYPE_TEXT)
            fields_set_text(&fields, (enum field)i, SPAN("x"));
        else if (field_type((enum field)i) == FIELD_TYPE_INT)
            fields_set_int(&fields, (enum field)i, 1);
    if (request_build(d, message, &fields, (struct span){buffer, sizeof buffer},
                      &request) == REQUEST_UNSPOKEN)
        return;
    targets[number][message].method = request.method;
    must(prefix.length + request.target.length < TARGET_SIZE);
    if (prefix.length > 0)
        memcpy(path, prefix.text, prefix.length);
    memcpy(path + prefix.length, request.target.text,
           span_find(request.target, '?'));
}

static void load_all(void)
{
    for (size_t i = 0; i < dialect_sources_count; i++) {
        const struct dialect_source *source = &dialect_sources[i];
        size_t size = DIALECT_MEMORY + source->length;

        must(i < DIALECTS_MAX);
        must(dialect_load(&dialects[i], span_of(source->name),
                          (struct span){source->text, source->length},
                          (struct span){malloc(size), size},
                          NULL) == DIALECT_OK);
        for (unsigned m = MESSAGE_WELCOME; m < MESSAGE_COUNT; m++)
            if (dialect_has(&dialects[i], (enum message)m))
                find_target(i, (enum message)m);
    }
    dialects_count = dialect_sources_count;
}

static void must_be_roles(struct span words)
{
    static const char *const sets[] = {
        "",      "user",       "moderator",       "user moderator",
        "admin", "user admin", "moderator admin", "user moderator admin",
    };

    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
        if (span_is(words, sets[i]))
            return;
    must(false);
}

static void check_fields(const struct fields *f)
{
    must(f->used <= f->size);
    must_be_roles(fields_text(f, FIELD_ROLES));
    must_be_roles(fields_text(f, FIELD_ASKED_ROLES));
    for (unsigned i = 1; i < FIELD_COUNT; i++) {
        struct span text;

        if (field_type((enum field)i) != FIELD_TYPE_TEXT ||
            !fields_has(f, (enum field)i))
            continue;
        text = fields_text(f, (enum field)i);
        must(text.length == 0 ||
             (text.text >= f->buffer && text.length <= f->size &&
              text.text + text.length <= f->buffer + f->size));
    }
}

static void answer(const struct dialect *d, enum message message,
                   const struct problems *problems, const struct fields *f)
{
    static char buffer[BUFFER_SIZE];
    const struct reply_ask ask = {message, problems->list, problems->count, f};
    struct reply reply;

    must(problems->count <= PROBLEMS_MAX);
    if (problems->count > 0)
        must(reply_build(d, &ask, (struct span){buffer, sizeof buffer},
                         &reply) == REPLY_OK);
}

static void read_as_request(size_t number, enum message message,
                            struct span type, struct span body)
{
    const struct dialect *d = &dialects[number];
    // As the server: beside what the request itself is long.
    size_t room = 2 * body.length + 512;
    struct request_seen seen = {.method = targets[number][message].method,
                                .path = span_of(targets[number][message].path),
                                .content_type = type,
                                .query = body,
                                .body = body};
    char *buffer = malloc(room);
    struct problems problems;
    struct fields fields;

    must(buffer != NULL);
    fields_init(&fields, buffer, room);
    request_match(d, &seen, &message, &fields, &problems);
    check_fields(&fields);
    answer(d, message, &problems, &fields);
    free(buffer);
}

static void read_as_reply(const struct dialect *d, enum message message,
                          int status, struct span body)
{
    const struct answer seen = {.status = status, .body = body};
    size_t room = body.length * 2 + 512;
    char *buffer = malloc(room);
    struct fields fields;

    must(buffer != NULL);
    fields_init(&fields, buffer, room);
    (void)reply_match(d, message, &seen, &fields);
    must(fields.used <= fields.size);
    free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {"application/json",
                                        "application/x-www-form-urlencoded",
                                        "text/plain", ""};
    // A copy of just this length: reading beyond it is seen.
    char *body;
    size_t number;

    if (dialects_count == 0)
        load_all();
    if (size < 2)
        return 0;
    body = malloc(size - 2 + (size == 2));
    must(body != NULL);
    memcpy(body, data + 2, size - 2);
    number = (data[1] >> 1) % dialects_count;
    for (unsigned m = MESSAGE_PREFLIGHT; m < MESSAGE_COUNT; m++) {
        const struct span text = {body, size - 2};

        if (!dialect_has(&dialects[number], (enum message)m))
            continue;
        if (dialects[number].mount > 0 && m > MESSAGE_PREFLIGHT)
            read_as_request(number, (enum message)m,
                            span_of(types[data[0] & 3]), text);
        read_as_reply(&dialects[number], (enum message)m,
                      data[1] & 1 ? 200 : 401, text);
    }
    free(body);
    return 0;
}
