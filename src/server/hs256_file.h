/*
 * --hs256-secret-file: a secret that stayd shares with whoever verifies its
 * tokens by HS256. Who guesses it makes tokens at will, with one token to try
 * guesses on and nobody to slow him down.
 */
#ifndef SERVER_HS256_FILE_H
#define SERVER_HS256_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "server/key_row.h"

enum {
    /* What a guesser must at least be kept busy with, as two different measures
       see it. RFC 7518, section 3.2 asks for 256 bits, which 32 bytes have only
       where they were drawn by chance; text is given some way. */
    HS256_BITS_MIN = 96,
    HS256_GUESSED_MAX = 96, /* bytes of it that libzxcvbn looks at */
};

/*
 * The file's bytes without one new line at their end. False: it cannot be read,
 * others can read it too, or the secret is weak; `why` says which, and never
 * what stands in it. May take half a second. Blocks.
 */
bool hs256_file_read(const char *path, struct key_secret *out,
                     char why[KEY_WHY_SIZE]);

/* What makes the secret weak, as "is ..."; NULL: nothing that we see. */
const char *hs256_weakness(struct span secret);

extern const uint32_t hs256_known[];
extern const size_t hs256_known_count;

#endif
