/*
 * A dialect: how one family of back ends words its messages. Data, read from
 * JSON once and compiled into memory of the caller; both ends use it, the server
 * to write replies and read requests, the client the other way round.
 *
 * A dialect that is loaded is never changed: threads may share it.
 */
#ifndef CORE_DIALECT_H
#define CORE_DIALECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/json.h"
#include "core/field.h"
#include "core/header.h"

/* Room that every dialect of ours fits in, with its own text left out. */
enum { DIALECT_MEMORY = 192 * 1024, DIALECT_NAME_MAX = 31 };

enum message {
    MESSAGE_NONE = 0,  /* no message of its own: only what may answer any */
    MESSAGE_PREFLIGHT, /* CORS; any path */
    MESSAGE_WELCOME,   /* its path stands at the mount, not under the prefix */
    MESSAGE_SIGN_UP,
    MESSAGE_SIGN_IN,
    MESSAGE_SIGN_IN_COOKIE, /* the secret comes as a cookie, none in the body */
    MESSAGE_REFRESH,
    MESSAGE_REFRESH_COOKIE,
    MESSAGE_SIGN_OUT,
    MESSAGE_SIGN_OUT_COOKIE,
    MESSAGE_VERIFY,
    MESSAGE_ME,
    MESSAGE_ME_CHANGE,
    MESSAGE_ME_DELETE,
    MESSAGE_EMAIL_VERIFY,  /* mail me a code */
    MESSAGE_EMAIL_CONFIRM, /* here it is */
    MESSAGE_RESET,         /* mail a code for a new password */
    MESSAGE_RESET_CONFIRM, /* here it is, and the password */
    MESSAGE_BOARD_ALL,
    MESSAGE_BOARD_USER,
    MESSAGE_BOARD_MOD,
    MESSAGE_BOARD_ADMIN,
    MESSAGE_TODO_LIST,
    MESSAGE_TODO_ADD,
    MESSAGE_TODO_CHANGE,
    MESSAGE_TODO_REMOVE,
    MESSAGE_SESSION_LIST,
    MESSAGE_SESSION_END,
    MESSAGE_SESSION_END_OTHERS,
    MESSAGE_SESSION_END_ALL,
    MESSAGE_INTROSPECT,
    MESSAGE_REVOKE,
    MESSAGE_USER_LIST, /* all accounts, for administrators */
    MESSAGE_USER_CHANGE,
    MESSAGE_USER_END, /* all sessions of one */
    MESSAGE_PAGE,     /* one more page of the family's own, the same for all */
    MESSAGE_COUNT
};

/*
 * What a reply says. A family that has no words for a case says the next more
 * general one; the chain is in dialect_words.c and ends at CASE_INTERNAL.
 * Those marked FIELD come with the field they are about.
 */
enum reply_kind {
    CASE_OK = 0,
    CASE_ALREADY, /* done before: nothing left to sign out of */

    CASE_INVALID,    /* FIELD or none: not acceptable, whatever the reason */
    CASE_MISSING,    /* FIELD */
    CASE_NULL,       /* FIELD */
    CASE_BLANK,      /* FIELD */
    CASE_WRONG_TYPE, /* FIELD: a number where a text must be ... */
    CASE_TAKEN,      /* FIELD */
    CASE_TOO_SHORT,  /* FIELD */
    CASE_TOO_LONG,   /* FIELD */
    CASE_TOO_COMMON, /* FIELD */
    CASE_ALL_DIGITS, /* FIELD */
    CASE_TOO_LIKE,   /* FIELD: a password like the user name */
    CASE_UNKNOWN_ROLE,

    CASE_BAD_PASSWORD,
    CASE_UNKNOWN_USER,
    CASE_DISABLED,
    CASE_HIDDEN, /* disabled, said as if the password were wrong */
    CASE_DELETED,
    CASE_SIGN_IN_AGAIN,

    CASE_UNKNOWN, /* refresh token: no session of that name */
    CASE_UNREADABLE,
    CASE_WRONG_KIND, /* an access token for a refresh token or the reverse */
    CASE_EXPIRED,
    CASE_REVOKED,
    CASE_SPENT, /* used before, by a client that may just be slow */
    CASE_REUSE, /* two holders */

    CASE_ADVANCE,
    CASE_STALE,
    CASE_BEHIND,
    CASE_OTHER_SESSION,
    CASE_RESEED, /* cookie mode: begin a line from what the answer tells */

    CASE_NO_TOKEN, /* access token */
    CASE_BAD_HEADER,
    CASE_BAD_TOKEN,
    CASE_EXPIRED_TOKEN,
    CASE_WRONG_TOKEN, /* a refresh token shown as an access token */
    CASE_WRONG_ROLE,

    CASE_BAD_REQUEST,
    CASE_BAD_JSON,
    CASE_WRONG_CONTENT_TYPE,
    CASE_INSECURE,   /* cookie mode over plain http */
    CASE_BAD_ORIGIN, /* cookie mode from a page that is not on the list */
    CASE_BAD_CLIENT,
    CASE_UNAUTHORIZED_CLIENT,
    CASE_UNSUPPORTED,
    CASE_BAD_SCOPE,

    CASE_UNKNOWN_PATH,
    CASE_NOT_FOUND, /* a todo, a session */
    CASE_METHOD_NOT_ALLOWED,
    CASE_TOO_LARGE,
    CASE_LENGTH_REQUIRED,
    CASE_THROTTLED,
    CASE_TRY_AGAIN, /* soft refusal of offered rotation: 503, Retry-After: 1 */
    CASE_UNAVAILABLE,
    CASE_INTERNAL,
    CASE_COUNT
};

struct reply_case {
    enum reply_kind kind;
    enum field field; /* FIELD_NONE where the kind has none */
};

/* What a case means for the one who asked. */
enum verdict {
    VERDICT_NONE = 0, /* outside the dialect's words */
    VERDICT_GRANTED,
    VERDICT_REFUSED,  /* final: the refresh token, or the account, is dead */
    VERDICT_PROTOCOL, /* advance, stale, behind, other_session */
    VERDICT_CONFIG,   /* we ask wrongly: asking again helps nobody */
    VERDICT_RENEW,    /* the access token was not taken: refresh */
    VERDICT_DENIED,   /* this request only: wrong role, wrong password ... */
    VERDICT_LATER,    /* ask again later */
};

/* What a message needs before it is answered. */
enum need {
    NEED_NOTHING = 0,
    NEED_TOKEN, /* any signed-in user, whatever the roles */
    NEED_USER,
    NEED_MODERATOR,
    NEED_ADMIN,
};

enum rotation_kind {
    DIALECT_ROTATION_NONE = 0, /* client only: the back end's own business */
    DIALECT_ROTATION_OFFERED,
    DIALECT_ROTATION_COMMITTED,
};

enum encoding {
    ENCODING_NONE = 0, /* no body */
    ENCODING_JSON = 1 << 0,
    ENCODING_FORM = 1 << 1,
    ENCODING_QUERY = 1 << 2, /* as form, in the URL's query */
};

/* Where an access token stands: a header, behind `prefix` and one blank. */
struct access_place {
    struct span header; /* "Authorization" */
    struct span prefix; /* "Bearer"; empty: the bare token */
    bool exact;         /* the prefix compares with case */
};

/* Where a received value stands. */
enum place_kind {
    PLACE_POINTER, /* RFC 6901, into the JSON body */
    PLACE_HEADER,
    PLACE_COOKIE,
};
struct place {
    enum place_kind kind;
    enum field field;
    struct span name;
};

enum { ROLE_COUNT = 3 }; /* 0 user, 1 moderator, 2 admin */

struct role_word {
    struct span word; /* theirs */
    uint8_t role;
};

/* Words by role; of one role the first is written, all are read. */
struct role_words {
    const struct role_word *list;
    size_t count;
    bool unknown_is_user; /* otherwise an unknown word is CASE_UNKNOWN_ROLE */
};

/* Names of the session cookie; empty where the family has no cookie mode. */
struct cookie_names {
    struct span secure;      /* on https */
    struct span loopback;    /* before the port, on plain http to loopback */
    struct span mode_header; /* must come with every request of this mode */
    struct span mode_value;
};

struct body;          /* compiled templates: core/template.h */
struct header_rule;   /* likewise */
struct message_rules; /* likewise */

struct header_rules {
    const struct header_rule *list;
    size_t count;
};

enum { DIALECT_ACCESS_MAX = 4 };

/* Spans point into the JSON text or the memory given to dialect_load. */
struct dialect {
    struct span name;   /* "stay" */
    struct span title;  /* for people */
    struct span prefix; /* "/api", or empty */
    int mount;          /* 1 is mounted first; 0: client only */
    bool client_default;
    enum rotation_kind rotation;
    bool repeat_safe; /* the same refresh may be sent twice */
    bool merge;       /* several FIELD cases go into one body */
    enum json_style style;
    struct span json_type; /* Content-Type of a JSON body */
    struct span text_type; /* of any other, unless the reply says */
    unsigned encoding;     /* of a client's bodies: one enum encoding */
    unsigned accepts;      /* bits of enum encoding, what the server reads */
    struct access_place send;
    struct access_place reads[DIALECT_ACCESS_MAX]; /* the server's side */
    size_t reads_count;
    struct role_words roles;
    struct role_words asked_roles;
    struct cookie_names cookie;
    struct span algorithm; /* of the family's own access tokens */
    const struct body *claims;
    const struct place *receive;
    size_t receive_count;
    struct header_rules headers;                        /* on every reply */
    struct header_rules headers_401;                    /* on every 401 */
    const struct message_rules *message[MESSAGE_COUNT]; /* NULL: has it not */
    uint64_t requests; /* bit 1 << message: those that come as requests */
    uint64_t marked;   /* of these, those that a literal tells from others */
};

enum dialect_result {
    DIALECT_OK = 0,
    DIALECT_BAD,  /* the file is wrong; the error says where and how */
    DIALECT_FULL, /* `memory` is too small */
};

/* One line: "mine.json:12: /messages/refresh: ...; use one of ...". */
struct dialect_error {
    size_t line; /* from 1; 0: not about a line */
    char pointer[128];
    char text[512]; /* the whole line, with file, line and pointer; NUL ends */
};

/*
 * Reads and checks a dialect. `file` is named in errors only. `text` and
 * `memory` (any alignment; DIALECT_MEMORY is enough for a text of 48 KiB) are
 * borrowed for as long as *out is used. On failure *out is zeroed and *error
 * filled; it may be NULL.
 */
enum dialect_result dialect_load(struct dialect *out, struct span file,
                                 struct span text, struct span memory,
                                 struct dialect_error *error);

/* The dialects in the program, made from dialects/ when it was built. */
struct dialect_source {
    const char *name; /* "stay" */
    const char *text;
    size_t length;
};
extern const struct dialect_source dialect_sources[];
extern const size_t dialect_sources_count;

/* NULL when there is none of that name. */
const struct dialect_source *dialect_find(struct span name);
/* The one that a client speaks when nobody says; never NULL. */
const struct dialect_source *dialect_find_default(void);

const char *dialect_role(unsigned role); /* our word: "user" */
const char *message_name(enum message message);
enum message message_find(struct span name); /* MESSAGE_NONE: unknown */
const char *reply_kind_name(enum reply_kind kind);
/* "missing.username" or "ok"; false when it is no case. */
bool reply_case_find(struct span name, struct reply_case *out);
/* The more general case, CASE_INTERNAL at last. */
enum reply_kind reply_kind_next(enum reply_kind kind);
enum verdict reply_kind_verdict(enum reply_kind kind);

bool dialect_has(const struct dialect *dialect, enum message message);
/* The family itself lacks this message. */
bool dialect_is_ours(const struct dialect *dialect, enum message message);
enum need dialect_need(const struct dialect *dialect, enum message message);
/* The request's body has a member for this field. */
bool dialect_takes(const struct dialect *dialect, enum message message,
                   enum field field);

/*
 * The access token's claims in the family's order, as members of the object
 * that is open in `w`. `dialect_claims` tells whether a name is among them.
 */
void dialect_put_claims(const struct dialect *dialect,
                        const struct fields *fields, struct json_writer *w);
bool dialect_claims(const struct dialect *dialect, struct span name);

#endif
