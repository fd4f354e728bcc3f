/* Committed rotation (design.md, section 5.1), and the lines of a browser that
   has lost its storage. */
#include <sodium.h>
#include <string.h>

#include "server/cookie.h"
#include "server/present.h"
#include "server/refresh.h"

/* Likewise: a line has begun, and the row that tells of it comes with it. */
static enum store_result store_reseeded(struct store *store,
                                        struct refresh *work)
{
    const struct rotate_committed *r = &work->rotate.committed;

    work->audit.user_id = r->holder.user_id;
    audit_set_sid(&work->audit, r->sid);
    return audit_store(store, &work->audit);
}

static void read_step(const struct call *call, struct rotate_committed *r)
{
    uint8_t secret[PRESENT_SECRET_SIZE] = {0};
    uint8_t sent_sid[STORE_SID_SIZE];
    struct rotation_step *step = &r->step;

    step->complete =
        present_sid(call, r->sid) &&
        present_bytes(call, FIELD_SECRET, secret, sizeof secret) &&
        present_bytes(call, FIELD_NEXT, step->next, sizeof step->next) &&
        present_bytes(call, FIELD_SID, sent_sid, sizeof sent_sid);
    step->by_cookie = call->message == MESSAGE_REFRESH_COOKIE;
    step->generation = fields_int(&call->fields, FIELD_GENERATION, -1);
    if (step->complete) {
        crypto_hash_sha256(step->secret_hash, secret, sizeof secret);
        step->sid_fits = memcmp(sent_sid, r->sid, sizeof sent_sid) == 0;
    }
    if (step->generation < 0)
        step->complete = false;
    sodium_memzero(secret, sizeof secret);
}

/* Has the browser no secrets? Then it asks, or begins a line with new ones. */
static bool is_line(const struct call *call)
{
    return call->message == MESSAGE_REFRESH_COOKIE &&
           (fields_null(&call->fields, FIELD_GENERATION) ||
            fields_has(&call->fields, FIELD_TO));
}

static void read_line(const struct call *call, struct rotate_committed *r)
{
    const struct fields *fields = &call->fields;
    uint8_t sent_sid[STORE_SID_SIZE];
    struct rotation_line *line = &r->line;
    bool has_sid = fields_has(fields, FIELD_SID);

    line->asks = !fields_has(fields, FIELD_TO);
    line->generation = fields_int(fields, FIELD_GENERATION, -1);
    line->to = fields_int(fields, FIELD_TO, -1);
    line->complete =
        present_sid(call, r->sid) &&
        (!has_sid ||
         present_bytes(call, FIELD_SID, sent_sid, sizeof sent_sid)) &&
        (line->asks ||
         (has_sid &&
          present_bytes(call, FIELD_FROM, line->from, sizeof line->from) &&
          present_bytes(call, FIELD_NEXT, line->next, sizeof line->next)));
    // An empty store cannot know whose cookie it is.
    line->sid_fits =
        line->complete &&
        (!has_sid || memcmp(sent_sid, r->sid, sizeof sent_sid) == 0);
}

/* What a line begins from: only who has the cookie can see it. */
static void tell_line(struct refresh *work)
{
    const struct rotate_committed *r = &work->rotate.committed;
    struct fields *fields = &work->call->fields;

    (void)base64url_encode(r->from, sizeof r->from, work->from);
    (void)base64url_encode(r->sid, sizeof r->sid, work->sid);
    fields_set_text(fields, FIELD_FROM,
                    (struct span){work->from, sizeof work->from});
    fields_set_text(fields, FIELD_SID,
                    (struct span){work->sid, sizeof work->sid});
}

void refresh_answer_committed(struct refresh *work)
{
    struct call *call = work->call;
    struct rotate_committed *r = &work->rotate.committed;

    trace_committed(&call->server->trace, r);
    fields_set_int(&call->fields, FIELD_GENERATION, r->generation);
    if (r->verdict == ROTATION_RESEED)
        tell_line(work);
    if (r->is_line && r->verdict == ROTATION_MOVE)
        audit_tell(&call->server->log, &work->audit);
    if (rotate_is_granted(r->verdict)) {
        refresh_grant(work, r->sid, &r->holder);
        return;
    }
    if (r->verdict == ROTATION_REVOKE)
        audit_tell(&call->server->log, &work->audit);
    refresh_finish(call, r->verdict);
}

static enum store_result run_committed(struct store *store,
                                       struct change *change)
{
    struct refresh *work = refresh_of((struct task *)(void *)change);
    struct rotate_committed *r = &work->rotate.committed;
    enum store_result result = rotate_committed(store, r);

    if (result == STORE_OK && r->verdict == ROTATION_REVOKE)
        refresh_store_reuse(store, work, r->sid, r->holder.user_id);
    if (result == STORE_OK && r->is_line && r->verdict == ROTATION_MOVE)
        result = store_reseeded(store, work);
    if (result == STORE_OK)
        result = refresh_find_user(store, work, r->verdict, r->holder.user_id);
    return result;
}

/* From a network that floods us with secrets of nobody: is there such a
   session at all? Only what is there is worth the writer's time. */
static enum store_result look_for(struct store *store, struct change *change)
{
    struct refresh *work = refresh_of((struct task *)(void *)change);
    struct store_session session;

    return store_session_find(store, work->rotate.committed.sid, &session);
}

static void submit_committed(struct refresh *work)
{
    work->task.change.run = run_committed;
    work->task.change.sid = work->rotate.committed.sid;
    work->task.done = refresh_answer;
    task_submit(work->call->worker, &work->task);
}

static void end_looking(struct task *task)
{
    struct refresh *work = refresh_of(task);

    if (task->change.result == STORE_NONE)
        refresh_finish(work->call, ROTATION_UNKNOWN);
    else
        submit_committed(work);
}

static void begin_line(struct refresh *work)
{
    struct call *call = work->call;
    struct rotate_committed *r = &work->rotate.committed;
    enum rotation_verdict verdict;
    struct rotation_row none;

    if (!call->server->config->reseed) {
        refresh_finish(call, ROTATION_UNKNOWN);
        return;
    }
    read_line(call, r);
    verdict = rotation_reseed(NULL, &r->line, &call->server->limits,
                              call->now_s, &none);
    if (verdict != ROTATION_UNKNOWN) { // no row was asked for
        refresh_finish(call, verdict);
        return;
    }
    r->is_line = true;
    r->limits = call->server->limits;
    r->now_s = call->now_s;
    audit_begin(&work->audit, call, AUDIT_RESEEDED);
    work->task.change.steps = true; // the audit's row comes with it
    submit_committed(work);
}

void refresh_begin_committed(struct refresh *work)
{
    struct call *call = work->call;
    struct rotate_committed *r = &work->rotate.committed;
    struct rotation_row none;

    // A browser that has not the cookie any more has no session.
    if (call->message == MESSAGE_REFRESH_COOKIE && !cookie_take(call)) {
        refresh_finish(call, ROTATION_UNKNOWN);
        return;
    }
    if (is_line(call)) {
        begin_line(work);
        return;
    }
    read_step(call, r);
    if (!rotation_may_move(&r->step)) {
        refresh_finish(call,
                       rotation_committed(NULL, &r->step, &call->server->limits,
                                          call->now_s, &none));
        return;
    }
    r->limits = call->server->limits;
    r->now_s = call->now_s;
    if (!call_is_full(call, THROTTLE_REFRESH)) {
        submit_committed(work);
        return;
    }
    work->task.change.run = look_for;
    work->task.done = end_looking;
    task_read(call->worker, &work->task);
}
