#include "server/openapi_schema.h"

#include <stdio.h>
#include <string.h>

#include "server/http.h"

void openapi_put_text(struct json_writer *w, const char *key, struct span value)
{
    json_key(w, span_of(key));
    json_put_string(w, value);
}

void openapi_open(struct json_writer *w, const char *key, char bracket)
{
    json_key(w, span_of(key));
    json_open(w, bracket);
}

/* ---- Values ---- */

static void put_type(struct json_writer *w, const char *type)
{
    openapi_put_text(w, "type", span_of(type));
}

/* A value that is not known is written as null: in replies null is told of. */
static void put_type_or_null(struct json_writer *w, const char *type,
                             bool reply)
{
    if (!reply) {
        put_type(w, type);
        return;
    }
    openapi_open(w, "type", '[');
    json_put_string(w, span_of(type));
    json_put_string(w, SPAN("null"));
    json_close(w, ']');
}

static void put_field(struct json_writer *w, enum field field, bool reply)
{
    switch (field_type(field)) {
    case FIELD_TYPE_TEXT:
        put_type_or_null(w, "string", reply);
        break;
    case FIELD_TYPE_INT:
        put_type_or_null(w, "integer", reply);
        break;
    case FIELD_TYPE_BOOL:
        put_type_or_null(w, "boolean", reply);
        break;
    case FIELD_TYPE_WORDS:
        put_type_or_null(w, "array", reply);
        openapi_open(w, "items", '{');
        put_type(w, "string");
        json_close(w, '}');
        break;
    case FIELD_TYPE_JSON:
        break; // anything
    }
}

static void put_node(struct json_writer *w, const struct node *node,
                     bool reply);

static void put_required(struct json_writer *w, const struct node *object)
{
    const struct node *end = node_behind(object);

    openapi_open(w, "required", '[');
    for (const struct node *n = node_inside(object); n < end;
         n = node_behind(n))
        if (!n->optional)
            json_put_string(w, n->key);
    json_close(w, ']');
}

static void put_object(struct json_writer *w, const struct node *object,
                       bool reply)
{
    const struct node *end = node_behind(object);

    put_type(w, "object");
    openapi_open(w, "properties", '{');
    for (const struct node *n = node_inside(object); n < end;
         n = node_behind(n)) {
        json_key(w, n->key);
        put_node(w, n, reply);
    }
    json_close(w, '}');
    put_required(w, object);
}

/* The schema object of one value. */
static void put_node(struct json_writer *w, const struct node *node, bool reply)
{
    json_open(w, '{');
    switch ((enum node_kind)node->kind) {
    case NODE_OBJECT:
        put_object(w, node, reply);
        break;
    case NODE_ARRAY: // its elements may be those of several replies
        put_type(w, "array");
        break;
    case NODE_STRING:
        openapi_put_text(w, "const", node->text);
        break;
    case NODE_WORD:
        json_key(w, SPAN("const"));
        json_put_raw(w, node->text);
        break;
    case NODE_FIELD:
        put_field(w, (enum field)node->field, reply);
        break;
    case NODE_PATTERN:
        put_type(w, "string");
        break;
    }
    json_close(w, '}');
}

static void put_body(struct json_writer *w, const struct body *body, bool reply)
{
    if (body->nodes != NULL) {
        put_node(w, body->nodes, reply);
        return;
    }
    json_open(w, '{');
    put_type(w, "string");
    json_close(w, '}');
}

/* ---- Requests ---- */

static void put_parameter(struct json_writer *w, struct span name,
                          const char *where, bool required)
{
    json_open(w, '{');
    openapi_put_text(w, "name", name);
    openapi_put_text(w, "in", span_of(where));
    json_key(w, SPAN("required"));
    json_put_bool(w, required);
    openapi_open(w, "schema", '{');
    put_type(w, "string");
    json_close(w, '}');
    json_close(w, '}');
}

void openapi_put_parameters(struct json_writer *w,
                            const struct request_rule *rule)
{
    openapi_open(w, "parameters", '[');
    for (size_t i = 0; i < rule->path.count; i++)
        if (rule->path.parts[i].kind == PART_FIELD)
            put_parameter(
                w, span_of(field_name((enum field)rule->path.parts[i].field)),
                "path", true);
    // The same path is asked for without them too, and is another message then.
    for (size_t i = 0; i < rule->query.count; i++)
        put_parameter(w, rule->query.list[i].name, "query", false);
    json_close(w, ']');
}

static bool has_body(const struct request_rule *rule)
{
    return rule->body.nodes != NULL || rule->body.text.count > 0;
}

/* What of these requests is accepted in this encoding. */
static void put_media(struct json_writer *w,
                      const struct request_rule *const *rules, size_t count,
                      unsigned encoding)
{
    openapi_open(w,
                 encoding == ENCODING_JSON
                     ? "application/json"
                     : "application/x-www-form-urlencoded",
                 '{');
    openapi_open(w, "schema", '{');
    openapi_open(w, "anyOf", '[');
    for (size_t i = 0; i < count; i++)
        if (has_body(rules[i]) && (rules[i]->accepts & encoding) != 0)
            put_body(w, &rules[i]->body, false);
    json_close(w, ']');
    json_close(w, '}');
    json_close(w, '}');
}

void openapi_put_request(struct json_writer *w,
                         const struct request_rule *const *rules, size_t count)
{
    static const unsigned encodings[] = {ENCODING_JSON, ENCODING_FORM};
    unsigned accepted = 0;

    for (size_t i = 0; i < count; i++)
        if (has_body(rules[i]))
            accepted |= rules[i]->accepts;
    if ((accepted & (ENCODING_JSON | ENCODING_FORM)) == 0)
        return;
    openapi_open(w, "requestBody", '{');
    openapi_open(w, "content", '{');
    for (size_t i = 0; i < COUNT(encodings); i++)
        if ((accepted & encodings[i]) != 0)
            put_media(w, rules, count, encodings[i]);
    json_close(w, '}');
    json_close(w, '}');
}

/* ---- Replies ---- */

size_t openapi_statuses(const struct message_rules *const *rules, size_t count,
                        int *out, size_t room)
{
    size_t found = 0;

    for (int status = 200; status < 600; status++) {
        bool here = false;

        for (size_t i = 0; i < count; i++)
            for (size_t k = 0; rules[i] != NULL && k < rules[i]->replies_count;
                 k++)
                here |= rules[i]->replies[k].status[0] == status;
        if (here && found < room)
            out[found++] = status;
    }
    return found;
}

static struct span type_of(const struct dialect *dialect,
                           const struct reply_rule *rule)
{
    if (rule->type.length > 0 || rule->bodies_count == 0)
        return rule->type;
    return rule->bodies[0].nodes != NULL ? dialect->json_type
                                         : dialect->text_type;
}

/* The first of `rules` with this status and type, or NULL. */
static const struct reply_rule *find_type(const struct openapi_reply *reply,
                                          const struct message_rules *rules,
                                          struct span type)
{
    for (size_t i = 0; rules != NULL && i < rules->replies_count; i++) {
        const struct reply_rule *rule = &rules->replies[i];

        if (rule->status[0] == reply->status && rule->bodies_count > 0 &&
            span_equal(type_of(reply->dialect, rule), type))
            return rule;
    }
    return NULL;
}

static bool is_first_of_type(const struct openapi_reply *reply, size_t at,
                             const struct reply_rule *rule)
{
    struct span type = type_of(reply->dialect, rule);
    size_t i = 0;

    while (i < at && find_type(reply, reply->rules[i], type) == NULL)
        i++;
    return i == at && find_type(reply, reply->rules[at], type) == rule;
}

static void put_bodies(struct json_writer *w, const struct openapi_reply *reply,
                       const struct message_rules *rules, struct span type)
{
    for (size_t i = 0; rules != NULL && i < rules->replies_count; i++) {
        const struct reply_rule *rule = &rules->replies[i];

        if (rule->status[0] == reply->status && rule->bodies_count > 0 &&
            span_equal(type_of(reply->dialect, rule), type))
            put_body(w, &rule->bodies[0], true);
    }
}

enum {
    GENERAL_SIZE = 96,
};

/* "stay_401_0": dialect, status, and the number of its first such reply. */
static void name_general(const struct openapi_reply *reply,
                         const struct message_rules *rules,
                         const struct reply_rule *rule, char out[GENERAL_SIZE])
{
    (void)snprintf(out, GENERAL_SIZE, "%.*s_%d_%td",
                   (int)reply->dialect->name.length, reply->dialect->name.text,
                   reply->status, rule - rules->replies);
}

static void put_reference(struct json_writer *w,
                          const struct openapi_reply *reply,
                          const struct message_rules *rules, struct span type)
{
    const struct reply_rule *rule = find_type(reply, rules, type);
    char name[GENERAL_SIZE];
    char path[GENERAL_SIZE + 32];

    if (rule == NULL)
        return;
    name_general(reply, rules, rule, name);
    (void)snprintf(path, sizeof path, "#/components/schemas/%s", name);
    json_open(w, '{');
    openapi_put_text(w, "$ref", span_of(path));
    json_close(w, '}');
}

static void put_content(struct json_writer *w,
                        const struct openapi_reply *reply, struct span type)
{
    size_t last = reply->count - 1;

    json_key(w, type);
    json_open(w, '{');
    openapi_open(w, "schema", '{');
    openapi_open(w, "anyOf", '[');
    for (size_t i = 0; i < last; i++)
        put_bodies(w, reply, reply->rules[i], type);
    put_reference(w, reply, reply->rules[last], type);
    json_close(w, ']');
    json_close(w, '}');
    json_close(w, '}');
}

void openapi_put_general(struct json_writer *w,
                         const struct openapi_reply *reply)
{
    const struct message_rules *rules = reply->rules[0];
    char name[GENERAL_SIZE];

    for (size_t i = 0; rules != NULL && i < rules->replies_count; i++) {
        const struct reply_rule *rule = &rules->replies[i];

        if (rule->status[0] != reply->status || rule->bodies_count == 0 ||
            !is_first_of_type(reply, 0, rule))
            continue;
        name_general(reply, rules, rule, name);
        openapi_open(w, name, '{');
        openapi_open(w, "anyOf", '[');
        put_bodies(w, reply, rules, type_of(reply->dialect, rule));
        json_close(w, ']');
        json_close(w, '}');
    }
}

void openapi_put_reply(struct json_writer *w, const struct openapi_reply *reply)
{
    json_open(w, '{');
    openapi_put_text(w, "description",
                     span_of(http_status_text(reply->status)));
    openapi_open(w, "content", '{');
    for (size_t i = 0; i < reply->count; i++) {
        const struct message_rules *rules = reply->rules[i];

        for (size_t k = 0; rules != NULL && k < rules->replies_count; k++) {
            const struct reply_rule *rule = &rules->replies[k];

            if (rule->status[0] == reply->status && rule->bodies_count > 0 &&
                is_first_of_type(reply, i, rule))
                put_content(w, reply, type_of(reply->dialect, rule));
        }
    }
    json_close(w, '}');
    json_close(w, '}');
}
