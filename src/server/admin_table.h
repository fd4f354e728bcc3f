/*
 * The table of stayd's commands; for main.c, admin.c and the tests.
 */
#ifndef SERVER_ADMIN_TABLE_H
#define SERVER_ADMIN_TABLE_H

#include "server/admin.h"

extern const struct config_extra admin_extras[ADMIN_OPTIONS];
extern const struct admin_command admin_commands[];
extern const size_t admin_commands_count;

/*
 * What --help says, to standard output: of all commands, of those that begin
 * with these words, or of one. False: there is none.
 */
bool admin_print_help(const char *const *words, size_t count);

/* Says that the words are no command, and which were meant; ADMIN_USAGE. */
int admin_unknown(const char *const *words, size_t count);

#endif
