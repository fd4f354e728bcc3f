/*
 * What a request presents: secrets and tokens, decoded.
 */
#ifndef SERVER_PRESENT_H
#define SERVER_PRESENT_H

#include "server/call.h"

enum { PRESENT_SECRET_SIZE = 32 }; /* R, and each S_i */

/* The field is base64url of exactly `size` bytes. */
bool present_bytes(const struct call *call, enum field field, void *out,
                   size_t size);

/* The sid is the first half of the session secret's hash; false: there is no
   such secret, or it is malformed. */
bool present_sid(const struct call *call, uint8_t sid[STORE_SID_SIZE]);

/* An offered refresh token whose mac is ours, and which the one who asks may
   show. */
bool present_token(const struct call *call, struct span text,
                   struct offered_token *out);
/* Its sid alone. */
bool present_offered(const struct call *call, struct span text,
                     uint8_t sid[STORE_SID_SIZE]);

#endif
