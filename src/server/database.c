#include "server/database.h"

#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/demo_users.h"
#include "server/key_open.h"
#include "server/sandbox.h"

static enum server_result say(char why[SERVER_WHY_SIZE], const char *text)
{
    (void)snprintf(why, SERVER_WHY_SIZE, "%s", text);
    return SERVER_FAILED;
}

static enum server_result open_keys(struct server *server, struct store *store,
                                    char why[SERVER_WHY_SIZE])
{
    char path[PATH_MAX];
    char text[KEY_WHY_SIZE];
    struct key_ring *ring;
    struct key_source source = {
        .store = store,
        .path = path,
        .lives = server_key_lives(server->config),
        .algorithm = server->config->algorithm,
        .hs256_file = server->config->hs256_file,
    };

    source.lives.now_s = time(NULL);
    config_key_path(server->config, path);
    // Neither swapped nor dumped where the system allows it.
    (void)sodium_mlock(&server->seal, sizeof server->seal);
    if (key_open(&ring, &server->seal, &source, text) != KEY_OK)
        return say(why, text);
    for (size_t i = 0; i < server->worker_count; i++)
        server_use_keys(&server->workers[i], key_ring_hold(ring));
    key_ring_drop(ring);
    return SERVER_OK;
}

/* Of a database that is a file: who copies its log, and who reads. */
static enum server_result open_file(struct server *server,
                                    struct writer_config *writer,
                                    char why[SERVER_WHY_SIZE])
{
    struct store_config config = config_store(server->config, STORE_WRITE);
    struct store_why text;

    if (store_open(&writer->copying, &config, &text) != STORE_OK)
        return say(why, text.text);
    config.mode = STORE_READ;
    for (size_t i = 0; i < server->worker_count; i++)
        if (store_open(&server->workers[i].reader, &config, &text) != STORE_OK)
            return say(why, text.text);
    return SERVER_OK;
}

/* On a writer's thread. When one fails many do, so not all are told. */
static void log_failed_write(void *context, enum store_result result,
                             const char *message)
{
    struct server *server = context;
    int64_t now_s = time(NULL);

    if (result == STORE_OK) {
        log_event(&server->log, CONFIG_INFO, "database_back", "connected=1");
        return;
    }
    if (atomic_exchange(&server->write_failed_s, now_s) == now_s)
        return;
    log_event(&server->log, CONFIG_ERROR, "write_failed",
              "reason=\"%s\" database=\"%s\"", store_result_text(result),
              message);
}

/* Not all of its folder when it lies at home, where libpq looks by itself. */
static void allow_file(void *context, const char *path)
{
    const char *home = getenv("HOME");
    size_t length = home == NULL ? 0 : strlen(home);

    if (length > 0 && strncmp(path, home, length) == 0 && path[length] == '/' &&
        strchr(path + length + 1, '/') == NULL)
        sandbox_allow(context, path, SANDBOX_READ);
    else
        sandbox_allow_folder(context, path, SANDBOX_READ);
}

/* Threads inherit it, so this comes before the first one. */
static enum server_result enter_sandbox(struct server *server,
                                        struct store *store,
                                        char why[SERVER_WHY_SIZE])
{
    struct sandbox_report got;
    char text[SANDBOX_WHY_SIZE];
    struct sandbox sandbox;

    if (!server->config->sandbox) {
        log_event(&server->log, CONFIG_WARN, "sandbox",
                  "note=\"off by --no-sandbox\"");
        return SERVER_OK;
    }
    sandbox_plan(&sandbox, server->config);
    store_files(store, allow_file, &sandbox);
    if (sandbox_enter(&sandbox, &got, text) != SANDBOX_OK)
        return say(why, text);
    if (got.landlock > 0 && got.calls)
        log_event(&server->log, CONFIG_INFO, "sandbox", "landlock=%d seccomp=1",
                  got.landlock);
    else
        log_event(&server->log, CONFIG_WARN, "sandbox",
                  "landlock=%d seccomp=%d note=\"not all of it is in this "
                  "kernel or this build\"",
                  got.landlock, got.calls);
    return SERVER_OK;
}

/* Fills the rest of the stores up to `count`. */
static enum server_result open_stores(struct server *server,
                                      struct writer_config *writer,
                                      enum store_mode mode, size_t count,
                                      char why[SERVER_WHY_SIZE])
{
    struct store_config config = config_store(server->config, mode);
    struct store_why text;

    for (size_t i = 0; i < count; i++)
        if (writer->stores[i] == NULL &&
            store_open(&writer->stores[i], &config, &text) != STORE_OK)
            return say(why, text.text);
    return SERVER_OK;
}

static enum server_result open_threads(struct server *server,
                                       struct writer_config *config,
                                       struct writer **out,
                                       char why[SERVER_WHY_SIZE])
{
    config->failed = log_failed_write;
    config->context = server;
    *out = writer_open(config); // and the stores are its own
    memset(config->stores, 0, sizeof config->stores);
    config->copying = NULL;
    return *out != NULL ? SERVER_OK : say(why, "out of memory or threads");
}

static void close_stores(const struct writer_config *config)
{
    for (size_t i = 0; i < WRITER_THREADS_MAX; i++)
        store_close(config->stores[i]);
    store_close(config->copying);
}

_Static_assert((int)CONFIG_CONNECTIONS_MAX <= (int)WRITER_THREADS_MAX,
               "one each");

/*
 * Who writes and who reads, on the connections there may be. Takes the store
 * over, also when it fails.
 */
static enum server_result open_connections(struct server *server,
                                           struct store *store,
                                           char why[SERVER_WHY_SIZE])
{
    struct writer_config writing = {.stores = {store}};
    struct writer_config asking = {.stores = {NULL}};
    size_t count = (size_t)server->config->database_connections;
    size_t readers = count < 4 ? 1 : count / 4;
    enum server_result result = SERVER_OK;

    // Threads take the mask of whoever starts them, and these are the first: a
    // signal that one of them could get would kill us.
    loop_hold_signals();
    if (!store_talks(store)) {
        result = open_file(server, &writing, why);
    } else {
        result =
            open_stores(server, &writing, STORE_WRITE, count - readers, why);
        if (result == SERVER_OK)
            result = open_stores(server, &asking, STORE_READ, readers, why);
    }
    if (result == SERVER_OK)
        result = enter_sandbox(server, store, why);
    if (result == SERVER_OK && asking.stores[0] != NULL)
        result = open_threads(server, &asking, &server->asking, why);
    if (result == SERVER_OK)
        return open_threads(server, &writing, &server->writer, why);
    close_stores(&writing);
    close_stores(&asking);
    return result;
}

/* They have the run of the house, and their passwords are in every manual. */
static void warn_of_demo_users(struct server *server, struct store *store)
{
    size_t count = demo_users_left(store);

    if (count > 0)
        log_event(&server->log, CONFIG_WARN, "demo_users",
                  "count=%zu note=\"users of a demonstration can still sign in "
                  "by their known passwords: use another database\"",
                  count);
}

enum server_result database_open(struct server *server,
                                 char why[SERVER_WHY_SIZE])
{
    struct store_config config = config_store(server->config, STORE_WRITE);
    struct store *store = NULL;
    struct store_why text;
    enum server_result result;

    if (store_open(&store, &config, &text) != STORE_OK)
        return say(why, text.text);
    result = open_keys(server, store, why);
    if (result == SERVER_OK && server->config->demo &&
        !demo_users_add(store, time(NULL)))
        result = say(why, "demonstration: its users could not be added");
    if (result == SERVER_OK && !server->config->demo)
        warn_of_demo_users(server, store);
    if (result == SERVER_OK)
        return open_connections(server, store, why);
    store_close(store);
    return result;
}
