/*
 * Access tokens as others verify them: by the keys that a server publishes, and
 * by code that is not ours (jansson, libsodium). EdDSA only.
 */
#ifndef TEST_JWKS_H
#define TEST_JWKS_H

#include <stdbool.h>

/* Is `token` signed by a key of 127.0.0.1:port's /.well-known/jwks.json? Says
   why not. */
bool jwks_verify(int port, const char *token);

/* The body of that page; free it with free. NULL: it did not answer 200. */
char *jwks_read(int port);

#endif
