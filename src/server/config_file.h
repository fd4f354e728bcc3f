/*
 * The file of --config: one `name = value` on a line, as an INI file without
 * sections.
 *
 *     # comment, also with ; and also behind a value with " ;"
 *     listen = 127.0.0.1:8080
 *     origin = https://app.example.org
 *
 * Inside the reading of options only; server/config.h is for the others.
 */
#ifndef SERVER_CONFIG_FILE_H
#define SERVER_CONFIG_FILE_H

#include "server/config.h"

enum { CONFIG_WHERE_SIZE = 320 };

struct config_line {
    size_t number; /* from 1 */
    const char *name;
    const char *value; /* lives as long as config_file.kept */
};

struct config_file {
    const char *path; /* set by the caller */
    char *kept; /* out: the values; the caller frees it, also on failure */
    size_t kept_size;
    bool is_private; /* out: ours or root's, and nobody else may read it */
};

/*
 * Gives each line to `take`, which says in its `why` what is wrong. False where
 * a line was wrong, or when there is no such file; `why` then has a line for each
 * of the first CONFIG_MISTAKES_MAX mistakes, with the file and the line's number.
 */
bool config_file_read(struct config_file *file,
                      bool (*take)(void *context,
                                   const struct config_line *line,
                                   char why[CONFIG_WHY_SIZE]),
                      void *context, char why[CONFIG_WHY_SIZE]);

#endif
