/* Offered rotation (design.md, section 5.2). */
#include <string.h>

#include "server/present.h"
#include "server/refresh.h"

void refresh_answer_offered(struct refresh *work)
{
    struct call *call = work->call;
    struct rotate_offered *r = &work->rotate.offered;

    trace_offered(&call->server->trace, r);
    if (rotate_is_granted(r->verdict)) {
        refresh_grant(work, r->token.sid, &r->holder);
        return;
    }
    if (r->verdict == ROTATION_REVOKE)
        audit_tell(&call->server->log, &work->audit);
    if (work->deleted)
        refresh_finish_as(call, r->verdict, CASE_DELETED);
    else
        refresh_finish(call, r->verdict);
}

static enum store_result run_offered(struct store *store, struct change *change)
{
    struct refresh *work = refresh_of((struct task *)(void *)change);
    struct rotate_offered *r = &work->rotate.offered;
    enum store_result result = rotate_offered(store, r);

    if (result == STORE_OK && r->verdict == ROTATION_REVOKE)
        refresh_store_reuse(store, work, r->token.sid, r->holder.user_id);
    if (result == STORE_OK)
        result = refresh_find_user(store, work, r->verdict, r->holder.user_id);
    return result;
}

static enum store_result read_offered(struct store *store,
                                      struct change *change)
{
    struct refresh *work = refresh_of((struct task *)(void *)change);
    struct rotate_offered *r = &work->rotate.offered;
    enum store_result result = rotate_offered_read(store, r);

    if (result == STORE_OK)
        result = refresh_find_user(store, work, r->verdict, r->holder.user_id);
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
    task->done = refresh_answer;
    if (task->change.result != STORE_NONE) {
        refresh_answer(task);
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
    if (!refresh_may_refuse(call))
        return;
    refresh_count(call, shown.field == FIELD_NONE ? METRICS_UNKNOWN
                                                  : METRICS_BAD_REQUEST);
    call_reply(call, shown.kind, shown.field);
}

void refresh_begin_offered(struct refresh *work)
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
