#include "client/flight.h"

#include "client/refresh.h"

bool flight_prepare_offered(struct flight *flight, bool *save)
{
    struct entry *entry = flight->entry;
    struct fields fields;
    bool built;

    fields_init(&fields, NULL, 0);
    fields_set_text(&fields, FIELD_REFRESH, span_of(entry->refresh));
    // Some families want to see the access token again, expired or not.
    fields_set_text(&fields, FIELD_ACCESS, span_of(entry->access));
    built = exchange_build(flight->exchange, flight->stay, MESSAGE_REFRESH,
                           &fields);
    flight->repeats = entry->unanswered;
    entry->unanswered = !flight->stay->dialect.repeat_safe;
    *save = entry->unanswered && !flight->repeats;
    if (!built) {
        flight->end.outcome = ENGINE_MISCONFIGURED;
        flight->end.detail = STAY_REASON_CONFIG;
    }
    return built;
}

static void end_refused(struct flight *flight)
{
    enum stay_reason reason = refresh_reason(flight->told.why);

    // Where a repeat is unsafe, it was our own first try that spent it.
    if (flight->repeats)
        reason = STAY_REASON_REPLY_LOST;
    entry_end(flight->entry, reason, false);
    flight->end.outcome = ENGINE_REFUSED;
    flight->end.detail = (uint32_t)reason;
}

void flight_settle_offered(struct flight *flight)
{
    struct entry *entry = flight->entry;
    bool moved = entry->sign_in != flight->sign_in ||
                 entry->generation != flight->generation;

    // Late: whoever moved the vault has the newer word.
    if (moved && state_is_live(flight->stay, entry)) {
        flight_end_adopted(flight);
        return;
    }
    if (!state_is_live(flight->stay, entry)) {
        flight->end.outcome = ENGINE_PASSING;
        return;
    }
    if (flight->told.outcome == OUTCOME_GRANTED) {
        flight_end_granted(flight);
    } else if (flight->told.outcome == OUTCOME_REFUSED) {
        end_refused(flight);
    } else {
        if (flight->told.outcome != OUTCOME_UNKNOWN)
            entry->unanswered = flight->repeats;
        flight_end_passing(flight);
    }
}
