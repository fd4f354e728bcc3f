/*
 * Sessions that are there: sign out, and is this token good.
 */
#include <stddef.h>
#include <string.h>

#include "server/audit.h"
#include "server/cookie.h"
#include "server/present.h"
#include "server/resource.h"
#include "server/rotate.h"
#include "server/task.h"

struct sign_out {
    struct task task;
    struct call *call;
    uint8_t sid[STORE_SID_SIZE];
    struct audit audit;
};

static struct sign_out *sign_out_of(struct task *task)
{
    return (struct sign_out *)(void *)((char *)task -
                                       offsetof(struct sign_out, task));
}

/* ---- Sign out: the session secret, or any authentic token of it ---- */

static enum store_result run_end(struct store *store, struct change *change)
{
    struct sign_out *work = sign_out_of((struct task *)(void *)change);
    struct store_session session;
    enum store_result result = store_session_find(store, work->sid, &session);

    if (result == STORE_OK)
        result = store_session_end(store, work->sid, STORE_ENDED_REVOKED,
                                   work->call->now_s);
    if (result == STORE_OK) {
        work->audit.user_id = session.user_id;
        result = audit_store(store, &work->audit);
    }
    return result;
}

static void answer_ended(struct task *task)
{
    struct sign_out *work = sign_out_of(task);

    if (task->change.result == STORE_OK) {
        audit_tell(&work->call->server->log, &work->audit);
        call_reply(work->call, CASE_OK, FIELD_NONE);
    } else if (task->change.result == STORE_NONE) {
        call_reply(work->call, CASE_ALREADY, FIELD_NONE);
    } else {
        call_reply_failed(work->call);
    }
}

/*
 * What is not ours is not signed in: there is nothing left to do. An access token
 * cannot be revoked alone, and a family that revokes has words for that (RFC
 * 7009, section 2.2.1).
 */
static enum reply_kind name_stranger(const struct call *call, struct span text)
{
    struct token_claims claims;
    bool access = token_read(&call->worker->issuer, text, call->now_s,
                             &claims) == TOKEN_OK;

    return access && dialect_has(&call->mount->dialect, MESSAGE_REVOKE)
               ? CASE_UNSUPPORTED
               : CASE_ALREADY;
}

/*
 * Which session is meant: of the secret or token in the body, or, where the
 * family has none there, of the access token. CASE_OK: *sid is it.
 */
static enum reply_kind find_meant(struct call *call,
                                  uint8_t sid[STORE_SID_SIZE])
{
    enum field field =
        call->message == MESSAGE_REVOKE ? FIELD_TOKEN : FIELD_REFRESH;

    if (call->message == MESSAGE_SIGN_OUT_COOKIE && !cookie_take(call))
        return CASE_ALREADY;
    if (call->mount->dialect.rotation == DIALECT_ROTATION_COMMITTED)
        return present_sid(call, sid) ? CASE_OK : CASE_BAD_REQUEST;
    if (fields_has(&call->fields, field))
        return present_offered(call, fields_text(&call->fields, field), sid)
                   ? CASE_OK
                   : name_stranger(call, fields_text(&call->fields, field));
    if (call->user_id == 0)
        return CASE_BAD_REQUEST;
    memcpy(sid, call->sid, STORE_SID_SIZE);
    return CASE_OK;
}

void session_end(struct call *call)
{
    struct sign_out *work = call_reserve(call, sizeof *work);
    enum reply_kind kind;

    if (work == NULL)
        return;
    kind = find_meant(call, work->sid);
    if (kind != CASE_OK) {
        call_reply(call, kind, FIELD_NONE);
        return;
    }
    work->call = call;
    audit_begin(&work->audit, call, AUDIT_SIGN_OUT);
    audit_set_sid(&work->audit, work->sid);
    work->task.change.run = run_end;
    work->task.change.steps = true;
    work->task.done = answer_ended;
    task_submit(call->worker, &work->task);
}

/* ---- Verify: is this token, of either kind, good? ---- */

struct verify {
    struct task task;
    struct call *call;
    bool access; /* otherwise it is a refresh token */
    struct token_claims claims;
    struct rotate_offered offered;
    struct store_standing standing; /* of an access token's session */
    struct store_session session;   /* of a refresh token's */
};

static struct verify *verify_of(struct task *task)
{
    return (struct verify *)(void *)((char *)task -
                                     offsetof(struct verify, task));
}

static enum store_result find_session(struct store *store,
                                      struct change *change)
{
    struct verify *work = verify_of((struct task *)(void *)change);

    if (work->access)
        return store_session_standing(store, work->claims.sid, &work->standing);
    return rotate_offered_look(store, &work->offered, &work->session);
}

/* Only a refresh token can be revoked by itself, or be spent. */
static enum reply_kind judge_refresh(enum rotation_verdict verdict)
{
    if (rotate_is_granted(verdict))
        return CASE_OK;
    if (verdict == ROTATION_UNKNOWN)
        return CASE_UNKNOWN;
    return verdict == ROTATION_EXPIRED ? CASE_EXPIRED : CASE_REVOKED;
}

static enum reply_kind judge_found(const struct verify *work)
{
    if (work->task.change.result == STORE_NONE)
        return CASE_UNKNOWN;
    if (work->task.change.result != STORE_OK)
        return CASE_UNAVAILABLE;
    if (!work->access)
        return judge_refresh(work->offered.verdict);
    return call_judge_session(work->call, &work->standing) == CASE_OK
               ? CASE_OK
               : CASE_UNKNOWN;
}

static void end_verify(struct task *task)
{
    struct verify *work = verify_of(task);

    call_reply(work->call, judge_found(work), FIELD_NONE);
}

/* Which token it is, of either kind; false: not ours, or over. */
static bool read_token(struct verify *work)
{
    struct call *call = work->call;
    struct span text = fields_text(&call->fields, FIELD_TOKEN);

    work->offered.limits = call->server->limits;
    work->offered.now_s = call->now_s;
    if (present_token(call, text, &work->offered.token))
        return true;
    work->access = true;
    return token_read(&call->worker->issuer, text, call->now_s,
                      &work->claims) == TOKEN_OK &&
           work->claims.issued_us > atomic_load(&call->server->demo.expired_us);
}

void session_verify(struct call *call)
{
    struct verify *work = call_reserve(call, sizeof *work);

    if (work == NULL)
        return;
    work->call = call;
    if (!read_token(work)) {
        call_reply(call, CASE_UNREADABLE, FIELD_NONE);
        return;
    }
    work->task.change.run = find_session;
    work->task.done = end_verify;
    task_read(call->worker, &work->task);
}
