/*
 * Removes the rows of sessions that have ended so long ago that nobody needs to
 * be told why: small steps now and then, so that no refresh waits for them.
 */
#ifndef SERVER_SWEEP_H
#define SERVER_SWEEP_H

#include "server/server.h"

/* On the worker's loop, from loop_run on. */
enum loop_result sweep_start(struct worker *worker);

#endif
