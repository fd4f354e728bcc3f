/*
 * The two halves of the sandbox, for sandbox.c alone. Both want no_new_privs,
 * and say in *out what the kernel gave.
 */
#ifndef SERVER_SANDBOX_PARTS_H
#define SERVER_SANDBOX_PARTS_H

#include "server/sandbox.h"

/* Landlock, its version in *out; 0 where there is none. */
enum sandbox_result sandbox_limit_paths(const struct sandbox *sandbox, int *out,
                                        char why[SANDBOX_WHY_SIZE]);

/* The filter of system calls, for all threads. */
enum sandbox_result sandbox_limit_calls(const struct sandbox *sandbox,
                                        bool *out, char why[SANDBOX_WHY_SIZE]);

#endif
