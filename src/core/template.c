/*
 * From JSON values and strings with blanks to nodes and parts.
 */
#include "core/template.h"

#include "core/dialect_file.h"

enum { TEMPLATE_DEPTH_MAX = 8 };

static const char *field_choice(unsigned i)
{
    return field_name((enum field)(i + 1));
}

/* What stands between the braces. */
static bool read_blank(struct load *load, size_t token, struct span inside,
                       struct part *out)
{
    if (span_starts(inside, SPAN("*:"))) {
        *out = (struct part){.kind = PART_ANY, .text = span_tail(inside, 2)};
        return true;
    }
    *out = (struct part){.kind = PART_FIELD};
    out->optional = inside.length > 0 && inside.text[inside.length - 1] == '?';
    if (out->optional)
        inside.length--;
    out->field = (uint8_t)field_find(inside);
    if (out->field != FIELD_NONE)
        return true;
    return load_fail_choice(load, token, inside, "is no field",
                            &(struct choices){field_choice, FIELD_COUNT - 1});
}

static size_t count_parts(struct span text)
{
    size_t count = 1;

    for (size_t i = 0; i < text.length; i++)
        count += text.text[i] == '{' ? 2 : 0;
    return count;
}

/* One part; *rest is moved behind it. */
static bool read_part(struct load *load, size_t token, struct span *rest,
                      struct part *out)
{
    size_t open = span_find(*rest, '{');
    size_t close;

    if (open > 0) {
        *out = (struct part){.kind = PART_TEXT, .text = span_head(*rest, open)};
        *rest = span_tail(*rest, open);
        return true;
    }
    close = span_find(*rest, '}');
    if (close == rest->length)
        return load_fail(load, token, "a { is not closed",
                         "write {name}, {name?} or {*:text}");
    if (!read_blank(load, token, span_head(span_tail(*rest, 1), close - 1),
                    out))
        return false;
    *rest = span_tail(*rest, close + 1);
    return true;
}

static bool is_text(const struct part *part)
{
    return part->kind == PART_TEXT;
}

bool template_compile_text(struct load *load, size_t token, struct pattern *out)
{
    struct span text;
    struct part *parts;
    size_t count = 0;

    if (!load_type(load, token, MAY_STRING) || !load_text(load, token, &text))
        return false;
    parts = load_take(load, count_parts(text), sizeof *parts);
    if (parts == NULL)
        return false;
    while (text.length > 0) {
        if (!read_part(load, token, &text, &parts[count]))
            return false;
        if (count > 0 && !is_text(&parts[count]) && !is_text(&parts[count - 1]))
            return load_fail(load, token, "two blanks stand side by side",
                             "nothing tells where one ends: put text between");
        count++;
    }
    load_keep(load, parts, count * sizeof *parts);
    *out = (struct pattern){parts, count};
    return true;
}

/* Within a longer text only what is one word has a meaning. */
static bool check_types(struct load *load, size_t token,
                        const struct pattern *pattern)
{
    for (size_t i = 0; i < pattern->count; i++) {
        const struct part *part = &pattern->parts[i];
        enum field field = (enum field)part->field;

        if (part->kind == PART_FIELD && field_type(field) != FIELD_TYPE_TEXT &&
            field_type(field) != FIELD_TYPE_INT)
            return load_fail_word(load, token, span_of(field_name(field)),
                                  "is no text",
                                  "it can only stand alone in a string");
    }
    return true;
}

static bool compile_string(struct load *load, size_t token, struct node *node)
{
    struct pattern p = {NULL, 0};

    if (!template_compile_text(load, token, &p))
        return false;
    if (p.count == 0 || (p.count == 1 && p.parts[0].kind == PART_TEXT)) {
        node->kind = NODE_STRING;
        node->text = p.count ? p.parts[0].text : SPAN("");
        load_keep(load, p.parts, 0);
        return true;
    }
    if (p.count == 1 && p.parts[0].kind == PART_FIELD) {
        node->kind = NODE_FIELD;
        node->field = p.parts[0].field;
        node->optional = p.parts[0].optional;
        load_keep(load, p.parts, 0);
        return true;
    }
    node->kind = NODE_PATTERN;
    node->pattern = p;
    // {*:text} alone matches a member that is not there, too.
    node->optional = p.count == 1;
    return check_types(load, token, &p);
}

static bool compile(struct load *load, size_t token, struct node *nodes,
                    size_t *count, unsigned depth)
{
    size_t own = (*count)++;
    struct node *node = &nodes[own];
    struct walk walk;
    unsigned type = load->json.token[token].type;

    if (depth == TEMPLATE_DEPTH_MAX)
        return load_fail(load, token, "the template is too deep",
                         "at most 8 levels");
    node->size = 1;
    if (type == JSON_STRING)
        return compile_string(load, token, node);
    node->kind = type == JSON_OBJECT  ? NODE_OBJECT
                 : type == JSON_ARRAY ? NODE_ARRAY
                                      : NODE_WORD;
    if (node->kind == NODE_WORD) {
        node->text = json_raw(&load->json, token);
        return true;
    }
    walk = load_walk(load, token);
    while (load_next(load, &walk)) {
        struct node *inside = &nodes[*count];

        if (!compile(load, walk.value, nodes, count, depth + 1))
            return false;
        if (walk.object && !load_text(load, walk.key, &inside->key))
            return false;
    }
    node->size = (uint16_t)(*count - own);
    return true;
}

/* Values in the subtree: keys are tokens too, but no nodes. */
static size_t count_values(const struct load *load, size_t token)
{
    struct walk walk = load_walk(load, token);
    size_t count = 1;

    if (load->json.token[token].type > JSON_ARRAY)
        return count;
    while (load_next(load, &walk))
        count += count_values(load, walk.value);
    return count;
}

bool template_compile_json(struct load *load, size_t token, struct body *out)
{
    size_t count = count_values(load, token);
    struct node *nodes;
    size_t used = 0;

    if (count > UINT16_MAX)
        return load_fail(load, token, "the template is too large", NULL);
    nodes = load_take(load, count, sizeof *nodes);
    if (nodes == NULL || !compile(load, token, nodes, &used, 0))
        return false;
    *out = (struct body){.nodes = nodes};
    return true;
}
