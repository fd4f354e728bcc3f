#include "server/server.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "server/call.h"
#include "server/census.h"
#include "server/database.h"
#include "server/dispatch.h"
#include "server/listen.h"
#include "server/openapi.h"
#include "server/resource.h"
#include "server/sweep.h"
#include "server/task.h"

enum {
    CONNECTIONS_MAX = 10000, /* of one loop */
    OWN_DESCRIPTORS = 32,    /* the standard ones, the writer's, and some */
    LOOP_DESCRIPTORS = 16,   /* of one loop and its reader, clients apart */
};

static enum server_result say(char why[SERVER_WHY_SIZE], const char *text)
{
    (void)snprintf(why, SERVER_WHY_SIZE, "%s", text);
    return SERVER_FAILED;
}

/* ---- The loops ---- */

/* How many connections one loop may hold. Without descriptors left, neither loops nor database would work. */
static size_t share_descriptors(const struct server *server)
{
    const size_t loops = server->worker_count;
    size_t own = OWN_DESCRIPTORS + loops * LOOP_DESCRIPTORS;
    struct rlimit limit;

    if (server->asking != NULL)
        own += CONFIG_CONNECTIONS_MAX;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
        limit.rlim_cur >= own + loops * CONNECTIONS_MAX)
        return CONNECTIONS_MAX;
    return limit.rlim_cur > own + loops ? (limit.rlim_cur - own) / loops : 1;
}

/* The sockets that wait for connections; each loop has `each` of them. */
struct listeners {
    int fd[CONFIG_THREADS_MAX][LOOP_LISTENERS];
    size_t each;
    size_t loops; /* as many rows; 0: they are the loops' by now */
};

static void close_listeners(struct listeners *all)
{
    for (size_t i = 0; i < all->loops; i++)
        for (size_t k = 0; k < all->each; k++)
            if (all->fd[i][k] >= 0)
                (void)close(all->fd[i][k]);
    all->loops = 0;
}

/* The loop takes its sockets over, one by one. */
static enum loop_result give_sockets(struct loop *loop, int fd[LOOP_LISTENERS],
                                     size_t count)
{
    enum loop_result result = LOOP_OK;

    for (size_t k = 0; result == LOOP_OK && k < count; k++) {
        result = loop_listen(loop, fd[k]);
        fd[k] = -1;
    }
    return result;
}

static enum server_result open_loop(struct worker *worker,
                                    int fd[LOOP_LISTENERS], size_t count,
                                    char why[SERVER_WHY_SIZE])
{
    struct loop_config config = {.handle = call_begin,
                                 .on_error = call_refuse,
                                 .context = worker,
                                 .connection_limit =
                                     share_descriptors(worker->server)};

    if (loop_open(&worker->loop, &config) != LOOP_OK ||
        give_sockets(worker->loop, fd, count) != LOOP_OK ||
        task_start(worker) != LOOP_OK ||
        audit_start(worker, worker == worker->server->workers) != LOOP_OK ||
        (worker->server->config->demo && demo_start(worker) != LOOP_OK))
        return say(why, "no loop: out of memory or descriptors");
    return SERVER_OK;
}

static enum server_result open_loops(struct server *server,
                                     struct listeners *all,
                                     char why[SERVER_WHY_SIZE])
{
    enum server_result result = SERVER_OK;

    for (size_t i = 0; result == SERVER_OK && i < server->worker_count; i++)
        result = open_loop(&server->workers[i], all->fd[i], all->each, why);
    close_listeners(all); // what no loop has taken
    if (result == SERVER_OK &&
        (sweep_start(&server->workers[0]) != LOOP_OK ||
         key_watch_start(&server->workers[0]) != LOOP_OK))
        result = say(why, "no timer");
    if (result == SERVER_OK)
        notify_watch(server);
    return result;
}

struct key_lives server_key_lives(const struct config *config)
{
    return (struct key_lives){.access_s = config->access_ttl_s,
                              .refresh_s = config->refresh_max_s};
}

void server_use_keys(struct worker *worker, struct key_ring *ring)
{
    key_ring_drop(worker->keys);
    worker->keys = ring;
    worker->issuer = worker->server->issuer;
    worker->issuer.keys = ring->sign;
    worker->issuer.keys_count = ring->sign_count;
    known_forget(&worker->known);
}

/* ---- Where it listens, and under which name ---- */

static void set_issuer(struct server *server)
{
    const struct config *config = server->config;
    const char *issuer = config->issuer != NULL ? config->issuer : config->url;

    if (issuer == NULL)
        issuer = server->listening;
    server->issuer = (struct token_issuer){
        .issuer = span_of(issuer),
        .audience =
            span_of(config->audience != NULL ? config->audience : issuer),
    };
}

/* Those of the service manager, which has them bound and keeps them. */
static bool inherit_sockets(struct server *server, struct listeners *all)
{
    all->each = listen_inherited(all->fd[0], LOOP_LISTENERS);
    if (all->each == 0)
        return false;
    all->loops = 1;
    for (; all->loops < server->worker_count; all->loops++)
        for (size_t k = 0; k < all->each; k++)
            all->fd[all->loops][k] = listen_share(all->fd[0][k]);
    return true;
}

static enum server_result bind_sockets(struct server *server,
                                       struct listeners *all,
                                       char why[SERVER_WHY_SIZE])
{
    int fds[CONFIG_THREADS_MAX];
    struct listen_address address;
    char problem[LISTEN_TEXT];

    if (listen_parse(server->config->listen, &address, problem) != LISTEN_OK ||
        listen_open(&address, server->worker_count, fds, problem) != LISTEN_OK)
        return say(why, problem);
    server->address = address;
    for (size_t i = 0; i < server->worker_count; i++)
        all->fd[i][0] = fds[i];
    all->each = 1;
    all->loops = server->worker_count;
    if (!listen_is_local(&address))
        log_event(&server->log, CONFIG_WARN, "not_local",
                  "note=\"others can connect, and nothing is encrypted: put "
                  "a proxy with TLS in front\"");
    return SERVER_OK;
}

static enum server_result open_sockets(struct server *server,
                                       struct listeners *all,
                                       char why[SERVER_WHY_SIZE])
{
    if (!inherit_sockets(server, all) &&
        bind_sockets(server, all, why) != SERVER_OK)
        return SERVER_FAILED;
    listen_url(all->fd[0][0], server->listening);
    return SERVER_OK;
}

static bool describe(struct server *server)
{
    const struct openapi_source source = {
        .mounts = &server->mounts,
        .url = server->config->url != NULL ? server->config->url
                                           : server->listening,
        .demo = server->config->demo,
        .serves = dispatch_serves,
    };

    server->openapi = openapi_write(&source, &server->openapi_length);
    return server->openapi != NULL;
}

/* Before there are keys, connections and threads, of which a fork would get its
   share. */
static enum server_result open_mailer(struct server *server,
                                      char why[SERVER_WHY_SIZE])
{
    const struct mailer_config config = {
        .program = server->config->mail_command, .log = &server->log};

    if (config.program == NULL)
        return SERVER_OK;
    if (mail_can_run(config.program) && mailer_open(&server->mailer, &config))
        return SERVER_OK;
    (void)snprintf(why, SERVER_WHY_SIZE, "--mail-command: %.256s: %s",
                   config.program, strerror(errno));
    return SERVER_FAILED;
}

/* Opens everything between the sockets and the loops that serve them. */
static enum server_result open_inside(struct server *server,
                                      char why[SERVER_WHY_SIZE])
{
    struct store_config counting;
    struct password_config passwords = {.threads = 0};
    enum server_result result;

    server->workers = calloc(server->worker_count, sizeof *server->workers);
    if (server->workers == NULL)
        return say(why, "out of memory");
    for (size_t i = 0; i < server->worker_count; i++) {
        server->workers[i].server = server;
        server->workers[i].live = server->config;
    }
    set_issuer(server);
    result = database_open(server, why);
    if (result != SERVER_OK)
        return result;
    server->pool = password_open(&passwords);
    if (server->pool == NULL)
        return say(why, "passwords: out of memory or threads");
    server->throttle = throttle_open(!server->config->throttle);
    if (server->throttle == NULL)
        return say(why, "throttle: out of memory");
    if (!describe(server))
        return say(why, "out of memory");
    counting = config_store(server->config, STORE_READ);
    server->census = census_open(&counting);
    return SERVER_OK;
}

enum server_result server_open(struct server *out,
                               const struct server_start *start,
                               char why[SERVER_WHY_SIZE])
{
    const struct config *config = start->config;
    struct listeners all = {.each = 0};
    enum server_result result;

    memset(out, 0, sizeof *out);
    out->config = config;
    out->reload.reread = start->reread;
    out->reload.context = start->context;
    out->log.level = config->log_level;
    for (size_t i = 0; i < config->trust_proxy.count; i++)
        (void)client_trust_add(&out->trust, config->trust_proxy.value[i]);
    out->limits = (struct rotation_limits){
        config->refresh_idle_s, config->refresh_max_s, config->refresh_soft_s};
    notify_open(&out->notify);
    if (mount_open(&out->mounts, &config->dialects, why) != MOUNT_OK)
        return SERVER_BAD_CONFIG;
    if (config->trace != NULL && !trace_open(&out->trace, config->trace, why))
        return SERVER_FAILED;
    if (app_read_file(config->client_file, &out->apps, why) != APP_OK ||
        !web_open(&out->web, config->web, why))
        return SERVER_BAD_CONFIG;
    // The port first: a taken one must leave no new database behind.
    out->worker_count = (size_t)config->threads;
    result = open_mailer(out, why);
    if (result == SERVER_OK)
        result = open_sockets(out, &all, why);
    if (result == SERVER_OK)
        result = open_inside(out, why);
    if (result == SERVER_OK)
        return open_loops(out, &all, why);
    close_listeners(&all);
    return result;
}

/* SIGHUP, on the first loop's thread. */
static void hang_up(void *context)
{
    reload_begin(context);
    key_watch_now(context);
}

static void begin_drain(void *context)
{
    struct server *server = context;

    atomic_store(&server->draining, true);
    notify_send(&server->notify, "STOPPING=1");
    log_event(&server->log, CONFIG_INFO, "stopping", "loops=%zu",
              server->worker_count);
}

enum server_result server_run(struct server *server)
{
    const struct loop_signals signals = {
        .hang_up = hang_up, .drain = begin_drain, .context = server};
    struct loop *loops[CONFIG_THREADS_MAX];
    enum loop_result ended;

    for (size_t i = 0; i < server->worker_count; i++)
        loops[i] = server->workers[i].loop;
    if (server->config->lenient)
        log_event(&server->log, CONFIG_WARN, "lenient",
                  "note=\"an access token alone is good for a refresh, expired "
                  "or not: who ever saw one can go on until its session "
                  "ends\"");
    log_event(&server->log, CONFIG_INFO, "started",
              "threads=%zu dialects=%zu demo=%d", server->worker_count,
              server->mounts.placed_count, server->config->demo);
    (void)printf("listening on %s\n", server->listening);
    (void)fflush(stdout); // whoever waits for the line may be gone
    notify_send(&server->notify, "READY=1");
    ended = loop_run_all(loops, server->worker_count, &signals);
    for (size_t i = 0; i < server->worker_count; i++)
        audit_finish(&server->workers[i]);
    log_event(&server->log, CONFIG_INFO, "stopped", "unfinished=%d",
              ended != LOOP_OK);
    return SERVER_OK;
}

/* The last one to leave a database tidies up, and that takes one that writes. */
static void close_readers(struct server *server)
{
    for (size_t i = 0; server->workers != NULL && i < server->worker_count;
         i++) {
        store_close(server->workers[i].reader);
        server->workers[i].reader = NULL; // the loops no longer turn
    }
}

void server_close(struct server *server)
{
    // In this order: who posts to a loop ends before that loop.
    atomic_store(&server->stopping, true);
    census_close(server->census);
    password_close(server->pool);
    close_readers(server);
    writer_close(server->asking);
    writer_close(server->writer);
    for (size_t i = 0; server->workers != NULL && i < server->worker_count;
         i++) {
        loop_close(server->workers[i].loop);
        key_ring_drop(server->workers[i].keys);
    }
    free(server->workers);
    mailer_close(&server->mailer);
    if (server->listening[0] != '\0')
        listen_forget(&server->address);
    throttle_close(server->throttle);
    mount_close(&server->mounts);
    web_close(&server->web);
    key_watch_close(server->watch);
    (void)sodium_munlock(&server->seal, sizeof server->seal); // and wipes it
    reload_clear(&server->reload);
    free(server->openapi);
    notify_close(&server->notify);
    trace_close(&server->trace);
}
