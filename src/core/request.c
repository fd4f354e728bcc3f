#include "core/request.h"

#include "core/template.h"

static void begin(struct json_writer *w, const struct dialect *dialect,
                  struct span buffer)
{
    json_begin(w, (char *)buffer.text, buffer.length, dialect->style);
}

/* What was written since `start`. */
static struct span written(const struct json_writer *w, size_t start)
{
    return (struct span){w->out + start, w->length - start};
}

static bool put_form_value(struct json_writer *w, const struct source *s,
                           const struct node *node)
{
    struct part blank = {
        .kind = PART_FIELD, .field = node->field, .optional = node->optional};

    if (node->kind == NODE_FIELD)
        return template_put_pattern(w, s, &(struct pattern){&blank, 1},
                                    ESCAPE_URL);
    if (node->kind == NODE_PATTERN)
        return template_put_pattern(w, s, &node->pattern, ESCAPE_URL);
    template_put_text(w, node->text, ESCAPE_URL);
    return true;
}

/* name=value&name=value (URL standard, application/x-www-form-urlencoded). */
static bool put_form(struct json_writer *w, const struct source *s,
                     const struct node *object)
{
    const struct node *end = node_behind(object);
    bool complete = true;
    bool first = true;

    for (const struct node *n = node_inside(object); n < end;
         n = node_behind(n)) {
        if (n->kind == NODE_FIELD && n->optional &&
            !fields_has(s->fields, (enum field)n->field))
            continue;
        template_put_text(w, first ? SPAN("") : SPAN("&"), ESCAPE_NONE);
        template_put_text(w, n->key, ESCAPE_URL);
        template_put_text(w, SPAN("="), ESCAPE_NONE);
        complete &= put_form_value(w, s, n);
        first = false;
    }
    return complete;
}

static bool put_target(struct json_writer *w, const struct source *s,
                       const struct request_rule *rule)
{
    bool complete = template_put_pattern(w, s, &rule->path, ESCAPE_URL);
    bool first = true;

    for (size_t i = 0; i < rule->query.count; i++) {
        const struct header_rule *one = &rule->query.list[i];

        if (template_lacks(s, &one->value))
            continue;
        template_put_text(w, first ? SPAN("?") : SPAN("&"), ESCAPE_NONE);
        template_put_text(w, one->name, ESCAPE_URL);
        template_put_text(w, SPAN("="), ESCAPE_NONE);
        complete &= template_put_pattern(w, s, &one->value, ESCAPE_URL);
        first = false;
    }
    return complete;
}

static bool put_headers(struct json_writer *w, const struct source *s,
                        const struct request_rule *rule, struct request *out)
{
    bool complete = true;

    for (size_t i = 0; i < rule->headers.count; i++) {
        const struct header_rule *one = &rule->headers.list[i];
        size_t start = w->length;

        if (template_lacks(s, &one->value))
            continue;
        if (out->headers_count == REQUEST_HEADERS_MAX)
            return false;
        complete &= template_put_pattern(w, s, &one->value, ESCAPE_HEADER);
        out->headers[out->headers_count++] =
            (struct header_line){one->name, written(w, start)};
    }
    return complete;
}

static bool put_body(struct json_writer *w, const struct source *s,
                     const struct request_rule *rule, struct request *out)
{
    const struct body *body = &rule->body;
    size_t start = w->length;
    bool complete;

    if (rule->encoding == ENCODING_NONE)
        return true;
    if (rule->encoding == ENCODING_FORM) {
        complete = put_form(w, s, body->nodes);
        out->content_type = SPAN("application/x-www-form-urlencoded");
    } else {
        w->follows = false;
        complete = template_put_bodies(w, s, &body, 1);
        out->content_type = SPAN("application/json");
    }
    out->body = written(w, start);
    return complete;
}

enum request_result request_build(const struct dialect *dialect,
                                  enum message message,
                                  const struct fields *fields,
                                  struct span buffer, struct request *out)
{
    const struct source source = {dialect, fields};
    const struct message_rules *rules = dialect->message[message];
    const struct request_rule *rule;
    struct json_writer w;
    bool complete;

    *out = (struct request){0};
    if (rules == NULL || rules->request.method.length == 0)
        return REQUEST_UNSPOKEN;
    rule = &rules->request;
    begin(&w, dialect, buffer);
    out->method = rule->method;
    complete = put_target(&w, &source, rule);
    out->target = written(&w, 0);
    complete &= put_headers(&w, &source, rule, out);
    complete &= put_body(&w, &source, rule, out);
    if (out->content_type.length > 0) {
        if (out->headers_count == REQUEST_HEADERS_MAX)
            return REQUEST_LARGE;
        out->headers[out->headers_count++] =
            (struct header_line){SPAN("Content-Type"), out->content_type};
    }
    if (w.overflow)
        return REQUEST_LARGE;
    return complete ? REQUEST_OK : REQUEST_INCOMPLETE;
}

size_t request_join(struct span base, struct span target, struct span buffer)
{
    struct json_writer w;

    json_begin(&w, (char *)buffer.text, buffer.length, JSON_COMPACT);
    if (base.length > 0 && base.text[base.length - 1] == '/')
        base.length--;
    while (target.length > 0 && target.text[0] == '/')
        target = span_tail(target, 1);
    template_put_text(&w, base, ESCAPE_NONE);
    template_put_text(&w, SPAN("/"), ESCAPE_NONE);
    template_put_text(&w, target, ESCAPE_NONE);
    return w.overflow ? 0 : w.length;
}
