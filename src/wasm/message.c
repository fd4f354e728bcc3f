#include "base/base64url.h"
#include "core/jws.h"
#include "core/outcome.h"
#include "core/request.h"
#include "wasm/exports.h"
#include "wasm/parts.h"

enum { HEADERS_MAX = 64, ANSWER_SIZE = 64 * 1024 };

static struct fields given;    /* what the next message says */
static struct fields answered; /* what the last answer carried */
static char answer_bytes[ANSWER_SIZE];

void wasm_fields_clear(void)
{
    fields_init(&given, NULL, 0);
}

void wasm_field_text(int32_t field, uint32_t offset, uint32_t length)
{
    fields_set_text(&given, (enum field)field,
                    (struct span){text + offset, length});
}

void wasm_field_null(int32_t field)
{
    fields_set_null(&given, (enum field)field);
}

void wasm_field_number(int32_t field, double value)
{
    fields_set_int(&given, (enum field)field, (int64_t)value);
}

int32_t wasm_message_build(int32_t session, int32_t message)
{
    struct request request;
    enum request_result result =
        request_build(&session_at(session)->dialect, (enum message)message,
                      &given, (struct span){room, ROOM_SIZE}, &request);

    out_begin();
    if (result != REQUEST_OK)
        return (int32_t)result;
    out_add(request.method);
    out_add(request.target);
    out_add(request.content_type);
    out_add(request.body);
    for (size_t i = 0; i < request.headers_count; i++) {
        out_add(request.headers[i].name);
        out_add(request.headers[i].value);
    }
    out_add((struct span){NULL, 0});
    return (int32_t)REQUEST_OK;
}

int32_t wasm_access_build(int32_t session, uint32_t length)
{
    struct header_line line;

    out_begin();
    if (!access_build(&session_at(session)->dialect,
                      (struct span){text, length},
                      (struct span){room, ROOM_SIZE}, &line))
        return -1;
    out_add(line.name);
    out_add(line.value);
    return 0;
}

/* "name:value\n" each, as a browser's Headers give them. */
static size_t split_head(struct span rest, struct header_line *lines)
{
    size_t count = 0;

    while (rest.length > 0 && count < HEADERS_MAX) {
        struct span line = span_head(rest, span_find(rest, '\n'));
        size_t colon = span_find(line, ':');

        lines[count++] = (struct header_line){
            .name = span_head(line, colon),
            .value = span_tail(line, colon + 1),
        };
        rest = span_tail(rest, line.length + 1);
    }
    return count;
}

static struct answer answer_of(int32_t status, uint32_t head, uint32_t body,
                               struct header_line lines[HEADERS_MAX])
{
    fields_init(&answered, answer_bytes, sizeof answer_bytes);
    return (struct answer){
        .status = status,
        .headers = lines,
        .headers_count = split_head((struct span){text,        head},
           lines),
        .body = {text + head, body},
    };
}

uint32_t wasm_reply_read(int32_t session, int32_t message, int32_t status,
                         uint32_t head, uint32_t body)
{
    struct header_line lines[HEADERS_MAX];
    const struct answer answer = answer_of(status, head, body, lines);
    struct reply_meaning meaning =
        reply_match(&session_at(session)->dialect, (enum message)message,
                    &answer, &answered);

    return (uint32_t)meaning.verdict | (uint32_t)meaning.what.kind << 8 |
           (uint32_t)meaning.what.field << 16;
}

uint32_t wasm_outcome_read(int32_t session, int32_t message, int32_t status,
                           uint32_t head, uint32_t body)
{
    struct header_line lines[HEADERS_MAX];
    const struct answer answer = answer_of(status, head, body, lines);
    enum transport transport = status > 0    ? TRANSPORT_ANSWERED
                               : status == 0 ? TRANSPORT_NOT_SENT
                                             : TRANSPORT_LOST;
    struct outcome_told told =
        outcome_decide(&session_at(session)->dialect, (enum message)message,
                       transport, &answer, &answered);

    numbers[WASM_RETRY_MS] = (double)told.retry_after_ms;
    return (uint32_t)told.outcome | (uint32_t)told.why.kind << 8;
}

int32_t wasm_answer_text(int32_t field)
{
    out_begin();
    out_add(fields_text(&answered, (enum field)field));
    return fields_has(&answered, (enum field)field);
}

double wasm_answer_number(int32_t field, double otherwise)
{
    if (!fields_has(&answered, (enum field)field))
        return otherwise;
    return (double)fields_int(&answered, (enum field)field, 0);
}

double wasm_token_life_ms(uint32_t length, double now_s)
{
    static struct json_token tokens[512];
    struct span token = {text, length};
    struct span rest = span_tail(token, span_find(token, '.') + 1);
    struct span claims = span_head(rest, span_find(rest, '.'));
    struct json json;
    size_t size = 0;

    if (claims.length == 0 ||
        !base64url_decode(claims, room, ROOM_SIZE, &size) ||
        json_parse(&json, room, size, tokens, COUNT(tokens)) != JSON_OK)
        return 0;
    return (double)jws_life_ms(&json, (int64_t)now_s);
}
