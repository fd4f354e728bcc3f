/*
 * Random event sequences through wasm/exports.h, the same in the native program,
 * the WebAssembly module and the interpreter that runs it.
 */
#ifndef TEST_WASM_SEQUENCES_H
#define TEST_WASM_SEQUENCES_H

#include <stdint.h>

#include "wasm/exports.h"

/* Loads the dialects; before the first sequence. 0: good. */
WASM_EXPORT(sequences_begin) int32_t sequences_begin(void);
/*
 * A hash over all that came out of the first `steps` events of a sequence. Each
 * sequence begins anew; `seed` is anything.
 */
WASM_EXPORT(sequence) uint32_t sequence(uint32_t seed, uint32_t steps);
/* Which event was the last of the last sequence. */
WASM_EXPORT(sequence_event) uint32_t sequence_event(void);

#endif
