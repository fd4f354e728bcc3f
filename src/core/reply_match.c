/*
 * Replies as the client reads them: which case, which fields.
 */
#include "core/reply.h"

#include "core/date.h"
#include "core/template.h"

static bool has_status(const struct reply_rule *rule, int status)
{
    for (size_t i = 0; i < rule->status_count; i++)
        if (rule->status[i] == status)
            return true;
    return false;
}

static bool is_granting(enum message message)
{
    return message == MESSAGE_SIGN_IN || message == MESSAGE_SIGN_IN_COOKIE ||
           message == MESSAGE_REFRESH || message == MESSAGE_REFRESH_COOKIE;
}

static bool is_success(int status)
{
    return status >= 200 && status <= 299;
}

/* The first wording that fits, its fields taken; no body fits no body. */
static bool match_rule(const struct sink *sink, const struct reply_rule *rule,
                       const struct answer *answer)
{
    const struct sink compare = {sink->dialect, sink->json, NULL};

    if (rule->bodies_count == 0)
        return answer->body.length == 0;
    for (size_t i = 0; i < rule->bodies_count; i++)
        if (template_match_body(&compare, &rule->bodies[i], answer->body))
            return template_match_body(sink, &rule->bodies[i], answer->body);
    return false;
}

static bool match_rules(const struct sink *sink,
                        const struct message_rules *rules,
                        const struct answer *answer, struct reply_case *what)
{
    if (rules == NULL)
        return false;
    for (size_t i = 0; i < rules->replies_count; i++) {
        const struct reply_rule *rule = &rules->replies[i];

        if (!has_status(rule, answer->status) ||
            !match_rule(sink, rule, answer))
            continue;
        *what = rule->what;
        return true;
    }
    return false;
}

/* One step of a pointer; "~1" is a slash and "~0" a tilde (RFC 6901). */
static size_t take_step(const struct json *json, size_t at, struct span step)
{
    char room[64];
    size_t used = 0;
    int64_t index;

    if (json_type_at(json, at) == JSON_ARRAY) {
        size_t element = at + 1;

        if (!span_to_int(step, &index))
            return JSON_NONE;
        while (index-- > 0 && element < json->token[at].next)
            element = json->token[element].next;
        return element < json->token[at].next ? element : JSON_NONE;
    }
    for (size_t i = 0; i < step.length && used < sizeof room; i++) {
        bool escape = step.text[i] == '~' && i + 1 < step.length;

        room[used++] =
            escape ? (step.text[i + 1] == '1' ? '/' : '~') : step.text[i];
        i += escape;
    }
    return json_member_span(json, at, (struct span){room, used});
}

static size_t follow(const struct json *json, struct span pointer)
{
    size_t at = json->count > 0 ? 0 : JSON_NONE;

    while (pointer.length > 0 && at != JSON_NONE) {
        struct span step = span_tail(pointer, 1);
        size_t end = span_find(step, '/');

        at = take_step(json, at, span_head(step, end));
        pointer = span_tail(step, end);
    }
    return at;
}

/* "Bearer TOKEN" in a header is the token. */
static struct span without_scheme(struct span value)
{
    static const char scheme[] = "Bearer ";

    if (span_equal_nocase(span_head(value, sizeof scheme - 1), SPAN(scheme)))
        return span_tail(value, sizeof scheme - 1);
    return value;
}

static void receive(const struct sink *sink, const struct place *place,
                    const struct answer *answer)
{
    struct span value;

    if (place->kind == PLACE_POINTER) {
        size_t at = follow(sink->json, place->name);

        if (at != JSON_NONE)
            (void)template_take(sink, place->field, at, true);
        return;
    }
    value = place->kind == PLACE_HEADER
                ? without_scheme(header_find(
                      answer->headers, answer->headers_count, place->name))
                : header_cookie(answer->headers, answer->headers_count,
                                place->name);
    if (value.length > 0)
        (void)template_take_text(sink->fields, place->field, value);
}

static void receive_all(const struct sink *sink, const struct answer *answer)
{
    const struct dialect *d = sink->dialect;

    for (size_t i = 0; i < d->receive_count; i++)
        if (!fields_has(sink->fields, d->receive[i].field))
            receive(sink, &d->receive[i], answer);
}

static int64_t to_ms(int64_t seconds)
{
    if (seconds > INT64_MAX / 1000)
        return INT64_MAX;
    if (seconds < INT64_MIN / 1000)
        return INT64_MIN;
    return seconds * 1000;
}

/* Every unit of a lifetime becomes milliseconds. */
static void read_times(struct fields *f, const struct answer *answer)
{
    struct span date =
        header_find(answer->headers, answer->headers_count, SPAN("Date"));
    int64_t seconds;
    int64_t left;

    if (date_from_http(date, &seconds))
        fields_set_int(f, FIELD_DATE, seconds);
    if (fields_has(f, FIELD_EXPIRES_IN_MS))
        return;
    if (fields_has(f, FIELD_EXPIRES_IN))
        fields_set_int(f, FIELD_EXPIRES_IN_MS,
                       to_ms(fields_int(f, FIELD_EXPIRES_IN, 0)));
    else if (fields_has(f, FIELD_EXPIRES_AT) && fields_has(f, FIELD_DATE) &&
             !__builtin_sub_overflow(fields_int(f, FIELD_EXPIRES_AT, 0),
                                     fields_int(f, FIELD_DATE, 0), &left))
        fields_set_int(f, FIELD_EXPIRES_IN_MS, to_ms(left));
}

/* An empty token is none. */
static bool has_access(const struct fields *f)
{
    return fields_text(f, FIELD_ACCESS).length > 0;
}

static bool is_html(const struct answer *answer)
{
    struct span type = header_find(answer->headers, answer->headers_count,
                                   SPAN("Content-Type"));

    return span_equal_nocase(span_head(type, 9), SPAN("text/html"));
}

/* A 2xx grants even in words of another version, if what counts is in it. */
static struct reply_meaning judge(const struct answer *answer,
                                  enum message message, bool known,
                                  struct reply_case what,
                                  const struct fields *f)
{
    const struct reply_meaning none = {
        VERDICT_NONE, {CASE_OK, FIELD_NONE}
    };
    const struct reply_meaning granted = {
        VERDICT_GRANTED, {CASE_OK, FIELD_NONE}
    };

    if (known && reply_kind_verdict(what.kind) != VERDICT_GRANTED)
        return (struct reply_meaning){reply_kind_verdict(what.kind), what};
    if (is_granting(message))
        return is_success(answer->status) && has_access(f) ? granted : none;
    if (known)
        return (struct reply_meaning){VERDICT_GRANTED, what};
    return is_success(answer->status) && !is_html(answer) ? granted : none;
}

struct reply_meaning reply_match(const struct dialect *dialect,
                                 enum message message,
                                 const struct answer *answer,
                                 struct fields *fields)
{
    struct json_token tokens[REPLY_TOKENS_MAX];
    struct json json;
    const struct sink sink = {dialect, &json, fields};
    struct reply_case what = {CASE_OK, FIELD_NONE};
    bool known;

    // Not JSON leaves json.count at 0, and no template of JSON fits it.
    (void)json_parse(&json, answer->body.text, answer->body.length, tokens,
                     REPLY_TOKENS_MAX);
    // First, so that a template does not overrule the order of the places.
    receive_all(&sink, answer);
    known = match_rules(&sink, dialect->message[message], answer, &what) ||
            (message != MESSAGE_NONE &&
             match_rules(&sink, dialect->message[MESSAGE_NONE], answer, &what));
    read_times(fields, answer);
    return judge(answer, message, known, what, fields);
}
