#include "server/config.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "server/config_value.h"

enum {
    DAY_S = 24 * 60 * 60,
    LIFE_MAX_S = 3650 * DAY_S,
};

enum kind {
    KIND_TEXT,     /* `at` is a const char * */
    KIND_LIST,     /* a struct config_list */
    KIND_DURATION, /* an int64_t of seconds, min to max */
    KIND_COUNT,    /* an int64_t, min to max */
    KIND_SWITCH,   /* a bool */
    KIND_OTHER,    /* has a reader of its own */
};

struct option_row {
    const char *name;
    const char *variable; /* in the environment; NULL: only an option */
    enum kind kind;
    size_t at; /* offset in struct config */
    int64_t min;
    int64_t max;
    /* False when the value is not allowed; NULL: every text is. */
    config_value *read;
    const char *allowed; /* for the message */
};

#define AT(member) offsetof(struct config, member)

static const char switch_words[] = "1, 0, true, false, yes, no, on or off";
static const char origin_words[] =
    "http://HOST[:PORT] or https://HOST[:PORT], without a path";

/* One row an option: by hand, so that a new one moves no other. */
// clang-format off
static const struct option_row rows[] = {
    {"listen", "STAYD_LISTEN", KIND_TEXT, AT(listen), 0, 0,
     config_value_listen, "ADDR:PORT, [ADDR]:PORT or unix:PATH"},
    {"database", "STAYD_DATABASE", KIND_TEXT, AT(database), 0, 0,
     config_value_database, "sqlite:PATH"},
    {"url", "STAYD_URL", KIND_TEXT, AT(url), 0, 0, config_value_url,
     origin_words},
    {"access-ttl", "STAYD_ACCESS_TTL", KIND_DURATION, AT(access_ttl_s), 1,
     DAY_S, NULL, "1s to 1d"},
    {"refresh-idle", "STAYD_REFRESH_IDLE", KIND_DURATION, AT(refresh_idle_s), 0,
     LIFE_MAX_S, NULL, "1s to 3650d, or 0 for no limit"},
    {"refresh-max", "STAYD_REFRESH_MAX", KIND_DURATION, AT(refresh_max_s), 0,
     LIFE_MAX_S, NULL, "1s to 3650d, or 0 for no limit"},
    {"refresh-soft", "STAYD_REFRESH_SOFT", KIND_DURATION, AT(refresh_soft_s), 1,
     3600, NULL, "1s to 1h"},
    {"key-file", "STAYD_KEY_FILE", KIND_TEXT, AT(key_file), 0, 0, NULL,
     "a path"},
    {"issuer", "STAYD_ISSUER", KIND_TEXT, AT(issuer), 0, 0, config_value_claim,
     "1 to 256 characters"},
    {"audience", "STAYD_AUDIENCE", KIND_TEXT, AT(audience), 0, 0,
     config_value_claim, "1 to 256 characters"},
    {"origin", "STAYD_ORIGIN", KIND_LIST, AT(origins), 0, 0,
     config_value_origin, origin_words},
    {"dialect", "STAYD_DIALECT", KIND_LIST, AT(dialects), 0, 0, NULL,
     "a dialect's name, or a file with a slash in its path"},
    {"signup-roles", "STAYD_SIGNUP_ROLES", KIND_OTHER, 0, 0, 0,
     config_value_roles, "user, moderator and admin, with commas between"},
    {"threads", "STAYD_THREADS", KIND_COUNT, AT(threads), 1,
     CONFIG_THREADS_MAX, NULL, "1 to 64"},
    {"log-level", "STAYD_LOG_LEVEL", KIND_OTHER, 0, 0, 0, config_value_level,
     "error, warn, info or debug"},
    {"demo", "STAYD_DEMO", KIND_SWITCH, AT(demo), 0, 0, NULL, switch_words},
    {"hide-users", "STAYD_HIDE_USERS", KIND_OTHER, 0, 0, 0, config_value_hide,
     switch_words},
    {"no-hide-users", NULL, KIND_OTHER, 0, 0, 0, config_value_show,
     switch_words},
};
// clang-format on

enum {
    OPTION_HELP = COUNT(rows),
    OPTION_VERSION,
    OPTION_COUNT,
};

static bool is_switch(const struct option_row *row)
{
    return row->allowed == switch_words;
}

static bool read_count(const char *text, const struct option_row *row,
                       int64_t *out)
{
    int64_t value;

    if (!span_to_int(span_of(text), &value) || value < row->min ||
        value > row->max)
        return false;
    *out = value;
    return true;
}

static bool add_to_list(const char *text, struct config_list *list)
{
    if (list->count == CONFIG_LIST_MAX || text[0] == '\0')
        return false;
    list->value[list->count++] = text;
    return true;
}

/* False when the value is not one that `allowed` tells of. */
static bool apply(const struct option_row *row, const char *text,
                  struct config *out)
{
    void *at = (char *)out + row->at;

    if (strlen(text) >= CONFIG_TEXT_MAX)
        return false;
    if (row->read != NULL && !row->read(text, out))
        return false;
    switch (row->kind) {
    case KIND_TEXT:
        *(const char **)at = text;
        return text[0] != '\0';
    case KIND_LIST:
        return add_to_list(text, at);
    case KIND_DURATION:
        return config_duration(text, row->min, row->max, at);
    case KIND_COUNT:
        return read_count(text, row, at);
    case KIND_SWITCH:
        return config_value_switch(text, at);
    case KIND_OTHER:
        return true;
    }
    return false;
}

/* `text` may be anybody's: it is cut, and what is no plain character shows as
   a question mark. */
static void say_value(const char *where, const char *text,
                      const struct option_row *row, char why[CONFIG_WHY_SIZE])
{
    char shown[65];
    size_t length = 0;

    for (; text[length] != '\0' && length < sizeof shown - 1; length++)
        shown[length] =
            text[length] < ' ' || text[length] > '~' ? '?' : text[length];
    shown[length] = '\0';
    (void)snprintf(why, CONFIG_WHY_SIZE, "%s: '%s' is not allowed; use %s",
                   where, shown, row->allowed);
}

static const char *find_variable(char *const environment[], const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; environment != NULL && environment[i] != NULL; i++)
        if (strncmp(environment[i], name, length) == 0 &&
            environment[i][length] == '=')
            return environment[i] + length + 1;
    return NULL;
}

/* The environment comes first, so that the command line can overwrite it. */
static bool read_environment(char *const environment[], struct config *out,
                             char why[CONFIG_WHY_SIZE])
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *text = NULL;

        if (rows[i].variable != NULL)
            text = find_variable(environment, rows[i].variable);
        // An empty variable is the same as none, as scripts expect.
        if (text == NULL || text[0] == '\0')
            continue;
        if (!apply(&rows[i], text, out)) {
            say_value(rows[i].variable, text, &rows[i], why);
            return false;
        }
    }
    return true;
}

static void fill_options(struct option options[OPTION_COUNT + 1])
{
    memset(options, 0, (OPTION_COUNT + 1) * sizeof *options);
    for (size_t i = 0; i < COUNT(rows); i++) {
        options[i].name = rows[i].name;
        options[i].has_arg =
            is_switch(&rows[i]) ? no_argument : required_argument;
        options[i].val = (int)i + 1; // getopt_long says '?' and ':' likewise
    }
    options[OPTION_HELP] = (struct option){"help", no_argument, NULL, 'h'};
    options[OPTION_VERSION] =
        (struct option){"version", no_argument, NULL, 'V'};
}

/* A list given on the command line replaces the environment's. */
static void begin_list(const struct option_row *row, bool *begun,
                       struct config *out)
{
    if (row->kind == KIND_LIST && !*begun)
        *(struct config_list *)(void *)((char *)out + row->at) =
            (struct config_list){.count = 0};
    *begun = true;
}

static enum config_result take_option(int found, bool begun[COUNT(rows)],
                                      struct config *out,
                                      char why[CONFIG_WHY_SIZE])
{
    const struct option_row *row = &rows[found - 1];
    const char *text = is_switch(row) ? "1" : optarg;
    char where[64];

    begin_list(row, &begun[found - 1], out);
    if (apply(row, text, out))
        return CONFIG_OK;
    (void)snprintf(where, sizeof where, "--%s", row->name);
    say_value(where, text, row, why);
    return CONFIG_BAD;
}

static enum config_result read_options(int argc, char *const argv[],
                                       struct config *out,
                                       char why[CONFIG_WHY_SIZE])
{
    struct option options[OPTION_COUNT + 1];
    bool begun[COUNT(rows)] = {false};
    int found;

    fill_options(options);
    optind = 0; // glibc: begin anew
    opterr = 0;
    while ((found = getopt_long(argc, argv, ":hV", options, NULL)) != -1) {
        if (found == 'h')
            return CONFIG_HELP;
        if (found == 'V')
            return CONFIG_VERSION;
        if (found == '?' || found == ':') {
            (void)snprintf(
                why, CONFIG_WHY_SIZE, "%.64s: %s; see --help", argv[optind - 1],
                found == ':' ? "needs a value" : "is not an option here");
            return CONFIG_BAD;
        }
        if (take_option(found, begun, out, why) != CONFIG_OK)
            return CONFIG_BAD;
    }
    if (optind == argc)
        return CONFIG_OK;
    (void)snprintf(why, CONFIG_WHY_SIZE,
                   "'%.64s': is not a command here; see --help", argv[optind]);
    return CONFIG_BAD;
}

static const struct config defaults = {
    .listen = "127.0.0.1:8080",
    .database = "sqlite:stay.db",
    .access_ttl_s = 5 * 60,
    .refresh_idle_s = 30 * DAY_S,
    .refresh_max_s = 180 * DAY_S,
    .refresh_soft_s = 60,
    .signup_roles = 1,
    .threads = 1,
    .log_level = CONFIG_INFO,
    .hide_users = true,
};

enum config_result config_read(int argc, char *const argv[],
                               char *const environment[], struct config *out,
                               char why[CONFIG_WHY_SIZE])
{
    *out = defaults;
    why[0] = '\0';
    if (!read_environment(environment, out, why))
        return CONFIG_BAD;
    return read_options(argc, argv, out, why);
}

static const char help[] =
    "usage: stayd [OPTION]...\n"
    "Signs people in and keeps their sessions alive.\n"
    "\n"
    "  --listen ADDR:PORT    where to listen, or unix:PATH (127.0.0.1:8080);\n"
    "                        port 0 takes a free one\n"
    "  --database URL        sqlite:PATH (sqlite:stay.db)\n"
    "  --key-file PATH       seals the keys in the database (stay.key beside\n"
    "                        it); made at the first start\n"
    "  --url URL             how clients reach this server\n"
    "  --access-ttl TIME     life of an access token (5m)\n"
    "  --refresh-idle TIME   a session ends when unused for so long (30d)\n"
    "  --refresh-max TIME    and so long after sign-in (180d)\n"
    "  --refresh-soft TIME   window of offered rotation (60s)\n"
    "  --issuer TEXT         claim iss (the URL)\n"
    "  --audience TEXT       claim aud (the issuer)\n"
    "  --origin URL          a web page's origin to admit; repeatable\n"
    "  --dialect NAME|FILE   serve this one at its own paths; repeatable, the\n"
    "                        first one wins a path (all, in their own order)\n"
    "  --signup-roles LIST   roles that sign-up may grant (user)\n"
    "  --hide-users          say the same for a wrong name as for a wrong\n"
    "                        password (so it is); --no-hide-users: tell them\n"
    "                        apart where the dialect does\n"
    "  --threads N           loops, 1 to 64 (1)\n"
    "  --log-level LEVEL     error, warn, info or debug (info)\n"
    "  --demo                known users and faults on demand: never in "
    "earnest\n"
    "  --help, --version\n"
    "\n"
    "TIME is a number with s, m, h or d. Each option is also read from the\n"
    "environment: STAYD_LISTEN for --listen.\n";

const char *config_help(void)
{
    return help;
}
