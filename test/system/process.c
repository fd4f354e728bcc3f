#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

enum { ENVIRONMENT_MAX = 512 };

extern char **environ;

struct process {
    pid_t id;
    int in;      /* -1: closed */
    int text[2]; /* memory files by enum process_stream */
    bool ended;
    int code; /* once ended */
};

int64_t process_now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); // cannot fail with this clock
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

size_t process_read(int fd, char *out, size_t size, int64_t end_ms)
{
    struct pollfd f = {.fd = fd, .events = POLLIN};
    int64_t left = end_ms - process_now_ms();
    ssize_t n;

    if (left <= 0 || poll(&f, 1, (int)left) <= 0)
        return 0;
    n = read(fd, out, size);
    return n > 0 ? (size_t)n : 0;
}

void process_pause(void)
{
    const struct timespec pause = {0, 2 * 1000 * 1000};

    (void)nanosleep(&pause, NULL); // a shorter pause is as good
}

/* Is `entry`, "NAME=VALUE", set or unset by one of `changes`? */
static bool is_changed(const char *entry, const char *const changes[])
{
    size_t length = strcspn(entry, "=");

    for (size_t i = 0; changes != NULL && changes[i] != NULL; i++)
        if (strcspn(changes[i], "=") == length &&
            strncmp(changes[i], entry, length) == 0)
            return true;
    return false;
}

static bool fill_environment(const char *const changes[],
                             const char *out[ENVIRONMENT_MAX])
{
    size_t count = 0;

    for (size_t i = 0; environ[i] != NULL; i++) {
        if (is_changed(environ[i], changes))
            continue;
        if (count == ENVIRONMENT_MAX - 1)
            return false;
        out[count++] = environ[i];
    }
    for (size_t i = 0; changes != NULL && changes[i] != NULL; i++) {
        if (strchr(changes[i], '=') == NULL)
            continue;
        if (count == ENVIRONMENT_MAX - 1)
            return false;
        out[count++] = changes[i];
    }
    out[count] = NULL;
    return true;
}

/* In the child: only what is safe after fork. */
static void run_child(const char *const argv[], const char *const env[],
                      const int fds[3], pid_t parent)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) // it died before the line above
        _exit(126);
    (void)signal(SIGPIPE, SIG_DFL);
    for (int i = 0; i < 3; i++)
        if (dup2(fds[i], i) < 0)
            _exit(126);
    // execve takes pointers to char for the sake of old programs only.
    (void)execve(argv[0], (char *const *)(uintptr_t)argv,
                 (char *const *)(uintptr_t)env);
    _exit(127);
}

static bool spawn(struct process *p, const char *const argv[],
                  const char *const env[])
{
    pid_t parent = getpid();
    int input[2];

    if (pipe2(input, O_CLOEXEC) != 0)
        return false;
    p->id = fork();
    if (p->id == 0)
        run_child(argv, env, (const int[]){input[0], p->text[0], p->text[1]},
                  parent);
    (void)close(input[0]);
    p->in = input[1];
    return p->id > 0;
}

struct process *process_start(const char *const argv[], const char *const env[])
{
    const char *all[ENVIRONMENT_MAX];
    struct process *p = calloc(1, sizeof *p);

    if (p == NULL)
        return NULL;
    p->in = -1;
    p->text[0] = memfd_create("out", MFD_CLOEXEC);
    p->text[1] = memfd_create("err", MFD_CLOEXEC);
    if (p->text[0] < 0 || p->text[1] < 0 || !fill_environment(env, all) ||
        !spawn(p, argv, all)) {
        check_true(__FILE__, __LINE__, argv[0], false);
        p->ended = true;
        process_close(p);
        return NULL;
    }
    return p;
}

/* Notes the end if it has come. `options` is waitpid's. */
static bool reap(struct process *p, int options)
{
    int status;
    pid_t got;

    if (p->ended)
        return true;
    do
        got = waitpid(p->id, &status, options);
    while (got < 0 && errno == EINTR);
    if (got != p->id)
        return false;
    p->ended = true;
    p->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return true;
}

void process_close(struct process *p)
{
    if (p == NULL)
        return;
    process_close_input(p);
    if (!p->ended) {
        (void)kill(p->id, SIGKILL);
        (void)reap(p, 0);
    }
    (void)close(p->text[0]);
    (void)close(p->text[1]);
    free(p);
}

pid_t process_id(const struct process *p)
{
    return p->id;
}

/* Bytes from `from` on; at most `room`. */
static size_t read_at(const struct process *p, enum process_stream stream,
                      size_t from, char *out, size_t room)
{
    ssize_t got = pread(p->text[stream], out, room, (off_t)from);

    return got > 0 ? (size_t)got : 0;
}

/* One whole line from *from on, cut to its buffer; false when none is there. */
static bool take_line(struct process *p, enum process_stream stream,
                      size_t *from, char line[PROCESS_LINE_SIZE])
{
    size_t got = read_at(p, stream, *from, line, PROCESS_LINE_SIZE - 1);
    char *end = memchr(line, '\n', got);

    if (end == NULL && got < PROCESS_LINE_SIZE - 1)
        return false;
    if (end == NULL)
        end = line + got;
    *from += (size_t)(end - line) + 1;
    *end = '\0';
    return true;
}

bool process_line(struct process *p, enum process_stream stream,
                  const char *wanted, size_t *from,
                  char line[PROCESS_LINE_SIZE])
{
    int64_t limit_ms = process_now_ms() + PROCESS_LIMIT_MS;

    for (;;) {
        // Asked before reading: what it wrote before its end is then all there.
        bool ended = reap(p, WNOHANG);

        while (take_line(p, stream, from, line))
            if (strstr(line, wanted) != NULL)
                return true;
        if (ended || process_now_ms() >= limit_ms)
            return false;
        process_pause();
    }
}

char *process_text(struct process *p, enum process_stream stream)
{
    struct stat is;
    size_t size = fstat(p->text[stream], &is) == 0 ? (size_t)is.st_size : 0;
    char *text = calloc(1, size + 1);

    if (text == NULL)
        abort();
    (void)read_at(p, stream, 0, text, size);
    return text;
}

bool process_write(struct process *p, const char *text)
{
    size_t length = strlen(text);
    void (*before)(int) = signal(SIGPIPE, SIG_IGN);
    bool written = p->in >= 0 && write(p->in, text, length) == (ssize_t)length;

    (void)signal(SIGPIPE, before);
    return written;
}

void process_close_input(struct process *p)
{
    if (p->in >= 0)
        (void)close(p->in);
    p->in = -1;
}

long process_rss_kb(const struct process *process)
{
    char path[64];
    char line[256];
    long kb = -1;
    FILE *file;

    (void)snprintf(path, sizeof path, "/proc/%d/status",
                   (int)process_id(process));
    file = fopen(path, "re");
    if (file == NULL)
        return -1;
    while (kb < 0 && fgets(line, sizeof line, file) != NULL)
        (void)sscanf(line, "VmRSS: %ld", &kb);
    (void)fclose(file);
    return kb;
}

void process_signal(struct process *p, int number)
{
    if (!p->ended)
        (void)kill(p->id, number);
}

int process_wait(struct process *p)
{
    int64_t limit_ms = process_now_ms() + PROCESS_LIMIT_MS;

    while (!reap(p, WNOHANG)) {
        if (process_now_ms() >= limit_ms) {
            (void)kill(p->id, SIGKILL);
            (void)reap(p, 0);
            p->code = -1;
            break;
        }
        process_pause();
    }
    return p->code;
}

struct process_result process_run(const char *const argv[],
                                  const char *const env[], const char *input)
{
    struct process_result result = {.code = -1};
    struct process *p = process_start(argv, env);

    if (p == NULL) {
        result.out = calloc(1, 1);
        result.err = calloc(1, 1);
        return result;
    }
    if (input != NULL)
        (void)process_write(p, input); // it may not want to read it
    process_close_input(p);
    result.code = process_wait(p);
    result.out = process_text(p, PROCESS_OUT);
    result.err = process_text(p, PROCESS_ERR);
    process_close(p);
    return result;
}

void process_result_clear(struct process_result *result)
{
    free(result->out);
    free(result->err);
    *result = (struct process_result){.code = 0};
}
