#include "client/file_check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <stay.h>

#include "client/vault.h"

enum { NAME_LENGTH_MAX = 64, OTHERS = 077, OTHERS_WRITE = 022 };

__attribute__((format(printf, 2, 3))) static bool
refuse(char *error, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    (void)vsnprintf(error, STAY_ERROR_SIZE, format, list); // for people: cut
    va_end(list);
    return false;
}

bool file_check_private(int file, const char *path, struct stat *status,
                        char *error)
{
    if (fstat(file, status) != 0)
        return refuse(error, "%s: %s", path, strerror(errno));
    if (!S_ISREG(status->st_mode))
        return refuse(error, "%s: is not a file", path);
    if (status->st_uid != geteuid())
        return refuse(error, "%s: belongs to another user", path);
    if ((status->st_mode & OTHERS) != 0)
        return refuse(error, "%s: open to other users; run: chmod 600 '%s'",
                      path, path);
    return true;
}

bool file_check_folder(const char *path, char *error)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return refuse(error, "%s: %s", path, strerror(errno));
    if (!S_ISDIR(status.st_mode))
        return refuse(error, "%s: is not a folder", path);
    if (status.st_uid != geteuid() && status.st_uid != 0)
        return refuse(error, "%s: belongs to another user", path);
    // With the sticky bit nobody can rename or remove another's file.
    if ((status.st_mode & OTHERS_WRITE) != 0 && (status.st_mode & S_ISVTX) == 0)
        return refuse(error, "%s: writable by other users; run: chmod 700 '%s'",
                      path, path);
    return true;
}

static bool is_name(const char *text)
{
    size_t length = strlen(text);

    return length >= 1 && length <= NAME_LENGTH_MAX && text[0] != '.' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz"
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == length;
}

/* $XDG_STATE_HOME, or ~/.local/state (XDG Base Directory Specification). */
static bool state_folder(char *out, char *error)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    int length;

    // A relative path is to be ignored, says the specification.
    if (state != NULL && state[0] == '/')
        length = snprintf(out, STAY_URL_SIZE, "%s/stay", state);
    else if (home != NULL && home[0] == '/')
        length = snprintf(out, STAY_URL_SIZE, "%s/.local/state/stay", home);
    else
        return refuse(error, "neither XDG_STATE_HOME nor HOME is set");
    if (length < 0 || length >= STAY_URL_SIZE - NAME_LENGTH_MAX - 16)
        return refuse(error, "the path of the state folder is too long");
    return true;
}

/* As mkdir -p, with 0700; what is there already is left as it is. */
static bool make_folders(char *path, char *error)
{
    for (char *at = path + 1;; at++) {
        char kept = *at;

        if (kept != '/' && kept != '\0')
            continue;
        *at = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return refuse(error, "%s: %s", path, strerror(errno));
        *at = kept;
        if (kept == '\0')
            return true;
    }
}

enum stay_result vault_file_path(const char *session, char out[STAY_URL_SIZE],
                                 char *error)
{
    size_t length;

    if (!is_name(session)) {
        (void)refuse(error, "a session's name has letters, digits, '.', '_' "
                            "and '-' only, at most 64");
        return STAY_BAD_CONFIG;
    }
    if (!state_folder(out, error) || !make_folders(out, error))
        return STAY_BAD_VAULT;
    length = strlen(out);
    (void)snprintf(out + length, STAY_URL_SIZE - length, "/%s.json", session);
    return STAY_OK;
}
