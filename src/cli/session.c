#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

struct ending {
    enum stay_result result;
    int code;
    const char *advice;
    const char *at_login; /* likewise, where no session is at stake */
};

/* clang-format off */
static const struct ending endings[] = {
    {STAY_SIGN_IN,      EXIT_SIGN_IN, "", ""},
    {STAY_TRY_LATER,    EXIT_LATER,   "you are still signed in", "try again later"},
    {STAY_BAD_CONFIG,   EXIT_FAILED,  "", ""},
    {STAY_BAD_REPLY,    EXIT_SIGN_IN, "sign in again, or ask who runs the server", ""},
    {STAY_BAD_VAULT,    EXIT_FAILED,  "", ""},
    {STAY_NO_MEMORY,    EXIT_FAILED,  "", ""},
    {STAY_REFUSED,      EXIT_FAILED,  "", ""},
    {STAY_NOT_REPLAYED, EXIT_FAILED,  "the data was not taken; send it again", ""},
    {STAY_CURL,         EXIT_LATER,   "", ""},
};
/* clang-format on */

/* Which command signs in, to this session. */
static int say_sign_in(const struct cli *cli, const char *why)
{
    bool named = strcmp(cli->session, CLI_SESSION) != 0;

    return cli_say(EXIT_SIGN_IN, "%s; sign in with: stay %s%s%slogin URL", why,
                   named ? "--session " : "", named ? cli->session : "",
                   named ? " " : "");
}

static int say_ending(const struct cli *cli, enum stay_result result,
                      const char *why)
{
    const struct ending *e = &endings[0];
    const char *advice;
    const char *between = "; ";

    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (endings[i].result == result)
            e = &endings[i];
    if (*why == '\0')
        why = stay_result_text(result);
    if (result == STAY_SIGN_IN)
        return say_sign_in(cli, why);
    advice = cli->signing_in ? e->at_login : e->advice;
    if (*advice == '\0')
        between = "";
    else if (why[strlen(why) - 1] == '?')
        between = " ";
    return cli_say(e->code, "%s%s%s", why, between, advice);
}

struct stay *cli_open(const struct cli *cli, struct stay_config *config,
                      int *code)
{
    char error[STAY_ERROR_SIZE] = "";
    struct stay *stay = NULL;
    enum stay_result result;

    config->session = cli->session;
    config->error = error;
    result = stay_open(&stay, config);
    if (result == STAY_OK)
        *code = EXIT_DONE;
    else if (result == STAY_SIGN_IN)
        *code = say_sign_in(cli, "nobody is signed in");
    else if (result == STAY_BAD_CONFIG) // of what was said on the command line
        *code = cli_say(EXIT_USAGE, "%s", error);
    else
        *code = say_ending(cli, result, error);
    return stay;
}

int cli_fail(const struct cli *cli, struct stay *stay, enum stay_result result)
{
    char error[STAY_ERROR_SIZE];

    stay_error(stay, error);
    return say_ending(cli, result, error);
}
