/*
 * Templates, compiled: what dialect_load makes of the JSON, what requests and
 * replies are written from and compared with. Inside core only, but for
 * server/openapi.c, which describes them.
 */
#ifndef CORE_TEMPLATE_H
#define CORE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "core/dialect.h"

enum part_kind {
    PART_TEXT,
    PART_FIELD, /* {name} or {name?} */
    PART_ANY,   /* {*:text}: writes text, matches anything */
};

struct part {
    uint8_t kind;
    uint8_t field;
    bool optional;
    struct span text; /* of PART_TEXT and PART_ANY */
};

/* A string with blanks in it; two blanks never stand side by side. */
struct pattern {
    const struct part *parts;
    size_t count;
};

enum node_kind {
    NODE_OBJECT,
    NODE_ARRAY,
    NODE_STRING, /* without blanks */
    NODE_WORD,   /* a number, true, false or null, as written in the file */
    NODE_FIELD,  /* one blank alone: takes the field's type */
    NODE_PATTERN,
};

/* Nodes stand in the order of the text; what is inside follows its container. */
struct node {
    uint8_t kind;
    uint8_t field;
    bool optional;
    uint16_t size;   /* nodes, this one and all inside */
    struct span key; /* in an object */
    struct span text;
    struct pattern pattern;
};

/* Either JSON (`nodes`) or any other text. */
struct body {
    const struct node *nodes; /* NULL: `text` is what it says */
    struct pattern text;
};

/* A header, or a parameter of a query. */
struct header_rule {
    struct span name;
    struct pattern value;
};

enum { STATUSES_MAX = 4 };

struct reply_rule {
    struct reply_case what;
    int16_t status[STATUSES_MAX]; /* the first is written, all match */
    size_t status_count;
    struct span type; /* Content-Type; empty: the dialect's */
    struct header_rules headers;
    const struct body *bodies; /* the first is written, all match */
    size_t bodies_count;       /* 0: no body */
};

struct request_rule {
    struct span method; /* empty: the message has no request */
    struct pattern path;
    size_t path_length; /* of a path without blanks; 0: it has some */
    bool at_mount;      /* the path does not stand under the prefix */
    struct header_rules headers;
    struct header_rules query;
    unsigned encoding; /* how a client writes it: one enum encoding */
    unsigned accepts;  /* what the server reads: bits */
    struct body body;
    bool marked; /* a literal tells it from others of the same path */
};

struct message_rules {
    bool ours;
    enum need need;
    struct span allow;
    struct request_rule request;
    const struct reply_rule *replies;
    size_t replies_count;
};

/* How a value is made harmless for the place it is written to. */
enum escape {
    ESCAPE_NONE,
    ESCAPE_HTML,
    ESCAPE_HEADER, /* visible ASCII and blanks, everything else is a '?' */
    ESCAPE_URL,    /* RFC 3986, section 2.3: all but unreserved is %XX */
};

/* Where values come from. */
struct source {
    const struct dialect *dialect;
    const struct fields *fields;
};

/*
 * The writers append to `w` and return false when a value that has to be there
 * is not given; it is then written as null, or left out of a longer text.
 */
enum { BODIES_MAX = 8 };
bool template_put_bodies(struct json_writer *w, const struct source *source,
                         const struct body *const *bodies, size_t count);
bool template_put_members(struct json_writer *w, const struct source *source,
                          const struct node *object);
bool template_put_pattern(struct json_writer *w, const struct source *source,
                          const struct pattern *pattern, enum escape escape);
/* Appends `text` with nothing before it. */
void template_put_text(struct json_writer *w, struct span text,
                       enum escape escape);
/* An optional blank in it is not given: what holds the pattern is left out. */
bool template_lacks(const struct source *source, const struct pattern *pattern);

/*
 * The readers. `fields` NULL: only compare. A value of another type than the
 * field's is passed over, not a difference: the words decide. What is given
 * already stays.
 */
struct sink {
    const struct dialect *dialect;
    const struct json *json;
    struct fields *fields;
};
bool template_match_body(const struct sink *sink, const struct body *body,
                         struct span text);
bool template_match_pattern(const struct pattern *pattern, struct span text,
                            struct fields *fields);

enum take_result {
    TAKE_DONE = 0,
    TAKE_NULL,
    TAKE_WRONG_TYPE,
    TAKE_UNKNOWN_ROLE, /* FIELD_ROLE is set */
    TAKE_LARGE,        /* does not fit the fields' buffer */
};
/* One JSON value into a field; `lenient` also takes a number from a string. */
enum take_result template_take(const struct sink *sink, enum field field,
                               size_t index, bool lenient);
/* The same from a decoded text, as in forms and paths; not of words or lists. */
enum take_result template_take_text(struct fields *fields, enum field field,
                                    struct span text);
/* A list of the dialect's words from a decoded text, blanks between; borrowed. */
enum take_result template_take_words(const struct sink *sink, enum field field,
                                     struct span text);

/* The first node inside a container, and the one behind a node. */
static inline const struct node *node_inside(const struct node *node)
{
    return node + 1;
}
static inline const struct node *node_behind(const struct node *node)
{
    return node + node->size;
}

#endif
