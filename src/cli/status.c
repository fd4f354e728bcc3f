#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"

static const char usage[] = "usage: stay status [--json]\n";

struct word {
    const char *text;
    const char *colour;
};

static const struct word states[] = {
    [STAY_STATE_SIGNED_OUT] = {"signed out",                         "31"},
    [STAY_STATE_FRESH] = {"signed in",                          "32"},
    [STAY_STATE_REFRESHING] = {"signed in, refreshing",              "32"},
    [STAY_STATE_RESTING] = {"signed in, the last refresh failed", "33"},
    [STAY_STATE_ENDED] = {"signed out",                         "31"},
};

static bool is_signed_in(const struct stay_status *s)
{
    return s->state != STAY_STATE_SIGNED_OUT && s->state != STAY_STATE_ENDED;
}

static void print_row(const char *name, const char *value)
{
    if (*value != '\0')
        printf("%-13s %s\n", name, value);
}

static void write_ago(int64_t at_s, char *out, size_t size)
{
    char length[32];

    cli_duration(((int64_t)time(NULL) - at_s) * 1000, length, sizeof length);
    (void)snprintf(out, size, "%s ago", length);
}

/* What is left of the access token, for people. */
static void write_left(const struct stay_status *s, char *out, size_t size)
{
    if (s->left_ms == INT64_MAX)
        (void)snprintf(out, size, "good until the server says otherwise");
    else if (s->left_ms <= 0 || s->generation == 0)
        (void)snprintf(out, size, "due for a refresh at the next request");
    else
        cli_duration(s->left_ms, out, size);
}

static void print_text(const struct stay_status *s)
{
    const struct word *state = &states[s->state];
    char text[128];

    if (cli_colours())
        printf("%-13s \033[%sm%s\033[0m\n", "state", state->colour,
               state->text);
    else
        print_row("state", state->text);
    if (s->reason != STAY_REASON_NONE)
        print_row("because", stay_reason_text(s->reason));
    print_row("user", s->user);
    print_row("at", s->url);
    print_row("dialect", s->dialect);
    print_row("device", s->label);
    if (is_signed_in(s)) {
        write_left(s, text, sizeof text);
        print_row("token left", text);
        if (s->state == STAY_STATE_RESTING) {
            cli_duration(s->rest_ms, text, sizeof text);
            print_row("next try in", text);
        }
        if (s->signed_in_s > 0) {
            write_ago(s->signed_in_s, text, sizeof text);
            print_row("signed in", text);
        }
        if (s->refreshed_s > 0)
            write_ago(s->refreshed_s, text, sizeof text);
        else
            (void)snprintf(text, sizeof text, "not yet");
        print_row("last refresh", text);
    }
    print_row("kept in", s->vault);
}

static void print_json(const struct stay_status *s)
{
    printf("{\"signed_in\":%s,\"user\":", is_signed_in(s) ? "true" : "false");
    cli_put_json(s->user);
    printf(",\"url\":");
    cli_put_json(s->url);
    printf(",\"dialect\":");
    cli_put_json(s->dialect);
    printf(",\"label\":");
    cli_put_json(s->label);
    printf(",\"vault\":");
    cli_put_json(s->vault);
    printf(",\"resting\":%s",
           s->state == STAY_STATE_RESTING ? "true" : "false");
    if (s->reason != STAY_REASON_NONE) {
        printf(",\"reason\":");
        cli_put_json(stay_reason_text(s->reason));
    }
    if (is_signed_in(s) && s->left_ms != INT64_MAX)
        printf(",\"token_seconds_left\":%.3f",
               (double)(s->left_ms > 0 ? s->left_ms : 0) / 1000);
    if (s->signed_in_s > 0)
        printf(",\"signed_in_at\":%lld", (long long)s->signed_in_s);
    if (s->refreshed_s > 0)
        printf(",\"refreshed_at\":%lld", (long long)s->refreshed_s);
    printf("}\n");
}

int cli_status(struct cli *cli)
{
    struct stay_config config = {0};
    struct stay_status status;
    struct stay *stay;
    enum stay_result result;
    int code = cli_options(cli, usage);

    if (code >= 0)
        return code;
    stay = cli_open(cli, &config, &code);
    if (stay == NULL && code == EXIT_SIGN_IN && cli->json)
        printf("{\"signed_in\":false}\n");
    if (stay == NULL)
        return code;
    result = stay_status(stay, &status);
    if (result != STAY_OK)
        code = cli_fail(cli, stay, result);
    else if (cli->json)
        print_json(&status);
    else
        print_text(&status);
    stay_close(stay);
    if (result == STAY_OK && !is_signed_in(&status))
        code = EXIT_SIGN_IN;
    return code;
}
