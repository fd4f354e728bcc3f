#include <getopt.h>
#include <stdio.h>

#include "cli/cli.h"

int cli_options(struct cli *cli, const char *usage)
{
    static const struct option names[] = {
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL,   0,           NULL, 0  },
    };
    int c;

    while ((c = getopt_long(cli->count, cli->arguments, "", names, NULL)) !=
           -1) {
        if (c == 'h') {
            (void)fputs(usage, stdout);
            return EXIT_DONE;
        }
        if (c != 'j')
            return EXIT_USAGE; // getopt has said which
        cli->json = true;
    }
    if (optind != cli->count)
        return cli_say(EXIT_USAGE, "%s takes no argument", cli->arguments[0]);
    return -1;
}
