#include "client/refresh.h"

#include <string.h>

#include "base/point.h"
#include "client/clock.h"
#include "client/flight.h"
#include "client/sign_out.h"

enum stay_reason refresh_reason(struct reply_case what)
{
    switch ((int)what.kind) {
    case CASE_UNKNOWN:
        return STAY_REASON_UNKNOWN;
    case CASE_EXPIRED:
        return STAY_REASON_EXPIRED;
    case CASE_REVOKED:
    case CASE_SPENT:
        return STAY_REASON_REVOKED;
    case CASE_DISABLED:
    case CASE_HIDDEN:
    case CASE_DELETED:
        return STAY_REASON_DISABLED;
    case CASE_REUSE:
        return STAY_REASON_REUSE;
    default:
        return STAY_REASON_REFUSED;
    }
}

void refresh_note(struct stay *stay, struct engine_answer answer, bool early)
{
    if ((answer.todo & ENGINE_START) != 0) {
        stay->flight_waiting = true;
        stay->flight_early = early;
        stay->flight_number = stay->engine.refresh;
        // Whoever waits may be the one to run it.
        (void)pthread_cond_broadcast(&stay->moved);
    }
    state_wake(stay, answer);
}

/* Somebody signed out or in anew: this refresh comes too late to count. */
static void end_late(struct flight *flight)
{
    flight->news = state_adopt(flight->stay, flight->entry);
    flight->late = true;
    flight->end.outcome = ENGINE_PASSING;
}

/*
 * With the vault locked and the entry read: may we call at all? False: it is
 * over, or `end` says how it ends.
 */
static bool may_call(struct flight *flight, bool *over)
{
    struct stay *stay = flight->stay;
    struct entry *entry = flight->entry;
    struct engine_answer answer;
    bool call = false;

    *over = false;
    state_own_budget(stay, entry);
    (void)pthread_mutex_lock(&stay->lock);
    if (!state_is_live(stay, entry) || entry->sign_in != stay->sign_in) {
        end_late(flight);
    } else if (entry->generation > stay->engine.refresh_from) {
        flight_end_adopted(flight);
    } else {
        answer = engine_call(&stay->engine, flight->number, &entry->budget,
                             clock_now_ms());
        call = (answer.todo & ENGINE_CALL) != 0;
        *over = !call;
        entry->budget = stay->engine.budget;
        state_wake(stay, answer);
    }
    (void)pthread_mutex_unlock(&stay->lock);
    return call;
}

/*
 * With the vault locked and read: everything up to the first byte. What must
 * be durable before it, the next secret, is durable when this returns true.
 */
static bool prepare_locked(struct flight *flight, bool *over)
{
    struct entry *entry = flight->entry;
    enum vault_result result;
    bool must = false;
    bool send;

    if (!may_call(flight, over))
        return false;
    flight->sign_in = entry->sign_in;
    flight->generation = entry->generation;
    send = entry->committed ? flight_prepare_committed(flight, &must)
                            : flight_prepare_offered(flight, &must);
    result = vault_save(flight->stay->vault, entry);
    if (result == VAULT_OK || !must)
        return send; // the budget alone is not worth a failure
    flight_end_by_vault(flight, result);
    return false;
}

static bool prepare(struct flight *flight, bool *over)
{
    enum vault_result result = vault_lock(flight->stay->vault, flight->entry);
    bool send;

    *over = false;
    if (result != VAULT_OK) {
        flight_end_by_vault(flight, result);
        return false;
    }
    send = prepare_locked(flight, over);
    vault_unlock(flight->stay->vault);
    return send;
}

/*
 * A handle that no other flight has. There may be one: a sign-in ends what an
 * older refresh was for, though not the refresh.
 */
static CURL *take_curl(struct stay *stay)
{
    CURL *curl;

    (void)pthread_mutex_lock(&stay->lock);
    curl = stay->curl;
    stay->curl = NULL;
    (void)pthread_mutex_unlock(&stay->lock);
    return curl != NULL ? curl : curl_easy_init();
}

static void give_back_curl(struct stay *stay, CURL *curl)
{
    (void)pthread_mutex_lock(&stay->lock);
    if (stay->curl == NULL) {
        stay->curl = curl;
        curl = NULL;
    }
    (void)pthread_mutex_unlock(&stay->lock);
    if (curl != NULL)
        curl_easy_cleanup(curl);
}

static void send_message(struct flight *flight)
{
    enum transport transport = TRANSPORT_NOT_SENT;
    struct answer answer;

    flight->began_ms = clock_now_ms();
    flight_tell_started(flight);
    flight->exchange->until_ms = flight->until_ms;
    if (flight->curl != NULL)
        transport =
            exchange_send(flight->exchange, flight->stay, flight->curl, NULL);
    POINT("after_send");
    answer = exchange_answer(flight->exchange);
    flight->told =
        outcome_decide(&flight->stay->dialect, MESSAGE_REFRESH, transport,
                       &answer, &flight->exchange->fields);
    bytes_wipe(flight->exchange->request, sizeof flight->exchange->request);
}

/* The engine's word on how it ended; true: again at once, as `number`. */
static bool tell_engine(struct flight *flight)
{
    struct stay *stay = flight->stay;
    struct engine_answer answer;

    flight->end.number = flight->number;
    flight->end.now_ms = clock_now_ms();
    flight->end.random = state_random();
    (void)pthread_mutex_lock(&stay->lock);
    if (flight->end.tokens.generation > stay->engine.generation &&
        flight->entry->sign_in == stay->sign_in)
        state_show(stay, flight->entry);
    answer = engine_ended(&stay->engine, &flight->end);
    if (flight->end.outcome == ENGINE_REFUSED &&
        (answer.todo & ENGINE_STOP) == 0)
        stay->ended = (enum stay_reason)flight->end.detail;
    flight->number = stay->engine.refresh;
    if (flight->entry != NULL && flight->end.outcome != ENGINE_GRANTED)
        flight->entry->budget = stay->engine.budget;
    state_wake(stay, answer);
    (void)pthread_mutex_unlock(&stay->lock);
    return (answer.todo & ENGINE_START) != 0;
}

/* What was sent for is no more: neither tokens nor a refusal count. */
static bool is_late(struct flight *flight)
{
    struct stay *stay = flight->stay;

    if (state_is_live(stay, flight->entry) &&
        flight->entry->sign_in == flight->sign_in)
        return false;
    (void)pthread_mutex_lock(&stay->lock);
    end_late(flight);
    (void)pthread_mutex_unlock(&stay->lock);
    return true;
}

/*
 * New tokens are saved before they are used. Where that fails, the disk being
 * full, they are used all the same: the next refresh repeats this step.
 */
static bool settle_locked(struct flight *flight)
{
    struct vault *vault = flight->stay->vault;
    enum vault_result result = VAULT_OK;
    bool again;

    if (is_late(flight))
        return tell_engine(flight);
    state_own_budget(flight->stay, flight->entry);
    if (flight->entry->committed)
        flight_settle_committed(flight);
    else
        flight_settle_offered(flight);
    if (flight->end.outcome == ENGINE_GRANTED ||
        flight->end.outcome == ENGINE_REFUSED)
        result = vault_save(vault, flight->entry);
    if (result != VAULT_OK)
        (void)state_vault_failed(flight->stay, result);
    again = tell_engine(flight);
    if (flight->end.outcome != ENGINE_GRANTED &&
        flight->end.outcome != ENGINE_ADOPTED)
        (void)vault_save(vault, flight->entry); // the budget: as above
    return again;
}

static bool settle(struct flight *flight)
{
    enum vault_result result;
    bool again;

    flight->end = (struct engine_end){0};
    result = vault_lock(flight->stay->vault, flight->entry);
    if (result != VAULT_OK) {
        flight_end_by_vault(flight, result);
        return tell_engine(flight);
    }
    again = settle_locked(flight);
    vault_unlock(flight->stay->vault);
    return again;
}

/*
 * The lock is advice. Where one token may be spent only once it is more: then
 * who cannot have it tries later.
 */
static bool claim(struct flight *flight)
{
    struct stay *stay = flight->stay;
    enum vault_result result = vault_claim(stay->vault, stay->limit_ms);

    flight->claimed = result == VAULT_OK;
    if (flight->claimed || stay->dialect.repeat_safe)
        return true;
    flight_end_by_vault(flight, result);
    return false;
}

/* One call, or the finding that none is needed. True: again at once. */
static bool fly_once(struct flight *flight)
{
    bool over = false;
    bool again;

    flight->end = (struct engine_end){0};
    if (prepare(flight, &over)) {
        send_message(flight);
        again = settle(flight);
    } else if (over) {
        return false;
    } else {
        again = tell_engine(flight);
    }
    state_announce(flight->stay, &flight->news);
    flight->news = (struct state_news){0};
    if (!flight->late)
        flight_tell_ended(flight);
    return again;
}

/* To be sent once more, at once, but nobody has the time to wait for that. */
static bool is_out_of_time(struct flight *flight)
{
    if (clock_now_ms() < flight->until_ms)
        return false;
    flight->end = (struct engine_end){
        .outcome = ENGINE_PASSING,
        .detail = STAY_REASON_NO_ANSWER,
    };
    (void)tell_engine(flight);
    return true;
}

static void fly(struct flight *flight)
{
    int64_t limit_ms = flight->stay->limit_ms;

    flight->until_ms = flight->began_ms + limit_ms;
    flight->entry = entry_new();
    flight->exchange = exchange_new();
    if (flight->entry == NULL || flight->exchange == NULL) {
        (void)state_fail(flight->stay, STAY_NO_MEMORY, "out of memory");
        flight->end.outcome = ENGINE_PASSING;
        (void)tell_engine(flight);
        return;
    }
    if (!claim(flight)) {
        (void)tell_engine(flight);
        flight_tell_ended(flight);
        return;
    }
    if (!flight->claimed) // all its time went by
        flight->until_ms = clock_now_ms() + limit_ms;
    flight->curl = take_curl(flight->stay);
    // The engine bounds how often; see ENGINE_AGAIN_MAX.
    while (fly_once(flight) && !is_out_of_time(flight))
        continue;
    give_back_curl(flight->stay, flight->curl);
    if (flight->claimed)
        vault_release(flight->stay->vault);
    flight_tell_resting(flight);
    if (flight->tell_server)
        (void)sign_out_tell(flight->stay, limit_ms);
}

bool refresh_run_waiting(struct stay *stay)
{
    struct flight flight = {.stay = stay};
    bool waiting;

    (void)pthread_mutex_lock(&stay->lock);
    waiting = stay->flight_waiting;
    stay->flight_waiting = false;
    flight.number = stay->flight_number;
    flight.early = stay->flight_early;
    (void)pthread_mutex_unlock(&stay->lock);
    if (!waiting)
        return false;
    flight.began_ms = clock_now_ms();
    fly(&flight);
    entry_free(flight.entry);
    exchange_free(flight.exchange);
    bytes_wipe(&flight, sizeof flight);
    return true;
}
