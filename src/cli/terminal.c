#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <sodium.h>

#include "cli/cli.h"

/* Signals that end or stop a program: none does while the echo is off. */
static const int held_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
enum { HELD_COUNT = sizeof held_signals / sizeof held_signals[0] };

static volatile sig_atomic_t caught; /* the one that came meanwhile, or 0 */

static void on_held_signal(int number)
{
    caught = number;
}

int cli_say(int code, const char *format, ...)
{
    va_list args;

    (void)fputs("stay: ", stderr);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
    return code;
}

bool cli_colours(void)
{
    const char *no_color = getenv("NO_COLOR");

    return isatty(STDOUT_FILENO) == 1 &&
           (no_color == NULL || *no_color == '\0');
}

void cli_duration(int64_t ms, char *out, size_t size)
{
    int64_t s = ms / 1000;

    if (ms < 0)
        (void)snprintf(out, size, "none");
    else if (s < 10)
        (void)snprintf(out, size, "%.1f s", (double)ms / 1000);
    else if (s < 120)
        (void)snprintf(out, size, "%lld s", (long long)s);
    else if (s < 2 * 3600)
        (void)snprintf(out, size, "%lld min", (long long)(s / 60));
    else if (s < 48 * 3600)
        (void)snprintf(out, size, "%lld h", (long long)(s / 3600));
    else
        (void)snprintf(out, size, "%lld days", (long long)(s / 86400));
}

/*
 * Waits for input with this signal mask, NULL: as it is. False when a held
 * signal came: it is blocked but in here, so none slips in before the wait.
 */
static bool await_input(int fd, const sigset_t *mask)
{
    struct pollfd input = {.fd = fd, .events = POLLIN};

    while (mask != NULL && ppoll(&input, 1, NULL, mask) < 0)
        if (errno != EINTR || caught != 0)
            return false;
    return true;
}

/* One line without its end; false when empty, too long, or with a NUL. */
static bool read_line(int fd, const sigset_t *mask, char out[CLI_LINE_SIZE])
{
    size_t length = 0;
    bool good = true;

    for (;;) {
        char c;
        ssize_t n = await_input(fd, mask) ? read(fd, &c, 1) : 0;

        if (n < 0 && errno == EINTR)
            continue;
        good = good && caught == 0;
        if (n <= 0 || c == '\n')
            break;
        if (c == '\0' || length == CLI_LINE_SIZE - 1)
            good = false;
        else
            out[length++] = c;
    }
    if (length > 0 && out[length - 1] == '\r')
        length--;
    out[length] = '\0';
    if (!good)
        sodium_memzero(out, CLI_LINE_SIZE);
    return good && length > 0;
}

/* Blocked, and noted where they come through. What is ignored stays so. */
static void hold_signals(struct sigaction kept[HELD_COUNT], sigset_t *mask)
{
    const struct sigaction hold = {.sa_handler = on_held_signal};
    sigset_t held;

    caught = 0;
    (void)sigemptyset(&held);
    for (size_t i = 0; i < HELD_COUNT; i++)
        (void)sigaddset(&held, held_signals[i]);
    (void)sigprocmask(SIG_BLOCK, &held, mask);
    for (size_t i = 0; i < HELD_COUNT; i++)
        if (sigaction(held_signals[i], NULL, &kept[i]) == 0 &&
            kept[i].sa_handler != SIG_IGN)
            (void)sigaction(held_signals[i], &hold, NULL);
}

static void free_signals(const struct sigaction kept[HELD_COUNT],
                         const sigset_t *mask)
{
    for (size_t i = 0; i < HELD_COUNT; i++)
        (void)sigaction(held_signals[i], &kept[i], NULL);
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
}

/* Reads an answer without echo, and leaves the terminal as it was. */
static bool ask_unseen(int fd, const char *question, char out[CLI_LINE_SIZE])
{
    struct sigaction kept[HELD_COUNT];
    struct termios before;
    struct termios quiet;
    sigset_t mask;
    bool got = false;

    if (tcgetattr(fd, &before) != 0)
        return false;
    hold_signals(kept, &mask);
    quiet = before;
    quiet.c_lflag &= (tcflag_t)~ECHO;
    // Before the question: what is typed at the sight of it would be shown
    // while the echo is on, and is lost when the flush drops it.
    if (tcsetattr(fd, TCSAFLUSH, &quiet) == 0) {
        (void)dprintf(fd, "%s", question);
        got = read_line(fd, &mask, out);
    }
    (void)tcsetattr(fd, TCSAFLUSH, &before);
    (void)dprintf(fd, "\n");
    free_signals(kept, &mask);
    return got;
}

static int open_terminal(void)
{
    return open("/dev/tty", O_RDWR | O_CLOEXEC);
}

bool cli_ask(const char *question, char out[CLI_LINE_SIZE])
{
    int fd = open_terminal();
    bool got = false;

    if (fd < 0)
        return false;
    (void)dprintf(fd, "%s", question);
    got = read_line(fd, NULL, out);
    (void)close(fd);
    return got;
}

bool cli_ask_secret(const char *question, char out[CLI_LINE_SIZE])
{
    int fd = open_terminal();
    bool got = false;

    if (fd < 0)
        return false;
    do {
        got = ask_unseen(fd, question, out);
        if (caught != 0) // now it may do what it is for
            (void)raise(caught);
    } while (caught == SIGTSTP); // stopped, and going on: asked again
    caught = 0;
    (void)close(fd);
    return got;
}

bool cli_read_secret(char out[CLI_LINE_SIZE])
{
    return read_line(STDIN_FILENO, NULL, out);
}

void cli_put_json(const char *text)
{
    (void)putchar('"');
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < 0x20)
            printf("\\u%04x", c);
        else
            (void)putchar(c);
    }
    (void)putchar('"');
}
