/*
 * The store's codes: mailed once, good once, for one address of one user. What
 * holds for all operations stands in store/store.h.
 */
#ifndef STORE_CODE_H
#define STORE_CODE_H

#include "store/store.h"

/* The numbers stand in the database: append only. */
enum store_code_kind {
    STORE_CODE_VERIFY = 1, /* this address is the user's */
    STORE_CODE_RESET = 2,  /* choose a new password */
};

struct store_code {
    uint8_t hash[STORE_HASH_SIZE]; /* SHA-256 of the code */
    enum store_code_kind kind;
    int64_t user_id;
    const char *email; /* the user's when it is added; borrowed */
    int64_t expires_s; /* dead from then on */
};

/*
 * STORE_NONE: the user is gone or disabled, has another address by now, or has
 * STORE_CODE_MAX living codes of that kind: nothing is to be mailed.
 */
enum store_result store_code_add(struct store *store,
                                 const struct store_code *code, int64_t now_s);
/* Whose living code it is. Only reads: store_code_spend has the last word. */
enum store_result store_code_find(struct store *store,
                                  enum store_code_kind kind,
                                  const uint8_t hash[STORE_HASH_SIZE],
                                  int64_t now_s, int64_t *user_id);
/*
 * Takes the code away and tells whose it was, in one statement: of two who show
 * it one gets STORE_OK. STORE_NONE: unknown, spent, expired; or its user is
 * disabled or has another address by now.
 */
enum store_result store_code_spend(struct store *store,
                                   enum store_code_kind kind,
                                   const uint8_t hash[STORE_HASH_SIZE],
                                   int64_t now_s, int64_t *user_id);
/* All of that kind; STORE_OK also where there was none. */
enum store_result store_codes_remove(struct store *store, int64_t user_id,
                                     enum store_code_kind kind);
/* Removes at most `count` that are dead; *removed: how many. One statement. */
enum store_result store_code_sweep(struct store *store, int64_t now_s,
                                   int64_t count, int64_t *removed);

#endif
