/*
 * An issuer of a test's own, which publishes keys and signs whatever a row wants
 * signed.
 */
#ifndef TEST_CLIENT_ISSUER_H
#define TEST_CLIENT_ISSUER_H

#include <stay.h>

#include "client/fake_server.h"
#include "crypto/signature.h"

enum { ISSUER_KEYS = 4, ISSUER_TEXT_MAX = 24 * 1024, ISSUER_CLAIMS_MAX = 2048 };

/* Its keys by name "k0" to "k3": EdDSA, ES256, RS256, EdDSA again. */
struct issuer {
    struct fake_server *server;
    struct signature_key *key[ISSUER_KEYS];
    bool published[ISSUER_KEYS]; /* all but the last at first */
    int status;                  /* of the keys' path */
    const char *cache;           /* a header line, or "" */
    const char *instead;         /* sent in place of the keys; or NULL */
    struct stay_verifier *verifier;
};

void issuer_open(struct issuer *issuer);
void issuer_close(struct issuer *issuer);

/* One more verifier of issuer "I" and audience "A". */
struct stay_verifier *issuer_verifier(const struct issuer *issuer,
                                      const char *type);

#define ISSUER_HEADER(alg, kid)                                                \
    "{\"alg\":\"" alg "\",\"typ\":\"at+jwt\",\"kid\":\"" kid "\"}"

/* NOW stands for the time, and +N or -N behind it for so many seconds. */
void issuer_claims(const char *text, char out[ISSUER_CLAIMS_MAX]);
extern const char issuer_good[];

/* Signed by that key, whatever the header says. */
void issuer_sign(const struct issuer *issuer, int key, const char *header,
                 const char *payload, char out[ISSUER_TEXT_MAX]);

/* What its verifier says to a good token of that key. */
enum stay_verdict issuer_ask(struct issuer *issuer, int key);

#endif
