/*
 * What the operator asked for: the command line, then STAYD_... in the
 * environment, then the file of --config, then the defaults. Secrets come by
 * file only.
 */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/jws.h"
#include "store/store.h"

enum {
    CONFIG_LIST_MAX = 32,     /* of a repeatable option */
    CONFIG_TEXT_MAX = 1024,   /* of one value, with its NUL */
    CONFIG_WHY_SIZE = 4096,   /* of what is wrong */
    CONFIG_MISTAKES_MAX = 16, /* of a file; the last one tells of the rest */
    CONFIG_THREADS_MAX = 64,
    CONFIG_CONNECTIONS_MAX = 16,
    CONFIG_SESSIONS_MAX = 1000,   /* STORE_RECLAIM_MAX */
    CONFIG_ROWS_MAX = 96,         /* options there may be */
    CONFIG_WORDS_MAX = 16,        /* of a command, arguments included */
    CONFIG_FILE_MAX = 256 * 1024, /* bytes of --config */
    CONFIG_LINE_MAX = 2046,       /* of a line of it, without its end */
};

enum config_result {
    CONFIG_OK = 0,
    CONFIG_HELP,    /* --help; of the command's words, where there are any */
    CONFIG_VERSION, /* --version */
    CONFIG_BAD,     /* `why` says what, where and what is allowed */
};

enum config_level {
    CONFIG_ERROR,
    CONFIG_WARN,
    CONFIG_INFO,
    CONFIG_DEBUG,
};

/* Where a value came from; the later wins over the earlier. */
enum config_from {
    CONFIG_FROM_DEFAULT = 0,
    CONFIG_FROM_FILE,
    CONFIG_FROM_ENVIRONMENT,
    CONFIG_FROM_OPTION,
};

struct config_list {
    const char *value[CONFIG_LIST_MAX];
    size_t count;
};

/* The database's password, as a credential of systemd (LoadCredential=). */
#define CONFIG_CREDENTIAL "database-password"

/* Text is borrowed from argv, the environment, constants, or `kept`. */
struct config {
    const char *file;                   /* of --config; NULL: none */
    const char *listen;                 /* "127.0.0.1:8080", "unix:PATH" */
    const char *database;               /* "sqlite:PATH", "postgresql://..." */
    const char *database_password_file; /* NULL: none */
    char *credential; /* owned: the above, when it is the service manager's */
    int64_t database_connections; /* to a server; a quarter only read */
    const char *trace;            /* a file for refresh decisions; NULL: none */
    const char *url;              /* how clients reach us; NULL: as we listen */
    const char *key_file;         /* NULL: beside the database */
    enum jws_algorithm algorithm; /* JWS_NO_ALGORITHM: as the keys there are */
    const char *hs256_file;       /* NULL: the secret is in the database */
    int64_t key_life_s;           /* 0: keys are not rotated by age */
    const char *issuer;           /* NULL: the url */
    const char *audience;         /* NULL: the issuer */
    int64_t access_ttl_s;
    int64_t refresh_idle_s; /* 0: no limit */
    int64_t refresh_max_s;  /* 0: no limit */
    int64_t refresh_soft_s;
    struct config_list origins;
    struct config_list trust_proxy; /* as client_trust_add wants them */
    struct config_list dialects; /* names or files; none: all, as they mount */
    unsigned signup_roles;       /* bits: 1 user, 2 moderator, 4 admin */
    int64_t threads;
    enum config_level log_level;
    int64_t audit_keep_s; /* 0: for ever */
    bool throttle;
    int64_t sessions_max;     /* living sessions of one user */
    const char *mail_command; /* a program; NULL: no mail */
    bool demo;
    const char *client_file; /* NULL: no application is registered */
    const char *web; /* a folder, or "none"; NULL: the app in the program */
    bool lenient; /* --lenient-nest: where a family takes an access token alone
                     for a refresh, so do we */
    bool reseed;  /* cookie mode: a browser that lost its storage goes on; off
                     by --no-reseed */
    bool sandbox; /* server/sandbox.h; off by --no-sandbox */
    bool
        hide_users; /* the same answer for a wrong name as for a wrong password;
                        otherwise each dialect answers in its own way */
    uint8_t from[CONFIG_ROWS_MAX]; /* for config_from */
    char *kept;                    /* what was read from the file; owned */
    size_t kept_size;
};

/* An option of a command, such as --roles; the caller's table. */
struct config_extra {
    const char *name;
    bool is_switch;
};

/* The words of a command, and its own options; borrowed from argv. */
struct config_command {
    const struct config_extra *extras;   /* set by the caller, */
    size_t extra_count;                  /* at most CONFIG_WORDS_MAX */
    const char *value[CONFIG_WORDS_MAX]; /* by extra: NULL where not given, ""
                                            for a switch */
    const char *word[CONFIG_WORDS_MAX];
    size_t word_count; /* 0: no command, serve */
};

/* What a program is started with. */
struct config_input {
    int argc;
    char *const *argv;
    char *const *environment; /* as environ; NULL: nothing is set */
};

/*
 * Reads `in`, and the file it names, into *out, for config_clear. `why` is set on
 * CONFIG_BAD: a line, or for the file of --config several, new lines between;
 * *out is then empty. Uses getopt_long, so one thread at a time; it may move the
 * words of argv behind the options.
 */
enum config_result config_read(const struct config_input *in,
                               struct config *out, char why[CONFIG_WHY_SIZE]);

/* The same where words are a command; its options are at home among ours. */
enum config_result config_read_command(const struct config_input *in,
                                       struct config_command *command,
                                       struct config *out,
                                       char why[CONFIG_WHY_SIZE]);

void config_clear(struct config *config); /* zeroed is allowed */

/* Where the value of this option, such as "database", came from. */
enum config_from config_from(const struct config *config, const char *name);

/* Is it a variable that the environment has for an option? "STAYD_LISTEN" */
bool config_knows_variable(struct span name);

/* The text of --help, with its new lines. */
const char *config_help(void);

/*
 * The names of options whose value differs and that only a start takes, blanks
 * between; cut where it does not fit.
 */
void config_different(const struct config *a, const struct config *b, char *out,
                      size_t size);

/* Where the key file is: beside the database unless said. */
void config_key_path(const struct config *config, char path[PATH_MAX]);

/* How the database is opened; the text is borrowed from `config`. */
struct store_config config_store(const struct config *config,
                                 enum store_mode mode);

/*
 * "10s", "5m", "24h", "30d", or a number of seconds. False when malformed, or
 * not within [min_s, max_s].
 */
bool config_duration(const char *text, int64_t min_s, int64_t max_s,
                     int64_t *out_s);

#endif
