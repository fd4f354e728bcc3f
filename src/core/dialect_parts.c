/*
 * A dialect's file: where tokens stand, what roles are called, cookies.
 */
#include "core/dialect_file.h"

LOAD_TEXT_READER(read_header, access_place, header)
LOAD_TEXT_READER(read_word_before, access_place, prefix)
LOAD_TEXT_READER(read_secure, cookie_names, secure)
LOAD_TEXT_READER(read_loopback, cookie_names, loopback)
LOAD_TEXT_READER(read_mode_header, cookie_names, mode_header)
LOAD_TEXT_READER(read_mode_value, cookie_names, mode_value)

static bool read_exact(struct load *load, size_t value, void *into)
{
    ((struct access_place *)into)->exact =
        load->json.token[value].type == JSON_TRUE;
    return true;
}

static const char *unknown_choice(unsigned i)
{
    static const char *const names[] = {"error", "user"};

    return names[i];
}

static const struct key_rule place_rules[] = {
    {"header", MAY_STRING, true,  read_header     },
    {"prefix", MAY_STRING, false, read_word_before},
    {"exact",  MAY_BOOL,   false, read_exact      },
};

bool load_place(struct load *load, size_t value, struct access_place *out)
{
    return load_object(load, value, place_rules, COUNT(place_rules), out);
}

bool load_reads(struct load *load, size_t value, void *into)
{
    struct dialect *d = into;
    struct walk walk = load_walk(load, value);

    while (load_next(load, &walk)) {
        if (d->reads_count == DIALECT_ACCESS_MAX)
            return load_fail(load, walk.value, "too many places",
                             "at most 4 may be read");
        if (!load_place(load, walk.value, &d->reads[d->reads_count++]))
            return false;
    }
    return true;
}

/* "/data/token", "header:Authorization" or "cookie:NAME". */
static bool read_place_text(struct load *load, size_t value, struct place *out)
{
    struct span text;

    if (!load_type(load, value, MAY_STRING) || !load_text(load, value, &text))
        return false;
    out->name = text;
    out->kind = PLACE_POINTER;
    if (span_starts(text, SPAN("header:"))) {
        out->name = span_tail(text, 7);
        out->kind = PLACE_HEADER;
    } else if (span_starts(text, SPAN("cookie:"))) {
        out->name = span_tail(text, 7);
        out->kind = PLACE_COOKIE;
    } else if (!span_starts(text, SPAN("/"))) {
        return load_fail_word(load, value, text, "is no place",
                              "write /pointer, header:NAME or cookie:NAME");
    }
    return true;
}

static const char *field_choice(unsigned i)
{
    return field_name((enum field)(i + 1));
}

static bool read_places(struct load *load, const struct walk *member,
                        struct place *places, size_t *count)
{
    struct span name = json_raw(&load->json, member->key);
    enum field field = field_find(name);
    struct walk walk;

    if (field == FIELD_NONE)
        return load_fail_choice(
            load, member->key, name, "is no field",
            &(struct choices){field_choice, FIELD_COUNT - 1});
    if (!load_type(load, member->value, MAY_ARRAY))
        return false;
    walk = load_walk(load, member->value);
    while (load_next(load, &walk)) {
        places[*count].field = field;
        if (!read_place_text(load, walk.value, &places[(*count)++]))
            return false;
    }
    return true;
}

bool load_receive(struct load *load, size_t value, void *into)
{
    struct dialect *d = into;
    struct walk walk = load_walk(load, value);
    // Tokens bound the places: one each, and the keys besides.
    size_t most = load->json.token[value].next - value;
    struct place *places = load_take(load, most, sizeof *places);

    if (places == NULL)
        return false;
    d->receive = places;
    while (load_next(load, &walk))
        if (!read_places(load, &walk, places, &d->receive_count))
            return false;
    return true;
}

static bool read_role_words(struct load *load, size_t value, unsigned role,
                            struct role_words *words)
{
    struct role_word *list = (struct role_word *)words->list;
    struct walk walk = load_walk(load, value);

    if (json_type_at(&load->json, value) == JSON_STRING) {
        list[words->count].role = (uint8_t)role;
        return load_text(load, value, &list[words->count++].word);
    }
    while (load_next(load, &walk)) {
        list[words->count].role = (uint8_t)role;
        if (!load_type(load, walk.value, MAY_STRING) ||
            !load_text(load, walk.value, &list[words->count++].word))
            return false;
    }
    return true;
}

static bool read_unknown(struct load *load, size_t value, void *into)
{
    unsigned choice = 0;
    bool good =
        load_choice(load, value, &(struct choices){unknown_choice, 2}, &choice);

    ((struct role_words *)into)->unknown_is_user = choice == 1;
    return good;
}

static bool read_user(struct load *load, size_t value, void *into)
{
    return read_role_words(load, value, 0, into);
}

static bool read_moderator(struct load *load, size_t value, void *into)
{
    return read_role_words(load, value, 1, into);
}

static bool read_admin(struct load *load, size_t value, void *into)
{
    return read_role_words(load, value, 2, into);
}

static const struct key_rule role_rules[] = {
    {"user",      MAY_STRING | MAY_ARRAY, true,  read_user     },
    {"moderator", MAY_STRING | MAY_ARRAY, true,  read_moderator},
    {"admin",     MAY_STRING | MAY_ARRAY, true,  read_admin    },
    {"unknown",   MAY_STRING,             false, read_unknown  },
};

bool load_roles(struct load *load, size_t value, struct role_words *words)
{
    size_t most = load->json.token[value].next - value;

    words->list = load_take(load, most, sizeof *words->list);
    return words->list != NULL &&
           load_object(load, value, role_rules, COUNT(role_rules), words);
}

static const struct key_rule cookie_rules[] = {
    {"secure",      MAY_STRING, true, read_secure     },
    {"loopback",    MAY_STRING, true, read_loopback   },
    {"mode_header", MAY_STRING, true, read_mode_header},
    {"mode_value",  MAY_STRING, true, read_mode_value },
};

bool load_cookie(struct load *load, size_t value, void *into)
{
    return load_object(load, value, cookie_rules, COUNT(cookie_rules),
                       &((struct dialect *)into)->cookie);
}
