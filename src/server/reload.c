#include "server/reload.h"

#include <stdlib.h>

#include "server/server.h"

enum { DIFFERENT_SIZE = 512 };

static void free_config(struct config *config)
{
    if (config != NULL)
        config_clear(config);
    free(config);
}

static struct worker *worker_of(struct loop_job *job)
{
    return (struct worker *)(void *)((char *)job -
                                     offsetof(struct worker, reload));
}

/* On each loop: nothing of this turn holds the old one any more. */
static void take(struct loop_job *job)
{
    struct worker *worker = worker_of(job);
    struct reload *reload = &worker->server->reload;

    worker->live = reload->now;
    if (atomic_fetch_sub(&reload->waiting, 1) != 1)
        return;
    free_config(reload->before);
    reload->before = NULL;
}

static void hand_out(struct server *server, struct config *config)
{
    struct reload *reload = &server->reload;

    reload->before = reload->now;
    reload->now = config;
    atomic_store(&reload->waiting, server->worker_count);
    for (size_t i = 0; i < server->worker_count; i++) {
        server->workers[i].reload = (struct loop_job){.run = take};
        loop_post(server->workers[i].loop, &server->workers[i].reload);
    }
}

static void retry(struct loop_job *job)
{
    struct reload *reload =
        (struct reload *)(void *)((char *)job - offsetof(struct reload, retry));

    reload->retrying = false;
    reload_begin(reload->server);
}

/* The one before is still being handed out: comes back in the next turn. */
static void put_off(struct server *server)
{
    struct reload *reload = &server->reload;

    if (reload->retrying)
        return;
    reload->retrying = true;
    reload->server = server;
    reload->retry = (struct loop_job){.run = retry};
    loop_post(server->workers[0].loop, &reload->retry);
}

/* A line for each; the mistakes of a file are told with their lines. */
static void log_mistakes(struct server *server, const char *text)
{
    struct span rest = span_of(text);

    while (rest.length > 0) {
        size_t length = span_find(rest, '\n');

        log_event(&server->log, CONFIG_ERROR, "reload_refused",
                  "reason=\"%.*s\" note=\"the old configuration stays\"",
                  (int)length, rest.text);
        rest = span_tail(rest, length + 1);
    }
}

void reload_begin(struct server *server)
{
    struct reload *reload = &server->reload;
    struct config *config;
    char text[CONFIG_WHY_SIZE] = "out of memory";
    char different[DIFFERENT_SIZE];

    key_watch_now(server); // whatever becomes of the options
    if (reload->reread == NULL)
        return;
    if (atomic_load(&reload->waiting) > 0) {
        put_off(server);
        return;
    }
    config = calloc(1, sizeof *config);
    if (config == NULL ||
        reload->reread(reload->context, config, text) != CONFIG_OK) {
        log_mistakes(server, text);
        free(config);
        return;
    }
    atomic_store(&server->log.level, config->log_level);
    config_different(server->config, config, different, sizeof different);
    log_event(&server->log, CONFIG_INFO, "reloaded",
              "origins=%zu needs_restart=\"%s\"", config->origins.count,
              different);
    hand_out(server, config);
}

void reload_clear(struct reload *reload)
{
    free_config(reload->before);
    free_config(reload->now);
    reload->before = reload->now = NULL;
}
