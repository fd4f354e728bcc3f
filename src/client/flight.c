#include "client/flight.h"

#include "client/clock.h"

void flight_end_granted(struct flight *flight)
{
    struct entry *entry = flight->entry;
    const struct fields *fields = &flight->exchange->fields;

    if (fields_text(fields, FIELD_ACCESS).length > ENTRY_TOKEN_MAX ||
        fields_text(fields, FIELD_REFRESH).length > ENTRY_TOKEN_MAX) {
        flight->end.outcome = ENGINE_UNRECOGNISED;
        flight->end.detail = STAY_REASON_UNRECOGNISED;
        return;
    }
    state_take(flight->stay, entry, fields);
    entry->refreshed_s = entry->received_s;
    // A vault from a backup may count from further back than this process.
    (void)pthread_mutex_lock(&flight->stay->lock);
    if (entry->generation < flight->stay->engine.generation)
        entry->generation = flight->stay->engine.generation;
    (void)pthread_mutex_unlock(&flight->stay->lock);
    entry->generation++;
    flight->end.outcome = ENGINE_GRANTED;
    flight->end.tokens = state_tokens(flight->stay, entry);
}

void flight_end_adopted(struct flight *flight)
{
    flight->end.outcome = ENGINE_ADOPTED;
    flight->end.tokens = state_tokens(flight->stay, flight->entry);
}

void flight_end_passing(struct flight *flight)
{
    static const struct {
        enum engine_outcome outcome;
        enum stay_reason reason;
    } ends[] = {
        [OUTCOME_UNRECOGNISED] = {ENGINE_UNRECOGNISED,
                                  STAY_REASON_UNRECOGNISED                       },
        [OUTCOME_PASSING] = {ENGINE_PASSING,       STAY_REASON_UNAVAILABLE  },
        [OUTCOME_NOT_SENT] = {ENGINE_NOT_SENT,      STAY_REASON_NO_CONNECTION},
        [OUTCOME_UNKNOWN] = {ENGINE_UNKNOWN,       STAY_REASON_NO_ANSWER    },
        [OUTCOME_CONFIG] = {ENGINE_MISCONFIGURED, STAY_REASON_CONFIG       },
    };
    enum outcome outcome = flight->told.outcome;
    long status = flight->exchange->status;

    // A grant or a 409 too many that led nowhere passes, too.
    if (outcome >= COUNT(ends) || ends[outcome].reason == STAY_REASON_NONE)
        outcome = OUTCOME_PASSING;
    flight->end.outcome = ends[outcome].outcome;
    flight->end.detail = (uint32_t)ends[outcome].reason;
    flight->end.retry_after_ms = flight->told.retry_after_ms;
    if (outcome == OUTCOME_NOT_SENT)
        flight->end.detail = (uint32_t)exchange_reason(flight->exchange);
    if (outcome == OUTCOME_PASSING && status < 500 && status != 408 &&
        status != 425 && status != 429)
        flight->end.detail = STAY_REASON_NOT_THE_SERVER;
}

void flight_end_by_vault(struct flight *flight, enum vault_result result)
{
    (void)state_vault_failed(flight->stay, result);
    flight->end.outcome = ENGINE_PASSING;
    flight->end.detail =
        result == VAULT_BUSY ? STAY_REASON_BUSY : STAY_REASON_VAULT;
}

void flight_tell_started(const struct flight *flight)
{
    const struct stay_event event = {
        .kind = STAY_EVENT_REFRESH_STARTED,
        .at_ms = flight->began_ms,
        .generation = flight->generation,
        .early = flight->early,
    };

    event_send(flight->stay, &event);
}

void flight_tell_ended(const struct flight *flight)
{
    struct stay_event event = {
        .reason = (enum stay_reason)flight->end.detail,
        .at_ms = clock_now_ms(),
        .generation = flight->end.tokens.generation,
        .status = flight->exchange != NULL ? flight->exchange->status : 0,
        .early = flight->early,
    };

    switch ((int)flight->end.outcome) {
    case ENGINE_AGAIN:
        return;
    case ENGINE_GRANTED:
        event.kind = STAY_EVENT_REFRESHED;
        event.wait_ms = event.at_ms - flight->began_ms;
        break;
    case ENGINE_ADOPTED:
        event.kind = STAY_EVENT_ADOPTED;
        break;
    case ENGINE_REFUSED:
        event.kind = STAY_EVENT_SIGNED_OUT;
        break;
    default:
        event.kind = STAY_EVENT_REFRESH_FAILED;
    }
    event_send(flight->stay, &event);
}

void flight_tell_resting(struct flight *flight)
{
    struct stay *stay = flight->stay;
    struct stay_event event = {
        .kind = STAY_EVENT_RESTING,
        .reason = (enum stay_reason)flight->end.detail,
        .at_ms = clock_now_ms(),
    };
    bool resting;

    (void)pthread_mutex_lock(&stay->lock);
    resting = stay->engine.state == ENGINE_RESTING;
    event.wait_ms = engine_budget_next_ms(&stay->engine.budget) - event.at_ms;
    (void)pthread_mutex_unlock(&stay->lock);
    if (resting)
        event_send(stay, &event);
}
