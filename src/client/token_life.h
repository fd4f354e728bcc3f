/*
 * How long an access token lives, where the server says so only inside of it.
 */
#ifndef CLIENT_TOKEN_LIFE_H
#define CLIENT_TOKEN_LIFE_H

#include <stdint.h>

#include "base/bytes.h"

/*
 * `exp - iat` of a JWT (RFC 7519, section 4.1), or without `iat` what is left of
 * it at now_s, the server's own time; 0 when the token does not tell. Nothing is
 * verified: this is the client, and the token is its own.
 */
int64_t token_life_ms(struct span token, int64_t now_s);

#endif
