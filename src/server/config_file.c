#include "server/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"

/* What is being read. */
struct reading {
    struct config_file *file;
    bool (*take)(void *context, const struct config_line *line,
                 char why[CONFIG_WHY_SIZE]);
    void *context;
    char *why; /* of CONFIG_WHY_SIZE; empty while all is well */
    size_t mistakes;
    char *text;
    size_t length;
    size_t at;     /* how much of `text` was handed out */
    size_t number; /* of the line last handed out */
    bool owed;     /* that line wants to come back as a pair */
    size_t used;   /* bytes of file->kept */
};

/*
 * Where libinih keeps its 200 bytes for a line at run time, as Debian's does, it
 * is told to make room for ours. For the whole program, but nothing else of it
 * reads by libinih.
 */
static void make_room(void)
{
#ifdef INI_AT_RUN_TIME
    ini_use_stack = false;
    ini_max_line = CONFIG_LINE_MAX + 2; // a new line and a NUL
    ini_initial_alloc = ini_max_line;
#endif
}

/* One line more of `why`. The last ones may be left out: they come when the
   first are gone. */
static void add_mistake(struct reading *r, const char *text)
{
    size_t used = strlen(r->why);

    r->mistakes++;
    if (r->mistakes > CONFIG_MISTAKES_MAX)
        return;
    if (r->mistakes == CONFIG_MISTAKES_MAX)
        text = "and more";
    (void)snprintf(r->why + used, CONFIG_WHY_SIZE - used, "%s%s",
                   used > 0 ? "\n" : "", text);
}

static void say(struct reading *r, const char *what)
{
    char text[CONFIG_WHERE_SIZE];

    (void)snprintf(text, sizeof text, "%.200s:%zu: %s", r->file->path,
                   r->number, what);
    add_mistake(r, text);
}

/* libinih tells of one such line only, and late. */
static void ask_for_pair(struct reading *r)
{
    if (r->owed)
        say(r, "want `name = value`");
    r->owed = false;
}

/*
 * One line for libinih, as fgets gives it. Blanks at its start are dropped: to
 * libinih they would make it the rest of the value before. A line longer than it
 * holds would come to us in two.
 */
static char *next_line(char *out, int size, void *stream)
{
    struct reading *r = stream;
    const char *from = r->text + r->at;
    char what[64];
    size_t length;

    ask_for_pair(r);
    if (r->at >= r->length)
        return NULL;
    length = strcspn(from, "\n");
    r->number++;
    r->at += length + 1;
    while (length > 0 && strchr(" \t\r", *from) != NULL) {
        from++;
        length--;
    }
    if (length + 2 > (size_t)size) {
        (void)snprintf(what, sizeof what,
                       "the line is too long; allowed are %d bytes", size - 2);
        say(r, what);
        length = 0;
    } else if (length > 0 && *from == '[') {
        say(r, "a section in brackets is not wanted here");
        length = 0;
    }
    r->owed = length > 0 && *from != '#' && *from != ';';
    (void)snprintf(out, (size_t)size, "%.*s\n", (int)length, from);
    return out;
}

/* For libinih: 1 for a good line. */
static int take_pair(void *user, const char *section, const char *name,
                     const char *value)
{
    struct reading *r = user;
    struct config_line line = {.number = r->number, .name = name};
    size_t size = strlen(value) + 1;
    char why[CONFIG_WHY_SIZE] = "";

    (void)section; // never: next_line keeps them back
    r->owed = false;
    // No longer than the file, NULs included: each took a '=' there.
    memcpy(r->file->kept + r->used, value, size);
    line.value = r->file->kept + r->used;
    r->used += size;
    if (!r->take(r->context, &line, why))
        add_mistake(r, why);
    return 1;
}

static bool fail(const struct config_file *file, const char *what,
                 char why[CONFIG_WHY_SIZE])
{
    (void)snprintf(why, CONFIG_WHY_SIZE, "config file %.200s: %s", file->path,
                   what);
    return false;
}

/* The whole file, with a NUL behind it. */
static bool load(struct reading *r, int fd)
{
    struct stat is;
    ssize_t got;

    if (fstat(fd, &is) != 0 || !S_ISREG(is.st_mode) ||
        is.st_size > CONFIG_FILE_MAX)
        return fail(r->file, "is not a regular file of at most 256 KiB",
                    r->why);
    r->file->is_private = (is.st_uid == geteuid() || is.st_uid == 0) &&
                          (is.st_mode & (S_IRWXG | S_IRWXO)) == 0;
    r->text = calloc(1, (size_t)is.st_size + 1);
    r->file->kept_size = (size_t)is.st_size + 1;
    r->file->kept = calloc(1, r->file->kept_size);
    if (r->text == NULL || r->file->kept == NULL)
        return fail(r->file, "out of memory", r->why);
    got = read(fd, r->text, (size_t)is.st_size);
    if (got < 0)
        return fail(r->file, strerror(errno), r->why);
    r->length = (size_t)got;
    if (strlen(r->text) != r->length)
        return fail(r->file, "has a NUL in it", r->why);
    return true;
}

bool config_file_read(struct config_file *file,
                      bool (*take)(void *context,
                                   const struct config_line *line,
                                   char why[CONFIG_WHY_SIZE]),
                      void *context, char why[CONFIG_WHY_SIZE])
{
    // Without O_NONBLOCK a FIFO would hold us until somebody writes to it.
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct reading r = {
        .file = file, .take = take, .context = context, .why = why};

    if (fd < 0)
        return fail(file, strerror(errno), why);
    why[0] = '\0';
    if (load(&r, fd)) {
        make_room();
        if (ini_parse_stream(next_line, &r, take_pair, &r) < 0)
            add_mistake(&r, "out of memory");
        ask_for_pair(&r);
    }
    (void)close(fd);
    if (r.text != NULL)
        bytes_wipe(r.text, r.length);
    free(r.text);
    return why[0] == '\0';
}
