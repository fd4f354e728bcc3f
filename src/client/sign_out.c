#include "client/sign_out.h"

#include <stdio.h>
#include <string.h>

#include "base/base64url.h"
#include "client/clock.h"
#include "client/talk.h"

/* The header that shows the token, where the dialect's sign-out wants it. */
static const char *sign_out_line(const struct talk *talk,
                                 char line[SESSION_LINE_MAX])
{
    const struct dialect *dialect = &talk->stay->dialect;
    char value[SESSION_LINE_MAX];
    struct header_line header;
    int length = -1;

    if (dialect_need(dialect, MESSAGE_SIGN_OUT) != NEED_NOTHING &&
        access_build(dialect, span_of(talk->entry->access),
                     (struct span){value, sizeof value}, &header))
        length = snprintf(line, SESSION_LINE_MAX, "%.*s: %.*s",
                          (int)header.name.length, header.name.text,
                          (int)header.value.length, header.value.text);
    bytes_wipe(value, sizeof value);
    return length > 0 && length < SESSION_LINE_MAX ? line : NULL;
}

static bool build_sign_out(struct talk *talk)
{
    const struct entry *entry = talk->entry;
    char session[BASE64URL_LENGTH(RECORD_SECRET_SIZE)];
    struct fields fields;
    bool good;

    fields_init(&fields, NULL, 0);
    if (entry->committed) {
        size_t length = base64url_encode(entry->record.session,
                                         RECORD_SECRET_SIZE, session);
        fields_set_text(&fields, FIELD_SESSION, (struct span){session, length});
    } else {
        fields_set_text(&fields, FIELD_REFRESH, span_of(entry->refresh));
        fields_set_text(&fields, FIELD_TOKEN, span_of(entry->refresh));
        fields_set_text(&fields, FIELD_ACCESS, span_of(entry->access));
    }
    good =
        exchange_build(talk->exchange, talk->stay, MESSAGE_SIGN_OUT, &fields);
    bytes_wipe(session, sizeof session);
    return good;
}

/* 2xx in the dialect's words, or any 4xx that is not "later": it has heard. */
static bool was_heard(const struct talk *talk)
{
    long status = talk->exchange->status;

    if (talk->transport != TRANSPORT_ANSWERED || talk_is_passing(talk))
        return false;
    return talk->meaning.verdict != VERDICT_NONE || status / 100 == 4;
}

static enum stay_result forget_due(struct talk *talk)
{
    struct vault *vault = talk->stay->vault;
    struct entry *entry = talk->entry;
    uint64_t told = entry->sign_in;
    uint8_t sid[RECORD_SID_SIZE];
    enum vault_result result;

    memcpy(sid, entry->record.sid, sizeof sid);
    result = vault_lock(vault, entry);
    if (result != VAULT_OK)
        return state_vault_failed(talk->stay, result);
    if (entry->sign_in == told && entry->sign_out_due) {
        (void)record_signed_out(&entry->record, sid);
        entry->sign_out_due = false;
        bytes_wipe(entry->refresh, sizeof entry->refresh);
        bytes_wipe(entry->access, sizeof entry->access);
        result = vault_save(vault, entry);
    }
    vault_unlock(vault);
    return result == VAULT_OK ? STAY_OK
                              : state_vault_failed(talk->stay, result);
}

static enum stay_result tell_sign_out(struct talk *talk)
{
    struct stay *stay = talk->stay;
    enum vault_result read = vault_read(stay->vault, talk->entry);
    char line[SESSION_LINE_MAX];

    if (read != VAULT_OK)
        return state_vault_failed(stay, read);
    if (!talk->entry->sign_out_due || strcmp(talk->entry->url, stay->url) != 0)
        return STAY_OK;
    if (!build_sign_out(talk))
        return forget_due(talk); // nothing can be told in this dialect
    talk_send(talk, MESSAGE_SIGN_OUT, sign_out_line(talk, line));
    bytes_wipe(line, sizeof line);
    if (was_heard(talk))
        return forget_due(talk);
    (void)talk_failed(talk);
    return STAY_TRY_LATER;
}

enum stay_result sign_out_tell(struct stay *stay, int64_t limit_ms)
{
    enum stay_result result = STAY_NO_MEMORY;
    struct talk talk;

    if (talk_begin(&talk, stay, clock_now_ms() + limit_ms))
        result = tell_sign_out(&talk);
    talk_end(&talk);
    return result;
}

enum stay_result stay_sign_out(struct stay *stay)
{
    struct entry *entry = entry_new();
    enum vault_result result;
    struct state_news news;

    if (entry == NULL)
        return state_fail(stay, STAY_NO_MEMORY, "out of memory");
    result = vault_lock(stay->vault, entry);
    if (result == VAULT_OK) {
        if (state_is_live(stay, entry)) {
            entry_end(entry, STAY_REASON_SIGNED_OUT, true);
            result = vault_save(stay->vault, entry);
        }
        vault_unlock(stay->vault);
    }
    if (result != VAULT_OK) {
        entry_free(entry);
        return state_vault_failed(stay, result);
    }
    (void)pthread_mutex_lock(&stay->lock);
    news = state_adopt(stay, entry);
    (void)pthread_mutex_unlock(&stay->lock);
    entry_free(entry);
    state_announce(stay, &news);
    return sign_out_tell(stay, stay->limit_ms);
}
