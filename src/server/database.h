/*
 * The server's database at the start: the keys in it, who writes and who reads;
 * and the sandbox, which is entered once its files are open and before the first
 * thread is there.
 */
#ifndef SERVER_DATABASE_H
#define SERVER_DATABASE_H

#include "server/server.h"

/*
 * Opens it, made or brought to this version where need be, and fills writer,
 * asking, seal, and each worker's reader and keys. Blocks. On failure `why` is
 * one line, and what was filled is server_close's to close.
 */
enum server_result database_open(struct server *server,
                                 char why[SERVER_WHY_SIZE]);

#endif
