#include "server/call.h"

#include <stddef.h>
#include <string.h>

#include "server/task.h"

struct authorization {
    struct task task;
    struct call *call;
    void (*then)(struct call *call);
    enum need need;
    struct standing standing;
};

/* A word among words with single spaces between. */
static bool has_word(const char *words, struct span word)
{
    struct span rest = span_of(words);

    while (rest.length > 0) {
        size_t end = span_find(rest, ' ');

        if (span_equal(span_head(rest, end), word))
            return true;
        rest = span_tail(rest, end + 1);
    }
    return false;
}

static bool may(enum need need, const char *roles)
{
    switch (need) {
    case NEED_NOTHING:
    case NEED_TOKEN:
        return true;
    case NEED_USER:
        return has_word(roles, SPAN("user"));
    case NEED_MODERATOR:
        return has_word(roles, SPAN("moderator"));
    case NEED_ADMIN:
        return has_word(roles, SPAN("admin"));
    }
    return false;
}

enum reply_kind call_judge_session(const struct call *call,
                                   const struct store_standing *standing)
{
    const struct store_lifetime lifetime = {
        .now_s = call->now_s,
        .idle_s = call->server->limits.idle_s,
        .max_s = call->server->limits.max_s,
    };

    if (standing->ended == STORE_ENDED_DISABLED)
        return CASE_DISABLED;
    if (standing->ended != STORE_LIVING ||
        store_standing_expired(standing, &lifetime))
        return CASE_BAD_TOKEN;
    return CASE_OK;
}

enum store_result call_find_standing(const struct call *call,
                                     struct store *store, struct standing *out)
{
    struct worker *worker = call->worker;

    return standing_find(store == worker->reader ? &worker->standings : NULL,
                         store, call->sid, out);
}

static struct authorization *work_of(struct task *task)
{
    return (
        struct authorization *)(void *)((char *)task -
                                        offsetof(struct authorization, task));
}

static enum store_result find_session(struct store *store,
                                      struct change *change)
{
    struct authorization *work = work_of((struct task *)(void *)change);

    return call_find_standing(work->call, store, &work->standing);
}

static enum reply_kind judge_found(const struct authorization *work)
{
    enum reply_kind kind;

    if (work->task.change.result == STORE_NONE)
        return CASE_BAD_TOKEN;
    if (work->task.change.result != STORE_OK)
        return CASE_UNAVAILABLE;
    if (work->standing.deleted)
        return CASE_DELETED;
    kind = call_judge_session(work->call, &work->standing.session);
    if (kind == CASE_OK && !may(work->need, work->standing.session.roles))
        kind = CASE_WRONG_ROLE;
    return kind;
}

static void end_authorization(struct task *task)
{
    struct authorization *work = work_of(task);
    struct call *call = work->call;
    enum reply_kind kind = judge_found(work);

    if (kind != CASE_OK) {
        call_reply(call, kind, FIELD_NONE);
        return;
    }
    call->user_id = work->standing.session.user_id;
    memcpy(call->roles, work->standing.session.roles, sizeof call->roles);
    work->then(call);
}

enum reply_kind call_judge_token(struct call *call, struct span text)
{
    struct worker *worker = call->worker;
    struct token_claims claims;
    struct offered_token offered;

    known_show(&worker->known, text, &call->shown);
    switch (known_read(&worker->known, &worker->issuer, &call->shown,
                       call->now_s, &claims)) {
    case TOKEN_BAD:
        // A refresh token shown by mistake has words of its own somewhere.
        return offered_parse(text, &offered) ? CASE_WRONG_TOKEN
                                             : CASE_BAD_TOKEN;
    case TOKEN_EXPIRED:
        return CASE_EXPIRED_TOKEN;
    case TOKEN_OK:
        break;
    }
    if (claims.issued_us <= atomic_load(&call->server->demo.expired_us))
        return CASE_EXPIRED_TOKEN;
    memcpy(call->sid, claims.sid, sizeof call->sid);
    return CASE_OK;
}

static enum reply_kind judge_headers(struct call *call)
{
    struct span text;
    enum reply_kind kind =
        access_match(&call->mount->dialect, call->seen.headers,
                     call->seen.headers_count, &text);

    return kind == CASE_OK ? call_judge_token(call, text) : kind;
}

void call_authorize(struct call *call, void (*then)(struct call *call))
{
    call_authorize_for(call, dialect_need(&call->mount->dialect, call->message),
                       then);
}

/* Asks the database, so that an ended session is refused at once. */
void call_authorize_for(struct call *call, enum need need,
                        void (*then)(struct call *call))
{
    struct authorization *work;
    enum reply_kind kind;

    if (need == NEED_NOTHING) {
        then(call);
        return;
    }
    kind = judge_headers(call);
    if (kind != CASE_OK) {
        call_reply(call, kind, FIELD_NONE);
        return;
    }
    work = call_reserve(call, sizeof *work);
    if (work == NULL)
        return;
    work->call = call;
    work->then = then;
    work->need = need;
    work->task.change.run = find_session;
    work->task.done = end_authorization;
    task_read(call->worker, &work->task);
}
