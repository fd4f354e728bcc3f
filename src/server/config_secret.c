#include "server/config_secret.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/config_value.h"
#include "store/store.h"

void config_secret_exposed(const char *where, char why[CONFIG_WHY_SIZE])
{
    (void)snprintf(why, CONFIG_WHY_SIZE,
                   "%s: holds a password, and others may read it there; use "
                   "--database-password-file, a passfile or service file "
                   "(libpq), or a --config file of mode 0600",
                   where);
}

/* False: no memory. */
static bool find_credential(const char *folder, struct config *out)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/" CONFIG_CREDENTIAL, folder);

    if (length >= (int)sizeof path || access(path, F_OK) != 0)
        return true;
    out->credential = strdup(path);
    out->database_password_file = out->credential;
    return out->credential != NULL;
}

bool config_secret_find(char *const environment[], struct config *out,
                        char why[CONFIG_WHY_SIZE])
{
    const char *folder =
        config_value_variable(environment, "CREDENTIALS_DIRECTORY");

    if (store_url_is_file(out->database))
        return true;
    if (config_value_variable(environment, "PGPASSWORD") != NULL) {
        config_secret_exposed("PGPASSWORD", why);
        return false;
    }
    if (folder == NULL || out->database_password_file != NULL ||
        find_credential(folder, out))
        return true;
    (void)snprintf(why, CONFIG_WHY_SIZE, "out of memory");
    return false;
}
