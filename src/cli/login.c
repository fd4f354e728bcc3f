#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "cli/cli.h"

static const char usage[] =
    "usage: stay login URL [options]\n\n"
    "  --dialect NAME|FILE  which back end; \"stay\" unless said\n"
    "  --user NAME          who; asked for on the terminal unless said\n"
    "  --password-stdin     read the password from standard input\n"
    "  --sign-up            make the account first\n"
    "  --email ADDRESS      its e-mail address, with --sign-up\n"
    "  --label TEXT         what the session list calls this device\n"
    "  --insecure-http      plain http to a host that is not this machine\n"
    "  --json               say who, where and in which dialect as JSON\n";

struct login {
    struct stay_config config;
    char user[CLI_LINE_SIZE];
    char email[CLI_LINE_SIZE];
    char password[CLI_LINE_SIZE];
    bool sign_up;
    bool password_stdin;
};

static bool take_text(const char *text, char out[CLI_LINE_SIZE])
{
    if (strlen(text) >= CLI_LINE_SIZE) {
        (void)cli_say(EXIT_USAGE, "a name or address of over %d bytes",
                      CLI_LINE_SIZE - 1);
        return false;
    }
    (void)snprintf(out, CLI_LINE_SIZE, "%s", text);
    return true;
}

static bool take_option(struct login *login, int c)
{
    switch (c) {
    case 'd':
        login->config.dialect = optarg;
        return true;
    case 'u':
        return take_text(optarg, login->user);
    case 'p':
        login->password_stdin = true;
        return true;
    case 'n':
        login->sign_up = true;
        return true;
    case 'e':
        return take_text(optarg, login->email);
    case 'l':
        login->config.label = optarg;
        return true;
    case 'i':
        login->config.insecure_http = true;
        return true;
    default:
        return false;
    }
}

/* -1: go on, else the exit code. */
static int read_options(struct cli *cli, struct login *login)
{
    static const struct option names[] = {
        {"dialect",        required_argument, NULL, 'd'},
        {"user",           required_argument, NULL, 'u'},
        {"password-stdin", no_argument,       NULL, 'p'},
        {"sign-up",        no_argument,       NULL, 'n'},
        {"email",          required_argument, NULL, 'e'},
        {"label",          required_argument, NULL, 'l'},
        {"insecure-http",  no_argument,       NULL, 'i'},
        {"json",           no_argument,       NULL, 'j'},
        {"help",           no_argument,       NULL, 'h'},
        {NULL,             0,                 NULL, 0  },
    };
    int c;

    while ((c = getopt_long(cli->count, cli->arguments, ":", names, NULL)) !=
           -1) {
        if (c == 'j')
            cli->json = true;
        else if (c == 'h')
            return (void)fputs(usage, stdout), EXIT_DONE;
        else if (c == '?' || c == ':')
            return cli_bad_option(cli, cli->arguments, c);
        else if (!take_option(login, c))
            return EXIT_USAGE;
    }
    if (cli->count - optind != 1)
        return cli_say(EXIT_USAGE,
                       "login takes one URL, such as https://auth.example.org; "
                       "see stay login --help");
    login->config.url = cli->arguments[optind];
    return -1;
}

/* Asks for what was not given. False after a line that says what is missing. */
static bool complete(struct login *login)
{
    const char *missing = NULL;

    if (*login->user == '\0' && !cli_ask("User name: ", login->user))
        missing = "--user NAME";
    else if (login->sign_up && *login->email == '\0' &&
             !cli_ask("E-mail: ", login->email))
        missing = "--email ADDRESS";
    else if (login->password_stdin
                 ? !cli_read_secret(login->password)
                 : !cli_ask_secret("Password: ", login->password))
        missing = login->password_stdin
                      ? "a password of at most 1,023 bytes on standard input"
                      : "--password-stdin, as there is no terminal to ask on";
    if (missing != NULL)
        (void)cli_say(EXIT_USAGE, "login needs %s", missing);
    return missing == NULL;
}

static void print_done(const struct cli *cli, struct stay *stay)
{
    struct stay_status status;

    if (stay_status(stay, &status) != STAY_OK)
        return;
    if (!cli->json) {
        printf("signed in as %s at %s\n", status.user, status.url);
        return;
    }
    printf("{\"user\":");
    cli_put_json(status.user);
    printf(",\"url\":");
    cli_put_json(status.url);
    printf(",\"dialect\":");
    cli_put_json(status.dialect);
    printf("}\n");
}

int cli_login(struct cli *cli)
{
    struct login login = {0};
    struct stay *stay = NULL;
    enum stay_result result = STAY_OK;
    int code = read_options(cli, &login);

    if (code >= 0)
        return code;
    cli->signing_in = true;
    // The URL and dialect are judged before a password is asked for.
    stay = cli_open(cli, &login.config, &code);
    if (stay == NULL)
        return code;
    if (!complete(&login)) {
        stay_close(stay);
        return EXIT_USAGE;
    }
    if (login.sign_up)
        result = stay_sign_up(stay, login.user, login.email, login.password);
    if (result == STAY_OK)
        result = stay_sign_in(stay, login.user, login.password);
    sodium_memzero(login.password, sizeof login.password);
    if (result == STAY_OK)
        print_done(cli, stay);
    else
        code = cli_fail(cli, stay, result);
    stay_close(stay);
    return code;
}
