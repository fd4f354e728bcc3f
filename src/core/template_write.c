/*
 * Writing templates: values into their blanks.
 */
#include "core/date.h"
#include "core/template.h"

/* Of a value inside a longer text of a body; headers and URLs take all of it. */
enum { QUOTED_MAX = 512, MIXED_SIZE = 2048 };

static void put_bytes(struct json_writer *w, struct span text)
{
    w->follows = false;
    json_put_raw(w, text);
}

/* The number a field has, or that follows from others that are given. */
static bool read_number(const struct fields *f, enum field field, int64_t *out)
{
    int64_t in_s = fields_int(f, FIELD_EXPIRES_IN, -1);
    int64_t now_ms = fields_int(f, FIELD_NOW_MS, -1);

    *out = -1;
    if (fields_has(f, field)) {
        *out = f->value[field].number;
        return true;
    }
    if (field == FIELD_EXPIRES_IN_MS && in_s >= 0 && in_s < INT64_MAX / 1000)
        *out = in_s * 1000;
    if (field == FIELD_ISSUED_AT && now_ms >= 0)
        *out = now_ms / 1000;
    if (field == FIELD_EXPIRES_AT && in_s >= 0 && now_ms >= 0)
        *out = fields_int(f, FIELD_ISSUED_AT, now_ms / 1000) + in_s;
    return *out >= 0;
}

static bool has_value(const struct fields *f, enum field field)
{
    int64_t number;

    if (field_type(field) == FIELD_TYPE_INT)
        return read_number(f, field, &number);
    if (field == FIELD_NOW_ISO && fields_has(f, FIELD_NOW_MS))
        return true;
    return fields_has(f, field);
}

/* now_iso is written into `room`; all other texts are where they are. */
static struct span read_text(const struct fields *f, enum field field,
                             char room[DATE_ISO_LENGTH])
{
    if (field != FIELD_NOW_ISO || fields_has(f, field))
        return fields_text(f, field);
    date_put_iso(fields_int(f, FIELD_NOW_MS, 0), room);
    return (struct span){room, DATE_ISO_LENGTH};
}

static struct span word_of_role(const struct role_words *words,
                                struct span role)
{
    for (size_t i = 0; i < words->count; i++)
        if (span_is(role, dialect_role(words->list[i].role)))
            return words->list[i].word;
    return (struct span){NULL, 0};
}

/* "user admin" as ["ROLE_USER","ROLE_ADMIN"]. */
static void put_words(struct json_writer *w, const struct source *s,
                      enum field field)
{
    const struct role_words *words = field == FIELD_ASKED_ROLES
                                         ? &s->dialect->asked_roles
                                         : &s->dialect->roles;
    struct span rest = fields_text(s->fields, field);

    json_open(w, '[');
    while (rest.length > 0) {
        size_t end = span_find(rest, ' ');
        struct span word = word_of_role(words, span_head(rest, end));

        if (word.length > 0)
            json_put_string(w, word);
        rest = span_tail(rest, end + 1);
    }
    json_close(w, ']');
}

static bool put_field(struct json_writer *w, const struct source *s,
                      const struct node *node)
{
    enum field field = (enum field)node->field;
    char room[DATE_ISO_LENGTH];
    int64_t number = 0;

    if (!has_value(s->fields, field)) {
        json_put_null(w);
        return node->optional || fields_null(s->fields, field);
    }
    switch (field_type(field)) {
    case FIELD_TYPE_TEXT:
        json_put_string(w, read_text(s->fields, field, room));
        break;
    case FIELD_TYPE_INT:
        (void)read_number(s->fields, field, &number); // has_value has seen it
        json_put_int(w, number);
        break;
    case FIELD_TYPE_BOOL:
        json_put_bool(w, fields_int(s->fields, field, 0) != 0);
        break;
    case FIELD_TYPE_WORDS:
        put_words(w, s, field);
        break;
    case FIELD_TYPE_JSON:
        json_put_raw(w, fields_text(s->fields, field));
        break;
    }
    return true;
}

static char hex_digit(unsigned value)
{
    return "0123456789ABCDEF"[value & 15];
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
           c == '~';
}

static void put_url_byte(struct json_writer *w, char c)
{
    char escape[3] = {'%', hex_digit((uint8_t)c >> 4), hex_digit((uint8_t)c)};

    if (is_unreserved(c))
        put_bytes(w, (struct span){&c, 1});
    else
        put_bytes(w, (struct span){escape, sizeof escape});
}

static void put_html_byte(struct json_writer *w, char c)
{
    static const struct {
        char c;
        const char *entity;
    } entities[] = {
        {'&',  "&amp;" },
        {'<',  "&lt;"  },
        {'>',  "&gt;"  },
        {'"',  "&quot;"},
        {'\'', "&#39;" },
    };

    for (size_t i = 0; i < COUNT(entities); i++)
        if (entities[i].c == c) {
            put_bytes(w, span_of(entities[i].entity));
            return;
        }
    put_bytes(w, (struct span){&c, 1});
}

void template_put_text(struct json_writer *w, struct span text,
                       enum escape escape)
{
    if (escape == ESCAPE_NONE) {
        put_bytes(w, text);
        return;
    }
    for (size_t i = 0; i < text.length; i++) {
        char c = text.text[i];

        if (escape == ESCAPE_URL)
            put_url_byte(w, c);
        else if (escape == ESCAPE_HTML)
            put_html_byte(w, c);
        else
            put_bytes(w,
                      c >= ' ' && c <= '~' ? (struct span){&c, 1} : SPAN("?"));
    }
}

static bool put_blank(struct json_writer *w, const struct source *s,
                      const struct part *part, enum escape escape)
{
    enum field field = (enum field)part->field;
    bool whole = escape == ESCAPE_HEADER || escape == ESCAPE_URL;
    char room[DATE_ISO_LENGTH];
    struct span text;
    int64_t number = 0;

    if (!has_value(s->fields, field))
        return part->optional;
    if (field_type(field) == FIELD_TYPE_INT) {
        (void)read_number(s->fields, field, &number); // has_value has seen it
        w->follows = false;
        json_put_int(w, number);
        return true;
    }
    text = read_text(s->fields, field, room);
    template_put_text(w, whole ? text : span_head(text, QUOTED_MAX), escape);
    return true;
}

bool template_put_pattern(struct json_writer *w, const struct source *source,
                          const struct pattern *pattern, enum escape escape)
{
    bool complete = true;

    for (size_t i = 0; i < pattern->count; i++) {
        const struct part *part = &pattern->parts[i];

        if (part->kind != PART_FIELD)
            put_bytes(w, part->text);
        else if (!put_blank(w, source, part, escape))
            complete = false;
    }
    return complete;
}

bool template_lacks(const struct source *source, const struct pattern *pattern)
{
    for (size_t i = 0; i < pattern->count; i++) {
        const struct part *part = &pattern->parts[i];

        if (part->kind == PART_FIELD && part->optional &&
            !has_value(source->fields, (enum field)part->field))
            return true;
    }
    return false;
}

static bool put_mixed(struct json_writer *w, const struct source *s,
                      const struct node *node)
{
    UNSET char room[MIXED_SIZE];
    struct json_writer mixed;
    bool complete;

    json_begin(&mixed, room, sizeof room, JSON_COMPACT);
    complete = template_put_pattern(&mixed, s, &node->pattern, ESCAPE_NONE);
    json_put_string(w, (struct span){room, mixed.length});
    return complete;
}

static bool is_absent(const struct source *s, const struct node *node)
{
    return node->kind == NODE_FIELD && node->optional &&
           !has_value(s->fields, (enum field)node->field) &&
           !fields_null(s->fields, (enum field)node->field);
}

/* Nodes of the same kind that are written as one. */
struct set {
    const struct node *node[BODIES_MAX];
    size_t count;
};

static bool put_set(struct json_writer *w, const struct source *s,
                    const struct set *set);

static const struct node *find_member(const struct node *object,
                                      struct span key)
{
    const struct node *end = node_behind(object);

    for (const struct node *n = node_inside(object); n < end;
         n = node_behind(n))
        if (span_equal(n->key, key))
            return n;
    return NULL;
}

/* `first` and its namesakes of the same kind in the objects behind `from`. */
static struct set gather(const struct set *objects, size_t from,
                         const struct node *first)
{
    struct set same = {{first}, 1};

    for (size_t i = from + 1; i < objects->count; i++) {
        const struct node *n = find_member(objects->node[i], first->key);

        if (n != NULL && n->kind == first->kind)
            same.node[same.count++] = n;
    }
    return same;
}

static bool is_written(const struct set *objects, size_t before,
                       struct span key)
{
    for (size_t i = 0; i < before; i++)
        if (find_member(objects->node[i], key) != NULL)
            return true;
    return false;
}

static bool put_members(struct json_writer *w, const struct source *s,
                        const struct set *objects)
{
    bool complete = true;

    for (size_t i = 0; i < objects->count; i++) {
        const struct node *end = node_behind(objects->node[i]);

        for (const struct node *n = node_inside(objects->node[i]); n < end;
             n = node_behind(n)) {
            struct set same;

            if (is_absent(s, n) || is_written(objects, i, n->key))
                continue;
            same = gather(objects, i, n);
            json_key(w, n->key);
            complete &= put_set(w, s, &same);
        }
    }
    return complete;
}

static bool put_elements(struct json_writer *w, const struct source *s,
                         const struct set *lists)
{
    bool complete = true;

    for (size_t i = 0; i < lists->count; i++) {
        const struct node *end = node_behind(lists->node[i]);

        for (const struct node *n = node_inside(lists->node[i]); n < end;
             n = node_behind(n))
            if (!is_absent(s, n))
                complete &= put_set(w, s, &(struct set){{n}, 1});
    }
    return complete;
}

static bool put_set(struct json_writer *w, const struct source *s,
                    const struct set *set)
{
    const struct node *node = set->node[0];
    bool complete = true;

    switch ((enum node_kind)node->kind) {
    case NODE_OBJECT:
        json_open(w, '{');
        complete = put_members(w, s, set);
        json_close(w, '}');
        break;
    case NODE_ARRAY:
        json_open(w, '[');
        complete = put_elements(w, s, set);
        json_close(w, ']');
        break;
    case NODE_STRING:
        json_put_string(w, node->text);
        break;
    case NODE_WORD:
        json_put_raw(w, node->text);
        break;
    case NODE_FIELD:
        return put_field(w, s, node);
    case NODE_PATTERN:
        return put_mixed(w, s, node);
    }
    return complete;
}

bool template_put_bodies(struct json_writer *w, const struct source *source,
                         const struct body *const *bodies, size_t count)
{
    struct set set = {{bodies[0]->nodes}, 1};

    for (size_t i = 1; i < count && i < BODIES_MAX; i++)
        if (bodies[i]->nodes->kind == set.node[0]->kind)
            set.node[set.count++] = bodies[i]->nodes;
    return put_set(w, source, &set);
}

bool template_put_members(struct json_writer *w, const struct source *source,
                          const struct node *object)
{
    return put_members(w, source, &(struct set){{object}, 1});
}
