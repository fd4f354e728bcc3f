/*
 * Every way in which an access token opens something: what stayd says of one
 * token at each of them.
 */
#ifndef TEST_DOORS_H
#define TEST_DOORS_H

#include <stdbool.h>

#include "stayd.h"

enum { DOORS_TOKEN_SIZE = 4200 };

struct doors {
    int port;
    char access[DOORS_TOKEN_SIZE]; /* ada's, as stayd made it */
    char sid[32];                  /* its session */
    char admin[DOORS_TOKEN_SIZE];  /* who may ask about others' tokens */
};

/* Ada signs in, and the administrator. The server runs with --demo. */
bool doors_open(struct doors *doors, const struct stayd *stayd);

enum doors_verdict {
    DOORS_OPEN,     /* it is good */
    DOORS_NO_ADMIN, /* good, and not for what an administrator may */
    DOORS_EXPIRED,  /* refused, and said to have expired where that is said */
    DOORS_BAD,      /* refused */
    DOORS_DISABLED, /* refused, and the account told to be disabled */
};

/* `token` may be any text without a line's end. */
void doors_try(const struct doors *doors, const char *token,
               enum doors_verdict want);

#endif
