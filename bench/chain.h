/*
 * The client's half of committed rotation for a load: secrets that follow from
 * a number, so that both ends of a benchmark know them.
 */
#ifndef BENCH_CHAIN_H
#define BENCH_CHAIN_H

#include <stddef.h>
#include <stdint.h>

enum { CHAIN_SIZE = 32, CHAIN_SID_SIZE = 16 };

struct chain {
    uint8_t session[CHAIN_SIZE]; /* R */
    uint8_t sid[CHAIN_SID_SIZE]; /* the head of SHA-256(R) */
    uint8_t secret[CHAIN_SIZE];  /* S_i */
    uint8_t next[CHAIN_SIZE];    /* S_i+1 */
    uint64_t generation;         /* i */
};

void chain_init(struct chain *chain, unsigned number);
void chain_advance(struct chain *chain);

/* SHA-256(S_i), what a server's row holds for this step. */
void chain_commitment(const struct chain *chain, uint8_t out[CHAIN_SIZE]);

/* Bodies of the two requests, NUL-terminated; as ada with her password. */
void chain_sign_in_body(const struct chain *chain, char *out, size_t size);
void chain_refresh_body(const struct chain *chain, char *out, size_t size);

#endif
