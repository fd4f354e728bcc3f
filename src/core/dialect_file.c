#include "core/dialect_file.h"

/* Appends to the error's line; what does not fit is cut. */
struct line {
    char *out;
    size_t size;
    size_t length;
};

static void add(struct line *line, struct span text)
{
    size_t room = line->size - 1 - line->length;
    size_t n = text.length < room ? text.length : room;

    if (n > 0)
        __builtin_memcpy(line->out + line->length, text.text, n);
    line->length += n;
    line->out[line->length] = 0;
}

static void add_number(struct line *line, size_t number)
{
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    add(line, (struct span){digits + at, sizeof digits - at});
}

/* At most 60 bytes of it, for a word may be a whole file. */
static void add_word(struct line *line, struct span word)
{
    add(line, SPAN("\""));
    add(line, span_head(word, 60));
    add(line, word.length > 60 ? SPAN("...\"") : SPAN("\""));
}

static size_t line_of(const struct json *json, size_t offset)
{
    size_t line = 1;

    for (size_t i = 0; i < offset && i < json->length; i++)
        line += json->text[i] == '\n';
    return line;
}

/* The way from the outermost value down to `token` (RFC 6901). */
static void add_pointer(const struct load *load, struct line *line,
                        size_t token)
{
    size_t at = 0;

    while (at != token) {
        struct walk walk = load_walk(load, at);
        size_t index = 0;

        while (load_next(load, &walk) && walk.at <= token)
            index++;
        add(line, SPAN("/"));
        if (walk.object)
            add(line, json_raw(&load->json, walk.key));
        else
            add_number(line, index);
        at = walk.key == token ? token : walk.value;
    }
}

/* Everything before "what": file, line, pointer. False: an error is there. */
static bool begin_error(struct load *load, size_t token, struct line *line)
{
    struct dialect_error *e = load->error;
    struct line pointer = {e->pointer, sizeof e->pointer, 0};

    if (load->result != DIALECT_OK)
        return false;
    load->result = DIALECT_BAD;
    add_pointer(load, &pointer, token);
    e->line = line_of(&load->json, load->json.token[token].start);
    *line = (struct line){e->text, sizeof e->text, 0};
    add(line, load->file);
    add(line, SPAN(":"));
    add_number(line, e->line);
    add(line, SPAN(": "));
    if (pointer.length > 0) {
        add(line, (struct span){e->pointer, pointer.length});
        add(line, SPAN(": "));
    }
    return true;
}

bool load_fail_word(struct load *load, size_t token, struct span word,
                    const char *what, const char *right)
{
    struct line line;

    if (!begin_error(load, token, &line))
        return false;
    if (word.text != NULL) {
        add_word(&line, word);
        add(&line, SPAN(" "));
    }
    add(&line, span_of(what));
    if (right != NULL) {
        add(&line, SPAN("; "));
        add(&line, span_of(right));
    }
    return false;
}

bool load_fail(struct load *load, size_t token, const char *what,
               const char *right)
{
    return load_fail_word(load, token, (struct span){NULL, 0}, what, right);
}

/* How many bytes two names share at both ends: near enough for a hint. */
static size_t likeness(struct span a, struct span b)
{
    size_t head = 0;
    size_t tail = 0;

    while (head < a.length && head < b.length && a.text[head] == b.text[head])
        head++;
    while (tail + head < a.length && tail + head < b.length &&
           a.text[a.length - 1 - tail] == b.text[b.length - 1 - tail])
        tail++;
    return head + tail;
}

static void add_nearest(struct line *line, struct span word,
                        const struct choices *choices)
{
    size_t best = 0;
    unsigned near = 0;

    for (unsigned i = 0; i < choices->count; i++) {
        size_t like = likeness(word, span_of(choices->name(i)));

        if (like > best) {
            best = like;
            near = i;
        }
    }
    add(line, SPAN("; the nearest is "));
    add_word(line, span_of(choices->name(near)));
}

static void add_choices(struct line *line, const struct choices *choices)
{
    add(line, SPAN("; use one of "));
    for (unsigned i = 0; i < choices->count; i++) {
        add(line, i > 0 ? SPAN(", ") : SPAN(""));
        add(line, span_of(choices->name(i)));
    }
}

bool load_fail_choice(struct load *load, size_t token, struct span word,
                      const char *what, const struct choices *choices)
{
    enum { LIST_MAX = 16 };
    struct line line;

    if (!begin_error(load, token, &line))
        return false;
    add_word(&line, word);
    add(&line, SPAN(" "));
    add(&line, span_of(what));
    if (choices->count > LIST_MAX)
        add_nearest(&line, word, choices);
    else
        add_choices(&line, choices);
    return false;
}

void *load_take(struct load *load, size_t count, size_t size)
{
    size_t room = load->size - load->used;
    size_t wanted = (count * size + 7) / 8 * 8;
    char *taken = load->memory + load->used;

    if (wanted > room) {
        if (load->result == DIALECT_OK) {
            struct line line = {load->error->text, sizeof load->error->text, 0};

            add(&line, load->file);
            add(&line, SPAN(": too large for the memory it is given"));
            load->result = DIALECT_FULL;
        }
        return NULL;
    }
    load->used += wanted;
    __builtin_memset(taken, 0, wanted);
    return taken;
}

void load_keep(struct load *load, const void *taken, size_t size)
{
    size_t kept =
        (size_t)((const char *)taken - load->memory) + (size + 7) / 8 * 8;

    __builtin_memset(load->memory + kept, 0, load->used - kept);
    load->used = kept;
}

bool load_text(struct load *load, size_t token, struct span *out)
{
    struct span raw = json_raw(&load->json, token);
    char *copy;

    if (!load->json.token[token].escaped) {
        *out = raw;
        return true;
    }
    copy = load_take(load, raw.length, 1);
    out->text = copy;
    return copy != NULL &&
           json_string(&load->json, token, copy, raw.length, &out->length);
}

bool load_line(struct load *load, size_t token, struct span *out)
{
    if (!load_text(load, token, out))
        return false;
    for (size_t i = 0; i < out->length; i++)
        if ((uint8_t)out->text[i] < ' ' || out->text[i] == 0x7F)
            return load_fail(load, token, "a control character stands in it",
                             "it is one line");
    return true;
}

struct walk load_walk(const struct load *load, size_t container)
{
    const struct json_token *t = &load->json.token[container];

    return (struct walk){.at = container + 1,
                         .end = t->next,
                         .key = JSON_NONE,
                         .object = t->type == JSON_OBJECT};
}

bool load_next(const struct load *load, struct walk *walk)
{
    if (walk->at >= walk->end)
        return false;
    walk->key = walk->object ? walk->at : JSON_NONE;
    walk->value = walk->object ? walk->at + 1 : walk->at;
    walk->at = load->json.token[walk->value].next;
    return true;
}

static const char *const type_names[] = {
    "an object", "a list", "a string", "a number", "true", "false", "null",
};

bool load_type(struct load *load, size_t token, unsigned types)
{
    char right[80];
    struct line line = {right, sizeof right, 0};
    unsigned type = load->json.token[token].type;

    if (types & 1u << type)
        return true;
    add(&line, SPAN("it must be "));
    for (unsigned i = 0, rest = types; i < COUNT(type_names); i++) {
        if (!(rest & 1u << i))
            continue;
        rest &= ~(1u << i);
        add(&line, span_of(type_names[i]));
        add(&line, rest ? SPAN(" or ") : SPAN(""));
    }
    return load_fail_word(load, token, span_of(type_names[type]),
                          "is of the wrong type", right);
}

static const struct key_rule *find_rule(const struct load *load, size_t key,
                                        const struct key_rule *rules,
                                        size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (json_string_is(&load->json, key, span_of(rules[i].name)))
            return &rules[i];
    return NULL;
}

static bool fail_key(struct load *load, size_t key,
                     const struct key_rule *rules, size_t count)
{
    char right[360];
    struct line line = {right, sizeof right, 0};

    add(&line, SPAN("use one of "));
    for (size_t i = 0; i < count; i++) {
        add(&line, i > 0 ? SPAN(", ") : SPAN(""));
        add(&line, span_of(rules[i].name));
    }
    return load_fail_word(load, key, json_raw(&load->json, key),
                          "is no key here", right);
}

bool load_object(struct load *load, size_t object, const struct key_rule *rules,
                 size_t count, void *into)
{
    struct walk walk;

    if (!load_type(load, object, MAY_OBJECT))
        return false;
    walk = load_walk(load, object);
    while (load_next(load, &walk)) {
        const struct key_rule *rule = find_rule(load, walk.key, rules, count);

        if (rule == NULL)
            return fail_key(load, walk.key, rules, count);
        if (!load_type(load, walk.value, rule->types) ||
            !rule->read(load, walk.value, into))
            return false;
    }
    for (size_t i = 0; i < count; i++)
        if (rules[i].required &&
            json_member(&load->json, object, rules[i].name) == JSON_NONE)
            return load_fail_word(load, object, span_of(rules[i].name),
                                  "is missing here", NULL);
    return true;
}

bool load_choice(struct load *load, size_t value, const struct choices *choices,
                 unsigned *out)
{
    for (unsigned i = 0; i < choices->count; i++)
        if (json_string_is(&load->json, value, span_of(choices->name(i)))) {
            *out = i;
            return true;
        }
    return load_fail_choice(load, value, json_raw(&load->json, value),
                            "is not known here", choices);
}
