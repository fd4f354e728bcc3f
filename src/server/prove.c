#include "server/prove.h"

#include <stddef.h>
#include <string.h>

static struct prove *prove_of_task(struct task *task)
{
    return (struct prove *)(void *)((char *)task -
                                    offsetof(struct prove, task));
}

static struct prove *prove_of_hash(struct hash *hash)
{
    return (struct prove *)(void *)((char *)hash -
                                    offsetof(struct prove, hash));
}

static void end_check(struct hash *hash)
{
    struct prove *prove = prove_of_hash(hash);
    struct audit event;

    if (hash->job.result != PASSWORD_OK) {
        audit_begin(&event, hash->call, prove->kind);
        audit_set_sid(&event, hash->call->sid);
        event.user_id = prove->user.id;
        event.outcome = AUDIT_BAD_PASSWORD;
        audit_note(hash->call->worker, &event);
        call_reply(hash->call, CASE_BAD_PASSWORD, FIELD_NONE);
        return;
    }
    call_know(hash->call);
    prove->proven(prove);
}

static enum store_result find_user(struct store *store, struct change *change)
{
    struct prove *prove = prove_of_task((struct task *)(void *)change);

    return store_user_by_id(store, prove->hash.call->user_id, &prove->user);
}

static void check_password(struct task *task)
{
    struct prove *prove = prove_of_task(task);
    struct call *call = prove->hash.call;

    if (store_failed(task->change.result)) {
        call_reply_failed(call);
    } else if (task->change.result != STORE_OK) {
        call_reply(call, CASE_DELETED, FIELD_NONE);
    } else if (prove->user.disabled) {
        call_reply(call, CASE_DISABLED, FIELD_NONE);
    } else if (call_may_try(call, THROTTLE_PASSWORD,
                            span_of(prove->user.name))) {
        prove->hash.job.task = PASSWORD_CHECK;
        memcpy(prove->hash.job.hash, prove->user.password,
               sizeof prove->hash.job.hash);
        prove->hash.field = FIELD_CURRENT_PASSWORD;
        prove->hash.done = end_check;
        (void)hash_submit(call, &prove->hash); // answers where it cannot
    }
}

void prove_begin(struct call *call, struct prove *prove)
{
    prove->hash.call = call;
    prove->task.change.run = find_user;
    prove->task.done = check_password;
    task_read(call->worker, &prove->task);
}
