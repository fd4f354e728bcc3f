/*
 * How stayd starts, or says in one line why it does not.
 */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"
#include "rows.h"
#include "stayd.h"

enum { WORDS_MAX = 8 };

struct start_row {
    const char *name;
    const char *words[WORDS_MAX]; /* $F: the folder */
    int code;
    const char *out; /* patterns of all that was written */
    const char *err;
};

/* Each folder has a database of rubbish, a key file for all, and a file. */
// clang-format off
static const struct start_row start_rows[] = {
    {"help", {"--help"}, 0, "usage: stayd <ANY>", ""},
    {"version", {"--version"}, 0, "stayd <INT>.<INT>.<INT>\n", ""},
    {"a bad option", {"--colour"}, 2, "",
     "stayd: --colour: is not an option here; see --help\n"},
    {"a bad duration", {"--access-ttl", "soon"}, 2, "",
     "stayd: --access-ttl: 'soon' is not allowed; use 1s to 1d\n"},
    {"a bad address", {"--listen", "here"}, 2, "",
     "stayd: --listen: 'here' is not allowed; use ADDR:PORT, [ADDR]:PORT or "
     "unix:PATH\n"},
    {"a dialect that there is not", {"--dialect", "klingon"}, 2, "",
     "stayd: dialect 'klingon': there is none; use one of <ANY>stay<ANY>\n"},
    {"a dialect file that there is not", {"--dialect", "$F/none.json"}, 2, "",
     "stayd: dialect $F/none.json: No such file or directory\n"},
    {"a dialect file that is no JSON", {"--dialect", "$F/file.json"}, 2, "",
     "stayd: $F/file.json:2: not JSON<ANY>\n"},
    {"a dialect for clients only", {"--dialect", "supabase"}, 2, "",
     "stayd: dialect 'supabase': there is none; use one of <ANY>\n"},
    {"a database in a folder that there is not", {"--database",
     "sqlite:$F/none/stay.db"}, 1, "",
     "stayd: database $F/none/stay.db: <ANY>\n"},
    {"a database that is none", {"--database", "sqlite:$F/rubbish.db"}, 1, "",
     "stayd: database $F/rubbish.db: <ANY>\n"},
    {"a database that is a folder", {"--database", "sqlite:$F"}, 1, "",
     "stayd: database $F: <ANY>\n"},
    {"a key file that others may read", {"--key-file", "$F/open.key"}, 1, "",
     "stayd: key file $F/open.key: others may read or write it; allowed is "
     "mode 0600\n"},
    {"a key file that is a pipe", {"--key-file", "$F/pipe"}, 1, "",
     "stayd: key file $F/pipe: is not a regular file\n"},
    {"a dialect file that is a pipe", {"--dialect", "$F/pipe"}, 2, "",
     "stayd: dialect $F/pipe: is not a regular file of at most 256 KiB\n"},
    {"a key file in a folder that there is not", {"--key-file",
     "$F/none/stay.key"}, 1, "",
     "stayd: key file $F/none/stay.key: No such file or directory\n"},
    {"a socket in a folder that there is not", {"--listen",
     "unix:$F/none/sock"}, 1, "", "stayd: <ANY>$F/none/sock<ANY>\n"},
};
// clang-format on

/* "$F" at any place of `text` becomes the folder. */
static void expand(const char *text, const char *folder, char *out, size_t size)
{
    const char *at = strstr(text, "$F");

    if (at == NULL)
        (void)snprintf(out, size, "%s", text);
    else
        (void)snprintf(out, size, "%.*s%s%s", (int)(at - text), text, folder,
                       at + 2);
}

static void fill_folder(const char *folder)
{
    static const struct {
        const char *name;
        const char *text;
        mode_t mode;
    } files[] = {
        {"rubbish.db",
         "this is not a database, but long enough to be looked at",                0600},
        {"file.json",  "{\n",                                                      0600},
        {"open.key",   "stay-key-1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
         0644                                                                          },
    };
    char path[128];

    for (size_t i = 0; i < COUNT(files); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, files[i].name);
        CHECK(process_write_file(path, files[i].text, strlen(files[i].text)));
        CHECK_EQ(chmod(path, files[i].mode), 0);
    }
    (void)snprintf(path, sizeof path, "%s/pipe", folder);
    CHECK_EQ(mkfifo(path, 0600), 0);
}

static void run_start(const struct start_row *row, const char *folder)
{
    char words[WORDS_MAX][256];
    char database[128];
    char key_file[128];
    char err[512];
    // What the row says later wins.
    const char *argv[WORDS_MAX + 8] = {stayd_path(), "--listen", "127.0.0.1:0",
                                       "--database", database,   "--key-file",
                                       key_file};
    struct process_result result;
    const char *want;

    (void)snprintf(database, sizeof database, "sqlite:%s/stay.db", folder);
    (void)snprintf(key_file, sizeof key_file, "%s/stay.key", folder);
    for (size_t i = 0; i < WORDS_MAX && row->words[i] != NULL; i++) {
        expand(row->words[i], folder, words[i], sizeof words[i]);
        argv[7 + i] = words[i];
    }
    result = process_run(argv, NULL, NULL);
    CASE(row->name);
    CHECK_EQ(result.code, row->code);
    expand(row->err, folder, err, sizeof err);
    // A second $F may stand behind the first.
    want = strstr(err, "$F") == NULL ? err : row->err;
    if (!wire_match(want, result.err))
        CHECK_TEXT(result.err, want);
    if (!wire_match(row->out, result.out))
        CHECK_TEXT(result.out, row->out);
    CHECK_EQ(strcspn(result.err, "\n") + (result.err[0] != '\0'),
             strlen(result.err)); // one line
    process_result_clear(&result);
}

static void refusals(void **state)
{
    char folder[PROCESS_PATH_SIZE];

    (void)state;
    CASE("a folder for the rows");
    if (!process_folder(folder))
        return;
    fill_folder(folder);
    for (size_t i = 0; i < COUNT(start_rows); i++)
        run_start(&start_rows[i], folder);
    process_folder_remove(folder);
}

/* ---- Folders and files without the rights ---- */

struct rights_row {
    const char *name;
    mode_t folder; /* of the database, $F/d */
    mode_t file;   /* of the database; 0: there is none yet */
    const char *err;
};

// clang-format off
static const struct rights_row rights_rows[] = {
    {"a folder that cannot be written to", 0555, 0,
     "stayd: database $F/d/stay.db: its folder cannot be written to\n"},
    {"a database in such a folder", 0555, 0666,
     "stayd: database $F/d/stay.db: its folder cannot be written to\n"},
    {"a folder that cannot be entered", 0444, 0666,
     "stayd: database $F/d/stay.db: its folder cannot be written to\n"},
    {"a database that cannot be written to", 0777, 0444,
     "stayd: database $F/d/stay.db: Permission denied\n"},
    {"a database that cannot be read", 0777, 0222,
     "stayd: database $F/d/stay.db: Permission denied\n"},
    {"a key file in a folder that cannot be written to", 0777, 0,
     "stayd: key file $F/k/stay.key: Permission denied\n"},
};
// clang-format on

/* A copy that anybody may run: what was built may lie where nobody can go. */
static bool copy_program(const char *path)
{
    size_t size = 0;
    char *bytes = process_read_file(stayd_path(), &size);
    bool copied = bytes != NULL && process_write_file(path, bytes, size) &&
                  chmod(path, 0755) == 0;

    free(bytes);
    return CHECK(copied);
}

/* Root has all rights, so it runs the program as somebody else. */
static struct process_result run_as_nobody(const char *folder)
{
    char program[128];
    char database[128];
    char key_file[128];
    const char *argv[] = {"/usr/bin/setpriv", "--reuid=65534", "--regid=65534",
                          "--clear-groups",   program,         "--listen",
                          "127.0.0.1:0",      "--database",    database,
                          "--key-file",       key_file,        NULL};

    (void)snprintf(program, sizeof program, "%s/stayd", folder);
    (void)snprintf(database, sizeof database, "sqlite:%s/d/stay.db", folder);
    (void)snprintf(key_file, sizeof key_file, "%s/k/stay.key", folder);
    return process_run(geteuid() == 0 ? argv : argv + 4, NULL, NULL);
}

static void run_rights(const struct rights_row *row, const char *folder)
{
    char inner[128];
    char file[128];
    char err[512];
    struct process_result result;

    CASE(row->name);
    (void)snprintf(inner, sizeof inner, "%s/d", folder);
    (void)snprintf(file, sizeof file, "%s/d/stay.db", folder);
    CHECK_EQ(mkdir(inner, 0700), 0);
    if (row->file != 0)
        CHECK(process_write_file(file, "", 0) && chmod(file, row->file) == 0);
    CHECK_EQ(chmod(inner, row->folder), 0);
    result = run_as_nobody(folder);
    expand(row->err, folder, err, sizeof err);
    CHECK_EQ(result.code, 1);
    CHECK_TEXT(result.err, err);
    CHECK_TEXT(result.out, "");
    process_result_clear(&result);
    CHECK_EQ(chmod(inner, 0700), 0);
    process_folder_remove(inner);
}

static void rights(void **state)
{
    char folder[PROCESS_PATH_SIZE];
    char path[128];

    (void)state;
    CASE("a folder for the rows");
    if (!process_folder(folder))
        return;
    CHECK_EQ(chmod(folder, 0755), 0);
    (void)snprintf(path, sizeof path, "%s/k", folder);
    CHECK_EQ(mkdir(path, 0555), 0);
    (void)snprintf(path, sizeof path, "%s/stayd", folder);
    if (copy_program(path))
        for (size_t i = 0; i < COUNT(rights_rows); i++)
            run_rights(&rights_rows[i], folder);
    process_folder_remove(folder);
}

/* A listening socket of our own; its port, or 0. */
static int take_port(int *fd)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    struct sockaddr *any = (struct sockaddr *)(void *)&at;

    *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd < 0 || bind(*fd, any, size) != 0 || listen(*fd, 1) != 0 ||
        getsockname(*fd, any, &size) != 0)
        return 0;
    return ntohs(at.sin_port);
}

static void taken_port(void **state)
{
    char folder[PROCESS_PATH_SIZE];
    char listen_text[32];
    char database[128];
    char path[128];
    const char *argv[] = {stayd_path(), "--listen", listen_text,
                          "--database", database,   NULL};
    struct process_result result;
    int fd;
    int port = take_port(&fd);

    (void)state;
    CASE("a taken port is told, and no new database is left behind");
    CHECK(process_folder(folder));
    (void)snprintf(listen_text, sizeof listen_text, "127.0.0.1:%d", port);
    (void)snprintf(database, sizeof database, "sqlite:%s/stay.db", folder);
    (void)snprintf(path, sizeof path, "%s/stay.db", folder);
    result = process_run(argv, NULL, NULL);
    CHECK_EQ(result.code, 1);
    CHECK(strstr(result.err, listen_text) != NULL);
    CHECK_TEXT(result.out, "");
    CHECK(access(path, F_OK) != 0);
    process_result_clear(&result);
    (void)close(fd);
    process_folder_remove(folder);
}

static void restarts(void **state)
{
    struct stayd stayd;
    struct rows rows;

    (void)state;
    CASE("stayd starts");
    if (!stayd_start(&stayd, NULL))
        return;
    rows_init(&rows, stayd.port);
    rows_run_file(&rows, "before.rows");
    CASE("stayd is killed and starts again");
    CHECK_EQ(stayd_stop(&stayd, SIGKILL), 128 + SIGKILL);
    if (stayd_restart(&stayd, NULL))
        rows_run_file(&rows, "after.rows");
    rows_clear(&rows);
    stayd_clear(&stayd);
}

static void demo_left(void **state)
{
    char line[PROCESS_LINE_SIZE];
    struct stayd stayd;
    size_t from = 0;

    (void)state;
    CASE("a demonstration's database, taken in earnest, is warned of");
    if (!stayd_start(&stayd, NULL))
        return;
    CHECK_EQ(stayd_stop(&stayd, SIGTERM), 0);
    stayd.earnest = true;
    if (stayd_restart(&stayd, NULL))
        CHECK(process_line(stayd.process, PROCESS_ERR,
                           "\"level\":\"warn\",\"event\":\"demo_users\","
                           "\"count\":3",
                           &from, line));
    stayd_clear(&stayd);
}

/* Is the text there, anywhere in what the program said or wrote? */
static bool says(struct stayd *stayd, const char *text)
{
    char *err = process_text(stayd->process, PROCESS_ERR);
    char *out = process_text(stayd->process, PROCESS_OUT);
    bool found = strstr(err, text) != NULL || strstr(out, text) != NULL;

    free(err);
    free(out);
    return found;
}

static void secrets(void **state)
{
    static const char *const options[] = {"--log-level", "debug", NULL};
    struct stayd stayd;
    struct rows rows;

    (void)state;
    CASE("stayd starts");
    if (!stayd_start(&stayd, options))
        return;
    rows_init(&rows, stayd.port);
    rows_run_file(&rows, "log.rows");
    CASE("the log tells of the sign-in");
    CHECK(says(&stayd, "\"event\":\"sign_in\",\"outcome\":\"ok\",\"user\":1,"));
    CASE("and of no password and no token");
    CHECK(!says(&stayd, "lovelace"));
    CHECK(!says(&stayd, "wrong-one"));
    CHECK(!says(&stayd, rows_value(&rows, "ACCESS")));
    CHECK(!says(&stayd, rows_value(&rows, "REFRESH")));
    rows_clear(&rows);
    stayd_clear(&stayd);
}

static bool is_nowhere(const struct process *process, int fd)
{
    char path[64];
    char target[64] = "";

    (void)snprintf(path, sizeof path, "/proc/%d/fd/%d",
                   (int)process_id(process), fd);
    return readlink(path, target, sizeof target - 1) > 0 &&
           strcmp(target, "/dev/null") == 0;
}

static void closed_streams(void **state)
{
    char folder[PROCESS_PATH_SIZE], path[96];
    const char *const serve[] = {
        "/bin/sh",
        "-c",
        "cd \"$1\" && exec \"$0\" --listen unix:socket <&- >&- 2>&-",
        stayd_path(),
        folder,
        NULL};
    const char *const check[] = {
        "/bin/sh",    "-c",   "cd \"$1\" && exec \"$0\" check >&-",
        stayd_path(), folder, NULL};
    struct process_result result;
    struct process *process;
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;

    (void)state;
    CASE("closed streams are nowhere, and no socket that the log would go to");
    if (!CHECK(process_folder(folder)))
        return;
    (void)snprintf(path, sizeof path, "%s/socket", folder);
    process = process_start(serve, NULL);
    while (process != NULL && access(path, F_OK) != 0 &&
           process_now_ms() < end_ms)
        process_pause();
    for (int fd = 0; process != NULL && fd < 3; fd++)
        CHECK(is_nowhere(process, fd));
    process_close(process);
    CASE("a judgement that nobody got is a failure");
    result = process_run(check, NULL, NULL);
    CHECK_EQ(result.code, 1);
    CHECK(strstr(result.err, "cannot write to standard output") != NULL);
    process_result_clear(&result);
    process_folder_remove(folder);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals),       cmocka_unit_test(rights),
        cmocka_unit_test(taken_port),     cmocka_unit_test(restarts),
        cmocka_unit_test(secrets),        cmocka_unit_test(demo_left),
        cmocka_unit_test(closed_streams),
    };

    return check_run("system/stayd_start", tests);
}
