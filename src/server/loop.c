#include "server/loop.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "server/accept.h"
#include "server/connection.h"

static const struct loop_config defaults = {
    .head_ms = 10000,
    .body_ms = 10000,
    .idle_ms = 75000,
    .write_ms = 30000,
    .linger_ms = 2000,
    .drain_ms = 10000,
    .last_ms = 1000,
    .connection_limit = 10000,
};

enum { SIGNAL_COUNT = 3 };
static const int signals_watched[SIGNAL_COUNT] = {SIGTERM, SIGINT, SIGHUP};

struct hook {
    void (*run)(void *context);
    void *context;
};

struct tick {
    uv_timer_t timer;
    struct hook hook;
};

struct loop {
    uv_loop_t uv;
    uv_async_t wake;
    uv_prepare_t before_wait; /* a turn that had no input ends here, */
    uv_check_t after_input;   /* any other one here */
    uv_timer_t drain_timer;
    uv_timer_t last_timer;
    _Atomic(struct loop_job *) posted; /* newest first */
    _Atomic bool drain_asked;
    bool draining;
    enum loop_result outcome;
    struct loop_config config;
    struct connections connections;
    struct acceptor acceptors[LOOP_LISTENERS];
    size_t acceptor_count;
    struct hook hooks[LOOP_HOOKS];
    size_t hook_count;
    struct tick ticks[LOOP_TIMERS];
    size_t tick_count;
};

static void set_default(int64_t *value, int64_t usual)
{
    if (*value == 0)
        *value = usual;
}

static void fill_config(struct loop_config *config)
{
    set_default(&config->head_ms, defaults.head_ms);
    set_default(&config->body_ms, defaults.body_ms);
    set_default(&config->idle_ms, defaults.idle_ms);
    set_default(&config->write_ms, defaults.write_ms);
    set_default(&config->linger_ms, defaults.linger_ms);
    set_default(&config->drain_ms, defaults.drain_ms);
    set_default(&config->last_ms, defaults.last_ms);
    if (config->connection_limit == 0)
        config->connection_limit = defaults.connection_limit;
}

static void run_hooks(struct loop *loop)
{
    for (size_t i = 0; i < loop->hook_count; i++)
        loop->hooks[i].run(loop->hooks[i].context);
}

static void on_before_wait(uv_prepare_t *handle)
{
    run_hooks(handle->data);
}

static void on_after_input(uv_check_t *handle)
{
    run_hooks(handle->data);
}

/* The queue is a stack to those who post; turned round it is in order. */
static struct loop_job *take_posted(struct loop *loop)
{
    struct loop_job *job =
        atomic_exchange_explicit(&loop->posted, NULL, memory_order_acquire);
    struct loop_job *first = NULL;

    while (job != NULL) {
        struct loop_job *next = job->next;

        job->next = first;
        first = job;
        job = next;
    }
    return first;
}

static void run_posted(struct loop *loop)
{
    exchange_hold(&loop->connections);
    for (struct loop_job *job = take_posted(loop); job != NULL;) {
        struct loop_job *next = job->next; // run may free the job

        job->run(job);
        job = next;
    }
    exchange_release(&loop->connections);
}

static void stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}

static void on_drain_over(uv_timer_t *timer)
{
    struct loop *loop = timer->data;

    loop->outcome = LOOP_CUT;
    stop(loop);
}

static void on_last_over(uv_timer_t *timer)
{
    struct loop *loop = timer->data;

    connections_close_idle(&loop->connections);
}

static void begin_drain(struct loop *loop)
{
    if (loop->draining)
        return;
    loop->draining = true;
    loop->connections.draining = true;
    for (size_t i = 0; i < loop->acceptor_count; i++)
        acceptor_close(&loop->acceptors[i]);
    connections_drain(&loop->connections);
    if (loop->connections.count == 0)
        stop(loop);
    (void)uv_timer_start(&loop->last_timer, on_last_over,
                         (uint64_t)loop->config.last_ms, 0);
    (void)uv_timer_start(&loop->drain_timer, on_drain_over,
                         (uint64_t)loop->config.drain_ms, 0);
}

static void on_wake(uv_async_t *handle)
{
    struct loop *loop = handle->data;

    run_posted(loop);
    if (atomic_load(&loop->drain_asked))
        begin_drain(loop);
}

static void open_handles(struct loop *loop)
{
    // These only register; none of them can fail.
    (void)uv_prepare_init(&loop->uv, &loop->before_wait);
    (void)uv_check_init(&loop->uv, &loop->after_input);
    (void)uv_timer_init(&loop->uv, &loop->drain_timer);
    (void)uv_timer_init(&loop->uv, &loop->last_timer);
    loop->wake.data = loop;
    loop->before_wait.data = loop;
    loop->after_input.data = loop;
    loop->drain_timer.data = loop;
    loop->last_timer.data = loop;
    (void)uv_prepare_start(&loop->before_wait, on_before_wait);
    (void)uv_check_start(&loop->after_input, on_after_input);
}

enum loop_result loop_open(struct loop **out, const struct loop_config *config)
{
    struct loop *loop = calloc(1, sizeof *loop);

    *out = NULL;
    assert(config->handle != NULL);
    if (loop == NULL)
        return LOOP_NO_MEMORY;
    if (uv_loop_init(&loop->uv) != 0) {
        free(loop);
        return LOOP_SYSTEM;
    }
    if (uv_async_init(&loop->uv, &loop->wake, on_wake) != 0) {
        (void)uv_loop_close(&loop->uv);
        free(loop);
        return LOOP_SYSTEM;
    }
    loop->config = *config;
    fill_config(&loop->config);
    loop->connections.uv = &loop->uv;
    loop->connections.loop = loop;
    loop->connections.config = &loop->config;
    loop->connections.on_empty = stop;
    connections_init(&loop->connections);
    open_handles(loop);
    *out = loop;
    return LOOP_OK;
}

void loop_close(struct loop *loop)
{
    if (loop == NULL)
        return;
    run_posted(loop);
    for (size_t i = 0; i < loop->acceptor_count; i++)
        acceptor_close(&loop->acceptors[i]);
    connections_clear(&loop->connections);
    for (size_t i = 0; i < loop->tick_count; i++)
        uv_close((uv_handle_t *)&loop->ticks[i].timer, NULL);
    uv_close((uv_handle_t *)&loop->wake, NULL);
    uv_close((uv_handle_t *)&loop->before_wait, NULL);
    uv_close((uv_handle_t *)&loop->after_input, NULL);
    uv_close((uv_handle_t *)&loop->drain_timer, NULL);
    uv_close((uv_handle_t *)&loop->last_timer, NULL);
    // More than once: the first may end at once, by a stop asked for earlier.
    while (uv_run(&loop->uv, UV_RUN_DEFAULT) != 0)
        ;
    (void)uv_loop_close(&loop->uv); // EBUSY only with handles left
    free(loop);
}

enum loop_result loop_listen(struct loop *loop, int fd)
{
    if (loop->acceptor_count == LOOP_LISTENERS) {
        (void)close(fd);
        return LOOP_FULL;
    }
    if (!acceptor_open(&loop->acceptors[loop->acceptor_count],
                       &loop->connections, fd))
        return LOOP_SYSTEM;
    loop->acceptor_count++;
    return LOOP_OK;
}

enum loop_result loop_run(struct loop *loop)
{
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT); // ends only by stop
    run_hooks(loop);
    return loop->outcome;
}

void loop_drain(struct loop *loop)
{
    atomic_store(&loop->drain_asked, true);
    (void)uv_async_send(&loop->wake); // 0, or a later one wakes it
}

void loop_post(struct loop *loop, struct loop_job *job)
{
    struct loop_job *newest =
        atomic_load_explicit(&loop->posted, memory_order_relaxed);

    do
        job->next = newest;
    while (!atomic_compare_exchange_weak_explicit(&loop->posted, &newest, job,
                                                  memory_order_release,
                                                  memory_order_relaxed));
    // Whoever found the queue not empty knows that a wake is on its way.
    if (newest == NULL)
        (void)uv_async_send(&loop->wake);
}

enum loop_result loop_on_turn_end(struct loop *loop,
                                  void (*hook)(void *context), void *context)
{
    if (loop->hook_count == LOOP_HOOKS)
        return LOOP_FULL;
    loop->hooks[loop->hook_count++] = (struct hook){hook, context};
    return LOOP_OK;
}

static void on_tick(uv_timer_t *timer)
{
    struct tick *tick = timer->data;

    tick->hook.run(tick->hook.context);
}

enum loop_result loop_every(struct loop *loop, int64_t period_ms,
                            void (*tick)(void *context), void *context)
{
    struct tick *t = &loop->ticks[loop->tick_count];

    if (loop->tick_count == LOOP_TIMERS)
        return LOOP_FULL;
    loop->tick_count++;
    t->hook = (struct hook){tick, context};
    t->timer.data = t;
    (void)uv_timer_init(&loop->uv, &t->timer); // always 0
    (void)uv_timer_start(&t->timer, on_tick, (uint64_t)period_ms,
                         (uint64_t)period_ms);
    return LOOP_OK;
}

int64_t loop_now_ms(const struct loop *loop)
{
    return (int64_t)uv_now(&loop->uv);
}

int64_t loop_now_s(struct loop *loop)
{
    connections_tick(&loop->connections);
    return loop->connections.now_s;
}

int64_t loop_wall_ms(struct loop *loop)
{
    connections_tick(&loop->connections);
    return loop->connections.wall_ms;
}

static uint64_t read_counter(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void loop_counts(const struct loop *loop, struct loop_counts *out)
{
    const struct connections *all = &loop->connections;

    out->connections = read_counter(&all->open);
    out->accepted = read_counter(&all->accepted);
    out->turned_away = read_counter(&all->turned_away);
    out->requests = read_counter(&all->requests);
    out->refused = read_counter(&all->refused);
    out->timed_out = read_counter(&all->timed_out);
}

/* All loops of the process, while they run. */
struct crew {
    struct loop **loops;
    size_t count;
    uv_signal_t signals[SIGNAL_COUNT];
    size_t signals_open;
    struct loop_signals also;
    bool told; /* to stop, once */
};

static void mask_signals(int how)
{
    sigset_t set;

    (void)sigemptyset(&set);
    for (size_t i = 0; i < COUNT(signals_watched); i++)
        (void)sigaddset(&set, signals_watched[i]);
    (void)pthread_sigmask(how, &set, NULL); // fails only for a wrong `how`
}

static void drain_crew(struct crew *crew)
{
    for (size_t i = 0; i < crew->count; i++)
        loop_drain(crew->loops[i]);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct crew *crew = handle->data;

    if (number == SIGHUP) {
        if (crew->also.hang_up != NULL)
            crew->also.hang_up(crew->also.context);
        return;
    }
    // Who asks twice does not want to wait for anything.
    if (crew->told)
        _exit(128 + number);
    crew->told = true;
    if (crew->also.drain != NULL)
        crew->also.drain(crew->also.context);
    drain_crew(crew);
}

static bool watch_signals(struct crew *crew)
{
    bool good = true;

    for (size_t i = 0; i < COUNT(signals_watched); i++) {
        (void)uv_signal_init(&crew->loops[0]->uv, &crew->signals[i]);
        crew->signals[i].data = crew;
        crew->signals_open++;
        if (uv_signal_start(&crew->signals[i], on_signal, signals_watched[i]) !=
            0)
            good = false;
    }
    mask_signals(SIG_UNBLOCK);
    return good;
}

static void on_signal_closed(uv_handle_t *handle)
{
    struct crew *crew = handle->data;

    crew->signals_open--;
}

static void unwatch_signals(struct crew *crew)
{
    for (size_t i = 0; i < COUNT(crew->signals); i++)
        uv_close((uv_handle_t *)&crew->signals[i], on_signal_closed);
    // Ends the handles before their memory goes.
    while (crew->signals_open > 0)
        (void)uv_run(&crew->loops[0]->uv, UV_RUN_NOWAIT);
}

static void *run_one(void *loop)
{
    return (void *)(uintptr_t)loop_run(loop);
}

/* Starts one thread with the signals blocked: they are the first loop's. */
static bool start_thread(pthread_t *thread, struct loop *loop)
{
    sigset_t all;
    sigset_t before;
    int code;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    code = pthread_create(thread, NULL, run_one, loop);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code == 0;
}

void loop_hold_signals(void)
{
    mask_signals(SIG_BLOCK);
}

enum loop_result loop_run_all(struct loop **loops, size_t count,
                              const struct loop_signals *signals)
{
    struct crew crew = {.loops = loops, .count = count};
    pthread_t *threads = calloc(count, sizeof *threads);
    enum loop_result result = LOOP_SYSTEM;
    size_t started = 1;

    if (threads == NULL)
        return LOOP_NO_MEMORY;
    if (signals != NULL)
        crew.also = *signals;
    if (!watch_signals(&crew))
        goto done;
    while (started < count && start_thread(&threads[started], loops[started]))
        started++;
    if (started < count)
        drain_crew(&crew);
    result = loop_run(loops[0]);
    for (size_t i = 1; i < started; i++) {
        void *outcome = NULL;

        (void)pthread_join(threads[i], &outcome); // fails only by our mistake
        if ((enum loop_result)(uintptr_t)outcome != LOOP_OK)
            result = (enum loop_result)(uintptr_t)outcome;
    }
    if (started < count)
        result = LOOP_SYSTEM;
done:
    unwatch_signals(&crew);
    free(threads);
    return result;
}
