#include "server/app.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char blanks[] = " \t\r";

static enum app_result fail(char why[APP_WHY_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum app_result fail(char why[APP_WHY_SIZE], const char *format, ...)
{
    va_list list;

    va_start(list, format);
    (void)vsnprintf(why, APP_WHY_SIZE, format, list);
    va_end(list);
    return APP_BAD_FILE;
}

/* One line on its way into the list. */
struct line {
    const char *path;
    size_t number; /* from 1 */
    char *rest;    /* what is still to be read of it */
};

static enum app_result fail_line(const struct line *line, const char *what,
                                 char why[APP_WHY_SIZE])
{
    return fail(why, "%.200s:%zu: %s; a line is ID sha256:HEX or ID public",
                line->path, line->number, what);
}

/* The next word; empty at the line's end. */
static const char *take_word(struct line *line)
{
    char *word = line->rest + strspn(line->rest, blanks);
    size_t length = strcspn(word, blanks);

    line->rest = word + length;
    if (*line->rest != '\0')
        *line->rest++ = '\0';
    return word;
}

static bool is_id(const char *word)
{
    size_t length = strlen(word);

    for (size_t i = 0; i < length; i++)
        if (word[i] <= ' ' || word[i] > '~')
            return false;
    return length < APP_ID_SIZE;
}

static bool read_secret(const char *word, struct app *out)
{
    static const char scheme[] = "sha256:";
    size_t size = 0;

    if (strcmp(word, "public") == 0) {
        out->is_public = true;
        return true;
    }
    if (strncmp(word, scheme, sizeof scheme - 1) != 0)
        return false;
    word += sizeof scheme - 1;
    return strlen(word) == (size_t)2 * APP_HASH_SIZE &&
           sodium_hex2bin(out->hash, sizeof out->hash, word, strlen(word), NULL,
                          &size, NULL) == 0 &&
           size == sizeof out->hash;
}

static enum app_result read_line(struct line *line, struct apps *out,
                                 char why[APP_WHY_SIZE])
{
    const char *id = take_word(line);
    struct app *app = &out->list[out->count];

    if (id[0] == '\0' || id[0] == '#')
        return APP_OK;
    if (!is_id(id))
        return fail_line(line, "an id has 1 to 64 visible ASCII characters",
                         why);
    if (app_find(out, span_of(id)) != NULL)
        return fail_line(line, "this id stands here twice", why);
    if (out->count == APP_MAX)
        return fail_line(line, "there are more than 64", why);
    memset(app, 0, sizeof *app);
    (void)snprintf(app->id, sizeof app->id, "%s", id);
    if (!read_secret(take_word(line), app))
        return fail_line(line, "this says neither public nor which secret",
                         why);
    if (take_word(line)[0] != '\0')
        return fail_line(line, "there is something behind it", why);
    out->count++;
    return APP_OK;
}

/* The whole file with a NUL behind it, to be freed; NULL: `why` says why not. */
static char *read_whole(const char *path, char why[APP_WHY_SIZE])
{
    // Without O_NONBLOCK a FIFO would hold us until somebody writes to it.
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    char *text = NULL;
    ssize_t length = -1;
    struct stat is;

    if (fd < 0) {
        (void)fail(why, "%.200s: %s", path, strerror(errno));
        return NULL;
    }
    if (fstat(fd, &is) != 0 || !S_ISREG(is.st_mode) ||
        is.st_size > APP_FILE_MAX)
        (void)fail(why, "%.200s: is not a regular file of at most 64 KiB",
                   path);
    else if ((is.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        (void)fail(why, "%.200s: others than its owner may use it: chmod 600",
                   path);
    else if ((text = calloc(1, (size_t)is.st_size + 1)) == NULL ||
             (length = read(fd, text, (size_t)is.st_size)) < 0)
        (void)fail(why, "%.200s: %s", path, strerror(errno));
    (void)close(fd); // only read from
    if (length >= 0)
        return text;
    free(text);
    return NULL;
}

enum app_result app_read_file(const char *path, struct apps *out,
                              char why[APP_WHY_SIZE])
{
    struct line line = {.path = path};
    enum app_result result = APP_OK;
    char *text = NULL;
    char *rest;

    memset(out, 0, sizeof *out);
    if (path == NULL)
        return APP_OK;
    text = read_whole(path, why);
    if (text == NULL)
        return APP_BAD_FILE;
    rest = text;
    while (result == APP_OK && (line.rest = strsep(&rest, "\n")) != NULL) {
        line.number++;
        result = read_line(&line, out, why);
    }
    free(text);
    out->registered = true;
    if (result != APP_OK)
        memset(out, 0, sizeof *out);
    return result;
}

const struct app *app_find(const struct apps *apps, struct span id)
{
    for (size_t i = 0; i < apps->count; i++)
        if (span_is(id, apps->list[i].id))
            return &apps->list[i];
    return NULL;
}

bool app_secret_fits(const struct app *app, struct span secret)
{
    uint8_t hash[APP_HASH_SIZE];

    if (app->is_public)
        return secret.length == 0;
    (void)crypto_hash_sha256(hash, (const uint8_t *)secret.text, secret.length);
    return sodium_memcmp(hash, app->hash, sizeof hash) == 0;
}
