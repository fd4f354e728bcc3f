/*
 * assert without a C library, for our own mistakes only.
 *
 * What comes from the network, a file or a user is checked with `if`.
 */
#ifndef BASE_ASSERT_H
#define BASE_ASSERT_H

#define assert(condition) ((condition) ? (void)0 : __builtin_trap())

#endif
