/*
 * The file that seals the keys in the database: one line, mode 0600.
 *
 *     stay-key-1 <base64url of 32 random bytes>
 *
 * Without it the database's keys are of no use, so a stolen backup of the
 * database signs nothing. Every instance has the same file.
 */
#ifndef SERVER_KEY_FILE_H
#define SERVER_KEY_FILE_H

#include <stddef.h>
#include <stdint.h>

enum {
    KEY_FILE_SIZE = 32, /* bytes of the sealing key */
    KEY_WHY_SIZE = 512, /* one line of text about what is wrong, with its NUL */
};

enum key_file_result {
    KEY_FILE_OK = 0,
    KEY_FILE_NONE, /* no such file */
    KEY_FILE_BAD,  /* cannot be read or made, or is not what it must be */
};

/* Refuses what others than its owner may read. `why` is set unless OK. */
enum key_file_result key_file_read(const char *path, uint8_t out[KEY_FILE_SIZE],
                                   char why[KEY_WHY_SIZE]);

/*
 * Makes the file, durably, if there is none; of two processes one wins and both
 * read the same. Then as key_file_read.
 */
enum key_file_result key_file_make(const char *path, uint8_t out[KEY_FILE_SIZE],
                                   char why[KEY_WHY_SIZE]);

#endif
