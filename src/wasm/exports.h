/*
 * The core for JavaScript: numbers in, numbers out, texts through one buffer.
 *
 * JavaScript writes UTF-8 into wasm_text() and calls with offsets or lengths;
 * what comes out as text is a list of pairs in wasm_out(): address, length.
 * Both last until the next call that writes texts. Times are milliseconds and
 * travel as doubles, which are exact for the next 285,000 years; so do
 * generations.
 *
 * Nothing here decides anything: each function hands its arguments to the core.
 * Nothing checks that a handle is open: the one caller is our own script.
 * One thread, as JavaScript is. Secrets pass through the buffers: wasm_wipe.
 */
#ifndef WASM_EXPORTS_H
#define WASM_EXPORTS_H

#include <stdint.h>

#ifdef __wasm__
#define WASM_EXPORT(name) __attribute__((export_name(#name)))
#else
#define WASM_EXPORT(name)
#endif

enum {
    WASM_SESSIONS_MAX = 8,       /* open at a time, in one page */
    WASM_REQUESTS_MAX = 8192,    /* under way at a time, over all sessions */
    WASM_TEXT_SIZE = 192 * 1024, /* the head and body of an answer */
    WASM_OUT_MAX = 64,           /* pairs */
    WASM_IMAGE_SIZE = 64 * 1024, /* of a dialect */
};

/* What wasm_number() holds, by index. In, but for those marked out. */
enum wasm_number {
    WASM_NOW_MS,      /* of a steady clock */
    WASM_RANDOM,      /* uniform over 32 bits */
    WASM_GENERATION,  /* of tokens; in, and out of every engine call */
    WASM_LIFE_MS,     /* of tokens */
    WASM_RECEIVED_MS, /* of tokens */
    WASM_RETRY_MS,    /* Retry-After; in, and out of outcome_read */
    WASM_DETAIL,      /* why; in, and out of every engine call */
    WASM_NUMBER,      /* of a refresh; in, and out of every engine call */
    WASM_WALL_MS,     /* since 1970; where a line of secrets begins */
    WASM_TO,          /* out of record_begin: a line's first generation */
    WASM_NUMBER_COUNT,
};

/* ---- Memory ---- */

WASM_EXPORT(text) char *wasm_text(void);
WASM_EXPORT(out) uint32_t *wasm_out(void);
WASM_EXPORT(number) double *wasm_number(void);
/* Overwrites all buffers, but for what sessions keep. */
WASM_EXPORT(wipe) void wasm_wipe(void);

/* ---- Sessions ---- */

/* A handle, or -1 when all are taken. early_ms: struct engine_config. */
WASM_EXPORT(open) int32_t wasm_open(double early_ms);
WASM_EXPORT(close) void wasm_close(int32_t session);

/*
 * Where the session's dialect stands: WASM_IMAGE_SIZE bytes, to be filled with
 * an image of it (web/package/src/image.ts) before anything else is asked.
 */
WASM_EXPORT(dialect_image) void *wasm_dialect_image(int32_t session);

/* Bits of wasm_dialect_facts. */
enum wasm_dialect_fact {
    WASM_IS_COMMITTED = 1,
    WASM_HAS_COOKIE_MODE = 2,
    WASM_IS_REPEAT_SAFE = 4,
    WASM_HAS_SIGN_OUT = 8,
    WASM_SIGN_OUT_SHOWS_TOKEN = 16,
    WASM_HAS_ME = 32,
};
/* Out: name, prefix, the header that shows an access token. */
WASM_EXPORT(dialect_facts) uint32_t wasm_dialect_facts(int32_t session);

/* ---- The engine: bits of enum engine_todo, and the reason << 16 ---- */

/* A handle, or -1. need_ms: struct engine_request; origin -1: foreign. */
WASM_EXPORT(request_open)
int32_t wasm_request_open(int32_t session, int32_t origin, double need_ms);
WASM_EXPORT(request_close) void wasm_request_close(int32_t request);
/* need_ms again; and it belongs to no session yet. Before it was ever sent. */
WASM_EXPORT(request_reset)
void wasm_request_reset(int32_t request, double need_ms);
WASM_EXPORT(ask) uint32_t wasm_ask(int32_t request);
WASM_EXPORT(ask_newer) uint32_t wasm_ask_newer(int32_t request);
/* status: enum engine_status. */
WASM_EXPORT(answered) uint32_t wasm_answered(int32_t request, int32_t status);
/* The generation that was refused is in WASM_GENERATION. */
WASM_EXPORT(refused) uint32_t wasm_refused(int32_t session, int32_t origin);

/* shared: the budget that was read last (wasm_budget_read) joins in. */
WASM_EXPORT(call) uint32_t wasm_call(int32_t session);
WASM_EXPORT(ended) uint32_t wasm_ended(int32_t session, int32_t outcome);
WASM_EXPORT(changed) uint32_t wasm_changed(int32_t session);
WASM_EXPORT(signed_in) uint32_t wasm_signed_in(int32_t session);
WASM_EXPORT(signed_out) uint32_t wasm_signed_out(int32_t session);
WASM_EXPORT(tick) uint32_t wasm_tick(int32_t session);

WASM_EXPORT(state) int32_t wasm_state(int32_t session); /* enum engine_state */
/* Wants to hear of every answer, not of 401s alone. */
WASM_EXPORT(is_suspect) int32_t wasm_is_suspect(int32_t session);
WASM_EXPORT(generation) double wasm_generation(int32_t session);
WASM_EXPORT(refresh_from) double wasm_refresh_from(int32_t session);
WASM_EXPORT(deadline_ms) double wasm_deadline_ms(int32_t session);
/* Infinity: not known; negative: over. */
WASM_EXPORT(left_ms) double wasm_left_ms(int32_t session);
WASM_EXPORT(rest_ms) double wasm_rest_ms(int32_t session);

/* The budget as text, out and in (`length` bytes; 0 or unreadable: none). */
WASM_EXPORT(budget_write) void wasm_budget_write(int32_t session);
WASM_EXPORT(budget_read)
void wasm_budget_read(int32_t session, uint32_t length);
/* The network is back: the rest is over; the allowance stays as it is. */
WASM_EXPORT(budget_wake) void wasm_budget_wake(int32_t session);

/* ---- The record of committed rotation ---- */

/*
 * A session just granted. The text: the sid, `length` characters of base64url,
 * behind them the 32 bytes of S_0 and, outside cookie mode, the 32 of R. 0: good,
 * -1: no sid.
 */
WASM_EXPORT(record_start)
int32_t wasm_record_start(int32_t session, uint32_t length,
                          int32_t has_session);
/* The record as text, out and in (0 bytes: nobody's). 0: good; -1: not readable. */
WASM_EXPORT(record_write) void wasm_record_write(int32_t session);
WASM_EXPORT(record_read)
int32_t wasm_record_read(int32_t session, uint32_t length);
/* A refresh begins anew (enum record_todo follows from the next two). by_cookie:
   the browser holds R, and a line of secrets may begin. */
WASM_EXPORT(record_renew)
void wasm_record_renew(int32_t session, int32_t by_cookie);
/*
 * The text's first 32 bytes are random; WASM_RANDOM, WASM_WALL_MS. With
 * RECORD_SEND enum record_kind << 16 too, and out: sid, secret (RECORD_LINE: the
 * commitment that it begins from) and R (empty in cookie mode) in base64url, and
 * the 32 bytes whose SHA-256 is `next`; WASM_GENERATION, WASM_TO. What a
 * RECORD_ASK does not say is empty.
 */
WASM_EXPORT(record_begin) uint32_t wasm_record_begin(int32_t session);
/* outcome and kind as of wasm_outcome_read; WASM_GENERATION of `behind` and of
   `reseed`, with that also the text: the answer's `from` and behind it its sid. */
WASM_EXPORT(record_apply)
uint32_t wasm_record_apply(int32_t session, int32_t outcome, int32_t kind);
/* reason: enum record_reason. 1: it was live. */
WASM_EXPORT(record_end)
int32_t wasm_record_end(int32_t session, int32_t reason, int32_t tell);
WASM_EXPORT(record_told) void wasm_record_told(int32_t session);
/* enum record_state | enum record_reason << 8 | a sign-out is due << 16; out: R,
   empty in cookie mode, and the sid, in base64url */
WASM_EXPORT(record_facts) uint32_t wasm_record_facts(int32_t session);

/* ---- Messages ---- */

WASM_EXPORT(fields_clear) void wasm_fields_clear(void);
/* Of the text; it must stay there until the message is built. */
WASM_EXPORT(field_text)
void wasm_field_text(int32_t field, uint32_t offset, uint32_t length);
WASM_EXPORT(field_null) void wasm_field_null(int32_t field);
WASM_EXPORT(field_number) void wasm_field_number(int32_t field, double value);
/*
 * enum request_result. Out: method, target, content type, body, and name and
 * value of each header.
 */
WASM_EXPORT(message_build)
int32_t wasm_message_build(int32_t session, int32_t message);
/* The token in the text; out: name and value. 0: good. */
WASM_EXPORT(access_build)
int32_t wasm_access_build(int32_t session, uint32_t length);

/*
 * An answer: the text holds its headers, `head` bytes of "name:value\n", and
 * behind them `body` bytes. enum verdict | enum reply_kind << 8 | field << 16.
 */
WASM_EXPORT(reply_read)
uint32_t wasm_reply_read(int32_t session, int32_t message, int32_t status,
                         uint32_t head, uint32_t body);
/*
 * Likewise of a refresh. status 0: nothing was sent; -1: sent, no complete
 * answer. enum outcome | enum reply_kind << 8; WASM_RETRY_MS.
 */
WASM_EXPORT(outcome_read)
uint32_t wasm_outcome_read(int32_t session, int32_t message, int32_t status,
                           uint32_t head, uint32_t body);
/* What the last answer carried. 1, and out has it; or 0. */
WASM_EXPORT(answer_text) int32_t wasm_answer_text(int32_t field);
WASM_EXPORT(answer_number)
double wasm_answer_number(int32_t field, double otherwise);
/* exp - iat of the JWT in the text, or exp less now_s; 0: it does not tell. */
WASM_EXPORT(token_life_ms)
double wasm_token_life_ms(uint32_t length, double now_s);

#endif
