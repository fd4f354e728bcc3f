/*
 * What a stayd that runs has given up, as the kernel tells it, and how its
 * systemd units are judged.
 */
#include <dirent.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"
#include "stayd.h"
#include "wire.h"

enum {
    PATH_ROOM = 256,
    NOBODY = 65534,
};

/* Builds with sanitizers have no sandbox. */
#ifdef STAY_NO_SANDBOX
#define FILTERED "0"
#else
#define FILTERED "2"
#endif

static const char analyze[] = "/usr/bin/systemd-analyze";
static const double exposure_max = 1.5;

/* ---- A process, seen from outside ---- */

/* The value behind a name in a file of /proc, whose size is not known before;
   "" when it is not there. */
static void read_field(const char *path, const char *name, char out[64])
{
    FILE *file = fopen(path, "r");
    size_t length = strlen(name);
    char line[256];

    out[0] = '\0';
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, length) == 0)
            (void)sscanf(line + length, " %63s", out);
    if (file != NULL)
        (void)fclose(file);
}

/* The same on each thread. How many there are. */
static size_t check_threads(pid_t id, const char *name, const char *wanted)
{
    char folder[PATH_ROOM];
    struct dirent *entry;
    size_t count = 0;
    DIR *threads;

    (void)snprintf(folder, sizeof folder, "/proc/%d/task", (int)id);
    threads = opendir(folder);
    while (threads != NULL && (entry = readdir(threads)) != NULL) {
        char path[2 * PATH_ROOM];
        char value[64];

        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, "%s/%.20s/status", folder,
                       entry->d_name);
        read_field(path, name, value);
        CHECK_TEXT(value, wanted);
        count++;
    }
    if (threads != NULL)
        (void)closedir(threads);
    return count;
}

/* By somebody with the same rights; root's would do for anything. */
static bool can_attach(pid_t id)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 ||
                               setuid(NOBODY) != 0))
            _exit(2);
        if (ptrace(PTRACE_ATTACH, id, NULL, NULL) != 0)
            _exit(1);
        (void)waitpid(id, NULL, 0);
        (void)ptrace(PTRACE_DETACH, id, NULL, NULL);
        _exit(0);
    }
    (void)waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* As nobody where we are root; argv ends with NULL. */
static struct process *start_as_nobody(const char *const argv[])
{
    const char *words[16] = {"/usr/bin/setpriv", "--reuid=65534",
                             "--regid=65534", "--clear-groups"};
    size_t count = geteuid() == 0 ? 4 : 0;

    for (size_t i = 0; argv[i] != NULL && count < COUNT(words) - 1; i++)
        words[count++] = argv[i];
    words[count] = NULL;
    return process_start(words, NULL);
}

/* A copy that nobody may run, wherever the first one lies. */
static bool copy_program(const char *folder, char path[PATH_ROOM])
{
    size_t size = 0;
    char *bytes = process_read_file(stayd_path(), &size);
    bool copied;

    (void)snprintf(path, PATH_ROOM, "%s/stayd", folder);
    copied = bytes != NULL && process_write_file(path, bytes, size) &&
             chmod(path, 0755) == 0;
    free(bytes);
    return CHECK(copied);
}

/* What the kernel gives to root is no more the process's own user's. */
static bool is_its_users(pid_t id)
{
    char path[PATH_ROOM];
    struct stat is = {.st_uid = 0};

    (void)snprintf(path, sizeof path, "/proc/%d/mem", (int)id);
    return stat(path, &is) == 0 && is.st_uid != 0;
}

/* Runs argv, and sees whether others of its user may look into it. */
static void look_into(const char *const argv[], const char *first_line,
                      bool allowed)
{
    struct process *process = start_as_nobody(argv);
    char line[PROCESS_LINE_SIZE];
    size_t from = 0;

    if (CHECK(process_line(process, PROCESS_OUT, first_line, &from, line))) {
        CHECK_EQ(is_its_users(process_id(process)), allowed);
        // Some systems let nobody attach to what is not their own child.
        if (!allowed)
            CHECK(!can_attach(process_id(process)));
    }
    process_close(process);
}

static void looked_into(void **state)
{
    const char *const other[] = {"/bin/sh", "-c", "echo ready; read line",
                                 NULL};
    char folder[PROCESS_PATH_SIZE];
    char database[PATH_ROOM];
    char program[PATH_ROOM];
    const char *argv[] = {program,      "--listen", "127.0.0.1:0",
                          "--database", database,   NULL};

    (void)state;
    CASE("who has a program's rights may look into it");
    look_into(other, "ready", true);
    CASE("but not into stayd");
    // The leak checker looks into the program that it checks.
    if (FILTERED[0] == '0')
        return;
    if (!CHECK(process_folder(folder)))
        return;
    CHECK(geteuid() != 0 || chown(folder, NOBODY, NOBODY) == 0);
    (void)snprintf(database, sizeof database, "sqlite:%s/stay.db", folder);
    if (copy_program(folder, program))
        look_into(argv, "listening on", false);
    process_folder_remove(folder);
}

static bool may_lock(void)
{
    static char page[1];
    // A sanitizer locks nothing, and says that it did.
    bool locked = FILTERED[0] == '2' && mlock(page, sizeof page) == 0;

    if (locked)
        (void)munlock(page, sizeof page);
    return locked;
}

static void limits(void **state)
{
    const char *const options[] = {"--threads", "3", NULL};
    struct stayd stayd;
    char path[PATH_ROOM];
    char value[64];
    pid_t id;

    (void)state;
    CASE("every thread of stayd is filtered");
    if (!stayd_start_earnest(&stayd, options))
        return;
    id = process_id(stayd.process);
    CHECK(check_threads(id, "Seccomp:", FILTERED) >= 5);
    CASE("none of them can gain a right");
    (void)check_threads(id, "NoNewPrivs:", FILTERED[0] == '2' ? "1" : "0");
    CASE("it leaves no core file");
    (void)snprintf(path, sizeof path, "/proc/%d/limits", (int)id);
    read_field(path, "Max core file size", value);
    CHECK_TEXT(value, "0");
    CASE("its keys are not swapped, where that may be");
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)id);
    read_field(path, "VmLck:", value);
    check_note("memory that is never swapped: %s kB", value);
    CHECK(strtol(value, NULL, 10) > 0 || !may_lock());
    CASE("it ends as it should");
    CHECK_EQ(stayd_stop(&stayd, SIGTERM), 0);
    stayd_clear(&stayd);
}

static void log_tells(void **state)
{
    static const char *const off[] = {"--no-sandbox", NULL};
    char line[PROCESS_LINE_SIZE];
    struct stayd stayd;
    size_t from = 0;

    (void)state;
    CASE("the log tells once what the kernel gave");
    if (stayd_start(&stayd, NULL))
        CHECK(process_line(stayd.process, PROCESS_ERR, "\"event\":\"sandbox\"",
                           &from, line));
    CHECK(strstr(line, "seccomp") != NULL);
    stayd_clear(&stayd);
    CASE("or that it is off");
    from = 0;
    if (stayd_start(&stayd, off))
        CHECK(process_line(stayd.process, PROCESS_ERR, "--no-sandbox", &from,
                           line));
    CASE("and then nothing is filtered");
    (void)check_threads(process_id(stayd.process), "Seccomp:", "0");
    stayd_clear(&stayd);
}

/* ---- What it must still be able to do ---- */

static bool write_config(const char *path, const char *level)
{
    char text[64];
    int length = snprintf(text, sizeof text, "log-level = %s\n", level);

    return process_write_file(path, text, (size_t)length);
}

static void reload(void **state)
{
    char folder[PROCESS_PATH_SIZE];
    char path[PATH_ROOM];
    char draft[PATH_ROOM];
    const char *const options[] = {"--config", path, NULL};
    char line[PROCESS_LINE_SIZE];
    struct stayd stayd;
    size_t from = 0;

    (void)state;
    CASE("a configuration that an editor replaced is read again");
    if (!CHECK(process_folder(folder)))
        return;
    (void)snprintf(path, sizeof path, "%s/stayd.conf", folder);
    (void)snprintf(draft, sizeof draft, "%s/stayd.conf~", folder);
    CHECK(write_config(path, "info"));
    if (stayd_start(&stayd, options)) {
        CHECK(write_config(draft, "debug") && rename(draft, path) == 0);
        process_signal(stayd.process, SIGHUP);
        CHECK(process_line(stayd.process, PROCESS_ERR, "\"event\":\"reloaded\"",
                           &from, line));
        CHECK_EQ(stayd_stop(&stayd, SIGTERM), 0);
    }
    stayd_clear(&stayd);
    process_folder_remove(folder);
}

static void local_socket(void **state)
{
    char folder[PROCESS_PATH_SIZE];
    char database[PATH_ROOM];
    char listen[PATH_ROOM];
    const char *argv[] = {stayd_path(), "--listen", listen,
                          "--database", database,   NULL};
    char line[PROCESS_LINE_SIZE];
    struct process *process;
    size_t from = 0;

    (void)state;
    CASE("a Unix socket is removed at the end");
    if (!CHECK(process_folder(folder)))
        return;
    (void)snprintf(listen, sizeof listen, "unix:%s/sock", folder);
    (void)snprintf(database, sizeof database, "sqlite:%s/stay.db", folder);
    process = process_start(argv, NULL);
    if (CHECK(process_line(process, PROCESS_OUT, "listening on", &from, line)))
        CHECK_EQ(access(listen + strlen("unix:"), F_OK), 0);
    process_signal(process, SIGTERM);
    CHECK_EQ(process_wait(process), 0);
    CHECK(access(listen + strlen("unix:"), F_OK) != 0);
    process_close(process);
    process_folder_remove(folder);
}

/* ---- The units ---- */

static void units(void **state)
{
    static const char service[] = UNITS "/stayd.service";
    const char *judge[] = {analyze, "security", "--offline=yes", service, NULL};
    const char *read[] = {
        analyze, "verify", "--man=no", service, UNITS "/stayd.socket", NULL};
    struct process_result result;
    double exposure = 100;
    const char *at;

    (void)state;
    CASE("systemd's own judgement of the service");
    if (access(analyze, X_OK) != 0) {
        check_skip("systemd-analyze is not installed");
        return;
    }
    result = process_run(judge, NULL, NULL);
    at = strstr(result.out, "exposure level for stayd.service: ");
    if (CHECK(at != NULL))
        exposure = strtod(strchr(at, ':') + 1, NULL);
    check_note("exposure of stayd.service: %.1f (0 best, 10 worst)", exposure);
    CHECK(exposure <= exposure_max);
    process_result_clear(&result);
    CASE("and of how the units are written");
    result = process_run(read, NULL, NULL);
    CHECK(strstr(result.err, "Unknown") == NULL);
    CHECK(strstr(result.err, "ignoring") == NULL);
    CHECK(strstr(result.err, "Failed to parse") == NULL);
    process_result_clear(&result);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits),       cmocka_unit_test(looked_into),
        cmocka_unit_test(log_tells),    cmocka_unit_test(reload),
        cmocka_unit_test(local_socket), cmocka_unit_test(units),
    };

    return check_run("system/fort", tests);
}
