/*
 * The closed lists of messages and cases: their names in the files, what a case
 * falls back to, and what it means for a client.
 */
#include "core/dialect.h"

static const char *const message_names[MESSAGE_COUNT] = {
    [MESSAGE_NONE] = "none",
    [MESSAGE_PREFLIGHT] = "preflight",
    [MESSAGE_WELCOME] = "welcome",
    [MESSAGE_SIGN_UP] = "sign_up",
    [MESSAGE_SIGN_IN] = "sign_in",
    [MESSAGE_SIGN_IN_COOKIE] = "sign_in_cookie",
    [MESSAGE_REFRESH] = "refresh",
    [MESSAGE_REFRESH_COOKIE] = "refresh_cookie",
    [MESSAGE_SIGN_OUT] = "sign_out",
    [MESSAGE_SIGN_OUT_COOKIE] = "sign_out_cookie",
    [MESSAGE_VERIFY] = "verify",
    [MESSAGE_ME] = "me",
    [MESSAGE_ME_CHANGE] = "me_change",
    [MESSAGE_ME_DELETE] = "me_delete",
    [MESSAGE_EMAIL_VERIFY] = "email_verify",
    [MESSAGE_EMAIL_CONFIRM] = "email_confirm",
    [MESSAGE_RESET] = "reset",
    [MESSAGE_RESET_CONFIRM] = "reset_confirm",
    [MESSAGE_BOARD_ALL] = "board_all",
    [MESSAGE_BOARD_USER] = "board_user",
    [MESSAGE_BOARD_MOD] = "board_mod",
    [MESSAGE_BOARD_ADMIN] = "board_admin",
    [MESSAGE_TODO_LIST] = "todo_list",
    [MESSAGE_TODO_ADD] = "todo_add",
    [MESSAGE_TODO_CHANGE] = "todo_change",
    [MESSAGE_TODO_REMOVE] = "todo_remove",
    [MESSAGE_SESSION_LIST] = "session_list",
    [MESSAGE_SESSION_END] = "session_end",
    [MESSAGE_SESSION_END_OTHERS] = "session_end_others",
    [MESSAGE_SESSION_END_ALL] = "session_end_all",
    [MESSAGE_INTROSPECT] = "introspect",
    [MESSAGE_REVOKE] = "revoke",
    [MESSAGE_USER_LIST] = "user_list",
    [MESSAGE_USER_CHANGE] = "user_change",
    [MESSAGE_USER_END] = "user_end",
    [MESSAGE_PAGE] = "page",
};

/* Apart from their rows, for only who reads or shows a file links them. */
static const char *const kind_names[CASE_COUNT] = {
    [CASE_OK] = "ok",
    [CASE_ALREADY] = "already",
    [CASE_INVALID] = "invalid",
    [CASE_MISSING] = "missing",
    [CASE_NULL] = "null",
    [CASE_BLANK] = "blank",
    [CASE_WRONG_TYPE] = "wrong_type",
    [CASE_TAKEN] = "taken",
    [CASE_TOO_SHORT] = "too_short",
    [CASE_TOO_LONG] = "too_long",
    [CASE_TOO_COMMON] = "too_common",
    [CASE_ALL_DIGITS] = "all_digits",
    [CASE_TOO_LIKE] = "too_like",
    [CASE_UNKNOWN_ROLE] = "unknown_role",
    [CASE_BAD_PASSWORD] = "bad_password",
    [CASE_UNKNOWN_USER] = "unknown_user",
    [CASE_DISABLED] = "disabled",
    [CASE_HIDDEN] = "hidden",
    [CASE_DELETED] = "deleted",
    [CASE_SIGN_IN_AGAIN] = "sign_in_again",
    [CASE_UNKNOWN] = "unknown",
    [CASE_UNREADABLE] = "unreadable",
    [CASE_WRONG_KIND] = "wrong_kind",
    [CASE_EXPIRED] = "expired",
    [CASE_REVOKED] = "revoked",
    [CASE_SPENT] = "spent",
    [CASE_REUSE] = "reuse",
    [CASE_ADVANCE] = "advance",
    [CASE_STALE] = "stale",
    [CASE_BEHIND] = "behind",
    [CASE_OTHER_SESSION] = "other_session",
    [CASE_RESEED] = "reseed",
    [CASE_NO_TOKEN] = "no_token",
    [CASE_BAD_HEADER] = "bad_header",
    [CASE_BAD_TOKEN] = "bad_token",
    [CASE_EXPIRED_TOKEN] = "expired_token",
    [CASE_WRONG_TOKEN] = "wrong_token",
    [CASE_WRONG_ROLE] = "wrong_role",
    [CASE_BAD_REQUEST] = "bad_request",
    [CASE_BAD_JSON] = "bad_json",
    [CASE_WRONG_CONTENT_TYPE] = "wrong_content_type",
    [CASE_INSECURE] = "insecure",
    [CASE_BAD_ORIGIN] = "bad_origin",
    [CASE_BAD_CLIENT] = "bad_client",
    [CASE_UNAUTHORIZED_CLIENT] = "unauthorized_client",
    [CASE_UNSUPPORTED] = "unsupported",
    [CASE_BAD_SCOPE] = "bad_scope",
    [CASE_UNKNOWN_PATH] = "unknown_path",
    [CASE_NOT_FOUND] = "not_found",
    [CASE_METHOD_NOT_ALLOWED] = "method_not_allowed",
    [CASE_TOO_LARGE] = "too_large",
    [CASE_LENGTH_REQUIRED] = "length_required",
    [CASE_THROTTLED] = "throttled",
    [CASE_TRY_AGAIN] = "try_again",
    [CASE_UNAVAILABLE] = "unavailable",
    [CASE_INTERNAL] = "internal",
};

/* Only kinds that end in `.FIELD` in a file are about a field. Bytes: a browser
   loads them. */
struct kind_row {
    uint8_t next;    /* enum reply_kind */
    uint8_t verdict; /* enum verdict */
    bool about_field;
};

static const struct kind_row kinds[CASE_COUNT] = {
    [CASE_OK] = {CASE_INTERNAL,     VERDICT_GRANTED,  false},
    [CASE_ALREADY] = {CASE_OK,           VERDICT_GRANTED,  false},
    [CASE_INVALID] = {CASE_BAD_REQUEST,  VERDICT_DENIED,   true },
    [CASE_MISSING] = {CASE_INVALID,      VERDICT_DENIED,   true },
    [CASE_NULL] = {CASE_MISSING,      VERDICT_DENIED,   true },
    [CASE_BLANK] = {CASE_MISSING,      VERDICT_DENIED,   true },
    [CASE_WRONG_TYPE] = {CASE_INVALID,      VERDICT_DENIED,   true },
    [CASE_TAKEN] = {CASE_INVALID,      VERDICT_DENIED,   true },
    [CASE_TOO_SHORT] = {CASE_INVALID,      VERDICT_DENIED,   true },
    [CASE_TOO_LONG] = {CASE_INVALID,      VERDICT_DENIED,   true },
    [CASE_TOO_COMMON] = {CASE_INVALID,      VERDICT_DENIED,   true },
    [CASE_ALL_DIGITS] = {CASE_TOO_COMMON,   VERDICT_DENIED,   true },
    [CASE_TOO_LIKE] = {CASE_TOO_COMMON,   VERDICT_DENIED,   true },
    [CASE_UNKNOWN_ROLE] = {CASE_INVALID,      VERDICT_DENIED,   true },
    [CASE_BAD_PASSWORD] = {CASE_UNKNOWN,      VERDICT_DENIED,   false},
    [CASE_UNKNOWN_USER] = {CASE_BAD_PASSWORD, VERDICT_DENIED,   false},
    [CASE_DISABLED] = {CASE_BAD_PASSWORD, VERDICT_REFUSED,  false},
    [CASE_HIDDEN] = {CASE_DISABLED,     VERDICT_REFUSED,  false},
    [CASE_DELETED] = {CASE_DISABLED,     VERDICT_REFUSED,  false},
    [CASE_SIGN_IN_AGAIN] = {CASE_BAD_REQUEST,  VERDICT_DENIED,   false},
    [CASE_UNKNOWN] = {CASE_BAD_TOKEN,    VERDICT_REFUSED,  false},
    [CASE_UNREADABLE] = {CASE_UNKNOWN,      VERDICT_REFUSED,  false},
    [CASE_WRONG_KIND] = {CASE_UNREADABLE,   VERDICT_REFUSED,  false},
    [CASE_EXPIRED] = {CASE_UNKNOWN,      VERDICT_REFUSED,  false},
    [CASE_REVOKED] = {CASE_UNKNOWN,      VERDICT_REFUSED,  false},
    [CASE_SPENT] = {CASE_UNKNOWN,      VERDICT_REFUSED,  false},
    [CASE_REUSE] = {CASE_REVOKED,      VERDICT_REFUSED,  false},
    [CASE_ADVANCE] = {CASE_BAD_REQUEST,  VERDICT_PROTOCOL, false},
    [CASE_STALE] = {CASE_BAD_REQUEST,  VERDICT_PROTOCOL, false},
    [CASE_BEHIND] = {CASE_BAD_REQUEST,  VERDICT_PROTOCOL, false},
    [CASE_OTHER_SESSION] = {CASE_BAD_REQUEST,  VERDICT_PROTOCOL, false},
    [CASE_RESEED] = {CASE_BAD_REQUEST,  VERDICT_PROTOCOL, false},
    [CASE_NO_TOKEN] = {CASE_INTERNAL,     VERDICT_RENEW,    false},
    [CASE_BAD_HEADER] = {CASE_NO_TOKEN,     VERDICT_RENEW,    false},
    [CASE_BAD_TOKEN] = {CASE_NO_TOKEN,     VERDICT_RENEW,    false},
    [CASE_EXPIRED_TOKEN] = {CASE_BAD_TOKEN,    VERDICT_RENEW,    false},
    [CASE_WRONG_TOKEN] = {CASE_BAD_TOKEN,    VERDICT_RENEW,    false},
    [CASE_WRONG_ROLE] = {CASE_INTERNAL,     VERDICT_DENIED,   false},
    [CASE_BAD_REQUEST] = {CASE_INTERNAL,     VERDICT_CONFIG,   false},
    [CASE_BAD_JSON] = {CASE_BAD_REQUEST,  VERDICT_CONFIG,   false},
    [CASE_WRONG_CONTENT_TYPE] = {CASE_BAD_REQUEST,  VERDICT_CONFIG,   false},
    [CASE_INSECURE] = {CASE_BAD_REQUEST,  VERDICT_CONFIG,   false},
    [CASE_BAD_ORIGIN] = {CASE_BAD_REQUEST,  VERDICT_CONFIG,   false},
    [CASE_BAD_CLIENT] = {CASE_BAD_REQUEST,  VERDICT_CONFIG,   false},
    [CASE_UNAUTHORIZED_CLIENT] = {CASE_BAD_CLIENT,   VERDICT_CONFIG,   false},
    [CASE_UNSUPPORTED] = {CASE_BAD_REQUEST,  VERDICT_CONFIG,   false},
    [CASE_BAD_SCOPE] = {CASE_BAD_REQUEST,  VERDICT_CONFIG,   false},
    [CASE_UNKNOWN_PATH] = {CASE_INTERNAL,     VERDICT_DENIED,   false},
    [CASE_NOT_FOUND] = {CASE_UNKNOWN_PATH, VERDICT_DENIED,   false},
    [CASE_METHOD_NOT_ALLOWED] = {CASE_UNKNOWN_PATH, VERDICT_DENIED,   false},
    [CASE_TOO_LARGE] = {CASE_BAD_REQUEST,  VERDICT_DENIED,   false},
    [CASE_LENGTH_REQUIRED] = {CASE_BAD_REQUEST,  VERDICT_DENIED,   false},
    [CASE_THROTTLED] = {CASE_UNAVAILABLE,  VERDICT_LATER,    false},
    [CASE_TRY_AGAIN] = {CASE_UNAVAILABLE,  VERDICT_LATER,    false},
    [CASE_UNAVAILABLE] = {CASE_INTERNAL,     VERDICT_LATER,    false},
    [CASE_INTERNAL] = {CASE_INTERNAL,     VERDICT_LATER,    false},
};

static const char *const roles[ROLE_COUNT] = {"user", "moderator", "admin"};

const char *dialect_role(unsigned role)
{
    return roles[role];
}

const char *message_name(enum message message)
{
    return message_names[message];
}

enum message message_find(struct span name)
{
    for (unsigned i = 1; i < MESSAGE_COUNT; i++)
        if (span_is(name, message_names[i]))
            return (enum message)i;
    return MESSAGE_NONE;
}

const char *reply_kind_name(enum reply_kind kind)
{
    return kind_names[kind];
}

enum reply_kind reply_kind_next(enum reply_kind kind)
{
    return (enum reply_kind)kinds[kind].next;
}

enum verdict reply_kind_verdict(enum reply_kind kind)
{
    return (enum verdict)kinds[kind].verdict;
}

bool reply_case_find(struct span name, struct reply_case *out)
{
    size_t dot = span_find(name, '.');
    enum field field = field_find(span_tail(name, dot + 1));
    bool has_field = dot < name.length;

    for (unsigned i = 0; i < CASE_COUNT; i++) {
        if (!span_is(span_head(name, dot), kind_names[i]))
            continue;
        if (has_field && (!kinds[i].about_field || field == FIELD_NONE))
            return false;
        *out = (struct reply_case){(enum reply_kind)i, field};
        return true;
    }
    return false;
}
