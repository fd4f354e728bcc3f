/*
 * All accounts, for administrators: the list, and the changes that `stayd user`
 * makes. What is done is in the audit trail, with the session of who did it.
 *
 * GET /admin/users is a list of up to 50, by id, of
 *     {"id":1,"username":"...","email":"...","roles":["..."],"disabled":false,
 *      "sessions":2}
 * and goes on with ?after=ID of the last.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/audit.h"
#include "server/list_task.h"
#include "server/plausible.h"
#include "server/resource.h"
#include "server/task.h"

enum {
    PAGE = 50,       /* accounts of one answer */
    ESCAPED = 6,     /* bytes that one byte may become in JSON */
    ITEM_ROOM = 256, /* beside the texts: keys, id, roles */
    LIST_ROOM = 4096,
};

/* ---- The list ---- */

struct listed {
    struct store_user user;
    int64_t sessions;
};

static bool take_row(void *context, const struct store_user *user,
                     int64_t sessions)
{
    struct list_task *list = context;
    struct listed *items = list->items;

    if (list->count == list->max)
        return false;
    items[list->count++] = (struct listed){*user, sessions};
    list->bytes += strlen(user->name) + strlen(user->email);
    return true;
}

static enum store_result read_list(struct store *store, struct list_task *list)
{
    const struct call *call = list->call;
    const struct rotation_limits *limits = &call->server->limits;
    char text[STORE_SEARCH_SIZE];
    const struct store_search search = {
        .text = text,
        .after = fields_int(&call->fields, FIELD_AFTER, 0),
        .limit = (int64_t)list->max,
        .created_s = store_lifetime_before(call->now_s, limits->max_s),
        .used_s = store_lifetime_before(call->now_s, limits->idle_s),
    };

    plausible_copy(fields_text(&call->fields, FIELD_SEARCH), text, sizeof text);
    return store_user_search(store, &search, take_row, list);
}

static void put_roles(struct json_writer *w, struct span words)
{
    json_open(w, '[');
    while (words.length > 0) {
        size_t end = span_find(words, ' ');

        json_put_string(w, span_head(words, end));
        words = span_tail(words, end + 1);
    }
    json_close(w, ']');
}

static void put_item(struct json_writer *w, const struct listed *item)
{
    json_open(w, '{');
    json_key(w, SPAN("id"));
    json_put_int(w, item->user.id);
    json_key(w, SPAN("username"));
    json_put_string(w, span_of(item->user.name));
    if (item->user.email[0] != '\0') {
        json_key(w, SPAN("email"));
        json_put_string(w, span_of(item->user.email));
    }
    json_key(w, SPAN("roles"));
    put_roles(w, span_of(item->user.roles));
    json_key(w, SPAN("disabled"));
    json_put_bool(w, item->user.disabled);
    json_key(w, SPAN("sessions"));
    json_put_int(w, item->sessions);
    json_close(w, '}');
}

static void answer_list(struct call *call, const struct list_task *list)
{
    size_t room = list->bytes * ESCAPED + list->count * ITEM_ROOM + LIST_ROOM;
    const struct listed *items = list->items;
    char *text = malloc(room);
    struct json_writer w;

    if (text == NULL) {
        call_reply_failed(call);
        return;
    }
    json_begin(&w, text, room, call->mount->dialect.style);
    json_open(&w, '[');
    for (size_t i = 0; i < list->count; i++)
        put_item(&w, &items[i]);
    json_close(&w, ']');
    fields_set_text(&call->fields, FIELD_USERS, (struct span){w.out, w.length});
    call_reply_large(call, CASE_OK, room + LIST_ROOM);
    free(text);
}

void user_list(struct call *call)
{
    static const struct list_kind users = {sizeof(struct listed), read_list,
                                           answer_list};

    // No name and no address is as long: nobody would be found.
    if (fields_text(&call->fields, FIELD_SEARCH).length >= STORE_SEARCH_SIZE)
        call_reply(call, CASE_INVALID, FIELD_NONE);
    else
        list_task_start(call, &users, PAGE);
}

/* ---- Changes ---- */

struct user_change {
    struct task task;
    struct call *call;
    struct store_user user; /* as it is found, then as it is */
    bool has_roles, has_disabled;
    bool changes; /* it was enabled or disabled by this */
    bool disabled;
    char roles[STORE_ROLES_SIZE];
    struct audit roles_audit, disabled_audit;
};

static enum store_result set_disabled(struct store *store,
                                      struct user_change *work)
{
    enum store_result result = store_user_set_disabled(
        store, work->user.id, work->disabled, work->call->now_s);

    work->user.disabled = work->disabled;
    work->changes = true;
    return result == STORE_OK ? audit_store(store, &work->disabled_audit)
                              : result;
}

static enum store_result set_roles(struct store *store,
                                   struct user_change *work)
{
    enum store_result result =
        store_user_set_roles(store, work->user.id, work->roles);

    memcpy(work->user.roles, work->roles, sizeof work->user.roles);
    return result == STORE_OK ? audit_store(store, &work->roles_audit) : result;
}

static enum store_result run_change(struct store *store, struct change *change)
{
    struct user_change *work = (struct user_change *)(void *)change;
    int64_t id = fields_int(&work->call->fields, FIELD_ID, 0);
    enum store_result result = store_user_by_id(store, id, &work->user);

    work->changes = false;
    if (result == STORE_OK && work->has_disabled &&
        work->user.disabled != work->disabled)
        result = set_disabled(store, work);
    if (result == STORE_OK && work->has_roles)
        result = set_roles(store, work);
    return result;
}

static void end_change(struct task *task)
{
    struct user_change *work = (struct user_change *)(void *)task;
    struct call *call = work->call;

    if (task->change.result == STORE_NONE) {
        call_reply(call, CASE_NOT_FOUND, FIELD_NONE);
        return;
    }
    if (task->change.result != STORE_OK) {
        call_reply_failed(call);
        return;
    }
    if (work->changes)
        audit_tell(&call->server->log, &work->disabled_audit);
    if (work->has_roles)
        audit_tell(&call->server->log, &work->roles_audit);
    call_set_user(call, &work->user);
    fields_set_bool(&call->fields, FIELD_DISABLED, work->user.disabled);
    call_reply(call, CASE_OK, FIELD_NONE);
}

/* Whose account it is, and the session of who does it. */
static void begin_audit(struct audit *out, const struct call *call,
                        enum audit_kind kind)
{
    audit_begin(out, call, kind);
    audit_set_sid(out, call->sid);
    out->user_id = fields_int(&call->fields, FIELD_ID, 0);
}

/* "admin user" as the database has it: "user admin"; the roles as bits. */
static unsigned order_roles(struct span words, char out[STORE_ROLES_SIZE])
{
    unsigned roles = 0;
    size_t length = 0;

    while (words.length > 0) {
        size_t end = span_find(words, ' ');

        for (unsigned i = 0; i < ROLE_COUNT; i++)
            if (span_is(span_head(words, end), dialect_role(i)))
                roles |= 1u << i;
        words = span_tail(words, end + 1);
    }
    for (unsigned i = 0; i < ROLE_COUNT; i++)
        if ((roles & 1u << i) != 0)
            length += (size_t)snprintf(out + length, STORE_ROLES_SIZE - length,
                                       "%s%s", length > 0 ? " " : "",
                                       dialect_role(i));
    return roles;
}

/* An administrator who locks himself out may be the last one. CASE_OK: it may
   be done. */
static struct reply_case judge_change(const struct user_change *work)
{
    const struct call *call = work->call;
    bool own = fields_int(&call->fields, FIELD_ID, 0) == call->user_id;
    int64_t roles = work->roles_audit.detail;

    if (!work->has_roles && !work->has_disabled)
        return (struct reply_case){CASE_INVALID, FIELD_NONE};
    if (work->has_roles && roles == 0)
        return (struct reply_case){CASE_MISSING, FIELD_ROLES};
    if (own && work->has_disabled && work->disabled)
        return (struct reply_case){CASE_INVALID, FIELD_DISABLED};
    if (own && work->has_roles && (roles & AUDIT_ROLE_ADMIN) == 0)
        return (struct reply_case){CASE_INVALID, FIELD_ROLES};
    return (struct reply_case){CASE_OK, FIELD_NONE};
}

void user_change(struct call *call)
{
    struct user_change *work = call_reserve(call, sizeof *work);
    const struct fields *fields = &call->fields;
    struct reply_case wrong;

    if (work == NULL)
        return;
    work->call = call;
    work->has_disabled = fields_has(fields, FIELD_DISABLED);
    work->disabled = fields_int(fields, FIELD_DISABLED, 0) != 0;
    work->has_roles = fields_has(fields, FIELD_ROLES);
    begin_audit(&work->roles_audit, call, AUDIT_ROLES_CHANGE);
    begin_audit(&work->disabled_audit, call,
                work->disabled ? AUDIT_USER_DISABLE : AUDIT_USER_ENABLE);
    work->roles_audit.detail =
        order_roles(fields_text(fields, FIELD_ROLES), work->roles);
    wrong = judge_change(work);
    if (wrong.kind != CASE_OK) {
        call_reply(call, wrong.kind, wrong.field);
        return;
    }
    work->task.change.run = run_change;
    work->task.change.steps = true; // the audit's rows come with it
    work->task.done = end_change;
    task_submit(call->worker, &work->task);
}

/* ---- The end of all sessions of one ---- */

struct user_end {
    struct task task;
    struct call *call;
    struct store_user user;
    struct audit audit;
};

static enum store_result run_end(struct store *store, struct change *change)
{
    struct user_end *work = (struct user_end *)(void *)change;
    const struct store_end_all which = {
        .user_id = fields_int(&work->call->fields, FIELD_ID, 0),
        .reason = STORE_ENDED_REVOKED,
        .now_s = work->call->now_s,
    };
    enum store_result result =
        store_user_by_id(store, which.user_id, &work->user);

    if (result == STORE_OK)
        result = store_sessions_end(store, &which, &work->audit.detail);
    return result == STORE_OK ? audit_store(store, &work->audit) : result;
}

static void end_end(struct task *task)
{
    struct user_end *work = (struct user_end *)(void *)task;
    struct call *call = work->call;

    if (task->change.result == STORE_OK) {
        audit_tell(&call->server->log, &work->audit);
        call_reply(call, CASE_OK, FIELD_NONE);
    } else if (task->change.result == STORE_NONE) {
        call_reply(call, CASE_NOT_FOUND, FIELD_NONE);
    } else {
        call_reply_failed(call);
    }
}

void user_end_sessions(struct call *call)
{
    struct user_end *work = call_reserve(call, sizeof *work);

    if (work == NULL)
        return;
    work->call = call;
    begin_audit(&work->audit, call, AUDIT_SESSIONS_END);
    work->task.change.run = run_end;
    work->task.change.steps = true;
    work->task.done = end_end;
    task_submit(call->worker, &work->task);
}
