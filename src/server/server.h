/*
 * What all requests share. Filled once at start by server_open; the threads only
 * read it, but for what is atomic and for each worker's own part.
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "core/rotation.h"
#include "server/app.h"
#include "server/audit.h"
#include "server/client.h"
#include "server/config.h"
#include "server/key.h"
#include "server/key_watch.h"
#include "server/known.h"
#include "server/listen.h"
#include "server/log.h"
#include "server/loop.h"
#include "server/mail.h"
#include "server/metrics.h"
#include "server/mount.h"
#include "server/notify.h"
#include "server/password.h"
#include "server/reload.h"
#include "server/standing.h"
#include "server/throttle.h"
#include "server/token.h"
#include "server/trace.h"
#include "server/web.h"
#include "server/writer.h"
#include "store/store.h"

enum { SERVER_WHY_SIZE = 1024 };
_Static_assert((int)SERVER_WHY_SIZE >= (int)APP_WHY_SIZE, "it is passed on");

/* Users that a demonstration has disabled, and when that is over. */
enum {
    DEMO_WAITING_MAX = 64,
    DEMO_DISABLED_MS = 30 * 1000,
};
struct demo_wait {
    int64_t user_id;
    int64_t due_ms; /* steady */
};
struct demo_waiting {
    struct demo_wait list[DEMO_WAITING_MAX];
    size_t count;
};

/* Drawn ahead for the names of access tokens (server/mint.c): of 64. */
struct mint_random {
    uint8_t bytes[64 * TOKEN_RANDOM_SIZE];
    size_t left;
};

/* One loop's thread and all that is its own. */
struct worker {
    struct server *server;
    struct loop *loop;
    struct store *reader;         /* never waits for the writer; NULL where the
                             database is a server: see server.asking */
    struct change_list turn;      /* what this turn hands to the writer */
    struct change_list reads;     /* what it asks its own reader at its end, */
    bool reading;                 /* they are being asked */
    struct change_list questions; /* or else those who only read */
    struct change_home home;
    struct metrics metrics;
    const struct config *live; /* what SIGHUP may have changed: origins. For
                                  this loop's thread; server/reload.h */
    struct loop_job reload;    /* brings the next one */
    _Atomic uint64_t turns;    /* moves while the loop does; server/notify.h */
    uint8_t swept[STORE_SID_SIZE]; /* how far the sweep has come */
    bool sweeping;                 /* one step is on its way */
    unsigned sweep_rest;           /* turns of its clock to leave out */
    int64_t unavailable_s;         /* when the log was last told of a 503 */
    struct audit_queue audit;
    struct key_ring *keys;      /* of now; server_use_keys changes it */
    struct token_issuer issuer; /* with these keys */
    struct mint_random random;  /* for the tokens that they sign */
    struct known known;         /* tokens that they have found good */
    struct standings standings; /* and how their sessions stand; of `reader` */
    struct demo_waiting waiting;
    size_t codes; /* on their way to the writer (server/code.h) */
};

/* Switches of --demo; all zero otherwise. */
struct demo {
    _Atomic int64_t expired_us;   /* tokens issued until then are expired */
    _Atomic int64_t drop_replies; /* so many next refresh replies are dropped */
    _Atomic int64_t status;       /* refreshes are answered so; 0: as usual */
    _Atomic int64_t until_ms;     /* steady; status ends then; 0: never */
};

struct server {
    const struct config *config;
    struct log log;
    struct mounts mounts;
    struct key_seal seal; /* opens keys that come later */
    struct key_watch *watch;
    struct token_issuer issuer;  /* without keys: those are each worker's */
    char listening[LISTEN_TEXT]; /* "http://127.0.0.1:8080" */
    struct listen_address address;
    struct rotation_limits limits;
    struct writer *writer;
    struct writer *asking; /* for task_read; NULL where loops read themselves */
    _Atomic int64_t write_failed_s; /* when the log was last told of it */
    struct password_pool *pool;
    struct census *census; /* NULL: none could be started */
    struct mailer mailer;  /* closed where there is no --mail-command */
    struct client_trust trust;
    struct throttle *throttle;
    struct apps apps;
    struct web web;
    struct worker *workers;
    size_t worker_count;
    struct demo demo;
    char *openapi; /* the document; owned */
    size_t openapi_length;
    struct trace trace;
    struct reload reload;
    struct notify notify;
    _Atomic bool draining; /* told to stop: /readyz says so */
    _Atomic bool stopping; /* the loops have ended: nothing new may begin */
};

enum server_result {
    SERVER_OK = 0,
    SERVER_BAD_CONFIG, /* a dialect: exit code 2 */
    SERVER_FAILED,     /* port, database, key file: exit code 1 */
};

/* On failure `why` holds one line, and *out is safe to close. Blocks. */
struct server_start {
    const struct config *config; /* borrowed for as long as the server is */
    /* Reads the options again, for SIGHUP; *out is for config_clear. NULL: it
       is refused. On the first loop's thread. */
    enum config_result (*reread)(void *context, struct config *out,
                                 char why[CONFIG_WHY_SIZE]);
    void *context;
};

enum server_result server_open(struct server *out,
                               const struct server_start *start,
                               char why[SERVER_WHY_SIZE]);

/* Says where it listens on standard output; serves until SIGTERM or SIGINT. */
enum server_result server_run(struct server *server);

/* How long the keys of this configuration verify; now_s is left at 0. */
struct key_lives server_key_lives(const struct config *config);

/* On the worker's loop, or before it runs: takes the ring over. */
void server_use_keys(struct worker *worker, struct key_ring *ring);

void server_close(struct server *server); /* zeroed is allowed */

#endif
