/*
 * A user's own sessions: which there are, and the end of one or of many.
 *
 * GET /sessions is a list of
 *     {"id":"...","label":"...","agent":"...","address":"...","dialect":"...",
 *      "created":SECONDS,"last_used":SECONDS,"current":true}
 * the last used first; times are seconds since 1970.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64url.h"
#include "server/audit.h"
#include "server/list_task.h"
#include "server/present.h"
#include "server/resource.h"
#include "server/task.h"

enum {
    ESCAPED = 6,     /* bytes that one byte may become in JSON */
    ITEM_ROOM = 256, /* beside the texts: keys, id, times */
    LIST_ROOM = 4096,
};

/* ---- The list ---- */

static bool take_row(void *context, const struct store_session *session)
{
    struct list_task *list = context;
    struct store_session *items = list->items;
    const struct store_lifetime lifetime = {
        .now_s = list->call->now_s,
        .idle_s = list->call->server->limits.idle_s,
        .max_s = list->call->server->limits.max_s,
    };

    if (list->count == list->max)
        return false;
    if (store_session_expired(session, &lifetime))
        return true;
    items[list->count++] = *session;
    list->bytes += strlen(session->label) + strlen(session->agent) +
                   strlen(session->address) + strlen(session->dialect);
    return true;
}

static void put_text(struct json_writer *w, struct span key, const char *text)
{
    json_key(w, key);
    json_put_string(w, span_of(text));
}

static void put_item(struct json_writer *w, const struct store_session *session,
                     bool current)
{
    char id[BASE64URL_LENGTH(STORE_SID_SIZE)];

    (void)base64url_encode(session->sid, STORE_SID_SIZE, id);
    json_open(w, '{');
    json_key(w, SPAN("id"));
    json_put_string(w, (struct span){id, sizeof id});
    put_text(w, SPAN("label"), session->label);
    put_text(w, SPAN("agent"), session->agent);
    put_text(w, SPAN("address"), session->address);
    put_text(w, SPAN("dialect"), session->dialect);
    json_key(w, SPAN("created"));
    json_put_int(w, session->created_s);
    json_key(w, SPAN("last_used"));
    json_put_int(w, session->used_s);
    json_key(w, SPAN("current"));
    json_put_bool(w, current);
    json_close(w, '}');
}

static void answer_list(struct call *call, const struct list_task *list)
{
    size_t room = list->bytes * ESCAPED + list->count * ITEM_ROOM + LIST_ROOM;
    const struct store_session *items = list->items;
    char *text = malloc(room);
    struct json_writer w;

    if (text == NULL) {
        call_reply_failed(call);
        return;
    }
    json_begin(&w, text, room, call->mount->dialect.style);
    json_open(&w, '[');
    for (size_t i = 0; i < list->count; i++)
        put_item(&w, &items[i],
                 memcmp(items[i].sid, call->sid, STORE_SID_SIZE) == 0);
    json_close(&w, ']');
    fields_set_text(&call->fields, FIELD_SESSIONS,
                    (struct span){w.out, w.length});
    call_reply_large(call, CASE_OK, room + LIST_ROOM);
    free(text);
}

static enum store_result read_list(struct store *store, struct list_task *list)
{
    return store_session_list(store, list->call->user_id, (int64_t)list->max,
                              take_row, list);
}

void session_list(struct call *call)
{
    static const struct list_kind sessions = {sizeof(struct store_session),
                                              read_list, answer_list};

    // A sign-in beside another may leave one more than the limit.
    list_task_start(call, &sessions,
                    (size_t)call->server->config->sessions_max + 1);
}

/* ---- Their end ---- */

struct session_ending {
    struct task task;
    struct call *call;
    uint8_t sid[STORE_SID_SIZE]; /* of the one that is meant, where one is */
    int64_t ended;
    struct audit audit;
};

static struct session_ending *ending_of(struct task *task)
{
    return (
        struct session_ending *)(void *)((char *)task -
                                         offsetof(struct session_ending, task));
}

static enum store_result run_one(struct store *store, struct change *change)
{
    struct session_ending *work = ending_of((struct task *)(void *)change);
    enum store_result result =
        store_session_end_own(store, work->call->user_id, work->sid,
                              STORE_ENDED_REVOKED, work->call->now_s);

    return result == STORE_OK ? audit_store(store, &work->audit) : result;
}

static enum store_result run_many(struct store *store, struct change *change)
{
    struct session_ending *work = ending_of((struct task *)(void *)change);
    const struct call *call = work->call;
    const struct store_end_all which = {
        .user_id = call->user_id,
        .keep = call->message == MESSAGE_SESSION_END_OTHERS ? call->sid : NULL,
        .reason = STORE_ENDED_REVOKED,
        .now_s = call->now_s,
    };
    enum store_result result = store_sessions_end(store, &which, &work->ended);

    work->audit.detail = work->ended;
    return result == STORE_OK ? audit_store(store, &work->audit) : result;
}

static void answer_ended(struct task *task)
{
    struct session_ending *work = ending_of(task);
    struct call *call = work->call;

    if (task->change.result == STORE_NONE) {
        call_reply(call, CASE_NOT_FOUND, FIELD_NONE);
    } else if (task->change.result != STORE_OK) {
        call_reply_failed(call);
    } else {
        audit_tell(&call->server->log, &work->audit);
        call_reply(call, CASE_OK, FIELD_NONE);
    }
}

static void submit(struct call *call, struct session_ending *work)
{
    work->call = call;
    work->audit.user_id = call->user_id;
    work->task.change.steps = true; // the audit's row comes with it
    work->task.done = answer_ended;
    task_submit(call->worker, &work->task);
}

void session_end_listed(struct call *call)
{
    struct session_ending *work = call_reserve(call, sizeof *work);

    if (work == NULL)
        return;
    if (!present_bytes(call, FIELD_SESSION_ID, work->sid, sizeof work->sid)) {
        call_reply(call, CASE_NOT_FOUND, FIELD_NONE);
        return;
    }
    audit_begin(&work->audit, call, AUDIT_SESSION_END);
    audit_set_sid(&work->audit, work->sid);
    work->task.change.run = run_one;
    submit(call, work);
}

void session_end_many(struct call *call)
{
    struct session_ending *work = call_reserve(call, sizeof *work);

    if (work == NULL)
        return;
    audit_begin(&work->audit, call, AUDIT_SESSIONS_END);
    work->task.change.run = run_many;
    submit(call, work);
}
