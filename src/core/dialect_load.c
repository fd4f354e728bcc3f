/*
 * A dialect's file, its first level: each key by its rule.
 */
#include "core/dialect_file.h"

enum { NODES_PER_TOKENS = 2 };

static bool read_about(struct load *load, size_t value, void *into)
{
    (void)load;
    (void)value;
    (void)into;
    return true;
}

LOAD_TEXT_READER(read_title, dialect, title)
LOAD_TEXT_READER(read_prefix, dialect, prefix)
LOAD_TEXT_READER(read_json_type, dialect, json_type)
LOAD_TEXT_READER(read_text_type, dialect, text_type)
LOAD_TEXT_READER(read_algorithm, dialect, algorithm)

static bool is_name(struct span text)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.text[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
            !(c >= '0' && c <= '9') && c != '-' && c != '_')
            return false;
    }
    return text.length > 0 && text.length <= DIALECT_NAME_MAX;
}

/* It stands in paths, tokens, counters and the database. */
static bool read_name(struct load *load, size_t value, void *into)
{
    struct span *name = &((struct dialect *)into)->name;

    if (!load_text(load, value, name))
        return false;
    if (!is_name(*name))
        return load_fail_word(load, value, json_raw(&load->json, value),
                              "is no name", "1 to 31 letters, digits, - and _");
    return true;
}

static bool is_true(const struct load *load, size_t value)
{
    return load->json.token[value].type == JSON_TRUE;
}

static bool read_mount(struct load *load, size_t value, void *into)
{
    struct dialect *d = into;
    int64_t number;

    if (!json_int(&load->json, value, &number) || number < 1 || number > 99)
        return load_fail(load, value, "a mount is a place in the order",
                         "write a whole number from 1 to 99");
    d->mount = (int)number;
    return true;
}

static bool read_client_default(struct load *load, size_t value, void *into)
{
    ((struct dialect *)into)->client_default = is_true(load, value);
    return true;
}

static bool read_merge(struct load *load, size_t value, void *into)
{
    ((struct dialect *)into)->merge = is_true(load, value);
    return true;
}

static const char *style_choice(unsigned i)
{
    static const char *const names[] = {"compact", "spaced", "escaped"};

    return names[i];
}

static const char *rotation_choice(unsigned i)
{
    static const char *const names[] = {"none", "offered", "committed"};

    return names[i];
}

static const char *repeat_choice(unsigned i)
{
    static const char *const names[] = {"unsafe", "safe"};

    return names[i];
}

static bool read_style(struct load *load, size_t value, void *into)
{
    unsigned choice = 0;
    bool good =
        load_choice(load, value, &(struct choices){style_choice, 3}, &choice);

    ((struct dialect *)into)->style = (enum json_style)choice;
    return good;
}

static bool read_rotation(struct load *load, size_t value, void *into)
{
    unsigned choice = 0;
    bool good = load_choice(load, value, &(struct choices){rotation_choice, 3},
                            &choice);

    ((struct dialect *)into)->rotation = (enum rotation_kind)choice;
    return good;
}

static bool read_repeat(struct load *load, size_t value, void *into)
{
    unsigned choice = 0;
    bool good =
        load_choice(load, value, &(struct choices){repeat_choice, 2}, &choice);

    ((struct dialect *)into)->repeat_safe = choice == 1;
    return good;
}

static bool read_encoding(struct load *load, size_t value, void *into)
{
    return load_encoding(load, value, &((struct dialect *)into)->encoding);
}

static bool read_accepts(struct load *load, size_t value, void *into)
{
    return load_accepts(load, value, &((struct dialect *)into)->accepts);
}

static bool read_send(struct load *load, size_t value, void *into)
{
    return load_place(load, value, &((struct dialect *)into)->send);
}

static bool read_roles(struct load *load, size_t value, void *into)
{
    return load_roles(load, value, &((struct dialect *)into)->roles);
}

static bool read_asked_roles(struct load *load, size_t value, void *into)
{
    return load_roles(load, value, &((struct dialect *)into)->asked_roles);
}

static bool read_claims(struct load *load, size_t value, void *into)
{
    struct body *claims = load_take(load, 1, sizeof *claims);

    ((struct dialect *)into)->claims = claims;
    return claims != NULL && template_compile_json(load, value, claims);
}

static const struct key_rule jwt_rules[] = {
    {"algorithm", MAY_STRING, false, read_algorithm},
    {"claims",    MAY_OBJECT, true,  read_claims   },
};

static bool read_jwt(struct load *load, size_t value, void *into)
{
    return load_object(load, value, jwt_rules, COUNT(jwt_rules), into);
}

static bool read_all_headers(struct load *load, size_t value, void *into)
{
    return load_headers(load, value, &((struct dialect *)into)->headers);
}

static bool read_401_headers(struct load *load, size_t value, void *into)
{
    return load_headers(load, value, &((struct dialect *)into)->headers_401);
}

static const struct key_rule header_rules[] = {
    {"all", MAY_OBJECT, false, read_all_headers},
    {"401", MAY_OBJECT, false, read_401_headers},
};

static bool read_headers(struct load *load, size_t value, void *into)
{
    return load_object(load, value, header_rules, COUNT(header_rules), into);
}

static const struct key_rule rules[] = {
    {"$schema",        MAY_STRING,             false, read_about         },
    {"dialect",        MAY_STRING,             true,  read_name          },
    {"title",          MAY_STRING,             true,  read_title         },
    {"about",          MAY_STRING | MAY_ARRAY, false, read_about         },
    {"mount",          MAY_NUMBER,             false, read_mount         },
    {"client_default", MAY_BOOL,               false, read_client_default},
    {"prefix",         MAY_STRING,             false, read_prefix        },
    {"json",           MAY_STRING,             false, read_style         },
    {"json_type",      MAY_STRING,             false, read_json_type     },
    {"text_type",      MAY_STRING,             false, read_text_type     },
    {"encoding",       MAY_STRING,             false, read_encoding      },
    {"accepts",        MAY_ARRAY,              false, read_accepts       },
    {"rotation",       MAY_STRING,             true,  read_rotation      },
    {"repeat",         MAY_STRING,             true,  read_repeat        },
    {"merge",          MAY_BOOL,               false, read_merge         },
    {"send",           MAY_OBJECT,             true,  read_send          },
    {"reads",          MAY_ARRAY,              false, load_reads         },
    {"receive",        MAY_OBJECT,             false, load_receive       },
    {"roles",          MAY_OBJECT,             false, read_roles         },
    {"asked_roles",    MAY_OBJECT,             false, read_asked_roles   },
    {"cookie",         MAY_OBJECT,             false, load_cookie        },
    {"jwt",            MAY_OBJECT,             false, read_jwt           },
    {"headers",        MAY_OBJECT,             false, read_headers       },
    {"preflight",      MAY_OBJECT,             false, load_preflight     },
    {"errors",         MAY_OBJECT,             false, load_errors        },
    {"messages",       MAY_OBJECT,             true,  load_messages      },
};

/* No object names a member twice: which one counts is anybody's guess. */
static bool check_doubles(struct load *load, size_t object)
{
    struct walk walk = load_walk(load, object);

    if (load->json.token[object].type > JSON_ARRAY)
        return true;
    while (load_next(load, &walk)) {
        if (walk.object && !load->json.token[walk.key].escaped &&
            json_member_span(&load->json, object,
                             json_raw(&load->json, walk.key)) != walk.value)
            return load_fail_word(load, walk.key,
                                  json_raw(&load->json, walk.key),
                                  "stands here twice", "take one out");
        if (!check_doubles(load, walk.value))
            return false;
    }
    return true;
}

static bool parse(struct load *load, struct span text, struct span memory)
{
    struct json_token *tokens;
    size_t count = memory.length / NODES_PER_TOKENS / sizeof *tokens;
    enum json_result result;
    struct json_token spot = {0};

    tokens = load_take(load, count, sizeof *tokens);
    if (tokens == NULL)
        return false;
    result = json_parse(&load->json, text.text, text.length, tokens, count);
    if (result == JSON_OK)
        return load_type(load, 0, MAY_OBJECT);
    if (result == JSON_MANY) {
        load->size = load->used; // nothing fits any more
        return load_take(load, 1, 1) != NULL;
    }
    // The error stands at no token: one is made up for its line.
    spot.start = (uint32_t)load->json.error_offset;
    spot.type = JSON_NULL;
    load->json.token = &spot;
    (void)load_fail(load, 0,
                    result == JSON_DEEP ? "nested too deep" : "not JSON",
                    "see RFC 8259: no comments, no comma at the end");
    return false;
}

/* What other keys depend on, wherever it stands in the file. */
static bool read_first(struct load *load)
{
    size_t encoding = json_member(&load->json, 0, "encoding");
    size_t accepts = json_member(&load->json, 0, "accepts");

    load->dialect->encoding = ENCODING_JSON;
    load->dialect->accepts = ENCODING_JSON;
    if (encoding != JSON_NONE && load_type(load, encoding, MAY_STRING) &&
        !read_encoding(load, encoding, load->dialect))
        return false;
    if (accepts != JSON_NONE && load_type(load, accepts, MAY_ARRAY) &&
        !read_accepts(load, accepts, load->dialect))
        return false;
    return load->result == DIALECT_OK;
}

static void fill_defaults(struct dialect *d)
{
    if (d->json_type.length == 0)
        d->json_type = SPAN("application/json");
    if (d->text_type.length == 0)
        d->text_type = SPAN("text/plain; charset=utf-8");
    if (d->reads_count == 0) {
        d->reads[0] = d->send;
        d->reads_count = 1;
    }
}

/* Memory at an address that suits every type. */
static void align(struct load *load, struct span memory)
{
    size_t skip = (8 - (uintptr_t)memory.text % 8) % 8;

    load->memory = (char *)memory.text + (skip < memory.length ? skip : 0);
    load->size = skip < memory.length ? memory.length - skip : 0;
}

enum dialect_result dialect_load(struct dialect *out, struct span file,
                                 struct span text, struct span memory,
                                 struct dialect_error *error)
{
    struct dialect_error unread;
    struct load load = {.dialect = out, .file = file};

    load.error = error != NULL ? error : &unread;
    __builtin_memset(load.error, 0, sizeof *load.error);
    __builtin_memset(out, 0, sizeof *out);
    align(&load, memory);
    if (parse(&load, text, memory) && check_doubles(&load, 0) &&
        read_first(&load) && load_object(&load, 0, rules, COUNT(rules), out)) {
        fill_defaults(out);
        (void)load_check(&load); // told by load.result
    }
    if (load.result != DIALECT_OK)
        __builtin_memset(out, 0, sizeof *out);
    return load.result;
}
