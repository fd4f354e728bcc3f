/*
 * Where a session rests between requests: memory, or a file that processes
 * share. Drivers fill in the table; the functions below call through it.
 *
 * The save lock is short, around one read-change-write, and never held over a
 * network call. The refresh lock is advice: it keeps processes from refreshing
 * at the same time, and nothing breaks without it. A crash releases both.
 */
#ifndef CLIENT_VAULT_H
#define CLIENT_VAULT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "client/entry.h"

enum vault_result {
    VAULT_OK = 0,
    VAULT_BAD,       /* unreadable, damaged, open to others, not a file */
    VAULT_NEWER,     /* written by a later version */
    VAULT_UNWRITTEN, /* could not be written; what was there is still there */
    VAULT_BUSY,      /* another process holds a lock for too long */
    VAULT_NO_MEMORY,
};

struct vault;

struct vault_driver {
    /* All but moved, claim and release run while `save` is held. An empty
       vault gives a zeroed entry. */
    enum vault_result (*read)(struct vault *vault, struct entry *out);
    enum vault_result (*lock)(struct vault *vault);
    enum vault_result (*save)(struct vault *vault, const struct entry *entry);
    void (*unlock)(struct vault *vault);
    /* Has it changed since this process last read or saved it? Cheap. */
    bool (*moved)(struct vault *vault);
    enum vault_result (*claim)(struct vault *vault, int64_t limit_ms);
    void (*release)(struct vault *vault);
    void (*close)(struct vault *vault);
};

/* What all drivers begin with. */
struct vault {
    const struct vault_driver *driver;
    char path[STAY_URL_SIZE]; /* empty for memory */
    pthread_mutex_t save;     /* the save lock, among this process's threads */
    pthread_mutex_t lock;     /* guards error */
    char error[STAY_ERROR_SIZE];
};

/* For drivers: the mutexes of the common part; false when there are none. */
bool vault_init(struct vault *vault, const struct vault_driver *driver);
void vault_clear(struct vault *vault);
/* Keeps the text, cut where it is too long, and returns `result`. */
enum vault_result vault_fail(struct vault *vault, enum vault_result result,
                             const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* NULL when memory is out. */
struct vault *vault_memory_open(void);

/*
 * Makes nothing but the directory, and that only where `path` is in the default
 * place. On failure `error` (STAY_ERROR_SIZE bytes) says why.
 */
enum vault_result vault_file_open(struct vault **out, const char *path,
                                  char *error);

/*
 * The file of a session's name, its folder made. STAY_BAD_CONFIG: the name is no
 * good; STAY_BAD_VAULT: there is no place for the folder. `error` as above.
 */
enum stay_result vault_file_path(const char *session, char out[STAY_URL_SIZE],
                                 char *error);

enum vault_result vault_read(struct vault *vault, struct entry *out);

/* Takes the save lock and reads. On VAULT_OK vault_unlock must follow. */
enum vault_result vault_lock(struct vault *vault, struct entry *out);
enum vault_result vault_save(struct vault *vault, const struct entry *entry);
void vault_unlock(struct vault *vault);

bool vault_moved(struct vault *vault);

/* The refresh lock; waits for limit_ms at most. */
enum vault_result vault_claim(struct vault *vault, int64_t limit_ms);
void vault_release(struct vault *vault);

/* Why the last call that failed did; empty for none. */
void vault_error(struct vault *vault, char out[STAY_ERROR_SIZE]);

void vault_close(struct vault *vault); /* NULL is allowed */

#endif
