#include "core/dialect.h"

#include "core/template.h"

bool dialect_has(const struct dialect *dialect, enum message message)
{
    return dialect->message[message] != NULL;
}

bool dialect_is_ours(const struct dialect *dialect, enum message message)
{
    return dialect_has(dialect, message) && dialect->message[message]->ours;
}

enum need dialect_need(const struct dialect *dialect, enum message message)
{
    return dialect_has(dialect, message) ? dialect->message[message]->need
                                         : NEED_NOTHING;
}

bool dialect_takes(const struct dialect *dialect, enum message message,
                   enum field field)
{
    const struct node *object = NULL;

    if (dialect_has(dialect, message))
        object = dialect->message[message]->request.body.nodes;
    if (object == NULL)
        return false;
    for (const struct node *n = node_inside(object); n < node_behind(object);
         n = node_behind(n))
        if (n->kind == NODE_FIELD && n->field == field)
            return true;
    return false;
}

void dialect_put_claims(const struct dialect *dialect,
                        const struct fields *fields, struct json_writer *w)
{
    const struct source source = {dialect, fields};

    if (dialect->claims != NULL)
        (void)template_put_members(w, &source, dialect->claims->nodes);
}

bool dialect_claims(const struct dialect *dialect, struct span name)
{
    const struct node *object;

    if (dialect->claims == NULL)
        return false;
    object = dialect->claims->nodes;
    for (const struct node *n = node_inside(object); n < node_behind(object);
         n = node_behind(n))
        if (n->key.length == name.length && span_equal(n->key, name))
            return true;
    return false;
}
