/*
 * Users from elsewhere, with the hashes of their passwords: `stayd user import`.
 *
 * The file has one JSON object a line (doc/man/stayd.8 has the members). All of
 * it is added in one transaction, or nothing. At the first sign-in a hash of
 * another kind gives way to one of ours.
 */
#ifndef SERVER_IMPORT_H
#define SERVER_IMPORT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "server/audit.h"
#include "store/store.h"

enum {
    IMPORT_LINE_MAX = 4096, /* bytes, without its new line */
    IMPORT_BAD_MAX = 100,   /* bad lines that are told; more are counted */
    IMPORT_WHY_SIZE = 256,
};

enum import_result {
    IMPORT_OK = 0,
    IMPORT_BAD_LINES, /* they were told; nothing was added */
    IMPORT_FAILED,    /* file or database: `why`; nothing was added */
};

struct import_config {
    struct store *store; /* opened to write, outside a transaction */
    FILE *file;          /* one that can be rewound: it is read twice */
    int64_t now_s;
    /* Told of each bad line, numbered from 1. `why` is borrowed: one line
       without a new line, and nothing secret in it. */
    void (*bad)(void *context, size_t line, const char *why);
    void *context;
};

struct import_report {
    size_t users;              /* added */
    size_t bad;                /* lines */
    struct audit event;        /* on IMPORT_OK: as the table has it */
    char why[IMPORT_WHY_SIZE]; /* on IMPORT_FAILED */
};

/* Blocks, also on the disk. *out is filled whatever the result. */
enum import_result import_users(const struct import_config *config,
                                struct import_report *out);

#endif
