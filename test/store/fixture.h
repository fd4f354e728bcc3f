/*
 * A database of the test's own, and rows to put into it: a file, or, where
 * STAY_STORE is "postgres", a database in a PostgreSQL that the test starts.
 */
#ifndef TEST_STORE_FIXTURE_H
#define TEST_STORE_FIXTURE_H

#include "store/store.h"

enum { FIXTURE_NOW_S = 1000000 };

struct fixture {
    char folder[64]; /* of SQLite */
    char path[96];
    char url[192];
    struct store *store; /* opened to write; NULL while closed */
    int64_t user_id;     /* of "ada", whose hash is "hash of ada" */
};

/* Is it PostgreSQL? */
bool fixture_is_postgres(void);

struct postgres;
/* The server that the program's fixtures are in. */
struct postgres *fixture_server(void);

/*
 * As check_run: with the database's name behind the suite's, and one skipped
 * row where there is no such database.
 */
#define fixture_run(suite, tests)                                              \
    fixture_run_group((suite), (tests), sizeof(tests) / sizeof((tests)[0]))
struct CMUnitTest;
int fixture_run_group(const char *suite, const struct CMUnitTest *tests,
                      size_t count);

/* A new folder, database and user; ends the program when it cannot. */
void fixture_open(struct fixture *f);
/* The same without anything in the database: `store` is NULL. */
void fixture_make(struct fixture *f);
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
