/*
 * Is an access token what it says, by the key that the server shows?
 */
#ifndef BENCH_TOKEN_CHECK_H
#define BENCH_TOKEN_CHECK_H

#include <stdbool.h>

enum { TOKEN_CHECK_SIZE = 2048 };

/* Copies the access token out of a reply's body; false: there is none. */
bool token_check_take(const char *body, char out[TOKEN_CHECK_SIZE]);

/* Its EdDSA signature fits the first key of `jwks`. */
bool token_check_signed(const char *token, const char *jwks);

#endif
