/*
 * Refresh: the rules are those of core/rotation.h; server/rotate.h makes them
 * durable.
 */
#include <sodium.h>
#include <string.h>

#include "base/base64url.h"
#include "base/point.h"
#include "server/audit.h"
#include "server/cookie.h"
#include "server/mint.h"
#include "server/present.h"
#include "server/resource.h"
#include "server/rotate.h"
#include "server/task.h"

struct refresh {
    struct task task;
    struct call *call;
    union {
        struct rotate_committed committed;
        struct rotate_offered offered;
    } rotate;
    bool offered;
    char from[BASE64URL_LENGTH(ROTATION_HASH_SIZE)]; /* as they are answered */
    char sid[BASE64URL_LENGTH(STORE_SID_SIZE)];
    bool deleted;           /* the session ended because its user is gone */
    struct audit audit;     /* of the second holder that this very call found */
    struct store_user user; /* only where the claims tell of him */
};

static struct refresh *refresh_of(struct task *task)
{
    return (struct refresh *)(void *)((char *)task -
                                      offsetof(struct refresh, task));
}

/* What each verdict is called on the wire and in the counts. */
static const struct verdict_row {
    enum reply_kind kind;
    enum metrics_outcome outcome;
} verdicts[] = {
    [ROTATION_MOVE] = {CASE_OK,            METRICS_GRANTED      },
    [ROTATION_TOUCH] = {CASE_OK,            METRICS_GRANTED      },
    [ROTATION_KEEP] = {CASE_OK,            METRICS_GRANTED      },
    [ROTATION_BAD] = {CASE_BAD_REQUEST,   METRICS_BAD_REQUEST  },
    [ROTATION_OTHER_SESSION] = {CASE_OTHER_SESSION, METRICS_OTHER_SESSION},
    [ROTATION_ADVANCE] = {CASE_ADVANCE,       METRICS_ADVANCE      },
    [ROTATION_STALE] = {CASE_STALE,         METRICS_STALE        },
    [ROTATION_BEHIND] = {CASE_BEHIND,        METRICS_BEHIND       },
    [ROTATION_RESEED] = {CASE_RESEED,        METRICS_RESEED       },
    [ROTATION_SOFT] = {CASE_TRY_AGAIN,     METRICS_SOFT         },
    [ROTATION_UNKNOWN] = {CASE_UNKNOWN,       METRICS_UNKNOWN      },
    [ROTATION_REVOKED] = {CASE_REVOKED,       METRICS_REVOKED      },
    [ROTATION_EXPIRED] = {CASE_EXPIRED,       METRICS_EXPIRED      },
    [ROTATION_DISABLED] = {CASE_DISABLED,      METRICS_DISABLED     },
    [ROTATION_REUSE] = {CASE_REUSE,         METRICS_REUSE        },
    [ROTATION_REVOKE] = {CASE_REUSE,         METRICS_REUSE        },
};

static void count(struct call *call, enum metrics_outcome outcome)
{
    metrics_refresh(&call->worker->metrics, call->mount, outcome);
}

/* What no client that behaves shows twice. */
static bool misbehaves(enum rotation_verdict verdict)
{
    return verdict == ROTATION_BAD || verdict == ROTATION_UNKNOWN ||
           verdict == ROTATION_REVOKED || verdict == ROTATION_EXPIRED ||
           verdict == ROTATION_DISABLED || verdict == ROTATION_REUSE;
}

/*
 * May this network be told once more that it shows nothing good? Otherwise it
 * has been answered 429: no session that lives is ever asked.
 */
static bool may_refuse(struct call *call)
{
    if (!call_may_go_on(call, THROTTLE_REFRESH))
        return false;
    call_count(call, THROTTLE_REFRESH);
    return true;
}

/* What was decided is durable; now the answer may go, or be lost. */
static void finish_as(struct call *call, enum rotation_verdict verdict,
                      enum reply_kind kind)
{
    if (misbehaves(verdict) && !may_refuse(call))
        return;
    count(call, verdicts[verdict].outcome);
    POINT("before_reply");
    if (!demo_drops_reply(call))
        call_reply(call, kind, FIELD_NONE);
}

static void finish(struct call *call, enum rotation_verdict verdict)
{
    finish_as(call, verdict, verdicts[verdict].kind);
}

static void answer_unavailable(struct call *call)
{
    count(call, METRICS_UNAVAILABLE);
    call_reply(call, CASE_UNAVAILABLE, FIELD_NONE);
}

/*
 * On the writer's thread: this very call ended the session. The end stands,
 * whatever becomes of the row that tells of it: the log has it too.
 */
static void store_reuse(struct store *store, struct refresh *work,
                        const uint8_t sid[STORE_SID_SIZE], int64_t user_id)
{
    // Once: what runs again must ask the same, to the second.
    if (work->audit.at_ms == 0)
        audit_begin(&work->audit, work->call, AUDIT_REFRESH);
    work->audit.outcome = AUDIT_REUSE;
    work->audit.user_id = user_id;
    audit_set_sid(&work->audit, sid);
    (void)audit_store(store, &work->audit);
}

/* Likewise: a line has begun, and the row that tells of it comes with it. */
static enum store_result store_reseeded(struct store *store,
                                        struct refresh *work)
{
    const struct rotate_committed *r = &work->rotate.committed;

    work->audit.user_id = r->holder.user_id;
    audit_set_sid(&work->audit, r->sid);
    return audit_store(store, &work->audit);
}

static void answer_refresh(struct task *task);

/* ---- Committed rotation (design.md, section 5.1) ---- */

static void read_step(const struct call *call, struct rotate_committed *r)
{
    uint8_t secret[PRESENT_SECRET_SIZE] = {0};
    uint8_t sent_sid[STORE_SID_SIZE];
    struct rotation_step *step = &r->step;

    step->complete =
        present_sid(call, r->sid) &&
        present_bytes(call, FIELD_SECRET, secret, sizeof secret) &&
        present_bytes(call, FIELD_NEXT, step->next, sizeof step->next) &&
        present_bytes(call, FIELD_SID, sent_sid, sizeof sent_sid);
    step->by_cookie = call->message == MESSAGE_REFRESH_COOKIE;
    step->generation = fields_int(&call->fields, FIELD_GENERATION, -1);
    if (step->complete) {
        crypto_hash_sha256(step->secret_hash, secret, sizeof secret);
        step->sid_fits = memcmp(sent_sid, r->sid, sizeof sent_sid) == 0;
    }
    if (step->generation < 0)
        step->complete = false;
    sodium_memzero(secret, sizeof secret);
}

/* Has the browser no secrets? Then it asks, or begins a line with new ones. */
static bool is_line(const struct call *call)
{
    return call->message == MESSAGE_REFRESH_COOKIE &&
           (fields_null(&call->fields, FIELD_GENERATION) ||
            fields_has(&call->fields, FIELD_TO));
}

static void read_line(const struct call *call, struct rotate_committed *r)
{
    const struct fields *fields = &call->fields;
    uint8_t sent_sid[STORE_SID_SIZE];
    struct rotation_line *line = &r->line;
    bool has_sid = fields_has(fields, FIELD_SID);

    line->asks = !fields_has(fields, FIELD_TO);
    line->generation = fields_int(fields, FIELD_GENERATION, -1);
    line->to = fields_int(fields, FIELD_TO, -1);
    line->complete =
        present_sid(call, r->sid) &&
        (!has_sid ||
         present_bytes(call, FIELD_SID, sent_sid, sizeof sent_sid)) &&
        (line->asks ||
         (has_sid &&
          present_bytes(call, FIELD_FROM, line->from, sizeof line->from) &&
          present_bytes(call, FIELD_NEXT, line->next, sizeof line->next)));
    // An empty store cannot know whose cookie it is.
    line->sid_fits =
        line->complete &&
        (!has_sid || memcmp(sent_sid, r->sid, sizeof sent_sid) == 0);
}

/* Only some families' claims tell more of a user than id and roles. */
static enum store_result find_user(struct store *store, struct refresh *work,
                                   enum rotation_verdict verdict,
                                   int64_t user_id)
{
    enum store_result result;

    if (!work->call->mount->user_in_claims || !rotate_is_granted(verdict))
        return STORE_OK;
    result = store_user_by_id(store, user_id, &work->user);
    // Removed just now, and the session with it: the next try will see it.
    return result == STORE_NONE ? STORE_BUSY : result;
}

static void grant(struct refresh *work, const uint8_t *sid,
                  const struct store_holder *holder)
{
    struct call *call = work->call;
    UNSET struct mint mint;
    struct mint_who who = {.sid = sid,
                           .user_id = holder->user_id,
                           .roles = span_of(holder->roles)};

    if (work->user.id != 0)
        who.user = &work->user;

    if (!mint_access(call, &mint, &who)) {
        answer_unavailable(call);
        return;
    }
    if (work->offered)
        mint_refresh_after(call, &mint, &work->rotate.offered.token,
                           work->rotate.offered.parent, work->rotate.offered.n);
    fields_set_int(&call->fields, FIELD_ID, holder->user_id);
    fields_set_text(&call->fields, FIELD_ROLES, who.roles);
    finish(call, ROTATION_MOVE);
    mint_wipe(&mint);
}

/* What a line begins from: only who has the cookie can see it. */
static void tell_line(struct refresh *work)
{
    const struct rotate_committed *r = &work->rotate.committed;
    struct fields *fields = &work->call->fields;

    (void)base64url_encode(r->from, sizeof r->from, work->from);
    (void)base64url_encode(r->sid, sizeof r->sid, work->sid);
    fields_set_text(fields, FIELD_FROM,
                    (struct span){work->from, sizeof work->from});
    fields_set_text(fields, FIELD_SID,
                    (struct span){work->sid, sizeof work->sid});
}

static void answer_committed(struct refresh *work)
{
    struct call *call = work->call;
    struct rotate_committed *r = &work->rotate.committed;

    trace_committed(&call->server->trace, r);
    fields_set_int(&call->fields, FIELD_GENERATION, r->generation);
    if (r->verdict == ROTATION_RESEED)
        tell_line(work);
    if (r->is_line && r->verdict == ROTATION_MOVE)
        audit_tell(&call->server->log, &work->audit);
    if (rotate_is_granted(r->verdict)) {
        grant(work, r->sid, &r->holder);
        return;
    }
    if (r->verdict == ROTATION_REVOKE)
        audit_tell(&call->server->log, &work->audit);
    finish(call, r->verdict);
}

static enum store_result run_committed(struct store *store,
                                       struct change *change)
{
    struct refresh *work = refresh_of((struct task *)(void *)change);
    struct rotate_committed *r = &work->rotate.committed;
    enum store_result result = rotate_committed(store, r);

    if (result == STORE_OK && r->verdict == ROTATION_REVOKE)
        store_reuse(store, work, r->sid, r->holder.user_id);
    if (result == STORE_OK && r->is_line && r->verdict == ROTATION_MOVE)
        result = store_reseeded(store, work);
    if (result == STORE_OK)
        result = find_user(store, work, r->verdict, r->holder.user_id);
    return result;
}

/* From a network that floods us with secrets of nobody: is there such a
   session at all? Only what is there is worth the writer's time. */
static enum store_result look_for(struct store *store, struct change *change)
{
    struct refresh *work = refresh_of((struct task *)(void *)change);
    struct store_session session;

    return store_session_find(store, work->rotate.committed.sid, &session);
}

static void submit_committed(struct refresh *work)
{
    work->task.change.run = run_committed;
    work->task.change.sid = work->rotate.committed.sid;
    work->task.done = answer_refresh;
    task_submit(work->call->worker, &work->task);
}

static void end_looking(struct task *task)
{
    struct refresh *work = refresh_of(task);

    if (task->change.result == STORE_NONE)
        finish(work->call, ROTATION_UNKNOWN);
    else
        submit_committed(work);
}

static void begin_line(struct refresh *work)
{
    struct call *call = work->call;
    struct rotate_committed *r = &work->rotate.committed;
    enum rotation_verdict verdict;
    struct rotation_row none;

    if (!call->server->config->reseed) {
        finish(call, ROTATION_UNKNOWN);
        return;
    }
    read_line(call, r);
    verdict = rotation_reseed(NULL, &r->line, &call->server->limits,
                              call->now_s, &none);
    if (verdict != ROTATION_UNKNOWN) { // no row was asked for
        finish(call, verdict);
        return;
    }
    r->is_line = true;
    r->limits = call->server->limits;
    r->now_s = call->now_s;
    audit_begin(&work->audit, call, AUDIT_RESEEDED);
    work->task.change.steps = true; // the audit's row comes with it
    submit_committed(work);
}

static void begin_committed(struct refresh *work)
{
    struct call *call = work->call;
    struct rotate_committed *r = &work->rotate.committed;
    struct rotation_row none;

    // A browser that has not the cookie any more has no session.
    if (call->message == MESSAGE_REFRESH_COOKIE && !cookie_take(call)) {
        finish(call, ROTATION_UNKNOWN);
        return;
    }
    if (is_line(call)) {
        begin_line(work);
        return;
    }
    read_step(call, r);
    if (!rotation_may_move(&r->step)) {
        finish(call, rotation_committed(NULL, &r->step, &call->server->limits,
                                        call->now_s, &none));
        return;
    }
    r->limits = call->server->limits;
    r->now_s = call->now_s;
    if (!call_is_full(call, THROTTLE_REFRESH)) {
        submit_committed(work);
        return;
    }
    work->task.change.run = look_for;
    work->task.done = end_looking;
    task_read(call->worker, &work->task);
}

/* ---- Offered rotation (design.md, section 5.2) ---- */

static void answer_offered(struct refresh *work)
{
    struct call *call = work->call;
    struct rotate_offered *r = &work->rotate.offered;

    trace_offered(&call->server->trace, r);
    if (rotate_is_granted(r->verdict)) {
        grant(work, r->token.sid, &r->holder);
        return;
    }
    if (r->verdict == ROTATION_REVOKE)
        audit_tell(&call->server->log, &work->audit);
    finish_as(call, r->verdict,
              work->deleted ? CASE_DELETED : verdicts[r->verdict].kind);
}

static enum store_result run_offered(struct store *store, struct change *change)
{
    struct refresh *work = refresh_of((struct task *)(void *)change);
    struct rotate_offered *r = &work->rotate.offered;
    enum store_result result = rotate_offered(store, r);

    if (result == STORE_OK && r->verdict == ROTATION_REVOKE)
        store_reuse(store, work, r->token.sid, r->holder.user_id);
    if (result == STORE_OK)
        result = find_user(store, work, r->verdict, r->holder.user_id);
    return result;
}

static enum store_result read_offered(struct store *store,
                                      struct change *change)
{
    struct refresh *work = refresh_of((struct task *)(void *)change);
    struct rotate_offered *r = &work->rotate.offered;
    enum store_result result = rotate_offered_read(store, r);

    if (result == STORE_OK)
        result = find_user(store, work, r->verdict, r->holder.user_id);
    if (result == STORE_OK && r->verdict == ROTATION_REVOKED)
        result =
            standing_find_deleted(store, r->holder.user_id, &work->deleted);
    return result;
}

/* Neither ours nor forged: an access token, or anything at all. */
static enum reply_kind name_stranger(const struct call *call, struct span text)
{
    struct token_claims claims;

    if (token_read(&call->worker->issuer, text, call->now_s, &claims) !=
        TOKEN_BAD)
        return CASE_WRONG_KIND;
    return CASE_UNREADABLE;
}

/* Answered without a write, if that will do. */
static void end_reading(struct task *task)
{
    task->done = answer_refresh;
    if (task->change.result != STORE_NONE) {
        answer_refresh(task);
        return;
    }
    task->change.run = run_offered;
    task->change.sid = refresh_of(task)->rotate.offered.token.sid;
    task_submit(task->worker, task);
}

/*
 * Some families want the old access token beside the refresh token, of any age:
 * their clients may keep the first one for months.
 */
static bool has_companion(const struct call *call)
{
    return !dialect_takes(&call->mount->dialect, MESSAGE_REFRESH,
                          FIELD_ACCESS) ||
           token_may_be_ours(&call->worker->issuer,
                             fields_text(&call->fields, FIELD_ACCESS),
                             call->now_s);
}

/*
 * A family that can do without the refresh token takes the access token alone,
 * expired or not. Whoever has ever seen one could then go on for ever, so this
 * is only done when the operator says so, and within the one dialect.
 */
static bool find_by_access(const struct call *call, struct rotate_offered *r)
{
    struct span text = fields_text(&call->fields, FIELD_ACCESS);
    struct token_claims claims;

    if (!call->server->config->lenient ||
        !dialect_takes(&call->mount->dialect, MESSAGE_REFRESH, FIELD_ACCESS) ||
        token_read(&call->worker->issuer, text, call->now_s, &claims) ==
            TOKEN_BAD ||
        !span_is(call->mount->dialect.name, claims.dialect))
        return false;
    memcpy(r->token.sid, claims.sid, sizeof r->token.sid);
    r->by_session = true;
    return true;
}

/* What a refresh shows that names its session; CASE_OK: *r has it. */
static struct reply_case read_shown(const struct call *call,
                                    struct rotate_offered *r)
{
    struct span text = fields_text(&call->fields, FIELD_REFRESH);

    if (!has_companion(call))
        return (struct reply_case){CASE_INVALID, FIELD_ACCESS};
    if (text.length == 0)
        return find_by_access(call, r)
                   ? (struct reply_case){CASE_OK, FIELD_NONE}
                   : (struct reply_case){CASE_MISSING, FIELD_REFRESH};
    if (!present_token(call, text, &r->token))
        return (struct reply_case){name_stranger(call, text), FIELD_NONE};
    return (struct reply_case){CASE_OK, FIELD_NONE};
}

/* What is shown names no session. */
static void refuse_shown(struct call *call, struct reply_case shown)
{
    if (!may_refuse(call))
        return;
    count(call,
          shown.field == FIELD_NONE ? METRICS_UNKNOWN : METRICS_BAD_REQUEST);
    call_reply(call, shown.kind, shown.field);
}

static void begin_offered(struct refresh *work)
{
    struct call *call = work->call;
    struct rotate_offered *r = &work->rotate.offered;
    struct reply_case shown = read_shown(call, r);

    if (shown.kind != CASE_OK) {
        refuse_shown(call, shown);
        return;
    }
    work->offered = true;
    r->limits = call->server->limits;
    r->now_s = call->now_s;
    work->task.change.run = read_offered;
    work->task.done = end_reading;
    task_read(call->worker, &work->task);
}

static void answer_refresh(struct task *task)
{
    struct refresh *work = refresh_of(task);

    if (task->change.result != STORE_OK)
        answer_unavailable(work->call);
    else if (work->offered)
        answer_offered(work);
    else
        answer_committed(work);
}

void session_refresh(struct call *call)
{
    struct refresh *work;

    if (demo_answers_refresh(call))
        return;
    if (call->problems.count > 0) {
        if (!may_refuse(call))
            return;
        count(call, METRICS_BAD_REQUEST);
        call_reply_problems(call);
        return;
    }
    work = call_reserve(call, sizeof *work);
    if (work == NULL)
        return;
    work->call = call;
    work->task.done = answer_refresh;
    if (call->mount->dialect.rotation == DIALECT_ROTATION_COMMITTED)
        begin_committed(work);
    else
        begin_offered(work);
}
