/*
 * A user changes password or address, or goes for good.
 */
#include <stddef.h>
#include <string.h>

#include "server/audit.h"
#include "server/code.h"
#include "server/new_password.h"
#include "server/prove.h"
#include "server/resource.h"

struct account_change {
    struct prove prove;
    struct new_password password;
    struct task task;
    struct store_user user; /* as it will be */
    bool has_password;
    bool has_email;
    int64_t ended; /* sessions, because of the password */
    struct audit password_audit;
    struct audit email_audit;
};

static struct account_change *work_of(struct task *task)
{
    return (
        struct account_change *)(void *)((char *)task -
                                         offsetof(struct account_change, task));
}

/* ---- 3: what was asked for becomes durable ---- */

/* A new password ends all other sessions, and the codes that would set one. */
static enum store_result set_password(struct store *store,
                                      struct account_change *work)
{
    const struct call *call = work->password.hash.call;
    const struct store_end_all others = {.user_id = work->user.id,
                                         .keep = call->sid,
                                         .reason = STORE_ENDED_REVOKED,
                                         .now_s = call->now_s};
    enum store_result result = store_user_swap_password(
        store, work->user.id, work->prove.user.password, work->user.password);

    if (result == STORE_OK)
        result = store_sessions_end(store, &others, &work->ended);
    if (result == STORE_OK)
        result = store_codes_remove(store, work->user.id, STORE_CODE_RESET);
    work->password_audit.detail = work->ended;
    if (result == STORE_OK)
        result = audit_store(store, &work->password_audit);
    return result;
}

static enum store_result set_email(struct store *store,
                                   const struct account_change *work)
{
    enum store_result result =
        store_user_set_email(store, work->user.id, work->user.email);

    return result == STORE_OK ? audit_store(store, &work->email_audit) : result;
}

/* The password may have been changed since it was shown. */
static enum store_result run_change(struct store *store, struct change *change)
{
    struct account_change *work = work_of((struct task *)(void *)change);
    enum store_result result;

    work->ended = 0;
    if (work->has_password)
        result = set_password(store, work);
    else
        result =
            store_user_stands(store, work->user.id, work->prove.user.password);
    if (result == STORE_OK && work->has_email)
        result = set_email(store, work);
    return result;
}

static void tell_changed(const struct account_change *work)
{
    const struct server *server = work->prove.hash.call->server;

    if (work->has_password)
        audit_tell(&server->log, &work->password_audit);
    if (work->has_email)
        audit_tell(&server->log, &work->email_audit);
}

static void answer_user(struct account_change *work)
{
    struct call *call = work->prove.hash.call;

    call_set_user(call, &work->user);
    call_reply(call, CASE_OK, FIELD_NONE);
}

static void answer_changed(struct task *task)
{
    struct account_change *work = work_of(task);
    struct call *call = work->prove.hash.call;

    switch ((int)task->change.result) {
    case STORE_OK:
        tell_changed(work);
        if (work->has_email)
            code_issue(call->worker, &work->user, STORE_CODE_VERIFY);
        answer_user(work);
        break;
    case STORE_TAKEN_EMAIL:
        call_count(call, THROTTLE_TAKEN);
        work->email_audit.outcome = AUDIT_TAKEN;
        audit_note(call->worker, &work->email_audit);
        call_reply(call, CASE_TAKEN, FIELD_EMAIL);
        break;
    case STORE_NONE:
        call_reply(call, CASE_BAD_PASSWORD, FIELD_NONE);
        break;
    default:
        call_reply_failed(call);
        break;
    }
}

static void begin_audit(const struct account_change *work, struct audit *out,
                        enum audit_kind kind)
{
    const struct call *call = work->prove.hash.call;

    audit_begin(out, call, kind);
    audit_set_sid(out, call->sid);
    out->user_id = work->user.id;
}

static void submit(struct account_change *work)
{
    begin_audit(work, &work->password_audit, AUDIT_PASSWORD_CHANGE);
    begin_audit(work, &work->email_audit, AUDIT_EMAIL_CHANGE);
    work->task.change.run = run_change;
    work->task.change.steps = true;
    work->task.done = answer_changed;
    task_submit(work->prove.hash.call->worker, &work->task);
}

/* ---- 2: is it acceptable? ---- */

static struct account_change *work_of_password(struct new_password *password)
{
    return (struct account_change *)(void *)((char *)password -
                                             offsetof(struct account_change,
                                                      password));
}

static void end_make(struct new_password *password)
{
    struct account_change *work = work_of_password(password);

    memcpy(work->user.password, password->hash.job.hash,
           sizeof work->user.password);
    submit(work);
}

static void end_judge(struct new_password *password)
{
    struct account_change *work = work_of_password(password);

    if (password->hash.call->problems.count > 0)
        call_reply_problems(password->hash.call);
    else if (work->has_password)
        new_password_make(password);
    else if (work->has_email)
        submit(work);
    else
        answer_user(work); // nothing else was asked for
}

/* The same address again changes nothing, and stays verified. */
static void take_email(struct account_change *work)
{
    struct call *call = work->prove.hash.call;
    struct span email = fields_text(&call->fields, FIELD_EMAIL);

    if (!fields_has(&call->fields, FIELD_EMAIL) ||
        span_is(email, work->user.email))
        return;
    new_password_add_problem(call, plausible_email(email), FIELD_EMAIL);
    plausible_copy(email, work->user.email, sizeof work->user.email);
    work->user.verified = false;
    work->has_email = true;
}

/* ---- 1: the current password was right ---- */

static struct account_change *work_of_prove(struct prove *prove)
{
    return (struct account_change *)(void *)((char *)prove -
                                             offsetof(struct account_change,
                                                      prove));
}

static void judge_change(struct prove *prove)
{
    struct account_change *work = work_of_prove(prove);
    struct call *call = prove->hash.call;

    work->user = prove->user;
    take_email(work);
    work->has_password = fields_has(&call->fields, FIELD_NEW_PASSWORD);
    // What a guesser knows of the user is in these fields.
    fields_set_text(&call->fields, FIELD_USERNAME, span_of(work->user.name));
    fields_set_text(&call->fields, FIELD_EMAIL, span_of(work->user.email));
    work->password.judged = end_judge;
    work->password.made = end_make;
    new_password_judge(call, &work->password, FIELD_NEW_PASSWORD);
}

void account_change(struct call *call)
{
    struct account_change *work;

    if (fields_has(&call->fields, FIELD_EMAIL) &&
        !call_may_go_on(call, THROTTLE_TAKEN))
        return;
    work = call_reserve(call, sizeof *work);
    if (work == NULL)
        return;
    work->prove.kind = fields_has(&call->fields, FIELD_NEW_PASSWORD)
                           ? AUDIT_PASSWORD_CHANGE
                           : AUDIT_EMAIL_CHANGE;
    work->prove.proven = judge_change;
    prove_begin(call, &work->prove);
}

/* ---- The account's end ---- */

struct account_removal {
    struct prove prove;
    struct task task;
    struct audit audit;
};

static struct account_removal *removal_of(struct task *task)
{
    return (struct account_removal *)(void *)((char *)task -
                                              offsetof(struct account_removal,
                                                       task));
}

static enum store_result run_removal(struct store *store, struct change *change)
{
    struct account_removal *work = removal_of((struct task *)(void *)change);
    const struct store_user *user = &work->prove.user;
    enum store_result result =
        store_user_stands(store, user->id, user->password);

    if (result == STORE_OK)
        result =
            store_user_remove(store, user->id, work->prove.hash.call->now_s);
    return result == STORE_OK ? audit_store(store, &work->audit) : result;
}

static void answer_removed(struct task *task)
{
    struct account_removal *work = removal_of(task);
    struct call *call = work->prove.hash.call;

    if (task->change.result == STORE_NONE) {
        call_reply(call, CASE_BAD_PASSWORD, FIELD_NONE);
    } else if (task->change.result != STORE_OK) {
        call_reply_failed(call);
    } else {
        audit_tell(&call->server->log, &work->audit);
        call_reply(call, CASE_OK, FIELD_NONE);
    }
}

static void submit_removal(struct prove *prove)
{
    struct account_removal *work =
        (struct account_removal *)(void *)((char *)prove -
                                           offsetof(struct account_removal,
                                                    prove));

    audit_begin(&work->audit, prove->hash.call, AUDIT_ACCOUNT_DELETE);
    audit_set_sid(&work->audit, prove->hash.call->sid);
    work->audit.user_id = prove->user.id;
    work->task.change.run = run_removal;
    work->task.change.steps = true;
    work->task.done = answer_removed;
    task_submit(prove->hash.call->worker, &work->task);
}

void account_remove(struct call *call)
{
    struct account_removal *work = call_reserve(call, sizeof *work);

    if (work == NULL)
        return;
    work->prove.kind = AUDIT_ACCOUNT_DELETE;
    work->prove.proven = submit_removal;
    prove_begin(call, &work->prove);
}
