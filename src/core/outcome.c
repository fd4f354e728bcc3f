#include "core/outcome.h"

#include "base/json.h"
#include "core/date.h"

enum { RETRY_MAX_S = 3600 };

static const char *const names[] = {
    [OUTCOME_GRANTED] = "granted", [OUTCOME_REFUSED] = "refused",
    [OUTCOME_ADVANCE] = "advance", [OUTCOME_STALE] = "stale",
    [OUTCOME_BEHIND] = "behind",   [OUTCOME_OTHER_SESSION] = "other_session",
    [OUTCOME_RESEED] = "reseed",   [OUTCOME_UNRECOGNISED] = "unrecognised",
    [OUTCOME_PASSING] = "passing", [OUTCOME_NOT_SENT] = "not_sent",
    [OUTCOME_UNKNOWN] = "unknown", [OUTCOME_CONFIG] = "config",
};

const char *outcome_name(enum outcome outcome)
{
    return names[outcome];
}

static struct span head_value(const struct answer *answer, struct span name)
{
    return header_find(answer->headers, answer->headers_count, name);
}

int64_t outcome_retry_after_ms(const struct answer *answer)
{
    struct span value = head_value(answer, SPAN("Retry-After"));
    int64_t seconds;
    int64_t until;
    int64_t date;

    if (!span_to_int(value, &seconds)) {
        if (!date_from_http(value, &until) ||
            !date_from_http(head_value(answer, SPAN("Date")), &date))
            return 0;
        seconds = until > date ? until - date : 0;
    }
    return (seconds < RETRY_MAX_S ? seconds : RETRY_MAX_S) * 1000;
}

/* What a body looks like to one who does not know the dialect. */
enum look { LOOK_EMPTY, LOOK_JSON, LOOK_HTML, LOOK_OTHER };

static enum look look_at(const struct answer *answer)
{
    struct json_token tokens[REPLY_TOKENS_MAX];
    struct json json;
    struct span body = answer->body;
    struct span type = head_value(answer, SPAN("Content-Type"));

    while (body.length > 0 && (uint8_t)body.text[0] <= ' ')
        body = span_tail(body, 1);
    if (body.length == 0)
        return LOOK_EMPTY;
    if (body.text[0] == '<' ||
        span_equal_nocase(span_head(type, 9), SPAN("text/html")))
        return LOOK_HTML;
    return json_parse(&json, body.text, body.length, tokens,
                      REPLY_TOKENS_MAX) == JSON_INVALID
               ? LOOK_OTHER
               : LOOK_JSON;
}

/* The answer in nobody's words: its status and its look. */
static enum outcome classify(const struct answer *answer)
{
    enum look look = look_at(answer);

    if (answer->status >= 200 && answer->status <= 299)
        return look == LOOK_HTML ? OUTCOME_PASSING : OUTCOME_UNKNOWN;
    if (answer->status != 400 && answer->status != 401 && answer->status != 403)
        return OUTCOME_PASSING;
    return look == LOOK_JSON || look == LOOK_EMPTY ? OUTCOME_UNRECOGNISED
                                                   : OUTCOME_PASSING;
}

/* Whatever the body says: invariant 2 of the engine. */
static bool is_passing(int status)
{
    return status < 200 || (status >= 300 && status <= 399) || status == 408 ||
           status == 425 || status == 429 || status >= 500;
}

static enum outcome protocol(enum reply_kind kind)
{
    if (kind == CASE_ADVANCE)
        return OUTCOME_ADVANCE;
    if (kind == CASE_STALE)
        return OUTCOME_STALE;
    if (kind == CASE_RESEED)
        return OUTCOME_RESEED;
    return kind == CASE_BEHIND ? OUTCOME_BEHIND : OUTCOME_OTHER_SESSION;
}

static enum outcome translate(const struct reply_meaning *meaning,
                              const struct answer *answer)
{
    switch (meaning->verdict) {
    case VERDICT_GRANTED:
        return OUTCOME_GRANTED;
    case VERDICT_REFUSED:
        return OUTCOME_REFUSED;
    case VERDICT_PROTOCOL:
        return protocol(meaning->what.kind);
    case VERDICT_CONFIG:
        return OUTCOME_CONFIG;
    case VERDICT_DENIED:
        // A field of ours that the server does not take.
        if (meaning->what.field != FIELD_NONE)
            return OUTCOME_CONFIG;
        break;
    case VERDICT_NONE:
    case VERDICT_RENEW:
    case VERDICT_LATER:
        break;
    }
    return classify(answer);
}

struct outcome_told outcome_decide(const struct dialect *dialect,
                                   enum message message,
                                   enum transport transport,
                                   const struct answer *answer,
                                   struct fields *fields)
{
    struct outcome_told told = {
        OUTCOME_UNKNOWN, {CASE_OK, FIELD_NONE},
         0
    };
    struct reply_meaning meaning;

    if (transport != TRANSPORT_ANSWERED) {
        if (transport == TRANSPORT_NOT_SENT)
            told.outcome = OUTCOME_NOT_SENT;
        return told;
    }
    told.retry_after_ms = outcome_retry_after_ms(answer);
    if (is_passing(answer->status)) {
        told.outcome = OUTCOME_PASSING;
        return told;
    }
    meaning = reply_match(dialect, message, answer, fields);
    told.outcome = translate(&meaning, answer);
    told.why = meaning.what;
    return told;
}
