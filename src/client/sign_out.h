/*
 * What is left to do of a sign-out, by stay_sign_out or by a session that ended
 * here for another reason.
 */
#ifndef CLIENT_SIGN_OUT_H
#define CLIENT_SIGN_OUT_H

#include <stdint.h>

#include <stay.h>

/*
 * Tells the server of a session that ended here, if that is still due, for
 * limit_ms at most. STAY_OK: nothing is due any more.
 */
enum stay_result sign_out_tell(struct stay *stay, int64_t limit_ms);

#endif
