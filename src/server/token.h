/*
 * Access tokens: which claims stayd writes, and what it believes of them.
 *
 * Payload: the dialect's own claims in the family's order, then those of
 *
 *     iss, sub, aud, exp, iat, jti, sid, roles, dialect
 *
 * that the family has not named. A family may give `sub` or `roles` a meaning of
 * its own, so stayd itself reads neither: sid leads to the session's row, and
 * the row says who it is. `jti` is 32 hex digits: the wall clock in microseconds
 * (8 bytes, big-endian), then 8 random bytes; so it tells which of two tokens of
 * one second is the older.
 */
#ifndef SERVER_TOKEN_H
#define SERVER_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/dialect.h"
#include "server/jws.h"

enum {
    TOKEN_SID_SIZE = 16,
    TOKEN_RANDOM_SIZE = 8,
    TOKEN_DIALECT_SIZE = 32, /* with its NUL */
    TOKEN_LEEWAY_S = 5,      /* another instance's clock may be ahead by this */
};

enum token_result {
    TOKEN_OK = 0,
    TOKEN_BAD,     /* not ours: form, key, signature, issuer, audience */
    TOKEN_EXPIRED, /* ours, and past its time */
};

/* Who issues, for whom, with what: constant while the server runs. */
struct token_issuer {
    struct span issuer;
    struct span audience;
    const struct jws_key *keys; /* the first one signs, all verify */
    size_t keys_count;
};

/* What one token says. */
struct token_facts {
    uint8_t sid[TOKEN_SID_SIZE];
    int64_t user_id;
    struct span username;
    struct span email;
    struct span roles; /* words with single spaces between */
    int64_t now_us;    /* wall clock; iat is its second */
    int64_t life_s;
    uint8_t random[TOKEN_RANDOM_SIZE];
};

/* Writes a token, no NUL; its length, or 0 when it does not fit. */
size_t token_write(const struct token_issuer *issuer,
                   const struct dialect *dialect,
                   const struct token_facts *facts, char out[JWS_TEXT_MAX]);

/* What stayd believes of a token it has verified. */
struct token_claims {
    uint8_t sid[TOKEN_SID_SIZE];
    int64_t issued_us; /* from jti */
    int64_t issued_s;
    int64_t expires_s;
    char dialect[TOKEN_DIALECT_SIZE]; /* NUL-terminated */
};

/* *out is filled on TOKEN_OK and TOKEN_EXPIRED. */
enum token_result token_read(const struct token_issuer *issuer,
                             struct span text, int64_t now_s,
                             struct token_claims *out);

/*
 * Is it an access token that we have issued, however long ago? One that names a
 * key we no longer have may be: its signature cannot be checked any more, so
 * this proves nothing, and is only good beside a proof.
 */
bool token_may_be_ours(const struct token_issuer *issuer, struct span text,
                       int64_t now_s);

/*
 * The dialect that a token says it was issued under, nothing verified: good for
 * choosing the words of an answer, and for nothing else. False: none is told.
 */
bool token_peek_dialect(struct span text, char out[TOKEN_DIALECT_SIZE]);

#endif
