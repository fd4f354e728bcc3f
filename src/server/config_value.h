/*
 * The values that an option may have: is `text` one of them? Inside the reading
 * of options only; server/config.h is for the others.
 */
#ifndef SERVER_CONFIG_VALUE_H
#define SERVER_CONFIG_VALUE_H

#include "server/config.h"

bool config_value_switch(const char *text, bool *out);

/*
 * One for each option with a form of its own. False: it is not allowed. Where
 * the text itself is the value, `out` is left to the caller.
 */
typedef bool config_value(const char *text, struct config *out);

config_value config_value_listen;
config_value config_value_database;
config_value config_value_origin;
config_value config_value_url;
config_value config_value_claim;
config_value config_value_roles;
config_value config_value_level;
config_value config_value_algorithm;
config_value config_value_program;
config_value config_value_proxy;
config_value config_value_throttle;    /* --throttle */
config_value config_value_no_throttle; /* --no-throttle */
config_value config_value_hide;        /* --hide-users */
config_value config_value_show;        /* --no-hide-users */
config_value config_value_forget;      /* --no-reseed */
config_value config_value_open;        /* --no-sandbox */

/* The value of a variable of the environment; NULL when it is not set. */
const char *config_value_variable(char *const environment[], const char *name);

#endif
