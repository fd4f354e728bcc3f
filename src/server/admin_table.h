/*
 * The table of stayd's commands; for main.c, admin.c and the tests.
 */
#ifndef SERVER_ADMIN_TABLE_H
#define SERVER_ADMIN_TABLE_H

#include "server/admin.h"

extern const struct config_extra admin_extras[ADMIN_OPTIONS];
extern const struct admin_command admin_commands[];
extern const size_t admin_commands_count;

/* What --help says of them, to standard output. */
void admin_print_help(void);

#endif
