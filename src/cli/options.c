#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

int cli_bad_option(const struct cli *cli, char **arguments, int c)
{
    const char *word = arguments[optind - 1];
    const char *what = "is not an option here";
    bool has_value = strncmp(word, "--", 2) == 0 && strchr(word, '=') != NULL;

    if (c == ':')
        what = "needs a value";
    else if (has_value && optopt != 0)
        what = "takes no value";
    return cli_say(EXIT_USAGE, "'%.*s' %s; see stay%s%s --help",
                   (int)(has_value ? strcspn(word, "=") : strlen(word)), word,
                   what, cli->count > 0 ? " " : "",
                   cli->count > 0 ? cli->arguments[0] : "");
}

bool cli_number(const char *option, const char *text, long min, long max,
                long *out)
{
    char *end = NULL;
    long value = strtol(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || value < min ||
        value > max) {
        (void)cli_say(EXIT_USAGE, "%s takes %ld to %ld, not '%s'", option, min,
                      max, text);
        return false;
    }
    *out = value;
    return true;
}

int cli_options(struct cli *cli, const char *usage)
{
    static const struct option names[] = {
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL,   0,           NULL, 0  },
    };
    int c;

    while ((c = getopt_long(cli->count, cli->arguments, ":", names, NULL)) !=
           -1) {
        if (c == 'h') {
            (void)fputs(usage, stdout);
            return EXIT_DONE;
        }
        if (c != 'j')
            return cli_bad_option(cli, cli->arguments, c);
        cli->json = true;
    }
    if (optind != cli->count)
        return cli_say(EXIT_USAGE, "%s takes no argument", cli->arguments[0]);
    return -1;
}
