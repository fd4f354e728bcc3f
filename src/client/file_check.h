/*
 * Is a file, or a folder, its owner's alone? And where sessions rest by name.
 */
#ifndef CLIENT_FILE_CHECK_H
#define CLIENT_FILE_CHECK_H

#include <stdbool.h>
#include <sys/stat.h>

/* On false, `error` (STAY_ERROR_SIZE bytes) says what to do about it. */

/* An open regular file of this user, closed to everybody else. */
bool file_check_private(int file, const char *path, struct stat *status,
                        char *error);

/* A folder in which nobody else can put another file in a file's place. */
bool file_check_folder(const char *path, char *error);

#endif
