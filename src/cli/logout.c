#include <stdio.h>

#include "cli/cli.h"

static const char usage[] = "usage: stay logout [--json]\n";

int cli_logout(struct cli *cli)
{
    struct stay_config config = {0};
    struct stay *stay;
    enum stay_result result;
    int code = cli_options(cli, usage);

    if (code >= 0)
        return code;
    stay = cli_open(cli, &config, &code);
    if (stay == NULL)
        return code == EXIT_SIGN_IN ? EXIT_DONE : code;
    result = stay_sign_out(stay);
    if (result == STAY_OK)
        (void)fputs(cli->json ? "{\"signed_out\":true}\n" : "signed out\n",
                    stdout);
    else if (result == STAY_TRY_LATER)
        code = cli_say(EXIT_LATER, "signed out here, but the server could not "
                                   "be told; run stay logout again");
    else
        code = cli_fail(cli, stay, result);
    stay_close(stay);
    return code;
}
