/*
 * A command's password: a line of standard input, or asked for twice on a
 * terminal, which shows nothing of it and is left as it was.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/bytes.h"
#include "server/admin.h"

/* Signals that end or stop a program: none does while the echo is off. */
static const int held_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

static volatile sig_atomic_t caught; /* the one that came meanwhile, or 0 */

static void on_held_signal(int number)
{
    caught = number;
}

/*
 * Waits for input with this signal mask, NULL: as it is. False when a held
 * signal came: it is blocked but in here, so none slips in before the wait.
 */
static bool await_input(const sigset_t *mask)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

    while (mask != NULL && ppoll(&input, 1, NULL, mask) < 0)
        if (errno != EINTR || caught != 0)
            return false;
    return true;
}

/* One line without its new line; byte by byte, so that what follows it stays
   for whoever reads next. */
static int read_line(const sigset_t *mask, char out[ADMIN_SECRET_SIZE],
                     size_t *length)
{
    size_t used = 0;
    ssize_t got;

    for (;;) {
        got = await_input(mask) ? read(STDIN_FILENO, out + used, 1) : 0;
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 || out[used] == '\n')
            break;
        if (++used == ADMIN_SECRET_SIZE - 1)
            return admin_misuse("the password is too long: at most %d bytes",
                                ADMIN_SECRET_SIZE - 2);
    }
    if (used > 0 && out[used - 1] == '\r')
        used--;
    out[used] = '\0';
    *length = used;
    if (caught != 0)
        return ADMIN_FAILED; // the signal says it, once the terminal is back
    if (got < 0 || used == 0)
        return admin_misuse("no password came on standard input");
    return ADMIN_DONE;
}

/* Blocked, and noted where they come through. What is ignored stays so. */
static void hold_signals(struct sigaction kept[COUNT(held_signals)],
                         sigset_t *mask)
{
    const struct sigaction hold = {.sa_handler = on_held_signal};
    sigset_t held;

    caught = 0;
    (void)sigemptyset(&held);
    for (size_t i = 0; i < COUNT(held_signals); i++)
        (void)sigaddset(&held, held_signals[i]);
    (void)sigprocmask(SIG_BLOCK, &held, mask);
    for (size_t i = 0; i < COUNT(held_signals); i++)
        if (sigaction(held_signals[i], NULL, &kept[i]) == 0 &&
            kept[i].sa_handler != SIG_IGN)
            (void)sigaction(held_signals[i], &hold, NULL);
}

static void free_signals(const struct sigaction kept[COUNT(held_signals)],
                         const sigset_t *mask)
{
    for (size_t i = 0; i < COUNT(held_signals); i++)
        (void)sigaction(held_signals[i], &kept[i], NULL);
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
}

/* On a terminal that does not show what is typed. */
static int ask_unseen(const char *question, char out[ADMIN_SECRET_SIZE],
                      size_t *length)
{
    struct sigaction kept[COUNT(held_signals)];
    struct termios shown;
    struct termios hidden;
    sigset_t mask;
    int code = ADMIN_FAILED;

    if (tcgetattr(STDIN_FILENO, &shown) != 0)
        return admin_misuse("standard input is no terminal to ask for a "
                            "password on; use --password-stdin");
    hold_signals(kept, &mask);
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    // Before the question: what is typed at the sight of it must not show.
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0) {
        (void)fputs(question, stderr);
        code = read_line(&mask, out, length);
    } else {
        (void)admin_fail("the terminal shows what is typed: %s",
                         strerror(errno));
    }
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown); // as it was
    (void)fputc('\n', stderr);
    free_signals(kept, &mask);
    return code;
}

static int ask(const char *question, char out[ADMIN_SECRET_SIZE],
               size_t *length)
{
    int code;

    do {
        caught = 0;
        code = ask_unseen(question, out, length);
        if (caught != 0) // now it may do what it is for
            (void)raise(caught);
    } while (caught == SIGTSTP); // stopped, and going on: asked again
    return code;
}

int admin_read_password(struct admin *admin, char out[ADMIN_SECRET_SIZE],
                        size_t *length)
{
    char again[ADMIN_SECRET_SIZE];
    size_t again_length = 0;
    int code;

    if (admin->option[ADMIN_PASSWORD_STDIN] != NULL)
        return read_line(NULL, out, length);
    code = ask("Password: ", out, length);
    if (code == ADMIN_DONE)
        code = ask("The same again: ", again, &again_length);
    if (code == ADMIN_DONE &&
        (again_length != *length || sodium_memcmp(out, again, *length) != 0))
        code = admin_fail("the two are not the same");
    sodium_memzero(again, sizeof again);
    return code;
}
