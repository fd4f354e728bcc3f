/*
 * Built without the web app: no Node.js was there, or no compiler for
 * WebAssembly (web/meson.build says which).
 */
#include "server/web.h"

const struct web_file web_embedded[1] = {{.path = NULL}};
const size_t web_embedded_count = 0;
