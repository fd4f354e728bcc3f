/*
 * The two clocks, and which boot the first one belongs to.
 *
 * The steady clock counts suspend (CLOCK_BOOTTIME): a token ages while the lid
 * is shut. Only this file of the client reads a clock.
 */
#ifndef CLIENT_CLOCK_H
#define CLIENT_CLOCK_H

#include <stdint.h>

enum { CLOCK_BOOT_SIZE = 37 }; /* a UUID and its NUL */

int64_t clock_now_ms(void);
int64_t clock_wall_s(void);

/* Names this boot; empty when the kernel does not say. */
void clock_boot(char out[CLOCK_BOOT_SIZE]);

#ifdef STAY_POINTS
/*
 * Test builds only: from now on both clocks stand `ms` further on, over all
 * threads. The environment's STAY_CLOCK_OFFSET_MS is where they start.
 */
void clock_shift(int64_t ms);
#endif

#endif
