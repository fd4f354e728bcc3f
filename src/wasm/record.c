#include "core/record.h"

#include "core/dialect.h"
#include "core/outcome.h"
#include "wasm/exports.h"
#include "wasm/pack.h"
#include "wasm/parts.h"

enum { RECORD_VERSION = 1 };

int32_t wasm_record_start(int32_t session, uint32_t length, int32_t has_session)
{
    const uint8_t *secrets = (const uint8_t *)text + length;
    uint8_t sid[RECORD_SID_SIZE];
    size_t size = 0;

    if (!base64url_decode((struct span){text, length}, sid, sizeof sid,
                          &size) ||
        size != sizeof sid)
        return -1;
    record_start(&session_at(session)->record,
                 has_session != 0 ? secrets + RECORD_SECRET_SIZE : NULL, sid,
                 secrets);
    return 0;
}

void wasm_record_write(int32_t session)
{
    const struct record *r = &session_at(session)->record;
    struct pack pack = {0};

    pack_put_int(&pack, RECORD_VERSION);
    pack_put_int(&pack, r->state);
    pack_put_int(&pack, r->reason);
    pack_put_int(&pack, r->sign_out_due);
    pack_put_int(&pack, r->has_session);
    pack_put_int(&pack, r->has_next);
    pack_put_int(&pack, r->older_count);
    pack_put_int(&pack, r->generation);
    pack_put(&pack, r->sid, sizeof r->sid);
    pack_put(&pack, r->session, sizeof r->session);
    pack_put(&pack, r->secret, sizeof r->secret);
    pack_put(&pack, r->next, sizeof r->next);
    pack_put(&pack, r->older, (size_t)r->older_count * RECORD_SECRET_SIZE);
    if (r->state == RECORD_SEEDING) {
        pack_put_int(&pack, r->from_generation);
        pack_put(&pack, r->from, sizeof r->from);
    }
    out_begin();
    out_add(pack_text(&pack, room));
    bytes_wipe(&pack, sizeof pack);
}

static void take_record(struct pack *pack, struct record *r)
{
    int64_t count;

    r->state = (enum record_state)pack_take_int(pack);
    r->reason = (enum record_reason)pack_take_int(pack);
    r->sign_out_due = pack_take_int(pack) != 0;
    r->has_session = pack_take_int(pack) != 0;
    r->has_next = pack_take_int(pack) != 0;
    count = pack_take_int(pack);
    if (count < 0 || count > RECORD_OLDER_MAX) {
        pack->failed = true;
        count = 0;
    }
    r->older_count = (uint8_t)count;
    r->generation = pack_take_int(pack);
    pack_take(pack, r->sid, sizeof r->sid);
    pack_take(pack, r->session, sizeof r->session);
    pack_take(pack, r->secret, sizeof r->secret);
    pack_take(pack, r->next, sizeof r->next);
    pack_take(pack, r->older, (size_t)count * RECORD_SECRET_SIZE);
    if (r->state == RECORD_SEEDING) {
        r->from_generation = pack_take_int(pack);
        pack_take(pack, r->from, sizeof r->from);
    }
}

int32_t wasm_record_read(int32_t session, uint32_t length)
{
    struct record found = {0};
    struct pack pack;
    bool good;

    if (length == 0) {
        record_clear(&session_at(session)->record);
        return 0;
    }
    good = pack_open(&pack, (struct span){text, length}) &&
           pack_take_int(&pack) == RECORD_VERSION;
    take_record(&pack, &found);
    good = good && pack_close(&pack) && found.state <= RECORD_SEEDING &&
           found.reason <= RECORD_LOST && found.generation >= 0 &&
           found.from_generation >= 0;
    if (good)
        session_at(session)->record = found;
    bytes_wipe(&pack, sizeof pack);
    bytes_wipe(&found, sizeof found);
    return good ? 0 : -1;
}

void wasm_record_renew(int32_t session, int32_t by_cookie)
{
    session_at(session)->steps =
        (struct record_refresh){.by_cookie = by_cookie != 0};
}

/* Each in its own place of `room`. */
static void add_encoded(const uint8_t *bytes, size_t size, size_t place)
{
    char *at = room + place * 64;

    size = bytes == NULL ? 0 : size;
    out_add((struct span){at, base64url_encode(bytes, size, at)});
}

uint32_t wasm_record_begin(int32_t session)
{
    struct session *s = session_at(session);
    struct record_message message;
    unsigned todo;

    s->steps.chance = (uint32_t)numbers[WASM_RANDOM];
    s->steps.clock_ms = (int64_t)numbers[WASM_WALL_MS];
    todo = record_begin(&s->record, &s->steps, (const uint8_t *)text, &message);
    out_begin();
    if ((todo & RECORD_SEND) == 0)
        return todo;
    add_encoded(message.sid, RECORD_SID_SIZE, 0);
    add_encoded(message.kind == RECORD_LINE ? message.from : message.secret,
                RECORD_SECRET_SIZE, 1);
    add_encoded(message.session, RECORD_SECRET_SIZE, 2);
    out_add((struct span){(const char *)message.next,
                          message.next == NULL ? 0 : RECORD_SECRET_SIZE});
    numbers[WASM_GENERATION] = (double)message.generation;
    numbers[WASM_TO] = (double)message.to;
    return todo | (unsigned)message.kind << 16;
}

static enum record_reason reason_of(enum reply_kind kind)
{
    switch ((int)kind) {
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

/* From the text: the commitment, and behind it the sid, both in base64url. */
static bool take_told(struct record_reply *out)
{
    const struct span from = {text, BASE64URL_LENGTH(RECORD_SECRET_SIZE)};
    const struct span sid = {text + from.length,
                             BASE64URL_LENGTH(RECORD_SID_SIZE)};
    size_t size = 0;

    return base64url_decode(from, out->from, sizeof out->from, &size) &&
           size == sizeof out->from &&
           base64url_decode(sid, out->sid, sizeof out->sid, &size) &&
           size == sizeof out->sid;
}

uint32_t wasm_record_apply(int32_t session, int32_t outcome, int32_t kind)
{
    static const uint8_t answers[] = {
        [OUTCOME_GRANTED] = RECORD_GRANTED,
        [OUTCOME_REFUSED] = RECORD_REFUSED,
        [OUTCOME_ADVANCE] = RECORD_ADVANCE,
        [OUTCOME_STALE] = RECORD_STALE,
        [OUTCOME_BEHIND] = RECORD_BEHIND,
        [OUTCOME_OTHER_SESSION] = RECORD_OTHER_SESSION,
        [OUTCOME_RESEED] = RECORD_RESEED,
        [OUTCOME_UNRECOGNISED] = RECORD_PASSING,
        [OUTCOME_PASSING] = RECORD_PASSING,
        [OUTCOME_NOT_SENT] = RECORD_PASSING,
        [OUTCOME_UNKNOWN] = RECORD_NO_REPLY,
        [OUTCOME_CONFIG] = RECORD_PASSING,
    };
    struct session *s = session_at(session);
    struct record_reply reply = {
        .answer = (enum record_answer)answers[outcome],
        .reason = outcome == OUTCOME_REFUSED ? reason_of((enum reply_kind)kind)
                                             : RECORD_NO_REASON,
        .generation = (int64_t)numbers[WASM_GENERATION],
    };

    // What a line is to begin from, and is not: somebody else's words.
    if (reply.answer == RECORD_RESEED && !take_told(&reply))
        reply.answer = RECORD_PASSING;
    return record_apply(&s->record, &s->steps, &reply);
}

int32_t wasm_record_end(int32_t session, int32_t reason, int32_t tell)
{
    return record_end(&session_at(session)->record, (enum record_reason)reason,
                      tell != 0);
}

void wasm_record_told(int32_t session)
{
    struct record *record = &session_at(session)->record;

    (void)record_signed_out(record, record->sid);
}

uint32_t wasm_record_facts(int32_t session)
{
    const struct record *r = &session_at(session)->record;

    out_begin();
    add_encoded(r->session, r->has_session ? RECORD_SECRET_SIZE : 0, 0);
    add_encoded(r->sid, RECORD_SID_SIZE, 1);
    return (uint32_t)r->state | (uint32_t)r->reason << 8 |
           (uint32_t)r->sign_out_due << 16;
}
