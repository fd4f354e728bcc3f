/*
 * The loader of dialects for JavaScript, in a module of its own: a page that
 * speaks a built-in dialect has an image of what this made when the package was
 * built, and never loads it. web/package/src/image.ts makes images.
 *
 * A dialect is compiled into one of two places. What differs between the two by
 * their distance is an address; everything else means the same anywhere.
 */
#ifndef WASM_LOADER_H
#define WASM_LOADER_H

#include <stdint.h>

#include "wasm/exports.h"

/* Two of WASM_TEXT_SIZE: the same text goes into each. */
WASM_EXPORT(text) char *wasm_loader_text(int32_t place);
/*
 * The dialect in the text's first `length` bytes. NULL: good; else why not, NUL
 * at its end.
 */
WASM_EXPORT(compile)
const char *wasm_loader_compile(int32_t place, uint32_t length);
/* struct dialect, and right behind it DIALECT_MEMORY. */
WASM_EXPORT(dialect) void *wasm_loader_dialect(int32_t place);
WASM_EXPORT(dialect_size) uint32_t wasm_loader_dialect_size(void);
/* enum verdict of a case by its name, `length` bytes of text 0; -1: none. */
WASM_EXPORT(verdict) int32_t wasm_loader_verdict(uint32_t length);

#endif
