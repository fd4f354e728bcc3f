#include "server/openapi_schema.h"

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

/* Has an earlier one of the same status the same type? */
static bool is_first_of_type(const struct openapi_reply *reply, size_t rule,
                             size_t at)
{
    struct span type =
        type_of(reply->dialect, &reply->rules[rule]->replies[at]);

    for (size_t i = 0; i <= rule; i++) {
        const struct message_rules *rules = reply->rules[i];

        if (rules == NULL)
            continue;
        for (size_t k = 0; k < rules->replies_count; k++) {
            if (i == rule && k == at)
                return true;
            if (rules->replies[k].status[0] == reply->status &&
                rules->replies[k].bodies_count > 0 &&
                span_equal(type_of(reply->dialect, &rules->replies[k]), type))
                return false;
        }
    }
    return true;
}

/* The schemas of all bodies of this status and type; empty: of any type. */
static void put_bodies(struct json_writer *w, const struct openapi_reply *reply,
                       struct span type)
{
    for (size_t i = 0; i < reply->count; i++) {
        const struct message_rules *rules = reply->rules[i];

        for (size_t k = 0; rules != NULL && k < rules->replies_count; k++) {
            const struct reply_rule *rule = &rules->replies[k];

            if (rule->status[0] != reply->status || rule->bodies_count == 0)
                continue;
            if (type.length == 0 ||
                span_equal(type, type_of(reply->dialect, rule)))
                put_body(w, &rule->bodies[0], true);
        }
    }
}

static void put_content(struct json_writer *w,
                        const struct openapi_reply *reply, struct span type)
{
    json_key(w, type);
    json_open(w, '{');
    openapi_open(w, "schema", '{');
    openapi_open(w, "anyOf", '[');
    put_bodies(w, reply, type);
    if (reply->general.length > 0) {
        json_open(w, '{');
        openapi_put_text(w, "$ref", reply->general);
        json_close(w, '}');
    }
    json_close(w, ']');
    json_close(w, '}');
    json_close(w, '}');
}

void openapi_put_any(struct json_writer *w, const struct openapi_reply *reply)
{
    json_open(w, '{');
    openapi_open(w, "anyOf", '[');
    put_bodies(w, reply, SPAN(""));
    json_open(w, '{');
    openapi_put_text(w, "description", SPAN("no body"));
    json_key(w, SPAN("maxLength"));
    json_put_int(w, 0);
    put_type(w, "string");
    json_close(w, '}');
    json_close(w, ']');
    json_close(w, '}');
}

void openapi_put_reply(struct json_writer *w, const struct openapi_reply *reply)
{
    bool any = false;

    json_open(w, '{');
    openapi_put_text(w, "description",
                     span_of(http_status_text(reply->status)));
    openapi_open(w, "content", '{');
    for (size_t i = 0; i < reply->count; i++) {
        const struct message_rules *rules = reply->rules[i];

        for (size_t k = 0; rules != NULL && k < rules->replies_count; k++) {
            if (rules->replies[k].status[0] != reply->status ||
                rules->replies[k].bodies_count == 0 ||
                !is_first_of_type(reply, i, k))
                continue;
            put_content(w, reply, type_of(reply->dialect, &rules->replies[k]));
            any = true;
        }
    }
    if (!any && reply->general.length > 0)
        put_content(w, reply, reply->dialect->json_type);
    json_close(w, '}');
    json_close(w, '}');
}
