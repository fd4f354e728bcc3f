/*
 * What the operator asked for: the command line, then STAYD_... in the
 * environment, then the defaults. Secrets come by file only.
 */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CONFIG_LIST_MAX = 32,   /* of a repeatable option */
    CONFIG_TEXT_MAX = 1024, /* of one value, with its NUL */
    CONFIG_WHY_SIZE = 512,
    CONFIG_THREADS_MAX = 64,
};

enum config_result {
    CONFIG_OK = 0,
    CONFIG_HELP,    /* --help */
    CONFIG_VERSION, /* --version */
    CONFIG_BAD,     /* `why` says what, where and what is allowed */
};

enum config_level {
    CONFIG_ERROR,
    CONFIG_WARN,
    CONFIG_INFO,
    CONFIG_DEBUG,
};

struct config_list {
    const char *value[CONFIG_LIST_MAX];
    size_t count;
};

/* Text is borrowed from argv, the environment or constants. */
struct config {
    const char *listen;   /* "127.0.0.1:8080", "unix:PATH" */
    const char *database; /* "sqlite:PATH" */
    const char *url;      /* how clients reach us; NULL: as we listen */
    const char *key_file; /* NULL: beside the database */
    const char *issuer;   /* NULL: the url */
    const char *audience; /* NULL: the issuer */
    int64_t access_ttl_s;
    int64_t refresh_idle_s; /* 0: no limit */
    int64_t refresh_max_s;  /* 0: no limit */
    int64_t refresh_soft_s;
    struct config_list origins;
    struct config_list dialects; /* names or files; none: all, as they mount */
    unsigned signup_roles;       /* bits: 1 user, 2 moderator, 4 admin */
    int64_t threads;
    enum config_level log_level;
    bool demo;
    bool
        hide_users; /* the same answer for a wrong name as for a wrong password;
                        otherwise each dialect answers in its own way */
};

/*
 * Reads argv and `environment` (as environ) into *out. `why` is one line without
 * a new line, set on CONFIG_BAD. Uses getopt_long, so one thread at a time.
 */
enum config_result config_read(int argc, char *const argv[],
                               char *const environment[], struct config *out,
                               char why[CONFIG_WHY_SIZE]);

/* The text of --help, with its new lines. */
const char *config_help(void);

/*
 * "10s", "5m", "24h", "30d", or a number of seconds. False when malformed, or
 * not within [min_s, max_s].
 */
bool config_duration(const char *text, int64_t min_s, int64_t max_s,
                     int64_t *out_s);

#endif
