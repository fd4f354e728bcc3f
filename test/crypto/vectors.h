/*
 * Third-party vectors of JSON Web Keys and tokens, read and judged by the parts
 * that stayd and stay_verify judge by.
 */
#ifndef TEST_CRYPTO_VECTORS_H
#define TEST_CRYPTO_VECTORS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "crypto/jwk.h"

/* A file of STAY_VECTORS, for vectors_close if true. */
struct vectors {
    char *text;
    struct json_token *tokens;
    struct json json;
};

/* False: the vectors are absent. A file that is there must be read. */
bool vectors_open(struct vectors *v, const char *path);
void vectors_close(struct vectors *v);

/* The member's text without its escapes, NUL-terminated; false: none, or long. */
bool vectors_text(const struct vectors *v, size_t object, const char *member,
                  char *out, size_t size);
size_t vectors_member(const struct vectors *v, size_t object,
                      const char *member);

/*
 * The key or the keys at `index`, as a set is read; which algorithms it may have
 * is told by the first one's kind. False: the set is refused as a whole.
 */
bool vectors_keys(const struct vectors *v, size_t index, struct jwk_set *out);

/*
 * One key by itself, as if published alone; of a private one, its public half.
 * False: it is none of ours.
 */
bool vectors_key(const struct vectors *v, size_t index, struct jwk_set *out);

/*
 * The private or shared key at `index`, for signing, for signature_close; NULL:
 * it is none of ours, or only public.
 */
struct signature_key *vectors_secret(const struct vectors *v, size_t index);

enum vectors_verdict {
    VECTORS_ACCEPTED,
    VECTORS_FORM, /* three exact parts it has not, or a header we do not read */
    VECTORS_KEY,  /* no key of that name and algorithm */
    VECTORS_FORGED,
    VECTORS_VERDICTS,
};

/* *payload is for free() on VECTORS_ACCEPTED, else NULL. */
enum vectors_verdict vectors_judge(const struct jwk_set *set, struct span token,
                                   char **payload, size_t *length);

#endif
