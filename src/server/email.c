/*
 * Is the user's address the user's? A code that was mailed there says so.
 */
#include <stddef.h>

#include "server/audit.h"
#include "server/code.h"
#include "server/resource.h"
#include "server/task.h"

struct email_work {
    struct task task;
    struct call *call;
    struct store_user user;
    uint8_t hash[STORE_HASH_SIZE];
    int64_t user_id;
    struct audit audit;
};

static struct email_work *work_of(struct task *task)
{
    return (struct email_work *)(void *)((char *)task -
                                         offsetof(struct email_work, task));
}

/* ---- Mail me a code ---- */

static enum store_result find_user(struct store *store, struct change *change)
{
    struct email_work *work = work_of((struct task *)(void *)change);

    return store_user_by_id(store, work->call->user_id, &work->user);
}

/* Where the address is verified already there is nothing to be done. */
static void answer_asked(struct task *task)
{
    struct email_work *work = work_of(task);
    struct call *call = work->call;

    if (task->change.result == STORE_NONE) {
        call_reply(call, CASE_DELETED, FIELD_NONE);
    } else if (task->change.result != STORE_OK) {
        call_reply_failed(call);
    } else if (work->user.email[0] == '\0') {
        call_reply(call, CASE_MISSING, FIELD_EMAIL);
    } else if (call_may_try(call, THROTTLE_MAIL, span_of(work->user.email))) {
        if (!work->user.verified)
            code_issue(call->worker, &work->user, STORE_CODE_VERIFY);
        call_reply(call, CASE_OK, FIELD_NONE);
    }
}

void email_verify(struct call *call)
{
    struct email_work *work;

    if (!code_offered(call))
        return;
    work = call_reserve(call, sizeof *work);
    if (work == NULL)
        return;
    work->call = call;
    work->task.change.run = find_user;
    work->task.done = answer_asked;
    task_read(call->worker, &work->task);
}

/* ---- Here it is ---- */

static enum store_result run_confirm(struct store *store, struct change *change)
{
    struct email_work *work = work_of((struct task *)(void *)change);
    enum store_result result =
        store_code_spend(store, STORE_CODE_VERIFY, work->hash,
                         work->call->now_s, &work->user_id);

    if (result == STORE_OK)
        result = store_user_set_verified(store, work->user_id, true);
    if (result == STORE_OK)
        result = store_codes_remove(store, work->user_id, STORE_CODE_VERIFY);
    work->audit.user_id = work->user_id;
    if (result == STORE_OK)
        result = audit_store(store, &work->audit);
    return result;
}

static void answer_confirmed(struct task *task)
{
    struct email_work *work = work_of(task);
    struct call *call = work->call;

    if (task->change.result == STORE_NONE) {
        code_refuse(call, AUDIT_EMAIL_VERIFY);
    } else if (task->change.result != STORE_OK) {
        call_reply_failed(call);
    } else {
        audit_tell(&call->server->log, &work->audit);
        call_reply(call, CASE_OK, FIELD_NONE);
    }
}

void email_confirm(struct call *call)
{
    struct email_work *work;

    if (!code_offered(call) || !call_may_go_on(call, THROTTLE_CODE))
        return;
    work = call_reserve(call, sizeof *work);
    if (work == NULL)
        return;
    if (!code_hash(call, work->hash)) {
        code_refuse(call, AUDIT_EMAIL_VERIFY);
        return;
    }
    work->call = call;
    audit_begin(&work->audit, call, AUDIT_EMAIL_VERIFY);
    work->task.change.run = run_confirm;
    work->task.change.steps = true;
    work->task.done = answer_confirmed;
    task_submit(call->worker, &work->task);
}
