/*
 * Cookie mode: a browser's session whose secret R is a cookie that script never
 * sees (RFC 6265), while the rotating secrets stay with script. Both are needed
 * for a refresh, so what script can read is of no use elsewhere, and a request
 * that another site forges lacks the rotating secret.
 *
 * The cookie is set once, at sign-in, and never again: no late reply can harm a
 * newer session. It is `__Host-` and Secure on https; on plain http to loopback
 * it has the port in its name instead, for ports share cookies. Any other plain
 * http is refused.
 */
#ifndef SERVER_COOKIE_H
#define SERVER_COOKIE_H

#include "server/call.h"

/* The request asks for this mode. */
bool cookie_is_asked(const struct call *call);

/* What its message is in this mode; MESSAGE_NONE: there is no such mode. */
enum message cookie_message(const struct dialect *dialect,
                            enum message message);

/*
 * CASE_OK; CASE_INSECURE on plain http from afar; CASE_BAD_ORIGIN unless the
 * request's Origin is this server's own or one of --origin.
 */
enum reply_kind cookie_admit(const struct call *call);

/* Makes the session cookie's value FIELD_SESSION; false: there is none. */
bool cookie_take(struct call *call);

/* The reply is to set the session cookie; COOKIE_SECRET_SIZE bytes. */
enum { COOKIE_SECRET_SIZE = 32 };
void cookie_give(struct call *call, const uint8_t *secret);

#endif
