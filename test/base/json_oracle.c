/*
 * This file may not call jansson's json_string: the program is linked with
 * another function of that name.
 */
#include "json_oracle.h"

#include <jansson.h>

enum { FLAGS = JSON_DECODE_ANY | JSON_ALLOW_NUL };

/* struct oracle is jansson's json_t under another name. */
static const json_t *tree_of(const struct oracle *oracle)
{
    return (const json_t *)(const void *)oracle;
}

enum oracle_result oracle_open(struct oracle **out, const char *text,
                               size_t length)
{
    json_error_t error;
    json_t *tree = json_loadb(text, length, FLAGS, &error);

    *out = (struct oracle *)(void *)tree;
    if (tree != NULL)
        return ORACLE_READ;
    return json_error_code(&error) == json_error_numeric_overflow
               ? ORACLE_OVERFLOW
               : ORACLE_REFUSED;
}

void oracle_close(struct oracle *oracle)
{
    json_decref((json_t *)(void *)oracle);
}

bool oracle_same(const struct oracle *oracle, const char *text, size_t length)
{
    json_t *tree = json_loadb(text, length, FLAGS, NULL);
    bool same = json_equal(tree_of(oracle), tree) == 1;

    json_decref(tree);
    return same;
}
