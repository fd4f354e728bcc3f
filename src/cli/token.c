#include <getopt.h>
#include <stdio.h>

#include "cli/cli.h"

static const char usage[] = "usage: stay token [--min-seconds N] [--json]\n\n"
                            "Prints an access token that is good for at least "
                            "N seconds (0 unless said).\n";

enum { MIN_SECONDS_MAX = 86400 };

/* -1: go on, else the exit code. */
static int read_options(struct cli *cli, int64_t *min_ms)
{
    static const struct option names[] = {
        {"min-seconds", required_argument, NULL, 'm'},
        {"json",        no_argument,       NULL, 'j'},
        {"help",        no_argument,       NULL, 'h'},
        {NULL,          0,                 NULL, 0  },
    };
    int c;

    while ((c = getopt_long(cli->count, cli->arguments, ":", names, NULL)) !=
           -1) {
        if (c == 'j') {
            cli->json = true;
        } else if (c == 'h') {
            return (void)fputs(usage, stdout), EXIT_DONE;
        } else if (c == 'm') {
            long seconds = 0;

            if (!cli_number("--min-seconds", optarg, 0, MIN_SECONDS_MAX,
                            &seconds))
                return EXIT_USAGE;
            *min_ms = (int64_t)seconds * 1000;
        } else {
            return cli_bad_option(cli, cli->arguments, c);
        }
    }
    if (optind != cli->count)
        return cli_say(EXIT_USAGE, "token takes no argument");
    return -1;
}

static void print_token(const struct cli *cli, const struct stay_token *token)
{
    if (!cli->json) {
        printf("%s\n", token->text);
        return;
    }
    printf("{\"access_token\":");
    cli_put_json(token->text);
    if (token->left_ms != INT64_MAX)
        printf(",\"expires_in\":%lld", (long long)(token->left_ms / 1000));
    printf("}\n");
}

int cli_token(struct cli *cli)
{
    struct stay_config config = {0};
    struct stay_token token = {0};
    struct stay *stay;
    enum stay_result result;
    int64_t min_ms = 0;
    int code = read_options(cli, &min_ms);

    if (code >= 0)
        return code;
    stay = cli_open(cli, &config, &code);
    if (stay == NULL)
        return code;
    result = stay_get(stay, min_ms, &token);
    if (result == STAY_OK)
        print_token(cli, &token);
    else
        code = cli_fail(cli, stay, result);
    stay_token_clear(&token);
    stay_close(stay);
    return code;
}
