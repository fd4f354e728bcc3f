/*
 * A database in a folder of its own, and rows to put into it.
 */
#ifndef TEST_STORE_FIXTURE_H
#define TEST_STORE_FIXTURE_H

#include "store/store.h"

enum { FIXTURE_NOW_S = 1000000 };

struct fixture {
    char folder[64];
    char path[96];
    char url[112];
    struct store *store; /* opened to write; NULL while closed */
    int64_t user_id;     /* of "ada", whose hash is "hash of ada" */
};

/* A new folder, database and user; ends the program when it cannot. */
void fixture_open(struct fixture *f);
void fixture_close(struct fixture *f); /* the folder goes too */

/* Another connection to the same file; NULL and a failed check on failure. */
struct store *fixture_connect(const struct fixture *f, enum store_mode mode);

/* A second user; their id. */
int64_t fixture_add_user(struct fixture *f, const char *name,
                         const char *email);

/* A committed session of ada: sid and newest commitment all `byte`. */
struct store_session fixture_session(const struct fixture *f, uint8_t byte);

/* The same, added at FIXTURE_NOW_S. */
void fixture_add_session(struct fixture *f, uint8_t byte);

/* A step of it from `generation`; each commitment is all one byte. */
struct store_step fixture_step(uint8_t sid, int64_t generation, uint8_t shown,
                               uint8_t next);

/* The store passes its own check. */
void fixture_check_whole(struct store *store);

#endif
