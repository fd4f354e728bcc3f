/*
 * This file may not call jansson's json_string: the program is linked with
 * another function of that name.
 */
#include "json_jansson.h"

#include <jansson.h>
#include <stdlib.h>

static json_t *build(const struct message *m)
{
    json_t *root = json_object();

    for (const struct field *f = m->field; f->key != NULL; f++) {
        json_t *value = f->text != NULL ? json_sprintf("%s", f->text)
                                        : json_integer(f->number);

        if (json_object_set_new_nocheck(root, f->key, value) != 0)
            abort();
    }
    return root;
}

static json_t *load(const char *text, size_t length)
{
    json_t *root = json_loadb(text, length, JSON_ALLOW_NUL, NULL);

    if (root == NULL)
        abort();
    return root;
}

size_t jansson_write(const struct message *m, char *out, size_t size)
{
    json_t *root = build(m);
    size_t length = json_dumpb(root, out, size, JSON_COMPACT);

    json_decref(root);
    return length;
}

size_t jansson_parse(const char *text, size_t length)
{
    json_t *root = load(text, length);
    size_t count = json_object_size(root);

    json_decref(root);
    return count;
}

size_t jansson_fields(const struct message *m, const char *text, size_t length)
{
    json_t *root = load(text, length);
    size_t sum = 0;

    for (const struct field *f = m->field; f->key != NULL; f++) {
        const json_t *value = json_object_get(root, f->key);

        sum += f->text != NULL ? json_string_length(value)
                               : (size_t)json_integer_value(value);
    }
    json_decref(root);
    return sum;
}
