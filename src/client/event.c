#include "client/state.h"

#include <string.h>

#include "client/clock.h"

/* Events fall between two threads' calls: each sees the list as it was then. */
void event_send(struct stay *stay, const struct stay_event *event)
{
    struct listener listeners[STATE_LISTENERS_MAX];

    if (!session_listens(stay, event->kind))
        return;
    (void)pthread_mutex_lock(&stay->lock);
    memcpy(listeners, stay->listeners, sizeof listeners);
    (void)pthread_mutex_unlock(&stay->lock);
    for (size_t i = 0; i < STATE_LISTENERS_MAX; i++)
        if ((listeners[i].mask & event->kind) != 0)
            listeners[i].fn(event, listeners[i].data);
}

bool session_listens(const struct stay *stay, unsigned mask)
{
    return (atomic_load_explicit(&stay->mask, memory_order_relaxed) & mask) !=
           0;
}

__attribute__((noinline)) static void tell(struct stay *stay,
                                           const struct ticket *ticket,
                                           enum stay_event_kind kind,
                                           long status)
{
    struct stay_event event = {
        .kind = kind,
        .request = ticket->number,
        .generation = ticket->ask.sent,
        .status = status,
        .at_ms = clock_now_ms(),
    };

    if (kind == STAY_EVENT_ANSWERED)
        event.wait_ms = event.at_ms - ticket->began_ms;
    if (kind == STAY_EVENT_FAILED)
        event.reason = ticket->reason;
    event_send(stay, &event);
}

void session_tell(struct stay *stay, const struct ticket *ticket,
                  enum stay_event_kind kind, long status)
{
    if (session_listens(stay, kind))
        tell(stay, ticket, kind, status);
}

void state_announce(struct stay *stay, const struct state_news *news)
{
    const struct stay_event event = {
        .kind = news->kind,
        .reason = news->reason,
        .at_ms = clock_now_ms(),
        .generation = news->generation,
    };

    if (news->kind != 0)
        event_send(stay, &event);
}

/* With lock held. The place of fn and data, else a free one, else NULL. */
static struct listener *find_listener(struct stay *stay, stay_event_fn *fn,
                                      const void *data)
{
    struct listener *free_one = NULL;

    for (size_t i = 0; i < STATE_LISTENERS_MAX; i++) {
        struct listener *at = &stay->listeners[i];

        if (at->fn == fn && at->data == data)
            return at;
        if (at->mask == 0 && free_one == NULL)
            free_one = at;
    }
    return free_one;
}

enum stay_result stay_on_event(struct stay *stay, unsigned mask,
                               stay_event_fn *fn, void *data)
{
    struct listener *place;
    unsigned all = 0;

    (void)pthread_mutex_lock(&stay->lock);
    place = find_listener(stay, fn, data);
    if (place != NULL)
        *place = (struct listener){fn, data, mask & STAY_EVENT_ANY};
    for (size_t i = 0; i < STATE_LISTENERS_MAX; i++)
        all |= stay->listeners[i].mask;
    atomic_store(&stay->mask, all);
    (void)pthread_mutex_unlock(&stay->lock);
    return place != NULL ? STAY_OK : STAY_NO_MEMORY;
}

enum stay_result stay_on_request(struct stay *stay, stay_request_fn *fn,
                                 void *data)
{
    enum stay_result result = STAY_NO_MEMORY;

    (void)pthread_mutex_lock(&stay->lock);
    for (size_t i = 0; i < STATE_LISTENERS_MAX; i++) {
        if (stay->request_hooks[i].fn != NULL)
            continue;
        stay->request_hooks[i] = (struct request_hook){fn, data};
        result = STAY_OK;
        break;
    }
    atomic_fetch_add(&stay->hook_count, 1);
    (void)pthread_mutex_unlock(&stay->lock);
    return result;
}

enum stay_result stay_on_response(struct stay *stay, stay_response_fn *fn,
                                  void *data)
{
    enum stay_result result = STAY_NO_MEMORY;

    (void)pthread_mutex_lock(&stay->lock);
    for (size_t i = 0; i < STATE_LISTENERS_MAX; i++) {
        if (stay->response_hooks[i].fn != NULL)
            continue;
        stay->response_hooks[i] = (struct response_hook){fn, data};
        result = STAY_OK;
        break;
    }
    atomic_fetch_add(&stay->hook_count, 1);
    (void)pthread_mutex_unlock(&stay->lock);
    return result;
}

static bool has_hooks(const struct stay *stay)
{
    return atomic_load_explicit(&stay->hook_count, memory_order_relaxed) != 0;
}

/* Apart, so that requests without interceptors do not pay for the copies. */
__attribute__((noinline)) static CURLcode
run_request_hooks(struct stay *stay, struct stay_easy *easy)
{
    struct request_hook hooks[STATE_LISTENERS_MAX];
    CURLcode code = CURLE_OK;

    (void)pthread_mutex_lock(&stay->lock);
    memcpy(hooks, stay->request_hooks, sizeof hooks);
    (void)pthread_mutex_unlock(&stay->lock);
    for (size_t i = 0; i < STATE_LISTENERS_MAX && code == CURLE_OK; i++)
        if (hooks[i].fn != NULL)
            code = hooks[i].fn(easy, hooks[i].data);
    return code;
}

__attribute__((noinline)) static CURLcode
run_response_hooks(struct stay *stay, struct stay_easy *easy, CURLcode code)
{
    struct response_hook hooks[STATE_LISTENERS_MAX];

    (void)pthread_mutex_lock(&stay->lock);
    memcpy(hooks, stay->response_hooks, sizeof hooks);
    (void)pthread_mutex_unlock(&stay->lock);
    for (size_t i = 0; i < STATE_LISTENERS_MAX; i++)
        if (hooks[i].fn != NULL)
            code = hooks[i].fn(easy, code, hooks[i].data);
    return code;
}

CURLcode session_run_request(struct stay *stay, struct stay_easy *easy)
{
    return has_hooks(stay) ? run_request_hooks(stay, easy) : CURLE_OK;
}

CURLcode session_run_response(struct stay *stay, struct stay_easy *easy,
                              CURLcode code)
{
    return has_hooks(stay) ? run_response_hooks(stay, easy, code) : code;
}
