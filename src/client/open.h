/*
 * The parts of stay_open: what a configuration says, checked and laid out. Each
 * is false with a sentence in `error` (STAY_ERROR_SIZE bytes).
 */
#ifndef CLIENT_OPEN_H
#define CLIENT_OPEN_H

#include <stdbool.h>

#include "client/state.h"

enum { OPEN_DIALECT_MAX = 256 * 1024 }; /* bytes of a dialect's file */

/* Needs stay->vault; reads what it holds into `entry`. */
enum stay_result open_vault(struct stay *stay, const struct stay_config *config,
                            struct entry *entry, char *error);

/* The configured dialect, else the vault's, else the default. */
enum stay_result open_dialect(struct stay *stay,
                              const struct stay_config *config,
                              const struct entry *entry, char *error);

/* The base URL, with the dialect's prefix where it has no path; origins. */
enum stay_result open_target(struct stay *stay,
                             const struct stay_config *config,
                             const struct entry *entry, char *error);

/* Plain http shows a token to all on the way, and lets them change keys: only on
   this machine, unless `insecure_http`. No user name in the URL. */
enum stay_result open_check_origin(bool insecure_http, const char *url,
                                   char *error);

/* Keeps a sentence, cut where it is too long; returns `result`. */
enum stay_result open_fail(char *error, enum stay_result result,
                           const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
