#include "client/flight.h"

#include <string.h>

#include <sodium.h>

#include "base/base64url.h"

enum { HASH_SIZE = crypto_hash_sha256_BYTES };

/* The reason in a record, as the public enum has it. */
static const enum stay_reason reasons[] = {
    [RECORD_NO_REASON] = STAY_REASON_NONE,
    [RECORD_SIGNED_OUT] = STAY_REASON_SIGNED_OUT,
    [RECORD_UNKNOWN] = STAY_REASON_UNKNOWN,
    [RECORD_REVOKED] = STAY_REASON_REVOKED,
    [RECORD_EXPIRED] = STAY_REASON_EXPIRED,
    [RECORD_DISABLED] = STAY_REASON_DISABLED,
    [RECORD_REUSE] = STAY_REASON_REUSE,
    [RECORD_LOST] = STAY_REASON_SERVER_LOST,
};

/* The texts that the fields of a refresh borrow. */
struct message_texts {
    char session[BASE64URL_LENGTH(RECORD_SECRET_SIZE)];
    char sid[BASE64URL_LENGTH(RECORD_SID_SIZE)];
    char secret[BASE64URL_LENGTH(RECORD_SECRET_SIZE)];
    char next[BASE64URL_LENGTH(HASH_SIZE)];
};

static void set_bytes(struct fields *fields, enum field field,
                      const uint8_t *bytes, size_t size, char *text)
{
    size_t length = base64url_encode(bytes, size, text);

    fields_set_text(fields, field, (struct span){text, length});
}

static bool build(struct flight *flight, const struct record_message *message)
{
    struct message_texts texts;
    struct fields fields;
    uint8_t hash[HASH_SIZE];
    bool good;

    fields_init(&fields, NULL, 0);
    (void)crypto_hash_sha256(hash, message->next, RECORD_SECRET_SIZE);
    if (message->session != NULL)
        set_bytes(&fields, FIELD_SESSION, message->session, RECORD_SECRET_SIZE,
                  texts.session);
    set_bytes(&fields, FIELD_SID, message->sid, RECORD_SID_SIZE, texts.sid);
    set_bytes(&fields, FIELD_SECRET, message->secret, RECORD_SECRET_SIZE,
              texts.secret);
    set_bytes(&fields, FIELD_NEXT, hash, HASH_SIZE, texts.next);
    fields_set_int(&fields, FIELD_GENERATION, message->generation);
    good = exchange_build(flight->exchange, flight->stay, MESSAGE_REFRESH,
                          &fields);
    bytes_wipe(&texts, sizeof texts);
    return good;
}

static void end_over(struct flight *flight)
{
    struct entry *entry = flight->entry;
    enum stay_reason reason = reasons[entry->record.reason];

    entry_end(entry, reason, entry->record.sign_out_due);
    flight->end.outcome = ENGINE_REFUSED;
    flight->end.detail = (uint32_t)reason;
}

bool flight_prepare_committed(struct flight *flight, bool *save)
{
    uint8_t fresh[RECORD_SECRET_SIZE];
    struct record_message message;
    unsigned todo;
    bool built;

    randombytes_buf(fresh, sizeof fresh);
    todo =
        record_begin(&flight->entry->record, &flight->steps, fresh, &message);
    bytes_wipe(fresh, sizeof fresh);
    *save = (todo & RECORD_SAVE) != 0;
    if ((todo & RECORD_SEND) == 0) {
        flight->tell_server = (todo & RECORD_SIGN_OUT) != 0;
        end_over(flight);
        *save = true;
        return false;
    }
    built = build(flight, &message);
    if (!built) {
        flight->end.outcome = ENGINE_MISCONFIGURED;
        flight->end.detail = STAY_REASON_CONFIG;
    }
    return built;
}

static enum record_reason reason_word(struct reply_case what)
{
    switch ((int)what.kind) {
    case CASE_REVOKED:
        return RECORD_REVOKED;
    case CASE_EXPIRED:
        return RECORD_EXPIRED;
    case CASE_DISABLED:
    case CASE_HIDDEN:
    case CASE_DELETED:
        return RECORD_DISABLED;
    case CASE_REUSE:
        return RECORD_REUSE;
    default:
        return RECORD_UNKNOWN;
    }
}

static struct record_reply reply_of(const struct flight *flight)
{
    static const enum record_answer answers[] = {
        [OUTCOME_GRANTED] = RECORD_GRANTED,
        [OUTCOME_REFUSED] = RECORD_REFUSED,
        [OUTCOME_ADVANCE] = RECORD_ADVANCE,
        [OUTCOME_STALE] = RECORD_STALE,
        [OUTCOME_BEHIND] = RECORD_BEHIND,
        [OUTCOME_RESEED] = RECORD_PASSING, // cookie mode's; nobody asked
        [OUTCOME_OTHER_SESSION] = RECORD_OTHER_SESSION,
        [OUTCOME_UNRECOGNISED] = RECORD_PASSING,
        [OUTCOME_PASSING] = RECORD_PASSING,
        [OUTCOME_NOT_SENT] = RECORD_PASSING,
        [OUTCOME_UNKNOWN] = RECORD_NO_REPLY,
        [OUTCOME_CONFIG] = RECORD_PASSING,
    };

    return (struct record_reply){
        .answer = answers[flight->told.outcome],
        .reason = flight->told.outcome == OUTCOME_REFUSED
                      ? reason_word(flight->told.why)
                      : RECORD_NO_REASON,
        .generation =
            fields_int(&flight->exchange->fields, FIELD_GENERATION, 0),
    };
}

void flight_settle_committed(struct flight *flight)
{
    struct record_reply reply = reply_of(flight);
    unsigned todo =
        record_apply(&flight->entry->record, &flight->steps, &reply);
    bool moved;

    flight->tell_server = (todo & RECORD_SIGN_OUT) != 0;
    moved = (todo & RECORD_MOVED) != 0 &&
            (flight->entry->sign_in != flight->sign_in ||
             flight->entry->generation > flight->generation);
    if ((todo & RECORD_OVER) != 0)
        end_over(flight);
    else if ((todo & RECORD_USE) != 0)
        flight_end_granted(flight);
    else if (moved)
        flight_end_adopted(flight);
    else if ((todo & (RECORD_AGAIN | RECORD_MOVED)) != 0 &&
             flight->told.outcome != OUTCOME_UNKNOWN)
        flight->end.outcome = ENGINE_AGAIN;
    else
        flight_end_passing(flight); // the engine counts the unknown ones itself
}
