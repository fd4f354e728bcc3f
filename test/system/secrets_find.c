#include "secrets_find.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64url.h"
#include "check.h"

enum {
    DECODED_MAX = 4096,
    REGION_MAX = 128 << 20, /* of memory; what is larger is reserved only */
    PAGE = 4096,
    LINE_SIZE = 512, /* of /proc/PID/maps */
};

static void add_form(struct secret *secret, const char *name, const void *bytes,
                     size_t size)
{
    struct secret_form *form = &secret->forms[secret->form_count];

    if (size < SECRET_SHORTEST || secret->form_count == SECRET_FORMS)
        return;
    *form = (struct secret_form){name, malloc(size), size};
    if (form->bytes == NULL)
        abort();
    memcpy(form->bytes, bytes, size);
    secret->form_count++;
}

static struct secret *add(struct secrets *secrets, const char *name)
{
    struct secret *secret = &secrets->list[secrets->count];

    if (secrets->count == SECRETS_MAX)
        abort();
    secrets->count++;
    (void)snprintf(secret->name, sizeof secret->name, "%s", name);
    return secret;
}

static void add_hex(struct secret *secret, const uint8_t *bytes, size_t size)
{
    char text[2 * DECODED_MAX + 1];

    for (size_t i = 0; i < size; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    add_form(secret, "hexadecimal", text, 2 * size);
}

static void add_decoded(struct secret *secret, const char *text)
{
    uint8_t bytes[DECODED_MAX];
    size_t size = 0;

    if (!base64url_decode(span_of(text), bytes, sizeof bytes, &size))
        return;
    add_form(secret, "bytes", bytes, size);
    add_hex(secret, bytes, size);
}

void secrets_add(struct secrets *secrets, const char *name, const char *text)
{
    struct secret *secret = add(secrets, name);
    const char *last = strrchr(text, '.');

    add_form(secret, "text", text, strlen(text));
    if (last == NULL) {
        add_decoded(secret, text);
        return;
    }
    // A token: its last part is the one that nobody could make.
    add_form(secret, "last part", last + 1, strlen(last + 1));
    add_decoded(secret, last + 1);
}

void secrets_add_bytes(struct secrets *secrets, const char *name,
                       const void *bytes, size_t size)
{
    struct secret *secret = add(secrets, name);
    char text[BASE64URL_LENGTH(DECODED_MAX)];

    if (size > DECODED_MAX)
        abort();
    add_form(secret, "bytes", bytes, size);
    add_form(secret, "base64url", text, base64url_encode(bytes, size, text));
    add_hex(secret, bytes, size);
}

void secrets_clear(struct secrets *secrets)
{
    for (size_t i = 0; i < secrets->count; i++)
        for (size_t j = 0; j < secrets->list[i].form_count; j++)
            free(secrets->list[i].forms[j].bytes);
    memset(secrets, 0, sizeof *secrets);
}

/* The spelling that is there, or NULL. */
static const char *find(const struct secret *secret, const void *bytes,
                        size_t size)
{
    for (size_t i = 0; i < secret->form_count; i++) {
        const struct secret_form *form = &secret->forms[i];

        if (memmem(bytes, size, form->bytes, form->size) != NULL)
            return form->name;
    }
    return NULL;
}

size_t secrets_count(const struct secrets *secrets, const char *place,
                     const void *bytes, size_t size)
{
    size_t found = 0;

    for (size_t i = 0; i < secrets->count; i++) {
        const char *form = find(&secrets->list[i], bytes, size);

        if (form == NULL)
            continue;
        found++;
        if (place != NULL)
            check_note("%s holds %s, as %s", place, secrets->list[i].name,
                       form);
    }
    return found;
}

/* Most of what is reserved was never touched, and need not be searched. */
static size_t count_in_pages(const struct secrets *secrets, const char *place,
                             const char *bytes, size_t size)
{
    static const char zeros[PAGE];
    size_t found = 0;
    size_t from = 0;

    for (size_t at = 0; at <= size; at += PAGE) {
        if (at < size && memcmp(bytes + at, zeros, PAGE) != 0)
            continue;
        if (at > from)
            found += secrets_count(secrets, place, bytes + from, at - from);
        from = at + PAGE;
    }
    return found;
}

size_t secrets_in_memory(const struct secrets *secrets, const char *place,
                         pid_t id)
{
    char *bytes = malloc(REGION_MAX);
    char line[LINE_SIZE];
    size_t found = 0;
    FILE *maps;
    int memory;

    (void)snprintf(line, sizeof line, "/proc/%d/maps", (int)id);
    maps = fopen(line, "r");
    (void)snprintf(line, sizeof line, "/proc/%d/mem", (int)id);
    memory = open(line, O_RDONLY | O_CLOEXEC);
    while (bytes != NULL && maps != NULL && memory >= 0 &&
           fgets(line, sizeof line, maps) != NULL) {
        unsigned long from = 0;
        unsigned long to = 0;
        ssize_t got = 0;

        if (sscanf(line, "%lx-%lx", &from, &to) == 2 &&
            strstr(line, " rw") != NULL && to - from <= REGION_MAX)
            got = pread(memory, bytes, to - from, (off_t)from);
        if (got > 0)
            found += count_in_pages(secrets, place, bytes,
                                    (size_t)got / PAGE * PAGE);
    }
    if (maps != NULL)
        (void)fclose(maps);
    if (memory >= 0)
        (void)close(memory);
    free(bytes);
    return found;
}

char *secrets_read_file(const char *path, size_t *size)
{
    char *bytes = malloc(REGION_MAX);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t more = 1;

    if (bytes == NULL)
        abort();
    *size = 0;
    while (fd >= 0 && *size < REGION_MAX && more > 0) {
        more = read(fd, bytes + *size, REGION_MAX - *size);
        *size += more > 0 ? (size_t)more : 0;
    }
    if (fd >= 0)
        (void)close(fd);
    return bytes;
}
