#include <stay.h>

#include <string.h>

#include <sodium.h>

#include "base/base64url.h"
#include "client/clock.h"
#include "client/sign_out.h"
#include "client/talk.h"

enum { HASH_SIZE = crypto_hash_sha256_BYTES };

/* What a new session of committed rotation starts with. */
struct secrets {
    uint8_t session[RECORD_SECRET_SIZE]; /* R */
    uint8_t sid[RECORD_SID_SIZE];
    uint8_t first[RECORD_SECRET_SIZE]; /* S_0 */
    char sid_text[BASE64URL_LENGTH(RECORD_SID_SIZE)];
    char next_text[BASE64URL_LENGTH(HASH_SIZE)];
};

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
    if (!talk_begin(&talk, stay, clock_now_ms() + stay->limit_ms))
        goto done;
    if (!exchange_build(talk.exchange, stay, MESSAGE_SIGN_UP, &fields)) {
        result = talk_unspoken(&talk, "sign up");
        goto done;
    }
    talk_send(&talk, MESSAGE_SIGN_UP, NULL);
    result =
        talk.meaning.verdict == VERDICT_GRANTED ? STAY_OK : talk_failed(&talk);

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
    entry_set_name(entry->user, fields_has(fields, FIELD_USERNAME)
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
    int64_t until_ms = clock_now_ms() + stay->limit_ms;

    // The last chance to tell of a session that this one replaces.
    (void)sign_out_tell(stay, stay->limit_ms / 2);
    draw_secrets(&secrets);
    if (!talk_begin(&talk, stay, until_ms))
        goto done;
    if (!build_sign_in(&talk, user, password, &secrets)) {
        result = talk_unspoken(&talk, "sign in");
        goto done;
    }
    talk_send(&talk, MESSAGE_SIGN_IN, NULL);
    result = talk.meaning.verdict == VERDICT_GRANTED
                 ? keep_session(&talk, user, &secrets)
                 : talk_failed(&talk);

done:
    bytes_wipe(&secrets, sizeof secrets);
    talk_end(&talk);
    return result;
}
