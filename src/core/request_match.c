/*
 * Requests as the server reads them: which message, which fields, what is wrong.
 */
#include "core/request.h"

#include "base/assert.h"
#include "core/form.h"
#include "core/request_path.h"
#include "core/template.h"

enum { TOKENS_MAX = 256 };

/* ---- what a body, a form or a query holds ---- */

struct input {
    const struct dialect *dialect;
    const struct request_seen *seen;
    struct json json; /* count 0: no JSON body */
    struct span form;
    struct fields *fields;
    struct problems *problems;
};

static void add_problem(struct input *in, enum reply_kind kind,
                        enum field field)
{
    if (in->problems->count < PROBLEMS_MAX)
        in->problems->list[in->problems->count++] =
            (struct reply_case){kind, field};
}

static bool find_form(const struct input *in, const struct request_rule *rule,
                      struct span name, struct span *value)
{
    return form_find(in->form, name, value, NULL) ||
           ((rule->accepts & ENCODING_QUERY) &&
            form_find(in->seen->query, name, value, NULL));
}

/* RFC 6749, section 3.1: no parameter stands twice; which one counts would be
   anybody's guess. */
static bool stands_twice(const struct input *in, struct span name)
{
    struct span value;
    struct span rest;

    return form_find(in->form, name, &value, &rest) &&
           form_find(rest, name, &value, NULL);
}

static enum take_result take_encoded(struct input *in, enum field field,
                                     struct span encoded)
{
    const struct sink sink = {in->dialect, &in->json, in->fields};
    struct fields *f = in->fields;
    struct span text = {f->buffer + f->used, 0};

    if (!form_decode(encoded, f->buffer + f->used, f->size - f->used,
                     &text.length))
        return TAKE_LARGE;
    f->used += text.length;
    if (field_type(field) == FIELD_TYPE_WORDS)
        return template_take_words(&sink, field, text);
    if (field_type(field) != FIELD_TYPE_TEXT)
        return template_take_text(f, field, text);
    fields_set_text(f, field, text);
    return TAKE_DONE;
}

/* ---- literals: which message of those that share a path ---- */

enum fit { FIT, FIT_ABSENT, FIT_DIFFERENT };

static enum fit fit_member(const struct input *in,
                           const struct request_rule *rule,
                           const struct node *node)
{
    size_t value = json_member_span(&in->json, 0, node->key);
    struct span encoded;

    if (value != JSON_NONE)
        return json_string_is(&in->json, value, node->text) ? FIT
                                                            : FIT_DIFFERENT;
    if (!find_form(in, rule, node->key, &encoded) ||
        stands_twice(in, node->key))
        return FIT_ABSENT;
    return form_value_is(encoded, node->text) ? FIT : FIT_DIFFERENT;
}

static enum fit fit_body(const struct input *in,
                         const struct request_rule *rule)
{
    const struct node *object = rule->body.nodes;

    if (object == NULL)
        return FIT;
    for (const struct node *n = node_inside(object); n < node_behind(object);
         n = node_behind(n)) {
        enum fit fit = n->kind == NODE_STRING ? fit_member(in, rule, n) : FIT;

        if (fit != FIT)
            return fit;
    }
    return FIT;
}

static bool is_literal(const struct header_rule *rule)
{
    return rule->value.count == 1 && rule->value.parts[0].kind == PART_TEXT;
}

static bool fit_head(const struct input *in, const struct request_rule *rule)
{
    for (size_t i = 0; i < rule->query.count; i++) {
        const struct header_rule *one = &rule->query.list[i];
        struct span value;

        if (is_literal(one) &&
            (!form_find(in->seen->query, one->name, &value, NULL) ||
             !form_value_is(value, one->value.parts[0].text)))
            return false;
    }
    for (size_t i = 0; i < rule->headers.count; i++) {
        const struct header_rule *one = &rule->headers.list[i];
        struct span value =
            header_find(in->seen->headers, in->seen->headers_count, one->name);

        if (is_literal(one) &&
            !span_equal_nocase(value, one->value.parts[0].text))
            return false;
    }
    return true;
}

/*
 * Of the messages at this method and path: the first marked one whose marks
 * fit, else the one without marks. CASE_OK, or what is wrong with the marks.
 */
static enum reply_kind choose(const struct input *in, enum message *message)
{
    const struct dialect *d = in->dialect;
    enum reply_kind wrong = CASE_BAD_REQUEST;
    // The one that was found by method and path; no two of them lack marks.
    enum message plain =
        d->message[*message]->request.marked ? MESSAGE_NONE : *message;
    uint64_t rest = plain == MESSAGE_NONE ? d->requests : d->marked;

    for (; rest != 0; rest &= rest - 1) {
        enum message i = message_first(rest);
        const struct request_rule *rule = &d->message[i]->request;
        enum fit fit;

        if (!request_same_method(rule->method, in->seen->method) ||
            !request_stands_at(d, rule, in->seen->path, NULL))
            continue;
        if (!rule->marked) {
            if (plain == MESSAGE_NONE)
                plain = i;
            continue;
        }
        fit = fit_body(in, rule);
        if (fit == FIT_DIFFERENT)
            wrong = CASE_UNSUPPORTED;
        if (fit == FIT && fit_head(in, rule)) {
            *message = i;
            return CASE_OK;
        }
    }
    if (plain == MESSAGE_NONE)
        return wrong;
    *message = plain;
    return CASE_OK;
}

/* ---- fields ---- */

static void tell(struct input *in, const struct node *node,
                 enum take_result result)
{
    static const enum reply_kind kinds[] = {
        [TAKE_DONE] = CASE_OK,
        [TAKE_NULL] = CASE_NULL,
        [TAKE_WRONG_TYPE] = CASE_WRONG_TYPE,
        [TAKE_UNKNOWN_ROLE] = CASE_UNKNOWN_ROLE,
        [TAKE_LARGE] = CASE_TOO_LONG,
    };
    enum field field = (enum field)node->field;

    if (result == TAKE_NULL && node->optional)
        return;
    if (result != TAKE_DONE)
        add_problem(in, kinds[result], field);
    else if (field_type(field) == FIELD_TYPE_TEXT && !node->optional &&
             fields_text(in->fields, field).length == 0)
        add_problem(in, CASE_BLANK, field);
}

static void take_member(struct input *in, const struct request_rule *rule,
                        const struct node *node)
{
    const struct sink sink = {in->dialect, &in->json, in->fields};
    enum field field = (enum field)node->field;
    size_t value = json_member_span(&in->json, 0, node->key);
    struct span encoded;

    if (value != JSON_NONE)
        tell(in, node, template_take(&sink, field, value, false));
    else if (stands_twice(in, node->key))
        tell(in, node, TAKE_WRONG_TYPE);
    else if (find_form(in, rule, node->key, &encoded))
        tell(in, node, take_encoded(in, field, encoded));
    else if (!node->optional)
        add_problem(in, CASE_MISSING, field);
}

static void take_body(struct input *in, const struct request_rule *rule)
{
    const struct node *object = rule->body.nodes;

    if (object == NULL)
        return;
    for (const struct node *n = node_inside(object); n < node_behind(object);
         n = node_behind(n))
        if (n->kind == NODE_FIELD)
            take_member(in, rule, n);
}

/* Blanks in headers and in the query: a pattern that does not fit is absent. */
static void take_head(struct input *in, const struct request_rule *rule)
{
    const struct request_seen *seen = in->seen;

    for (size_t i = 0; i < rule->headers.count; i++) {
        const struct header_rule *one = &rule->headers.list[i];
        struct span value =
            header_find(seen->headers, seen->headers_count, one->name);

        if (!is_literal(one) && value.length > 0)
            (void)template_match_pattern(&one->value, value, in->fields);
    }
    for (size_t i = 0; i < rule->query.count; i++) {
        const struct header_rule *one = &rule->query.list[i];
        const struct part *part = one->value.parts;
        struct span value;

        if (one->value.count == 1 && part->kind == PART_FIELD &&
            form_find(seen->query, one->name, &value, NULL))
            (void)take_encoded(in, (enum field)part->field, value);
    }
}

/* ---- the body's kind ---- */

static bool says(struct span content_type, struct span word)
{
    size_t end = span_find(content_type, ';');

    for (size_t i = 0; i + word.length <= end; i++)
        if (span_equal_nocase(
                span_head(span_tail(content_type, i), word.length), word))
            return true;
    return false;
}

/* Has the dialect words for this case, here or for any message? */
static bool has_words(const struct dialect *d, enum message message,
                      enum reply_kind kind)
{
    const enum message places[] = {message, MESSAGE_NONE};

    for (size_t i = 0; i < COUNT(places); i++) {
        const struct message_rules *rules = d->message[places[i]];

        for (size_t k = 0; rules != NULL && k < rules->replies_count; k++)
            if (rules->replies[k].what.kind == kind)
                return true;
    }
    return false;
}

/* CASE_OK, or why the body cannot be read at all. */
static enum reply_kind read_input(struct input *in, enum message message,
                                  struct json_token tokens[TOKENS_MAX])
{
    const struct request_rule *rule = &in->dialect->message[message]->request;
    const struct request_seen *seen = in->seen;

    if (rule->body.nodes == NULL || seen->body.length == 0)
        return CASE_OK;
    if ((rule->accepts & ENCODING_FORM) &&
        says(seen->content_type, SPAN("x-www-form-urlencoded"))) {
        in->form = seen->body;
        return CASE_OK;
    }
    if (!(rule->accepts & ENCODING_JSON) ||
        !says(seen->content_type, SPAN("json")))
        // A family without words for this overlooks such a body.
        return has_words(in->dialect, message, CASE_WRONG_CONTENT_TYPE)
                   ? CASE_WRONG_CONTENT_TYPE
                   : CASE_OK;
    if (json_parse(&in->json, seen->body.text, seen->body.length, tokens,
                   TOKENS_MAX) != JSON_OK)
        return CASE_BAD_JSON;
    return tokens[0].type == JSON_OBJECT ? CASE_OK : CASE_BAD_REQUEST;
}

void request_match(const struct dialect *dialect,
                   const struct request_seen *seen, enum message *message,
                   struct fields *fields, struct problems *problems)
{
    UNSET struct json_token tokens[TOKENS_MAX];
    struct input in = {.dialect = dialect,
                       .seen = seen,
                       .fields = fields,
                       .problems = problems};
    const struct request_rule *rule;
    enum reply_kind kind;

    assert(dialect->message[*message] != NULL);
    problems->count = 0;
    kind = read_input(&in, *message, tokens);
    if (kind == CASE_OK)
        kind = choose(&in, message);
    if (kind != CASE_OK) {
        add_problem(&in, kind, FIELD_NONE);
        return;
    }
    rule = &dialect->message[*message]->request;
    (void)request_stands_at(dialect, rule, seen->path,
                            fields); // for the fields only
    take_head(&in, rule);
    take_body(&in, rule);
}
