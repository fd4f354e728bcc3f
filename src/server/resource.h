/*
 * The resources: each answers one message of a dialect. They run on the loop's
 * thread, after request_match, with problems or without.
 */
#ifndef SERVER_RESOURCE_H
#define SERVER_RESOURCE_H

#include "server/call.h"

typedef void resource(struct call *call);

/* account.c */
resource account_create;
resource account_show;

/* account_change.c */
resource account_change;
resource account_remove;

/* email.c */
resource email_verify;
resource email_confirm;

/* reset.c */
resource reset_ask;
resource reset_confirm;

/* sign_in.c */
resource session_create;

/* session.c */
resource session_refresh;
resource session_end;
resource session_verify;

/* session_list.c */
resource session_list;
resource session_end_listed;
resource session_end_many; /* all, or all others */

/* introspect.c */
resource session_introspect;

/* board.c */
resource board_show;

/* todo.c */
resource todo_list;
resource todo_add;
resource todo_change;
resource todo_remove;

/* user_admin.c */
resource user_list;
resource user_change;
resource user_end_sessions;

/* demo.c: outside all dialects, under --demo only */
resource demo_expire;
resource demo_faults;
resource demo_disable; /* demo_disable.c */
/* Enables again whom that disabled; before the worker's loop runs. */
enum loop_result demo_start(struct worker *worker);
/* Has a demonstration asked for something else than the usual refresh? True:
   the call is answered. */
bool demo_answers_refresh(struct call *call);
/* Is this refresh's reply to be lost? True: the call is over. */
bool demo_drops_reply(struct call *call);

#endif
