#include "core/field.h"

static const char *const names[FIELD_COUNT] = {
    [FIELD_NONE] = "none",
    [FIELD_ID] = "id",
    [FIELD_USERNAME] = "username",
    [FIELD_EMAIL] = "email",
    [FIELD_PASSWORD] = "password",
    [FIELD_PASSWORD_AGAIN] = "password_again",
    [FIELD_CURRENT_PASSWORD] = "current_password",
    [FIELD_NEW_PASSWORD] = "new_password",
    [FIELD_ROLES] = "roles",
    [FIELD_ASKED_ROLES] = "asked_roles",
    [FIELD_ROLE] = "role",
    [FIELD_ACCESS] = "access",
    [FIELD_REFRESH] = "refresh",
    [FIELD_TOKEN] = "token",
    [FIELD_TOKEN_HINT] = "token_hint",
    [FIELD_TOKEN_ID] = "token_id",
    [FIELD_TOKEN_TYPE] = "token_type",
    [FIELD_CODE] = "code",
    [FIELD_VERIFIED] = "verified",
    [FIELD_SESSION] = "session",
    [FIELD_SID] = "sid",
    [FIELD_GENERATION] = "generation",
    [FIELD_SECRET] = "secret",
    [FIELD_NEXT] = "next",
    [FIELD_FROM] = "from",
    [FIELD_TO] = "to",
    [FIELD_LABEL] = "label",
    [FIELD_SESSION_ID] = "session_id",
    [FIELD_SESSIONS] = "sessions",
    [FIELD_EXPIRES_IN] = "expires_in",
    [FIELD_EXPIRES_IN_MS] = "expires_in_ms",
    [FIELD_EXPIRES_AT] = "expires_at",
    [FIELD_ISSUED_AT] = "issued_at",
    [FIELD_REFRESH_EXPIRES_AT] = "refresh_expires_at",
    [FIELD_NOW_MS] = "now_ms",
    [FIELD_NOW_ISO] = "now_iso",
    [FIELD_DATE] = "date",
    [FIELD_CLIENT_ID] = "client_id",
    [FIELD_CLIENT_SECRET] = "client_secret",
    [FIELD_SCOPE] = "scope",
    [FIELD_API_KEY] = "api_key",
    [FIELD_ISSUER] = "issuer",
    [FIELD_AUDIENCE] = "audience",
    [FIELD_TODO_ID] = "todo_id",
    [FIELD_TITLE] = "title",
    [FIELD_DONE] = "done",
    [FIELD_TODOS] = "todos",
    [FIELD_TITLES] = "titles",
    [FIELD_SEARCH] = "search",
    [FIELD_AFTER] = "after",
    [FIELD_DISABLED] = "disabled",
    [FIELD_USERS] = "users",
    [FIELD_METHOD] = "method",
    [FIELD_PATH] = "path",
    [FIELD_CONTENT_TYPE] = "content_type",
    [FIELD_ALLOW] = "allow",
    [FIELD_ORIGIN] = "origin",
    [FIELD_ASKED_HEADERS] = "asked_headers",
    [FIELD_RETRY_AFTER] = "retry_after",
    [FIELD_DETAIL] = "detail",
    [FIELD_MESSAGE] = "message",
    [FIELD_PORT] = "port",
};

/* enum field_type; all others are FIELD_TYPE_TEXT. */
static const uint8_t types[FIELD_COUNT] = {
    [FIELD_ID] = FIELD_TYPE_INT,
    [FIELD_ROLES] = FIELD_TYPE_WORDS,
    [FIELD_ASKED_ROLES] = FIELD_TYPE_WORDS,
    [FIELD_VERIFIED] = FIELD_TYPE_BOOL,
    [FIELD_GENERATION] = FIELD_TYPE_INT,
    [FIELD_SESSIONS] = FIELD_TYPE_JSON,
    [FIELD_EXPIRES_IN] = FIELD_TYPE_INT,
    [FIELD_EXPIRES_IN_MS] = FIELD_TYPE_INT,
    [FIELD_EXPIRES_AT] = FIELD_TYPE_INT,
    [FIELD_ISSUED_AT] = FIELD_TYPE_INT,
    [FIELD_REFRESH_EXPIRES_AT] = FIELD_TYPE_INT,
    [FIELD_NOW_MS] = FIELD_TYPE_INT,
    [FIELD_DATE] = FIELD_TYPE_INT,
    [FIELD_TODO_ID] = FIELD_TYPE_INT,
    [FIELD_DONE] = FIELD_TYPE_BOOL,
    [FIELD_TODOS] = FIELD_TYPE_JSON,
    [FIELD_TITLES] = FIELD_TYPE_JSON,
    [FIELD_TO] = FIELD_TYPE_INT,
    [FIELD_AFTER] = FIELD_TYPE_INT,
    [FIELD_DISABLED] = FIELD_TYPE_BOOL,
    [FIELD_USERS] = FIELD_TYPE_JSON,
    [FIELD_RETRY_AFTER] = FIELD_TYPE_INT,
    [FIELD_PORT] = FIELD_TYPE_INT,
};

_Static_assert(FIELD_COUNT <= 64, "one bit a field in struct fields");

static uint64_t bit(enum field field)
{
    return (uint64_t)1 << field;
}

const char *field_name(enum field field)
{
    return names[field];
}

enum field_type field_type(enum field field)
{
    return (enum field_type)types[field];
}

enum field field_find(struct span name)
{
    for (unsigned i = 1; i < FIELD_COUNT; i++)
        if (span_is(name, names[i]))
            return (enum field)i;
    return FIELD_NONE;
}

void fields_init(struct fields *fields, void *buffer, size_t size)
{
    fields->given = 0;
    fields->null = 0;
    fields->buffer = buffer;
    fields->size = size;
    fields->used = 0;
    fields->overflow = false;
}

void fields_wipe(struct fields *fields)
{
    bytes_wipe(fields->buffer, fields->used);
    bytes_wipe(fields->value, sizeof fields->value);
    fields_init(fields, fields->buffer, fields->size);
}

void fields_set_text(struct fields *fields, enum field field, struct span text)
{
    fields->value[field].text = text;
    fields->given |= bit(field);
}

void fields_set_int(struct fields *fields, enum field field, int64_t number)
{
    fields->value[field].number = number;
    fields->given |= bit(field);
}

void fields_set_bool(struct fields *fields, enum field field, bool value)
{
    fields_set_int(fields, field, value);
}

void fields_set_null(struct fields *fields, enum field field)
{
    fields->given &= ~bit(field);
    fields->null |= bit(field);
}

void fields_unset(struct fields *fields, enum field field)
{
    fields->given &= ~bit(field);
    fields->null &= ~bit(field);
}

bool fields_copy_text(struct fields *fields, enum field field, struct span text)
{
    char *copy = fields->buffer + fields->used;

    if (text.length > fields->size - fields->used) {
        fields->overflow = true;
        return false;
    }
    if (text.length > 0)
        __builtin_memcpy(copy, text.text, text.length);
    fields->used += text.length;
    fields_set_text(fields, field, (struct span){copy, text.length});
    return true;
}

bool fields_has(const struct fields *fields, enum field field)
{
    return (fields->given & bit(field)) != 0;
}

bool fields_null(const struct fields *fields, enum field field)
{
    return (fields->null & bit(field)) != 0;
}

struct span fields_text(const struct fields *fields, enum field field)
{
    if (!fields_has(fields, field))
        return (struct span){NULL, 0};
    return fields->value[field].text;
}

int64_t fields_int(const struct fields *fields, enum field field,
                   int64_t otherwise)
{
    return fields_has(fields, field) ? fields->value[field].number : otherwise;
}
