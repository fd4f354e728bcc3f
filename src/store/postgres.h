/*
 * The database of many instances: PostgreSQL 15 or later, by libpq.
 *
 * A store is one connection, lost and opened anew (store_mend) as servers come
 * and go. Outside a talk a statement is answered before the call returns; in a
 * talk (store.h) statements go out one behind the other, each a transaction of
 * its own with a Sync behind it.
 */
#ifndef STORE_POSTGRES_H
#define STORE_POSTGRES_H

#include "store/driver.h"

extern const struct store_driver postgres_driver;

#endif
