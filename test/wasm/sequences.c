#include "sequences.h"

#include "base/bytes.h"
#include "core/dialect.h"
#include "core/engine.h"
#include "core/outcome.h"
#include "core/record.h"
#include "core/reply.h"
#include "wasm/parts.h"

enum { DIALECTS = 4, REQUESTS = 4, KINDS_OF_ENDS = 9 };

static const char *const names[DIALECTS] = {"stay", "django", "oauth2",
                                            "express"};
static struct dialect dialects[DIALECTS];
static char memories[DIALECTS][DIALECT_MEMORY];

static uint32_t random_state;
static uint32_t hash;
static uint32_t last_event;
static int32_t session;
static int32_t requests[REQUESTS];
static uint32_t sends[REQUESTS];
static double now_ms;

int32_t sequences_begin(void)
{
    for (size_t i = 0; i < DIALECTS; i++) {
        const struct dialect_source *source = dialect_find(span_of(names[i]));

        if (source == NULL ||
            dialect_load(&dialects[i], SPAN("dialect"),
                         (struct span){source->text, source->length},
                         (struct span){memories[i], DIALECT_MEMORY},
                         NULL) != DIALECT_OK)
            return -1;
    }
    return 0;
}

/* ---- Chance, and what came out ----
 *
 * One draw a statement: the order of arguments is the compiler's.
 */

static uint32_t below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return (random_state >> 8) % limit;
}

static void note(uint32_t value)
{
    hash = (hash ^ value) * 16777619u;
    hash ^= hash >> 15;
}

static void note_double(double value)
{
    uint64_t bits;

    __builtin_memcpy(&bits, &value, sizeof bits);
    note((uint32_t)bits);
    note((uint32_t)(bits >> 32));
}

/* Pair `index` of out; native programs are linked below 4 GiB for this. */
static struct span out_at(size_t index)
{
    const uint32_t *out = wasm_out();

    return (struct span){(const char *)(uintptr_t)out[2 * index],
                         out[2 * index + 1]};
}

static void note_out(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct span span = out_at(i);

        note((uint32_t)span.length);
        for (size_t k = 0; k < span.length; k++)
            note((uint8_t)span.text[k]);
    }
}

static void note_told(uint32_t todo)
{
    note(todo);
    note_double(wasm_number()[WASM_GENERATION]);
    note_double(wasm_number()[WASM_DETAIL]);
    note_double(wasm_number()[WASM_NUMBER]);
}

/* Instants and lengths of all sizes, with what is about a limit among them. */
static double some_ms(void)
{
    static const double limits[] = {0,
                                    -1,
                                    1,
                                    999,
                                    1000,
                                    30000,
                                    60000,
                                    299999,
                                    3600000,
                                    2147483648.0,
                                    9007199254740991.0};
    uint32_t kind = below(8);

    if (kind == 0)
        return limits[below(COUNT(limits))];
    return below(1u << (4 * kind - (kind == 7 ? 5 : 0)));
}

static size_t put(size_t at, const char *words)
{
    size_t length = span_of(words).length;

    __builtin_memcpy(wasm_text() + at, words, length);
    return at + length;
}

/* A text that came out goes in again, whole or damaged. */
static uint32_t give_back(void)
{
    struct span span = out_at(0);

    __builtin_memmove(wasm_text(), span.text, span.length);
    if (below(4) == 0 && span.length > 0)
        wasm_text()[below((uint32_t)span.length)] ^= 9;
    return (uint32_t)span.length - (below(8) == 0 && span.length > 0);
}

static void put_random_bytes(size_t at, size_t count)
{
    for (size_t i = 0; i < count; i++)
        wasm_text()[at + i] = (char)below(256);
}

/* ---- Events ---- */

static void ask(void)
{
    uint32_t at = below(REQUESTS);

    if (sends[at] == ENGINE_SENDS_MAX || below(8) == 0) {
        int32_t origin = (int32_t)below(4) - 1;
        double need_ms = below(3) == 0 ? some_ms() : 0;

        wasm_request_close(requests[at]);
        requests[at] = wasm_request_open(session, origin, need_ms);
        sends[at] = 0;
    }
    uint32_t todo =
        below(8) == 0 ? wasm_ask_newer(requests[at]) : wasm_ask(requests[at]);
    sends[at] += (todo & ENGINE_SEND) != 0;
    note_told(todo);
}

static void answer(void)
{
    int32_t request = requests[below(REQUESTS)];

    note_told(wasm_answered(request, (int32_t)below(3)));
}

static void refused(void)
{
    wasm_number()[WASM_GENERATION] = below(6);
    note_told(wasm_refused(session, (int32_t)below(4) - 1));
}

static void call(void)
{
    wasm_number()[WASM_NUMBER] -= below(8) == 0;
    note_told(wasm_call(session));
}

static void give_tokens(void)
{
    wasm_number()[WASM_GENERATION] = wasm_generation(session) + below(4);
    wasm_number()[WASM_LIFE_MS] = some_ms();
    wasm_number()[WASM_RECEIVED_MS] = now_ms - (below(4) == 0 ? some_ms() : 0);
    wasm_number()[WASM_RANDOM] = (double)below(1u << 24) * 256;
}

static void end(void)
{
    give_tokens();
    wasm_number()[WASM_RETRY_MS] = below(4) == 0 ? some_ms() : 0;
    wasm_number()[WASM_DETAIL] = below(20);
    wasm_number()[WASM_NUMBER] -= below(16) == 0;
    note_told(wasm_ended(session, (int32_t)below(KINDS_OF_ENDS)));
}

static void change(void)
{
    give_tokens();
    note_told(below(3) == 0 ? wasm_signed_in(session) : wasm_changed(session));
}

static void leave(void)
{
    note_told(below(4) == 0 ? wasm_signed_out(session) : wasm_tick(session));
}

static void look(void)
{
    note((uint32_t)wasm_state(session));
    note((uint32_t)wasm_is_suspect(session));
    note_double(wasm_refresh_from(session));
    note_double(wasm_deadline_ms(session));
    note_double(wasm_left_ms(session));
    note_double(wasm_rest_ms(session));
}

static void budget(void)
{
    if (below(4) == 0)
        wasm_budget_wake(session);
    wasm_budget_write(session);
    note_out(1);
    wasm_budget_read(session, give_back());
}

static void record_begins(void)
{
    uint32_t length = 22 - (below(16) == 0);

    put(0, "AAECAwQFBgcICQoLDA0ODw");
    put_random_bytes(22, 2 * RECORD_SECRET_SIZE);
    note((uint32_t)wasm_record_start(session, length, (int32_t)below(2)));
    wasm_record_renew(session, 0);
}

static void record_moves(void)
{
    uint32_t todo;
    int32_t outcome;

    if (below(4) == 0)
        wasm_record_renew(session, 0);
    put_random_bytes(0, RECORD_SECRET_SIZE);
    todo = wasm_record_begin(session);
    note(todo);
    if ((todo & RECORD_SEND) == 0)
        return;
    note_out(4);
    note_double(wasm_number()[WASM_GENERATION]);
    wasm_number()[WASM_GENERATION] -= below(4);
    outcome = (int32_t)below(OUTCOME_CONFIG + 1);
    note(wasm_record_apply(session, outcome, (int32_t)below(CASE_COUNT)));
}

static void record_rests(void)
{
    int32_t reason = (int32_t)below(RECORD_LOST + 1);

    if (below(8) == 0)
        note((uint32_t)wasm_record_end(session, reason, (int32_t)below(2)));
    if (below(8) == 0)
        wasm_record_told(session);
    note(wasm_record_facts(session));
    note_out(1);
    wasm_record_write(session);
    note_out(1);
    note((uint32_t)wasm_record_read(session, give_back()));
}

static void message(void)
{
    static const char *const words[] = {"ada", "love\"l\\ace\n", "\xc3\xa9&=/ ",
                                        "AAECAwQFBgcICQoLDA0ODw", ""};
    size_t at = 0;

    wasm_fields_clear();
    for (uint32_t i = below(12); i > 0; i--) {
        int32_t field = (int32_t)(1 + below(FIELD_COUNT - 1));
        size_t from = at;

        if (field_type((enum field)field) == FIELD_TYPE_INT) {
            wasm_field_number(field, some_ms());
            continue;
        }
        at = put(at, words[below(COUNT(words))]);
        wasm_field_text(field, (uint32_t)from, (uint32_t)(at - from));
    }
    if (wasm_message_build(session, (int32_t)below(MESSAGE_COUNT)) != 0)
        return;
    for (size_t i = 0; out_at(i).text != NULL; i++)
        note_out(i + 1);
    note((uint32_t)wasm_access_build(session, (uint32_t)at));
    note_out(2);
}

/* An answer, now and then with one byte changed; the length of its head. */
static size_t put_answer(size_t *body)
{
    static const char *const heads[] = {
        "",
        "content-type:application/json\nretry-after:7\n",
        "content-type:text/html\n",
        ("date:Sun, 06 Nov 1994 08:49:37 GMT\n"
         "retry-after:Sun, 06 Nov 1994 08:50:37 GMT\n"),
        "Date:Sunday, 06-Nov-94 08:49:37 GMT\nRetry-After:99999999999\n",
    };
    static const char *const bodies[] = {
        "",
        "<html>",
        "{}",
        "[1,{\"a\":[]}]",
        "{\"error\":\"revoked\",\"message\":\"\\u00e9\\ud83d\\ude00\"}",
        "{\"error\":\"behind\",\"message\":\"m\",\"generation\":3}",
        "{\"error\":\"advance\",\"message\":\"m\"}",
        "{\"error\":\"invalid_grant\"}",
        "{\"detail\":\"Token is blacklisted\",\"code\":\"token_not_valid\"}",
        "{\"message\":\"Refresh token is not in database!\"}",
        ("{\"access_token\":\"a.b.c\",\"token_type\":\"Bearer\",\"expires_in\":"
         "300,\"generation\":4,\"user\":{\"id\":1,\"roles\":[\"user\"]}}"),
        "{\"access\":\"a\",\"refresh\":\"r\"}",
        "{\"accessToken\":\"a\",\"refreshToken\":\"r\",\"id\":-7e0}",
    };
    size_t head = put(0, heads[below(COUNT(heads))]);

    *body = put(head, bodies[below(COUNT(bodies))]) - head;
    if (below(3) == 0 && head + *body > 0)
        put_random_bytes(below((uint32_t)(head + *body)), 1);
    return head;
}

static void reply(void)
{
    static const int32_t status[] = {-1,  0,   200, 201, 204, 302,
                                     400, 401, 403, 404, 408, 409,
                                     422, 425, 429, 500, 503};
    size_t body;
    size_t head = put_answer(&body);
    int32_t seen = status[below(COUNT(status))];

    if (below(2) == 0 || seen <= 0)
        note(wasm_outcome_read(session, MESSAGE_REFRESH, seen, (uint32_t)head,
                               (uint32_t)body));
    else
        note(wasm_reply_read(session, (int32_t)below(MESSAGE_COUNT), seen,
                             (uint32_t)head, (uint32_t)body));
    note_double(wasm_number()[WASM_RETRY_MS]);
    for (int32_t field = 1; seen > 0 && field < FIELD_COUNT; field++)
        if (wasm_answer_text(field) == 1) {
            note_out(1);
            note_double(wasm_answer_number(field, -1));
        }
}

static void life(void)
{
    // {"exp":1000300,"iat":1000000} and {"exp":1e6}
    static const char *const tokens[] = {
        "e30.eyJleHAiOjEwMDAzMDAsImlhdCI6MTAwMDAwMH0.s",
        "e30.eyJleHAiOjFlNn0.s",
    };
    size_t length = put(0, tokens[below(2)]);

    if (below(2) == 0)
        wasm_text()[below((uint32_t)length)] ^= 1;
    note_double(wasm_token_life_ms((uint32_t)length, some_ms()));
}

static void (*const events[])(void) = {
    ask,          ask,          ask,     ask,    answer,        answer,
    refused,      call,         call,    end,    end,           end,
    change,       leave,        look,    budget, record_begins, record_moves,
    record_moves, record_rests, message, reply,  life,
};

/* ---- Sequences ---- */

static void begin(uint32_t seed)
{
    random_state = seed * 2654435761u + 0x9E3779B9u;
    random_state += random_state == 0;
    hash = 2166136261u;
    now_ms = 1000000;
    for (size_t i = 0; i < WASM_NUMBER_COUNT; i++)
        wasm_number()[i] = 0;
    // Not closed at its end: that would wipe 64 KiB each time.
    session_at(session)->taken = false;
    session = wasm_open(below(4) == 0 ? some_ms() : 0);
    session_at(session)->dialect = dialects[below(DIALECTS)];
    wasm_record_renew(session, 0);
    for (size_t i = 0; i < REQUESTS; i++) {
        requests[i] = wasm_request_open(session, 0, 0);
        sends[i] = 0;
    }
}

uint32_t sequence(uint32_t seed, uint32_t steps)
{
    begin(seed);
    for (uint32_t i = 0; i < steps; i++) {
        now_ms += below(4) == 0 ? (double)below(400000) : (double)below(4000);
        wasm_number()[WASM_NOW_MS] = now_ms;
        last_event = below(COUNT(events));
        note(last_event);
        events[last_event]();
    }
    for (size_t i = 0; i < REQUESTS; i++)
        wasm_request_close(requests[i]);
    return hash;
}

uint32_t sequence_event(void)
{
    return last_event;
}
