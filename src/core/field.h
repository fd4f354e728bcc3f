/*
 * The values that travel in messages, under our names, whatever a family calls
 * them on the wire. The names in field.c are the blanks of the templates.
 */
#ifndef CORE_FIELD_H
#define CORE_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum field_type {
    FIELD_TYPE_TEXT,
    FIELD_TYPE_INT,
    FIELD_TYPE_BOOL,
    FIELD_TYPE_WORDS, /* roles: words with single spaces between, in the order
                         user, moderator, admin; a list of strings on the wire */
    FIELD_TYPE_JSON,  /* one JSON value as it is */
};

enum field {
    FIELD_NONE = 0,

    FIELD_ID, /* the user's, above 0 */
    FIELD_USERNAME,
    FIELD_EMAIL,
    FIELD_PASSWORD,
    FIELD_PASSWORD_AGAIN,
    FIELD_CURRENT_PASSWORD,
    FIELD_NEW_PASSWORD,
    FIELD_ROLES,       /* those the user has */
    FIELD_ASKED_ROLES, /* those wished for at sign-up */
    FIELD_ROLE,        /* one word, as the other side wrote it */

    FIELD_ACCESS,  /* access token; at most 16 KiB */
    FIELD_REFRESH, /* refresh token */
    FIELD_TOKEN,   /* a token that is asked about: verify, introspect, revoke */
    FIELD_TOKEN_HINT, /* what kind of token it is said to be */
    FIELD_TOKEN_ID,   /* jti */
    FIELD_TOKEN_TYPE, /* "Bearer": an access token */
    FIELD_CODE,       /* mailed once, good once */
    FIELD_VERIFIED,   /* mail to the user's address arrives there */

    FIELD_SESSION, /* committed rotation, base64url: the session secret R */
    FIELD_SID,     /* base64url of 16 bytes */
    FIELD_GENERATION,
    FIELD_SECRET, /* base64url of 32 bytes */
    FIELD_NEXT,   /* base64url of 32 bytes */
    FIELD_FROM,   /* likewise: the newest commitment, where a line begins */
    FIELD_TO,     /* a line's first generation */
    FIELD_LABEL,
    FIELD_SESSION_ID, /* one of the session list */
    FIELD_SESSIONS,   /* JSON list */

    FIELD_EXPIRES_IN,    /* seconds */
    FIELD_EXPIRES_IN_MS, /* milliseconds */
    FIELD_EXPIRES_AT,    /* seconds since 1970 */
    FIELD_ISSUED_AT,     /* seconds since 1970 */
    FIELD_REFRESH_EXPIRES_AT,
    FIELD_NOW_MS,  /* wall clock; what now_iso is written from */
    FIELD_NOW_ISO, /* 2021-04-11T17:33:24.193+00:00 */
    FIELD_DATE,    /* the server's Date header, seconds since 1970 */

    FIELD_CLIENT_ID,
    FIELD_CLIENT_SECRET,
    FIELD_SCOPE,
    FIELD_API_KEY,
    FIELD_ISSUER,
    FIELD_AUDIENCE,

    FIELD_TODO_ID,
    FIELD_TITLE,
    FIELD_DONE,
    FIELD_TODOS,  /* JSON list of {id,title,done} */
    FIELD_TITLES, /* JSON list of strings */

    FIELD_SEARCH,   /* part of a name or an address */
    FIELD_AFTER,    /* the id that a list goes on behind */
    FIELD_DISABLED, /* of an account */
    FIELD_USERS,    /* JSON list */

    FIELD_METHOD,
    FIELD_PATH,          /* as asked for, from the mount on */
    FIELD_CONTENT_TYPE,  /* the request's */
    FIELD_ALLOW,         /* methods; the message's own `allow` goes first */
    FIELD_ORIGIN,        /* an allowed one; not given: no CORS lines */
    FIELD_ASKED_HEADERS, /* Access-Control-Request-Headers */
    FIELD_RETRY_AFTER,   /* seconds */
    FIELD_DETAIL,        /* what exactly is wrong, for people */
    FIELD_MESSAGE,       /* a reply's text for people */
    FIELD_PORT,

    FIELD_COUNT
};

/* The blank's name ("expires_in"); never NULL. */
const char *field_name(enum field field);
enum field_type field_type(enum field field);
/* FIELD_NONE when there is none of that name. */
enum field field_find(struct span name);

struct field_value {
    struct span text; /* TEXT, WORDS, JSON */
    int64_t number;   /* INT; BOOL: 0 or 1 */
};

/*
 * Values by field. What is set is borrowed; what a match takes out of a message
 * is copied into `buffer`, so it lives as long as that and not as the message.
 * Only values whose bit in `given` is set mean anything.
 */
struct fields {
    uint64_t given; /* bit 1 << field */
    uint64_t null;  /* the other side wrote null there; then not given */
    char *buffer;
    size_t size;
    size_t used;
    bool overflow; /* something did not fit the buffer and was left out */
    struct field_value value[FIELD_COUNT];
};

/* `buffer` may be NULL with size 0 where nothing is matched. */
void fields_init(struct fields *fields, void *buffer, size_t size);
/* Overwrites the buffer's used part and all values. */
void fields_wipe(struct fields *fields);

void fields_set_text(struct fields *fields, enum field field, struct span text);
void fields_set_int(struct fields *fields, enum field field, int64_t number);
void fields_set_bool(struct fields *fields, enum field field, bool value);
void fields_set_null(struct fields *fields, enum field field); /* writes null */
void fields_unset(struct fields *fields, enum field field);

/* As fields_set_text of a copy in the buffer; false when it does not fit. */
bool fields_copy_text(struct fields *fields, enum field field,
                      struct span text);

bool fields_has(const struct fields *fields, enum field field);
bool fields_null(const struct fields *fields, enum field field);
/* Empty when not given. */
struct span fields_text(const struct fields *fields, enum field field);
int64_t fields_int(const struct fields *fields, enum field field,
                   int64_t otherwise);

#endif
