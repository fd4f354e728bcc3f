/*
 * One key as the database holds it: sealed, so that a stolen database signs
 * nothing, and bound to its row, so that rows cannot be exchanged.
 */
#ifndef SERVER_KEY_ROW_H
#define SERVER_KEY_ROW_H

#include "crypto/signature.h"
#include "server/key_file.h"
#include "server/key_plan.h"
#include "store/key.h"

enum { KEY_MAC_SIZE = 32 };

/* What a key is made from, until it is wiped. */
struct key_secret {
    uint8_t bytes[SIGNATURE_SECRET_MAX];
    size_t length;
};

/* False: a kind that a later version has brought. */
bool key_row_read(const struct store_key *row, struct key_fact *out);

/* Seals the secret into a row of that id, use, algorithm, kid and age. */
void key_row_write(const struct key_fact *fact, const struct key_secret *secret,
                   const uint8_t seal[KEY_FILE_SIZE], struct store_key *out);

/* False: sealed with another key file, or damaged. */
bool key_row_open(const struct store_key *row,
                  const uint8_t seal[KEY_FILE_SIZE], struct key_secret *out);

/* All rows, without their secrets. */
enum store_result key_row_list(struct store *store, struct key_facts *out);

#endif
