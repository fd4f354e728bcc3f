/*
 * The tokens that an answer hands out.
 */
#ifndef SERVER_MINT_H
#define SERVER_MINT_H

#include "server/call.h"

/*
 * Lives until the answer: the call's fields point into it. Need not be zero at
 * first; mint_wipe when it has lived, where its memory is not wiped anyway.
 */
struct mint {
    char access[JWS_TEXT_MAX];
    size_t access_length; /* mint_access's, also when that fails */
    char refresh[OFFERED_TEXT_LENGTH];
};

void mint_wipe(struct mint *mint);

struct mint_who {
    const uint8_t *sid; /* STORE_SID_SIZE bytes */
    int64_t user_id;
    struct span roles;
    const struct store_user *user; /* where mount->user_in_claims; or NULL */
};

/*
 * Writes a new access token and all that is known of its life into the fields.
 * False: it could not be made; nothing is answered yet.
 */
bool mint_access(struct call *call, struct mint *mint,
                 const struct mint_who *who);

/* Writes an offered refresh token: a child of `parent`, whose number is n. */
void mint_refresh(struct call *call, struct mint *mint,
                  const uint8_t sid[STORE_SID_SIZE],
                  const uint8_t parent[STORE_LINK_SIZE], int64_t n);

/*
 * The same for a token that was shown and granted: itself again where it is a
 * child of `parent` already (offered_answer).
 */
void mint_refresh_after(struct call *call, struct mint *mint,
                        const struct offered_token *shown,
                        const uint8_t parent[STORE_LINK_SIZE], int64_t n);

#endif
