/*
 * A dialect's file: what no single key shows.
 */
#include "core/dialect_file.h"

/* A dialect that is served must have words for these; all others follow. */
static const char *const served_errors[] = {
    "no_token",     "bad_token",   "wrong_role",      "bad_json",
    "unknown_path", "too_large",   "length_required", "throttled",
    "internal",     "unavailable", "bad_request",
};
static const char *const served_messages[] = {"sign_in", "refresh", "me"};

static bool check_present(struct load *load, const char *section,
                          const char *const *names, size_t count)
{
    size_t object = json_member(&load->json, 0, section);

    for (size_t i = 0; i < count; i++)
        if (json_member(&load->json, object, names[i]) == JSON_NONE)
            return load_fail_word(load, object == JSON_NONE ? 0 : object,
                                  span_of(names[i]), "is missing here",
                                  "a dialect with a mount needs it");
    return true;
}

static bool same_part(const struct part *a, const struct part *b)
{
    // Two blanks match the same texts, whatever their names.
    return a->kind == PART_TEXT
               ? b->kind == PART_TEXT && span_equal(a->text, b->text)
               : b->kind != PART_TEXT;
}

static bool same_path(const struct request_rule *a,
                      const struct request_rule *b)
{
    if (!span_equal(a->method, b->method) || a->at_mount != b->at_mount ||
        a->path.count != b->path.count)
        return false;
    for (size_t i = 0; i < a->path.count; i++)
        if (!same_part(&a->path.parts[i], &b->path.parts[i]))
            return false;
    return true;
}

static bool fail_path(struct load *load, const char *name, const char *other)
{
    size_t messages = json_member(&load->json, 0, "messages");
    size_t message = json_member(&load->json, messages, name);
    size_t request = json_member(&load->json, message, "request");

    return load_fail_word(load, json_member(&load->json, request, "path"),
                          span_of(other), "has the same method and path",
                          "a fixed text in body, query or headers must tell "
                          "them apart");
}

static bool check_paths(struct load *load)
{
    const struct dialect *d = load->dialect;

    for (unsigned i = MESSAGE_WELCOME; i < MESSAGE_COUNT; i++)
        for (unsigned k = MESSAGE_WELCOME; k < i; k++) {
            if (d->message[i] == NULL || d->message[k] == NULL ||
                d->message[i]->request.marked || d->message[k]->request.marked)
                continue;
            if (same_path(&d->message[i]->request, &d->message[k]->request))
                return fail_path(load, message_name((enum message)i),
                                 message_name((enum message)k));
        }
    return true;
}

static bool check_served(struct load *load)
{
    const struct dialect *d = load->dialect;

    if (d->mount == 0)
        return true;
    if (d->rotation == DIALECT_ROTATION_NONE)
        return load_fail(load, json_member(&load->json, 0, "rotation"),
                         "a dialect with a mount rotates its refresh tokens",
                         "write offered or committed");
    return check_present(load, "errors", served_errors, COUNT(served_errors)) &&
           check_present(load, "messages", served_messages,
                         COUNT(served_messages));
}

static bool check_prefix(struct load *load)
{
    struct span prefix = load->dialect->prefix;

    if (prefix.length == 0 || (prefix.text[0] == '/' && prefix.length > 1 &&
                               prefix.text[prefix.length - 1] != '/'))
        return true;
    return load_fail_word(load, json_member(&load->json, 0, "prefix"), prefix,
                          "is no prefix",
                          "it begins with a slash and does not end with one");
}

bool load_check(struct load *load)
{
    return check_prefix(load) && check_served(load) && check_paths(load);
}
