/* What the files of this folder share. */
#ifndef WASM_PARTS_H
#define WASM_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "core/dialect.h"
#include "core/engine.h"
#include "core/record.h"
#include "wasm/exports.h"

struct session {
    bool taken;
    struct engine engine;
    struct engine_budget shared; /* as the vault has it */
    struct record record;
    struct record_refresh steps;
    /* An image of what compile.c made, with its texts behind it. */
    union {
        struct dialect dialect;
        char image[WASM_IMAGE_SIZE];
    };
};

struct session *session_at(int32_t session);

extern char text[];
extern double numbers[];

/* The out list is begun anew, and gets one more. */
void out_begin(void);
void out_add(struct span span);
/* Room for texts that are made here; SIZE bytes, used anew by each call. */
enum { ROOM_SIZE = 80 * 1024 };
extern char room[];

#endif
