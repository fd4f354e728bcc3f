/*
 * A stayd of the test's own: free port, temporary folder, ended with the test.
 */
#ifndef TEST_STAYD_H
#define TEST_STAYD_H

#include <stdbool.h>

#include "process.h"

enum { STAYD_URL_SIZE = 192 };

struct stayd {
    struct process *process;        /* NULL: it did not start */
    int port;                       /* on 127.0.0.1 */
    char url[64];                   /* "http://127.0.0.1:PORT" */
    char folder[PROCESS_PATH_SIZE]; /* holds stay.db and stay.key */
    char database[STAYD_URL_SIZE];  /* its address, unless options say other */
    bool earnest;                   /* without --demo */
};

/* The program: the environment's STAYD, or the one built beside the tests. */
const char *stayd_path(void);

/*
 * Starts one on port 0 (or a given port) with a database and a key file of its
 * own in a new folder, `--demo`, and `options` (NULL, or ended by NULL); waits
 * for its first line. Tests try passwords all day from one address, so there is
 * --no-throttle too, unless the options say --throttle. With check_on_postgres
 * the database is a new one in a PostgreSQL of the test's own.
 */
bool stayd_start(struct stayd *out, const char *const options[]);
/* The same without --demo. */
bool stayd_start_earnest(struct stayd *out, const char *const options[]);
/* stayd_start in two: several may begin at once, and are then waited for. */
bool stayd_begin(struct stayd *out, const char *const options[]);
bool stayd_await(struct stayd *stayd);
/* The same folder, database and port again, after stayd_stop. */
bool stayd_restart(struct stayd *stayd, const char *const options[]);
/* By a signal; its exit code as process_wait says. The folder stays. */
int stayd_stop(struct stayd *stayd, int signal_number);
/* Stops it if need be and removes the folder. Zeroed is allowed. */
void stayd_clear(struct stayd *stayd);

/*
 * A number of /metrics: `series` is written as there, labels and all, such as
 * stay_refreshes_total{dialect="x",outcome="y"}. -1 when it is not there.
 */
double stayd_metric(const struct stayd *stayd, const char *series);

#endif
