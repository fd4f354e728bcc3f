#include <stdlib.h>
#include <string.h>

#include "client/clock.h"
#include "client/refresh.h"
#include "client/session.h"
#include "client/state.h"

static enum stay_result ask(struct stay *stay, int64_t need_ms,
                            struct ticket *ticket, struct line *line)
{
    *ticket = (struct ticket){.ask = {.need_ms = need_ms}};
    return session_ask(stay, ticket, false, line);
}

static enum stay_result copy_token(struct stay *stay, const struct line *line,
                                   struct stay_token *out)
{
    size_t prefix = session_line_prefix(stay);

    if (line->length <= prefix)
        return STAY_BAD_REPLY;
    out->text = strndup(line->text + prefix, line->length - prefix);
    if (out->text == NULL)
        return STAY_NO_MEMORY;
    out->number = line->generation;
    (void)pthread_mutex_lock(&stay->lock);
    out->left_ms = engine_left_ms(&stay->engine, clock_now_ms());
    (void)pthread_mutex_unlock(&stay->lock);
    return STAY_OK;
}

enum stay_result stay_get(struct stay *stay, int64_t at_least_ms,
                          struct stay_token *out)
{
    struct ticket ticket;
    struct line line = {0};
    enum stay_result result = ask(stay, at_least_ms, &ticket, &line);

    *out = (struct stay_token){0};
    if (result == STAY_OK && ticket.behind) {
        // Near its end: a newer one, if it can be had; else this one.
        session_finish(stay, &ticket);
        result = ask(stay, at_least_ms, &ticket, &line);
    }
    if (result == STAY_OK)
        result = copy_token(stay, &line, out);
    line_clear(&line);
    return result;
}

void stay_token_clear(struct stay_token *token)
{
    if (token->text != NULL)
        bytes_wipe(token->text, strlen(token->text));
    free(token->text);
    *token = (struct stay_token){0};
}

void stay_refused(struct stay *stay, uint64_t number)
{
    // Another process may have renewed it since; then that is the answer.
    if (vault_moved(stay->vault))
        (void)state_sync(stay);
    (void)pthread_mutex_lock(&stay->lock);
    refresh_note(stay, engine_refused(&stay->engine, number, 0, clock_now_ms()),
                 false);
    (void)pthread_mutex_unlock(&stay->lock);
}
