/*
 * The three people of a demonstration.
 */
#ifndef SERVER_DEMO_USERS_H
#define SERVER_DEMO_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

/* Adds those who are missing, with their known passwords; blocks for the
   hashes. False: the database or the memory failed. */
bool demo_users_add(struct store *store, int64_t now_s);

/* How many of them can sign in by those passwords. Blocks likewise. */
size_t demo_users_left(struct store *store);

#endif
