#include "server/sandbox.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "base/bytes.h"
#include "server/sandbox_parts.h"

/* Where PostgreSQL's library and the C library's names look. */
static const char *const name_paths[] = {
    "/etc/gai.conf",
    "/etc/group",
    "/etc/gss",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/krb5.conf",
    "/etc/krb5.conf.d",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/postgresql-common",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl",
    "/lib",
    "/lib64",
    "/run/systemd/resolve",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/share/ca-certificates",
    "/usr/share/ca-certificates",
    "/usr/share/zoneinfo",
};

/* The same in the environment, and below the home folder. */
static const char *const name_variables[] = {
    "CREDENTIALS_DIRECTORY",
    "PGSYSCONFDIR",
};
static const char *const home_paths[] = {
    ".pg_service.conf",
    ".postgresql",
};

void sandbox_allow(struct sandbox *sandbox, const char *path,
                   enum sandbox_access access)
{
    struct sandbox_path *to = &sandbox->paths[sandbox->count];

    if (path == NULL || path[0] == '\0')
        return;
    if (sandbox->count == SANDBOX_PATHS_MAX ||
        strlen(path) >= sizeof to->path) {
        sandbox->overflow = true;
        return;
    }
    (void)snprintf(to->path, sizeof to->path, "%s", path);
    to->access = access;
    sandbox->count++;
}

static void allow_parent(struct sandbox *sandbox, const char *file,
                         enum sandbox_access access)
{
    char folder[SANDBOX_PATH_SIZE];
    const char *slash = strrchr(file, '/');
    int length = slash == NULL ? 1 : (int)(slash - file);

    if (slash == file)
        length = 1;
    if (snprintf(folder, sizeof folder, "%.*s", length,
                 slash == NULL ? "." : file) >= (int)sizeof folder)
        sandbox->overflow = true;
    else
        sandbox_allow(sandbox, folder, access);
}

void sandbox_allow_folder(struct sandbox *sandbox, const char *file,
                          enum sandbox_access access)
{
    char real[PATH_MAX];

    if (file == NULL || file[0] == '\0')
        return;
    allow_parent(sandbox, file, access);
    // Through a link, what lies beside the file lies somewhere else.
    if (realpath(file, real) != NULL && strcmp(real, file) != 0)
        allow_parent(sandbox, real, access);
}

static void allow_names(struct sandbox *sandbox)
{
    const char *home = getenv("HOME");
    char path[SANDBOX_PATH_SIZE];

    sandbox->connects = true;
    for (size_t i = 0; i < COUNT(name_paths); i++)
        sandbox_allow(sandbox, name_paths[i], SANDBOX_READ);
    for (size_t i = 0; i < COUNT(name_variables); i++)
        sandbox_allow(sandbox, getenv(name_variables[i]), SANDBOX_READ);
    // It may be replaced by another of its name.
    sandbox_allow_folder(sandbox, getenv("PGSERVICEFILE"), SANDBOX_READ);
    for (size_t i = 0; home != NULL && i < COUNT(home_paths); i++)
        if (snprintf(path, sizeof path, "%s/%s", home, home_paths[i]) <
            (int)sizeof path)
            sandbox_allow(sandbox, path, SANDBOX_READ);
}

/* What follows `prefix` in `text`; NULL when it begins otherwise. */
static const char *behind(const char *text, const char *prefix)
{
    size_t length = strlen(prefix);

    return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

void sandbox_plan(struct sandbox *out, const struct config *config)
{
    const char *file = behind(config->database, "sqlite:");
    const char *socket = behind(config->listen, "unix:");
    char key_file[PATH_MAX];

    memset(out, 0, sizeof *out);
    if (file != NULL)
        sandbox_allow_folder(out, file, SANDBOX_CHANGE);
    else
        allow_names(out);
    if (socket != NULL)
        sandbox_allow_folder(out, socket, SANDBOX_REMOVE);
    // Read at each connection, and replaced when the password is.
    sandbox_allow_folder(out, config->database_password_file, SANDBOX_READ);
    config_key_path(config, key_file);
    sandbox_allow(out, key_file, SANDBOX_READ);
    // Read again upon SIGHUP, and an editor writes a new file of that name.
    sandbox_allow_folder(out, config->file, SANDBOX_READ);
}

enum sandbox_result sandbox_enter(const struct sandbox *sandbox,
                                  struct sandbox_report *out,
                                  char why[SANDBOX_WHY_SIZE])
{
    *out = (struct sandbox_report){.landlock = 0};
#ifdef STAY_NO_SANDBOX
    (void)sandbox;
    (void)why;
    return SANDBOX_OK;
#else
    enum sandbox_result result;

    if (sandbox->overflow) {
        (void)snprintf(why, SANDBOX_WHY_SIZE,
                       "sandbox: more or longer paths than it can hold");
        return SANDBOX_FAILED;
    }
    tzset(); // else the first who writes a time looks for the zone's file
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        (void)snprintf(why, SANDBOX_WHY_SIZE,
                       "sandbox: privileges cannot be given up");
        return SANDBOX_FAILED;
    }
    result = sandbox_limit_paths(sandbox, &out->landlock, why);
    if (result == SANDBOX_OK)
        result = sandbox_limit_calls(sandbox, &out->calls, why);
    return result;
#endif
}
