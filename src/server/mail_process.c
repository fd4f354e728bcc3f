/*
 * One thread, no keys, no database: a socket at one end, programs at the other.
 * And its parent, which does nothing but start it anew should it be killed.
 */
#include "server/mail_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"

enum {
    SOCKET_PLACE = 3,           /* the descriptor behind the standard ones */
    PROGRAM_DESCRIPTORS = 1024, /* FD_SETSIZE */
};

/* One program at work. */
struct mail_run {
    pid_t pid; /* its group's, too */
    int end;   /* a pidfd: readable once it has ended */
    int64_t user_id;
    int64_t limit_ms; /* steady clock; INT64_MAX once it was killed */
};

struct mail_process {
    int fd;
    const struct mail_work *work;
    struct mail_run runs[MAIL_PROGRAMS_MAX];
    size_t count;
    int64_t end_ms; /* steady clock: no run may last longer; INT64_MAX while the
                       server is there */
    bool ended;     /* nothing comes from fd any more */
};

static int64_t steady_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); // cannot fail on Linux
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- The program ---- */

/* Signals as a program expects to find them. */
static void reset_signals(void)
{
    sigset_t none;

    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    for (int i = 1; i < NSIG; i++)
        (void)signal(i, SIG_DFL); // some numbers are nobody's
}

/* What is left of the server's own, which are far more than a program that
   calls select(2) can bear. */
static void lower_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
        limit.rlim_cur <= PROGRAM_DESCRIPTORS)
        return;
    limit.rlim_cur = PROGRAM_DESCRIPTORS;
    (void)setrlimit(RLIMIT_NOFILE, &limit); // lowering is always allowed
}

/* In the child. Returns only where it cannot be started. */
static void become(const char *program, int input)
{
    char *const argv[] = {(char *)(uintptr_t)program, NULL};
    char *const environment[] = {
        (char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
                "/sbin:/bin",
        (char *)"LANG=C.UTF-8", NULL};
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

    reset_signals();
    lower_descriptors();
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (nowhere < 0 || dup2(input, 0) < 0 || dup2(nowhere, 1) < 0 ||
        dup2(nowhere, 2) < 0 || close_range(3, ~0u, 0) != 0)
        return;
    (void)execve(program, argv, environment);
}

/* The text waits in a pipe, which has room for all of it. */
static int make_input(const char *text, size_t length)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    if (write(ends[1], text, length) != (ssize_t)length) {
        (void)close(ends[0]);
        ends[0] = -1;
    }
    (void)close(ends[1]);
    return ends[0];
}

enum { CANNOT_START = 127 }; /* as a shell says it */

static void start(struct mail_process *p, const struct mail_packet *packet,
                  size_t length)
{
    int input = make_input(packet->text, length);
    struct mail_run run = {
        .user_id = packet->user_id,
        .limit_ms = earlier(steady_ms() + p->work->limit_ms, p->end_ms)};

    run.pid = input < 0 ? -1 : fork();
    if (run.pid == 0) {
        become(p->work->program, input);
        _exit(CANNOT_START);
    }
    if (input >= 0)
        (void)close(input);
    run.end = run.pid < 0 ? -1 : pidfd_open(run.pid, 0);
    if (run.end >= 0) {
        p->runs[p->count++] = run;
        return;
    }
    log_event(p->work->log, CONFIG_ERROR, "mail_failed",
              "user=%lld reason=\"cannot start: %s\"",
              (long long)packet->user_id, strerror(errno));
    if (run.pid > 0) {
        (void)kill(run.pid, SIGKILL);
        (void)waitpid(run.pid, NULL, 0);
    }
}

/* ---- Its end ---- */

static void tell_end(const struct mail_process *p, const struct mail_run *run,
                     int status)
{
    const char *what = "exit code";
    int number = WEXITSTATUS(status);

    if (WIFEXITED(status) && number == 0)
        return;
    if (WIFSIGNALED(status)) {
        what = run->limit_ms == INT64_MAX ? "time limit, signal" : "signal";
        number = WTERMSIG(status);
    } else if (number == CANNOT_START) {
        what = "cannot be run, exit code";
    }
    log_event(p->work->log, CONFIG_ERROR, "mail_failed",
              "user=%lld reason=\"%s %d\"", (long long)run->user_id, what,
              number);
}

static void reap(struct mail_process *p, size_t place)
{
    struct mail_run run = p->runs[place];
    int status = 0;

    (void)close(run.end);
    p->runs[place] = p->runs[--p->count];
    if (waitpid(run.pid, &status, 0) == run.pid)
        tell_end(p, &run, status);
}

static void kill_late(struct mail_process *p)
{
    int64_t now_ms = steady_ms();

    for (size_t i = 0; i < p->count; i++) {
        if (p->runs[i].limit_ms > now_ms)
            continue;
        p->runs[i].limit_ms = INT64_MAX;
        (void)kill(-p->runs[i].pid, SIGKILL); // what it has started, too
        (void)kill(p->runs[i].pid, SIGKILL);  // before it had its group
    }
}

/* ---- The loop ---- */

/* The server has gone: what it left is done, but it may not take for ever. */
static void begin_end(struct mail_process *p)
{
    if (p->end_ms != INT64_MAX)
        return;
    p->end_ms = steady_ms() + MAIL_CLOSE_MS - MAIL_REST_MS;
    for (size_t i = 0; i < p->count; i++)
        if (p->runs[i].limit_ms != INT64_MAX) // else it is killed already
            p->runs[i].limit_ms = earlier(p->runs[i].limit_ms, p->end_ms);
}

static void receive(struct mail_process *p)
{
    struct mail_packet packet;
    const size_t head = offsetof(struct mail_packet, text);
    ssize_t got = recv(p->fd, &packet, sizeof packet, 0);

    if (got > (ssize_t)head)
        start(p, &packet, (size_t)got - head);
    else if (got == 0 || (got < 0 && errno != EINTR))
        p->ended = true;
    bytes_wipe(&packet, sizeof packet);
}

static int time_left(const struct mail_process *p)
{
    int64_t first_ms = INT64_MAX;
    int64_t left_ms;

    for (size_t i = 0; i < p->count; i++)
        if (p->runs[i].limit_ms < first_ms)
            first_ms = p->runs[i].limit_ms;
    if (first_ms == INT64_MAX)
        return -1;
    left_ms = first_ms - steady_ms();
    return left_ms > 0 ? (int)left_ms : 0;
}

/* No program more than may run at once is taken out of the queue. */
static void wait_and_act(struct mail_process *p)
{
    struct pollfd list[MAIL_PROGRAMS_MAX + 1];
    size_t count = p->count;
    bool full = count == MAIL_PROGRAMS_MAX;
    bool deaf = p->ended || (full && p->end_ms != INT64_MAX);

    for (size_t i = 0; i < count; i++)
        list[i] = (struct pollfd){.fd = p->runs[i].end, .events = POLLIN};
    // Also where nothing is taken it is seen that the server has gone.
    list[count] =
        (struct pollfd){.fd = deaf ? -1 : p->fd, .events = full ? 0 : POLLIN};
    if (poll(list, count + 1, time_left(p)) < 0)
        return;
    kill_late(p);
    for (size_t i = count; i > 0; i--) // reaping moves the last one down
        if (list[i - 1].revents != 0)
            reap(p, i - 1);
    if ((list[count].revents & POLLHUP) != 0)
        begin_end(p);
    if (list[count].revents != 0 && !full)
        receive(p);
}

static void serve(const struct mail_work *work)
{
    struct mail_process process = {
        .fd = SOCKET_PLACE, .work = work, .end_ms = INT64_MAX};

    while (!process.ended || process.count > 0)
        wait_and_act(&process);
}

/* ---- The one that looks after it ---- */

/* False: it went well, or cannot be begun. */
static bool serve_once(const struct mail_work *work)
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        // Nobody would look after it any more.
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(work);
        _exit(0);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (pid > 0 && WIFEXITED(status))
        return false;
    log_event(work->log, CONFIG_ERROR, "mail_process_ended",
              "signal=%d note=\"what it was at is lost, and it is started "
              "again\"",
              pid > 0 ? WTERMSIG(status) : 0);
    return true;
}

void mail_process_run(int fd, const struct mail_work *work)
{
    // Whoever stops the server stops it, and not us: we end after it.
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    (void)prctl(PR_SET_NAME, "stayd-mail");
    if (dup2(fd, SOCKET_PLACE) < 0 ||
        close_range(SOCKET_PLACE + 1, ~0u, 0) != 0)
        return;
    while (serve_once(work))
        (void)poll(NULL, 0, MAIL_REST_MS); // whatever ends it may do so again
}
