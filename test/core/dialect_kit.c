#include "dialect_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

enum { KEPT_MAX = 32 };

static struct {
    const char *name;
    struct dialect dialect;
    char *memory;
} kept[KEPT_MAX];

const struct dialect *kit_dialect(const char *name)
{
    const struct dialect_source *source = dialect_find(span_of(name));
    struct dialect_error error;
    size_t i = 0;

    while (i < KEPT_MAX && kept[i].name && strcmp(kept[i].name, name) != 0)
        i++;
    if (i < KEPT_MAX && kept[i].name != NULL)
        return &kept[i].dialect;
    CHECK(source != NULL);
    CHECK(i < KEPT_MAX);
    if (source == NULL || i >= KEPT_MAX)
        return NULL;
    kept[i].memory = malloc(DIALECT_MEMORY);
    (void)dialect_load(&kept[i].dialect, span_of(name),
                       (struct span){source->text, source->length},
                       (struct span){kept[i].memory, DIALECT_MEMORY}, &error);
    if (!CHECK_TEXT(error.text, ""))
        return NULL;
    kept[i].name = name;
    return &kept[i].dialect;
}

static void set_field(struct fields *out, struct span name, struct span value)
{
    enum field field = field_find(name);

    CHECK(field != FIELD_NONE);
    if (field_type(field) == FIELD_TYPE_INT)
        fields_set_int(out, field, strtoll(value.text, NULL, 10));
    else if (field_type(field) == FIELD_TYPE_BOOL)
        fields_set_bool(out, field, span_is(value, "true"));
    else
        fields_set_text(out, field, value);
}

void kit_fields(struct fields *out, const char *text)
{
    struct span rest = span_of(text);

    fields_init(out, NULL, 0);
    while (rest.length > 0) {
        size_t end = span_find(rest, '&');
        struct span pair = span_head(rest, end);
        size_t equals = span_find(pair, '=');

        set_field(out, span_head(pair, equals), span_tail(pair, equals + 1));
        rest = span_tail(rest, end + 1);
    }
}

void kit_all_fields(struct fields *out)
{
    fields_init(out, NULL, 0);
    for (unsigned i = 1; i < FIELD_COUNT; i++) {
        enum field field = (enum field)i;

        switch (field_type(field)) {
        case FIELD_TYPE_INT:
            fields_set_int(out, field, 1000 + i);
            break;
        case FIELD_TYPE_BOOL:
            fields_set_bool(out, field, true);
            break;
        case FIELD_TYPE_WORDS:
            fields_set_text(out, field, SPAN("user admin"));
            break;
        case FIELD_TYPE_JSON:
            fields_set_text(out, field, SPAN("[]"));
            break;
        case FIELD_TYPE_TEXT:
            fields_set_text(out, field, span_of(field_name(field)));
            break;
        }
    }
}

const char *kit_field(const struct fields *fields, enum field field,
                      char room[4096])
{
    struct span text = fields_text(fields, field);

    if (!fields_has(fields, field))
        return "(none)";
    if (field_type(field) == FIELD_TYPE_INT ||
        field_type(field) == FIELD_TYPE_BOOL)
        (void)snprintf(room, 4096, "%lld",
                       (long long)fields_int(fields, field, 0));
    else
        (void)snprintf(room, 4096, "%.*s", (int)text.length, text.text);
    return room;
}

static size_t print_lines(const struct header_line *lines, size_t count,
                          struct span body, char *room, size_t size)
{
    int used = 0;

    for (size_t i = 0; i < count; i++)
        used += snprintf(room + used, size - (size_t)used, "%.*s: %.*s\n",
                         (int)lines[i].name.length, lines[i].name.text,
                         (int)lines[i].value.length, lines[i].value.text);
    used += snprintf(room + used, size - (size_t)used, "\n%.*s",
                     (int)body.length, body.text ? body.text : "");
    return (size_t)used;
}

void kit_print_request(const struct request *request, char room[8192])
{
    int used = snprintf(room, 8192, "%.*s %.*s\n", (int)request->method.length,
                        request->method.text, (int)request->target.length,
                        request->target.text);

    (void)print_lines(request->headers, request->headers_count, request->body,
                      room + used, 8192 - (size_t)used);
}

void kit_print_reply(const struct reply *reply, char room[8192])
{
    int used = snprintf(room, 8192, "%d\n", reply->status);

    (void)print_lines(reply->headers, reply->headers_count, reply->body,
                      room + used, 8192 - (size_t)used);
}

size_t kit_headers(const char *text, struct header_line *lines, size_t max)
{
    struct span rest = span_of(text);
    size_t count = 0;

    while (rest.length > 0 && count < max) {
        size_t end = span_find(rest, '\n');
        struct span line = span_head(rest, end);
        size_t colon = span_find(line, ':');

        lines[count++] = (struct header_line){span_head(line, colon),
                                              span_tail(line, colon + 2)};
        rest = span_tail(rest, end + 1);
    }
    return count;
}

void kit_seen(const struct dialect *dialect, const struct request *request,
              char path[512], struct request_seen *out)
{
    size_t question = span_find(request->target, '?');
    int length = snprintf(path, 512, "%.*s%.*s", (int)dialect->prefix.length,
                          dialect->prefix.text ? dialect->prefix.text : "",
                          (int)question, request->target.text);

    *out = (struct request_seen){
        .method = request->method,
        .path = {path, (size_t)length},
        .query = span_tail(request->target, question + 1),
        .content_type = request->content_type,
        .headers = request->headers,
        .headers_count = request->headers_count,
        .body = request->body,
    };
}

bool kit_json_open(struct kit_json *out, const char *text, size_t length)
{
    size_t max = length + 1;

    out->text = malloc(length + 1);
    out->tokens = malloc(max * sizeof *out->tokens);
    memcpy(out->text, text, length);
    return json_parse(&out->json, out->text, length, out->tokens, max) ==
           JSON_OK;
}

bool kit_json_file(struct kit_json *out, const char *path)
{
    static char text[1 << 16];
    FILE *in = fopen(path, "rb");
    size_t length;

    *out = (struct kit_json){0};
    if (in == NULL)
        return false;
    length = fread(text, 1, sizeof text, in);
    (void)fclose(in); // only read
    return kit_json_open(out, text, length);
}

void kit_json_close(struct kit_json *json)
{
    free(json->text);
    free(json->tokens);
}

const char *kit_string(const struct json *json, size_t index, char room[2048])
{
    size_t length = 0;

    if (index == JSON_NONE || !json_string(json, index, room, 2047, &length))
        length = 0;
    room[length] = 0;
    return room;
}

static size_t behind(const struct json *json, size_t container, size_t at)
{
    return at < json->token[container].next ? at : 0;
}

size_t kit_first(const struct json *json, size_t container)
{
    int type = json_type_at(json, container);

    if (type != JSON_OBJECT && type != JSON_ARRAY)
        return 0;
    return behind(json, container, container + 1);
}

size_t kit_next(const struct json *json, size_t container, size_t child)
{
    bool object = json->token[container].type == JSON_OBJECT;

    return behind(json, container, json->token[child + object].next);
}
