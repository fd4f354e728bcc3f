#include <stdio.h>

#include "cli/cli.h"

struct ending {
    enum stay_result result;
    int code;
    const char *advice;
};

static const struct ending endings[] = {
    {STAY_SIGN_IN,      EXIT_SIGN_IN, "sign in with: stay login URL"         },
    {STAY_TRY_LATER,    EXIT_LATER,   "you are still signed in"              },
    {STAY_BAD_CONFIG,   EXIT_FAILED,  ""                                     },
    {STAY_BAD_REPLY,    EXIT_SIGN_IN,
     "is this the right --dialect? sign in again, or ask who runs the server"},
    {STAY_BAD_VAULT,    EXIT_FAILED,  ""                                     },
    {STAY_NO_MEMORY,    EXIT_FAILED,  ""                                     },
    {STAY_REFUSED,      EXIT_FAILED,  ""                                     },
    {STAY_NOT_REPLAYED, EXIT_FAILED,  "the data was not taken; send it again"},
    {STAY_CURL,         EXIT_LATER,   ""                                     },
};

static int say_ending(enum stay_result result, const char *why)
{
    const struct ending *e = &endings[0];

    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (endings[i].result == result)
            e = &endings[i];
    if (*why == '\0')
        why = stay_result_text(result);
    return cli_say(e->code, *e->advice ? "%s; %s" : "%s", why, e->advice);
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
    *code = result == STAY_OK ? EXIT_DONE : say_ending(result, error);
    return stay;
}

int cli_fail(struct stay *stay, enum stay_result result)
{
    char error[STAY_ERROR_SIZE];

    stay_error(stay, error);
    return say_ending(result, error);
}
