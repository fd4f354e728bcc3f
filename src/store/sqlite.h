/*
 * The default database: one file, WAL, every commit synced.
 *
 * A store opened to write holds the file's one writing connection; one opened
 * to read sees what was committed when its statement began and waits for nobody.
 */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include "store/driver.h"

extern const struct store_driver sqlite_driver;

#endif
