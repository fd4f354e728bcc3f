/*
 * A PostgreSQL of the test's own: a folder, a free port on 127.0.0.1, a Unix
 * socket in that folder; never the machine's. Under root it runs as nobody. It
 * syncs every commit, as in earnest, and dies with the thread that started it.
 *
 *     struct postgres db;
 *     if (!postgres_start(&db))
 *         return;                     // the row is skipped or has failed
 *     ... "--database", db.url ...
 *     postgres_clear(&db);
 */
#ifndef TEST_POSTGRES_H
#define TEST_POSTGRES_H

#include <stdbool.h>
#include <stddef.h>

#include "process.h"

enum { POSTGRES_URL_SIZE = 192 };

struct postgres {
    struct process *process; /* NULL: it does not run */
    int port;
    char folder[PROCESS_PATH_SIZE]; /* data/, the socket, server.log */
    /* "postgresql://stay@/stay?host=FOLDER&port=PORT". Over TCP, and with
       several hosts: "postgresql://stay@127.0.0.1:P1,127.0.0.1:P2/stay". */
    char url[POSTGRES_URL_SIZE];
};

/*
 * Where the programs are (tools/peers postgres), or NULL: then the running row
 * has been skipped by name.
 */
const char *postgres_programs(void);

/*
 * A new server with an empty database "stay" owned by role "stay", who needs no
 * password; "locked" may connect over TCP with the password "open sesame" only.
 * False: the row was skipped (no PostgreSQL) or has failed.
 */
bool postgres_start(struct postgres *out);

/*
 * A new server that follows `primary` by streaming, and has caught up. With
 * `synchronous`, the primary waits for it at each commit from now on.
 */
bool postgres_standby(struct postgres *out, struct postgres *primary,
                      bool synchronous);
/* Waits until the standby has what the primary has committed until now. */
bool postgres_caught_up(struct postgres *standby, struct postgres *primary);
/* Makes a standby the primary; returns when it takes writes. */
bool postgres_promote(struct postgres *standby);
/* Cuts the standby off (or joins it again) without stopping either: what is
   committed meanwhile is lost to it. */
bool postgres_detach(struct postgres *standby);
bool postgres_attach(struct postgres *standby);

/*
 * Stops it: SIGINT ends sessions and shuts down, SIGQUIT and SIGKILL crash it.
 * The folder stays; postgres_restart runs it again on the same port.
 */
void postgres_stop(struct postgres *db, int signal_number);
bool postgres_restart(struct postgres *db);

/* A database more, owned by stay, empty; its address goes to `url`. */
bool postgres_add_database(struct postgres *db, const char *name,
                           char url[POSTGRES_URL_SIZE]);

/*
 * Runs SQL as the superuser in database "stay", by psql. `out` gets the rows,
 * columns with | between, without the last new line; it may be NULL. False when
 * psql failed; that fails no row.
 */
bool postgres_sql(struct postgres *db, const char *sql, char *out, size_t size);

/* Stops it if need be and removes the folder. Zeroed is allowed. */
void postgres_clear(struct postgres *db);

#endif
