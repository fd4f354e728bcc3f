/*
 * make run: its counts are stayd's, a failure is drawn, Ctrl-C ends it cleanly.
 */
#include <dirent.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "process.h"
#include "stayd.h"

enum { SHOW_LIMIT_MS = 90000, TEXT_MAX = 256 * 1024 };

static struct process *start_show(const char *folder, const char *steady_s)
{
    const char *const argv[] = {SHOW,     "--port",  "0",          "--steady",
                                steady_s, "--stayd", stayd_path(), "--folder",
                                folder,   NULL};

    return process_start(argv, NULL);
}

/* As process_line, for a show that takes longer than that waits. */
static bool wait_line(struct process *show, const char *wanted, size_t *from,
                      char line[PROCESS_LINE_SIZE])
{
    int64_t end = process_now_ms() + SHOW_LIMIT_MS;
    bool found = false;

    while (!found && process_now_ms() < end)
        found = process_line(show, PROCESS_OUT, wanted, from, line);
    return found;
}

/* Lines of `text` that hold `words`. */
static unsigned count_lines(const char *text, const char *words)
{
    unsigned count = 0;

    for (const char *at = text; (at = strstr(at, words)) != NULL; count++)
        at += strcspn(at, "\n");
    return count;
}

/* The sums of "refreshes: A here, B at stayd" over all acts. */
static void sum_counts(const char *text, long *here, long *there)
{
    static const char words[] = "refreshes: ";

    *here = *there = 0;
    for (const char *at = text; (at = strstr(at, words)) != NULL;) {
        long a = 0;
        long b = 0;

        at += strlen(words);
        if (sscanf(at, "%ld here, %ld at stayd", &a, &b) != 2)
            continue;
        *here += a;
        *there += b;
    }
}

static void whole_show(void **state)
{
    char folder[PROCESS_PATH_SIZE];
    char line[PROCESS_LINE_SIZE];
    struct stayd server = {0};
    struct process *show;
    size_t from = 0;
    char *text;
    long here;
    long there;

    (void)state;
    CASE("the whole show: its counts are those of /metrics");
    if (!CHECK(process_folder(folder)))
        return;
    show = start_show(folder, "25");
    if (CHECK(show != NULL) &&
        CHECK(wait_line(show, "listens on http://127.0.0.1:", &from, line))) {
        server.port = (int)strtol(strstr(line, "127.0.0.1:") + 10, NULL, 10);
        CHECK(wait_line(show, "goes on serving", &from, line));
        text = process_text(show, PROCESS_OUT);
        // The web app comes first, where stayd was built with it.
        CHECK(strncmp(text, "http://127.0.0.1:", 17) == 0 ||
              strncmp(text, "stayd listens on", 16) == 0);
        sum_counts(text, &here, &there);
        CHECK(here >= 5);
        // stayd granted the one whose reply was lost; nobody here heard of it.
        CHECK_EQ(there, here + 1);
        CHECK_EQ((long)stayd_metric(&server,
                                    "stay_refreshes_total{dialect=\"stay\","
                                    "outcome=\"granted\"}"),
                 there);
        CHECK(count_lines(text, " straight through") >= 45);
        CHECK(count_lines(text, "early, behind the requests") >= 2);
        CHECK(count_lines(text, "held back") >= 1);
        CHECK_EQ(count_lines(text, "50 answered 200, 0 not; refreshes: 1 here, "
                                   "1 at stayd"),
                 1);
        CHECK_EQ(count_lines(text, "signed out"), 0);
        free(text);
        process_signal(show, SIGINT);
        CHECK_EQ(process_wait(show), 0);
    }
    process_close(show);
    process_folder_remove(folder);
}

/* The parent of process `name`, a folder of /proc; 0: no process. */
static int parent_of(const char *name)
{
    char path[300];
    FILE *file;
    int parent = 0;

    (void)snprintf(path, sizeof path, "/proc/%s/stat", name);
    file = fopen(path, "r");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%*d (%*[^)]) %*c %d", &parent) != 1)
        parent = 0;
    (void)fclose(file);
    return parent;
}

/* The one child of `parent`: stayd. 0: none found. */
static pid_t child_of(pid_t parent)
{
    DIR *folder = opendir("/proc");
    const struct dirent *entry;
    pid_t child = 0;

    while (folder != NULL && child == 0 && (entry = readdir(folder)) != NULL)
        if (parent_of(entry->d_name) == parent)
            child = (pid_t)strtol(entry->d_name, NULL, 10);
    if (folder != NULL)
        (void)closedir(folder);
    return child;
}

static void stayd_dies(void **state)
{
    char folder[PROCESS_PATH_SIZE];
    char line[PROCESS_LINE_SIZE];
    struct process *show;
    size_t from = 0;
    pid_t server;

    (void)state;
    CASE("stayd is killed half-way: the failure is drawn, Ctrl-C still works");
    if (!CHECK(process_folder(folder)))
        return;
    show = start_show(folder, "25");
    if (CHECK(show != NULL) &&
        CHECK(wait_line(show, "straight through", &from, line))) {
        server = child_of(process_id(show));
        if (CHECK(server > 0))
            CHECK_EQ(kill(server, SIGKILL), 0);
        CHECK(wait_line(show, "failed", &from, line));
        process_signal(show, SIGINT);
        CHECK_EQ(process_wait(show), 1);
    }
    process_close(show);
    process_folder_remove(folder);
}

/* `make run` on a terminal of its own; what it wrote goes to `text`. */
static int run_make(const char *folder, char text[TEXT_MAX])
{
    char argument[PROCESS_PATH_SIZE + 16];
    int64_t end = process_now_ms() + SHOW_LIMIT_MS;
    size_t length = 0;
    bool pressed = false;
    int status = 0;
    int terminal;
    pid_t make;

    (void)snprintf(argument, sizeof argument, "FOLDER=%s", folder);
    make = forkpty(&terminal, NULL, NULL, NULL);
    if (make == 0) {
        (void)execlp("make", "make", "-C", getenv("STAY_ROOT"), "run", "PORT=0",
                     argument, (char *)NULL);
        _exit(127);
    }
    while (process_now_ms() < end && length < TEXT_MAX - 1) {
        size_t n =
            process_read(terminal, text + length, TEXT_MAX - 1 - length, end);

        if (n == 0)
            break;
        length += n;
        text[length] = '\0';
        if (!pressed && strstr(text, "straight through") != NULL)
            pressed = write(terminal, "\x03", 1) == 1;
    }
    (void)close(terminal);
    if (process_now_ms() >= end)
        (void)kill(make, SIGKILL);
    (void)waitpid(make, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void interrupted(void **state)
{
    char folder[PROCESS_PATH_SIZE];
    char *text = calloc(1, TEXT_MAX);

    (void)state;
    CASE("make run on a terminal: Ctrl-C ends it with 0 and no word from make");
    if (getenv("STAY_ROOT") == NULL || text == NULL ||
        !CHECK(process_folder(folder))) {
        check_skip("STAY_ROOT is not set: make test sets it");
        free(text);
        return;
    }
    CHECK_EQ(run_make(folder, text), 0);
    CHECK(strstr(text, "stopped") != NULL);
    CHECK(strstr(text, "***") == NULL);
    CHECK(strstr(text, "\033[") != NULL);
    process_folder_remove(folder);
    free(text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_show),
        cmocka_unit_test(stayd_dies),
        cmocka_unit_test(interrupted),
    };

    return check_run("system/show", tests);
}
