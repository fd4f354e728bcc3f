/*
 * Secrets, and where they must not be: in any spelling that a program could have
 * written by mistake.
 */
#ifndef TEST_SECRETS_FIND_H
#define TEST_SECRETS_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
    SECRETS_MAX = 512,
    SECRET_FORMS = 6,
    SECRET_NAME_SIZE = 32,
    SECRET_SHORTEST = 8, /* bytes; shorter ones would be found by chance */
};

/* One spelling. */
struct secret_form {
    const char *name; /* "hexadecimal" */
    unsigned char *bytes;
    size_t size;
};

struct secret {
    char name[SECRET_NAME_SIZE];
    struct secret_form forms[SECRET_FORMS];
    size_t form_count;
};

struct secrets {
    struct secret list[SECRETS_MAX];
    size_t count;
};

/* Text as it is, and, where it is base64url, the bytes it stands for. */
void secrets_add(struct secrets *secrets, const char *name, const char *text);
/* Bytes, and their base64url and hexadecimal text. */
void secrets_add_bytes(struct secrets *secrets, const char *name,
                       const void *bytes, size_t size);
void secrets_clear(struct secrets *secrets);

/* How many of them are there; with a `place`, notes say which. */
size_t secrets_count(const struct secrets *secrets, const char *place,
                     const void *bytes, size_t size);

/* The same for what a process has written and may write. 0 where we may not
   look. */
size_t secrets_in_memory(const struct secrets *secrets, const char *place,
                         pid_t id);

/* All of a file whose size may be unknown, as in /proc; free it with free. Of no
   bytes when there is none. */
char *secrets_read_file(const char *path, size_t *size);

#endif
