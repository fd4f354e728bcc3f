/*
 * A running server notices what happened to the keys: by `stayd keys`, by
 * another instance, or by time alone (a published key comes into use, a retired
 * one is over).
 *
 * The first loop looks every KEY_WATCH_MS. Where something is new it builds
 * another ring and hands it to every loop as a job; a ring itself never changes,
 * so requests use theirs without a lock. The last loop to let go frees it.
 */
#ifndef SERVER_KEY_WATCH_H
#define SERVER_KEY_WATCH_H

#include "server/loop.h"

struct key_watch; /* opaque */
struct server;
struct worker;

enum { KEY_WATCH_MS = 5000 };

/* On the first worker only, when it has its keys and before its loop runs. */
enum loop_result key_watch_start(struct worker *worker);

/* Has it look at once, as SIGHUP asks. On any thread, while the loops run. */
void key_watch_now(struct server *server);

/* After the loops have ended. NULL is allowed. */
void key_watch_close(struct key_watch *watch);

#endif
