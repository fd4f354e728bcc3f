#include "client/account.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "base/base64url.h"
#include "client/clock.h"
#include "client/exchange.h"
#include "client/state.h"

enum {
    HASH_SIZE = crypto_hash_sha256_BYTES,
    SENDS_MAX = 2, /* of a message whose answer was lost */
};

/* What a new session of committed rotation starts with. */
struct secrets {
    uint8_t session[RECORD_SECRET_SIZE]; /* R */
    uint8_t sid[RECORD_SID_SIZE];
    uint8_t first[RECORD_SECRET_SIZE]; /* S_0 */
    char sid_text[BASE64URL_LENGTH(RECORD_SID_SIZE)];
    char next_text[BASE64URL_LENGTH(HASH_SIZE)];
};

/* One message and its answer, with a libcurl handle of its own. */
struct talk {
    struct stay *stay;
    CURL *curl;
    struct exchange *exchange;
    struct entry *entry;
    enum transport transport;
    struct reply_meaning meaning;
};

static bool talk_begin(struct talk *talk, struct stay *stay)
{
    *talk = (struct talk){
        .stay = stay,
        .curl = curl_easy_init(),
        .exchange = exchange_new(),
        .entry = entry_new(),
    };
    if (talk->curl != NULL && talk->exchange != NULL && talk->entry != NULL)
        return true;
    (void)state_fail(stay, STAY_NO_MEMORY, "out of memory");
    return false;
}

static void talk_end(struct talk *talk)
{
    if (talk->curl != NULL)
        curl_easy_cleanup(talk->curl);
    exchange_free(talk->exchange);
    entry_free(talk->entry);
}

static void talk_send(struct talk *talk, enum message message, const char *line)
{
    struct answer answer;

    for (int i = 0; i < SENDS_MAX; i++) {
        talk->transport =
            exchange_send(talk->exchange, talk->stay, talk->curl, line);
        if (talk->transport != TRANSPORT_LOST)
            break;
    }
    if (talk->transport != TRANSPORT_ANSWERED)
        return;
    answer = exchange_answer(talk->exchange);
    talk->meaning = reply_match(&talk->stay->dialect, message, &answer,
                                &talk->exchange->fields);
}

/* The server's words for people, fit for a terminal. */
static enum stay_result refused(struct talk *talk)
{
    struct span said = fields_text(&talk->exchange->fields, FIELD_MESSAGE);
    char text[STAY_ERROR_SIZE];
    size_t length = 0;

    for (; length < said.length && length < sizeof text - 1; length++) {
        unsigned char c = (unsigned char)said.text[length];

        text[length] = c < 0x20 || c == 0x7f ? ' ' : (char)c;
    }
    text[length] = '\0';
    return state_fail(talk->stay, STAY_REFUSED, "%s",
                      length > 0 ? text : "refused by the server");
}

static bool is_passing(long status)
{
    return status >= 500 || status == 408 || status == 425 || status == 429;
}

static enum stay_result failed(struct talk *talk)
{
    struct exchange *exchange = talk->exchange;
    const char *why = exchange->error[0] != '\0'
                          ? exchange->error
                          : curl_easy_strerror(exchange->code);

    if (talk->transport != TRANSPORT_ANSWERED)
        return state_fail(talk->stay, STAY_TRY_LATER, "%s", why);
    switch (talk->meaning.verdict) {
    case VERDICT_DENIED:
    case VERDICT_REFUSED:
    case VERDICT_PROTOCOL:
    case VERDICT_RENEW:
        return refused(talk);
    case VERDICT_CONFIG:
        (void)refused(talk);
        return STAY_BAD_CONFIG;
    case VERDICT_NONE:
    case VERDICT_GRANTED:
    case VERDICT_LATER:
        break;
    }
    if (talk->meaning.verdict == VERDICT_LATER || is_passing(exchange->status))
        return state_fail(talk->stay, STAY_TRY_LATER,
                          "the server is not available (status %ld)",
                          exchange->status);
    return state_fail(talk->stay, STAY_BAD_REPLY,
                      "status %ld, in words that are not the dialect's; is "
                      "the URL or the dialect right?",
                      exchange->status);
}

static enum stay_result unspoken(struct talk *talk, const char *what)
{
    return state_fail(talk->stay, STAY_BAD_CONFIG,
                      "%s: the dialect '%s' has no such message, or needs more",
                      what, talk->stay->dialect_name);
}

enum stay_result stay_sign_up(struct stay *stay, const char *user,
                              const char *email, const char *password)
{
    enum stay_result result = STAY_NO_MEMORY;
    struct fields fields;
    struct talk talk;

    fields_init(&fields, NULL, 0);
    fields_set_text(&fields, FIELD_USERNAME, span_of(user));
    fields_set_text(&fields, FIELD_PASSWORD, span_of(password));
    fields_set_text(&fields, FIELD_PASSWORD_AGAIN, span_of(password));
    if (email != NULL)
        fields_set_text(&fields, FIELD_EMAIL, span_of(email));
    if (!talk_begin(&talk, stay))
        goto done;
    if (!exchange_build(talk.exchange, stay, MESSAGE_SIGN_UP, &fields)) {
        result = unspoken(&talk, "sign up");
        goto done;
    }
    talk_send(&talk, MESSAGE_SIGN_UP, NULL);
    result = talk.meaning.verdict == VERDICT_GRANTED ? STAY_OK : failed(&talk);

done:
    talk_end(&talk);
    return result;
}

static void draw_secrets(struct secrets *out)
{
    uint8_t hash[HASH_SIZE];

    randombytes_buf(out->session, sizeof out->session);
    randombytes_buf(out->first, sizeof out->first);
    (void)crypto_hash_sha256(hash, out->session, sizeof out->session);
    memcpy(out->sid, hash, sizeof out->sid);
    (void)base64url_encode(out->sid, sizeof out->sid, out->sid_text);
    (void)crypto_hash_sha256(hash, out->first, sizeof out->first);
    (void)base64url_encode(hash, sizeof hash, out->next_text);
}

static bool build_sign_in(struct talk *talk, const char *user,
                          const char *password, const struct secrets *secrets)
{
    struct stay *stay = talk->stay;
    struct fields fields;

    fields_init(&fields, NULL, 0);
    fields_set_text(&fields, FIELD_PASSWORD, span_of(password));
    fields_set_text(&fields, FIELD_SID,
                    (struct span){secrets->sid_text, sizeof secrets->sid_text});
    fields_set_text(
        &fields, FIELD_NEXT,
        (struct span){secrets->next_text, sizeof secrets->next_text});
    if (stay->label[0] != '\0')
        fields_set_text(&fields, FIELD_LABEL, span_of(stay->label));
    if (strchr(user, '@') != NULL) {
        // Where a name will do as well as an address, it is an address.
        fields_set_text(&fields, FIELD_EMAIL, span_of(user));
        if (exchange_build(talk->exchange, stay, MESSAGE_SIGN_IN, &fields))
            return true;
    }
    fields_set_text(&fields, FIELD_USERNAME, span_of(user));
    return exchange_build(talk->exchange, stay, MESSAGE_SIGN_IN, &fields);
}

static void copy_name(char out[STAY_NAME_SIZE], struct span name)
{
    if (name.length > STAY_NAME_SIZE - 1)
        name.length = STAY_NAME_SIZE - 1;
    memcpy(out, name.text, name.length);
    out[name.length] = '\0';
}

/* What the vault held before is gone, but for its counts. */
static void make_entry(struct talk *talk, const char *user,
                       const struct secrets *secrets)
{
    const struct fields *fields = &talk->exchange->fields;
    const struct stay *stay = talk->stay;
    struct entry *entry = talk->entry;
    uint64_t generation = entry->generation;
    uint64_t sign_in = entry->sign_in;

    entry_wipe(entry);
    entry->generation = generation + 1;
    entry->sign_in = sign_in + 1;
    memcpy(entry->url, stay->url, sizeof entry->url);
    memcpy(entry->dialect, stay->dialect_name, sizeof entry->dialect);
    memcpy(entry->label, stay->label, sizeof entry->label);
    copy_name(entry->user, fields_has(fields, FIELD_USERNAME)
                               ? fields_text(fields, FIELD_USERNAME)
                               : span_of(user));
    entry->committed = stay->dialect.rotation == DIALECT_ROTATION_COMMITTED;
    if (entry->committed)
        record_start(&entry->record, secrets->session, secrets->sid,
                     secrets->first);
    state_take(stay, entry, fields);
    entry->signed_in_s = entry->received_s;
}

static bool fits(const struct fields *fields)
{
    return fields_text(fields, FIELD_ACCESS).length <= ENTRY_TOKEN_MAX &&
           fields_text(fields, FIELD_REFRESH).length <= ENTRY_TOKEN_MAX &&
           !fields->overflow;
}

static enum stay_result keep_session(struct talk *talk, const char *user,
                                     const struct secrets *secrets)
{
    struct stay *stay = talk->stay;
    enum vault_result result;
    struct state_news news;

    if (!fits(&talk->exchange->fields))
        return state_fail(stay, STAY_BAD_REPLY, "the tokens are too long");
    result = vault_lock(stay->vault, talk->entry);
    if (result != VAULT_OK)
        return state_vault_failed(stay, result);
    make_entry(talk, user, secrets);
    result = vault_save(stay->vault, talk->entry);
    vault_unlock(stay->vault);
    if (result != VAULT_OK)
        return state_vault_failed(stay, result);
    (void)pthread_mutex_lock(&stay->lock);
    news = state_adopt(stay, talk->entry);
    (void)pthread_mutex_unlock(&stay->lock);
    if (news.kind == STAY_EVENT_ADOPTED)
        news.kind = STAY_EVENT_SIGNED_IN;
    state_announce(stay, &news);
    return STAY_OK;
}

enum stay_result stay_sign_in(struct stay *stay, const char *user,
                              const char *password)
{
    enum stay_result result = STAY_NO_MEMORY;
    struct secrets secrets;
    struct talk talk;

    draw_secrets(&secrets);
    if (!talk_begin(&talk, stay))
        goto done;
    if (!build_sign_in(&talk, user, password, &secrets)) {
        result = unspoken(&talk, "sign in");
        goto done;
    }
    talk_send(&talk, MESSAGE_SIGN_IN, NULL);
    result = talk.meaning.verdict == VERDICT_GRANTED
                 ? keep_session(&talk, user, &secrets)
                 : failed(&talk);

done:
    bytes_wipe(&secrets, sizeof secrets);
    talk_end(&talk);
    return result;
}

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

    if (talk->transport != TRANSPORT_ANSWERED ||
        talk->meaning.verdict == VERDICT_LATER || is_passing(status))
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
    (void)failed(talk);
    return STAY_TRY_LATER;
}

enum stay_result account_tell_sign_out(struct stay *stay)
{
    enum stay_result result = STAY_NO_MEMORY;
    struct talk talk;

    if (talk_begin(&talk, stay))
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
    return account_tell_sign_out(stay);
}
