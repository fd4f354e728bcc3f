#include "server/dispatch.h"

#include "server/asker.h"
#include "server/cookie.h"
#include "server/place.h"
#include "server/resource.h"
#include "server/web.h"

/* ---- What a dialect's messages are answered by ---- */

static void welcome(struct call *call)
{
    call_reply(call, CASE_OK, FIELD_NONE);
}

static resource *const resources[MESSAGE_COUNT] = {
    [MESSAGE_WELCOME] = welcome,
    [MESSAGE_SIGN_UP] = account_create,
    [MESSAGE_SIGN_IN] = session_create,
    [MESSAGE_SIGN_IN_COOKIE] = session_create,
    [MESSAGE_REFRESH] = session_refresh,
    [MESSAGE_REFRESH_COOKIE] = session_refresh,
    [MESSAGE_SIGN_OUT] = session_end,
    [MESSAGE_SIGN_OUT_COOKIE] = session_end,
    [MESSAGE_REVOKE] = session_end,
    [MESSAGE_VERIFY] = session_verify,
    [MESSAGE_INTROSPECT] = session_introspect,
    [MESSAGE_ME] = account_show,
    [MESSAGE_ME_CHANGE] = account_change,
    [MESSAGE_ME_DELETE] = account_remove,
    [MESSAGE_EMAIL_VERIFY] = email_verify,
    [MESSAGE_EMAIL_CONFIRM] = email_confirm,
    [MESSAGE_RESET] = reset_ask,
    [MESSAGE_RESET_CONFIRM] = reset_confirm,
    [MESSAGE_SESSION_LIST] = session_list,
    [MESSAGE_SESSION_END] = session_end_listed,
    [MESSAGE_SESSION_END_OTHERS] = session_end_many,
    [MESSAGE_SESSION_END_ALL] = session_end_many,
    [MESSAGE_BOARD_ALL] = board_show,
    [MESSAGE_BOARD_USER] = board_show,
    [MESSAGE_BOARD_MOD] = board_show,
    [MESSAGE_BOARD_ADMIN] = board_show,
    [MESSAGE_PAGE] = board_show,
    [MESSAGE_TODO_LIST] = todo_list,
    [MESSAGE_TODO_ADD] = todo_add,
    [MESSAGE_TODO_CHANGE] = todo_change,
    [MESSAGE_TODO_REMOVE] = todo_remove,
    [MESSAGE_USER_LIST] = user_list,
    [MESSAGE_USER_CHANGE] = user_change,
    [MESSAGE_USER_END] = user_end_sessions,
};

bool dispatch_serves(enum message message)
{
    return resources[message] != NULL;
}

/*
 * A browser that keeps the session's secret as a cookie. False: it has been
 * answered, for it may not be done that way.
 */
static bool enter_cookie_mode(struct call *call)
{
    enum message twin = cookie_message(&call->mount->dialect, call->message);
    enum reply_kind kind;

    if (twin == MESSAGE_NONE || !cookie_is_asked(call))
        return true;
    call->message = twin;
    kind = cookie_admit(call);
    if (kind != CASE_OK)
        call_reply(call, kind, FIELD_NONE);
    return kind == CASE_OK;
}

static void answer_message(struct call *call)
{
    resource *run;

    if (!enter_cookie_mode(call))
        return;
    request_match(&call->mount->dialect, &call->seen, &call->message,
                  &call->fields, &call->problems);
    if (!call_normalize(call))
        return;
    run = resources[call->message];
    if (!asker_check(call))
        return;
    if (run == NULL)
        call_reply(call, CASE_NOT_FOUND, FIELD_NONE);
    else if (call->problems.count > 0 && call->message != MESSAGE_SIGN_UP &&
             call->message != MESSAGE_REFRESH &&
             call->message != MESSAGE_REFRESH_COOKIE)
        call_reply_problems(call);
    else
        run(call);
}

/* ---- Which dialect, which message ---- */

const struct mount *dispatch_wish(struct call *call)
{
    const struct mounts *mounts = &call->server->mounts;
    struct span value = call_header(call, "Authorization");
    char name[TOKEN_DIALECT_SIZE];
    const struct mount *wish =
        mount_of_header(mounts, call->seen.headers, call->seen.headers_count);

    if (wish != NULL || value.length == 0)
        return wish;
    value = span_tail(value, span_find(value, ' ') + 1);
    known_show(&call->worker->known, value, &call->shown);
    if (!known_peek_dialect(&call->worker->known, &call->shown, name))
        return NULL;
    return mount_find_placed(mounts, span_of(name));
}

/* A page's browser asks beforehand: who would answer the real request does. */
static void answer_preflight(struct call *call)
{
    const struct mounts *mounts = &call->server->mounts;
    struct request_seen real = call->seen;
    struct mount_route route;

    real.method = call_header(call, "Access-Control-Request-Method");
    if (real.method.length == 0)
        real.method = SPAN("GET");
    route = mount_route(
        mounts,
        mount_of_names(mounts,
                       call_header(call, "Access-Control-Request-Headers")),
        &real);
    call->mount = route.mount;
    call->message = MESSAGE_PREFLIGHT;
    call->seen.path = route.path;
    if (dialect_has(&call->mount->dialect, MESSAGE_PREFLIGHT))
        call_reply(call, CASE_OK, FIELD_NONE);
    else
        call_reply_plain(call, 204, (struct span){NULL, 0},
                         (struct span){NULL, 0});
}

/* RFC 9110, section 15.5.6: a 405 names the methods that there are. */
static void refuse_other_method(struct call *call)
{
    char methods[REQUEST_METHODS_SIZE];
    size_t length =
        request_methods(&call->mount->dialect, &call->seen, methods);

    fields_set_text(&call->fields, FIELD_ALLOW, (struct span){methods, length});
    call_reply(call, CASE_METHOD_NOT_ALLOWED, FIELD_NONE);
}

void dispatch(struct call *call)
{
    struct mount_route route;

    if (place_take(call))
        return;
    if (span_is(call->seen.method, "OPTIONS")) {
        answer_preflight(call);
        return;
    }
    if (web_take(call))
        return;
    route =
        mount_route(&call->server->mounts, dispatch_wish(call), &call->seen);
    call->mount = route.mount;
    call->message = route.message;
    call->seen.path = route.path;
    switch (route.result) {
    case ROUTE_NO_PATH:
        call->message = MESSAGE_NONE;
        call_reply(call, CASE_UNKNOWN_PATH, FIELD_NONE);
        break;
    case ROUTE_NO_METHOD:
        refuse_other_method(call);
        break;
    case ROUTE_FOUND:
        // Who asks comes before what is asked: a stranger learns nothing of it.
        call_authorize(call, answer_message);
        break;
    }
}
