/*
 * Reading a dialect's file: memory, errors and objects with a closed list of
 * keys. Inside the loader only.
 */
#ifndef CORE_DIALECT_FILE_H
#define CORE_DIALECT_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "core/dialect.h"
#include "core/template.h"

struct load {
    struct dialect *dialect;
    struct json json;
    struct span file;
    char *memory;
    size_t size;
    size_t used;
    enum dialect_result result;
    struct dialect_error *error; /* never NULL */
};

/* Zeroed room for `count` things, or NULL and DIALECT_FULL. */
void *load_take(struct load *load, size_t count, size_t size);
/* Gives back all but the first `size` bytes of what was taken last. */
void load_keep(struct load *load, const void *taken, size_t size);

/*
 * Both fill the error, unless one is there, and return false. `right` says what
 * would be right, NULL if nothing is to be said.
 */
bool load_fail(struct load *load, size_t token, const char *what,
               const char *right);
/* As load_fail; `word`, in quotes, stands before `what`. */
bool load_fail_word(struct load *load, size_t token, struct span word,
                    const char *what, const char *right);
/* A closed list of words. */
struct choices {
    const char *(*name)(unsigned);
    unsigned count;
};

/* As load_fail_word; what would be right is one of the choices. */
bool load_fail_choice(struct load *load, size_t token, struct span word,
                      const char *what, const struct choices *choices);

/* The string at `token`, unescaped. */
bool load_text(struct load *load, size_t token, struct span *out);

/* The same for what stands on one line, of a head or a log. */
bool load_line(struct load *load, size_t token, struct span *out);

/* Bits of the JSON types that a key may have. */
enum {
    MAY_OBJECT = 1 << JSON_OBJECT,
    MAY_ARRAY = 1 << JSON_ARRAY,
    MAY_STRING = 1 << JSON_STRING,
    MAY_NUMBER = 1 << JSON_NUMBER,
    MAY_BOOL = 1 << JSON_TRUE | 1 << JSON_FALSE,
    MAY_ANY = 0x7F,
};

struct key_rule {
    const char *name;
    unsigned types;
    bool required;
    bool (*read)(struct load *load, size_t value, void *into);
};

/* Each member by its rule; unknown, missing and mistyped ones are errors. */
bool load_object(struct load *load, size_t object, const struct key_rule *rules,
                 size_t count, void *into);
bool load_type(struct load *load, size_t token, unsigned types);

/* Where in the struct a key's text goes. */
#define LOAD_TEXT_READER(name, type, member)                                   \
    static bool name(struct load *load, size_t value, void *into)              \
    {                                                                          \
        return load_line(load, value, &((struct type *)into)->member);         \
    }

/* Members or elements, one by one; load_next returns false at the end. */
struct walk {
    size_t at; /* behind the value, after load_next */
    size_t end;
    size_t key; /* JSON_NONE in a list */
    size_t value;
    bool object;
};
struct walk load_walk(const struct load *load, size_t container);
bool load_next(const struct load *load, struct walk *walk);

/* In template.c. */
bool template_compile_json(struct load *load, size_t token, struct body *out);
bool template_compile_text(struct load *load, size_t token,
                           struct pattern *out);

/* Which of the names the string is. */
bool load_choice(struct load *load, size_t value, const struct choices *choices,
                 unsigned *out);

/* In dialect_message.c. The readers of key rules take a struct dialect. */
bool load_headers(struct load *load, size_t object, struct header_rules *out);
bool load_parameters(struct load *load, size_t object,
                     struct header_rules *out); /* of a query */
bool load_messages(struct load *load, size_t value, void *into);
bool load_preflight(struct load *load, size_t value, void *into);
bool load_errors(struct load *load, size_t value, void *into);

/* In dialect_parts.c. */
bool load_place(struct load *load, size_t value, struct access_place *out);
bool load_reads(struct load *load, size_t value, void *into);
bool load_receive(struct load *load, size_t value, void *into);
bool load_roles(struct load *load, size_t value, struct role_words *words);
bool load_cookie(struct load *load, size_t value, void *into);

/* In dialect_request.c; the `into` is a struct message_rules. */
bool load_encoding(struct load *load, size_t value, unsigned *out);
bool load_accepts(struct load *load, size_t list, unsigned *out);
bool load_request(struct load *load, size_t value, void *into);

/* In dialect_check.c: what no single key shows. */
bool load_check(struct load *load);

#endif
