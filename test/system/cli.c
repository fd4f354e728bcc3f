/*
 * The command line against a running stayd: what it prints, where, and with
 * which exit code; right and wrong words alike.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>

#include "base/bytes.h"
#include "check.h"
#include "process.h"
#include "stayd.h"
#include "terminal.h"

enum { WORDS_MAX = 12 };

struct row {
    const char *name;
    const char *words[WORDS_MAX]; /* after "stay"; "URL", once, is stayd's */
    const char *input;            /* NULL: none */
    int code;
    const char *out; /* stands in standard output; NULL: it is empty */
    const char *err; /* likewise in standard error */
};

/* Played in order on one home folder. */
static const struct row rows[] = {
    {"no word at all",                            {NULL},                     NULL, 2, "usage: stay",   NULL                                                                    },
    {"--help",                                    {"--help"},                 NULL, 0, "Exit codes",    NULL                                                                    },
    {"--version",                                 {"--version"},              NULL, 0, "stay 0.",       NULL                                                                    },
    {"an unknown command",
     {"frobnicate"},
     NULL,                                                                          2,
     NULL,                                                                                              "there is no command 'frobnicate'"                                      },
    {"an unknown option",                         {"--frob"},                 NULL, 2, NULL,            "--frob"                                                                },
    {"an option that wants a value",
     {"--session"},
     NULL,                                                                          2,
     NULL,                                                                                              "'--session' needs a value; see stay --help"                            },
    {"an option that takes none",
     {"--json=1", "status"},
     NULL,                                                                          2,
     NULL,                                                                                              "'--json' takes no value; see stay --help"                              },
    {"an unknown option of a command",
     {"login", "URL", "--frob"},
     NULL,                                                                          2,
     NULL,                                                                                              "'--frob' is not an option here; see stay login --help"                 },
    {"a command's option that wants a value",
     {"get", "/test/user", "-d"},
     NULL,                                                                          2,
     NULL,                                                                                              "'-d' needs a value; see stay get --help"                               },
    {"a password as an option is not said again",
     {"login", "URL", "--password=lovelace"},
     NULL,                                                                          2,
     NULL,                                                                                              "see stay login --help"                                                 },
    {"another session's name is in the advice",
     {"--session", "work", "token"},
     NULL,                                                                          3,
     NULL,                                                                                              "stay: nobody is signed in; sign in with: stay --session work login URL"},
    {"status before any sign-in",                 {"status"},                 NULL, 3, NULL,            "stay login"                                                            },
    {"get before any sign-in",
     {"get", "/test/user"},
     NULL,                                                                          3,
     NULL,                                                                                              "stay login"                                                            },
    {"token before any sign-in",                  {"token"},                  NULL, 3, NULL,            "stay login"                                                            },
    {"logout before any sign-in",                 {"logout"},                 NULL, 0, NULL,            "stay login"                                                            },
    {"login without a URL",                       {"login"},                  NULL, 2, NULL,            "login takes one URL"                                                   },
    {"login at no URL",
     {"login", "not a url", "--user", "ada"},
     NULL,                                                                          2,
     NULL,                                                                                              "not a url"                                                             },
    {"login with plain http elsewhere",
     {"login", "http://auth.example.org", "--user", "ada"},
     NULL,                                                                          2,
     NULL,                                                                                              "use https"                                                             },
    {"login in an unknown dialect",
     {"login", "URL", "--dialect", "klingon", "--user", "ada"},
     NULL,                                                                          2,
     NULL,                                                                                              "klingon"                                                               },
    {"login with a dialect file that is missing",
     {"login", "URL", "--dialect", "./none.json", "--user", "ada"},
     NULL,                                                                          2,
     NULL,                                                                                              "none.json"                                                             },
    {"login without a terminal to ask on",
     {"login", "URL", "--user", "ada"},
     NULL,                                                                          2,
     NULL,                                                                                              "--password-stdin"                                                      },
    {"login with an empty password",
     {"login", "URL", "--user", "ada", "--password-stdin"},
     "\n",                                                                          2,
     NULL,                                                                                              "password"                                                              },
    {"login with a wrong password",
     {"login", "URL", "--user", "ada", "--password-stdin"},
     "wrong\n",                                                                     1,
     NULL,                                                                                              "stay: "                                                                },
    {"login where nobody listens",
     {"login", "http://127.0.0.1:1", "--user", "ada", "--password-stdin"},
     "lovelace\n",                                                                  4,
     NULL,                                                                                              "; try again later"                                                     },
    {"login where it is not the dialect's",
     {"login", "URL/elsewhere", "--user", "ada", "--password-stdin"},
     "lovelace\n",                                                                  3,
     NULL,                                                                                              "is the URL or the dialect right?\n"                                    },
    {"login",
     {"login", "URL", "--user", "ada", "--password-stdin"},
     "lovelace\n",                                                                  0,
     "signed in as ada",                                                                                NULL                                                                    },
    {"status",                                    {"status"},                 NULL, 0, "ada",           NULL                                                                    },
    {"status as JSON",
     {"--json", "status"},
     NULL,                                                                          0,
     "{\"signed_in\":true",                                                                             NULL                                                                    },
    {"status with --json behind",
     {"status", "--json"},
     NULL,                                                                          0,
     "\"user\":\"ada\"",                                                                                NULL                                                                    },
    {"get",                                       {"get", "/test/user"},      NULL, 0, "User content.", NULL                                                                    },
    {"get without the slash",
     {"get", "test/user"},
     NULL,                                                                          0,
     "User content.",                                                                                   NULL                                                                    },
    {"get with headers",
     {"get", "/test/user", "--include"},
     NULL,                                                                          0,
     "HTTP/1.1 200",                                                                                    NULL                                                                    },
    {"get what a role forbids",
     {"get", "/test/admin"},
     NULL,                                                                          5,
     "wrong_role",                                                                                      "403"                                                                   },
    {"get what is not there",                     {"get", "/nope"},           NULL, 5, "",              "404"                                                                   },
    {"get without a path",                        {"get"},                    NULL, 2, NULL,            "takes one PATH"                                                        },
    {"post",
     {"post", "/todos", "--data", "{\"title\":\"tea\"}"},
     NULL,                                                                          0,
     "tea",                                                                                             NULL                                                                    },
    {"post from standard input",
     {"post", "/todos", "--data", "@-"},
     "{\"title\":\"coffee\"}",                                                      0,
     "coffee",                                                                                          NULL                                                                    },
    {"post from a file that is missing",
     {"post", "/todos", "--data", "@/nonexistent"},
     NULL,                                                                          1,
     NULL,                                                                                              "stay: cannot read /nonexistent: No such file or directory"             },
    {"post from a folder",
     {"post", "/todos", "--data", "@/"},
     NULL,                                                                          1,
     NULL,                                                                                              "cannot read /: Is a directory"                                         },
    {"a media type that is two headers",
     {"post", "/todos", "--type", "text/plain\r\nX-Y: z"},
     NULL,                                                                          2,
     NULL,                                                                                              "--type takes a media type"                                             },
    {"no wait at all",
     {"get", "/todos", "--wait", "0"},
     NULL,                                                                          2,
     NULL,                                                                                              "--wait takes 1 to 86400"                                               },
    {"the shortest wait",
     {"get", "/todos", "--wait", "1"},
     NULL,                                                                          0,
     "coffee",                                                                                          NULL                                                                    },
    {"the longest wait",
     {"get", "/todos", "--wait", "86400"},
     NULL,                                                                          0,
     "coffee",                                                                                          NULL                                                                    },
    {"a longer one",
     {"get", "/todos", "--wait", "86401"},
     NULL,                                                                          2,
     NULL,                                                                                              "--wait takes 1 to 86400"                                               },
    {"post what does not parse",
     {"post", "/todos", "--data", "{"},
     NULL,                                                                          5,
     "",                                                                                                "400"                                                                   },
    {"the list has both",                         {"get", "/todos"},          NULL, 0, "coffee",        NULL                                                                    },
    {"token",                                     {"token"},                  NULL, 0, "eyJ",           NULL                                                                    },
    {"token as JSON",
     {"token", "--json"},
     NULL,                                                                          0,
     "\"access_token\":\"eyJ",                                                                          NULL                                                                    },
    {"token good for longer",
     {"token", "--min-seconds", "200"},
     NULL,                                                                          0,
     "eyJ",                                                                                             NULL                                                                    },
    {"token for a wrong time",
     {"token", "--min-seconds", "soon"},
     NULL,                                                                          2,
     NULL,                                                                                              "--min-seconds takes"                                                   },
    {"another session has its own vault",
     {"--session", "work", "status"},
     NULL,                                                                          3,
     NULL,                                                                                              "stay --session work login"                                             },
    {"a session by a bad name",
     {"--session", "../x", "status"},
     NULL,                                                                          2,
     NULL,                                                                                              "stay: "                                                                },
    {"sign-up",
     {"--session", "work", "login", "URL", "--sign-up", "--user", "grace",
      "--email", "grace@example.org", "--password-stdin"},
     "compilers-1952\n",                                                            0,
     "signed in as grace",                                                                              NULL                                                                    },
    {"sign-up of a taken name",
     {"--session", "third", "login", "URL", "--sign-up", "--user", "grace",
      "--email", "g2@example.org", "--password-stdin"},
     "compilers-1952\n",                                                            1,
     NULL,                                                                                              "stay: "                                                                },
    {"both sessions live",
     {"--session", "work", "get", "/account"},
     NULL,                                                                          0,
     "grace",                                                                                           NULL                                                                    },
    {"logout",                                    {"logout"},                 NULL, 0, "signed out",    NULL                                                                    },
    {"status after it",                           {"status"},                 NULL, 3, "signed out",    NULL                                                                    },
    {"get after it",                              {"get", "/test/user"},      NULL, 3, NULL,            "stay login"                                                            },
    {"the other session lives on",
     {"--session", "work", "get", "/test/user"},
     NULL,                                                                          0,
     "User content.",                                                                                   NULL                                                                    },
    {"express",
     {"login", "URL", "--dialect", "express", "--user", "ada",
      "--password-stdin"},
     "lovelace\n",                                                                  0,
     "signed in as ada",                                                                                NULL                                                                    },
    {"its page",                                  {"get", "/test/user"},      NULL, 0, "User Content.", NULL                                                                    },
    {"django",
     {"login", "URL", "--dialect", "django", "--user", "ada",
      "--password-stdin"},
     "lovelace\n",                                                                  0,
     "signed in as ada",                                                                                NULL                                                                    },
    {"who am I",                                  {"get", "/auth/users/me/"}, NULL, 0, "ada",           NULL                                                                    },
};

static struct process_result run(const struct stayd *stayd, const char *home,
                                 const char *const words[], const char *input)
{
    const char *argv[WORDS_MAX + 2] = {STAY};
    char state[PROCESS_PATH_SIZE + 32];
    char url[PROCESS_LINE_SIZE];
    const char *const env[] = {state, "HOME=/nonexistent", NULL};

    (void)snprintf(state, sizeof state, "XDG_STATE_HOME=%s", home);
    for (size_t i = 0; i < WORDS_MAX && words[i] != NULL; i++)
        if (strncmp(words[i], "URL", 3) == 0)
            (void)snprintf(url, sizeof url, "%s%s", stayd->url, words[i] + 3);
    for (size_t i = 0; i < WORDS_MAX && words[i] != NULL; i++)
        argv[i + 1] = strncmp(words[i], "URL", 3) == 0 ? url : words[i];
    return process_run(argv, env, input);
}

static void check_stream(const char *what, const char *got, const char *want)
{
    bool good = want == NULL ? *got == '\0' : strstr(got, want) != NULL;

    if (!CHECK(good))
        check_note("%s: got \"%s\", want \"%s\"", what, got, want ? want : "");
}

static void words(void **state)
{
    char home[PROCESS_PATH_SIZE] = "";
    struct stayd stayd = {0};

    (void)state;
    CASE("stayd starts");
    if (!CHECK(stayd_start(&stayd, NULL)) || !CHECK(process_folder(home)))
        return;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct process_result r;

        CASE(rows[i].name);
        r = run(&stayd, home, rows[i].words, rows[i].input);
        CHECK_EQ(r.code, rows[i].code);
        check_stream("standard output", r.out, rows[i].out);
        check_stream("standard error", r.err, rows[i].err);
        CHECK(strstr(r.err, "lovelace") == NULL);
        CHECK(strchr(r.out, '\033') == NULL);
        process_result_clear(&r);
    }
    process_folder_remove(home);
    stayd_clear(&stayd);
}

static void server_down(void **state)
{
    static const char *const login[WORDS_MAX] = {"login", "URL", "--user",
                                                 "ada", "--password-stdin"};
    static const char *const get[WORDS_MAX] = {"get", "/test/user"};
    static const char *const status[WORDS_MAX] = {"status"};
    char home[PROCESS_PATH_SIZE] = "";
    struct stayd stayd = {0};
    struct process_result r;

    (void)state;
    CASE("stayd is down: exit 4, still signed in; up again: exit 0");
    if (!CHECK(stayd_start(&stayd, NULL)) || !CHECK(process_folder(home)))
        return;
    r = run(&stayd, home, login, "lovelace\n");
    CHECK_EQ(r.code, 0);
    process_result_clear(&r);
    (void)stayd_stop(&stayd, SIGTERM);
    r = run(&stayd, home, get, NULL);
    CHECK_EQ(r.code, 4);
    CHECK(strncmp(r.err, "stay: ", 6) == 0);
    process_result_clear(&r);
    r = run(&stayd, home, status, NULL);
    CHECK_EQ(r.code, 0);
    process_result_clear(&r);
    CHECK(stayd_restart(&stayd, NULL));
    r = run(&stayd, home, get, NULL);
    CHECK_EQ(r.code, 0);
    process_result_clear(&r);
    process_folder_remove(home);
    stayd_clear(&stayd);
}

static void silent(void **state)
{
    static const char *const login[WORDS_MAX] = {"login", "URL", "--user",
                                                 "ada", "--password-stdin"};
    static const char *const get[WORDS_MAX] = {"get", "/test/user", "--wait",
                                               "1"};
    char home[PROCESS_PATH_SIZE] = "";
    struct stayd stayd = {0};
    struct process_result r;

    (void)state;
    CASE("a server that says nothing is given up after --wait: exit 4");
    if (!CHECK(stayd_start(&stayd, NULL)) || !CHECK(process_folder(home)))
        return;
    r = run(&stayd, home, login, "lovelace\n");
    CHECK_EQ(r.code, 0);
    process_result_clear(&r);
    (void)kill(process_id(stayd.process), SIGSTOP);
    r = run(&stayd, home, get, NULL);
    (void)kill(process_id(stayd.process), SIGCONT);
    CHECK_EQ(r.code, 4);
    CHECK(strstr(r.err, "nothing came for 1 s") != NULL);
    process_result_clear(&r);
    process_folder_remove(home);
    stayd_clear(&stayd);
}

static bool start_login(struct terminal *t, const char *url, const char *home)
{
    char state[PROCESS_PATH_SIZE + 32];
    const char *const argv[] = {"/usr/bin/env", state, STAY,
                                "login",        url,   NULL};

    (void)snprintf(state, sizeof state, "XDG_STATE_HOME=%s", home);
    return terminal_start(t, argv);
}

static bool echo_ends(const struct terminal *t)
{
    struct termios now;

    while (tcgetattr(t->fd, &now) == 0 && process_now_ms() < t->end_ms) {
        if ((now.c_lflag & ECHO) == 0)
            return true;
        process_pause();
    }
    return false;
}

/* The name is given while output is held up: the question cannot be seen. */
static bool echo_ends_unseen(struct terminal *t)
{
    bool ends = tcflow(t->other_end, TCOOFF) == 0 &&
                terminal_type(t, "ada\n") && echo_ends(t) &&
                strstr(t->text, "Password") == NULL;

    (void)tcflow(t->other_end, TCOON);
    return ends;
}

static void interrupted(const char *url, const char *home)
{
    struct terminal t;
    bool signalled;

    CASE("Ctrl-C at the password prompt ends it, and the echo is back");
    if (!CHECK(start_login(&t, url, home)))
        return;
    CHECK(terminal_read(&t, "User name: ") && terminal_type(&t, "ada\n"));
    CHECK(terminal_read(&t, "Password: ") && terminal_type(&t, "\x03"));
    CHECK_EQ(terminal_end(&t, &signalled), -1);
    CHECK(signalled);
    CHECK(t.echoes);
}

/* Signed in by now. */
static void print_body(const char *home)
{
    char state[PROCESS_PATH_SIZE + 32];
    const char *const argv[] = {"/usr/bin/env", state,         STAY,
                                "get",          "/test/admin", NULL};
    struct terminal t;
    bool signalled;

    CASE("on a terminal our line does not stand behind the body");
    (void)snprintf(state, sizeof state, "XDG_STATE_HOME=%s", home);
    if (!CHECK(terminal_start(&t, argv)))
        return;
    CHECK(terminal_read(&t, "}\r\nstay: /test/admin answered 403"));
    CHECK_EQ(terminal_end(&t, &signalled), 5);
}

static void prompts(void **state)
{
    char home[PROCESS_PATH_SIZE] = "";
    struct terminal t;
    bool signalled;
    struct stayd stayd = {0};

    (void)state;
    CASE("on a terminal the name and the password are asked, without echo");
    if (!CHECK(stayd_start(&stayd, NULL)) || !CHECK(process_folder(home)))
        return;
    if (CHECK(start_login(&t, stayd.url, home))) {
        CHECK(terminal_read(&t, "User name: "));
        CASE("the echo is off before the password is asked for");
        CHECK(echo_ends_unseen(&t));
        CASE("a password typed at once is neither shown nor lost");
        CHECK(terminal_read(&t, "Password: "));
        CHECK(terminal_type(&t, "lovelace\n"));
        CHECK(terminal_read(&t, "signed in as ada"));
        CHECK(strstr(t.text, "lovelace") == NULL);
        CHECK_EQ(terminal_end(&t, &signalled), 0);
    }
    print_body(home);
    interrupted(stayd.url, home);
    process_folder_remove(home);
    stayd_clear(&stayd);
}

/* What a shell may do to the streams of a program. */
static const struct {
    const char *name;
    const char *command; /* "$0" is stay; run on a home that is signed in */
    const char *err;     /* stands in standard error */
} stream_rows[] = {
    {"status with standard output closed", "\"$0\" status >&-",
     "stay: cannot write to standard output"                                                                    },
    {"get with standard output closed",    "\"$0\" get /test/user >&-",
     "stay: cannot write to standard output"                                                                    },
    {"status on a full disk",              "\"$0\" status >/dev/full",
     "stay: cannot write to standard output"                                                                    },
    {"get on a full disk",                 "\"$0\" get /test/user >/dev/full",
     "stay: cannot write to standard output"                                                                    },
    {"--help on a full disk",              "\"$0\" --help >/dev/full",
     "stay: cannot write to standard output"                                                                    },
    {"get a URL that is none",             "\"$0\" get '/a b'",                "stay: /a b: "                   },
    {"a user name beyond all bounds",
     "\"$0\" login http://127.0.0.1:1 --password-stdin --user "
     "$(printf %02000d 0) </dev/null; test $? = 2 && exit 1",                  "stay: a name or address of over"},
};

static void streams(void **state)
{
    static const char *const login[WORDS_MAX] = {"login", "URL", "--user",
                                                 "ada", "--password-stdin"};
    char home[PROCESS_PATH_SIZE] = "";
    char variable[PROCESS_PATH_SIZE + 32];
    const char *const env[] = {variable, NULL};
    struct stayd stayd = {0};
    struct process_result r;

    (void)state;
    CASE("a session for the rows on streams");
    if (!CHECK(stayd_start(&stayd, NULL)) || !CHECK(process_folder(home)))
        return;
    (void)snprintf(variable, sizeof variable, "XDG_STATE_HOME=%s", home);
    r = run(&stayd, home, login, "lovelace\n");
    CHECK_EQ(r.code, 0);
    process_result_clear(&r);
    for (size_t i = 0; i < COUNT(stream_rows); i++) {
        const char *const argv[] = {"/bin/sh", "-c", stream_rows[i].command,
                                    STAY, NULL};

        CASE(stream_rows[i].name);
        r = process_run(argv, env, NULL);
        CHECK_EQ(r.code, 1);
        check_stream("standard error", r.err, stream_rows[i].err);
        process_result_clear(&r);
    }
    process_folder_remove(home);
    stayd_clear(&stayd);
}

/* A vault that cannot be trusted is refused, and left as it was. */
struct vault_row {
    const char *name;
    const char *text;
    mode_t mode;
    const char *err;
};

static const struct vault_row vault_rows[] = {
    {"a vault that is no JSON",      "garbage",              0600, "vault"    },
    {"an empty vault",               "",                     0600, "vault"    },
    {"a vault from a newer version", "{\"stay_vault\":999}", 0600,
     "later version"                                                          },
    {"a vault that others may read", "{\"stay_vault\":1}",   0644, "chmod 600"},
};

static void vaults(void **state)
{
    static const char *const status[WORDS_MAX] = {"status"};
    char home[PROCESS_PATH_SIZE] = "";
    char path[PROCESS_PATH_SIZE + 64];
    struct stayd stayd = {0};

    (void)state;
    CASE("a folder for vaults");
    if (!CHECK(process_folder(home)))
        return;
    (void)snprintf(path, sizeof path, "%s/stay", home);
    CHECK_EQ(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/stay/default.json", home);
    for (size_t i = 0; i < COUNT(vault_rows); i++) {
        const struct vault_row *v = &vault_rows[i];
        struct process_result r;
        size_t size = 0;
        char *text;

        CASE(v->name);
        CHECK(process_write_file(path, v->text, strlen(v->text)));
        CHECK_EQ(chmod(path, v->mode), 0);
        r = run(&stayd, home, status, NULL);
        CHECK_EQ(r.code, 1);
        check_stream("standard error", r.err, v->err);
        text = process_read_file(path, &size);
        CHECK_BYTES(text, size, v->text, strlen(v->text));
        free(text);
        process_result_clear(&r);
    }
    process_folder_remove(home);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),   cmocka_unit_test(server_down),
        cmocka_unit_test(silent),  cmocka_unit_test(prompts),
        cmocka_unit_test(streams), cmocka_unit_test(vaults),
    };

    return check_run("system/cli", tests);
}
