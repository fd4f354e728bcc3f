#include "terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "process.h"

bool terminal_start(struct terminal *out, const char *const argv[])
{
    *out = (struct terminal){.end_ms = process_now_ms() + PROCESS_LIMIT_MS};
    out->child = forkpty(&out->fd, NULL, NULL, NULL);
    if (out->child == 0) {
        (void)signal(SIGINT, SIG_DFL); // a shell's background job ignores it
        (void)execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    if (out->child < 0)
        return false;
    out->other_end = open(ptsname(out->fd), O_RDWR | O_NOCTTY | O_CLOEXEC);
    return out->other_end >= 0;
}

bool terminal_read(struct terminal *t, const char *wanted)
{
    while (wanted == NULL || strstr(t->text, wanted) == NULL) {
        struct pollfd readable = {.fd = t->fd, .events = POLLIN};
        int64_t left_ms = t->end_ms - process_now_ms();
        ssize_t n;

        if (left_ms <= 0 || poll(&readable, 1, (int)left_ms) <= 0)
            return false;
        n = read(t->fd, t->text + t->length, sizeof t->text - 1 - t->length);
        if (n <= 0)
            return false;
        t->length += (size_t)n;
    }
    return true;
}

bool terminal_type(struct terminal *t, const char *text)
{
    return write(t->fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* Waits for its end, and reads what it wrote meanwhile: it may wait for that. */
static bool ended(struct terminal *t, int *status)
{
    while (waitpid(t->child, status, WNOHANG) == 0) {
        struct pollfd readable = {.fd = t->fd, .events = POLLIN};

        if (process_now_ms() > t->end_ms) {
            (void)kill(t->child, SIGKILL);
            (void)waitpid(t->child, status, 0);
            return false;
        }
        if (poll(&readable, 1, 10) > 0 && t->length < sizeof t->text - 1) {
            ssize_t n = read(t->fd, t->text + t->length,
                             sizeof t->text - 1 - t->length);

            t->length += n > 0 ? (size_t)n : 0;
        }
    }
    return true;
}

int terminal_end(struct terminal *t, bool *signalled)
{
    struct termios now = {0};
    int status = 0;
    bool good = ended(t, &status);

    t->echoes = tcgetattr(t->other_end, &now) == 0 && (now.c_lflag & ECHO) != 0;
    (void)close(t->other_end);
    (void)close(t->fd);
    *signalled = good && WIFSIGNALED(status);
    return good && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
