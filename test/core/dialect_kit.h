/*
 * What the dialect tests share: loaded dialects, fields written as text,
 * requests and replies as text.
 */
#ifndef TEST_CORE_DIALECT_KIT_H
#define TEST_CORE_DIALECT_KIT_H

#include "core/dialect.h"
#include "core/reply.h"
#include "core/request.h"

/* Loaded once; NULL, and a failed row, when that fails. */
const struct dialect *kit_dialect(const char *name);

/* "id=1&username=ada": by type, each text borrowed from `text`. */
void kit_fields(struct fields *out, const char *text);

/* Every field of the vocabulary, with some value. */
void kit_all_fields(struct fields *out);

/* One field as text, "(none)" when it is not given. */
const char *kit_field(const struct fields *fields, enum field field,
                      char room[4096]);

/* "POST /path\nName: value\n\nbody", NUL-terminated. */
void kit_print_request(const struct request *request, char room[8192]);
void kit_print_reply(const struct reply *reply, char room[8192]);

/* "A: b\nC: d" as lines, borrowed. Returns how many. */
size_t kit_headers(const char *text, struct header_line *lines, size_t max);

/* JSON read with our own parser: jansson's names clash with ours. */
struct kit_json {
    char *text;
    struct json_token *tokens;
    struct json json;
};
bool kit_json_open(struct kit_json *out, const char *text, size_t length);
bool kit_json_file(struct kit_json *out, const char *path);
void kit_json_close(struct kit_json *json);
/* The string at `index`, cut to the room; "" when it is none. */
const char *kit_string(const struct json *json, size_t index, char room[2048]);
/* The first child of a container and the one behind `child`; 0 at the end. In
 * an object a child is a key, its value stands at child + 1. */
size_t kit_first(const struct json *json, size_t container);
size_t kit_next(const struct json *json, size_t container, size_t child);

/* What the server would see of a request that a client built. */
void kit_seen(const struct dialect *dialect, const struct request *request,
              char path[512], struct request_seen *out);

#endif
