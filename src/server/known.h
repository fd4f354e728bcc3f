/*
 * Access tokens that were good a moment ago: one that is shown again is not
 * verified again, which costs more than all the rest of a request.
 *
 * A token is known by what it says, byte for byte, and by its signature's hash
 * under a key of this process: SipHash of 128 bits, which nobody foretells who
 * has not the key, and which is told to nobody. The signature itself, without
 * which the rest is good for nothing, is not kept.
 * Of what follows from it only what cannot change is kept: form, signature, issuer, audience and what
 * the claims say. Its time is judged each time it is shown, and whether its
 * session lives is asked of the database as ever.
 *
 * One for each loop, for its thread only.
 */
#ifndef SERVER_KNOWN_H
#define SERVER_KNOWN_H

#include "server/token.h"

enum {
    KNOWN_MAX = 2048,     /* tokens; one more takes the place of another */
    KNOWN_NAME_SIZE = 16, /* of the hash, and of its key */
    KNOWN_TEXT_MAX = 640, /* up to the signature; usual is 400, and what is
                             longer is verified each time */
};

struct known_token {
    uint8_t name[KNOWN_NAME_SIZE];
    uint32_t length; /* of what is signed; 0: nothing is here */
    struct token_claims claims;
    char signed_text[KNOWN_TEXT_MAX];
};

/* known_forget before anything else. */
struct known {
    uint8_t key[KNOWN_NAME_SIZE];
    struct known_token tokens[KNOWN_MAX];
};

/* The token that a request shows, hashed once. Its text is borrowed. */
struct known_shown {
    struct span text;
    size_t signed_length;          /* up to the last dot */
    uint8_t name[KNOWN_NAME_SIZE]; /* of what stands behind that */
};

/* All of them: another set of keys judges from now on. */
void known_forget(struct known *known);

/* Makes *shown of `text`, if it is not that already. Zero is empty. */
void known_show(const struct known *known, struct span text,
                struct known_shown *shown);

/* token_read of what is shown, and keeps it where that is TOKEN_OK. */
enum token_result known_read(struct known *known,
                             const struct token_issuer *issuer,
                             const struct known_shown *shown, int64_t now_s,
                             struct token_claims *out);

/* token_peek_dialect of what is shown. */
bool known_peek_dialect(const struct known *known,
                        const struct known_shown *shown,
                        char out[TOKEN_DIALECT_SIZE]);

#endif
