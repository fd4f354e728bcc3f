/*
 * Introspection (RFC 7662): what is this token, and is it good? Only for a
 * registered application that has shown its secret, or an administrator.
 */
#include <stddef.h>
#include <string.h>

#include "server/present.h"
#include "server/resource.h"
#include "server/rotate.h"
#include "server/task.h"

struct introspection {
    struct task task;
    struct call *call;
    uint8_t sid[STORE_SID_SIZE];
    bool access; /* otherwise it is a refresh token */
    struct token_claims claims;
    struct rotate_offered offered;
    struct store_session session;
    struct store_user user;
};

static struct introspection *work_of(struct task *task)
{
    return (
        struct introspection *)(void *)((char *)task -
                                        offsetof(struct introspection, task));
}

/* A refresh token that was replaced is no good, though its session lives. */
static enum store_result find_session(struct store *store,
                                      struct introspection *work)
{
    enum store_result result;

    if (work->access)
        return store_session_find(store, work->sid, &work->session);
    result = rotate_offered_look(store, &work->offered, &work->session);
    return result == STORE_OK && !rotate_is_granted(work->offered.verdict)
               ? STORE_NONE
               : result;
}

static enum store_result find(struct store *store, struct change *change)
{
    struct introspection *work = work_of((struct task *)(void *)change);
    enum store_result result = find_session(store, work);

    if (result == STORE_OK)
        result = store_user_by_id(store, work->session.user_id, &work->user);
    return result;
}

static bool is_living(const struct introspection *work)
{
    const struct store_lifetime lifetime = {
        .now_s = work->call->now_s,
        .idle_s = work->call->server->limits.idle_s,
        .max_s = work->call->server->limits.max_s,
    };

    return work->session.ended == STORE_LIVING && !work->user.disabled &&
           !store_session_expired(&work->session, &lifetime);
}

/* What the token says, and whose it is now. */
static void tell(struct introspection *work)
{
    const struct token_issuer *issuer = &work->call->worker->issuer;
    struct fields *fields = &work->call->fields;

    call_set_user(work->call, &work->user);
    fields_set_text(fields, FIELD_SCOPE, span_of(work->session.roles));
    fields_set_text(fields, FIELD_ISSUER, issuer->issuer);
    // A refresh token does not tell when it was handed out; its session does.
    fields_set_int(fields, FIELD_ISSUED_AT, work->session.created_s);
    if (!work->access)
        return;
    fields_set_text(fields, FIELD_TOKEN_TYPE, SPAN("Bearer"));
    fields_set_text(fields, FIELD_AUDIENCE, issuer->audience);
    fields_set_int(fields, FIELD_ISSUED_AT, work->claims.issued_s);
    fields_set_int(fields, FIELD_EXPIRES_AT, work->claims.expires_s);
}

static void answer(struct task *task)
{
    struct introspection *work = work_of(task);

    if (store_failed(task->change.result)) {
        call_reply_failed(work->call);
        return;
    }
    if (task->change.result != STORE_OK || !is_living(work)) {
        call_reply(work->call, CASE_UNKNOWN, FIELD_NONE);
        return;
    }
    tell(work);
    call_reply(work->call, CASE_OK, FIELD_NONE);
}

/* Which token it is, of either kind; false: not ours, or over. */
static bool read_token(struct introspection *work)
{
    struct call *call = work->call;
    struct span text = fields_text(&call->fields, FIELD_TOKEN);

    work->offered.limits = call->server->limits;
    work->offered.now_s = call->now_s;
    if (present_token(call, text, &work->offered.token))
        return true;
    if (token_read(&call->worker->issuer, text, call->now_s, &work->claims) !=
            TOKEN_OK ||
        work->claims.issued_us <= atomic_load(&call->server->demo.expired_us))
        return false;
    memcpy(work->sid, work->claims.sid, STORE_SID_SIZE);
    work->access = true;
    return true;
}

static void introspect(struct call *call)
{
    struct introspection *work = call_reserve(call, sizeof *work);

    if (work == NULL)
        return;
    work->call = call;
    // The asker's, which the answer must not take for the token's.
    fields_unset(&call->fields, FIELD_CLIENT_ID);
    if (!read_token(work)) {
        call_reply(call, CASE_UNREADABLE, FIELD_NONE);
        return;
    }
    work->task.change.run = find;
    work->task.done = answer;
    task_read(call->worker, &work->task);
}

void session_introspect(struct call *call)
{
    if (call->asker.proven)
        introspect(call);
    else
        call_authorize_for(call, NEED_ADMIN, introspect);
}
