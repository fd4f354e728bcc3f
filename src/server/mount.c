#include "server/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Does it matter to the claims who the user is, beyond id and roles? */
static bool claims_name_user(const struct dialect *dialect)
{
    char with[1024];
    char without[1024];
    struct json_writer a;
    struct json_writer b;
    struct fields fields;

    fields_init(&fields, NULL, 0);
    json_begin(&a, without, sizeof without, dialect->style);
    json_open(&a, '{');
    dialect_put_claims(dialect, &fields, &a);
    fields_set_text(&fields, FIELD_USERNAME, SPAN("u"));
    fields_set_text(&fields, FIELD_EMAIL, SPAN("e"));
    json_begin(&b, with, sizeof with, dialect->style);
    json_open(&b, '{');
    dialect_put_claims(dialect, &fields, &b);
    return !span_equal((struct span){without, a.length},
                       (struct span){with, b.length});
}

/* A token header that others send too says nothing about the family. */
static bool has_own_header(const struct dialect *dialect)
{
    struct span name = dialect->send.header;

    return name.length > 0 && !span_equal_nocase(name, SPAN("Authorization"));
}

static enum mount_result load(struct mount *slot, struct span file,
                              struct span text, char why[MOUNT_WHY_SIZE])
{
    struct dialect_error error = {.line = 0};
    void *memory = malloc(DIALECT_MEMORY + text.length);
    struct span room = {memory, DIALECT_MEMORY + text.length};

    if (memory == NULL)
        return MOUNT_NO_MEMORY;
    if (dialect_load(&slot->dialect, file, text, room, &error) != DIALECT_OK) {
        (void)snprintf(why, MOUNT_WHY_SIZE, "%s", error.text);
        free(memory);
        return MOUNT_BAD;
    }
    slot->memory = memory;
    slot->own_header = has_own_header(&slot->dialect);
    slot->user_in_claims = claims_name_user(&slot->dialect);
    return MOUNT_OK;
}

static void clear_slot(struct mount *slot)
{
    free(slot->text);
    free(slot->memory);
    *slot = (struct mount){.number = 0};
}

static bool is_served(const struct dialect *dialect)
{
    return dialect->mount > 0 && dialect->rotation != DIALECT_ROTATION_NONE;
}

/* All that are in the program and are for servers. */
static enum mount_result load_embedded(struct mounts *mounts,
                                       char why[MOUNT_WHY_SIZE])
{
    for (size_t i = 0; i < dialect_sources_count; i++) {
        const struct dialect_source *source = &dialect_sources[i];
        struct mount *slot = &mounts->list[mounts->count];
        enum mount_result result;

        if (mounts->count == MOUNT_MAX)
            break;
        result = load(slot, span_of(source->name),
                      (struct span){source->text, source->length}, why);
        if (result != MOUNT_OK)
            return result;
        if (is_served(&slot->dialect))
            slot->number = mounts->count++;
        else
            clear_slot(slot);
    }
    return MOUNT_OK;
}

static enum mount_result say(char why[MOUNT_WHY_SIZE], const char *what,
                             const char *text, enum mount_result result)
{
    (void)snprintf(why, MOUNT_WHY_SIZE, "dialect %.200s: %s", what, text);
    return result;
}

static enum mount_result read_file(const char *path, struct mount *slot,
                                   struct span *text, char why[MOUNT_WHY_SIZE])
{
    // Without O_NONBLOCK a FIFO would hold us until somebody writes to it.
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat is;
    ssize_t length;

    if (fd < 0)
        return say(why, path, strerror(errno), MOUNT_UNKNOWN);
    if (fstat(fd, &is) != 0 || !S_ISREG(is.st_mode) ||
        is.st_size > MOUNT_FILE_MAX) {
        (void)close(fd);
        return say(why, path, "is not a regular file of at most 256 KiB",
                   MOUNT_BAD);
    }
    slot->text = malloc((size_t)is.st_size + 1);
    length = slot->text == NULL ? -1 : read(fd, slot->text, (size_t)is.st_size);
    (void)close(fd);
    if (length < 0)
        return say(why, path, strerror(errno), MOUNT_NO_MEMORY);
    *text = (struct span){slot->text, (size_t)length};
    return MOUNT_OK;
}

static struct mount *find_slot(struct mounts *mounts, struct span name)
{
    for (size_t i = 0; i < mounts->count; i++)
        if (span_equal(mounts->list[i].dialect.name, name))
            return &mounts->list[i];
    return NULL;
}

/* A file's dialect takes the place of an embedded one of the same name. */
static enum mount_result load_file(struct mounts *mounts, const char *path,
                                   const struct mount **out,
                                   char why[MOUNT_WHY_SIZE])
{
    struct mount loaded = {.number = 0};
    struct mount *slot;
    enum mount_result result;
    struct span text;

    result = read_file(path, &loaded, &text, why);
    if (result == MOUNT_OK)
        result = load(&loaded, span_of(path), text, why);
    if (result == MOUNT_OK && !is_served(&loaded.dialect))
        result = say(why, path, "is for clients only", MOUNT_BAD);
    slot = find_slot(mounts, loaded.dialect.name);
    if (result == MOUNT_OK && slot == NULL && mounts->count == MOUNT_MAX)
        result = say(why, path, "is one dialect too many", MOUNT_BAD);
    if (result != MOUNT_OK) {
        clear_slot(&loaded);
        return result;
    }
    if (slot == NULL)
        slot = &mounts->list[mounts->count++];
    else
        clear_slot(slot);
    *slot = loaded;
    slot->number = (size_t)(slot - mounts->list);
    *out = slot;
    return MOUNT_OK;
}

/* A name, or a path when there is a slash or a dot in it. */
static enum mount_result find_wanted(struct mounts *mounts, const char *wanted,
                                     const struct mount **out,
                                     char why[MOUNT_WHY_SIZE])
{
    char names[256] = "";
    size_t used = 0;

    if (strpbrk(wanted, "/.") != NULL)
        return load_file(mounts, wanted, out, why);
    *out = mount_find(mounts, span_of(wanted));
    if (*out != NULL)
        return MOUNT_OK;
    for (size_t i = 0; i < mounts->count && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, " %.*s",
                                 (int)mounts->list[i].dialect.name.length,
                                 mounts->list[i].dialect.name.text);
    (void)snprintf(why, MOUNT_WHY_SIZE,
                   "dialect '%.64s': there is none; use one of%s, or a file "
                   "such as ./mine.json",
                   wanted, names);
    return MOUNT_UNKNOWN;
}

static enum mount_result place_wanted(struct mounts *mounts,
                                      const struct config_list *wanted,
                                      char why[MOUNT_WHY_SIZE])
{
    for (size_t i = 0; i < wanted->count; i++) {
        const struct mount *mount = NULL;
        enum mount_result result =
            find_wanted(mounts, wanted->value[i], &mount, why);

        if (result != MOUNT_OK)
            return result;
        if (mounts->placed_count == MOUNT_MAX)
            return say(why, wanted->value[i], "is one too many", MOUNT_BAD);
        mounts->placed[mounts->placed_count++] = mount;
    }
    return MOUNT_OK;
}

static int compare_mounts(const void *a, const void *b)
{
    const struct mount *const *x = a;
    const struct mount *const *y = b;

    return (*x)->dialect.mount - (*y)->dialect.mount;
}

static void place_all(struct mounts *mounts)
{
    for (size_t i = 0; i < mounts->count; i++)
        mounts->placed[i] = &mounts->list[i];
    mounts->placed_count = mounts->count;
    qsort(mounts->placed, mounts->count, sizeof(const struct mount *),
          compare_mounts);
}

enum mount_result mount_open(struct mounts *out,
                             const struct config_list *wanted,
                             char why[MOUNT_WHY_SIZE])
{
    enum mount_result result;

    *out = (struct mounts){.count = 0};
    (void)snprintf(why, MOUNT_WHY_SIZE, "dialects: out of memory");
    result = load_embedded(out, why);
    if (result == MOUNT_OK && wanted->count > 0)
        result = place_wanted(out, wanted, why);
    else if (result == MOUNT_OK)
        place_all(out);
    if (result == MOUNT_OK && out->count == 0)
        result = say(why, "none", "nothing to serve", MOUNT_BAD);
    if (result != MOUNT_OK)
        mount_close(out);
    return result;
}

void mount_close(struct mounts *mounts)
{
    for (size_t i = 0; i < mounts->count; i++)
        clear_slot(&mounts->list[i]);
    mounts->count = 0;
    mounts->placed_count = 0;
}
