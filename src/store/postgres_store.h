/*
 * What the postgres files know of each other.
 */
#ifndef STORE_POSTGRES_STORE_H
#define STORE_POSTGRES_STORE_H

#include <libpq-fe.h>

#include "store/driver.h"

enum {
    POSTGRES_NUMBER_SIZE = 24, /* an int64_t in decimal */
    POSTGRES_MESSAGE_SIZE = 256,
    POSTGRES_VERSION = 150000, /* as PQserverVersion: the oldest we know */
    /*
     * The server ends a statement first (postgres_open.c); beyond this, it is
     * gone. In ms: with the wait for a new connection, who asked is told within
     * 10 s that the database is away, however silently it went.
     */
    POSTGRES_ANSWER_MS = 6000,
    POSTGRES_LONG_MS = 3600 * 1000, /* for work on whole tables */
};

/* A statement's values as libpq wants them. */
struct postgres_values {
    const char *text[STATEMENT_VALUES_MAX];
    int lengths[STATEMENT_VALUES_MAX];
    int formats[STATEMENT_VALUES_MAX];
    char numbers[STATEMENT_VALUES_MAX][POSTGRES_NUMBER_SIZE];
    int count;
    uint64_t print; /* of all of them and of the statement */
};

struct postgres_store {
    struct store store;  /* first: a struct store * is one of these */
    PGconn *conn;        /* NULL: the connection is lost */
    char *url;           /* owned */
    char *password_file; /* owned, or NULL */
    enum store_mode mode;
    int64_t limit_ms; /* for one answer */
    char message[POSTGRES_MESSAGE_SIZE];
    bool stale;  /* it answers, but another connection may do better */
    bool unsure; /* something was committed here that a standby lacks */

    /* The server's process behind `conn`, and the one of a connection that was
       given up while it worked; 0: none. */
    struct postgres_backend {
        int id;
        int64_t born_us; /* by its own clock: tells it from another of its id */
    } own, orphan;

    /* The statement that runs. */
    struct postgres_values values;
    PGresult *result; /* NULL before its first row is asked for */
    bool lent;        /* the result is a talk's */
    int row;          /* the one that `column` reads; -1 before the first */
    int64_t changed;

    struct store_talk *talk; /* whose statements these are; NULL: nobody's */
    /* In the order of their answers; a transaction ends behind `last`. */
    struct postgres_asked {
        struct store_talk *talk;
        PGresult *answer;
        bool last;
    } asked[STORE_TALKS_MAX];
    size_t asked_count;
};

/* ---- postgres_pipeline.c: what goes out, and what comes back in time ---- */

/*
 * The answer to what was sent last, which the caller clears; NULL when the
 * connection was lost: then postgres_lose has been called.
 */
PGresult *postgres_await(struct postgres_store *s);
/* Runs SQL without values, of one statement or several, by itself. */
enum store_result postgres_run(struct postgres_store *s, const char *sql);
/* The one number that `sql` gives, in text. */
enum store_result postgres_number(struct postgres_store *s, const char *sql,
                                  int64_t *out);
/* Runs a prepared statement and waits: as postgres_await. */
PGresult *postgres_execute(struct postgres_store *s, enum statement which);
/* Sends the talk's next statement; false: the connection was lost. */
bool postgres_ask(struct postgres_store *s, enum statement which);
/* Waits for the answers to all that was asked. */
enum store_result postgres_collect(struct postgres_store *s);
/* Prepares every statement, in one round trip. */
enum store_result postgres_prepare(struct postgres_store *s);
/* Nothing has come that nobody asked for, such as the connection's end. */
bool postgres_is_alive(struct postgres_store *s);

/* ---- postgres_result.c: what the server says, in our words ---- */

/* Of a result that was no success; keeps what it says as the message. */
enum store_result postgres_result(struct postgres_store *s, PGresult *result);
/* Was it done or not, and nobody knows? */
bool postgres_is_unknown(const PGresult *result);
/* Closes the connection and keeps why as the message. */
void postgres_lose(struct postgres_store *s, const char *why);
/* One line of `text`, without its end, cut to its size. */
void postgres_line(char *out, size_t size, const char *text);

/* ---- postgres_open.c ---- */

/* Connects, sets up, checks or migrates, prepares. On failure, not connected. */
enum store_result postgres_connect(struct postgres_store *s);
/* As store_files. */
void postgres_files(struct postgres_store *s,
                    void (*each)(void *context, const char *path),
                    void *context);

/* ---- postgres_migrate.c ---- */

/* Applies what is missing of sql/postgres/, each in a transaction of its own,
   one process at a time. */
enum store_result postgres_migrate(struct postgres_store *s);
/* Is the schema one that this program may use? */
enum store_result postgres_check_schema(struct postgres_store *s);
enum store_result postgres_read_version(struct postgres_store *s, int64_t *out);

#endif
