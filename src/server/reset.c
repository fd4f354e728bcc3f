/*
 * A forgotten password: a code that was mailed sets a new one.
 */
#include <stddef.h>
#include <string.h>

#include "server/audit.h"
#include "server/code.h"
#include "server/new_password.h"
#include "server/resource.h"
#include "server/task.h"

/* ---- Mail me a code ---- */

struct reset_ask {
    struct task task;
    struct call *call;
    char email[STORE_EMAIL_SIZE];
    struct store_user user; /* id 0: there is none */
};

static struct reset_ask *ask_of(struct task *task)
{
    return (struct reset_ask *)(void *)((char *)task -
                                        offsetof(struct reset_ask, task));
}

static enum store_result find_user(struct store *store, struct change *change)
{
    struct reset_ask *work = ask_of((struct task *)(void *)change);

    return store_user_by_email(store, work->email, &work->user);
}

/*
 * The same answer at the same time, whoever has that address or nobody: what is
 * done for the one who has it is done behind the answer, on a copy.
 */
static void answer_asked(struct task *task)
{
    struct reset_ask *work = ask_of(task);
    struct call *call = work->call;
    struct worker *worker = call->worker;
    struct store_user user = work->user;
    struct audit audit;

    if (store_failed(task->change.result)) {
        call_reply_failed(call);
        return;
    }
    audit_begin(&audit, call, AUDIT_RESET_ASKED);
    audit.user_id = user.id;
    audit.outcome = user.id == 0 ? AUDIT_UNKNOWN_USER : AUDIT_OK;
    call_reply(call, CASE_OK, FIELD_NONE);
    if (user.id != 0 && !user.disabled)
        code_issue(worker, &user, STORE_CODE_RESET);
    audit_note(worker, &audit);
    bytes_wipe(&user, sizeof user);
}

void reset_ask(struct call *call)
{
    struct span email = fields_text(&call->fields, FIELD_EMAIL);
    enum reply_kind kind = plausible_email(email);
    struct reset_ask *work;

    if (!code_offered(call))
        return;
    if (kind != CASE_OK) {
        call_reply(call, kind, FIELD_EMAIL);
        return;
    }
    work = call_reserve(call, sizeof *work);
    if (work == NULL)
        return;
    work->call = call;
    plausible_copy(email, work->email, sizeof work->email);
    if (!call_may_try(call, THROTTLE_MAIL, span_of(work->email)))
        return;
    work->task.change.run = find_user;
    work->task.done = answer_asked;
    task_read(call->worker, &work->task);
}

/* ---- Here it is, and the password ---- */

struct reset {
    struct task task;
    struct new_password password;
    uint8_t code[STORE_HASH_SIZE];
    int64_t user_id;
    struct store_user user;
    int64_t ended; /* sessions */
    struct audit audit;
};

static struct reset *reset_of(struct task *task)
{
    return (struct reset *)(void *)((char *)task -
                                    offsetof(struct reset, task));
}

static struct reset *reset_of_password(struct new_password *password)
{
    return (struct reset *)(void *)((char *)password -
                                    offsetof(struct reset, password));
}

/* All of the user's sessions end: who has forgotten a password may have lost
   more. The code came by mail, so the address is good. */
static enum store_result run_reset(struct store *store, struct change *change)
{
    struct reset *work = reset_of((struct task *)(void *)change);
    int64_t now_s = work->password.hash.call->now_s;
    struct store_end_all all = {.reason = STORE_ENDED_REVOKED, .now_s = now_s};
    enum store_result result = store_code_spend(
        store, STORE_CODE_RESET, work->code, now_s, &work->user_id);

    all.user_id = work->user_id;
    if (result == STORE_OK)
        result = store_user_set_password(store, work->user_id,
                                         work->password.hash.job.hash);
    if (result == STORE_OK)
        result = store_sessions_end(store, &all, &work->ended);
    if (result == STORE_OK)
        result = store_user_set_verified(store, work->user_id, true);
    if (result == STORE_OK)
        result = store_codes_remove(store, work->user_id, STORE_CODE_RESET);
    work->audit.user_id = work->user_id;
    work->audit.detail = work->ended;
    if (result == STORE_OK)
        result = audit_store(store, &work->audit);
    return result;
}

static void answer_reset(struct task *task)
{
    struct reset *work = reset_of(task);
    struct call *call = work->password.hash.call;

    if (task->change.result == STORE_NONE) {
        code_refuse(call, AUDIT_PASSWORD_RESET);
    } else if (task->change.result != STORE_OK) {
        call_reply_failed(call);
    } else {
        audit_tell(&call->server->log, &work->audit);
        call_reply(call, CASE_OK, FIELD_NONE);
    }
}

static void submit(struct new_password *password)
{
    struct reset *work = reset_of_password(password);

    audit_begin(&work->audit, password->hash.call, AUDIT_PASSWORD_RESET);
    work->task.change.run = run_reset;
    work->task.change.steps = true;
    work->task.done = answer_reset;
    task_submit(password->hash.call->worker, &work->task);
}

static void end_judge(struct new_password *password)
{
    if (password->hash.call->problems.count > 0)
        call_reply_problems(password->hash.call);
    else
        new_password_make(password);
}

/* Whose code it is, and what a guesser would know of that user. */
static enum store_result find_code(struct store *store, struct change *change)
{
    struct reset *work = reset_of((struct task *)(void *)change);
    enum store_result result =
        store_code_find(store, STORE_CODE_RESET, work->code,
                        work->password.hash.call->now_s, &work->user_id);

    if (result != STORE_OK)
        return result;
    return store_user_by_id(store, work->user_id, &work->user);
}

/* Before the costly work: a code cannot be guessed, but it can be tried. */
static void judge_found(struct task *task)
{
    struct reset *work = reset_of(task);
    struct call *call = work->password.hash.call;

    if (store_failed(task->change.result)) {
        call_reply_failed(call);
        return;
    }
    if (task->change.result != STORE_OK) {
        code_refuse(call, AUDIT_PASSWORD_RESET);
        return;
    }
    fields_set_text(&call->fields, FIELD_USERNAME, span_of(work->user.name));
    fields_set_text(&call->fields, FIELD_EMAIL, span_of(work->user.email));
    work->password.judged = end_judge;
    work->password.made = submit;
    new_password_judge(call, &work->password, FIELD_PASSWORD);
}

void reset_confirm(struct call *call)
{
    struct reset *work;

    if (!code_offered(call) || !call_may_go_on(call, THROTTLE_CODE))
        return;
    work = call_reserve(call, sizeof *work);
    if (work == NULL)
        return;
    if (!code_hash(call, work->code)) {
        code_refuse(call, AUDIT_PASSWORD_RESET);
        return;
    }
    work->password.hash.call = call;
    work->task.change.run = find_code;
    work->task.done = judge_found;
    task_read(call->worker, &work->task);
}
