/*
 * Which dialect a request is in, which message it is, who answers it.
 */
#ifndef SERVER_DISPATCH_H
#define SERVER_DISPATCH_H

#include "server/call.h"

/* Answers, now or later. */
void dispatch(struct call *call);

/* The dialect that the request's own token tells of, or NULL. */
const struct mount *dispatch_wish(struct call *call);

/* Is there anybody to answer this message? */
bool dispatch_serves(enum message message);

#endif
