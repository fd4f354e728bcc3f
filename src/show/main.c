/*
 * make run: starts stayd, shows a session living through expired tokens, and
 * keeps serving until Ctrl-C.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "show/acts.h"

static volatile sig_atomic_t stop;

static void on_interrupt(int number)
{
    (void)number;
    stop = 1;
}

struct options {
    unsigned port;
    unsigned steady_s;
    const char *stayd;
    const char *folder;
};

static const char usage[] =
    "usage: stay-show [--port N] [--steady SECONDS] [--stayd PROGRAM]\n"
    "                 [--folder DIR]\n";

static bool read_number(const char *text, unsigned max, unsigned *out)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || value > max)
        return false;
    *out = (unsigned)value;
    return true;
}

static bool read_options(int argc, char **argv, struct options *out)
{
    static const struct option names[] = {
        {"port",   required_argument, NULL, 'p'},
        {"steady", required_argument, NULL, 's'},
        {"stayd",  required_argument, NULL, 'd'},
        {"folder", required_argument, NULL, 'f'},
        {NULL,     0,                 NULL, 0  },
    };
    int c;

    while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (c == 'p' && read_number(optarg, 65535, &out->port))
            continue;
        if (c == 's' && read_number(optarg, 3600, &out->steady_s))
            continue;
        if (c == 'd' || c == 'f') {
            *(c == 'd' ? &out->stayd : &out->folder) = optarg;
            continue;
        }
        if (c != '?')
            (void)fprintf(stderr, "'%s' is no good number here\n", optarg);
        return false;
    }
    return optind == argc;
}

/*
 * Takes the terminal for this process alone, so that Ctrl-C reaches it and not
 * `make`, which would call an orderly end an error. Returns who had it, or -1.
 */
static pid_t take_terminal(void)
{
    pid_t had = tcgetpgrp(STDIN_FILENO);

    if (had < 0 || had != getpgrp())
        return -1;
    (void)signal(SIGTTOU, SIG_IGN); // a background process may not, unless so
    if (setpgid(0, 0) != 0 || tcsetpgrp(STDIN_FILENO, getpgrp()) != 0)
        return -1;
    return had;
}

static void print_how_to_go_on(const struct server *server)
{
    printf("\nstayd goes on serving at %s until Ctrl-C. Try:\n\n"
           "  build/stay login %s --user ada     (password: lovelace)\n"
           "  build/stay get /test/user\n"
           "  build/stay status\n\n"
           "Web app:  %s/\n"
           "Accounts: ada / lovelace (user), max / quantum-1900 (moderator),\n"
           "          root / toor-toor (all)\n"
           "Counts:   %s/metrics\n"
           "Keys:     %s/.well-known/jwks.json\n",
           server->url, server->url, server->url, server->url, server->url);
    (void)fflush(stdout);
}

static int run_show(const struct options *o)
{
    struct server server = {0};
    struct show show = {
        .server = &server, .steady_s = o->steady_s, .stop = &stop};
    int broken;
    int code;

    if (!server_start(&server, o->stayd, o->port, o->folder))
        return 1;
    show.draw = draw_open();
    if (show.draw == NULL) {
        (void)server_stop(&server);
        return 1;
    }
    if (server_has_app(&server))
        printf("%s/timeline?show shows it in a browser, or watch here.\n",
               server.url);
    printf("stayd listens on %s, its database and log are in %s/\n", server.url,
           o->folder);
    broken = acts_play(&show);
    draw_close(show.draw);
    if (!stop)
        print_how_to_go_on(&server);
    code = server_wait(&server, &stop);
    if (!stop)
        (void)fprintf(stderr,
                      "stayd ended by itself, with exit code %d; see "
                      "%s/stayd.log\n",
                      code, o->folder);
    else
        printf("\nstopped\n");
    return code != 0 || (broken && !stop);
}

int main(int argc, char **argv)
{
    struct options options = {
        .port = 8080, .steady_s = 25, .stayd = "build/stayd", .folder = "var"};
    pid_t had;
    int code;

    if (!read_options(argc, argv, &options)) {
        (void)fputs(usage, stderr);
        return 2;
    }
    (void)signal(SIGINT, on_interrupt);
    (void)signal(SIGTERM, on_interrupt);
    (void)signal(SIGHUP, on_interrupt);
    (void)signal(SIGPIPE, SIG_IGN);
    had = take_terminal();
    code = run_show(&options);
    if (had > 0)
        (void)tcsetpgrp(STDIN_FILENO, had);
    return code;
}
