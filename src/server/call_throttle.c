#include "server/audit.h"
#include "server/call.h"

/* What the audit calls the refusal of each act. */
static const enum audit_kind kinds[THROTTLE_ACTS] = {
    [THROTTLE_SIGN_IN] = AUDIT_SIGN_IN,
    [THROTTLE_PASSWORD] = AUDIT_PASSWORD_CHANGE,
    [THROTTLE_SIGN_UP] = AUDIT_SIGN_UP,
    [THROTTLE_TAKEN] = AUDIT_SIGN_UP,
    [THROTTLE_REFRESH] = AUDIT_REFRESH,
    [THROTTLE_MAIL] = AUDIT_RESET_ASKED,
    [THROTTLE_CODE] = AUDIT_PASSWORD_RESET,
};

static struct throttle_ask ask_of(const struct call *call,
                                  enum throttle_act act, struct span account)
{
    return (struct throttle_ask){
        .act = act,
        .from = call->client,
        .account = account,
        .now_ms = loop_now_ms(call->worker->loop),
    };
}

/*
 * A proxy whose word is not believed makes one client of all its users, and the
 * first to feel it are those who are throttled for others.
 */
static void suspect_proxy(const struct call *call)
{
    char address[HTTP_PEER_TEXT];

    if (call_header(call, "X-Forwarded-For").length == 0 ||
        client_trusts(&call->server->trust, &exchange_request(call->x)->peer))
        return;
    http_peer_text(&exchange_request(call->x)->peer, address);
    log_event(&call->server->log, CONFIG_WARN, "untrusted_proxy",
              "address=%s note=\"its X-Forwarded-For is not believed, so all "
              "its clients are throttled as one: if it is your proxy, say "
              "--trust-proxy\"",
              address);
}

static void refuse(struct call *call, enum throttle_act act,
                   struct throttle_wait wait)
{
    struct audit event;

    if (act == THROTTLE_REFRESH)
        metrics_refresh(&call->worker->metrics, call->mount, METRICS_THROTTLED);
    if (wait.tell) {
        suspect_proxy(call);
        audit_begin(&event, call, kinds[act]);
        event.outcome = AUDIT_THROTTLED;
        event.user_id = call->user_id;
        audit_note(call->worker, &event);
    }
    fields_set_int(&call->fields, FIELD_RETRY_AFTER, wait.seconds);
    call_reply(call, CASE_THROTTLED, FIELD_NONE);
}

bool call_may_try(struct call *call, enum throttle_act act, struct span account)
{
    struct throttle_ask ask = ask_of(call, act, account);
    struct throttle_wait wait =
        throttle_take(call->server->throttle, &ask, &call->tried);

    if (wait.seconds > 0)
        refuse(call, act, wait);
    return wait.seconds == 0;
}

bool call_is_stranger(const struct call *call, enum throttle_act act,
                      struct span account)
{
    struct throttle_ask ask = ask_of(call, act, account);

    return throttle_is_stranger(call->server->throttle, &ask);
}

void call_greet(const struct call *call, enum throttle_act act,
                struct span account)
{
    struct throttle_ask ask = ask_of(call, act, account);

    throttle_greet(call->server->throttle, &ask);
}

bool call_may_go_on(struct call *call, enum throttle_act act)
{
    struct throttle_ask ask = ask_of(call, act, (struct span){NULL, 0});
    struct throttle_wait wait = throttle_look(call->server->throttle, &ask);

    if (wait.seconds > 0)
        refuse(call, act, wait);
    return wait.seconds == 0;
}

bool call_is_full(const struct call *call, enum throttle_act act)
{
    struct throttle_ask ask = ask_of(call, act, (struct span){NULL, 0});

    return throttle_is_full(call->server->throttle, &ask);
}

void call_count(struct call *call, enum throttle_act act)
{
    struct throttle_ask ask = ask_of(call, act, (struct span){NULL, 0});

    throttle_add(call->server->throttle, &ask);
}

void call_take_back(struct call *call)
{
    throttle_return(call->server->throttle, &call->tried);
    call->tried = (struct throttle_try){.pair = 0};
}

void call_know(struct call *call)
{
    throttle_know(call->server->throttle, &call->tried,
                  loop_now_ms(call->worker->loop));
    call->tried = (struct throttle_try){.pair = 0};
}
