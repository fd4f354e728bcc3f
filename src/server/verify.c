/*
 * /auth/verify: what a proxy asks before it lets a request through.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "server/place.h"
#include "server/task.h"

struct verification {
    struct task task;
    struct call *call;
    struct standing standing;
};

/* ---- Answers: never cached, since a session may end at any time ---- */

static void answer(struct call *call, struct http_response *response)
{
    (void)http_response_add(response, SPAN("Cache-Control"), SPAN("no-store"));
    call_answer(call, response);
}

static void refuse(struct call *call, int status, struct span challenge)
{
    struct http_response response = {.status = status};

    if (challenge.length > 0)
        (void)http_response_add(&response, SPAN("WWW-Authenticate"), challenge);
    answer(call, &response);
}

static void refuse_question(struct call *call)
{
    struct http_response response = {
        .status = 400,
        .content_type = SPAN("text/plain"),
        .body = SPAN("say role=NAME, once for each role, or nothing\n"),
    };

    answer(call, &response);
}

static void let_through(struct call *call, const struct store_standing *session)
{
    struct http_response response = {.status = 204};
    char user[24];
    char sid[BASE64URL_LENGTH(STORE_SID_SIZE)];

    (void)snprintf(user, sizeof user, "%lld", (long long)session->user_id);
    (void)base64url_encode(call->sid, sizeof call->sid, sid);
    (void)http_response_add(&response, SPAN("Stay-User"), span_of(user));
    (void)http_response_add(&response, SPAN("Stay-Roles"),
                            span_of(session->roles));
    (void)http_response_add(&response, SPAN("Stay-Session"),
                            (struct span){sid, sizeof sid});
    answer(call, &response);
}

/* ---- The question ---- */

/* In the header of the first dialect that finds one in its own. */
static bool find_token(const struct call *call, struct span *out)
{
    const struct mounts *mounts = &call->server->mounts;

    for (size_t i = 0; i < mounts->count; i++)
        if (access_match(&mounts->list[i].dialect, call->seen.headers,
                         call->seen.headers_count, out) == CASE_OK)
            return true;
    return false;
}

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

/* Whether it asks for roles and for nothing else: a word of the proxy's settings
   that nobody reads would let everyone through. */
static bool is_understood(struct span query)
{
    while (query.length > 0) {
        size_t end = span_find(query, '&');

        if (!span_starts(span_head(query, end), SPAN("role=")))
            return false;
        query = span_tail(query, end + 1);
    }
    return true;
}

/* Each role=WORD of the query. Words are plain, so what is escaped is none. */
static bool has_roles(struct span query, const char *roles)
{
    while (query.length > 0) {
        size_t end = span_find(query, '&');
        struct span one = span_head(query, end);

        if (!has_word(roles, span_tail(one, 5)))
            return false;
        query = span_tail(query, end + 1);
    }
    return true;
}

static struct verification *work_of(struct task *task)
{
    return (struct verification *)(void *)((char *)task -
                                           offsetof(struct verification, task));
}

static enum store_result find_session(struct store *store,
                                      struct change *change)
{
    struct verification *work = work_of((struct task *)(void *)change);

    return call_find_standing(work->call, store, &work->standing);
}

static void end_verification(struct task *task)
{
    struct verification *work = work_of(task);
    struct call *call = work->call;

    if (task->change.result != STORE_OK && task->change.result != STORE_NONE)
        call_reply_failed(call);
    else if (task->change.result == STORE_NONE ||
             call_judge_session(call, &work->standing.session) != CASE_OK)
        refuse(call, 401, SPAN("Bearer error=\"invalid_token\""));
    else if (!has_roles(call->seen.query, work->standing.session.roles))
        refuse(call, 403, SPAN("Bearer error=\"insufficient_scope\""));
    else
        let_through(call, &work->standing.session);
}

void place_verify(struct call *call)
{
    struct verification *work;
    struct span token;

    if (!is_understood(call->seen.query)) {
        refuse_question(call);
        return;
    }
    if (!find_token(call, &token)) {
        refuse(call, 401, SPAN("Bearer"));
        return;
    }
    if (call_judge_token(call, token) != CASE_OK) {
        refuse(call, 401, SPAN("Bearer error=\"invalid_token\""));
        return;
    }
    work = call_reserve(call, sizeof *work);
    if (work == NULL)
        return;
    work->call = call;
    work->task.change.run = find_session;
    work->task.done = end_verification;
    task_read(call->worker, &work->task);
}
