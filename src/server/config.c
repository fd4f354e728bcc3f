#include "server/config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "server/config_file.h"
#include "server/config_row.h"
#include "server/config_secret.h"
#include "server/config_value.h"
#include "store/store.h"

enum {
    DAY_S = 24 * 60 * 60,
    LIFE_MAX_S = 3650 * DAY_S,
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
     config_value_database,
     "sqlite:PATH or postgresql://[USER@]HOST[:PORT]/DATABASE"},
    {"database-password-file", "STAYD_DATABASE_PASSWORD_FILE", KIND_TEXT,
     AT(database_password_file), 0, 0, NULL, "a path"},
    {"database-connections", "STAYD_DATABASE_CONNECTIONS", KIND_COUNT,
     AT(database_connections), 2, CONFIG_CONNECTIONS_MAX, NULL, "2 to 16"},
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
    {"algorithm", "STAYD_ALGORITHM", KIND_OTHER, 0, 0, 0,
     config_value_algorithm, "EdDSA, ES256, RS256 or HS256"},
    {"hs256-secret-file", "STAYD_HS256_SECRET_FILE", KIND_TEXT, AT(hs256_file),
     0, 0, NULL, "a path"},
    {"key-life", "STAYD_KEY_LIFE", KIND_DURATION, AT(key_life_s), 0,
     LIFE_MAX_S, NULL, "1s to 3650d, or 0 for no limit"},
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
    {"sessions-max", "STAYD_SESSIONS_MAX", KIND_COUNT, AT(sessions_max), 1,
     CONFIG_SESSIONS_MAX, NULL, "1 to 1000"},
    {"mail-command", "STAYD_MAIL_COMMAND", KIND_TEXT, AT(mail_command), 0, 0,
     config_value_program, "the absolute path of a program"},
    {"trace", "STAYD_TRACE", KIND_TEXT, AT(trace), 0, 0, NULL, "a path"},
    {"config", "STAYD_CONFIG", KIND_TEXT, AT(file), 0, 0, NULL, "a path"},
    {"log-level", "STAYD_LOG_LEVEL", KIND_OTHER, 0, 0, 0, config_value_level,
     "error, warn, info or debug"},
    {"trust-proxy", "STAYD_TRUST_PROXY", KIND_LIST, AT(trust_proxy), 0, 0,
     config_value_proxy, "unix, ADDR, or ADDR/BITS with no bit set behind them"},
    {"audit-keep", "STAYD_AUDIT_KEEP", KIND_DURATION, AT(audit_keep_s), 0,
     LIFE_MAX_S, NULL, "1s to 3650d, or 0 for ever"},
    {"throttle", "STAYD_THROTTLE", KIND_OTHER, 0, 0, 0, config_value_throttle,
     switch_words},
    {"no-throttle", NULL, KIND_OTHER, 0, 0, 0, config_value_no_throttle,
     switch_words},
    {"demo", "STAYD_DEMO", KIND_SWITCH, AT(demo), 0, 0, NULL, switch_words},
    {"client-file", "STAYD_CLIENT_FILE", KIND_TEXT, AT(client_file), 0, 0, NULL,
     "a path"},
    {"web", "STAYD_WEB", KIND_TEXT, AT(web), 0, 0, NULL, "a folder, or none"},
    {"lenient-nest", "STAYD_LENIENT_NEST", KIND_SWITCH, AT(lenient), 0, 0, NULL,
     switch_words},
    {"hide-users", "STAYD_HIDE_USERS", KIND_OTHER, 0, 0, 0, config_value_hide,
     switch_words},
    {"no-reseed", "STAYD_NO_RESEED", KIND_OTHER, 0, 0, 0, config_value_forget,
     switch_words},
    {"no-sandbox", "STAYD_NO_SANDBOX", KIND_OTHER, 0, 0, 0,
     config_value_open, switch_words},
    {"no-hide-users", NULL, KIND_OTHER, 0, 0, 0, config_value_show,
     switch_words},
};
// clang-format on

enum {
    OPTION_HELP = COUNT(rows),
    OPTION_VERSION,
    OPTION_EXTRA, /* the first option of a command */
    OPTION_COUNT = OPTION_EXTRA + CONFIG_WORDS_MAX,
    /* What getopt_long gives back: never a character. */
    OPTION_VALUE = 256,
    EXTRA_VALUE = OPTION_VALUE + CONFIG_ROWS_MAX,
};

_Static_assert(COUNT(rows) <= CONFIG_ROWS_MAX, "room for where each came from");

const struct option_row *config_row(size_t number)
{
    return number < COUNT(rows) ? &rows[number] : NULL;
}

static bool is_switch(const struct option_row *row)
{
    return row->allowed == switch_words;
}

/* No file names the next one. */
static bool is_here_only(const struct option_row *row)
{
    return row->at == AT(file) && row->kind == KIND_TEXT;
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
    size_t whole = strlen(text);
    size_t length = 0;

    // Of an address not even a part: the password may stand in it.
    if (row->at == AT(database) && row->kind == KIND_TEXT &&
        !store_url_is_file(text) && strpbrk(text, "@%?=") != NULL)
        text = "...";
    for (; length < sizeof shown - 1 && text[length] != '\0'; length++)
        shown[length] =
            text[length] < ' ' || text[length] > '~' ? '?' : text[length];
    shown[length] = '\0';
    if (whole >= CONFIG_TEXT_MAX)
        (void)snprintf(why, CONFIG_WHY_SIZE,
                       "%s: has %zu bytes; allowed are %d", where, whole,
                       CONFIG_TEXT_MAX - 1);
    else
        (void)snprintf(why, CONFIG_WHY_SIZE, "%s: '%s' is not allowed; use %s",
                       where, shown, row->allowed);
}

/* Likewise: `where` has the name, as it was written. */
static void say_unknown(const char *where, const char *name,
                        char why[CONFIG_WHY_SIZE])
{
    const char *nearest = config_nearest(name);

    if (nearest == NULL)
        (void)snprintf(why, CONFIG_WHY_SIZE, "%s is not an option; see --help",
                       where);
    else
        (void)snprintf(why, CONFIG_WHY_SIZE,
                       "%s is not an option; did you mean '%s'?", where,
                       nearest);
}

/* Others see a command line and an environment; true: it has been said. */
static bool shows_password(const char *where, const char *text,
                           const struct option_row *row,
                           char why[CONFIG_WHY_SIZE])
{
    if (row->at != AT(database) || row->kind != KIND_TEXT ||
        store_url_check(text, &(struct store_why){.text = ""}) != STORE_OK ||
        !store_url_has_password(text))
        return false;
    config_secret_exposed(where, why);
    return true;
}

/* The row whose value this one sets: --no-hide-users is --hide-users's. */
static size_t slot_of(const struct option_row *row)
{
    const char *name =
        strncmp(row->name, "no-", 3) == 0 ? row->name + 3 : row->name;

    for (size_t i = 0; i < COUNT(rows); i++)
        if (strcmp(rows[i].name, name) == 0)
            return i;
    return (size_t)(row - rows);
}

/*
 * Takes the value, unless one of a higher place is there already; then it is
 * only looked at, so that a mistake does not wait for the day it counts.
 */
static bool take_value(const struct option_row *row, const char *text,
                       enum config_from from, struct config *out)
{
    uint8_t *before = &out->from[slot_of(row)];
    struct config scratch = *out;

    if (row->kind == KIND_LIST && *before != from)
        ((struct config_list *)(void *)((char *)&scratch + row->at))->count = 0;
    if (!apply(row, text, &scratch))
        return false;
    if (*before <= from) {
        *out = scratch;
        *before = (uint8_t)from;
    }
    return true;
}

/* ---- The environment ---- */

static bool read_environment(char *const environment[], struct config *out,
                             char why[CONFIG_WHY_SIZE])
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *text = NULL;

        if (rows[i].variable != NULL)
            text = config_value_variable(environment, rows[i].variable);
        // An empty variable is the same as none, as scripts expect.
        if (text == NULL || text[0] == '\0')
            continue;
        if (shows_password(rows[i].variable, text, &rows[i], why))
            return false;
        if (!take_value(&rows[i], text, CONFIG_FROM_ENVIRONMENT, out)) {
            say_value(rows[i].variable, text, &rows[i], why);
            return false;
        }
    }
    return true;
}

/* ---- The command line ---- */

static void fill_options(struct option options[OPTION_COUNT + 1],
                         const struct config_command *command)
{
    memset(options, 0, (OPTION_COUNT + 1) * sizeof *options);
    for (size_t i = 0; i < COUNT(rows); i++) {
        options[i].name = rows[i].name;
        options[i].has_arg =
            is_switch(&rows[i]) ? no_argument : required_argument;
        options[i].val = OPTION_VALUE + (int)i;
    }
    options[OPTION_HELP] = (struct option){"help", no_argument, NULL, 'h'};
    options[OPTION_VERSION] =
        (struct option){"version", no_argument, NULL, 'V'};
    for (size_t i = 0; command != NULL && i < command->extra_count; i++)
        options[OPTION_EXTRA + i] = (struct option){
            command->extras[i].name,
            command->extras[i].is_switch ? no_argument : required_argument,
            NULL, EXTRA_VALUE + (int)i};
}

static enum config_result take_option(int found, struct config *out,
                                      struct config_command *command,
                                      char why[CONFIG_WHY_SIZE])
{
    const struct option_row *row;
    const char *text;
    char where[64];

    if (found >= EXTRA_VALUE) {
        assert(command != NULL); // or there would be no such option
        command->value[found - EXTRA_VALUE] = optarg == NULL ? "" : optarg;
        return CONFIG_OK;
    }
    row = &rows[found - OPTION_VALUE];
    text = is_switch(row) ? "1" : optarg;
    (void)snprintf(where, sizeof where, "--%s", row->name);
    if (shows_password(where, text, row, why))
        return CONFIG_BAD;
    if (take_value(row, text, CONFIG_FROM_OPTION, out))
        return CONFIG_OK;
    say_value(where, text, row, why);
    return CONFIG_BAD;
}

/* What stands on the line beside the options. */
static enum config_result take_words(const struct config_input *in,
                                     struct config_command *command,
                                     char why[CONFIG_WHY_SIZE])
{
    if (optind == in->argc)
        return CONFIG_OK;
    if (command == NULL) {
        (void)snprintf(why, CONFIG_WHY_SIZE,
                       "'%.64s': is not a command here; see --help",
                       in->argv[optind]);
        return CONFIG_BAD;
    }
    if (in->argc - optind > CONFIG_WORDS_MAX) {
        (void)snprintf(why, CONFIG_WHY_SIZE,
                       "'%.64s': too many words; see "
                       "--help",
                       in->argv[in->argc - 1]);
        return CONFIG_BAD;
    }
    for (int i = optind; i < in->argc; i++)
        command->word[command->word_count++] = in->argv[i];
    return CONFIG_OK;
}

/* Help on a command is asked for before it or behind it; all else is let be. */
static enum config_result take_help(const struct config_input *in,
                                    const struct option *options,
                                    struct config_command *command,
                                    char why[CONFIG_WHY_SIZE])
{
    while (getopt_long(in->argc, in->argv, ":hV", options, NULL) != -1)
        continue;
    if (command != NULL && take_words(in, command, why) != CONFIG_OK)
        return CONFIG_BAD;
    return CONFIG_HELP;
}

static void refuse_option(const char *text, bool wants_value,
                          char why[CONFIG_WHY_SIZE])
{
    const char *nearest =
        strncmp(text, "--", 2) == 0 ? config_nearest(text + 2) : NULL;
    bool known = optopt >= OPTION_VALUE; // only what it has is wrong

    if (wants_value || known)
        (void)snprintf(why, CONFIG_WHY_SIZE, "%.64s: %s; see --help", text,
                       wants_value ? "needs a value" : "takes no value");
    else if (nearest == NULL)
        (void)snprintf(why, CONFIG_WHY_SIZE,
                       "%.64s: is not an option here; see --help", text);
    else
        (void)snprintf(why, CONFIG_WHY_SIZE,
                       "%.64s: is not an option here; did you mean --%s?", text,
                       nearest);
}

static enum config_result read_options(const struct config_input *in,
                                       struct config_command *command,
                                       struct config *out,
                                       char why[CONFIG_WHY_SIZE])
{
    struct option options[OPTION_COUNT + 1];
    int found;

    fill_options(options, command);
    optind = 0; // glibc: begin anew
    opterr = 0;
    while ((found = getopt_long(in->argc, in->argv, ":hV", options, NULL)) !=
           -1) {
        if (found == 'h')
            return take_help(in, options, command, why);
        if (found == 'V')
            return CONFIG_VERSION;
        if (found == '?' || found == ':') {
            refuse_option(in->argv[optind - 1], found == ':', why);
            return CONFIG_BAD;
        }
        if (take_option(found, out, command, why) != CONFIG_OK)
            return CONFIG_BAD;
    }
    return take_words(in, command, why);
}

/* ---- The file ---- */

struct file_reading {
    struct config *out;
    size_t seen[COUNT(rows)]; /* the line that has this option; 0: none yet */
};

/* The value to the option; false when it cannot be. */
static bool take_known(struct file_reading *r, size_t which,
                       const struct config_line *line,
                       char why[CONFIG_WHY_SIZE])
{
    const struct option_row *row = &rows[which];
    const char *path = r->out->file;
    char where[CONFIG_WHERE_SIZE];

    (void)snprintf(where, sizeof where, "%.200s:%zu: %s", path, line->number,
                   row->name);
    if (is_here_only(row)) {
        (void)snprintf(why, CONFIG_WHY_SIZE,
                       "%.200s:%zu: a file does not name another one", path,
                       line->number);
        return false;
    }
    if (row->kind != KIND_LIST && r->seen[which] > 0) {
        (void)snprintf(why, CONFIG_WHY_SIZE, "%s: has a value from line %zu",
                       where, r->seen[which]);
        return false;
    }
    r->seen[which] = line->number;
    if (take_value(row, line->value, CONFIG_FROM_FILE, r->out))
        return true;
    say_value(where, line->value, row, why);
    return false;
}

/* For config_file_read: one `name = value`. */
static bool take_line(void *context, const struct config_line *line,
                      char why[CONFIG_WHY_SIZE])
{
    struct file_reading *r = context;
    char where[CONFIG_WHERE_SIZE];

    for (size_t i = 0; i < COUNT(rows); i++)
        if (strcmp(rows[i].name, line->name) == 0)
            return take_known(r, i, line, why);
    (void)snprintf(where, sizeof where, "%.200s:%zu: '%.*s'", r->out->file,
                   line->number, CONFIG_NAME_MAX, line->name);
    // Such as `listen 127.0.0.1:80`: a colon divides a line as well.
    if (strpbrk(line->name, " \t") != NULL)
        (void)snprintf(why, CONFIG_WHY_SIZE,
                       "%s is not an option; want `name = value`", where);
    else
        say_unknown(where, line->name, why);
    return false;
}

static bool read_file(struct config *out, char why[CONFIG_WHY_SIZE])
{
    struct config_file file = {.path = out->file};
    struct file_reading reading = {.out = out};
    bool good;

    if (out->file == NULL)
        return true;
    good = config_file_read(&file, take_line, &reading, why);
    out->kept = file.kept;
    out->kept_size = file.kept_size;
    if (good && config_from(out, "database") == CONFIG_FROM_FILE &&
        store_url_has_password(out->database) && !file.is_private) {
        (void)snprintf(why, CONFIG_WHY_SIZE,
                       "%.200s: holds the database's password, and others may "
                       "read or write it; allowed is mode 0600, and our user",
                       out->file);
        return false;
    }
    return good;
}

static const struct config defaults = {
    .listen = "127.0.0.1:8080",
    .database = "sqlite:stay.db",
    .access_ttl_s = 5 * 60,
    .refresh_idle_s = 30 * DAY_S,
    .refresh_max_s = 180 * DAY_S,
    .refresh_soft_s = 60,
    .signup_roles = 1,
    .reseed = true,
    .sandbox = true,
    .threads = 1,
    .database_connections = 4,
    .sessions_max = 100,
    .log_level = CONFIG_INFO,
    .hide_users = true,
    .audit_keep_s = 90 * DAY_S,
    .throttle = true,
};

static bool agree(const struct config *config, char why[CONFIG_WHY_SIZE])
{
    if (config->hs256_file == NULL || config->algorithm == JWS_NO_ALGORITHM ||
        config->algorithm == JWS_HS256)
        return true;
    (void)snprintf(why, CONFIG_WHY_SIZE,
                   "--hs256-secret-file: is for --algorithm HS256, not %s",
                   jws_algorithm_name(config->algorithm).text);
    return false;
}

enum config_result config_read_command(const struct config_input *in,
                                       struct config_command *command,
                                       struct config *out,
                                       char why[CONFIG_WHY_SIZE])
{
    enum config_result result;

    *out = defaults;
    why[0] = '\0';
    result = read_options(in, command, out, why);
    if (result == CONFIG_OK &&
        (!read_environment(in->environment, out, why) || !read_file(out, why) ||
         !config_secret_find(in->environment, out, why) || !agree(out, why)))
        result = CONFIG_BAD;
    if (result == CONFIG_BAD)
        config_clear(out);
    return result;
}

enum config_result config_read(const struct config_input *in,
                               struct config *out, char why[CONFIG_WHY_SIZE])
{
    return config_read_command(in, NULL, out, why);
}

void config_clear(struct config *config)
{
    // It may hold the database's password.
    if (config->kept != NULL)
        bytes_wipe(config->kept, config->kept_size);
    free(config->kept);
    free(config->credential);
    *config = (struct config){.listen = NULL};
}

bool config_knows_variable(struct span name)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        if (rows[i].variable != NULL &&
            span_equal(name, span_of(rows[i].variable)))
            return true;
    return false;
}

enum config_from config_from(const struct config *config, const char *name)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        if (strcmp(rows[i].name, name) == 0)
            return (enum config_from)config->from[slot_of(&rows[i])];
    return CONFIG_FROM_DEFAULT;
}
