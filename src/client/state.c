#include "client/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "client/clock.h"
#include "client/token_life.h"
#include "core/request.h"

uint32_t state_random(void)
{
    return randombytes_random();
}

enum stay_result state_fail(struct stay *stay, enum stay_result result,
                            const char *format, ...)
{
    va_list list;

    (void)pthread_mutex_lock(&stay->lock);
    va_start(list, format);
    // Cut where it is too long: it is read by people.
    (void)vsnprintf(stay->error, sizeof stay->error, format, list);
    va_end(list);
    (void)pthread_mutex_unlock(&stay->lock);
    return result;
}

enum stay_result state_vault_failed(struct stay *stay, enum vault_result result)
{
    char error[STAY_ERROR_SIZE];

    vault_error(stay->vault, error);
    if (result == VAULT_NO_MEMORY)
        return state_fail(stay, STAY_NO_MEMORY, "out of memory");
    if (result == VAULT_BUSY)
        return state_fail(stay, STAY_TRY_LATER, "%s", error);
    return state_fail(stay, STAY_BAD_VAULT, "%s", error);
}

static bool is_this_boot(const struct stay *stay, const struct entry *entry)
{
    return stay->boot[0] != '\0' && strcmp(stay->boot, entry->boot) == 0;
}

struct engine_tokens state_tokens(const struct stay *stay,
                                  const struct entry *entry)
{
    return (struct engine_tokens){
        .generation = entry->generation,
        .life_ms = entry->life_ms,
        .received_ms = entry->received_ms,
        .due = !is_this_boot(stay, entry),
    };
}

void state_own_budget(const struct stay *stay, struct entry *entry)
{
    if (strcmp(stay->boot, entry->budget_boot) == 0)
        return;
    engine_budget_reset(&entry->budget);
    memcpy(entry->budget_boot, stay->boot, sizeof entry->budget_boot);
}

void state_take(const struct stay *stay, struct entry *entry,
                const struct fields *fields)
{
    struct span access = fields_text(fields, FIELD_ACCESS);
    struct span refresh = fields_text(fields, FIELD_REFRESH);

    // The caller has seen to it that they fit.
    bytes_wipe(entry->access, sizeof entry->access);
    memcpy(entry->access, access.text, access.length);
    if (refresh.length > 0) {
        bytes_wipe(entry->refresh, sizeof entry->refresh);
        memcpy(entry->refresh, refresh.text, refresh.length);
    }
    entry->received_ms = clock_now_ms();
    entry->received_s = clock_wall_s();
    entry->life_ms = fields_int(fields, FIELD_EXPIRES_IN_MS, 0);
    if (entry->life_ms <= 0)
        entry->life_ms = token_life_ms(
            access, fields_int(fields, FIELD_DATE, entry->received_s));
    entry->unanswered = false;
    memcpy(entry->boot, stay->boot, sizeof entry->boot);
    engine_budget_reset(&entry->budget);
}

void state_show(struct stay *stay, const struct entry *entry)
{
    char value[SESSION_LINE_MAX];
    struct header_line line;
    int length = -1;

    bytes_wipe(stay->line, SESSION_LINE_MAX);
    stay->line_length = 0;
    if (access_build(&stay->dialect, span_of(entry->access),
                     (struct span){value, sizeof value}, &line))
        length = snprintf(stay->line, SESSION_LINE_MAX, "%s: %.*s",
                          stay->header_name, (int)line.value.length,
                          line.value.text);
    if (length > 0 && length < SESSION_LINE_MAX)
        stay->line_length = (size_t)length;
    bytes_wipe(value, sizeof value);
}

void state_wake(struct stay *stay, struct engine_answer answer)
{
    if ((answer.todo & ENGINE_WAKE) != 0)
        (void)pthread_cond_broadcast(&stay->moved);
}

static struct state_news leave(struct stay *stay, const struct entry *entry)
{
    bool was_in = stay->engine.state != ENGINE_SIGNED_OUT &&
                  stay->engine.state != ENGINE_ENDED;

    stay->ended = entry->ended;
    stay->sign_in = entry->sign_in;
    if (!was_in)
        return (struct state_news){0};
    bytes_wipe(stay->line, SESSION_LINE_MAX);
    stay->line_length = 0;
    state_wake(stay, engine_signed_out(&stay->engine));
    return (struct state_news){
        .kind = STAY_EVENT_SIGNED_OUT,
        .reason = entry->ended != STAY_REASON_NONE ? entry->ended
                                                   : STAY_REASON_SIGNED_OUT,
    };
}

/* A vault may hold a session of another server; a sign-in then replaces it. */
static bool is_ours(const struct stay *stay, const struct entry *entry)
{
    return strcmp(stay->url, entry->url) == 0 &&
           strcmp(stay->dialect_name, entry->dialect) == 0;
}

bool state_is_live(const struct stay *stay, const struct entry *entry)
{
    return entry_is_live(entry) && is_ours(stay, entry);
}

struct state_news state_adopt(struct stay *stay, const struct entry *entry)
{
    struct engine_tokens tokens = state_tokens(stay, entry);
    int64_t now_ms = clock_now_ms();

    if (!state_is_live(stay, entry))
        return leave(stay, entry);
    if (entry->sign_in != stay->sign_in) {
        stay->sign_in = entry->sign_in;
        stay->ended = STAY_REASON_NONE;
        state_show(stay, entry);
        state_wake(stay, engine_signed_in(&stay->engine, &tokens, now_ms,
                                          state_random()));
    } else if (entry->generation > stay->engine.generation) {
        state_show(stay, entry);
        state_wake(stay, engine_changed(&stay->engine, &tokens, now_ms,
                                        state_random()));
    } else {
        return (struct state_news){0};
    }
    return (struct state_news){
        .kind = STAY_EVENT_ADOPTED,
        .generation = entry->generation,
    };
}

enum stay_result state_sync(struct stay *stay)
{
    struct entry *entry = entry_new();
    struct state_news news;
    enum vault_result result;

    if (entry == NULL)
        return state_fail(stay, STAY_NO_MEMORY, "out of memory");
    result = vault_read(stay->vault, entry);
    if (result != VAULT_OK) {
        entry_free(entry);
        return state_vault_failed(stay, result);
    }
    (void)pthread_mutex_lock(&stay->lock);
    news = state_adopt(stay, entry);
    (void)pthread_mutex_unlock(&stay->lock);
    state_announce(stay, &news);
    entry_free(entry);
    return STAY_OK;
}

void state_end(struct stay *stay, enum stay_reason reason, bool tell)
{
    struct entry *entry = entry_new();
    struct state_news news = {0};
    uint64_t sign_in;

    if (entry == NULL)
        return; // the next refusal ends it
    (void)pthread_mutex_lock(&stay->lock);
    sign_in = stay->sign_in;
    (void)pthread_mutex_unlock(&stay->lock);
    if (vault_lock(stay->vault, entry) == VAULT_OK) {
        if (state_is_live(stay, entry) && entry->sign_in == sign_in) {
            entry_end(entry, reason, tell);
            (void)vault_save(stay->vault, entry); // else it is told anew
        }
        vault_unlock(stay->vault);
        (void)pthread_mutex_lock(&stay->lock);
        news = state_adopt(stay, entry);
        (void)pthread_mutex_unlock(&stay->lock);
    }
    entry_free(entry);
    state_announce(stay, &news);
}
