/*
 * Hashes of passwords that other programs made, for users who were imported:
 * checked at sign-in, and then replaced by one of ours.
 *
 *     $2a$..., $2b$..., $2y$...             bcrypt, by libcrypt
 *     pbkdf2_sha256$ROUNDS$SALT$HASH        PBKDF2, by libcrypto
 *     $argon2id$v=19$m=M,t=T,p=P$...        of other costs than ours, by
 *                                           libsodium
 */
#ifndef SERVER_FOREIGN_H
#define SERVER_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

enum {
    FOREIGN_KIND_SIZE = 40,
    FOREIGN_KINDS_MAX = 8,
    FOREIGN_BCRYPT_MIN = 4,       /* the cost's logarithm; 4 is crypt's least */
    FOREIGN_BCRYPT_MAX = 14,      /* about a second */
    FOREIGN_ROUNDS_MAX = 5000000, /* of PBKDF2: likewise */
    FOREIGN_MEMORY_MAX = 131072,  /* of argon2id, in KiB, for each thread */
    FOREIGN_PASSES_MAX = 10,
    FOREIGN_LANES_MAX = 16,
    FOREIGN_HASH_SIZE = 128, /* the longest hash, its NUL included */
};

/* What a hash is and costs: all before its salt, such as "$2b$12$". */
struct foreign_kind {
    char text[FOREIGN_KIND_SIZE];
};

struct foreign_kinds {
    struct foreign_kind list[FOREIGN_KINDS_MAX];
    size_t count;
};

/* Is it one of those above, whole, and within the limits? One of ours is, too:
   the caller asks first. */
bool foreign_read(const char *hash, struct foreign_kind *out);

enum foreign_result {
    FOREIGN_RIGHT = 0,
    FOREIGN_WRONG,
    FOREIGN_FAILED, /* out of memory */
};

/* For threads of the password pool: takes its time. */
enum foreign_result foreign_check(const char *hash, struct span password);

/* Costs as much as foreign_check of such a hash, and tells nothing. */
void foreign_spend(const struct foreign_kind *kind, struct span password);

/*
 * The kinds that users of this database have or had, one a line, for the
 * setting FOREIGN_SETTING. False where there is no more room.
 */
#define FOREIGN_SETTING "foreign_hashes"
bool foreign_add(struct foreign_kinds *kinds, const struct foreign_kind *kind);
size_t foreign_write(const struct foreign_kinds *kinds, char *out, size_t size);
void foreign_parse(struct span text, struct foreign_kinds *out);

#endif
