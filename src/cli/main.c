#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/cli.h"

struct command {
    const char *name;
    const char *arguments;
    const char *summary;
    int (*run)(struct cli *cli);
};

static const struct command commands[] = {
    {"login",  "URL [options]",  "sign in, and stay signed in",        cli_login  },
    {"get",    "PATH",           "print what the server has at PATH",  cli_request},
    {"post",   "PATH [options]", "send data there",                    cli_request},
    {"put",    "PATH [options]", "likewise, with PUT",                 cli_request},
    {"patch",  "PATH [options]", "likewise, with PATCH",               cli_request},
    {"delete", "PATH",           "likewise, with DELETE",              cli_request},
    {"token",  "[options]",      "print an access token for a script", cli_token  },
    {"status", "",               "who, where, and for how long",       cli_status },
    {"logout", "",               "sign out here and at the server",    cli_logout },
};

static void print_help(void)
{
    printf("usage: stay [--session NAME] [--json] COMMAND ...\n\n");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        printf("  %-7s%-16s %s\n", commands[i].name, commands[i].arguments,
               commands[i].summary);
    printf("\n"
           "  --session NAME  keep several sessions apart; \"default\" unless "
           "said\n"
           "  --json          login, token, status, logout: one JSON object\n"
           "  --help          this page, or with a command that command's\n"
           "  --version       which stay this is\n\n"
           "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 signed out (sign in "
           "again),\n"
           "4 try later (network or server), 5 the resource answered 4xx or "
           "5xx.\n");
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

/* Reads what stands before the command; -1: go on, else the exit code. */
static int read_options(int argc, char **argv, struct cli *cli)
{
    static const struct option names[] = {
        {"session", required_argument, NULL, 's'},
        {"json",    no_argument,       NULL, 'j'},
        {"help",    no_argument,       NULL, 'h'},
        {"version", no_argument,       NULL, 'v'},
        {NULL,      0,                 NULL, 0  },
    };
    int c;

    while ((c = getopt_long(argc, argv, "+:h", names, NULL)) != -1) {
        switch (c) {
        case 's':
            cli->session = optarg;
            break;
        case 'j':
            cli->json = true;
            break;
        case 'h':
            print_help();
            return EXIT_DONE;
        case 'v':
            printf("stay %s\n", STAY_VERSION);
            return EXIT_DONE;
        default:
            return cli_bad_option(cli, argv, c);
        }
    }
    cli->arguments = argv + optind;
    cli->count = argc - optind;
    return -1;
}

/*
 * A stream that the caller closed must not become the number of a socket or of
 * the vault's lock file, into which it would then be printed. Opened the wrong
 * way round, so that using it fails as it should.
 */
static bool hold_streams(void)
{
    static const int modes[] = {O_WRONLY, O_RDONLY, O_RDONLY};

    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) != fd)
            return false;
    return true;
}

/* Was all of standard output written? */
static int end_output(int code)
{
    bool good = fflush(stdout) == 0 && ferror(stdout) == 0;

    if (good || code == EXIT_FAILED)
        return code;
    return cli_say(EXIT_FAILED, "cannot write to standard output");
}

int main(int argc, char **argv)
{
    struct cli cli = {.session = CLI_SESSION};
    const struct command *command;
    int code;

    if (!hold_streams())
        return EXIT_FAILED;
    (void)setlocale(LC_CTYPE, "");
    (void)signal(SIGPIPE, SIG_DFL);
    // Tokens and passwords pass through this process: no core dump of it.
    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    opterr = 0; // cli_bad_option says it
    code = read_options(argc, argv, &cli);
    if (code >= 0)
        return end_output(code);
    if (cli.count == 0) {
        print_help();
        return EXIT_USAGE;
    }
    command = find_command(cli.arguments[0]);
    if (command == NULL)
        return cli_say(EXIT_USAGE, "there is no command '%s'; see stay --help",
                       cli.arguments[0]);
    optind = 0; // getopt starts anew on the command's own arguments
    return end_output(command->run(&cli));
}
