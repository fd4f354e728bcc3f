/*
 * The sandbox from within: each row is tried by a process of its own that has
 * entered it, as whoever takes stayd over would.
 */
#include "server/sandbox.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"

enum {
    KILLED = 1000,      /* by SIGSYS; above every errno */
    NOT_ENTERED = 1001, /* the sandbox itself was refused */
    PATH_ROOM = 256,
};

/* What the acts work on; made once, outside the sandbox. */
struct place {
    char folder[64];
    char data[PATH_ROOM];     /* the database's folder */
    char database[PATH_ROOM]; /* "sqlite:..." */
    char key_file[PATH_ROOM];
    char config_file[PATH_ROOM];
    char linked[PATH_ROOM]; /* "sqlite:..." by a link into data */
    char listen[PATH_ROOM]; /* "unix:..." */
};

static struct place place;

/* 0, or the errno of what was refused. */
static int result_of(long result)
{
    return result < 0 ? errno : 0;
}

static int open_as(const char *folder, const char *name, int flags)
{
    char path[2 * PATH_ROOM];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return result_of(open(path, flags | O_CLOEXEC, 0600));
}

/* ---- Acts ---- */

static int read_passwd(void)
{
    return result_of(open("/etc/passwd", O_RDONLY));
}

static int read_memory(void)
{
    return result_of(open("/proc/self/mem", O_RDWR));
}

static int list_root(void)
{
    return result_of(open("/", O_RDONLY | O_DIRECTORY));
}

static int write_elsewhere(void)
{
    return open_as(place.folder, "new", O_CREAT | O_WRONLY);
}

static int write_data(void)
{
    return open_as(place.data, "stay.db-new", O_CREAT | O_RDWR);
}

static int remove_data(void)
{
    char path[2 * PATH_ROOM];

    (void)snprintf(path, sizeof path, "%s/remove", place.data);
    return result_of(unlink(path));
}

static int cut_data(void)
{
    return open_as(place.data, "stay.db", O_TRUNC | O_RDWR);
}

static int make_folder(void)
{
    char path[2 * PATH_ROOM];

    (void)snprintf(path, sizeof path, "%s/folder", place.data);
    return result_of(mkdir(path, 0700));
}

static int take_out(void)
{
    char from[2 * PATH_ROOM];

    (void)snprintf(from, sizeof from, "%s/stay.db", place.data);
    return result_of(rename(from, place.listen + strlen("unix:")));
}

static int read_key(void)
{
    return result_of(open(place.key_file, O_RDONLY));
}

static int write_key(void)
{
    return result_of(open(place.key_file, O_WRONLY));
}

static int read_config(void)
{
    return result_of(open(place.config_file, O_RDONLY));
}

/* An editor's way: a new file under the old name. By the folder's owner, who is
   not in the sandbox: so the file is written before, under another name. */
static int read_beside_config(void)
{
    char path[2 * PATH_ROOM];

    (void)snprintf(path, sizeof path, "%s.new", place.config_file);
    return result_of(open(path, O_RDONLY));
}

static int write_config(void)
{
    return result_of(open(place.config_file, O_WRONLY));
}

static int forget_socket(void)
{
    return result_of(unlink(place.listen + strlen("unix:")));
}

static int start_program(void)
{
    char *const words[] = {"/bin/true", NULL};

    return result_of(execv(words[0], words));
}

static int start_unnamed_program(void)
{
    char *const words[] = {"true", NULL};

    return result_of(
        syscall(SYS_execveat, -1, "", words, NULL, 0x1000 /* AT_EMPTY_PATH */));
}

static int make_process(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    return result_of(child);
}

static int make_process_raw(void)
{
    return result_of(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
}

static int make_process_newly(void)
{
    struct clone_args words = {.exit_signal = SIGCHLD};

    return result_of(syscall(SYS_clone3, &words, sizeof words));
}

static void *do_nothing(void *context)
{
    return context;
}

static int make_thread(void)
{
    pthread_t thread;
    int code = pthread_create(&thread, NULL, do_nothing, NULL);

    return code != 0 ? code : pthread_join(thread, NULL);
}

/* On another thread, to see that it holds there. */
static void *open_passwd(void *out)
{
    *(int *)out = read_passwd();
    return NULL;
}

static int read_passwd_in_thread(void)
{
    pthread_t thread;
    int code = -1;

    if (pthread_create(&thread, NULL, open_passwd, &code) != 0)
        return -1;
    (void)pthread_join(thread, NULL);
    return code;
}

static int trace_parent(void)
{
    return result_of(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}

static int be_traced(void)
{
    return result_of(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int read_parent(void)
{
    char byte = 0;
    struct iovec to = {&byte, 1};

    return result_of(process_vm_readv(getppid(), &to, 1, &to, 1, 0));
}

static int signal_parent(void)
{
    return result_of(kill(getppid(), SIGCONT));
}

static int signal_all(void)
{
    return result_of(kill(-1, SIGCONT));
}

static int signal_self(void)
{
    return result_of(kill(getpid(), SIGCONT));
}

static int open_socket(void)
{
    return result_of(socket(AF_INET, SOCK_STREAM, 0));
}

static int open_local_socket(void)
{
    return result_of(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int open_raw_socket(void)
{
    return result_of(socket(AF_PACKET, SOCK_RAW, 0));
}

/* Port 0: any. */
static int listen_anew(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    return result_of(bind(fd, (struct sockaddr *)&any, sizeof any));
}

static int map_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
               ? errno
               : 0;
}

static int make_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return result_of(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

static int load_library(void)
{
    // One that this program is not linked with.
    return dlopen("libutil.so.1", RTLD_NOW) != NULL ||
                   dlopen("libanl.so.1", RTLD_NOW) != NULL
               ? 0
               : EACCES;
}

static int raise_limit(void)
{
    struct rlimit limit = {64, 64};

    return result_of(setrlimit(RLIMIT_NOFILE, &limit));
}

static int ask_limit(void)
{
    struct rlimit limit;

    return result_of(getrlimit(RLIMIT_NOFILE, &limit));
}

static int be_dumpable(void)
{
    return result_of(prctl(PR_SET_DUMPABLE, 1));
}

static int ring_io(void)
{
    char parameters[256] = {0};

    return result_of(syscall(SYS_io_uring_setup, 4, parameters));
}

static int mount_something(void)
{
    return result_of(syscall(SYS_mount, "none", "/mnt", "tmpfs", 0, NULL));
}

static int leave_namespace(void)
{
    return result_of(syscall(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */));
}

/* ---- Rows ---- */

struct row {
    const char *name;
    int (*act)(void);
    int wanted;     /* with SQLite: 0, an errno, or KILLED */
    int with_names; /* with a database that is reached by a socket */
    bool by_path;   /* Landlock refuses it */
};

// clang-format off
static const struct row rows[] = {
    {"a file of the system", read_passwd, EACCES, 0, true},
    {"the same on another thread", read_passwd_in_thread, EACCES, 0, true},
    {"one's own memory as a file", read_memory, EACCES, EACCES, true},
    {"the root folder", list_root, EACCES, EACCES, true},
    {"a new file elsewhere", write_elsewhere, EACCES, EACCES, true},
    {"a new file beside the database", write_data, 0, EACCES, true},
    {"one removed there", remove_data, 0, EACCES, true},
    {"the database cut", cut_data, 0, EACCES, true},
    {"a folder made there", make_folder, ENOSYS, ENOSYS, false},
    {"the database taken elsewhere", take_out, ENOSYS, ENOSYS, false},
    {"the key file read", read_key, 0, 0, true},
    {"the key file written", write_key, EACCES, EACCES, true},
    {"the configuration read", read_config, 0, 0, true},
    {"what takes its place read", read_beside_config, 0, 0, true},
    {"the configuration written", write_config, EACCES, EACCES, true},
    {"the Unix socket removed", forget_socket, 0, 0, true},
    {"a program", start_program, KILLED, KILLED, false},
    {"a program by its descriptor", start_unnamed_program, KILLED, KILLED,
     false},
    {"a process", make_process, KILLED, KILLED, false},
    {"a process by the bare call", make_process_raw, KILLED, KILLED, false},
    {"a process by the newest call", make_process_newly, ENOSYS, ENOSYS, false},
    {"a thread", make_thread, 0, 0, false},
    {"another process traced", trace_parent, KILLED, KILLED, false},
    {"being traced", be_traced, KILLED, KILLED, false},
    {"another process's memory", read_parent, KILLED, KILLED, false},
    {"a signal to another process", signal_parent, ENOSYS, ENOSYS, false},
    {"a signal to all", signal_all, ENOSYS, ENOSYS, false},
    {"a signal to itself", signal_self, 0, 0, false},
    {"a socket", open_socket, ENOSYS, 0, false},
    {"a Unix socket", open_local_socket, ENOSYS, 0, false},
    {"a raw socket", open_raw_socket, ENOSYS, ENOSYS, false},
    {"another place to listen", listen_anew, ENOSYS, EACCES, false},
    {"memory that is code", map_code, ENOSYS, ENOSYS, false},
    {"memory that becomes code", make_code, ENOSYS, ENOSYS, false},
    {"a library loaded", load_library, EACCES, 0, true},
    {"a limit set", raise_limit, ENOSYS, ENOSYS, false},
    {"a limit asked for", ask_limit, 0, 0, false},
    {"memory shown to others again", be_dumpable, ENOSYS, ENOSYS, false},
    {"calls by a ring", ring_io, ENOSYS, ENOSYS, false},
    {"a mount", mount_something, KILLED, KILLED, false},
    {"a namespace", leave_namespace, KILLED, KILLED, false},
};
// clang-format on

/* ---- Running them ---- */

static bool make_file(const char *path)
{
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

    return fd >= 0 && close(fd) == 0;
}

static bool make_in(const char *folder, const char *name)
{
    char path[2 * PATH_ROOM];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return make_file(path);
}

static bool make_place(void)
{
    char path[2 * PATH_ROOM];
    char inside[2 * PATH_ROOM];

    (void)snprintf(place.folder, sizeof place.folder, "/tmp/sandbox.XXXXXX");
    if (mkdtemp(place.folder) == NULL)
        return false;
    (void)snprintf(place.data, PATH_ROOM, "%s/data", place.folder);
    (void)snprintf(place.database, PATH_ROOM, "sqlite:%s/data/stay.db",
                   place.folder);
    (void)snprintf(place.key_file, PATH_ROOM, "%s/stay.key", place.folder);
    (void)snprintf(place.linked, PATH_ROOM, "sqlite:%s/link.db", place.folder);
    (void)snprintf(path, sizeof path, "%s/config", place.folder);
    (void)snprintf(place.config_file, PATH_ROOM, "%s/config/stayd.conf",
                   place.folder);
    (void)snprintf(place.listen, PATH_ROOM, "unix:%s/run/sock", place.folder);
    if (mkdir(place.data, 0700) != 0 || mkdir(path, 0700) != 0)
        return false;
    (void)snprintf(path, sizeof path, "%s/run", place.folder);
    if (mkdir(path, 0700) != 0 || !make_in(path, "sock"))
        return false;
    (void)snprintf(path, sizeof path, "%s.new", place.config_file);
    (void)snprintf(inside, sizeof inside, "%s/link.db", place.folder);
    return make_in(place.data, "stay.db") && make_in(place.data, "remove") &&
           make_file(place.key_file) && make_file(place.config_file) &&
           make_file(path) && symlink("data/stay.db", inside) == 0;
}

static void remove_place(void)
{
    char command[PATH_ROOM];
    pid_t child;

    (void)snprintf(command, sizeof command, "rm -rf '%s'", place.folder);
    child = fork();
    if (child == 0) {
        (void)execl("/bin/sh", "sh", "-c", command, NULL);
        _exit(127);
    }
    (void)waitpid(child, NULL, 0);
}

static struct config config_of(const char *database)
{
    return (struct config){.database = database,
                           .key_file = place.key_file,
                           .file = place.config_file,
                           .listen = place.listen,
                           .sandbox = true};
}

/* In the child: through a pipe, since an errno is no exit code. */
static void try_act(const char *database, int (*act)(void), int to)
{
    struct config config = config_of(database);
    static struct sandbox sandbox;
    struct sandbox_report got;
    char why[SANDBOX_WHY_SIZE];
    int code = NOT_ENTERED;

    (void)prctl(PR_SET_DUMPABLE, 0);
    sandbox_plan(&sandbox, &config);
    if (sandbox_enter(&sandbox, &got, why) == SANDBOX_OK)
        code = act();
    (void)!write(to, &code, sizeof code);
    _exit(0);
}

static int outcome_of(const char *database, int (*act)(void))
{
    int ends[2];
    int code = -1;
    int status = 0;
    pid_t child;

    if (!CHECK(pipe(ends) == 0))
        return -1;
    child = fork();
    if (child == 0)
        try_act(database, act, ends[1]);
    (void)close(ends[1]);
    if (read(ends[0], &code, sizeof code) != sizeof code)
        code = -1;
    (void)close(ends[0]);
    if (waitpid(child, &status, 0) != child)
        return -1;
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS ? KILLED : code;
}

/* What this kernel has; asked by a child. */
static struct sandbox_report ask_kernel(void)
{
    static struct sandbox sandbox;
    struct sandbox_report got = {0};
    char why[SANDBOX_WHY_SIZE];
    int ends[2];
    pid_t child;

    if (!CHECK(pipe(ends) == 0))
        return got;
    child = fork();
    if (child == 0) {
        (void)sandbox_enter(&sandbox, &got, why);
        (void)!write(ends[1], &got, sizeof got);
        _exit(0);
    }
    CHECK_EQ(read(ends[0], &got, sizeof got), sizeof got);
    (void)waitpid(child, NULL, 0);
    (void)close(ends[0]);
    (void)close(ends[1]);
    return got;
}

static void try_all(const char *kind, const char *database, bool by_socket)
{
    struct sandbox_report has = ask_kernel();

    for (size_t i = 0; i < COUNT(rows); i++) {
        int wanted = by_socket ? rows[i].with_names : rows[i].wanted;

        check_case("%s: %s", kind, rows[i].name);
        // Made anew for the row that removes it.
        CHECK(make_in(place.data, "remove"));
        CHECK(make_file(place.listen + strlen("unix:")));
        if (wanted != 0 && (rows[i].by_path ? has.landlock == 0 : !has.calls))
            check_skip("this kernel lacks it");
        else
            CHECK_EQ(outcome_of(database, rows[i].act), wanted);
    }
}

static void acts(void **state)
{
    (void)state;
    CASE("a place to try them");
    if (!CHECK(make_place()))
        return;
    check_note("Landlock %d, seccomp %d", ask_kernel().landlock,
               ask_kernel().calls);
    try_all("SQLite", place.database, false);
    try_all("PostgreSQL", "postgresql:///stay", true);
    CASE("a database by a link: what lies beside the file itself");
    CHECK_EQ(outcome_of(place.linked, write_data), 0);
    CASE("without a sandbox each of them would have worked");
    CHECK_EQ(read_passwd(), 0);
    CHECK_EQ(make_process(), 0);
    CHECK_EQ(open_socket(), 0);
    remove_place();
}

static void plans(void **state)
{
    static struct sandbox sandbox;
    struct sandbox_report got;
    char why[SANDBOX_WHY_SIZE];

    (void)state;
    CASE("as many paths as it holds");
    for (int i = 0; i < SANDBOX_PATHS_MAX; i++)
        sandbox_allow(&sandbox, "/nowhere", SANDBOX_READ);
    CHECK(!sandbox.overflow);
    CASE("one more, and nothing is started");
    sandbox_allow(&sandbox, "/nowhere", SANDBOX_READ);
    CHECK(sandbox.overflow);
    CHECK_EQ(sandbox_enter(&sandbox, &got, why), SANDBOX_FAILED);
    CHECK_TEXT(why, "sandbox: more or longer paths than it can hold");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(acts),
        cmocka_unit_test(plans),
    };

    return check_run("server/sandbox", tests);
}
