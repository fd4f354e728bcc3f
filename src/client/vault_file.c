#include "client/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/point.h"
#include "client/file_check.h"

/*
 * PATH holds the session; PATH.lock and PATH.refresh are locked and stay empty;
 * PATH.new is written under the save lock and renamed over PATH, so whoever
 * reads sees the old session or the new one, whole.
 */
enum {
    PATH_MAX_LENGTH = STAY_URL_SIZE - 16, /* room for the endings */
    SAVE_LIMIT_MS = 5000, /* to write a file; a stopped process holds longer */
    POLL_MIN_MS = 1,
    POLL_MAX_MS = 20,
};

struct file_vault {
    struct vault vault;
    char save_path[STAY_URL_SIZE];
    char refresh_path[STAY_URL_SIZE];
    char new_path[STAY_URL_SIZE];
    char folder[STAY_URL_SIZE];
    int save_lock;         /* -1: not held */
    int refresh_lock;      /* -1: not held; there is one refresh at a time */
    _Atomic uint64_t seen; /* what `mix` made of what was last read */
};

static struct file_vault *file_of(struct vault *vault)
{
    return (struct file_vault *)vault;
}

/* Tells one content of the file from the next without reading it; never 0. */
static uint64_t mix(const struct stat *status)
{
    uint64_t sum = (uint64_t)status->st_ino;

    sum = sum * 1000003 + (uint64_t)status->st_size;
    sum = sum * 1000003 + (uint64_t)status->st_ctim.tv_sec;
    return sum * 1000003 + (uint64_t)status->st_ctim.tv_nsec + 1;
}

/* Waits, at most limit_ms, and polls: flock(2) knows no time-out. */
static enum vault_result take_lock(struct vault *vault, const char *path,
                                   int64_t limit_ms, int *out)
{
    int64_t until_ms = clock_now_ms() + limit_ms;
    long pause_ms = POLL_MIN_MS;
    int file = open(
        path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

    if (file < 0)
        return vault_fail(vault, VAULT_UNWRITTEN, "%s: %s", path,
                          strerror(errno));
    while (flock(file, LOCK_EX | LOCK_NB) != 0) {
        struct timespec pause = {0, pause_ms * 1000000};

        if (errno != EWOULDBLOCK && errno != EINTR) {
            (void)close(file);
            return vault_fail(vault, VAULT_UNWRITTEN, "%s: %s", path,
                              strerror(errno));
        }
        if (clock_now_ms() >= until_ms) {
            (void)close(file);
            return vault_fail(vault, VAULT_BUSY,
                              "%s: locked by another process", path);
        }
        (void)nanosleep(&pause, NULL);
        pause_ms = pause_ms * 2 < POLL_MAX_MS ? pause_ms * 2 : POLL_MAX_MS;
    }
    *out = file;
    return VAULT_OK;
}

/* A child that was forked shares the lock: closing alone would not end it. */
static void drop_lock(int *file)
{
    (void)flock(*file, LOCK_UN);
    (void)close(*file);
    *file = -1;
}

static enum vault_result read_text(struct vault *vault, int file, char *text,
                                   size_t *length)
{
    *length = 0;
    while (*length < ENTRY_TEXT_MAX) {
        ssize_t got = read(file, text + *length, ENTRY_TEXT_MAX - *length);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return vault_fail(vault, VAULT_BAD, "%s: %s", vault->path,
                              strerror(errno));
        if (got == 0)
            return VAULT_OK;
        *length += (size_t)got;
    }
    return vault_fail(vault, VAULT_BAD, "%s: too long for a vault",
                      vault->path);
}

static enum vault_result parse(struct vault *vault, const char *text,
                               size_t length, struct entry *out)
{
    switch (entry_read(out, text, length)) {
    case ENTRY_OK:
        return VAULT_OK;
    case ENTRY_NEWER:
        return vault_fail(
            vault, VAULT_NEWER,
            "%s: written by a later version of Stay; update this one",
            vault->path);
    case ENTRY_BAD:
    case ENTRY_LARGE:
        break;
    }
    return vault_fail(
        vault, VAULT_BAD,
        "%s: damaged or not a vault; move it away to sign in anew",
        vault->path);
}

static enum vault_result read_open(struct file_vault *file, int handle,
                                   struct entry *out)
{
    struct vault *vault = &file->vault;
    enum vault_result result;
    char error[STAY_ERROR_SIZE];
    struct stat status;
    size_t length = 0;
    char *text;

    if (!file_check_private(handle, vault->path, &status, error))
        return vault_fail(vault, VAULT_BAD, "%s", error);
    text = malloc(ENTRY_TEXT_MAX);
    if (text == NULL)
        return vault_fail(vault, VAULT_NO_MEMORY, "out of memory");
    result = read_text(vault, handle, text, &length);
    if (result == VAULT_OK)
        result = parse(vault, text, length, out);
    if (result == VAULT_OK)
        file->seen = mix(&status);
    bytes_wipe(text, length);
    free(text);
    return result;
}

static enum vault_result file_read(struct vault *vault, struct entry *out)
{
    enum vault_result result;
    int handle;

    entry_wipe(out);
    handle = open(vault->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (handle < 0 && errno == ENOENT)
        return VAULT_OK;
    if (handle < 0)
        return vault_fail(vault, VAULT_BAD, "%s: %s", vault->path,
                          errno == ELOOP ? "is a symbolic link; give its target"
                                         : strerror(errno));
    result = read_open(file_of(vault), handle, out);
    (void)close(handle); // only read from
    return result;
}

static enum vault_result file_lock(struct vault *vault)
{
    struct file_vault *file = file_of(vault);
    int lock = -1;
    enum vault_result result =
        take_lock(vault, file->save_path, SAVE_LIMIT_MS, &lock);

    if (result == VAULT_OK)
        file->save_lock = lock;
    return result;
}

static void file_unlock(struct vault *vault)
{
    int lock = file_of(vault)->save_lock;

    file_of(vault)->save_lock = -1;
    drop_lock(&lock);
}

static bool write_all(int handle, const char *text, size_t length)
{
    size_t done = 0;

    while (done < length) {
        // In two halves, so that a test can stop between them.
        size_t half = (length + 1) / 2;
        size_t part = done < half ? half - done : length - done;
        ssize_t wrote = write(handle, text + done, part);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return false;
        done += (size_t)wrote;
        POINT("mid_write");
    }
    return true;
}

static bool sync_folder(const char *folder)
{
    int handle = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = handle >= 0 && fsync(handle) == 0;

    if (handle >= 0)
        (void)close(handle);
    return good;
}

static bool write_new(const struct file_vault *file, const char *text,
                      size_t length)
{
    int handle;
    bool good;

    (void)unlink(file->new_path); // what a crash left behind
    handle = open(file->new_path,
                  O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (handle < 0)
        return false;
    POINT("before_write");
    good = write_all(handle, text, length);
    POINT("before_fsync");
    good = good && fsync(handle) == 0;
    return close(handle) == 0 && good;
}

static enum vault_result replace(struct file_vault *file, const char *text,
                                 size_t length)
{
    bool good = write_new(file, text, length);
    int error;

    if (good) {
        POINT("before_rename");
        good = rename(file->new_path, file->vault.path) == 0;
        POINT("after_rename");
    }
    error = errno;
    if (good && sync_folder(file->folder))
        return VAULT_OK;
    if (good)
        error = errno;
    else
        (void)unlink(file->new_path);
    return vault_fail(&file->vault, VAULT_UNWRITTEN,
                      "%s: cannot be written: %s", file->vault.path,
                      strerror(error));
}

static enum vault_result file_save(struct vault *vault,
                                   const struct entry *entry)
{
    struct file_vault *file = file_of(vault);
    enum vault_result result = VAULT_OK;
    char *text = malloc(ENTRY_TEXT_MAX);
    struct stat status;
    size_t length = 0;

    if (text == NULL)
        return vault_fail(vault, VAULT_NO_MEMORY, "out of memory");
    if (entry_write(entry, text, &length) != ENTRY_OK)
        result = vault_fail(vault, VAULT_UNWRITTEN, "%s: too much for a vault",
                            vault->path);
    if (result == VAULT_OK)
        result = replace(file, text, length);
    if (result == VAULT_OK && stat(vault->path, &status) == 0)
        file->seen = mix(&status);
    bytes_wipe(text, length);
    free(text);
    return result;
}

static bool file_moved(struct vault *vault)
{
    struct stat status;

    if (stat(vault->path, &status) != 0)
        return file_of(vault)->seen != 0;
    return mix(&status) != file_of(vault)->seen;
}

static enum vault_result file_claim(struct vault *vault, int64_t limit_ms)
{
    struct file_vault *file = file_of(vault);

    return take_lock(vault, file->refresh_path, limit_ms, &file->refresh_lock);
}

static void file_release(struct vault *vault)
{
    drop_lock(&file_of(vault)->refresh_lock);
}

static void file_close(struct vault *vault)
{
    vault_clear(vault);
    free(file_of(vault));
}

static const struct vault_driver file_driver = {
    .read = file_read,
    .lock = file_lock,
    .save = file_save,
    .unlock = file_unlock,
    .moved = file_moved,
    .claim = file_claim,
    .release = file_release,
    .close = file_close,
};

static void set_paths(struct file_vault *file, const char *path)
{
    const char *slash = strrchr(path, '/');
    int folder_length = slash == NULL ? 1 : (int)(slash - path);

    // PATH_MAX_LENGTH leaves room for each of these.
    (void)snprintf(file->vault.path, STAY_URL_SIZE, "%s", path);
    (void)snprintf(file->save_path, STAY_URL_SIZE, "%s.lock", path);
    (void)snprintf(file->refresh_path, STAY_URL_SIZE, "%s.refresh", path);
    (void)snprintf(file->new_path, STAY_URL_SIZE, "%s.new", path);
    (void)snprintf(file->folder, STAY_URL_SIZE, "%.*s",
                   folder_length == 0 ? 1 : folder_length,
                   slash == NULL ? "." : path);
}

enum vault_result vault_file_open(struct vault **out, const char *path,
                                  char *error)
{
    struct file_vault *file;

    *out = NULL;
    if (strlen(path) > PATH_MAX_LENGTH || *path == '\0') {
        (void)snprintf(error, STAY_ERROR_SIZE, "the vault's path is no good");
        return VAULT_BAD;
    }
    file = calloc(1, sizeof *file);
    if (file == NULL)
        return VAULT_NO_MEMORY;
    file->save_lock = -1;
    file->refresh_lock = -1;
    set_paths(file, path);
    if (!file_check_folder(file->folder, error)) {
        free(file);
        return VAULT_BAD;
    }
    if (!vault_init(&file->vault, &file_driver)) {
        free(file);
        return VAULT_NO_MEMORY;
    }
    *out = &file->vault;
    return VAULT_OK;
}
