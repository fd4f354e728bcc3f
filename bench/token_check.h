/*
 * Is an access token what it says, by the key that the server shows?
 */
#ifndef BENCH_TOKEN_CHECK_H
#define BENCH_TOKEN_CHECK_H

#include <stdbool.h>

enum { TOKEN_CHECK_SIZE = 2048 };

/* Copies the text of this member out of a JSON body; false: there is none. */
bool token_check_text(const char *body, const char *member,
                      char out[TOKEN_CHECK_SIZE]);

/* Its EdDSA signature fits the first key of `jwks`. */
bool token_check_signed(const char *token, const char *jwks);

#endif
