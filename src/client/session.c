#include "client/session.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/clock.h"
#include "client/refresh.h"
#include "client/state.h"
#include "core/reply.h"

const struct origin_list *session_origins(const struct stay *stay)
{
    return &stay->origins;
}

const char *session_header_name(const struct stay *stay)
{
    return stay->header_name;
}

size_t session_line_prefix(const struct stay *stay)
{
    return stay->prefix_length;
}

void line_clear(struct line *line)
{
    if (line->text != NULL)
        bytes_wipe(line->text, SESSION_LINE_MAX);
    free(line->text);
    *line = (struct line){0};
}

void session_number(struct stay *stay, int origin, struct ticket *ticket)
{
    ticket->number = atomic_fetch_add_explicit(&stay->request_count, 1,
                                               memory_order_relaxed) +
                     1;
    ticket->ask.origin =
        origin == ORIGIN_NONE ? ENGINE_FOREIGN : (uint32_t)origin;
    if (session_listens(stay, STAY_EVENT_ANSWERED))
        ticket->began_ms = clock_now_ms();
}

/* With lock held. The token's text, unless this handle has it already. */
static bool copy_line(const struct stay *stay, struct line *line)
{
    if (line->text != NULL && line->generation == stay->engine.generation)
        return true;
    if (line->text == NULL)
        line->text = malloc(SESSION_LINE_MAX);
    if (line->text == NULL)
        return false;
    memcpy(line->text, stay->line, stay->line_length + 1);
    line->length = stay->line_length;
    line->generation = stay->engine.generation;
    return true;
}

static void copy_reason(const struct stay *stay, struct ticket *ticket,
                        struct engine_answer answer)
{
    static const enum stay_reason reasons[] = {
        [ENGINE_NO_REASON] = STAY_REASON_NONE,
        [ENGINE_BY_SIGN_OUT] = STAY_REASON_NONE,
        [ENGINE_BY_REFUSAL] = STAY_REASON_REFUSED,
        [ENGINE_BY_SERVER] = STAY_REASON_UNAVAILABLE,
        [ENGINE_BY_NETWORK] = STAY_REASON_NO_CONNECTION,
        [ENGINE_BY_LOST_REPLY] = STAY_REASON_NO_ANSWER,
        [ENGINE_BY_BAD_REPLY] = STAY_REASON_UNRECOGNISED,
        [ENGINE_BY_CONFIG] = STAY_REASON_CONFIG,
        [ENGINE_BY_BUDGET] = STAY_REASON_BUDGET,
    };

    if (answer.reason == ENGINE_BY_SIGN_OUT)
        ticket->reason = stay->ended;
    else if (answer.detail != 0)
        ticket->reason = (enum stay_reason)answer.detail;
    else if (answer.reason < COUNT(reasons))
        ticket->reason = reasons[answer.reason];
}

static enum stay_result result_of(struct engine_answer answer)
{
    if (answer.reason == ENGINE_BY_CONFIG)
        return STAY_BAD_CONFIG;
    if ((answer.todo & ENGINE_FAIL_LATER) != 0)
        return STAY_TRY_LATER;
    return answer.reason == ENGINE_BY_BAD_REPLY ? STAY_BAD_REPLY : STAY_SIGN_IN;
}

/* Asks once. On STAY_OK with *waits false, the request may go. */
static enum stay_result ask_once(struct stay *stay, struct ticket *ticket,
                                 struct line *line, bool *waits)
{
    enum stay_result result = STAY_OK;
    struct engine_answer answer;

    (void)pthread_mutex_lock(&stay->lock);
    answer = engine_ask(&stay->engine, &ticket->ask, clock_now_ms());
    if ((answer.todo & (ENGINE_START | ENGINE_WAKE)) != 0)
        refresh_note(stay, answer, (answer.todo & ENGINE_SEND) != 0);
    *waits = (answer.todo & ENGINE_WAIT) != 0;
    if ((answer.todo & ENGINE_SEND) != 0) {
        ticket->suspect = stay->engine.suspect;
        ticket->behind |= (answer.todo & ENGINE_START) != 0;
        if (!copy_line(stay, line))
            result = STAY_NO_MEMORY;
    } else if (!*waits) {
        copy_reason(stay, ticket, answer);
        result = result_of(answer);
    }
    (void)pthread_mutex_unlock(&stay->lock);
    return result;
}

/* Until the refresh that is out ends, needs a thread, or time is up. */
static bool wait_for_news(struct stay *stay, int64_t until_ms)
{
    bool in_time = true;

    (void)pthread_mutex_lock(&stay->lock);
    while (stay->engine.state == ENGINE_REFRESHING && !stay->flight_waiting) {
        int64_t left_ms = until_ms - clock_now_ms();
        struct timespec until;

        in_time = left_ms > 0;
        if (!in_time)
            break;
        // A condition cannot wait on CLOCK_BOOTTIME; the loop looks at it.
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += left_ms / 1000;
        until.tv_nsec += left_ms % 1000 * 1000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000;
        }
        (void)pthread_cond_timedwait(&stay->moved, &stay->lock, &until);
    }
    (void)pthread_mutex_unlock(&stay->lock);
    return in_time;
}

static enum stay_result give_up(struct stay *stay, struct ticket *ticket)
{
    ticket->reason = STAY_REASON_NO_ANSWER;
    return state_fail(stay, STAY_TRY_LATER,
                      "the session was not renewed within the time limit");
}

/* For stay_error. */
static enum stay_result say_why(struct stay *stay, const struct ticket *ticket,
                                enum stay_result result)
{
    if (result == STAY_OK || result == STAY_NO_MEMORY)
        return result;
    return state_fail(stay, result, "%s: %s", stay_result_text(result),
                      stay_reason_text(ticket->reason));
}

/*
 * It may not go, as far as we know; but somebody else may have signed in or
 * renewed the session since. True: that is so, and it is asked for anew.
 */
static bool has_news(struct stay *stay, struct ticket *ticket)
{
    if (ticket->ask.sends != 0 || !vault_moved(stay->vault) ||
        state_sync(stay) != STAY_OK)
        return false;
    ticket->ask.session = 0; // it belongs to no session yet
    return true;
}

static enum stay_result ask_until_sent(struct stay *stay, struct ticket *ticket,
                                       struct line *line)
{
    bool looked = false;
    int64_t until_ms = 0;
    bool waits = false;

    for (;;) {
        enum stay_result result = ask_once(stay, ticket, line, &waits);

        if (result != STAY_OK && until_ms == 0 && !looked &&
            has_news(stay, ticket)) {
            looked = true;
            continue;
        }
        if (!waits)
            return say_why(stay, ticket, result);
        if (until_ms == 0) {
            until_ms = clock_now_ms() + stay->limit_ms;
            session_tell(stay, ticket, STAY_EVENT_WAITING, 0);
        }
        if (!refresh_run_waiting(stay) && !wait_for_news(stay, until_ms))
            return give_up(stay, ticket);
    }
}

enum stay_result session_ask(struct stay *stay, struct ticket *ticket,
                             bool renew_first, struct line *line)
{
    enum stay_result result;

    if (renew_first && ticket->ask.sends == 0) {
        ticket->ask.need_ms = ENGINE_EARLY_MS;
        result = ask_until_sent(stay, ticket, line);
        if (result != STAY_TRY_LATER)
            return result;
        ticket->ask.need_ms = 0; // a token near its end is better than none
    }
    return ask_until_sent(stay, ticket, line);
}

void session_answered(struct stay *stay, struct ticket *ticket)
{
    (void)pthread_mutex_lock(&stay->lock);
    state_wake(stay, engine_answered(&stay->engine, &ticket->ask,
                                     ENGINE_NOT_401, clock_now_ms()));
    (void)pthread_mutex_unlock(&stay->lock);
}

/* The answer's header lines, as far as they fit. */
static size_t list_headers(CURL *curl, struct header_line *out, size_t max)
{
    struct curl_header *at = NULL;
    size_t count = 0;

    while (count < max &&
           (at = curl_easy_nextheader(curl, CURLH_HEADER, -1, at)) != NULL)
        out[count++] =
            (struct header_line){span_of(at->name), span_of(at->value)};
    return count;
}

/* What the dialect makes of a 401, in its own words or not. */
static struct reply_meaning read_401(const struct stay *stay,
                                     const struct session_401 *seen)
{
    struct header_line headers[REPLY_HEADERS_MAX];
    struct answer answer = {
        .status = 401,
        .headers = headers,
        .headers_count = list_headers(seen->curl, headers, REPLY_HEADERS_MAX),
        .body = seen->body,
    };
    struct reply_meaning meaning;
    struct fields fields;
    char buffer[4096];

    fields_init(&fields, buffer, sizeof buffer);
    meaning = reply_match(&stay->dialect, MESSAGE_NONE, &answer, &fields);
    fields_wipe(&fields);
    return meaning;
}

/* The request cannot go again; the session may still want a new token. */
static enum stay_result renew_only(struct stay *stay, struct ticket *ticket)
{
    struct engine_answer answer;
    uint64_t sent = ticket->ask.sent;
    uint64_t newest;

    (void)pthread_mutex_lock(&stay->lock);
    answer =
        engine_refused(&stay->engine, sent, ticket->ask.origin, clock_now_ms());
    refresh_note(stay, answer, false);
    (void)pthread_mutex_unlock(&stay->lock);
    (void)refresh_run_waiting(stay);
    (void)pthread_mutex_lock(&stay->lock);
    newest = stay->engine.generation;
    (void)pthread_mutex_unlock(&stay->lock);
    return newest > sent ? STAY_NOT_REPLAYED : STAY_REFUSED;
}

/*
 * Some back ends renew the session of an account that is disabled, and refuse
 * it only at the resource. Said twice, to two tokens, by the session's own
 * server and in the dialect's words: that is a refusal.
 */
static bool is_final(const struct ticket *ticket, struct reply_meaning meaning)
{
    return meaning.verdict == VERDICT_REFUSED && ticket->ask.origin == 0 &&
           ticket->ask.sends >= ENGINE_SENDS_MAX;
}

enum stay_result session_unauthorised(struct stay *stay, struct ticket *ticket,
                                      const struct session_401 *seen,
                                      struct line *line)
{
    struct reply_meaning meaning = read_401(stay, seen);
    enum engine_status status =
        meaning.verdict == VERDICT_RENEW || meaning.verdict == VERDICT_REFUSED
            ? ENGINE_401_TOKEN
            : ENGINE_401;
    struct engine_answer answer;

    if (is_final(ticket, meaning)) {
        ticket->reason = refresh_reason(meaning.what);
        state_end(stay, ticket->reason, false);
        return STAY_SIGN_IN;
    }
    // Another process may have renewed it: that costs no refresh.
    if (vault_moved(stay->vault))
        (void)state_sync(stay);
    if (!seen->replayable)
        return renew_only(stay, ticket);
    (void)pthread_mutex_lock(&stay->lock);
    answer =
        engine_answered(&stay->engine, &ticket->ask, status, clock_now_ms());
    refresh_note(stay, answer, false);
    (void)pthread_mutex_unlock(&stay->lock);
    if ((answer.todo & ENGINE_DELIVER) != 0)
        return STAY_REFUSED;
    return session_ask(stay, ticket, false, line);
}

void session_finish(struct stay *stay, struct ticket *ticket)
{
    (void)refresh_run_waiting(stay);
    ticket->behind = false;
}
