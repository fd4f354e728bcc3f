/*
 * Requests as the server reads them: which message, which fields, what is wrong.
 */
#include "core/request.h"

#include "base/assert.h"
#include "core/request_path.h"
#include "core/template.h"

enum { TOKENS_MAX = 256, LITERAL_SIZE = 256 };

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

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes %XX and '+'; false when it does not fit or is malformed. */
static bool decode(struct span text, char *out, size_t max, size_t *length)
{
    size_t used = 0;

    while (text.length > 0) {
        size_t taken = 1;
        char c = text.text[0] == '+' ? ' ' : text.text[0];

        if (c == '%') {
            int high = text.length > 2 ? hex_value(text.text[1]) : -1;
            int low = text.length > 2 ? hex_value(text.text[2]) : -1;

            if (high < 0 || low < 0)
                return false;
            c = (char)(high << 4 | low);
            taken = 3;
        }
        if (used == max)
            return false;
        out[used++] = c;
        text = span_tail(text, taken);
    }
    *length = used;
    return true;
}

/* The value of `name`, still encoded; false when it is not there. */
static bool find_pair(struct span form, struct span name, struct span *value)
{
    char room[LITERAL_SIZE];

    while (form.length > 0) {
        size_t end = span_find(form, '&');
        struct span pair = span_head(form, end);
        size_t equals = span_find(pair, '=');
        size_t length;

        if (decode(span_head(pair, equals), room, sizeof room, &length) &&
            span_equal((struct span){room, length}, name)) {
            *value = span_tail(pair, equals + 1);
            return true;
        }
        form = span_tail(form, end + 1);
    }
    return false;
}

static bool find_form(const struct input *in, const struct request_rule *rule,
                      struct span name, struct span *value)
{
    return find_pair(in->form, name, value) ||
           ((rule->accepts & ENCODING_QUERY) &&
            find_pair(in->seen->query, name, value));
}

/* Undecodable is as different as another text. */
static bool encoded_is(struct span encoded, struct span text)
{
    char room[LITERAL_SIZE];
    size_t length;

    return decode(encoded, room, sizeof room, &length) &&
           span_equal((struct span){room, length}, text);
}

static enum take_result take_encoded(struct input *in, enum field field,
                                     struct span encoded)
{
    struct fields *f = in->fields;
    char *copy = f->buffer + f->used;
    size_t length;

    if (!decode(encoded, copy, f->size - f->used, &length))
        return TAKE_LARGE;
    // template_take_text copies once more, to the same place.
    if (field_type(field) == FIELD_TYPE_TEXT) {
        f->used += length;
        fields_set_text(f, field, (struct span){copy, length});
        return TAKE_DONE;
    }
    return template_take_text(f, field, (struct span){copy, length});
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
    if (!find_form(in, rule, node->key, &encoded))
        return FIT_ABSENT;
    return encoded_is(encoded, node->text) ? FIT : FIT_DIFFERENT;
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
            (!find_pair(in->seen->query, one->name, &value) ||
             !encoded_is(value, one->value.parts[0].text)))
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
    unsigned plain = MESSAGE_NONE;

    for (unsigned i = MESSAGE_WELCOME; i < MESSAGE_COUNT; i++) {
        const struct request_rule *rule;
        enum fit fit;

        if (d->message[i] == NULL)
            continue;
        rule = &d->message[i]->request;
        if (!request_same_method(rule->method, in->seen->method) ||
            !request_stands_at(d, rule, in->seen->path, NULL))
            continue;
        if (!rule->marked) {
            plain = i;
            continue;
        }
        fit = fit_body(in, rule);
        if (fit == FIT_DIFFERENT)
            wrong = CASE_UNSUPPORTED;
        if (fit == FIT && fit_head(in, rule)) {
            *message = (enum message)i;
            return CASE_OK;
        }
    }
    if (plain == MESSAGE_NONE)
        return wrong;
    *message = (enum message)plain;
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
            find_pair(seen->query, one->name, &value))
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
    if (!says(seen->content_type, SPAN("json")))
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
    struct json_token tokens[TOKENS_MAX];
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
