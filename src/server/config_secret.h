/*
 * Where the database's password may come from, and where not. For
 * server/config.c alone.
 */
#ifndef SERVER_CONFIG_SECRET_H
#define SERVER_CONFIG_SECRET_H

#include "server/config.h"

/* Says that `where`, which others can see, holds a password, and what to do. */
void config_secret_exposed(const char *where, char why[CONFIG_WHY_SIZE]);

/*
 * Once all else is read: refuses a password that libpq would take from the
 * environment, and takes the service manager's credential where no file is
 * named. False: `why` says.
 */
bool config_secret_find(char *const environment[], struct config *out,
                        char why[CONFIG_WHY_SIZE]);

#endif
