/*
 * Signing up, in and out. The calls are those of stay.h; this is what is left to
 * do of a sign-out.
 */
#ifndef CLIENT_ACCOUNT_H
#define CLIENT_ACCOUNT_H

#include <stay.h>

/*
 * Tells the server of a session that ended here, if that is still due. STAY_OK:
 * nothing is due any more.
 */
enum stay_result account_tell_sign_out(struct stay *stay);

#endif
