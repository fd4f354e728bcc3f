/*
 * The command line: what its commands share.
 *
 * Results go to standard output, everything else to standard error. A token or
 * a password is never an argument, and only `stay token` prints one.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stay.h"

/* Exit codes, held on to by other people's scripts (design, section 9). */
enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_SIGN_IN = 3,
    EXIT_LATER = 4,
    EXIT_ANSWER = 5, /* the resource answered 4xx or 5xx */
};

#define CLI_SESSION "default" /* of --session, unless said */

enum { CLI_LINE_SIZE = 1024 }; /* a name or a password, its NUL included */

struct cli {
    const char *session; /* --session NAME; "default" unless said */
    bool json;           /* --json: one object on standard output */
    bool signing_in;     /* no session is at stake: other advice on failure */
    char **arguments;    /* of the command, its name first */
    int count;
};

/* One file per command. Each returns an exit code. */
int cli_login(struct cli *cli);
int cli_request(struct cli *cli); /* get, post, put, patch, delete */
int cli_token(struct cli *cli);
int cli_status(struct cli *cli);
int cli_logout(struct cli *cli);

/*
 * Reads the options of a command that knows --json and --help and takes no
 * argument. -1: go on, else the exit code.
 */
int cli_options(struct cli *cli, const char *usage);

/*
 * Says what is wrong with the option that getopt_long answered with `c`, ':' or
 * '?', of `arguments` (behind the command that cli has by now, if any), without
 * its value, which may be a secret. Returns EXIT_USAGE.
 */
int cli_bad_option(const struct cli *cli, char **arguments, int c);

/*
 * Reads a number from `text`, `min` to `max`, in decimal digits alone. False
 * after a line that says what `option` takes.
 */
bool cli_number(const char *option, const char *text, long min, long max,
                long *out);

/*
 * Opens the session with `config` (its session name is set here). On failure
 * says why and what to do, and *code is what to exit with.
 */
struct stay *cli_open(const struct cli *cli, struct stay_config *config,
                      int *code);

/* Says how a call on `stay` failed and what to do; the exit code for it. */
int cli_fail(const struct cli *cli, struct stay *stay, enum stay_result result);

/* A sentence on standard error after "stay: "; returns `code`. */
int cli_say(int code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "1 h 5 min", "4.2 s": a length of time for people. */
void cli_duration(int64_t ms, char *out, size_t size);

/* May standard output be coloured? A terminal, and no NO_COLOR. */
bool cli_colours(void);

/* Asks on the terminal; false when there is none or nothing was typed. */
bool cli_ask(const char *question, char out[CLI_LINE_SIZE]);
/* Likewise, without echo. */
bool cli_ask_secret(const char *question, char out[CLI_LINE_SIZE]);
/* The first line of standard input; false when empty or too long. */
bool cli_read_secret(char out[CLI_LINE_SIZE]);

/* Writes `text` as a JSON string, quotes included. */
void cli_put_json(const char *text);

#endif
