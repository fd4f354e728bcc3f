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

/*
 * A statement's values as libpq wants them. Integers go as text, whose type is
 * then the column's own; the others as the bytes that they are.
 */
struct postgres_values {
    const char *text[STATEMENT_VALUES_MAX];
    int lengths[STATEMENT_VALUES_MAX];
    int formats[STATEMENT_VALUES_MAX];
    bool is_int[STATEMENT_VALUES_MAX];
    int64_t whole[STATEMENT_VALUES_MAX]; /* before they are written as text */
    char numbers[STATEMENT_VALUES_MAX][POSTGRES_NUMBER_SIZE];
    int count;
    uint64_t print; /* of all of them and of the statement */
};

/* The values of a SESSION_STEP; numbers in the order of the network. */
struct postgres_step {
    uint8_t sid[STORE_SID_SIZE];
    uint8_t shown[STORE_HASH_SIZE];
    uint8_t next[STORE_HASH_SIZE];
    uint8_t generation[8];
    uint8_t now[8];
    uint8_t max[8];
    uint8_t idle[8];
};

enum {
    POSTGRES_STEP_ARRAYS = 7,    /* the values of SESSION_STEPS */
    POSTGRES_ARRAY_HEAD = 5 * 4, /* bytes before an array's first element */
    POSTGRES_ARRAYS_SIZE =
        POSTGRES_STEP_ARRAYS * POSTGRES_ARRAY_HEAD +
        STORE_TALKS_MAX *
            (POSTGRES_STEP_ARRAYS * 4 + (int)sizeof(struct postgres_step)),
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
    bool shared;      /* and of other talks, too: its first column is the sid */
    int found_row;    /* where the last one had its row in a shared one, + 1 */
    int row;          /* the one that `column` reads; -1 before the first */
    int row_end;      /* behind the last */
    int64_t changed;

    struct store_talk *talk; /* whose statements these are; NULL: nobody's */
    /* In the order of their answers; a transaction ends behind `last`. */
    struct postgres_asked {
        struct store_talk *talk;
        PGresult *answer;
        bool shared;  /* with the next, or: */
        bool follows; /* the answer is that of the one before */
        bool last;
    } asked[STORE_TALKS_MAX];
    size_t asked_count;

    /* Steps that go out together, by sid, and whose they are. */
    struct postgres_step steps[STORE_TALKS_MAX];
    struct store_talk *stepping[STORE_TALKS_MAX];
    size_t step_count;
    char arrays[POSTGRES_ARRAYS_SIZE];
};

/* ---- postgres_values.c ---- */

/* Bytes are borrowed. */
void postgres_values_set(struct postgres_values *v, enum statement which,
                         const struct store_value_ref *values, size_t count);
/* The integers as text; before they are sent. */
void postgres_values_write(struct postgres_values *v);
/* A number in the order of the network, of 1 to 8 bytes, with its sign. */
int64_t postgres_read_number(const char *bytes, int length);

/* ---- postgres_steps.c ---- */

/* Keeps the talk's step for postgres_steps_send; false: send it by itself. */
bool postgres_steps_add(struct postgres_store *s);
/* Sends what was kept, in one transaction; false: the connection was lost. */
bool postgres_steps_send(struct postgres_store *s);
/* Finds the row of the values' sid in a shared result. */
void postgres_steps_find(struct postgres_store *s);

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
/* Sends a prepared statement with the values that are bound; 0: it failed. */
int postgres_send(struct postgres_store *s, enum statement which);
/* What is asked from here on is another transaction's; false: as below. */
bool postgres_end_transaction(struct postgres_store *s);
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
