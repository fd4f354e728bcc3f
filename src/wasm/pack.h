/*
 * Numbers and bytes in a row, as text: how a page's storage keeps what the core
 * must find again. Base64url, big-endian, the version first.
 */
#ifndef WASM_PACK_H
#define WASM_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base64url.h"
#include "base/bytes.h"

enum { PACK_SIZE = 512, PACK_TEXT_SIZE = BASE64URL_LENGTH(PACK_SIZE) };

struct pack {
    uint8_t bytes[PACK_SIZE];
    size_t length;
    size_t at;   /* read so far */
    bool failed; /* it ended too early, or does not fit */
};

void pack_put(struct pack *pack, const void *bytes, size_t size);
void pack_put_int(struct pack *pack, int64_t value);
/* Into `out`, PACK_TEXT_SIZE bytes. */
struct span pack_text(const struct pack *pack, char *out);

/* False: not a pack. */
bool pack_open(struct pack *pack, struct span text);
void pack_take(struct pack *pack, void *bytes, size_t size);
int64_t pack_take_int(struct pack *pack);
/* All was read, and all was there. */
bool pack_close(struct pack *pack);

#endif
