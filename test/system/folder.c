#include "process.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

bool process_folder(char path[PROCESS_PATH_SIZE])
{
    const char *root = getenv("TMPDIR");
    bool made;

    // A long TMPDIR would leave no room for the name of a Unix socket.
    if (root == NULL || root[0] != '/' || strlen(root) > 40)
        root = "/tmp";
    (void)snprintf(path, PROCESS_PATH_SIZE, "%s/stay-XXXXXX", root);
    made = mkdtemp(path) != NULL;
    return check_true(__FILE__, __LINE__, "mkdtemp", made);
}

static int remove_one(const char *path, const struct stat *is, int kind,
                      struct FTW *at)
{
    (void)is;
    (void)kind;
    (void)at;
    (void)remove(path); // what cannot be removed stays in /tmp
    return 0;
}

void process_folder_remove(const char *path)
{
    if (path[0] != '\0')
        (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

char *process_read_file(const char *path, size_t *size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat is;
    char *text = NULL;
    ssize_t got = -1;

    if (fd < 0)
        return NULL;
    if (fstat(fd, &is) == 0)
        text = calloc(1, (size_t)is.st_size + 1);
    if (text != NULL)
        got = read(fd, text, (size_t)is.st_size);
    (void)close(fd);
    if (got < 0) {
        free(text);
        return NULL;
    }
    if (size != NULL)
        *size = (size_t)got;
    return text;
}

bool process_write_file(const char *path, const void *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool written;

    if (fd < 0)
        return false;
    written = write(fd, bytes, size) == (ssize_t)size;
    return close(fd) == 0 && written;
}
