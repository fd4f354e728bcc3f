#include "server/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64url.h"

#define MARK "stay-key-1 "

enum {
    MARK_LENGTH = sizeof MARK - 1,
    KEY_LENGTH = BASE64URL_LENGTH(KEY_FILE_SIZE),
    LINE_LENGTH = MARK_LENGTH + KEY_LENGTH + 1, /* with the new line */
};

static enum key_file_result say(char why[KEY_WHY_SIZE], const char *path,
                                const char *text)
{
    (void)snprintf(why, KEY_WHY_SIZE, "key file %s: %s", path, text);
    return KEY_FILE_BAD;
}

/* Who may read it decides whether it is a secret. */
static enum key_file_result check_rights(int fd, const char *path,
                                         char why[KEY_WHY_SIZE])
{
    struct stat is;

    if (fstat(fd, &is) != 0)
        return say(why, path, strerror(errno));
    if (!S_ISREG(is.st_mode))
        return say(why, path, "is not a regular file");
    if (is.st_uid != geteuid() && is.st_uid != 0)
        return say(why, path, "belongs to another user");
    if ((is.st_mode & 077) != 0)
        return say(why, path,
                   "others may read or write it; allowed is mode 0600");
    return KEY_FILE_OK;
}

static bool decode(const char *line, size_t length, uint8_t out[KEY_FILE_SIZE])
{
    size_t size = 0;

    if (length == LINE_LENGTH && line[length - 1] == '\n')
        length--;
    return length == LINE_LENGTH - 1 && memcmp(line, MARK, MARK_LENGTH) == 0 &&
           base64url_decode((struct span){line + MARK_LENGTH, KEY_LENGTH}, out,
                            KEY_FILE_SIZE, &size) &&
           size == KEY_FILE_SIZE;
}

enum key_file_result key_file_read(const char *path, uint8_t out[KEY_FILE_SIZE],
                                   char why[KEY_WHY_SIZE])
{
    enum key_file_result result;
    char line[LINE_LENGTH + 1];
    ssize_t length;
    // Without O_NONBLOCK a FIFO would hold us until somebody writes to it.
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0) {
        result = errno == ENOENT ? KEY_FILE_NONE : KEY_FILE_BAD;
        (void)say(why, path, strerror(errno));
        return result;
    }
    result = check_rights(fd, path, why);
    if (result == KEY_FILE_OK) {
        length = read(fd, line, sizeof line);
        if (length < 0)
            result = say(why, path, strerror(errno));
        else if (!decode(line, (size_t)length, out))
            result = say(why, path, "is not a key file of this program");
    }
    sodium_memzero(line, sizeof line);
    (void)close(fd); // only read from: nothing can be lost
    return result;
}

static bool write_line(int fd)
{
    uint8_t key[KEY_FILE_SIZE];
    char line[LINE_LENGTH];
    bool written;

    randombytes_buf(key, sizeof key);
    memcpy(line, MARK, MARK_LENGTH);
    (void)base64url_encode(key, sizeof key, line + MARK_LENGTH);
    line[LINE_LENGTH - 1] = '\n';
    written =
        write(fd, line, sizeof line) == (ssize_t)sizeof line && fsync(fd) == 0;
    sodium_memzero(key, sizeof key);
    sodium_memzero(line, sizeof line);
    return written;
}

/* Makes the new name last through a power cut. */
static bool sync_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int length = slash == NULL ? 0 : (int)(slash - path);
    bool synced;
    int fd;

    if (slash == path)
        length = 1;
    (void)snprintf(folder, sizeof folder, "%.*s", length,
                   slash == NULL ? "" : path);
    fd = open(length == 0 ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    synced = fsync(fd) == 0;
    (void)close(fd);
    return synced;
}

enum key_file_result key_file_make(const char *path, uint8_t out[KEY_FILE_SIZE],
                                   char why[KEY_WHY_SIZE])
{
    char draft[PATH_MAX];
    bool made;
    int fd;

    if (key_file_read(path, out, why) != KEY_FILE_NONE)
        return key_file_read(path, out, why);
    // Written whole under another name, then linked: the name appears complete,
    // and of two processes the second one's link fails.
    if (snprintf(draft, sizeof draft, "%s.%ld", path, (long)getpid()) >=
        (int)sizeof draft)
        return say(why, path, strerror(ENAMETOOLONG));
    (void)unlink(draft); // left by a process of our number that was killed
    fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return say(why, path, strerror(errno));
    made = write_line(fd) && (link(draft, path) == 0 || errno == EEXIST) &&
           sync_folder(path);
    if (!made)
        (void)say(why, path, strerror(errno));
    (void)close(fd);
    (void)unlink(draft);
    return made ? key_file_read(path, out, why) : KEY_FILE_BAD;
}
