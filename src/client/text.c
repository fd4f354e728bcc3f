#include <stay.h>

#include "base/bytes.h"

static const char *const result_texts[] = {
    [STAY_OK] = "done",
    [STAY_SIGN_IN] = "sign in again",
    [STAY_TRY_LATER] = "try again later",
    [STAY_BAD_CONFIG] = "wrong configuration",
    [STAY_BAD_REPLY] = "the server answers outside its dialect",
    [STAY_BAD_VAULT] = "the vault cannot be used",
    [STAY_NO_MEMORY] = "out of memory",
    [STAY_REFUSED] = "refused by the server",
    [STAY_NOT_REPLAYED] = "the request's body cannot be sent twice",
    [STAY_CURL] = "the transfer failed",
};

static const char *const reason_texts[] = {
    [STAY_REASON_NONE] = "no reason",
    [STAY_REASON_SIGNED_OUT] = "signed out",
    [STAY_REASON_UNKNOWN] = "the server does not know this session",
    [STAY_REASON_REVOKED] = "the session was ended at the server",
    [STAY_REASON_EXPIRED] = "the session has expired",
    [STAY_REASON_DISABLED] = "the account is disabled",
    [STAY_REASON_REUSE] = "someone else used this session's secrets",
    [STAY_REASON_SERVER_LOST] = "the server lost this session",
    [STAY_REASON_REPLY_LOST] =
        "a reply was lost and the server takes no repeat",
    [STAY_REASON_REFUSED] = "the server refused to renew the session",
    [STAY_REASON_NO_CONNECTION] = "no connection to the server",
    [STAY_REASON_TLS] = "no trusted connection to the server",
    [STAY_REASON_NO_ANSWER] = "no complete answer from the server",
    [STAY_REASON_UNAVAILABLE] = "the server is not available",
    [STAY_REASON_NOT_THE_SERVER] = "something else answered for the server",
    [STAY_REASON_UNRECOGNISED] = "the server's refusal is not understood",
    [STAY_REASON_CONFIG] = "the server refuses this client as configured",
    [STAY_REASON_BUDGET] = "too many attempts failed lately",
    [STAY_REASON_VAULT] = "the vault cannot be used",
    [STAY_REASON_BUSY] = "another process is renewing the session",
};

const char *stay_result_text(enum stay_result result)
{
    if ((size_t)result >= COUNT(result_texts))
        return "unknown result";
    return result_texts[result];
}

const char *stay_reason_text(enum stay_reason reason)
{
    if ((size_t)reason >= COUNT(reason_texts))
        return "unknown reason";
    return reason_texts[reason];
}
