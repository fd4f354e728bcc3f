/*
 * stayd: signs people in and keeps their sessions alive.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crypto/signature.h"
#include "server/admin_table.h"
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

/*
 * A stream that the caller closed must not become the number of a socket, into
 * which the log would then be written. Opened the wrong way round, so that using
 * it fails as it should.
 */
static bool hold_streams(void)
{
    static const int modes[] = {O_WRONLY, O_RDONLY, O_RDONLY};

    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) != fd)
            return false;
    return true;
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

/* A line for each line of `why`. */
static int fail(const char *why, int code)
{
    for (;;) {
        size_t length = strcspn(why, "\n");

        (void)fprintf(stderr, "stayd: %.*s\n", (int)length, why);
        if (why[length] == '\0')
            return code;
        why += length + 1;
    }
}

/* SIGHUP has the command line read again. */
static enum config_result reread(void *context, struct config *out,
                                 char why[CONFIG_WHY_SIZE])
{
    return config_read(context, out, why);
}

static int serve(const struct config *config, struct config_input *in)
{
    const struct server_start start = {
        .config = config, .reread = reread, .context = in};
    struct server *server = calloc(1, sizeof *server);
    char why[SERVER_WHY_SIZE];
    enum server_result result;

    if (server == NULL)
        return fail("out of memory", EXIT_FAILED);
    result = server_open(server, &start, why);
    if (result == SERVER_OK)
        result = server_run(server);
    server_close(server);
    free(server);
    if (result == SERVER_OK)
        return EXIT_DONE;
    return fail(why, result == SERVER_BAD_CONFIG ? EXIT_USAGE : EXIT_FAILED);
}

static int administer(const struct config *config,
                      const struct config_command *words)
{
    struct admin admin = {.config = config, .now_s = time(NULL)};
    const struct admin_command *command;
    size_t used = 0;

    command = admin_find(words->word, words->word_count, &used);
    if (command == NULL)
        return admin_unknown(words->word, words->word_count);
    admin.words = words->word + used;
    admin.word_count = words->word_count - used;
    for (size_t i = 0; i < ADMIN_OPTIONS; i++)
        admin.option[i] = words->value[i];
    return admin_run(command, &admin);
}

/* Of all, or of what the words begin. */
static int help(const char *const *words, size_t count)
{
    if (count == 0)
        (void)fputs(config_help(), stdout);
    if (!admin_print_help(words, count))
        return admin_unknown(words, count);
    if (fflush(stdout) != 0 || ferror(stdout) != 0)
        return fail("cannot write to standard output", EXIT_FAILED);
    return EXIT_DONE;
}

static int run(const struct config *config, const struct config_command *words,
               struct config_input *in)
{
    if (words->word_count > 0 && strcmp(words->word[0], "help") == 0)
        return help(words->word + 1, words->word_count - 1);
    if (words->word_count > 0)
        return administer(config, words);
    for (size_t i = 0; i < ADMIN_OPTIONS; i++)
        if (words->value[i] != NULL)
            return admin_misuse("--%s: is for a command; see --help",
                                admin_extras[i].name);
    return serve(config, in);
}

int main(int argc, char *argv[])
{
    struct config_command words = {.extras = admin_extras,
                                   .extra_count = ADMIN_OPTIONS};
    struct config config;
    char why[CONFIG_WHY_SIZE];
    struct config_input in = {argc, argv, environ};
    int code = EXIT_DONE;

    if (!hold_streams())
        return EXIT_FAILED;
    keep_to_itself();
    raise_descriptors();
    if (!signature_init())
        return fail("libsodium does not start", EXIT_FAILED);
    switch (config_read_command(&in, &words, &config, why)) {
    case CONFIG_HELP:
        code = help(words.word, words.word_count);
        break;
    case CONFIG_VERSION:
        (void)puts("stayd " STAY_VERSION);
        break;
    case CONFIG_BAD:
        return fail(why, EXIT_USAGE);
    case CONFIG_OK:
        code = run(&config, &words, &in);
        break;
    }
    config_clear(&config);
    return code;
}
