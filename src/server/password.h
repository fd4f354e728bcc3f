/*
 * Passwords: argon2id, and the guessing of new ones, on a small pool of threads,
 * away from the loops.
 *
 * As many threads as cores, at nice 10, so that requests which need no hash go
 * first. The queue is bounded, and no one address may hold more than a quarter
 * of it: who floods sign-in is refused while others are served. A job belongs to
 * the pool until `done`, also when its request went away meanwhile.
 */
#ifndef SERVER_PASSWORD_H
#define SERVER_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/foreign.h"
#include "server/plausible.h"

enum {
    PASSWORD_SIZE_MAX = 1024, /* bytes, without a NUL */
    PASSWORD_CHARACTERS_MAX = 256,
    PASSWORD_HASH_SIZE = 128, /* crypto_pwhash_STRBYTES, the NUL included */
    PASSWORD_FROM_SIZE = 16,  /* an address: IPv6, or IPv4 mapped into it */
};

enum password_result {
    PASSWORD_OK = 0,
    PASSWORD_WRONG,   /* the password, or there is no such user */
    PASSWORD_FAILED,  /* out of memory: 503 */
    PASSWORD_STOPPED, /* the pool closed before its turn: 503 */
};

/* Whether a job was taken. */
enum password_taken {
    PASSWORD_TAKEN = 0,
    PASSWORD_FULL,      /* 503 with Retry-After */
    PASSWORD_ITS_SHARE, /* this address has its quarter: 503 with Retry-After */
    PASSWORD_TOO_LONG,  /* above PASSWORD_SIZE_MAX or _CHARACTERS_MAX */
};

enum password_task {
    PASSWORD_MAKE,  /* hash := encoded hash of the password */
    PASSWORD_CHECK, /* compare with hash; empty: there is no such user, and it
                       takes as long as a wrong password and is PASSWORD_WRONG */
    PASSWORD_GUESS, /* is it one that is guessed early? Makes no hash */
};

/*
 * Embed it in the request and get back by offsetof. The pool's from
 * password_submit (if taken) to `done`.
 */
struct password_job {
    struct password_job *next; /* the pool's */
    enum password_task task;
    char password[PASSWORD_SIZE_MAX]; /* wiped before done */
    size_t password_length;           /* in bytes */
    char hash[PASSWORD_HASH_SIZE]; /* "$argon2id$v=19$m=19456,t=2,p=1$..."; for
                                      CHECK also one of server/foreign.h */
    struct foreign_kinds foreign;  /* CHECK: what else users' hashes are here;
                                      a wrong password costs one of each, so
                                      that time tells nothing of the user */
    struct plausible_about about;  /* GUESS */
    struct plausible_guess guess;  /* GUESS: what came of it */
    uint8_t from[PASSWORD_FROM_SIZE]; /* whose share of the queue it takes */
    enum password_result result;
    bool outdated; /* CHECK went well, but the hash is not one that we make */
    /* Runs on a thread of the pool; must not block: post to the loop. */
    void (*done)(struct password_job *job);
};

struct password_pool; /* opaque */

struct password_config {
    unsigned threads; /* 0: one for each core, at most 64 */
    size_t queue_max; /* waiting or in work; 0 means 32 for each thread */
    size_t memory;    /* bytes; 0 means 19 MiB (OWASP), with passes 2 */
    unsigned passes;  /* 0 means 2 */
};

/* Hashes once, for users who do not exist. NULL: out of memory or threads. */
struct password_pool *password_open(const struct password_config *config);

/*
 * Jobs in work end, jobs waiting come back as PASSWORD_STOPPED; all through
 * `done`, before this returns. NULL is allowed.
 */
void password_close(struct password_pool *pool);

/* Any thread; never blocks. Not taken: the job is untouched, password and all. */
enum password_taken password_submit(struct password_pool *pool,
                                    struct password_job *job);

/* Is `text` within both limits? Characters are UTF-8 characters. */
bool password_fits(const char *text, size_t length);

/* The same hash on the calling thread, which blocks: for the command line. */
enum password_result password_make(const struct password_config *config,
                                   const char *password, size_t length,
                                   char hash[PASSWORD_HASH_SIZE]);

/* Is it a hash that we would make, costs and all? */
bool password_is_usual(const struct password_config *config, const char *hash);

struct password_counts {
    uint64_t done;      /* hashed or compared */
    uint64_t full;      /* PASSWORD_FULL */
    uint64_t its_share; /* PASSWORD_ITS_SHARE */
    uint64_t work_us;   /* hashing, all threads together */
    size_t queued;      /* waiting or in work, now */
    size_t threads;
};
void password_count(struct password_pool *pool, struct password_counts *out);

#endif
