/*
 * The store's keys: what they are made of is sealed before it comes here. What
 * holds for all operations stands in store/store.h.
 */
#ifndef STORE_KEY_H
#define STORE_KEY_H

#include "store/store.h"

struct store_key {
    int64_t id; /* 1 to 255, chosen by the caller: offered tokens carry it */
    char kind[STORE_KIND_SIZE]; /* the caller's word, "sign" or "mac" */
    char kid[STORE_KID_SIZE];   /* its public name, or empty */
    int64_t created_s;
    int64_t retired_s; /* 0 while in use */
    uint8_t blob[STORE_BLOB_MAX];
    size_t blob_length;
};

/* STORE_TAKEN: another process added this id first; list them again. */
enum store_result store_key_add(struct store *store,
                                const struct store_key *key);
/* STORE_NONE: no such key, or retired before. */
enum store_result store_key_retire(struct store *store, int64_t id,
                                   int64_t now_s);
enum store_result store_key_remove(struct store *store, int64_t id);

/* By id, all kinds. */
enum store_result store_key_list(struct store *store,
                                 bool (*row)(void *context,
                                             const struct store_key *key),
                                 void *context);

#endif
