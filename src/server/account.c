/*
 * Accounts: sign up, and who am I.
 */
#include <stdio.h>
#include <string.h>

#include "server/audit.h"
#include "server/code.h"
#include "server/new_password.h"
#include "server/resource.h"
#include "server/task.h"

static const char *const role_words[] = {"user", "moderator", "admin"};

struct sign_up {
    struct task task;
    struct new_password password;
    struct audit audit;
    struct store_user user;
};

/* The roles among the words, one bit each. */
static unsigned read_roles(struct span words)
{
    unsigned roles = 0;

    while (words.length > 0) {
        size_t end = span_find(words, ' ');

        for (unsigned i = 0; i < COUNT(role_words); i++)
            if (span_is(span_head(words, end), role_words[i]))
                roles |= 1u << i;
        words = span_tail(words, end + 1);
    }
    return roles;
}

/* Those asked for and allowed, each once and in order; at least the first. */
static void grant_roles(const struct call *call, char out[STORE_ROLES_SIZE])
{
    const struct config *config = call->server->config;
    unsigned roles = read_roles(fields_text(&call->fields, FIELD_ASKED_ROLES));
    size_t length = 0;

    roles &= config->demo ? 7u : config->signup_roles;
    if (roles == 0)
        roles = 1;
    for (unsigned i = 0; i < COUNT(role_words); i++)
        if ((roles & 1u << i) != 0)
            length +=
                (size_t)snprintf(out + length, STORE_ROLES_SIZE - length,
                                 "%s%s", length > 0 ? " " : "", role_words[i]);
}

/*
 * A name that is an address is its owner's only: else somebody could take the
 * address of another for a name, and get that one's tries to sign in.
 */
static enum reply_kind judge_name(const struct fields *fields)
{
    struct span name = fields_text(fields, FIELD_USERNAME);
    enum reply_kind kind = plausible_name(name);

    if (kind == CASE_OK && plausible_email(name) == CASE_OK &&
        !span_equal_nocase(name, fields_text(fields, FIELD_EMAIL)))
        return CASE_INVALID;
    return kind;
}

/* Beside what request_match has found missing or malformed. */
static void find_problems(struct call *call)
{
    struct fields *fields = &call->fields;

    if (fields_has(fields, FIELD_USERNAME))
        new_password_add_problem(call, judge_name(fields), FIELD_USERNAME);
    if (fields_has(fields, FIELD_EMAIL))
        new_password_add_problem(
            call, plausible_email(fields_text(fields, FIELD_EMAIL)),
            FIELD_EMAIL);
}

/* A family may ask for it twice; that the two are alike is looked at last. */
static void compare_passwords(struct call *call)
{
    const struct fields *fields = &call->fields;

    if (call->problems.count == 0 && fields_has(fields, FIELD_PASSWORD_AGAIN) &&
        !span_equal(fields_text(fields, FIELD_PASSWORD),
                    fields_text(fields, FIELD_PASSWORD_AGAIN)))
        new_password_add_problem(call, CASE_INVALID, FIELD_PASSWORD_AGAIN);
}

static struct sign_up *work_of(struct task *task)
{
    return (struct sign_up *)(void *)((char *)task -
                                      offsetof(struct sign_up, task));
}

static enum store_result add_user(struct store *store, struct change *change)
{
    struct sign_up *work = work_of((struct task *)(void *)change);
    enum store_result result =
        store_user_add(store, &work->user, &work->user.id);

    work->audit.user_id = work->user.id;
    if (result == STORE_OK)
        result = audit_store(store, &work->audit);
    return result;
}

/* It tells who has an account here, so it is not told without end. */
static void answer_taken(struct sign_up *work, enum field field)
{
    struct call *call = work->password.hash.call;

    work->audit.outcome = AUDIT_TAKEN;
    audit_note(call->worker, &work->audit);
    call_count(call, THROTTLE_TAKEN);
    call_reply(call, CASE_TAKEN, field);
}

static void answer_added(struct task *task)
{
    struct sign_up *work = work_of(task);
    struct call *call = work->password.hash.call;

    switch ((int)task->change.result) {
    case STORE_OK:
        code_issue(call->worker, &work->user, STORE_CODE_VERIFY);
        call_set_user(call, &work->user);
        audit_tell(&call->server->log, &work->audit);
        call_count(call, THROTTLE_SIGN_UP);
        call_reply(call, CASE_OK, FIELD_NONE);
        break;
    case STORE_TAKEN_NAME:
        answer_taken(work, FIELD_USERNAME);
        break;
    case STORE_TAKEN_EMAIL:
        answer_taken(work, FIELD_EMAIL);
        break;
    default:
        call_reply_failed(call);
        break;
    }
}

static struct sign_up *work_of_password(struct new_password *password)
{
    return (struct sign_up *)(void *)((char *)password -
                                      offsetof(struct sign_up, password));
}

/* Whether the name is taken is seen only now, when as much time was spent on it
   as on one that is free. */
static void store_hashed(struct new_password *password)
{
    struct sign_up *work = work_of_password(password);
    struct call *call = password->hash.call;

    memcpy(work->user.password, password->hash.job.hash,
           sizeof work->user.password);
    grant_roles(call, work->user.roles);
    work->user.created_s = call->now_s;
    audit_begin(&work->audit, call, AUDIT_SIGN_UP);
    work->task.change.run = add_user;
    work->task.change.steps = true;
    work->task.done = answer_added;
    task_submit(call->worker, &work->task);
}

/* All is known of what was asked for: refuses it, or goes on. */
static void end_judge(struct new_password *password)
{
    struct sign_up *work = work_of_password(password);
    struct call *call = password->hash.call;
    struct fields *fields = &call->fields;

    compare_passwords(call);
    if (call->problems.count > 0) {
        call_reply_problems(call);
        return;
    }
    plausible_copy(fields_text(fields, FIELD_USERNAME), work->user.name,
                   sizeof work->user.name);
    plausible_copy(fields_text(fields, FIELD_EMAIL), work->user.email,
                   sizeof work->user.email);
    new_password_make(password);
}

void account_create(struct call *call)
{
    struct sign_up *work = NULL;

    if (!call_may_go_on(call, THROTTLE_SIGN_UP) ||
        !call_may_go_on(call, THROTTLE_TAKEN))
        return;
    work = call_reserve(call, sizeof *work);
    if (work == NULL)
        return;
    find_problems(call);
    work->password.judged = end_judge;
    work->password.made = store_hashed;
    new_password_judge(call, &work->password, FIELD_PASSWORD);
}

/* ---- Who am I ---- */

struct look {
    struct task task;
    struct call *call;
    struct store_user user;
};

static struct look *look_of(struct task *task)
{
    return (struct look *)(void *)((char *)task - offsetof(struct look, task));
}

static enum store_result find_user(struct store *store, struct change *change)
{
    struct look *work = look_of((struct task *)(void *)change);

    return store_user_by_id(store, work->call->user_id, &work->user);
}

static void answer_found(struct task *task)
{
    struct look *work = look_of(task);
    struct call *call = work->call;

    if (task->change.result == STORE_NONE) {
        call_reply(call, CASE_DELETED, FIELD_NONE);
    } else if (task->change.result != STORE_OK) {
        call_reply_failed(call);
    } else {
        call_set_user(call, &work->user);
        call_reply(call, CASE_OK, FIELD_NONE);
    }
}

void account_show(struct call *call)
{
    struct look *work = call_reserve(call, sizeof *work);

    if (work == NULL)
        return;
    work->call = call;
    work->task.change.run = find_user;
    work->task.done = answer_found;
    task_read(call->worker, &work->task);
}
