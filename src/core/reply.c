#include "core/reply.h"

#include "core/template.h"

static const struct reply_rule *find_exact(const struct message_rules *rules,
                                           struct reply_case what)
{
    if (rules == NULL)
        return NULL;
    for (size_t i = 0; i < rules->replies_count; i++)
        if (rules->replies[i].what.kind == what.kind &&
            rules->replies[i].what.field == what.field)
            return &rules->replies[i];
    return NULL;
}

/* This case, or the next more general one that these rules have words for. */
static const struct reply_rule *find_near(const struct message_rules *rules,
                                          struct reply_case what)
{
    const struct reply_case general = {what.kind, FIELD_NONE};
    const struct reply_rule *rule = find_exact(rules, what);

    if (rule == NULL)
        rule = find_exact(rules, general);
    if (rule != NULL || what.kind == CASE_INTERNAL)
        return rule;
    what.kind = reply_kind_next(what.kind);
    return find_near(rules, what);
}

static const struct reply_rule *find_reply(const struct dialect *d,
                                           enum message message,
                                           struct reply_case what)
{
    const struct reply_rule *rule = find_near(d->message[message], what);

    return rule != NULL ? rule : find_near(d->message[MESSAGE_NONE], what);
}

static bool has_header(const struct reply *reply, struct span name)
{
    return header_find(reply->headers, reply->headers_count, name).text != NULL;
}

static void add_line(struct reply *reply, struct json_writer *w,
                     struct span name, struct span value)
{
    if (reply->headers_count == REPLY_HEADERS_MAX)
        w->overflow = true;
    else
        reply->headers[reply->headers_count++] =
            (struct header_line){name, value};
}

/* A line that stands already is not written again: the reply's own win. */
static void add_headers(struct reply *reply, struct json_writer *w,
                        const struct source *s,
                        const struct header_rules *rules)
{
    for (size_t i = 0; i < rules->count; i++) {
        const struct header_rule *rule = &rules->list[i];
        const struct pattern *value = &rule->value;
        size_t start = w->length;

        if (has_header(reply, rule->name) || template_lacks(s, value))
            continue;
        if (value->count == 1 && value->parts[0].kind == PART_TEXT) {
            add_line(reply, w, rule->name, value->parts[0].text);
            continue;
        }
        (void)template_put_pattern(w, s, value, ESCAPE_HEADER); // as promised
        add_line(reply, w, rule->name,
                 (struct span){w->out + start, w->length - start});
    }
}

static bool is_among(const struct body *const bodies[], size_t count,
                     const struct body *body)
{
    for (size_t i = 0; i < count; i++)
        if (bodies[i] == body)
            return true;
    return false;
}

/* Bodies of the cases that may stand in one with the first, each once. */
static size_t merge(const struct dialect *d, const struct reply_ask *ask,
                    const struct body *bodies[BODIES_MAX])
{
    const struct reply_rule *first = find_reply(d, ask->message, ask->cases[0]);
    size_t used = 1;

    bodies[0] = &first->bodies[0];
    for (size_t i = 1; d->merge && i < ask->count && used < BODIES_MAX; i++) {
        const struct reply_rule *rule =
            find_reply(d, ask->message, ask->cases[i]);

        if (rule != NULL && rule->bodies_count > 0 &&
            rule->bodies[0].nodes != NULL &&
            rule->status[0] == first->status[0] &&
            !is_among(bodies, used, &rule->bodies[0]))
            bodies[used++] = &rule->bodies[0];
    }
    return used;
}

static bool is_html(struct span type)
{
    return span_equal_nocase(span_head(type, 9), SPAN("text/html"));
}

static struct span type_of(const struct dialect *d,
                           const struct reply_rule *rule)
{
    if (rule->type.length > 0)
        return rule->type;
    if (rule->bodies_count == 0)
        return (struct span){NULL, 0};
    return rule->bodies[0].nodes != NULL ? d->json_type : d->text_type;
}

static void put_body(struct json_writer *w, const struct source *s,
                     const struct reply_rule *rule, const struct reply_ask *ask)
{
    const struct body *bodies[BODIES_MAX];

    // A value that is not given is written as null: the reply still goes out.
    if (rule->bodies[0].nodes == NULL) {
        (void)template_put_pattern(
            w, s, &rule->bodies[0].text,
            is_html(type_of(s->dialect, rule)) ? ESCAPE_HTML : ESCAPE_NONE);
        return;
    }
    w->follows = false;
    (void)template_put_bodies(w, s, bodies, merge(s->dialect, ask, bodies));
}

/* The fields, and what the message itself says of its methods. */
static const struct fields *with_allow(const struct dialect *d,
                                       const struct reply_ask *ask,
                                       struct fields *room)
{
    const struct message_rules *rules = d->message[ask->message];

    if (rules == NULL || rules->allow.length == 0)
        return ask->fields;
    *room = *ask->fields;
    fields_set_text(room, FIELD_ALLOW, rules->allow);
    return room;
}

enum reply_result reply_build(const struct dialect *dialect,
                              const struct reply_ask *ask, struct span buffer,
                              struct reply *out)
{
    const struct reply_rule *rule =
        find_reply(dialect, ask->message, ask->cases[0]);
    UNSET struct fields room;
    const struct source source = {dialect, with_allow(dialect, ask, &room)};
    struct json_writer w;
    size_t start;

    out->headers_count = 0; // their rows are too many to be zeroed
    out->body = (struct span){NULL, 0};
    out->used = 0;
    if (rule == NULL)
        return REPLY_UNSPOKEN;
    json_begin(&w, (char *)buffer.text, buffer.length, dialect->style);
    out->status = rule->status[0];
    out->content_type = type_of(dialect, rule);
    if (out->content_type.length > 0)
        add_line(out, &w, SPAN("Content-Type"), out->content_type);
    add_headers(out, &w, &source, &rule->headers);
    if (out->status == 401)
        add_headers(out, &w, &source, &dialect->headers_401);
    add_headers(out, &w, &source, &dialect->headers);
    start = w.length;
    if (rule->bodies_count > 0)
        put_body(&w, &source, rule, ask);
    out->body = (struct span){w.out + start, w.length - start};
    out->used = w.length;
    return w.overflow ? REPLY_LARGE : REPLY_OK;
}
