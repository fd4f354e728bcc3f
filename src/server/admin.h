/*
 * `stayd COMMAND`: administration on the machine itself.
 *
 *     stayd [OPTION]... user add ada --roles user --password-stdin
 *
 * A command opens the database directly, beside a stayd that runs: what it
 * changes stands in the database, and the running one finds it there. It uses
 * the same --database, --key-file and --config as the server. Commands are the
 * rows of one table (admin_table.c); a new one is a row there, its function
 * declared below, and a line in stayd(8).
 *
 * A command prints to standard output; errors are one line on standard error by
 * admin_fail and admin_misuse. Its function returns the exit code.
 */
#ifndef SERVER_ADMIN_H
#define SERVER_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/audit.h"
#include "server/config.h"
#include "store/store.h"

enum {
    ADMIN_DONE = 0,
    ADMIN_FAILED = 1, /* it was understood, and could not be done */
    ADMIN_USAGE = 2,
};

/* Options of commands, beside the server's own; their names: admin_table.c. */
enum admin_option {
    ADMIN_PASSWORD_STDIN, /* a switch: one line of standard input */
    ADMIN_EMAIL,
    ADMIN_ROLES, /* "user,moderator" */
    ADMIN_USER,
    ADMIN_JSON, /* a switch: lists as JSON */
    ADMIN_LEAD,
    ADMIN_COMPROMISED, /* a switch */
    ADMIN_REFRESH,     /* a switch */
    ADMIN_OPTIONS
};

/* What a command gets opened. */
enum admin_database {
    ADMIN_CLOSED, /* nothing: it opens what it wants itself */
    ADMIN_READ,   /* an existing database of this version */
    ADMIN_WRITE,  /* made and migrated where need be */
};

/* One command at work. All text is borrowed from the command line. */
struct admin {
    const struct config *config;
    struct store *store;      /* as the row says; NULL for ADMIN_CLOSED */
    int64_t now_s;            /* wall clock at the start */
    const char *const *words; /* behind the command's own words */
    size_t word_count;        /* within what the row allows */
    const char *option[ADMIN_OPTIONS]; /* NULL: not given; a switch: "" */
    bool listed;                       /* the lists' own: a row was printed */
    struct audit event;                /* admin_change writes it, */
    bool audited;                      /* if there is one */
};

struct admin_command {
    const char *words;     /* "user add" */
    const char *arguments; /* "NAME", for the usage line; "" for none */
    size_t least;          /* words behind the command, at least */
    size_t most;           /* and at most */
    unsigned options;      /* bits 1u << enum admin_option */
    enum admin_database database;
    int (*run)(struct admin *admin); /* an exit code */
    const char *help;                /* one line */
};

/*
 * The command that `words` begin with, or NULL; `used` gets how many of them
 * are its own.
 */
const struct admin_command *admin_find(const char *const *words, size_t count,
                                       size_t *used);

/* Opens what the command wants, runs it, closes. The exit code. Blocks. */
int admin_run(const struct admin_command *command, struct admin *admin);

/* One line on standard error: "stayd: ..."; ADMIN_FAILED or ADMIN_USAGE. */
int admin_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
int admin_misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for what the store said; "no such user" is for the caller to say. */
int admin_store_failed(const struct admin *admin, enum store_result result);

/*
 * What the next admin_change tells the audit: the row in the same transaction,
 * the line once that is durable. `change` may still set what it learns.
 */
struct audit *admin_audit(struct admin *admin, enum audit_kind kind,
                          int64_t user_id);

/* The line of an event, on standard error, as the server's log has it; not on a
   terminal, where whoever did it sits. */
void admin_tell(const struct audit *event);

/*
 * Runs `change` in one transaction: all of it is durable, or nothing. Its result
 * where that is not STORE_OK, else the commit's.
 */
enum store_result admin_change(struct admin *admin,
                               enum store_result (*change)(struct admin *admin,
                                                           void *context),
                               void *context);

/* By name, or by e-mail address where there is an @; says so when there is
   none. ADMIN_DONE or an exit code. */
int admin_find_user(struct admin *admin, const char *name,
                    struct store_user *out);

enum { ADMIN_SECRET_SIZE = 1025 };
/*
 * A password: with --password-stdin the first line of standard input, without
 * its new line; else asked twice on the terminal, which does not show it. The
 * caller wipes *out. ADMIN_DONE or an exit code.
 */
int admin_read_password(struct admin *admin, char out[ADMIN_SECRET_SIZE],
                        size_t *length);

/* One column of a row of a list. */
struct admin_cell {
    const char *name; /* "used_s" */
    const char *text; /* NULL: it is `number`, or `flag` */
    int64_t number;
    bool is_flag; /* `number` is 0 or 1: JSON true or false, text yes or no */
    bool is_time; /* wall seconds: text shows a date, JSON the number; 0: there
                     is none, "-" or null. Its name ends in "_s", in JSON only */
    int width;    /* columns that it takes on a terminal, where more follow */
    bool is_list; /* `text` is words with blanks between: JSON has an array */
};

/*
 * A list: rows of the same cells, in text with a head line and tabs between, or
 * under --json as one array of objects. In text what does not stand for itself
 * (plausible_shown) is '?'. admin_list_end prints what is missing; ADMIN_FAILED when standard output
 * did not take it all.
 */
void admin_list_row(struct admin *admin, const struct admin_cell *cells,
                    size_t count);
int admin_list_end(struct admin *admin);

enum { ADMIN_TIME_SIZE = 32 };

/* "2026-11-21T16:06:41Z"; returns `out`. */
const char *admin_time_text(int64_t time_s, char out[ADMIN_TIME_SIZE]);

/* ---- The commands ---- */

typedef int admin_function(struct admin *admin);

admin_function admin_user_add;
admin_function admin_user_disable;
admin_function admin_user_enable;
admin_function admin_user_roles;
admin_function admin_user_list;
admin_function admin_user_import;
admin_function admin_sessions_list;
admin_function admin_sessions_end;
admin_function admin_keys_list;
admin_function admin_keys_rotate;
admin_function admin_migrate;
admin_function admin_backup;
admin_function admin_check;

#endif
