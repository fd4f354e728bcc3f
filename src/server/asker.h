/*
 * Which application asks: OAuth's client authentication (RFC 6749, section 2.3).
 */
#ifndef SERVER_ASKER_H
#define SERVER_ASKER_H

#include "server/call.h"

/*
 * For messages that have a place for a client's id. Fills call->asker, from HTTP
 * Basic or from the body. False: it has been answered.
 *
 * With --client-file whoever asks must be registered there and prove it;
 * introspection alone may do without, when nobody is named: there an access
 * token will do. Without the file a name is noted and proves nothing.
 */
bool asker_check(struct call *call);

#endif
