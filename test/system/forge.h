/*
 * Access tokens that stayd never made, signed with its own keys or with others:
 * what a row changes is wrong with them, and nothing else is.
 *
 * In a row's text these words stand for: ISS the issuer and audience, SID the
 * session, JTI a good one, KID and ALG of the key in use, OTHER and JWK the name
 * and the public key of an attacker's own, URL where he listens, NOW the time
 * (NOW+5, NOW-5: in seconds), DEEPn an array within an array, n of them.
 */
#ifndef TEST_FORGE_H
#define TEST_FORGE_H

#include <stdbool.h>
#include <stddef.h>

#include "server/key.h"
#include "stayd.h"

enum { FORGE_TEXT_MAX = 32 * 1024, FORGE_SECRET_MAX = 8 * 1024 };

struct forge {
    struct key_ring *ring;   /* stayd's, read from its database */
    struct jws_key attacker; /* one of his own, of the same algorithm */
    char attacker_key[2048]; /* its public half, as JSON */
    char issuer[64];
    char sid[32];
    char url[64]; /* where the attacker listens */
    int listener;
};

/* `sid`, of a living session, as tokens have it. */
bool forge_open(struct forge *forge, const struct stayd *stayd,
                enum jws_algorithm algorithm, const char *sid);
void forge_close(struct forge *forge);

/* Has anybody come to where the attacker listens? */
bool forge_visited(const struct forge *forge);

enum forge_signer {
    FORGE_OWN,      /* stayd's key: only what is said is wrong */
    FORGE_ATTACKER, /* another key of the same algorithm */
    FORGE_NOBODY,   /* there is no signature */
    FORGE_ZEROS,    /* one of zeros */
    FORGE_MAC,      /* HMAC-SHA256 with the row's secret */
};

/* One change; all NULL: none. */
struct forge_row {
    const char *name;
    const char *header_drop; /* a member of the header that is left out */
    const char *header_add;  /* members for it, with a comma before or not */
    const char *claims_drop; /* the same of the claims */
    const char *claims_add;
    enum forge_signer signer;
    size_t
        header_size; /* bytes of their JSON, filled up with one more member; */
    size_t claims_size; /* 0: as they are */
};

/* `secret` is FORGE_MAC's. NUL-terminated. */
void forge_write(const struct forge *forge, const struct forge_row *row,
                 struct span secret, char out[FORGE_TEXT_MAX]);

/* The public key in the forms that are lying about, one after the other: false
   when there are no more. */
bool forge_public(const struct forge *forge, size_t form, const char **name,
                  char out[FORGE_SECRET_MAX], size_t *length);

#endif
