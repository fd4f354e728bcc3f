/*
 * Codes that are mailed: drawn here, kept as hashes, shown back once.
 */
#ifndef SERVER_CODE_H
#define SERVER_CODE_H

#include "server/audit.h"
#include "server/call.h"
#include "store/code.h"

enum {
    CODE_BYTES = 24,
    CODE_TEXT = 32,               /* those in base64url */
    CODE_RESET_S = 60 * 60,       /* life of one that sets a password */
    CODE_VERIFY_S = 24 * 60 * 60, /* life of one that confirms an address */
    CODE_WAITING_MAX = 256,       /* on their way to one loop's writer */
};

/*
 * Makes one for the user's address and has it mailed, behind the answer: nobody
 * waits for it, and nobody can tell by time whether there was somebody to mail
 * to. Nothing happens where there is no --mail-command, no address, or too many
 * living codes (STORE_CODE_MAX). For the loop's thread; `user` is copied.
 */
void code_issue(struct worker *worker, const struct store_user *user,
                enum store_code_kind kind);

/* What FIELD_CODE is known by; false: that is no code. */
bool code_hash(const struct call *call, uint8_t hash[STORE_HASH_SIZE]);

/* Answers that the code is no good, and has it counted and told. */
void code_refuse(struct call *call, enum audit_kind kind);

/* False: nobody can be mailed here, and the call has been answered. */
bool code_offered(struct call *call);

#endif
