/*
 * The offered refresh token as text.
 *
 *     stay_o1. + base64url(key id 1, sid 16, n 8, self 16, parent 16, mac 16)
 *
 * n is big-endian. mac is the first 16 bytes of HMAC-SHA256, under the server's
 * key of that id, over all the bytes before it; the caller computes it.
 */
#ifndef CORE_OFFERED_H
#define CORE_OFFERED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base64url.h"
#include "base/bytes.h"

#define OFFERED_PREFIX "stay_o1."

enum {
    OFFERED_ID_SIZE = 16, /* sid, self and parent alike */
    OFFERED_MAC_SIZE = 16,
    OFFERED_SIGNED_SIZE = 1 + OFFERED_ID_SIZE + 8 + 2 * OFFERED_ID_SIZE,
    OFFERED_SIZE = OFFERED_SIGNED_SIZE + OFFERED_MAC_SIZE,
    OFFERED_TEXT_LENGTH =
        sizeof OFFERED_PREFIX - 1 + BASE64URL_LENGTH(OFFERED_SIZE), /* no NUL */
};

struct offered_token {
    uint8_t key_id;
    uint8_t sid[OFFERED_ID_SIZE];
    int64_t n; /* from 1: 0 is the root, which is never handed out */
    uint8_t self[OFFERED_ID_SIZE];
    uint8_t parent[OFFERED_ID_SIZE];
    uint8_t mac[OFFERED_MAC_SIZE];
};

/* False on anything but exactly one token: other prefix, length or alphabet,
   n beyond INT64_MAX or 0. `*out` is then unchanged. The mac is not checked. */
bool offered_parse(struct span text, struct offered_token *out);

/* Writes OFFERED_TEXT_LENGTH characters and no NUL. */
void offered_format(const struct offered_token *token,
                    char out[OFFERED_TEXT_LENGTH]);

/* The bytes that the mac is computed over. */
void offered_signed_bytes(const struct offered_token *token,
                          uint8_t out[OFFERED_SIGNED_SIZE]);

/* A child of `parent`, whose number is parent_n; its mac is zeros and the
   caller's to set. `self` is random. */
struct offered_token offered_child(uint8_t key_id,
                                   const uint8_t sid[OFFERED_ID_SIZE],
                                   const uint8_t parent[OFFERED_ID_SIZE],
                                   int64_t parent_n,
                                   const uint8_t self[OFFERED_ID_SIZE]);

/*
 * What a granted token is answered with, `parent` being the row's current one
 * now: a new child of it; or, where `shown` is a child of it already (the window
 * holds the row still), `shown` itself. Were that answered with a sibling, the
 * same request could arrive once more when the window is over, move the row,
 * and so make the client's new token the dead one. The mac is the caller's to
 * set, under key_id.
 */
struct offered_token offered_answer(const struct offered_token *shown,
                                    uint8_t key_id,
                                    const uint8_t parent[OFFERED_ID_SIZE],
                                    int64_t parent_n,
                                    const uint8_t self[OFFERED_ID_SIZE]);

#endif
