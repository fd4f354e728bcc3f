#include "server/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"

enum { WORDS_MAX = 8 };

struct row {
    const char *name;
    const char *words[WORDS_MAX];
    enum config_result want;
    const char *why; /* on CONFIG_BAD */
};

// clang-format off
static const struct row rows[] = {
    {"nothing at all", {NULL}, CONFIG_OK, NULL},
    {"help", {"--help"}, CONFIG_HELP, NULL},
    {"version", {"--version"}, CONFIG_VERSION, NULL},
    {"an option that there is not", {"--colour"}, CONFIG_BAD,
     "--colour: is not an option here; see --help"},
    {"an option without its value", {"--listen"}, CONFIG_BAD,
     "--listen: needs a value; see --help"},
    {"a stray word", {"serve"}, CONFIG_BAD,
     "'serve': is not a command here; see --help"},
    {"an option that is nearly one", {"--databse", "x"}, CONFIG_BAD,
     "--databse: is not an option here; did you mean --database?"},
    {"an address", {"--listen", "127.0.0.1:0"}, CONFIG_OK, NULL},
    {"a Unix socket", {"--listen", "unix:/tmp/s"}, CONFIG_OK, NULL},
    {"a file for HS256", {"--hs256-secret-file", "s"}, CONFIG_OK, NULL},
    {"a file for HS256, which is said", {"--algorithm", "HS256",
     "--hs256-secret-file", "s"}, CONFIG_OK, NULL},
    {"a file for HS256, and another algorithm", {"--algorithm", "ES256",
     "--hs256-secret-file", "s"}, CONFIG_BAD,
     "--hs256-secret-file: is for --algorithm HS256, not ES256"},
    {"an address without a port", {"--listen", "127.0.0.1"}, CONFIG_BAD,
     "--listen: '127.0.0.1' is not allowed; use ADDR:PORT, [ADDR]:PORT or "
     "unix:PATH"},
    {"a port out of range", {"--listen", "127.0.0.1:65536"}, CONFIG_BAD,
     "--listen: '127.0.0.1:65536' is not allowed; use ADDR:PORT, [ADDR]:PORT "
     "or unix:PATH"},
    {"a database of another kind", {"--database", "mysql:x"}, CONFIG_BAD,
     "--database: 'mysql:x' is not allowed; use sqlite:PATH or "
     "postgresql://[USER@]HOST[:PORT]/DATABASE"},
    {"a database on a server", {"--database", "postgresql://ada@db/stay"},
     CONFIG_OK, ""},
    {"on several", {"--database",
     "postgresql://a:5432,b:5433/stay?target_session_attrs=any"}, CONFIG_OK,
     ""},
    {"by a service", {"--database", "postgresql://?service=stay"}, CONFIG_OK,
     ""},
    {"a server's address with an unknown word: nothing of it is shown",
     {"--database", "postgresql://ada:lovelace@db/stay?x=y"}, CONFIG_BAD,
     "--database: '...' is not allowed; use sqlite:PATH or "
     "postgresql://[USER@]HOST[:PORT]/DATABASE"},
    {"a password in the address", {"--database",
     "postgresql://ada:lovelace@db/stay"}, CONFIG_BAD,
     "--database: holds a password, and others may read it there; use "
     "--database-password-file, a passfile or service file (libpq), or a "
     "--config file of mode 0600"},
    {"a password among its words", {"--database",
     "postgresql://ada@db/stay?password=lovelace"}, CONFIG_BAD,
     "--database: holds a password, and others may read it there; use "
     "--database-password-file, a passfile or service file (libpq), or a "
     "--config file of mode 0600"},
    {"as few connections as there may be", {"--database-connections", "2"},
     CONFIG_OK, ""},
    {"fewer", {"--database-connections", "1"}, CONFIG_BAD,
     "--database-connections: '1' is not allowed; use 2 to 16"},
    {"as many as there may be", {"--database-connections", "16"}, CONFIG_OK,
     ""},
    {"more", {"--database-connections", "17"}, CONFIG_BAD,
     "--database-connections: '17' is not allowed; use 2 to 16"},
    {"a database without a path", {"--database=sqlite:"}, CONFIG_BAD,
     "--database: 'sqlite:' is not allowed; use sqlite:PATH or "
     "postgresql://[USER@]HOST[:PORT]/DATABASE"},
    {"the shortest life", {"--access-ttl", "1s"}, CONFIG_OK, NULL},
    {"no life", {"--access-ttl", "0"}, CONFIG_BAD,
     "--access-ttl: '0' is not allowed; use 1s to 1d"},
    {"the longest life", {"--access-ttl", "1d"}, CONFIG_OK, NULL},
    {"a second longer", {"--access-ttl", "86401"}, CONFIG_BAD,
     "--access-ttl: '86401' is not allowed; use 1s to 1d"},
    {"a life in weeks", {"--access-ttl", "1w"}, CONFIG_BAD,
     "--access-ttl: '1w' is not allowed; use 1s to 1d"},
    {"a negative life", {"--access-ttl", "-5s"}, CONFIG_BAD,
     "--access-ttl: '-5s' is not allowed; use 1s to 1d"},
    {"sessions without limit", {"--refresh-max", "0"}, CONFIG_OK, NULL},
    {"origins", {"--origin", "https://a.example", "--origin", "http://b:81"},
     CONFIG_OK, NULL},
    {"an origin with a path", {"--origin", "https://a.example/"}, CONFIG_BAD,
     "--origin: 'https://a.example/' is not allowed; use http://HOST[:PORT] "
     "or " "https://HOST[:PORT], without a path"},
    {"an origin without scheme", {"--origin", "a.example"}, CONFIG_BAD,
     "--origin: 'a.example' is not allowed; use http://HOST[:PORT] or "
     "https://HOST[:PORT], without a path"},
    {"all origins", {"--origin", "*"}, CONFIG_BAD,
     "--origin: '*' is not allowed; use http://HOST[:PORT] or "
     "https://HOST[:PORT], without a path"},
    {"roles", {"--signup-roles", "user,admin"}, CONFIG_OK, NULL},
    {"a role that there is not", {"--signup-roles", "user,boss"}, CONFIG_BAD,
     "--signup-roles: 'user,boss' is not allowed; use user, moderator and "
     "admin, with commas between"},
    {"one session", {"--sessions-max", "1"}, CONFIG_OK, NULL},
    {"none", {"--sessions-max", "0"}, CONFIG_BAD,
     "--sessions-max: '0' is not allowed; use 1 to 1000"},
    {"as many as may be", {"--sessions-max", "1000"}, CONFIG_OK, NULL},
    {"one more", {"--sessions-max", "1001"}, CONFIG_BAD,
     "--sessions-max: '1001' is not allowed; use 1 to 1000"},
    {"a program for mail", {"--mail-command", "/usr/bin/mail"}, CONFIG_OK,
     NULL},
    {"one that is to be looked for", {"--mail-command", "mail"}, CONFIG_BAD,
     "--mail-command: 'mail' is not allowed; use the absolute path of a "
     "program"},
    {"no threads", {"--threads", "0"}, CONFIG_BAD,
     "--threads: '0' is not allowed; use 1 to 64"},
    {"as many threads as may be", {"--threads", "64"}, CONFIG_OK, NULL},
    {"a thread more", {"--threads", "65"}, CONFIG_BAD,
     "--threads: '65' is not allowed; use 1 to 64"},
    {"an access token alone", {"--lenient-nest"}, CONFIG_OK, NULL},
    {"a level that there is not", {"--log-level", "loud"}, CONFIG_BAD,
     "--log-level: 'loud' is not allowed; use error, warn, info or debug"},
    {"a value with a new line is shown on one line", {"--log-level",
     "a\nb\x1b[2J"}, CONFIG_BAD,
     "--log-level: 'a?b?[2J' is not allowed; use error, warn, info or debug"},
    {"proxies", {"--trust-proxy", "unix", "--trust-proxy", "10.0.0.0/8"},
     CONFIG_OK, NULL},
    {"a proxy by name", {"--trust-proxy", "nginx"}, CONFIG_BAD,
     "--trust-proxy: 'nginx' is not allowed; use unix, ADDR, or ADDR/BITS with "
     "no bit set behind them"},
    {"a proxy's network that is none", {"--trust-proxy", "10.0.0.1/8"},
     CONFIG_BAD, "--trust-proxy: '10.0.0.1/8' is not allowed; use unix, ADDR, "
     "or ADDR/BITS with no bit set behind them"},
    {"an audit kept for ever", {"--audit-keep", "0"}, CONFIG_OK, NULL},
    {"an audit kept for ten years", {"--audit-keep", "3650d"}, CONFIG_OK, NULL},
    {"a day longer", {"--audit-keep", "3651d"}, CONFIG_BAD,
     "--audit-keep: '3651d' is not allowed; use 1s to 3650d, or 0 for ever"},
    {"without throttling", {"--no-throttle"}, CONFIG_OK, NULL},
    {"the last of the two counts", {"--no-throttle", "--throttle"}, CONFIG_OK,
     NULL},
    {"an empty key file", {"--key-file", ""}, CONFIG_BAD,
     "--key-file: '' is not allowed; use a path"},
};
// clang-format on

static enum config_result read_words(const char *const words[WORDS_MAX],
                                     char *const environment[],
                                     struct config *out,
                                     char why[CONFIG_WHY_SIZE])
{
    char *argv[WORDS_MAX + 2] = {(char *)(uintptr_t) "stayd"};
    int argc = 1;

    while (argc <= WORDS_MAX && words[argc - 1] != NULL) {
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
        argc++;
    }
    return config_read(&(struct config_input){argc, argv, environment}, out,
                       why);
}

static void command_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char why[CONFIG_WHY_SIZE];
        struct config config;

        CASE(rows[i].name);
        CHECK_EQ(read_words(rows[i].words, NULL, &config, why), rows[i].want);
        CHECK_TEXT(why, rows[i].why == NULL ? "" : rows[i].why);
    }
}

static void defaults(void **state)
{
    const char *const none[WORDS_MAX] = {NULL};
    char why[CONFIG_WHY_SIZE];
    struct config config;

    (void)state;
    CASE("without options, what the documents promise");
    (void)read_words(none, NULL, &config, why);
    CHECK_TEXT(config.listen, "127.0.0.1:8080");
    CHECK_EQ(config.access_ttl_s, 300);
    CHECK_EQ(config.refresh_idle_s, 30 * 86400);
    CHECK_EQ(config.refresh_max_s, 180 * 86400);
    CHECK_EQ(config.refresh_soft_s, 60);
    CHECK_EQ(config.signup_roles, 1);
    CHECK_EQ(config.threads, 1);
    CHECK_EQ(config.sessions_max, 100);
    CHECK(config.mail_command == NULL);
    CHECK(!config.demo);
    CHECK(config.hide_users);
    CHECK(!config.lenient);
    CHECK(config.sandbox);
}

static void sandbox(void **state)
{
    const char *const off[WORDS_MAX] = {"--no-sandbox"};
    const char *const none[WORDS_MAX] = {NULL};
    char variable[] = "STAYD_NO_SANDBOX=yes";
    char *variables[] = {variable, NULL};
    char why[CONFIG_WHY_SIZE];
    struct config config;

    (void)state;
    CASE("an option turns the sandbox off");
    CHECK_EQ(read_words(off, NULL, &config, why), CONFIG_OK);
    CHECK(!config.sandbox);
    CASE("so does a variable");
    CHECK_EQ(read_words(none, variables, &config, why), CONFIG_OK);
    CHECK(!config.sandbox);
    CASE("and one that says no does not");
    (void)snprintf(variable, sizeof variable, "STAYD_NO_SANDBOX=no");
    CHECK_EQ(read_words(none, variables, &config, why), CONFIG_OK);
    CHECK(config.sandbox);
}

static void environment(void **state)
{
    char ttl[] = "STAYD_ACCESS_TTL=10s";
    char demo[] = "STAYD_DEMO=yes";
    char origin[] = "STAYD_ORIGIN=https://env.example";
    char near[] = "STAYD_ACCESS_TTLS=99s";
    char empty[] = "STAYD_ISSUER=";
    char bad[] = "STAYD_THREADS=many";
    char *const good_list[] = {near, ttl, demo, origin, empty, NULL};
    char *const bad_list[] = {bad, NULL};
    const char *const none[WORDS_MAX] = {NULL};
    const char *const words[WORDS_MAX] = {"--access-ttl", "20s", "--origin",
                                          "https://line.example"};
    char why[CONFIG_WHY_SIZE];
    struct config config;

    (void)state;
    CASE("the environment is read");
    CHECK_EQ(read_words(none, good_list, &config, why), CONFIG_OK);
    CHECK_EQ(config.access_ttl_s, 10);
    CHECK(config.demo);
    CHECK_EQ(config.origins.count, 1);
    CASE("an empty variable is as none");
    CHECK(config.issuer == NULL);
    CASE("the command line wins, and its list replaces the other");
    CHECK_EQ(read_words(words, good_list, &config, why), CONFIG_OK);
    CHECK_EQ(config.access_ttl_s, 20);
    CHECK_EQ(config.origins.count, 1);
    CHECK_TEXT(config.origins.value[0], "https://line.example");
    CASE("a bad variable is named");
    CHECK_EQ(read_words(none, bad_list, &config, why), CONFIG_BAD);
    CHECK_TEXT(why, "STAYD_THREADS: 'many' is not allowed; use 1 to 64");
}

static void secrets(void **state)
{
    char folder[] = "/tmp/stay-config-XXXXXX";
    char libpq[] = "PGPASSWORD=open sesame";
    char directory[64], path[96], other[64];
    char *const exposed[] = {libpq, NULL};
    char *const credential[] = {directory, NULL};
    char *const without[] = {other, NULL};
    const char *const file[WORDS_MAX] = {NULL};
    const char *const server[WORDS_MAX] = {"--database",
                                           "postgresql://ada@db/stay"};
    const char *const named[WORDS_MAX] = {
        "--database", "postgresql://ada@db/stay", "--database-password-file",
        "/etc/word"};
    char why[CONFIG_WHY_SIZE];
    struct config config;
    FILE *made;

    (void)state;
    CASE("a password that libpq would take from the environment");
    CHECK_EQ(read_words(server, exposed, &config, why), CONFIG_BAD);
    CHECK_TEXT(why, "PGPASSWORD: holds a password, and others may read it "
                    "there; use --database-password-file, a passfile or "
                    "service file (libpq), or a --config file of mode 0600");
    CASE("is nobody's business where the database is a file");
    CHECK_EQ(read_words(file, exposed, &config, why), CONFIG_OK);
    CHECK(mkdtemp(folder) != NULL);
    (void)snprintf(directory, sizeof directory, "CREDENTIALS_DIRECTORY=%s",
                   folder);
    (void)snprintf(other, sizeof other, "CREDENTIALS_DIRECTORY=%s/none",
                   folder);
    (void)snprintf(path, sizeof path, "%s/" CONFIG_CREDENTIAL, folder);
    made = fopen(path, "w");
    CHECK(made != NULL && fclose(made) == 0);
    CASE("the service manager's credential is the password's file");
    CHECK_EQ(read_words(server, credential, &config, why), CONFIG_OK);
    CHECK_TEXT(config.database_password_file, path);
    config_clear(&config);
    CASE("but not of a database that is a file");
    CHECK_EQ(read_words(file, credential, &config, why), CONFIG_OK);
    CHECK(config.database_password_file == NULL);
    CASE("nor where another is named");
    CHECK_EQ(read_words(named, credential, &config, why), CONFIG_OK);
    CHECK_TEXT(config.database_password_file, "/etc/word");
    CASE("nor where there is none");
    CHECK_EQ(read_words(server, without, &config, why), CONFIG_OK);
    CHECK(config.database_password_file == NULL);
    CHECK(unlink(path) == 0 && rmdir(folder) == 0);
}

struct duration_row {
    const char *text;
    int64_t want; /* -1: refused */
};

static const struct duration_row durations[] = {
    {"0",                    0        },
    {"7",                    7        },
    {"10s",                  10       },
    {"5m",                   300      },
    {"24h",                  86400    },
    {"30d",                  2592000  },
    {"",                     -1       },
    {"s",                    -1       },
    {"1.5h",                 -1       },
    {"-1s",                  -1       },
    {"+1s",                  -1       },
    {" 1s",                  -1       },
    {"1 s",                  -1       },
    {"1S",                   -1       },
    {"01s",                  -1       },
    {"1ss",                  -1       },
    {"3650d",                315360000},
    {"3651d",                -1       },
    {"9223372036854775807",  -1       },
    {"9223372036854775807d", -1       },
    {"106751991167301d",     -1       },
};

static void duration(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(durations); i++) {
        int64_t got = -1;

        check_case("a duration of '%s'", durations[i].text);
        CHECK_EQ(config_duration(durations[i].text, 0, 315360000, &got),
                 durations[i].want >= 0);
        CHECK_EQ(got, durations[i].want);
    }
}

static void lists(void **state)
{
    const char *words[2 * CONFIG_LIST_MAX + 3];
    char *argv[2 * CONFIG_LIST_MAX + 4];
    char why[CONFIG_WHY_SIZE];
    struct config config;
    struct config_input in = {.argc = 1, .argv = argv};

    (void)state;
    argv[0] = (char *)(uintptr_t) "stayd";
    for (size_t i = 0; i <= CONFIG_LIST_MAX; i++) {
        words[2 * i] = "--origin";
        words[2 * i + 1] = "http://a";
        argv[in.argc++] = (char *)(uintptr_t)words[2 * i];
        argv[in.argc++] = (char *)(uintptr_t)words[2 * i + 1];
    }
    argv[in.argc] = NULL;
    CASE("one more than a list holds is refused");
    CHECK_EQ(config_read(&in, &config, why), CONFIG_BAD);
    CASE("a list may be full");
    in.argc -= 2;
    CHECK_EQ(config_read(&in, &config, why), CONFIG_OK);
    CHECK_EQ(config.origins.count, CONFIG_LIST_MAX);
}

static void help(void **state)
{
    static const char *const names[] = {
        "--listen",       "--database",     "--key-file",    "--url",
        "--access-ttl",   "--refresh-idle", "--refresh-max", "--refresh-soft",
        "--issuer",       "--audience",     "--origin",      "--dialect",
        "--signup-roles", "--hide-users",   "--threads",     "--log-level",
        "--client-file",  "--lenient-nest", "--no-sandbox",  "--trace",
        "--config",       "--demo",         "--help",        "--version",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        check_case("help tells of %s", names[i]);
        CHECK(strstr(config_help(), names[i]) != NULL);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(command_line), cmocka_unit_test(defaults),
        cmocka_unit_test(environment),  cmocka_unit_test(duration),
        cmocka_unit_test(lists),        cmocka_unit_test(help),
        cmocka_unit_test(sandbox),      cmocka_unit_test(secrets),
    };

    return check_run("server/config", tests);
}
