/*
 * Programs of others that a test runs itself: where tools/peers has them, and
 * as whom. Under root they run as nobody, for some refuse root.
 */
#ifndef TEST_PEER_H
#define TEST_PEER_H

#include <stdbool.h>
#include <stddef.h>

#include "process.h"

enum {
    PEER_WORDS_MAX = 40, /* of a command line, its end included */
    PEER_PATH_SIZE = 512,
};

struct peer {
    const char *name;           /* as tools/peers knows it */
    bool looked;                /* the rest is known */
    char found[PEER_PATH_SIZE]; /* what tools/peers said; "": nothing */
    char libraries[PEER_PATH_SIZE + 64];
    const char *environment[2]; /* for process_start and process_run */
};

/* Asks tools/peers, once. What it found, or NULL. */
const char *peer_find(struct peer *peer);

/*
 * The command line: as nobody under root, and killed by `death_signal` with the
 * thread that starts it; a change of user forgets what the kit has set for that.
 */
void peer_command(const char *argv[PEER_WORDS_MAX], const char *death_signal,
                  const char *program, const char *const words[]);

/* Gives a file or folder to whom peers run as. */
bool peer_give(const char *path);

/* A port that is free now; who takes it meanwhile makes the row fail. 0: none. */
int peer_port(void);

#endif
