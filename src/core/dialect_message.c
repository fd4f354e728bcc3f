/*
 * A dialect's file: messages and their replies.
 */
#include "core/dialect_file.h"

bool load_parameters(struct load *load, size_t object, struct header_rules *out)
{
    struct walk walk = load_walk(load, object);
    size_t most = (load->json.token[object].next - object) / 2;
    struct header_rule *list = load_take(load, most, sizeof *list);

    if (list == NULL)
        return false;
    out->list = list;
    while (load_next(load, &walk)) {
        struct header_rule *rule = &list[out->count++];

        if (!load_text(load, walk.key, &rule->name) ||
            !template_compile_text(load, walk.value, &rule->value))
            return false;
    }
    return true;
}

/* RFC 9110, section 5.1. */
static bool is_header_name(struct span text)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < text.length; i++) {
        char c = text.text[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
            !(c >= '0' && c <= '9') &&
            span_find(SPAN(others), c) == sizeof others - 1)
            return false;
    }
    return text.length > 0;
}

/* Our own words; what fills the blanks is made harmless when it is written. */
static bool is_header_value(const struct pattern *value)
{
    for (size_t i = 0; i < value->count; i++)
        for (size_t k = 0; k < value->parts[i].text.length; k++) {
            char c = value->parts[i].text.text[k];

            if (c < ' ' || c > '~')
                return false;
        }
    return true;
}

bool load_headers(struct load *load, size_t object, struct header_rules *out)
{
    struct walk walk = load_walk(load, object);

    if (!load_parameters(load, object, out))
        return false;
    for (size_t i = 0; load_next(load, &walk); i++) {
        if (!is_header_name(out->list[i].name))
            return load_fail_word(
                load, walk.key, json_raw(&load->json, walk.key),
                "is no header's name", "see RFC 9110, section 5.1");
        if (!is_header_value(&out->list[i].value))
            return load_fail(load, walk.value, "no header may say this",
                             "visible ASCII and blanks, on one line");
    }
    return true;
}

static bool add_status(struct load *load, size_t value, struct reply_rule *rule)
{
    int64_t status;

    if (!json_int(&load->json, value, &status) || status < 200 || status > 599)
        return load_fail_word(load, value, json_raw(&load->json, value),
                              "is no status of a reply",
                              "write a whole number from 200 to 599");
    if (rule->status_count == STATUSES_MAX)
        return load_fail(load, value, "too many statuses", "at most 4");
    rule->status[rule->status_count++] = (int16_t)status;
    return true;
}

static bool read_status(struct load *load, size_t value, void *into)
{
    struct walk walk = load_walk(load, value);

    if (json_type_at(&load->json, value) != JSON_ARRAY)
        return add_status(load, value, into);
    while (load_next(load, &walk))
        if (!add_status(load, walk.value, into))
            return false;
    if (((struct reply_rule *)into)->status_count == 0)
        return load_fail(load, value, "the list is empty",
                         "write at least one status");
    return true;
}

static bool read_type(struct load *load, size_t value, void *into)
{
    return load_line(load, value, &((struct reply_rule *)into)->type);
}

static bool read_reply_headers(struct load *load, size_t value, void *into)
{
    return load_headers(load, value, &((struct reply_rule *)into)->headers);
}

/* `value` itself, or each element where it is a list. */
static bool read_bodies(struct load *load, size_t value,
                        struct reply_rule *rule, bool text)
{
    struct walk walk = load_walk(load, value);
    bool list = json_type_at(&load->json, value) == JSON_ARRAY;
    size_t most = list ? load->json.token[value].count : 1;
    struct body *bodies = load_take(load, most, sizeof *bodies);

    if (bodies == NULL)
        return false;
    if (rule->bodies != NULL)
        return load_fail(load, value, "both body and text stand here",
                         "a reply has one of them");
    if (most == 0)
        return load_fail(load, value, "the list is empty",
                         "leave it out where there is no body");
    rule->bodies = bodies;
    for (; rule->bodies_count < most; rule->bodies_count++) {
        struct body *body = &bodies[rule->bodies_count];

        if (list)
            (void)load_next(load, &walk); // there are `most` of them
        else
            walk.value = value;
        if (text ? !template_compile_text(load, walk.value, &body->text)
                 : !template_compile_json(load, walk.value, body))
            return false;
    }
    return true;
}

static bool read_body(struct load *load, size_t value, void *into)
{
    return read_bodies(load, value, into, false);
}

static bool read_text(struct load *load, size_t value, void *into)
{
    return read_bodies(load, value, into, true);
}

static const struct key_rule reply_rules[] = {
    {"status",  MAY_NUMBER | MAY_ARRAY, true,  read_status       },
    {"type",    MAY_STRING,             false, read_type         },
    {"headers", MAY_OBJECT,             false, read_reply_headers},
    {"body",    MAY_ANY,                false, read_body         },
    {"text",    MAY_STRING | MAY_ARRAY, false, read_text         },
};

static const char *kind_choice(unsigned i)
{
    return reply_kind_name((enum reply_kind)i);
}

static bool read_case(struct load *load, size_t key, struct reply_case *out)
{
    struct span name = json_raw(&load->json, key);
    size_t dot = span_find(name, '.');
    struct reply_case kind;

    if (reply_case_find(name, out))
        return true;
    if (dot < name.length && reply_case_find(span_head(name, dot), &kind))
        return load_fail_word(load, key, name, "is no case",
                              "behind the dot stands a field, and only where "
                              "the case is about one");
    return load_fail_choice(load, key, name, "is no case",
                            &(struct choices){kind_choice, CASE_COUNT});
}

/*
 * Clients take these statuses for passing trouble whatever the body says, so
 * a final word under one of them would never be heard.
 */
static bool is_passing(int status)
{
    return status >= 500 || status == 408 || status == 425 || status == 429;
}

static bool check_reply(struct load *load, size_t value,
                        const struct reply_rule *rule)
{
    if (reply_kind_verdict(rule->what.kind) != VERDICT_REFUSED)
        return true;
    for (size_t i = 0; i < rule->status_count; i++)
        if (is_passing(rule->status[i]))
            return load_fail(load, value,
                             "clients take this status for passing trouble",
                             "a refusal needs one of 400 to 499, but for 408, "
                             "425 and 429");
    return true;
}

static bool read_replies(struct load *load, size_t value,
                         struct message_rules *message)
{
    struct walk walk = load_walk(load, value);
    size_t most = load->json.token[value].count;
    struct reply_rule *list = load_take(load, most, sizeof *list);

    if (list == NULL)
        return false;
    message->replies = list;
    while (load_next(load, &walk)) {
        struct reply_rule *rule = &list[message->replies_count++];

        if (!read_case(load, walk.key, &rule->what) ||
            !load_object(load, walk.value, reply_rules, COUNT(reply_rules),
                         rule) ||
            !check_reply(load, walk.value, rule))
            return false;
    }
    return true;
}

/* Of its own, or the name of a message that stands before and has the same. */
static bool read_message_replies(struct load *load, size_t value, void *into)
{
    struct message_rules *rules = into;
    const struct message_rules *other = NULL;
    struct span name = json_raw(&load->json, value);
    enum message message = message_find(name);

    if (json_type_at(&load->json, value) == JSON_OBJECT)
        return read_replies(load, value, rules);
    if (message != MESSAGE_NONE)
        other = load->dialect->message[message];
    if (other == NULL || other->replies == NULL || other == rules)
        return load_fail_word(load, value, name, "has no replies to share",
                              "name a message that stands before");
    rules->replies = other->replies;
    rules->replies_count = other->replies_count;
    return true;
}

static bool read_ours(struct load *load, size_t value, void *into)
{
    ((struct message_rules *)into)->ours =
        load->json.token[value].type == JSON_TRUE;
    return true;
}

static const char *need_choice(unsigned i)
{
    static const char *const names[] = {"nothing", "token", "user", "moderator",
                                        "admin"};

    return names[i];
}

static bool read_needs(struct load *load, size_t value, void *into)
{
    unsigned choice = 0;
    bool good =
        load_choice(load, value, &(struct choices){need_choice, 5}, &choice);

    ((struct message_rules *)into)->need = (enum need)choice;
    return good;
}

static bool read_allow(struct load *load, size_t value, void *into)
{
    return load_text(load, value, &((struct message_rules *)into)->allow);
}

static const struct key_rule message_rules[] = {
    {"ours",    MAY_BOOL,                false, read_ours           },
    {"needs",   MAY_STRING,              false, read_needs          },
    {"allow",   MAY_STRING,              false, read_allow          },
    {"request", MAY_OBJECT,              true,  load_request        },
    {"replies", MAY_OBJECT | MAY_STRING, true,  read_message_replies},
};

static const char *message_choice(unsigned i)
{
    return message_name((enum message)(i + MESSAGE_WELCOME));
}

static struct message_rules *take_message(struct load *load,
                                          enum message message)
{
    struct message_rules *rules = load_take(load, 1, sizeof *rules);

    load->dialect->message[message] = rules;
    return rules;
}

_Static_assert(MESSAGE_COUNT <= 64, "one bit a message in struct dialect");

/* So that nobody who looks for a request has to look at all messages. */
static void note_request(struct dialect *dialect, enum message message)
{
    const uint64_t bit = (uint64_t)1 << message;

    dialect->requests |= bit;
    if (dialect->message[message]->request.marked)
        dialect->marked |= bit;
}

bool load_messages(struct load *load, size_t value, void *into)
{
    struct walk walk = load_walk(load, value);

    (void)into;
    while (load_next(load, &walk)) {
        struct span name = json_raw(&load->json, walk.key);
        enum message message = message_find(name);
        struct message_rules *rules;

        if (message < MESSAGE_WELCOME)
            return load_fail_choice(
                load, walk.key, name, "is no message",
                &(struct choices){message_choice,
                                  MESSAGE_COUNT - MESSAGE_WELCOME});
        rules = take_message(load, message);
        if (rules == NULL || !load_object(load, walk.value, message_rules,
                                          COUNT(message_rules), rules))
            return false;
        note_request(load->dialect, message);
    }
    return true;
}

bool load_preflight(struct load *load, size_t value, void *into)
{
    struct message_rules *rules = take_message(load, MESSAGE_PREFLIGHT);
    struct reply_rule *reply = load_take(load, 1, sizeof *reply);

    (void)into;
    if (rules == NULL || reply == NULL)
        return false;
    reply->what.kind = CASE_OK;
    rules->replies = reply;
    rules->replies_count = 1;
    return load_object(load, value, reply_rules, COUNT(reply_rules), reply);
}

bool load_errors(struct load *load, size_t value, void *into)
{
    struct message_rules *rules = take_message(load, MESSAGE_NONE);

    (void)into;
    return rules != NULL && read_replies(load, value, rules);
}
