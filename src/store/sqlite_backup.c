/*
 * A copy of the database while others use it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/sqlite_store.h"

enum { PATH_SHOWN = 300, PART_SIZE = PATH_MAX + 8 };

static enum store_result refuse(struct store_why *why, const char *path,
                                const char *reason, enum store_result result)
{
    (void)snprintf(why->text, sizeof why->text, "backup %.*s: %.180s",
                   PATH_SHOWN, path, reason);
    return result;
}

static bool is_there(const char *path)
{
    struct stat is;

    return lstat(path, &is) == 0;
}

/*
 * `part`, what is written before it is whole, beside `path`: half a copy never
 * bears the name of a whole one, also after kill -9. A file of its owner's
 * alone; never one that is there.
 */
static enum store_result make_part(const char *path, char part[PART_SIZE],
                                   struct store_why *why)
{
    int length = snprintf(part, PART_SIZE, "%s.part", path);
    int fd;

    if (length >= PATH_MAX)
        return refuse(why, path, strerror(ENAMETOOLONG), STORE_DENIED);
    if (is_there(path))
        return refuse(why, path, "is there already: name a new file",
                      STORE_DENIED);
    fd = open(part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0) {
        (void)close(fd); // nothing was written
        return STORE_OK;
    }
    if (errno == EEXIST)
        return refuse(why, part,
                      "another backup writes it, or was ended: remove it then",
                      STORE_DENIED);
    if (errno == ENOENT)
        return refuse(why, path, "its folder does not exist", STORE_DENIED);
    return refuse(why, path, strerror(errno), STORE_DENIED);
}

/* In one step: one reader's view of the log, so of one moment; writers go on. */
static int copy(sqlite3 *from, sqlite3 *to)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    int code = SQLITE_DONE;

    if (backup == NULL)
        return sqlite3_errcode(to);
    while (code == SQLITE_DONE || code == SQLITE_OK) {
        code = sqlite3_backup_step(backup, -1);
        if (code == SQLITE_DONE)
            break;
    }
    (void)sqlite3_backup_finish(backup); // tells again what step has told
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* The file's name too must outlive a loss of power. */
static bool sync_folder(const char *path)
{
    char folder[4096] = ".";
    const char *slash = strrchr(path, '/');
    int fd;
    int code;

    if (slash != NULL)
        (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - path) + 1,
                       path);
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    code = fsync(fd);
    (void)close(fd);
    return code == 0;
}

/* Not over a file that came meanwhile. */
static bool give_name(const char *part, const char *path)
{
    if (renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
        return true;
    // Some file systems cannot do that.
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    if (is_there(path)) {
        errno = EEXIST;
        return false;
    }
    return rename(part, path) == 0;
}

enum store_result sqlite_backup(struct store *store, const char *path,
                                struct store_why *why)
{
    struct sqlite_store *s = (struct sqlite_store *)(void *)store;
    char part[PART_SIZE];
    enum store_result result = make_part(path, part, why);
    sqlite3 *to = NULL;
    int code;

    if (result != STORE_OK)
        return result;
    code = sqlite3_open_v2(part, &to,
                           SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW |
                               SQLITE_OPEN_EXRESCODE,
                           NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(to, "PRAGMA synchronous = FULL", NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = copy(s->db, to);
    if (code != SQLITE_OK)
        result = refuse(why, path, sqlite3_errmsg(to), sqlite_result(to, code));
    (void)sqlite3_close(to); // NULL is allowed; no statement is left
    if (result == STORE_OK && (!give_name(part, path) || !sync_folder(path)))
        result = refuse(why, path, strerror(errno), STORE_FAILED);
    if (result != STORE_OK)
        (void)unlink(part); // half a copy is none
    return result;
}
