/*
 * Which web pages may read our answers (Fetch standard, section 3.2).
 */
#ifndef SERVER_CORS_H
#define SERVER_CORS_H

#include <stdbool.h>

#include "base/bytes.h"
#include "server/config.h"

/*
 * Is this Origin on the operator's list? Under --demo any port of localhost and
 * 127.0.0.1 on plain http is too. "null" never is.
 */
bool cors_allows(const struct config *config, struct span origin);

#endif
