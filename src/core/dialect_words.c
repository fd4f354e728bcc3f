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

/* Only kinds that end in `.FIELD` in a file are about a field. */
struct kind_row {
    const char *name;
    bool about_field;
    enum reply_kind next;
    enum verdict verdict;
};

static const struct kind_row kinds[CASE_COUNT] = {
    [CASE_OK] = {"ok",                  false, CASE_INTERNAL,     VERDICT_GRANTED },
    [CASE_ALREADY] = {"already",             false, CASE_OK,           VERDICT_GRANTED },
    [CASE_INVALID] = {"invalid",             true,  CASE_BAD_REQUEST,  VERDICT_DENIED  },
    [CASE_MISSING] = {"missing",             true,  CASE_INVALID,      VERDICT_DENIED  },
    [CASE_NULL] = {"null",                true,  CASE_MISSING,      VERDICT_DENIED  },
    [CASE_BLANK] = {"blank",               true,  CASE_MISSING,      VERDICT_DENIED  },
    [CASE_WRONG_TYPE] = {"wrong_type",          true,  CASE_INVALID,      VERDICT_DENIED  },
    [CASE_TAKEN] = {"taken",               true,  CASE_INVALID,      VERDICT_DENIED  },
    [CASE_TOO_SHORT] = {"too_short",           true,  CASE_INVALID,      VERDICT_DENIED  },
    [CASE_TOO_LONG] = {"too_long",            true,  CASE_INVALID,      VERDICT_DENIED  },
    [CASE_TOO_COMMON] = {"too_common",          true,  CASE_INVALID,      VERDICT_DENIED  },
    [CASE_ALL_DIGITS] = {"all_digits",          true,  CASE_TOO_COMMON,   VERDICT_DENIED  },
    [CASE_TOO_LIKE] = {"too_like",            true,  CASE_TOO_COMMON,   VERDICT_DENIED  },
    [CASE_UNKNOWN_ROLE] = {"unknown_role",        true,  CASE_INVALID,      VERDICT_DENIED  },
    [CASE_BAD_PASSWORD] = {"bad_password",        false, CASE_UNKNOWN,      VERDICT_DENIED  },
    [CASE_UNKNOWN_USER] = {"unknown_user",        false, CASE_BAD_PASSWORD,
                 VERDICT_DENIED                                                   },
    [CASE_DISABLED] = {"disabled",            false, CASE_BAD_PASSWORD, VERDICT_REFUSED },
    [CASE_HIDDEN] = {"hidden",              false, CASE_DISABLED,     VERDICT_REFUSED },
    [CASE_DELETED] = {"deleted",             false, CASE_DISABLED,     VERDICT_REFUSED },
    [CASE_SIGN_IN_AGAIN] = {"sign_in_again",       false, CASE_BAD_REQUEST,
                 VERDICT_DENIED                                                   },
    [CASE_UNKNOWN] = {"unknown",             false, CASE_BAD_TOKEN,    VERDICT_REFUSED },
    [CASE_UNREADABLE] = {"unreadable",          false, CASE_UNKNOWN,      VERDICT_REFUSED },
    [CASE_WRONG_KIND] = {"wrong_kind",          false, CASE_UNREADABLE,   VERDICT_REFUSED },
    [CASE_EXPIRED] = {"expired",             false, CASE_UNKNOWN,      VERDICT_REFUSED },
    [CASE_REVOKED] = {"revoked",             false, CASE_UNKNOWN,      VERDICT_REFUSED },
    [CASE_SPENT] = {"spent",               false, CASE_UNKNOWN,      VERDICT_REFUSED },
    [CASE_REUSE] = {"reuse",               false, CASE_REVOKED,      VERDICT_REFUSED },
    [CASE_ADVANCE] = {"advance",             false, CASE_BAD_REQUEST,  VERDICT_PROTOCOL},
    [CASE_STALE] = {"stale",               false, CASE_BAD_REQUEST,  VERDICT_PROTOCOL},
    [CASE_BEHIND] = {"behind",              false, CASE_BAD_REQUEST,  VERDICT_PROTOCOL},
    [CASE_OTHER_SESSION] = {"other_session",       false, CASE_BAD_REQUEST,
                 VERDICT_PROTOCOL                                                 },
    [CASE_RESEED] = {"reseed",              false, CASE_BAD_REQUEST,  VERDICT_PROTOCOL},
    [CASE_NO_TOKEN] = {"no_token",            false, CASE_INTERNAL,     VERDICT_RENEW   },
    [CASE_BAD_HEADER] = {"bad_header",          false, CASE_NO_TOKEN,     VERDICT_RENEW   },
    [CASE_BAD_TOKEN] = {"bad_token",           false, CASE_NO_TOKEN,     VERDICT_RENEW   },
    [CASE_EXPIRED_TOKEN] = {"expired_token",       false, CASE_BAD_TOKEN,
                 VERDICT_RENEW                                                    },
    [CASE_WRONG_TOKEN] = {"wrong_token",         false, CASE_BAD_TOKEN,    VERDICT_RENEW   },
    [CASE_WRONG_ROLE] = {"wrong_role",          false, CASE_INTERNAL,     VERDICT_DENIED  },
    [CASE_BAD_REQUEST] = {"bad_request",         false, CASE_INTERNAL,     VERDICT_CONFIG  },
    [CASE_BAD_JSON] = {"bad_json",            false, CASE_BAD_REQUEST,  VERDICT_CONFIG  },
    [CASE_WRONG_CONTENT_TYPE] = {"wrong_content_type",  false, CASE_BAD_REQUEST,
                 VERDICT_CONFIG                                                   },
    [CASE_INSECURE] = {"insecure",            false, CASE_BAD_REQUEST,  VERDICT_CONFIG  },
    [CASE_BAD_ORIGIN] = {"bad_origin",          false, CASE_BAD_REQUEST,  VERDICT_CONFIG  },
    [CASE_BAD_CLIENT] = {"bad_client",          false, CASE_BAD_REQUEST,  VERDICT_CONFIG  },
    [CASE_UNAUTHORIZED_CLIENT] = {"unauthorized_client", false, CASE_BAD_CLIENT,
                 VERDICT_CONFIG                                                   },
    [CASE_UNSUPPORTED] = {"unsupported",         false, CASE_BAD_REQUEST,
                 VERDICT_CONFIG                                                   },
    [CASE_BAD_SCOPE] = {"bad_scope",           false, CASE_BAD_REQUEST,  VERDICT_CONFIG  },
    [CASE_UNKNOWN_PATH] = {"unknown_path",        false, CASE_INTERNAL,
                 VERDICT_DENIED                                                   },
    [CASE_NOT_FOUND] = {"not_found",           false, CASE_UNKNOWN_PATH, VERDICT_DENIED  },
    [CASE_METHOD_NOT_ALLOWED] = {"method_not_allowed",  false, CASE_UNKNOWN_PATH,
                 VERDICT_DENIED                                                   },
    [CASE_TOO_LARGE] = {"too_large",           false, CASE_BAD_REQUEST,  VERDICT_DENIED  },
    [CASE_LENGTH_REQUIRED] = {"length_required",     false, CASE_BAD_REQUEST,
                 VERDICT_DENIED                                                   },
    [CASE_THROTTLED] = {"throttled",           false, CASE_UNAVAILABLE,  VERDICT_LATER   },
    [CASE_TRY_AGAIN] = {"try_again",           false, CASE_UNAVAILABLE,  VERDICT_LATER   },
    [CASE_UNAVAILABLE] = {"unavailable",         false, CASE_INTERNAL,     VERDICT_LATER   },
    [CASE_INTERNAL] = {"internal",            false, CASE_INTERNAL,     VERDICT_LATER   },
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
    return kinds[kind].name;
}

enum reply_kind reply_kind_next(enum reply_kind kind)
{
    return kinds[kind].next;
}

enum verdict reply_kind_verdict(enum reply_kind kind)
{
    return kinds[kind].verdict;
}

bool reply_case_find(struct span name, struct reply_case *out)
{
    size_t dot = span_find(name, '.');
    enum field field = field_find(span_tail(name, dot + 1));
    bool has_field = dot < name.length;

    for (unsigned i = 0; i < CASE_COUNT; i++) {
        if (!span_is(span_head(name, dot), kinds[i].name))
            continue;
        if (has_field && (!kinds[i].about_field || field == FIELD_NONE))
            return false;
        *out = (struct reply_case){(enum reply_kind)i, field};
        return true;
    }
    return false;
}
