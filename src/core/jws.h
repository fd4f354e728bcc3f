/*
 * Compact JWS (RFC 7515, section 7.1) and the claims of a JWT (RFC 7519), all but
 * the signature: that is for whoever has a key (crypto/signature.h).
 *
 *     jws_split, jws_read_header, find the key, check the signature under the
 *     key's own algorithm, decode the payload, jws_judge_claims
 *
 * Strict where strictness costs no honest token: base64url is exact, so that one
 * token has one spelling; no member of header or claims may stand twice; what
 * must be understood (`crit`) is not; what a header brings along to be believed
 * (jwk, jku, x5u, x5c) is never looked at.
 */
#ifndef CORE_JWS_H
#define CORE_JWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum {
    JWS_HEADER_MAX = 1024,  /* of the header's JSON */
    JWS_KID_MAX = 128,      /* of a key's name */
    JWS_TYPE_MAX = 64,      /* of `typ` */
    JWS_NAME_MAX = 256,     /* of a member's name */
    JWS_HEADER_TOKENS = 64, /* of its JSON */
};

struct json; /* base/json.h */

/* A key has one; what a token says is only compared with it. */
enum jws_algorithm {
    JWS_NO_ALGORITHM = 0, /* none, or one that we do not know */
    JWS_EDDSA,            /* Ed25519 and no other curve (RFC 8037) */
    JWS_ES256,
    JWS_RS256,
    JWS_HS256,
    JWS_ALGORITHM_COUNT,
};

/* As the standard spells it, exactly; empty for JWS_NO_ALGORITHM. */
struct span jws_algorithm_name(enum jws_algorithm algorithm);
enum jws_algorithm jws_algorithm_of(struct span name);

struct jws_parts {
    struct span header;    /* these three still encoded */
    struct span payload;   /* may be empty */
    struct span signature; /* never empty */
    struct span signed_text;
};

/* False unless there are exactly two dots, with a header and a signature. */
bool jws_split(struct span token, struct jws_parts *out);

struct jws_header {
    enum jws_algorithm algorithm;
    bool has_kid;
    char kid[JWS_KID_MAX];
    size_t kid_length;
    char type[JWS_TYPE_MAX];
    size_t type_length; /* 0: there is no `typ` */
};

/* False when malformed, too long, or with something that must be understood. */
bool jws_read_header(struct span encoded, struct jws_header *out);

/* Is there an object at `index`, no member of which stands twice? */
bool jws_is_plain_object(const struct json *json, size_t index);

struct jws_expected {
    struct span issuer;
    struct span audience; /* `aud` is this, or a list with this in it */
    int64_t now_s;
    int64_t early_s; /* another clock may be ahead by this: iat, nbf */
    int64_t late_s;  /* and behind by this: exp */
};

enum jws_claims {
    JWS_CLAIMS_OK = 0,
    JWS_CLAIMS_MALFORMED, /* no object, a member twice, no exp, a wrong type */
    JWS_CLAIMS_ISSUER,
    JWS_CLAIMS_AUDIENCE,
    JWS_CLAIMS_NOT_YET, /* nbf, or iat, in the future */
    JWS_CLAIMS_EXPIRED, /* all else is right */
};

/* `exp` must be there; `iat` and `nbf` may be missing. Whole seconds. */
enum jws_claims jws_judge_claims(const struct json *claims,
                                 const struct jws_expected *expected);

/*
 * How long a token with these claims lives: `exp - iat`, or without `iat` what is
 * left of it at now_s, the issuer's own time; 0 when they do not tell. Nothing is
 * verified: a client asks, and the token is its own.
 */
int64_t jws_life_ms(const struct json *claims, int64_t now_s);

#endif
