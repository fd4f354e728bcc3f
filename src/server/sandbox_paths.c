#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bytes.h"
#include "server/sandbox_parts.h"

/*
 * The kernel's documentation, userspace-api/landlock. Version 1 is in every
 * header that knows Landlock; what came later stands here, so that a newer
 * kernel is used to the full whatever the headers of the build were.
 */
enum {
    ACCESS_V1 = (1 << 13) - 1, /* all that version 1 can refuse on files */
    ACCESS_REFER = 1 << 13,
    ACCESS_TRUNCATE = 1 << 14,
    ACCESS_IOCTL = 1 << 15,
    NET_BIND = 1 << 0,
    NET_CONNECT = 1 << 1,
    SCOPE_ABSTRACT_SOCKETS = 1 << 0,
    SCOPE_SIGNALS = 1 << 1,

    ON_FILES = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
               LANDLOCK_ACCESS_FS_READ_FILE | ACCESS_TRUNCATE | ACCESS_IOCTL,
};

/* struct landlock_ruleset_attr of version 6; older kernels want the rest 0. */
struct ruleset {
    uint64_t files;
    uint64_t net;
    uint64_t scope;
};

/* From `version` on these can be refused too. */
struct step {
    int version;
    struct ruleset refused;
};

static const struct step steps[] = {
    {1, {ACCESS_V1, 0, 0}                             },
    {2, {ACCESS_REFER, 0, 0}                          },
    {3, {ACCESS_TRUNCATE, 0, 0}                       },
    {4, {0, NET_BIND | NET_CONNECT, 0}                },
    {5, {ACCESS_IOCTL, 0, 0}                          },
    {6, {0, 0, SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS}},
};

static const uint64_t accesses[] = {
    [SANDBOX_READ] = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
    [SANDBOX_CHANGE] =
        LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
        LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
        LANDLOCK_ACCESS_FS_REMOVE_FILE | ACCESS_TRUNCATE,
    [SANDBOX_REMOVE] = LANDLOCK_ACCESS_FS_REMOVE_FILE,
};

static enum sandbox_result say(char why[SANDBOX_WHY_SIZE], const char *what)
{
    (void)snprintf(why, SANDBOX_WHY_SIZE, "sandbox: %.160s: %s", what,
                   strerror(errno));
    return SANDBOX_FAILED;
}

/* Off in this kernel, or kept from us by a container's own filter. */
static int find_version(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
                           LANDLOCK_CREATE_RULESET_VERSION);

    return version > 0 ? (int)version : 0;
}

static struct ruleset refuse_all(int version, bool connects)
{
    struct ruleset all = {0};

    for (size_t i = 0; i < COUNT(steps); i++) {
        if (version < steps[i].version)
            continue;
        all.files |= steps[i].refused.files;
        all.net |= steps[i].refused.net;
        all.scope |= steps[i].refused.scope;
    }
    // A database may be at any port, and behind an abstract socket.
    if (connects) {
        all.net &= ~(uint64_t)NET_CONNECT;
        all.scope &= ~(uint64_t)SCOPE_ABSTRACT_SOCKETS;
    }
    return all;
}

static bool add_rule(int ruleset, const struct sandbox_path *path,
                     uint64_t refused)
{
    struct landlock_path_beneath_attr rule = {
        .allowed_access = accesses[path->access] & refused,
        .parent_fd = open(path->path, O_PATH | O_CLOEXEC)};
    struct stat is;
    bool added;

    if (rule.parent_fd < 0)
        return true; // it is not there, so there is nothing to allow
    if (fstat(rule.parent_fd, &is) == 0 && !S_ISDIR(is.st_mode))
        rule.allowed_access &= ON_FILES;
    added = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
                    &rule, 0) == 0;
    (void)close(rule.parent_fd);
    return added;
}

enum sandbox_result sandbox_limit_paths(const struct sandbox *sandbox, int *out,
                                        char why[SANDBOX_WHY_SIZE])
{
    int version = find_version();
    struct ruleset refused = refuse_all(version, sandbox->connects);
    enum sandbox_result result = SANDBOX_OK;
    int ruleset;

    *out = 0;
    if (version == 0)
        return SANDBOX_OK;
    ruleset =
        (int)syscall(SYS_landlock_create_ruleset, &refused, sizeof refused, 0);
    if (ruleset < 0)
        return say(why, "no Landlock ruleset");
    for (size_t i = 0; result == SANDBOX_OK && i < sandbox->count; i++)
        if (!add_rule(ruleset, &sandbox->paths[i], refused.files))
            result = say(why, sandbox->paths[i].path);
    if (result == SANDBOX_OK &&
        syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
        result = say(why, "no Landlock");
    (void)close(ruleset);
    if (result == SANDBOX_OK)
        *out = version;
    return result;
}
