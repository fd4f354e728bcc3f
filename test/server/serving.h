/*
 * A loop in a thread of its own that answers by path, and clients for it.
 *
 *   /         "METHOD PATH LENGTH-OF-BODY"      /echo    the body
 *   /held     when serving_release is called    /batch   by the turn's end
 *   /many     SERVING_MANY bytes, copied        /lasting the same, lasting
 *   /drop     no answer                         /inject  a header with CR LF
 *   /close    as /, and closes                  /peer    who is asking
 *   /reserve  how much could be reserved        /tick    by the next tick
 * A refusal is answered "refused STATUS PATH".
 */
#ifndef TEST_SERVER_SERVING_H
#define TEST_SERVER_SERVING_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "server/listen.h"
#include "server/loop.h"

enum {
    SERVING_MANY = 180 * 1024,
    SERVING_HELD = 256,       /* requests to /held in the life of one server */
    SERVING_LIMIT_MS = 30000, /* the longest wait for anything */
};

struct held {
    struct loop_job job;
    struct exchange *x;
};

struct serving {
    struct loop *loop;
    struct listen_address address;
    char url[LISTEN_TEXT];
    pthread_t thread;
    enum loop_result outcome;
    pthread_mutex_t lock; /* for held and held_count */
    pthread_cond_t changed;
    struct held held[SERVING_HELD];
    size_t held_count; /* so far; each keeps its place, a job being queued */
    size_t released;
    struct held batch[SERVING_HELD];
    size_t batch_count;
    size_t batches; /* ends of turns at which something was answered */
    struct held ticking;
};

/* Opens a loop on `where` ("127.0.0.1:0", "unix:..."); not running yet. */
bool serving_open(struct serving *s, struct loop_config config,
                  const char *where);
void serving_start(struct serving *s); /* in its thread */
enum loop_result serving_join(struct serving *s);
void serving_close(struct serving *s);
/* Drains, joins and closes; true when all work was finished. */
bool serving_stop(struct serving *s);

/* Waits until so many requests are held; false when it took too long. */
bool serving_wait_held(struct serving *s, size_t count);
/* Answers all that are held, from this thread by way of loop_post. */
void serving_release(struct serving *s);

/* A connected socket whose reads and writes end after the longest wait. */
int client_open(const struct serving *s);
bool client_send(int fd, const void *bytes, size_t length);
bool client_say(int fd, const char *text);

/* One answer: its head with the blank line, and its body. */
struct answer {
    int status;
    size_t head_length;
    size_t body_length;
    char head[2048]; /* NUL-terminated */
    char body[SERVING_MANY + 1];
};

/* Reads exactly one answer (to HEAD: has_body false); false at an end or
   after the longest wait. */
bool client_read(int fd, struct answer *out, bool has_body);
/* Whether the server has closed: nothing follows. */
bool client_at_end(int fd);
/* Sends, reads, and says whether status and body are these. */
bool client_ask(int fd, const char *request, int status, const char *body);

#endif
