/*
 * Reading templates: values out of what was written with them.
 */
#include "core/template.h"

enum { UNESCAPED_SIZE = 2048 };

/* Where `word` first stands in `text`, or past its end. */
static size_t find_text(struct span text, struct span word)
{
    for (size_t i = 0; i + word.length <= text.length; i++)
        if (span_equal(span_head(span_tail(text, i), word.length), word))
            return i;
    return text.length + 1;
}

/*
 * How long the blank at the start of `text` is: up to the first place where
 * the text behind it stands; the last text of a pattern must end all.
 */
static size_t blank_length(struct span text, const struct part *next, bool last)
{
    if (next == NULL)
        return text.length;
    if (!last)
        return find_text(text, next->text);
    if (text.length < next->text.length ||
        !span_equal(span_tail(text, text.length - next->text.length),
                    next->text))
        return text.length + 1;
    return text.length - next->text.length;
}

bool template_match_pattern(const struct pattern *pattern, struct span text,
                            struct fields *fields)
{
    for (size_t i = 0; i < pattern->count; i++) {
        const struct part *part = &pattern->parts[i];
        const struct part *next = i + 1 < pattern->count ? part + 1 : NULL;
        size_t length;

        if (part->kind == PART_TEXT) {
            if (!span_starts(text, part->text))
                return false;
            text = span_tail(text, part->text.length);
            continue;
        }
        length = blank_length(text, next, i + 2 == pattern->count);
        if (length > text.length)
            return false;
        if (part->kind == PART_FIELD && fields != NULL && length > 0)
            (void)template_take_text(fields, (enum field)part->field,
                                     span_head(text, length));
        text = span_tail(text, length);
    }
    return text.length == 0;
}

enum take_result template_take_text(struct fields *fields, enum field field,
                                    struct span text)
{
    int64_t number;

    switch (field_type(field)) {
    case FIELD_TYPE_INT:
        if (!span_to_int(text, &number))
            return TAKE_WRONG_TYPE;
        fields_set_int(fields, field, number);
        return TAKE_DONE;
    case FIELD_TYPE_BOOL:
        if (!span_is(text, "true") && !span_is(text, "false"))
            return TAKE_WRONG_TYPE;
        fields_set_bool(fields, field, span_is(text, "true"));
        return TAKE_DONE;
    case FIELD_TYPE_WORDS:
    case FIELD_TYPE_JSON:
        return TAKE_WRONG_TYPE; // what they hold is never raw text
    case FIELD_TYPE_TEXT:
        break;
    }
    return fields_copy_text(fields, field, text) ? TAKE_DONE : TAKE_LARGE;
}

/* An unescaped copy of the string, in the fields' buffer. */
static enum take_result take_string(const struct sink *sink, enum field field,
                                    size_t index)
{
    struct fields *f = sink->fields;
    char *copy = f->buffer + f->used;
    size_t length;

    if (!json_string(sink->json, index, copy, f->size - f->used, &length)) {
        f->overflow = true;
        return TAKE_LARGE;
    }
    f->used += length;
    fields_set_text(f, field, (struct span){copy, length});
    return TAKE_DONE;
}

static enum take_result take_number(const struct sink *sink, enum field field,
                                    size_t index, bool lenient)
{
    int64_t number;

    if (json_int(sink->json, index, &number) ||
        (lenient && json_type_at(sink->json, index) == JSON_STRING &&
         span_to_int(json_raw(sink->json, index), &number))) {
        fields_set_int(sink->fields, field, number);
        return TAKE_DONE;
    }
    return TAKE_WRONG_TYPE;
}

/* Bit of the role, or 0 when no word of the list is this string. */
static unsigned role_bit(const struct role_words *words,
                         const struct json *json, size_t index)
{
    for (size_t i = 0; i < words->count; i++)
        if (json_string_is(json, index, words->list[i].word))
            return 1u << words->list[i].role;
    return 0;
}

static void set_roles(struct fields *f, enum field field, unsigned roles)
{
    // All sets of three roles, so that no buffer is needed.
    static const char *const sets[] = {
        "",      "user",       "moderator",       "user moderator",
        "admin", "user admin", "moderator admin", "user moderator admin",
    };

    fields_set_text(f, field, span_of(sets[roles & 7]));
}

static const struct role_words *words_of(const struct dialect *d,
                                         enum field field)
{
    return field == FIELD_ASKED_ROLES ? &d->asked_roles : &d->roles;
}

static enum take_result take_words(const struct sink *sink, enum field field,
                                   size_t list, bool lenient)
{
    const struct role_words *words = words_of(sink->dialect, field);
    unsigned roles = 0;

    if (json_type_at(sink->json, list) != JSON_ARRAY)
        return TAKE_WRONG_TYPE;
    for (size_t i = list + 1; i < sink->json->token[list].next;
         i = sink->json->token[i].next) {
        unsigned bit = role_bit(words, sink->json, i);

        if (bit == 0 && !lenient && !words->unknown_is_user) {
            if (json_type_at(sink->json, i) != JSON_STRING)
                return TAKE_WRONG_TYPE;
            (void)take_string(sink, FIELD_ROLE, i); // for the message only
            return TAKE_UNKNOWN_ROLE;
        }
        roles |= bit == 0 && words->unknown_is_user ? 1 : bit;
    }
    set_roles(sink->fields, field, roles);
    return TAKE_DONE;
}

enum take_result template_take_words(const struct sink *sink, enum field field,
                                     struct span text)
{
    const struct role_words *words = words_of(sink->dialect, field);
    unsigned roles = 0;

    while (text.length > 0) {
        size_t end = span_find(text, ' ');
        struct span word = span_head(text, end);
        unsigned bit = 0;

        for (size_t i = 0; i < words->count; i++)
            if (span_equal(word, words->list[i].word))
                bit = 1u << words->list[i].role;
        if (bit == 0 && !words->unknown_is_user) {
            fields_set_text(sink->fields, FIELD_ROLE, word);
            return TAKE_UNKNOWN_ROLE;
        }
        roles |= bit == 0 ? 1 : bit;
        text = span_tail(text, end + 1);
    }
    set_roles(sink->fields, field, roles);
    return TAKE_DONE;
}

enum take_result template_take(const struct sink *sink, enum field field,
                               size_t index, bool lenient)
{
    int type = json_type_at(sink->json, index);

    if (type == JSON_NULL) {
        sink->fields->null |= (uint64_t)1 << field;
        return TAKE_NULL;
    }
    switch (field_type(field)) {
    case FIELD_TYPE_TEXT:
        if (type == JSON_STRING)
            return take_string(sink, field, index);
        return TAKE_WRONG_TYPE;
    case FIELD_TYPE_INT:
        return take_number(sink, field, index, lenient);
    case FIELD_TYPE_BOOL:
        if (type != JSON_TRUE && type != JSON_FALSE)
            return TAKE_WRONG_TYPE;
        fields_set_bool(sink->fields, field, type == JSON_TRUE);
        return TAKE_DONE;
    case FIELD_TYPE_WORDS:
        return take_words(sink, field, index, lenient);
    case FIELD_TYPE_JSON:
        break;
    }
    return fields_copy_text(sink->fields, field, json_raw(sink->json, index))
               ? TAKE_DONE
               : TAKE_LARGE;
}

static bool match_node(const struct sink *sink, const struct node *node,
                       size_t index);

/* Members in any order; those the template does not name are passed over. */
static bool match_object(const struct sink *sink, const struct node *object,
                         size_t index)
{
    const struct node *end = node_behind(object);

    if (json_type_at(sink->json, index) != JSON_OBJECT)
        return false;
    for (const struct node *n = node_inside(object); n < end;
         n = node_behind(n)) {
        size_t value = json_member_span(sink->json, index, n->key);

        if (value == JSON_NONE && n->optional)
            continue;
        if (value == JSON_NONE || !match_node(sink, n, value))
            return false;
    }
    return true;
}

/* From the first element on; more of them are passed over. */
static bool match_array(const struct sink *sink, const struct node *list,
                        size_t index)
{
    const struct node *end = node_behind(list);
    size_t at = index + 1;

    if (json_type_at(sink->json, index) != JSON_ARRAY)
        return false;
    for (const struct node *n = node_inside(list); n < end;
         n = node_behind(n)) {
        if (at >= sink->json->token[index].next) {
            if (!n->optional)
                return false;
            continue;
        }
        if (!match_node(sink, n, at))
            return false;
        at = sink->json->token[at].next;
    }
    return true;
}

static bool match_mixed(const struct sink *sink, const struct node *node,
                        size_t index)
{
    char room[UNESCAPED_SIZE];
    struct span text = json_raw(sink->json, index);

    if (node->pattern.count == 1)
        return true; // {*:text} alone
    if (json_type_at(sink->json, index) != JSON_STRING)
        return false;
    if (sink->json->token[index].escaped) {
        text.text = room;
        if (!json_string(sink->json, index, room, sizeof room, &text.length))
            return false;
    }
    return template_match_pattern(&node->pattern, text, sink->fields);
}

static bool match_node(const struct sink *sink, const struct node *node,
                       size_t index)
{
    switch ((enum node_kind)node->kind) {
    case NODE_OBJECT:
        return match_object(sink, node, index);
    case NODE_ARRAY:
        return match_array(sink, node, index);
    case NODE_STRING:
        return json_string_is(sink->json, index, node->text);
    case NODE_WORD:
        return json_type_at(sink->json, index) != JSON_STRING &&
               span_equal(json_raw(sink->json, index), node->text);
    case NODE_FIELD:
        if (sink->fields != NULL &&
            !fields_has(sink->fields, (enum field)node->field))
            (void)template_take(sink, (enum field)node->field, index, true);
        return true;
    case NODE_PATTERN:
        break;
    }
    return match_mixed(sink, node, index);
}

bool template_match_body(const struct sink *sink, const struct body *body,
                         struct span text)
{
    if (body->nodes == NULL)
        return template_match_pattern(&body->text, text, sink->fields);
    return sink->json->count > 0 && match_node(sink, body->nodes, 0);
}
