#include <stay.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "client/clock.h"
#include "client/open.h"
#include "client/state.h"

enum { LIMIT_MS = 10000, LIMIT_MAX_MS = 3600000 };

static bool init_locks(struct stay *stay)
{
    pthread_condattr_t steady;
    bool good = false;

    if (pthread_condattr_init(&steady) != 0)
        return false;
    if (pthread_condattr_setclock(&steady, CLOCK_MONOTONIC) == 0 &&
        pthread_cond_init(&stay->moved, &steady) == 0) {
        good = pthread_mutex_init(&stay->lock, NULL) == 0;
        if (!good)
            (void)pthread_cond_destroy(&stay->moved);
    }
    (void)pthread_condattr_destroy(&steady);
    return good;
}

static struct stay *make_stay(void)
{
    struct stay *stay = calloc(1, sizeof *stay);

    if (stay == NULL)
        return NULL;
    stay->line = calloc(1, SESSION_LINE_MAX);
    if (stay->line != NULL && init_locks(stay))
        return stay;
    free(stay->line);
    free(stay);
    return NULL;
}

void stay_close(struct stay *stay)
{
    if (stay == NULL)
        return;
    if (stay->curl != NULL)
        curl_easy_cleanup(stay->curl);
    vault_close(stay->vault);
    (void)pthread_mutex_destroy(&stay->lock);
    (void)pthread_cond_destroy(&stay->moved);
    bytes_wipe(stay->line, SESSION_LINE_MAX);
    free(stay->line);
    free(stay->dialect_text);
    free(stay->dialect_memory);
    free(stay);
}

static enum stay_result set_plain(struct stay *stay,
                                  const struct stay_config *config, char *error)
{
    const char *label = config->label != NULL ? config->label : "";
    const char *agent = config->user_agent;

    if (strlen(label) >= sizeof stay->label ||
        (agent != NULL && strlen(agent) >= sizeof stay->user_agent))
        return open_fail(error, STAY_BAD_CONFIG,
                         "a label or user agent is too long");
    entry_set_name(stay->label, span_of(label));
    (void)snprintf(stay->user_agent, sizeof stay->user_agent, "%s",
                   agent != NULL ? agent : "stay/" STAY_VERSION);
    if (config->limit_ms < 0 || config->limit_ms > LIMIT_MAX_MS)
        return open_fail(error, STAY_BAD_CONFIG,
                         "limit_ms is out of range: at most an hour");
    stay->limit_ms = config->limit_ms > 0 ? config->limit_ms : LIMIT_MS;
    stay->on_curl = config->on_curl;
    stay->on_curl_data = config->on_curl_data;
    clock_boot(stay->boot);
    return STAY_OK;
}

static void start_engine(struct stay *stay, const struct stay_config *config,
                         struct entry *entry)
{
    const struct engine_config settings = {.early_ms = config->early_ms};

    engine_init(&stay->engine, &settings);
    state_own_budget(stay, entry);
    (void)pthread_mutex_lock(&stay->lock);
    (void)state_adopt(stay, entry); // nobody listens yet
    if (state_is_live(stay, entry))
        stay->engine.budget = entry->budget;
    (void)pthread_mutex_unlock(&stay->lock);
}

static enum stay_result
open_parts(struct stay *stay, const struct stay_config *config, char *error)
{
    struct entry *entry = entry_new();
    enum stay_result result = STAY_NO_MEMORY;

    if (entry != NULL)
        result = set_plain(stay, config, error);
    if (result == STAY_OK)
        result = open_vault(stay, config, entry, error);
    if (result == STAY_OK)
        result = open_dialect(stay, config, entry, error);
    if (result == STAY_OK)
        result = open_target(stay, config, entry, error);
    if (result == STAY_OK)
        start_engine(stay, config, entry);
    entry_free(entry);
    return result;
}

enum stay_result stay_open(struct stay **out, const struct stay_config *config)
{
    char error[STAY_ERROR_SIZE] = "out of memory";
    enum stay_result result = STAY_NO_MEMORY;
    struct stay *stay = NULL;

    *out = NULL;
    // Both may be called again and from several threads.
    if (sodium_init() >= 0 && curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK)
        stay = make_stay();
    if (stay != NULL)
        result = open_parts(stay, config, error);
    if (result == STAY_OK) {
        *out = stay;
        return STAY_OK;
    }
    stay_close(stay);
    if (config->error != NULL)
        memcpy(config->error, error, sizeof error);
    return result;
}

void stay_error(struct stay *stay, char out[STAY_ERROR_SIZE])
{
    (void)pthread_mutex_lock(&stay->lock);
    memcpy(out, stay->error, STAY_ERROR_SIZE);
    (void)pthread_mutex_unlock(&stay->lock);
}

static enum stay_state public_state(const struct stay *stay)
{
    static const enum stay_state states[ENGINE_STATE_COUNT] = {
        [ENGINE_SIGNED_OUT] = STAY_STATE_SIGNED_OUT,
        [ENGINE_FRESH] = STAY_STATE_FRESH,
        [ENGINE_REFRESHING] = STAY_STATE_REFRESHING,
        [ENGINE_RESTING] = STAY_STATE_RESTING,
        [ENGINE_ENDED] = STAY_STATE_ENDED,
    };
    enum stay_state state = states[stay->engine.state];

    // Another process may have tried; with a success its failures are wiped.
    if (state == STAY_STATE_FRESH && stay->engine.budget.failure_count > 0)
        return STAY_STATE_RESTING;
    if (state == STAY_STATE_SIGNED_OUT && stay->ended != STAY_REASON_NONE)
        return STAY_STATE_ENDED;
    return state;
}

static void copy_session(const struct entry *entry, struct stay_status *out)
{
    memcpy(out->user, entry->user, sizeof out->user);
    memcpy(out->label, entry->label, sizeof out->label);
    out->signed_in_s = entry->signed_in_s;
    out->refreshed_s = entry->refreshed_s;
}

/* With lock held. */
static void copy_engine(const struct stay *stay, struct stay_status *out)
{
    const struct engine *engine = &stay->engine;
    int64_t now_ms = clock_now_ms();

    out->state = public_state(stay);
    out->generation = engine->generation;
    out->left_ms = engine_left_ms(engine, now_ms);
    if (out->state == STAY_STATE_ENDED)
        out->reason = stay->ended;
    if (out->state != STAY_STATE_RESTING)
        return;
    out->reason = (enum stay_reason)engine->budget.detail;
    out->rest_ms = engine_budget_next_ms(&engine->budget) - now_ms;
    if (out->rest_ms < 0)
        out->rest_ms = 0;
}

enum stay_result stay_status(struct stay *stay, struct stay_status *out)
{
    struct entry *entry = entry_new();
    enum vault_result result;
    struct state_news news;

    *out = (struct stay_status){0};
    if (entry == NULL)
        return state_fail(stay, STAY_NO_MEMORY, "out of memory");
    result = vault_read(stay->vault, entry);
    if (result != VAULT_OK) {
        entry_free(entry);
        return state_vault_failed(stay, result);
    }
    memcpy(out->url, stay->url, sizeof out->url);
    memcpy(out->vault, stay->vault->path, sizeof out->vault);
    (void)snprintf(out->dialect, sizeof out->dialect, "%.*s",
                   (int)stay->dialect.name.length, stay->dialect.name.text);
    if (strcmp(entry->url, stay->url) == 0) // else it is another server's
        copy_session(entry, out);
    (void)pthread_mutex_lock(&stay->lock);
    news = state_adopt(stay, entry);
    copy_engine(stay, out);
    (void)pthread_mutex_unlock(&stay->lock);
    entry_free(entry);
    state_announce(stay, &news);
    return STAY_OK;
}
