#include "core/record.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "core/record_line.h"

void record_clear(struct record *record)
{
    bytes_wipe(record, sizeof *record);
}

void record_start(struct record *record, const uint8_t *session,
                  const uint8_t sid[RECORD_SID_SIZE],
                  const uint8_t secret[RECORD_SECRET_SIZE])
{
    record_clear(record);
    record->state = RECORD_LIVE;
    record->has_session = session != NULL;
    if (session != NULL)
        __builtin_memcpy(record->session, session, RECORD_SECRET_SIZE);
    __builtin_memcpy(record->sid, sid, RECORD_SID_SIZE);
    __builtin_memcpy(record->secret, secret, RECORD_SECRET_SIZE);
}

bool record_end(struct record *record, enum record_reason reason, bool tell)
{
    struct record ended = {.state = RECORD_ENDED,
                           .reason = reason,
                           .sign_out_due = tell,
                           .has_session = tell && record->has_session,
                           .generation = record->generation};

    if (record->state != RECORD_LIVE && record->state != RECORD_SEEDING)
        return false;
    __builtin_memcpy(ended.sid, record->sid, sizeof ended.sid);
    if (ended.has_session)
        __builtin_memcpy(ended.session, record->session, sizeof ended.session);
    record_clear(record);
    *record = ended;
    bytes_wipe(&ended, sizeof ended);
    return true;
}

bool record_signed_out(struct record *record,
                       const uint8_t sid[RECORD_SID_SIZE])
{
    if (record->state != RECORD_ENDED || !record->sign_out_due ||
        !bytes_equal_secret(record->sid, sid, RECORD_SID_SIZE))
        return false;
    record->sign_out_due = false;
    record->has_session = false;
    bytes_wipe(record->session, sizeof record->session);
    return true;
}

/* A record without a session: what is left to do about it. */
static unsigned tell_over(const struct record *record)
{
    return RECORD_OVER | (record->sign_out_due ? RECORD_SIGN_OUT : 0);
}

/* True where no message is to be sent, and no answer changes anything. */
static bool is_over(const struct record *stored,
                    const struct record_refresh *refresh)
{
    return stored->state == RECORD_ENDED ||
           (stored->state == RECORD_EMPTY && !refresh->by_cookie);
}

static unsigned end_and_tell(struct record *stored, enum record_reason reason,
                             bool tell)
{
    // An empty vault that asked: nobody is signed in.
    bool ended = record_end(stored, reason, tell);

    return (ended ? RECORD_SAVE : 0) | tell_over(stored);
}

/* S of `step`, which is held: i, or one of the older. */
static const uint8_t *secret_of(const struct record *record, int64_t step)
{
    int64_t age = record->generation - step;

    assert(age >= 0 && age <= record->older_count);
    return age == 0 ? record->secret : record->older[age - 1];
}

/* S_{i+1} is now the secret; S_i the first of the older. */
static void move_on(struct record *record)
{
    size_t kept = (RECORD_OLDER_MAX - 1) * RECORD_SECRET_SIZE;

    __builtin_memmove(record->older[1], record->older[0], kept);
    __builtin_memcpy(record->older[0], record->secret, RECORD_SECRET_SIZE);
    __builtin_memcpy(record->secret, record->next, RECORD_SECRET_SIZE);
    bytes_wipe(record->next, RECORD_SECRET_SIZE);
    record->has_next = false;
    record->generation++;
    if (record->older_count < RECORD_OLDER_MAX)
        record->older_count++;
}

static bool same_session(const struct record *stored,
                         const struct record_refresh *refresh)
{
    return bytes_equal_secret(stored->sid, refresh->sid, RECORD_SID_SIZE);
}

/* The vault still holds what the message was built from. */
static bool unmoved(const struct record *stored,
                    const struct record_refresh *refresh)
{
    return stored->state == refresh->was && same_session(stored, refresh) &&
           stored->generation == refresh->generation;
}

/* The step that was sent is the one that the vault is about to make. */
static bool is_own_step(const struct record *stored,
                        const struct record_refresh *refresh)
{
    return same_session(stored, refresh) &&
           stored->generation == refresh->step && stored->has_next;
}

static void read_record(const struct record *stored,
                        struct record_refresh *refresh)
{
    refresh->under_way = true;
    __builtin_memcpy(refresh->sid, stored->sid, RECORD_SID_SIZE);
    refresh->was = stored->state;
    refresh->generation = stored->generation;
    refresh->step = stored->generation;
    refresh->asks = false;
    refresh->told = false;
}

unsigned record_begin(struct record *stored, struct record_refresh *refresh,
                      const uint8_t fresh[RECORD_SECRET_SIZE],
                      struct record_message *out)
{
    unsigned todo = RECORD_SEND;
    int64_t step;

    if (is_over(stored, refresh))
        return tell_over(stored);
    if (!refresh->under_way || !unmoved(stored, refresh))
        read_record(stored, refresh);
    if (record_line_is_due(stored, refresh))
        return record_line_begin(stored, refresh, fresh, out);
    if (!stored->has_next) {
        __builtin_memcpy(stored->next, fresh, RECORD_SECRET_SIZE);
        stored->has_next = true;
        todo |= RECORD_SAVE;
    }
    step = refresh->step;
    refresh->kind = RECORD_STEP;
    *out = (struct record_message){
        .session = stored->has_session ? stored->session : NULL,
        .sid = stored->sid,
        .generation = step,
        .secret = secret_of(stored, step),
        .next = step == stored->generation ? stored->next
                                           : secret_of(stored, step + 1)};
    return todo;
}

/* The answer to a step that begins a line: the token, or that it began before. */
static unsigned take_line(struct record *stored, struct record_refresh *refresh,
                          unsigned then)
{
    if (refresh->kind != RECORD_LINE)
        return RECORD_PAUSE; // nothing else was asked for
    if (unmoved(stored, refresh)) {
        record_line_begun(stored);
        return RECORD_SAVE | then;
    }
    return same_session(stored, refresh) && then == RECORD_USE
               ? RECORD_USE // late, but good
               : RECORD_MOVED | RECORD_AGAIN;
}

/* A token came. Only the vault's own step changes the vault. */
static unsigned take_grant(struct record *stored,
                           struct record_refresh *refresh)
{
    refresh->advances = 0;
    refresh->conflicts = 0;
    if (refresh->kind != RECORD_STEP)
        return take_line(stored, refresh, RECORD_USE);
    if (!same_session(stored, refresh))
        return RECORD_MOVED | RECORD_AGAIN; // the token is another session's
    if (is_own_step(stored, refresh)) {
        move_on(stored);
        return RECORD_SAVE | RECORD_USE;
    }
    if (!unmoved(stored, refresh) || refresh->step >= refresh->generation)
        return RECORD_USE; // late, but good
    refresh->step++;       // the database catches up, oldest first
    return RECORD_USE | RECORD_AGAIN;
}

static unsigned take_advance(struct record *stored,
                             struct record_refresh *refresh)
{
    refresh->advances++;
    if (refresh->kind != RECORD_STEP)
        return take_line(stored, refresh, RECORD_AGAIN);
    if (is_own_step(stored, refresh)) {
        move_on(stored);
        return RECORD_SAVE | RECORD_AGAIN;
    }
    if (!unmoved(stored, refresh))
        return RECORD_MOVED | RECORD_AGAIN;
    if (refresh->step < refresh->generation)
        refresh->step++;
    return RECORD_AGAIN;
}

static unsigned take_stale(struct record *stored,
                           struct record_refresh *refresh)
{
    if (!unmoved(stored, refresh))
        return RECORD_MOVED | RECORD_AGAIN;
    if (refresh->kind != RECORD_STEP)
        return RECORD_PAUSE; // not what `stale` means
    if (refresh->step == refresh->generation)
        return end_and_tell(stored, RECORD_REUSE, true);
    // Somebody else brought the database up to date meanwhile.
    refresh->step = refresh->generation;
    return RECORD_AGAIN;
}

static unsigned take_behind(struct record *stored,
                            struct record_refresh *refresh, int64_t server)
{
    if (!unmoved(stored, refresh))
        return RECORD_MOVED | RECORD_AGAIN; // the news may be as old
    if (refresh->kind != RECORD_STEP || server < 0 || server >= refresh->step)
        return RECORD_PAUSE; // not what `behind` means
    if (server >= stored->generation - stored->older_count)
        refresh->step = server;
    else if (refresh->by_cookie)
        refresh->asks = true; // the cookie is enough to begin a line
    else
        return end_and_tell(stored, RECORD_LOST, true);
    return RECORD_AGAIN;
}

static unsigned take_other_session(const struct record *stored,
                                   const struct record_refresh *refresh)
{
    return same_session(stored, refresh) ? RECORD_AGAIN
                                         : RECORD_MOVED | RECORD_AGAIN;
}

static unsigned take_answer(struct record *stored,
                            struct record_refresh *refresh,
                            const struct record_reply *reply)
{
    switch (reply->answer) {
    case RECORD_ADVANCE:
        return take_advance(stored, refresh);
    case RECORD_STALE:
        return take_stale(stored, refresh);
    case RECORD_BEHIND:
        return take_behind(stored, refresh, reply->generation);
    case RECORD_OTHER_SESSION:
        return take_other_session(stored, refresh);
    case RECORD_RESEED:
        if (!unmoved(stored, refresh))
            return RECORD_MOVED | RECORD_AGAIN;
        return record_line_told(stored, refresh, reply);
    case RECORD_REFUSED:
        if (!unmoved(stored, refresh))
            return RECORD_MOVED | RECORD_AGAIN;
        return end_and_tell(stored, reply->reason, false);
    case RECORD_GRANTED:
    case RECORD_NO_REPLY:
    case RECORD_PASSING:
        break;
    }
    return RECORD_PAUSE;
}

/* Word for word the same again: once at once, then with the engine's pauses. */
static unsigned repeat(struct record_refresh *refresh)
{
    unsigned todo = refresh->silent ? RECORD_PAUSE : RECORD_AGAIN;

    refresh->silent = true;
    return todo;
}

unsigned record_apply(struct record *stored, struct record_refresh *refresh,
                      const struct record_reply *reply)
{
    unsigned todo;

    assert(refresh->under_way);
    if (is_over(stored, refresh))
        return tell_over(stored);
    if (reply->answer == RECORD_NO_REPLY)
        return repeat(refresh);
    refresh->silent = false;
    if (reply->answer == RECORD_PASSING)
        return RECORD_PAUSE;
    if (reply->answer == RECORD_GRANTED)
        return take_grant(stored, refresh);

    refresh->conflicts++;
    todo = take_answer(stored, refresh, reply);
    if ((todo & RECORD_AGAIN) && (refresh->advances > RECORD_ADVANCES_MAX ||
                                  refresh->conflicts > RECORD_CONFLICTS_MAX)) {
        todo = (todo & ~(unsigned)RECORD_AGAIN) | RECORD_PAUSE;
        refresh->advances = 0;
        refresh->conflicts = 0;
    }
    return todo;
}
