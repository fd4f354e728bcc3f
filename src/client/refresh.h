/*
 * Carrying out a refresh: locks, vault, message, answer, vault. Any thread may
 * run the one that the engine has started; there is never a second.
 */
#ifndef CLIENT_REFRESH_H
#define CLIENT_REFRESH_H

#include <stdbool.h>

#include "client/state.h"
#include "core/dialect.h"

/* With lock held: remembers what the engine started, wakes whom it wakes. */
void refresh_note(struct stay *stay, struct engine_answer answer, bool early);

/* Runs the refresh that waits for a thread. False when there is none. */
bool refresh_run_waiting(struct stay *stay);

/* Why a session is over, from the server's words. */
enum stay_reason refresh_reason(struct reply_case what);

#endif
