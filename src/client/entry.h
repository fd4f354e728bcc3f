/*
 * What a vault keeps of one session, and its text in a vault file.
 */
#ifndef CLIENT_ENTRY_H
#define CLIENT_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <stay.h>

#include "base/bytes.h"
#include "client/clock.h"
#include "core/engine_budget.h"
#include "core/record.h"

enum {
    ENTRY_TOKEN_MAX = 16 * 1024, /* bytes of an access or refresh token */
    ENTRY_TEXT_MAX = 128 * 1024, /* bytes of a vault file */
    ENTRY_VERSION = 1,           /* of the file's format */
};

/*
 * One session. Zero is "never signed in". It holds secrets: wipe it. About
 * 40 KiB: not for the stack.
 */
struct entry {
    char url[STAY_URL_SIZE];     /* the base, its prefix included */
    char dialect[STAY_URL_SIZE]; /* a name, or a file's path */
    char user[STAY_NAME_SIZE];
    char label[STAY_NAME_SIZE];
    uint64_t sign_in;       /* counts sign-ins in this vault; 0: none yet */
    enum stay_reason ended; /* NONE: living, if sign_in is above 0 */
    bool sign_out_due;      /* ended here, and the server does not know yet */
    bool committed;         /* by `record`; otherwise by `refresh` */
    bool unanswered;        /* `refresh` was sent, and no answer kept since */
    struct record record;
    char refresh[ENTRY_TOKEN_MAX + 1];
    char access[ENTRY_TOKEN_MAX + 1];
    uint64_t generation; /* of `access`: grows with every change of it */
    int64_t life_ms;     /* 0: the server did not say */
    int64_t received_ms; /* steady clock of boot `boot` */
    int64_t received_s;
    char boot[CLOCK_BOOT_SIZE];
    int64_t signed_in_s;
    int64_t refreshed_s; /* 0: not since sign-in */
    struct engine_budget budget;
    char budget_boot[CLOCK_BOOT_SIZE]; /* whose steady clock it counts on */
};

enum entry_result {
    ENTRY_OK = 0,
    ENTRY_BAD,   /* no vault file, or a damaged one */
    ENTRY_NEWER, /* of a later format: not ours to touch */
    ENTRY_LARGE, /* does not fit the text */
};

/* A living session, or one that was. */
bool entry_is_live(const struct entry *entry);

/* Zeroed, so that nothing of a secret stays. */
void entry_wipe(struct entry *entry);

/* On the heap and zeroed; NULL when memory is out. entry_free wipes. */
struct entry *entry_new(void);
void entry_free(struct entry *entry);

/*
 * Copies a name for people. What is no UTF-8 becomes '?', and what is too long
 * is cut between two characters: the file could not be read again otherwise.
 */
void entry_set_name(char out[STAY_NAME_SIZE], struct span name);

/* Ends it, wiping what is not needed to tell the server (`tell`). */
void entry_end(struct entry *entry, enum stay_reason reason, bool tell);

/* `out` has ENTRY_TEXT_MAX bytes; *length is the text's, no NUL is written. */
enum entry_result entry_write(const struct entry *entry, char *out,
                              size_t *length);
enum entry_result entry_read(struct entry *out, const char *text,
                             size_t length);

#endif
