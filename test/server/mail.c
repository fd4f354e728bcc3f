/*
 * The process that runs the mail programs: slow ones, hanging ones, too many,
 * and its own sudden end.
 */
#include "server/mail.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"
#include "system/process.h"

enum { PATH_ROOM = 96, LIMIT_MS = 300, SLOW = 12, MANY = 100000 };

static const struct log quiet_log = {.level = CONFIG_INFO};

/* A folder with a program, what it wrote, and what the log was told. */
struct post {
    char folder[PROCESS_PATH_SIZE];
    char program[PATH_ROOM];
    char box[PATH_ROOM];
    char told[PATH_ROOM];
    int stderr_before;
    struct mailer mailer;
};

/* In `script`, $F is the folder. */
static bool open_post(struct post *post, const char *script, int64_t limit_ms)
{
    struct mailer_config config = {
        .program = post->program, .limit_ms = limit_ms, .log = &quiet_log};
    char text[512];
    int told;

    memset(post, 0, sizeof *post);
    if (!CHECK(process_folder(post->folder)))
        return false;
    (void)snprintf(post->program, PATH_ROOM, "%s/mail", post->folder);
    (void)snprintf(post->box, PATH_ROOM, "%s/box", post->folder);
    (void)snprintf(post->told, PATH_ROOM, "%s/told", post->folder);
    (void)snprintf(text, sizeof text, "#!/bin/sh\nF=%s\n%s\n", post->folder,
                   script);
    if (!CHECK(process_write_file(post->program, text, strlen(text))) ||
        !CHECK_EQ(chmod(post->program, 0700), 0))
        return false;
    told = open(post->told, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    post->stderr_before = dup(STDERR_FILENO);
    (void)fflush(stderr);
    (void)dup2(told, STDERR_FILENO);
    (void)mailer_open(&post->mailer, &config);
    (void)dup2(post->stderr_before, STDERR_FILENO);
    (void)close(post->stderr_before);
    (void)close(told);
    return CHECK(mailer_is_open(&post->mailer));
}

static void close_post(struct post *post)
{
    mailer_close(&post->mailer);
    process_folder_remove(post->folder);
}

static bool send_one(const struct post *post, int64_t user_id)
{
    const struct mail mail = {.kind = MAIL_RESET,
                              .user_id = user_id,
                              .to = "ada@example.org",
                              .username = "ada",
                              .code = "x",
                              .expires_in_s = 60};

    return mailer_send(&post->mailer, &mail);
}

static size_t count_in(const char *path, const char *wanted)
{
    char *text = process_read_file(path, NULL);
    size_t count = 0;

    for (const char *at = text; at != NULL; count++) {
        at = strstr(at, wanted);
        if (at == NULL)
            break;
        at += strlen(wanted);
    }
    free(text);
    return count;
}

static bool soon_in(const char *path, const char *wanted, size_t count)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;

    while (count_in(path, wanted) < count && process_now_ms() < end_ms)
        process_pause();
    return count_in(path, wanted) >= count;
}

/* ---- Slow ones ---- */

static void slow(void **state)
{
    struct post post;

    (void)state;
    CASE("slow programs are waited for, a few at once, and each mail goes out");
    // Each notes how many run beside it: the folders are its own.
    if (open_post(&post,
                  "read -r l; mkdir $F/at-$$; ls -d $F/at-* | wc -l >>$F/most;"
                  " sleep 0.2; rmdir $F/at-$$; echo \"$l\" >>$F/box",
                  0)) {
        char most[PATH_ROOM];

        for (int64_t i = 1; i <= SLOW; i++)
            CHECK(send_one(&post, i));
        CHECK(soon_in(post.box, "\"kind\":\"reset\"", SLOW));
        (void)snprintf(most, sizeof most, "%s/most", post.folder);
        CHECK(count_in(most, "4") > 0);
        for (int i = MAIL_PROGRAMS_MAX + 1; i <= SLOW; i++) {
            char number[8];

            (void)snprintf(number, sizeof number, "%d\n", i);
            CHECK_EQ(count_in(most, number), 0);
        }
        CHECK_EQ(count_in(post.told, "mail_failed"), 0);
    }
    close_post(&post);
}

/* ---- Hanging ones ---- */

/* Process ids, one a line. */
static bool all_gone(const char *path)
{
    char *text = process_read_file(path, NULL);
    bool gone = text != NULL && text[0] != '\0';

    for (char *at = text; gone && *at != '\0';) {
        char *end;
        pid_t pid = (pid_t)strtol(at, &end, 10);

        gone = kill(pid, 0) != 0 && errno == ESRCH;
        at = *end == '\n' ? end + 1 : end;
    }
    free(text);
    return gone;
}

static bool soon_gone(const char *path)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;

    while (!all_gone(path) && process_now_ms() < end_ms)
        process_pause();
    return all_gone(path);
}

/* It starts another program, and both would stay. */
static const char hangs[] = "sleep 1000 & echo $! >>$F/box; echo $$ >>$F/box; "
                            "wait";

static void hanging(void **state)
{
    struct post post;

    (void)state;
    CASE("a program that hangs is killed at its limit, and told of");
    if (open_post(&post, hangs, LIMIT_MS)) {
        CHECK(send_one(&post, 7));
        CHECK(soon_in(post.told,
                      "\"user\":7,\"reason\":\"time limit, signal 9\"", 1));
        CASE("and so is what it has started");
        CHECK(soon_gone(post.box));
        CASE("those behind it get their turn");
        for (int64_t i = 0; i < 2 * MAIL_PROGRAMS_MAX; i++)
            CHECK(send_one(&post, 8));
        CHECK(soon_in(post.told, "\"user\":8", 2 * MAIL_PROGRAMS_MAX));
    }
    close_post(&post);
}

static void ending(void **state)
{
    struct post post;
    int64_t took_ms;

    (void)state;
    CASE("as many hang as may run, and the server goes: they go in time");
    if (open_post(&post, hangs, 0)) {
        for (int64_t i = 0; i < 2 * MAIL_PROGRAMS_MAX; i++)
            CHECK(send_one(&post, 1));
        CHECK(soon_in(post.box, "\n", (size_t)2 * MAIL_PROGRAMS_MAX));
        took_ms = process_now_ms();
        mailer_close(&post.mailer);
        took_ms = process_now_ms() - took_ms;
        check_note("closed after %lld ms", (long long)took_ms);
        CHECK(took_ms < 2 * MAIL_CLOSE_MS);
        CHECK(soon_gone(post.box));
    }
    close_post(&post);
}

/* ---- Too many ---- */

static void crowded(void **state)
{
    struct post post;
    int64_t sent = 0;

    (void)state;
    CASE("what nobody takes out fills the queue, and then is not taken");
    if (open_post(&post, "exec sleep 1000", 0)) {
        while (sent < MANY && send_one(&post, sent))
            sent++;
        check_note("%lld wait", (long long)sent);
        CHECK(sent >= 50 && sent < MANY);
        (void)kill(post.mailer.pid, SIGKILL); // or each would be waited for
    }
    close_post(&post);
}

/* ---- Its own end ---- */

/* Its parent, as /proc tells it; 0: it is gone, or dead. */
static pid_t parent_of(const char *pid)
{
    char path[300];
    char line[512] = "";
    const char *rest;
    FILE *file;

    (void)snprintf(path, sizeof path, "/proc/%s/stat", pid);
    file = fopen(path, "re");
    if (file == NULL)
        return 0;
    if (fgets(line, sizeof line, file) == NULL)
        line[0] = '\0';
    (void)fclose(file);
    rest = strrchr(line, ')'); // ") S 123": the state, and the parent
    if (rest == NULL || strlen(rest) < 5 || rest[2] == 'Z')
        return 0;
    return (pid_t)strtol(rest + 4, NULL, 10);
}

/* The one process whose parent is `parent`; 0: there is none now. */
static pid_t child_of(pid_t parent)
{
    DIR *all = opendir("/proc");
    struct dirent *one;
    pid_t found = 0;

    while (all != NULL && found == 0 && (one = readdir(all)) != NULL)
        if (one->d_name[0] >= '1' && one->d_name[0] <= '9' &&
            parent_of(one->d_name) == parent)
            found = (pid_t)strtol(one->d_name, NULL, 10);
    if (all != NULL)
        (void)closedir(all);
    return found;
}

static void killed(void **state)
{
    struct post post;
    int64_t end_ms;
    pid_t first;

    (void)state;
    CASE("the process that runs them is killed: it is told, and begins anew");
    if (open_post(&post, "cat >>$F/box", 0)) {
        CHECK(send_one(&post, 1));
        CHECK(soon_in(post.box, "\n", 1));
        first = child_of(post.mailer.pid);
        CHECK(first > 0 && kill(first, SIGKILL) == 0);
        CASE("what is sent meanwhile is not lost");
        CHECK(send_one(&post, 2));
        CHECK(soon_in(post.box, "\n", 2));
        CHECK_EQ(count_in(post.told, "\"mail_process_ended\",\"signal\":9"), 1);
        CHECK(child_of(post.mailer.pid) != first);
        CASE("without the one that looks after it, nothing is taken");
        CHECK_EQ(kill(post.mailer.pid, SIGKILL), 0);
        end_ms = process_now_ms() + PROCESS_LIMIT_MS;
        while (send_one(&post, 3) && process_now_ms() < end_ms)
            process_pause();
        CHECK(!send_one(&post, 3));
    }
    close_post(&post);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow),   cmocka_unit_test(hanging),
        cmocka_unit_test(ending), cmocka_unit_test(crowded),
        cmocka_unit_test(killed),
    };

    return check_run("server/mail", tests);
}
