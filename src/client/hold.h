/*
 * A 401 that is held back: what the caller's callbacks would have been given,
 * call by call, until it is known whether they shall be given it.
 */
#ifndef CLIENT_HOLD_H
#define CLIENT_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hold_kind { HOLD_HEADER, HOLD_BODY };

/* Zero is empty. At most STAY_HELD_BACK_MAX bytes, lengths not counted. */
struct hold {
    char *bytes;
    size_t size;
    size_t used;  /* with 4 bytes before each piece: kind and length */
    size_t count; /* bytes of the pieces alone */
};

/* False when it would be too much, or memory is out; nothing is added then. */
bool hold_add(struct hold *hold, enum hold_kind kind, const char *piece,
              size_t length);

/* Gives each piece in order; stops, and is false, when `give` is false. */
typedef bool hold_give_fn(enum hold_kind kind, char *piece, size_t length,
                          void *data);
bool hold_deliver(struct hold *hold, hold_give_fn *give, void *data);

void hold_empty(struct hold *hold); /* keeps the memory for the next one */
void hold_clear(struct hold *hold);

#endif
