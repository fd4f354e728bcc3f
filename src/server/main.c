/*
 * stayd: signs people in and keeps their sessions alive.
 */
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/config.h"
#include "server/server.h"

/* It stops the program's threads from outside, and must be able to. */
#if defined(__SANITIZE_ADDRESS__)
#define LEAK_CHECKER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LEAK_CHECKER
#endif
#endif

enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
};

/* A core file, or another program's look into this one, would hold the keys. */
static void keep_to_itself(void)
{
    const struct rlimit none = {0, 0};

    // Where the kernel refuses, the program is no worse off than before.
    (void)setrlimit(RLIMIT_CORE, &none);
#ifndef LEAK_CHECKER
    (void)prctl(PR_SET_DUMPABLE, 0);
#endif
    (void)umask(077);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); // a write that goes too far says EFBIG
}

/* The usual 1,024 descriptors are for programs that call select(2). */
static void raise_descriptors(void)
{
    struct rlimit limit;

    // Where it fails, fewer connections are accepted.
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int fail(const char *why, int code)
{
    (void)fprintf(stderr, "stayd: %s\n", why);
    return code;
}

static int serve(const struct config *config)
{
    struct server *server = calloc(1, sizeof *server);
    char why[SERVER_WHY_SIZE];
    enum server_result result;

    if (server == NULL)
        return fail("out of memory", EXIT_FAILED);
    result = server_open(server, config, why);
    if (result == SERVER_OK)
        result = server_run(server);
    server_close(server);
    free(server);
    if (result == SERVER_OK)
        return EXIT_DONE;
    return fail(why, result == SERVER_BAD_CONFIG ? EXIT_USAGE : EXIT_FAILED);
}

int main(int argc, char *argv[])
{
    struct config config;
    char why[CONFIG_WHY_SIZE];

    keep_to_itself();
    raise_descriptors();
    if (sodium_init() < 0)
        return fail("libsodium does not start", EXIT_FAILED);
    switch (config_read(argc, argv, environ, &config, why)) {
    case CONFIG_HELP:
        (void)fputs(config_help(), stdout);
        return EXIT_DONE;
    case CONFIG_VERSION:
        (void)puts("stayd " STAY_VERSION);
        return EXIT_DONE;
    case CONFIG_BAD:
        return fail(why, EXIT_USAGE);
    case CONFIG_OK:
        break;
    }
    return serve(&config);
}
