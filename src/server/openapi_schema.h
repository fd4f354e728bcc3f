/*
 * What templates say, as JSON Schema: the parts of /openapi.json.
 */
#ifndef SERVER_OPENAPI_SCHEMA_H
#define SERVER_OPENAPI_SCHEMA_H

#include "base/json.h"
#include "core/dialect.h"
#include "core/template.h"

/* A member with a key and a text, a thing that is written often. */
void openapi_put_text(struct json_writer *w, const char *key,
                      struct span value);

/* Opens the object (or list) that stands under this key. */
void openapi_open(struct json_writer *w, const char *key, char bracket);

/* The parameters of a request, in path and query; no list without any. */
void openapi_put_parameters(struct json_writer *w,
                            const struct request_rule *rule);

/* `requestBody`, where one of these requests has a body. */
void openapi_put_request(struct json_writer *w,
                         const struct request_rule *const *rules, size_t count);

/* Statuses that these replies are written with, in order; how many. */
size_t openapi_statuses(const struct message_rules *const *rules, size_t count,
                        int *out, size_t room);

/*
 * A response object: what `rules` say with this status. The last of them are the
 * dialect's general errors, whose schemas are said once, under names of their
 * own, and referred to.
 */
struct openapi_reply {
    const struct dialect *dialect;
    const struct message_rules *const *rules;
    size_t count;
    int status;
};
void openapi_put_reply(struct json_writer *w,
                       const struct openapi_reply *reply);

/* Those schemas, one for each content type; `count` is 1. */
void openapi_put_general(struct json_writer *w,
                         const struct openapi_reply *reply);

#endif
