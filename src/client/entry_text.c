#include "client/entry.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64url.h"
#include "base/bytes.h"
#include "base/json.h"

/*
 * {"stay_vault":1, ...}: every member but the first may be missing, and is then
 * zero; unknown ones are ignored, so that a later version of the same format
 * can add some. `older` is one text, S_{i-1} first.
 */
enum { TOKENS_MAX = 256 };

/* A fixed text or whole number and where it stands. */
struct text_member {
    const char *name;
    size_t offset;
    size_t size; /* its NUL included */
};
struct int_member {
    const char *name;
    size_t offset;
};
struct bytes_member {
    const char *name;
    size_t offset;
    size_t size;
};

#define TEXT(name, field)                                                      \
    {                                                                          \
        name, offsetof(struct entry, field), sizeof((struct entry *)0)->field  \
    }
static const struct text_member texts[] = {
    TEXT("url", url),         TEXT("dialect", dialect),
    TEXT("user", user),       TEXT("label", label),
    TEXT("boot", boot),       TEXT("access", access),
    TEXT("refresh", refresh), TEXT("budget_boot", budget_boot),
};

#define WHOLE(name, field)                                                     \
    {                                                                          \
        name, offsetof(struct entry, field)                                    \
    }
/* All are int64_t or uint64_t below 2^63. */
static const struct int_member wholes[] = {
    WHOLE("sign_in", sign_in),
    WHOLE("generation", generation),
    WHOLE("life_ms", life_ms),
    WHOLE("received_ms", received_ms),
    WHOLE("received_s", received_s),
    WHOLE("signed_in_s", signed_in_s),
    WHOLE("refreshed_s", refreshed_s),
    WHOLE("step", record.generation),
    WHOLE("budget_whole_ms", budget.whole_ms),
    WHOLE("budget_rest_from_ms", budget.rest_from_ms),
    WHOLE("budget_rest_until_ms", budget.rest_until_ms),
    WHOLE("budget_odd_ms", budget.odd_ms),
};

static const struct int_member smalls[] = {
    WHOLE("budget_odd_count", budget.odd_count),
    WHOLE("budget_odd", budget.odd),
    WHOLE("budget_failure_count", budget.failure_count),
    WHOLE("budget_reason", budget.reason),
    WHOLE("budget_detail", budget.detail),
};

static const struct int_member flags[] = {
    WHOLE("sign_out_due", sign_out_due),
    WHOLE("committed", committed),
    WHOLE("unanswered", unanswered),
    WHOLE("has_session", record.has_session),
    WHOLE("has_next", record.has_next),
    WHOLE("record_sign_out_due", record.sign_out_due),
};

#define BYTES(name, field) TEXT(name, field)
static const struct bytes_member secrets[] = {
    BYTES("sid", record.sid),       BYTES("session", record.session),
    BYTES("secret", record.secret), BYTES("next", record.next),
    BYTES("older", record.older),
};

/* The words of `ended` in the file: numbers of the public enum may move. */
static const struct {
    enum stay_reason reason;
    const char *word;
} ended_words[] = {
    {STAY_REASON_NONE,        ""           },
    {STAY_REASON_SIGNED_OUT,  "signed_out" },
    {STAY_REASON_UNKNOWN,     "unknown"    },
    {STAY_REASON_REVOKED,     "revoked"    },
    {STAY_REASON_EXPIRED,     "expired"    },
    {STAY_REASON_DISABLED,    "disabled"   },
    {STAY_REASON_REUSE,       "reuse"      },
    {STAY_REASON_SERVER_LOST, "server_lost"},
    {STAY_REASON_REPLY_LOST,  "reply_lost" },
    {STAY_REASON_REFUSED,     "refused"    },
};

static const void *at(const struct entry *entry, size_t offset)
{
    return (const char *)entry + offset;
}

static void put_bytes(struct json_writer *w, const uint8_t *bytes, size_t size)
{
    char text[BASE64URL_LENGTH(sizeof((struct entry *)0)->record.older)];

    json_put_string(w,
                    (struct span){text, base64url_encode(bytes, size, text)});
    bytes_wipe(text, sizeof text);
}

static void put_members(struct json_writer *w, const struct entry *entry)
{
    for (size_t i = 0; i < COUNT(wholes); i++) {
        json_key(w, span_of(wholes[i].name));
        json_put_int(w, *(const int64_t *)at(entry, wholes[i].offset));
    }
    for (size_t i = 0; i < COUNT(smalls); i++) {
        json_key(w, span_of(smalls[i].name));
        json_put_int(w, *(const uint32_t *)at(entry, smalls[i].offset));
    }
    for (size_t i = 0; i < COUNT(flags); i++) {
        json_key(w, span_of(flags[i].name));
        json_put_bool(w, *(const bool *)at(entry, flags[i].offset));
    }
    for (size_t i = 0; i < COUNT(texts); i++) {
        json_key(w, span_of(texts[i].name));
        json_put_string(w, span_of(at(entry, texts[i].offset)));
    }
}

static void put_record(struct json_writer *w, const struct record *record)
{
    json_key(w, SPAN("record_state"));
    json_put_int(w, (int64_t)record->state);
    json_key(w, SPAN("record_reason"));
    json_put_int(w, (int64_t)record->reason);
    json_key(w, SPAN("older_count"));
    json_put_int(w, record->older_count);
}

enum entry_result entry_write(const struct entry *entry, char *out,
                              size_t *length)
{
    struct json_writer w;

    json_begin(&w, out, ENTRY_TEXT_MAX, JSON_COMPACT);
    json_open(&w, '{');
    json_key(&w, SPAN("stay_vault"));
    json_put_int(&w, ENTRY_VERSION);
    json_key(&w, SPAN("ended"));
    for (size_t i = 0; i < COUNT(ended_words); i++)
        if (ended_words[i].reason == entry->ended)
            json_put_string(&w, span_of(ended_words[i].word));
    put_members(&w, entry);
    put_record(&w, &entry->record);
    for (size_t i = 0; i < COUNT(secrets); i++) {
        json_key(&w, span_of(secrets[i].name));
        put_bytes(&w, at(entry, secrets[i].offset), secrets[i].size);
    }
    json_close(&w, '}');
    *length = w.length;
    return w.overflow ? ENTRY_LARGE : ENTRY_OK;
}

/* A missing member leaves zero; false when it is there and of no use. */
static bool get_int(const struct json *json, const char *name, int64_t max,
                    int64_t *out)
{
    size_t index = json_member(json, 0, name);

    *out = 0;
    if (index == JSON_NONE)
        return true;
    return json_int(json, index, out) && *out <= max;
}

static bool get_text(const struct json *json, const struct text_member *member,
                     struct entry *out)
{
    size_t index = json_member(json, 0, member->name);
    char *text = (char *)out + member->offset;
    size_t length = 0;

    if (index == JSON_NONE)
        return true;
    if (!json_string(json, index, text, member->size - 1, &length))
        return false;
    return memchr(text, '\0', length) == NULL; // the rest of it is zero
}

static bool get_bytes(const struct json *json,
                      const struct bytes_member *member, struct entry *out)
{
    size_t index = json_member(json, 0, member->name);
    size_t size = 0;

    if (index == JSON_NONE)
        return true;
    if (json_type_at(json, index) != JSON_STRING)
        return false;
    return base64url_decode(json_raw(json, index), (char *)out + member->offset,
                            member->size, &size) &&
           size == member->size;
}

static bool get_flag(const struct json *json, const struct int_member *member,
                     struct entry *out)
{
    int type = json_type_at(json, json_member(json, 0, member->name));

    *(bool *)((char *)out + member->offset) = type == JSON_TRUE;
    return type == JSON_TRUE || type == JSON_FALSE || type == -1;
}

static bool get_ended(const struct json *json, struct entry *out)
{
    size_t index = json_member(json, 0, "ended");

    if (index == JSON_NONE)
        return true;
    for (size_t i = 0; i < COUNT(ended_words); i++) {
        if (!json_string_is(json, index, span_of(ended_words[i].word)))
            continue;
        out->ended = ended_words[i].reason;
        return true;
    }
    return false;
}

static bool get_record(const struct json *json, struct record *out)
{
    int64_t state = 0;
    int64_t reason = 0;
    int64_t older = 0;
    bool good = get_int(json, "record_state", RECORD_ENDED, &state) &&
                get_int(json, "record_reason", RECORD_LOST, &reason) &&
                get_int(json, "older_count", RECORD_OLDER_MAX, &older);

    if (!good || state < 0 || reason < 0 || older < 0)
        return false;
    out->state = (enum record_state)state;
    out->reason = (enum record_reason)reason;
    out->older_count = (uint8_t)older;
    return true;
}

static bool get_numbers(const struct json *json, struct entry *out)
{
    for (size_t i = 0; i < COUNT(wholes); i++) {
        int64_t value;

        if (!get_int(json, wholes[i].name, INT64_MAX, &value) || value < 0)
            return false;
        *(int64_t *)((char *)out + wholes[i].offset) = value;
    }
    for (size_t i = 0; i < COUNT(smalls); i++) {
        int64_t value;

        if (!get_int(json, smalls[i].name, UINT32_MAX, &value) || value < 0)
            return false;
        *(uint32_t *)((char *)out + smalls[i].offset) = (uint32_t)value;
    }
    return true;
}

static bool get_all(const struct json *json, struct entry *out)
{
    bool good = get_ended(json, out) && get_record(json, &out->record) &&
                get_numbers(json, out);

    for (size_t i = 0; good && i < COUNT(flags); i++)
        good = get_flag(json, &flags[i], out);
    for (size_t i = 0; good && i < COUNT(texts); i++)
        good = get_text(json, &texts[i], out);
    for (size_t i = 0; good && i < COUNT(secrets); i++)
        good = get_bytes(json, &secrets[i], out);
    return good;
}

enum entry_result entry_read(struct entry *out, const char *text, size_t length)
{
    struct json_token tokens[TOKENS_MAX];
    struct json json;
    int64_t version = 0;

    entry_wipe(out);
    if (json_parse(&json, text, length, tokens, TOKENS_MAX) != JSON_OK ||
        !json_int(&json, json_member(&json, 0, "stay_vault"), &version) ||
        version < 1)
        return ENTRY_BAD;
    if (version > ENTRY_VERSION)
        return ENTRY_NEWER;
    if (get_all(&json, out))
        return ENTRY_OK;
    entry_wipe(out);
    return ENTRY_BAD;
}
