/*
 * A holder of a session under test: libstay in this process, its vault in a
 * folder of the test's own.
 */
#ifndef TEST_HOLDER_H
#define TEST_HOLDER_H

#include <pthread.h>
#include <stdint.h>

#include "process.h"
#include "stay.h"

/* A family that the built stayd serves, and how its rotation works. */
struct family {
    const char *dialect;
    bool committed;
};
extern const struct family families[];
extern const size_t families_count;

struct holder {
    struct stay *stay;
    char base[STAY_URL_SIZE];           /* where its requests go */
    char vault[PROCESS_PATH_SIZE + 32]; /* "": memory */
    char error[STAY_ERROR_SIZE];

    pthread_mutex_t lock; /* over the counts */
    unsigned refreshed;
    unsigned refresh_failed;
    unsigned signed_out;
    unsigned resting;
    enum stay_reason reason; /* of the last sign-out or rest */
};

/*
 * Opens on "http://127.0.0.1:PORT" in `dialect`. `folder` NULL: memory; else
 * the vault is FOLDER/vault/NAME.json. Trips the row and returns false when it
 * cannot.
 */
bool holder_open(struct holder *holder, int port, const char *dialect,
                 const char *folder, const char *name);
void holder_close(struct holder *holder);

/* As ada, with her password. */
bool holder_sign_in(struct holder *holder);

/* GET a path under the base: its HTTP status, or 0. */
long holder_get(struct holder *holder, const char *path);
/* Likewise; how it ended goes to *result. */
long holder_try(struct holder *holder, const char *path,
                enum stay_result *result);

/* The page that needs a user's token; every family has it. */
#define HOLDER_PAGE "/test/user"

/*
 * Asks for the page until it is answered 200 or the session is over, 30 s at
 * most. The last status.
 */
long holder_until_good(struct holder *holder);

/* Is the session still alive, by the vault's own word? */
bool holder_signed_in(struct holder *holder);

/* stayd answers every token issued so far as expired; the client's token is
   made old enough that a 401 is taken for its age. */
bool holder_expire(int port);

/* This process's clock goes on by `ms`. */
void holder_pass(int64_t ms);

/* Every token that this process holds or will read is over, by its clock. */
void holder_let_expire(void);

/* How far this process's clock stands ahead; a worker's must be as far. */
int64_t holder_ahead_ms(void);

#endif
