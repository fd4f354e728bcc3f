/*
 * A dialect's file: requests.
 */
#include "core/dialect_file.h"

static const char *encoding_choice(unsigned i)
{
    static const char *const names[] = {"none", "json", "form", "query"};

    return names[i];
}

bool load_encoding(struct load *load, size_t value, unsigned *out)
{
    static const unsigned encodings[] = {ENCODING_NONE, ENCODING_JSON,
                                         ENCODING_FORM};
    unsigned choice = 0;

    if (!load_choice(load, value,
                     &(struct choices){encoding_choice, COUNT(encodings)},
                     &choice))
        return false;
    *out = encodings[choice];
    return true;
}

bool load_accepts(struct load *load, size_t list, unsigned *out)
{
    static const unsigned encodings[] = {ENCODING_NONE, ENCODING_JSON,
                                         ENCODING_FORM, ENCODING_QUERY};
    struct walk walk = load_walk(load, list);
    unsigned choice = 0;

    *out = 0;
    while (load_next(load, &walk)) {
        if (!load_type(load, walk.value, MAY_STRING) ||
            !load_choice(load, walk.value,
                         &(struct choices){encoding_choice, COUNT(encodings)},
                         &choice))
            return false;
        *out |= encodings[choice];
    }
    return true;
}

static const char *method_choice(unsigned i)
{
    static const char *const names[] = {"GET", "POST", "PUT", "PATCH",
                                        "DELETE"};

    return names[i];
}

static bool read_method(struct load *load, size_t value, void *into)
{
    struct request_rule *rule = into;
    unsigned choice = 0;

    rule->method = json_raw(&load->json, value);
    return load_choice(load, value, &(struct choices){method_choice, 5},
                       &choice);
}

static bool read_path(struct load *load, size_t value, void *into)
{
    struct pattern *path = &((struct request_rule *)into)->path;

    if (!template_compile_text(load, value, path))
        return false;
    if (path->count == 0 || path->parts[0].kind != PART_TEXT ||
        path->parts[0].text.text[0] != '/')
        return load_fail_word(load, value, json_raw(&load->json, value),
                              "is no path", "it begins with a slash");
    if (path->count == 1)
        ((struct request_rule *)into)->path_length = path->parts[0].text.length;
    return true;
}

static bool read_at_mount(struct load *load, size_t value, void *into)
{
    ((struct request_rule *)into)->at_mount =
        load->json.token[value].type == JSON_TRUE;
    return true;
}

static bool read_request_headers(struct load *load, size_t value, void *into)
{
    return load_headers(load, value, &((struct request_rule *)into)->headers);
}

static bool read_query(struct load *load, size_t value, void *into)
{
    return load_parameters(load, value, &((struct request_rule *)into)->query);
}

static bool read_request_encoding(struct load *load, size_t value, void *into)
{
    return load_encoding(load, value, &((struct request_rule *)into)->encoding);
}

static bool read_request_accepts(struct load *load, size_t value, void *into)
{
    return load_accepts(load, value, &((struct request_rule *)into)->accepts);
}

/* Flat, so that every request may be a form too. */
static bool read_request_body(struct load *load, size_t value, void *into)
{
    struct body *body = &((struct request_rule *)into)->body;
    struct walk walk = load_walk(load, value);

    while (load_next(load, &walk))
        if (json_type_at(&load->json, walk.value) <= JSON_ARRAY)
            return load_fail(load, walk.value, "a request's body is flat",
                             "a member is a string, a number or a word");
    return template_compile_json(load, value, body);
}

static const struct key_rule request_rules[] = {
    {"method",   MAY_STRING, true,  read_method          },
    {"path",     MAY_STRING, true,  read_path            },
    {"at_mount", MAY_BOOL,   false, read_at_mount        },
    {"headers",  MAY_OBJECT, false, read_request_headers },
    {"query",    MAY_OBJECT, false, read_query           },
    {"encoding", MAY_STRING, false, read_request_encoding},
    {"accepts",  MAY_ARRAY,  false, read_request_accepts },
    {"body",     MAY_OBJECT, false, read_request_body    },
};

static bool is_literal(const struct pattern *pattern)
{
    return pattern->count == 1 && pattern->parts[0].kind == PART_TEXT;
}

static bool has_literal(const struct header_rules *rules)
{
    for (size_t i = 0; i < rules->count; i++)
        if (is_literal(&rules->list[i].value))
            return true;
    return false;
}

static bool is_marked(const struct request_rule *rule)
{
    const struct node *object = rule->body.nodes;

    if (has_literal(&rule->headers) || has_literal(&rule->query))
        return true;
    if (object == NULL)
        return false;
    for (const struct node *n = node_inside(object); n < node_behind(object);
         n = node_behind(n))
        if (n->kind == NODE_STRING)
            return true;
    return false;
}

bool load_request(struct load *load, size_t value, void *into)
{
    struct request_rule *rule = &((struct message_rules *)into)->request;

    rule->encoding = load->dialect->encoding;
    rule->accepts = load->dialect->accepts;
    if (!load_object(load, value, request_rules, COUNT(request_rules), rule))
        return false;
    if (rule->body.nodes == NULL)
        rule->encoding = ENCODING_NONE;
    rule->marked = is_marked(rule);
    return true;
}
