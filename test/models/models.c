/*
 * The protocols' models, searched whole by Spin: what must hold does, and each
 * rule that is left out, and each wording that was mended, makes it fail.
 *
 * MODELS is the folder of the models, VERIFY the script that searches one;
 * FULL=1 adds the sizes that take minutes.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check.h"

enum {
    DEFINES_MAX = 8,
    JOBS = 2, /* at a time */
};

extern char **environ;

struct model_case {
    const char *name;
    const char *model;
    const char *defines; /* separated by single spaces */
    bool holds;
    bool full; /* only under FULL=1 */
};

static const struct model_case model_cases[] = {
    {"committed: a database falls back, and nobody is signed out",   "committed",
     "-DSTEPS=3",                                                                                          true,  false},
    {"committed: it falls back twice",                               "committed", "-DSTEPS=3 -DLOSSES=2",
     true,                                                                                                        false},
    {"committed: a longer chain",                                    "committed", "-DSTEPS=4 -DCHAIN=3",   true,
     false                                                                                                             },
    {"committed: sign-out wins over all",                            "committed", "-DSTEPS=3 -DSIGNOUT",
     true,                                                                                                        false},
    {"committed: a thief is caught",                                 "committed",
     "-DSTEPS=3 -DLOSSES=0 -DCOPIES=1 -DPROCESSES=1",                                                      true,  false},
    {"committed: a thief beside two processes",                      "committed",
     "-DSTEPS=2 -DLOSSES=0 -DCOPIES=1",                                                                    true,  false},
    {"committed: a thief and a database that falls back",            "committed",
     "-DSTEPS=2 -DLOSSES=1 -DCOPIES=1 -DPROCESSES=1",                                                      true,  false},
    {"committed: a thief and a sign-out",                            "committed",
     "-DSTEPS=2 -DLOSSES=0 -DCOPIES=1 -DSIGNOUT -DPROCESSES=1",                                            true,  false},

    {"committed fails if a repeat mints",                            "committed", "-DBREAK_REPEAT_MINTS",
     false,                                                                                                       false},
    {"committed fails if next is not durable before it is sent",     "committed",
     "-DBREAK_NOT_DURABLE",                                                                                false, false},
    {"committed fails if next is written without comparing",         "committed",
     "-DBREAK_NO_COMPARE",                                                                                 false, false},
    {"committed fails if the row is written without comparing",      "committed",
     "-DSIGNOUT -DBREAK_SERVER_CAS",                                                                       false, false},
    {"committed fails if a late grant sets the vault",               "committed",
     "-DBREAK_LATE_GRANT",                                                                                 false, false},
    {"committed fails if an answer ignores a sign-out",              "committed",
     "-DSIGNOUT -DBREAK_SIGN_OUT",                                                                         false, false},
    {"committed fails if an answer ignores which session it is for",
     "committed",                                                                 "-DSIGNOUT -DBREAK_SID", false, false},
    {"committed fails if two holders are not told apart",            "committed",
     "-DSTEPS=2 -DLOSSES=0 -DCOPIES=1 -DPROCESSES=1 -DBREAK_NO_REUSE",                                     false,
     false                                                                                                             },
    {"committed failed when stale ended a step that was sent again",
     "committed",                                                                 "-DWORDED_STALE",        false, false},
    {"committed failed when behind did not read the vault again",    "committed",
     "-DWORDED_BEHIND",                                                                                    false, false},

    {"reseed: storage is cleared, and nobody is signed out",         "reseed",
     "-DSTEPS=1 -DLOSSES=0",                                                                               true,  false},
    {"reseed: and the database falls back",                          "reseed",    "-DPROCESSES=1",         true,
     false                                                                                                             },
    {"reseed: cleared twice, and the database falls back",           "reseed",
     "-DSTEPS=1 -DPROCESSES=1 -DCLEARS=2 -DSEEDS=4",                                                       true,  false},
    {"reseed: a chain that is longer than the jump",                 "reseed",
     "-DCHAIN=3 -DPROCESSES=1",                                                                            true,  false},
    {"reseed: the database falls back twice",                        "reseed",
     "-DSTEPS=2 -DPROCESSES=1 -DCLEARS=1 -DLOSSES=2",                                                      true,  false},
    {"reseed: sign-out wins over all",                               "reseed",
     "-DSTEPS=1 -DPROCESSES=1 -DSIGNOUT",                                                                  true,  false},
    {"reseed: another site can do nothing with the cookie",          "reseed",
     "-DSTEPS=1 -DPROCESSES=1 -DSTRANGER",                                                                 true,  false},
    {"reseed: a wrong clock, and a database that loses nothing",     "reseed",
     "-DWORDED_RANDOM -DSTEPS=1 -DPROCESSES=1 -DCLEARS=2 -DLOSSES=0 -DSEEDS=4",                            true,  false},
    {"reseed: a thief is caught, and locked out",                    "reseed",
     "-DSTEPS=1 -DPROCESSES=1 -DLOSSES=0 -DCOPIES=1 -DSEEDS=2",                                            true,  false},
    {"reseed: a thief and a database that falls back",               "reseed",
     "-DSTEPS=1 -DPROCESSES=1 -DCLEARS=0 -DCOPIES=1 -DSEEDS=2",                                            true,  false},

    {"reseed failed when a late request from before was reuse",      "reseed",
     "-DWORDED_RESEED -DSTEPS=1 -DPROCESSES=1 -DLOSSES=0 -DCHAIN=3",                                       false,
     false                                                                                                             },
    {"reseed failed when a late line began over another",            "reseed",
     "-DWORDED_RESEED -DSTEPS=1 -DPROCESSES=1 -DLOSSES=0 -DCLEARS=2 -DSEEDS=5",                            false, false},
    {"reseed failed when a lost line began again",                   "reseed",
     "-DWORDED_RESEED -DSTEPS=1 -DPROCESSES=1",                                                            false, false},
    {"reseed failed when the jump was by chance alone",              "reseed",
     "-DWORDED_RANDOM -DSTEPS=1 -DPROCESSES=1 -DCLEARS=2 -DSEEDS=4",                                       false,
     false                                                                                                             },
    {"reseed fails if what the chain holds no more is reuse",        "reseed",
     "-DBREAK_RESEED_STALE -DPROCESSES=1 -DCHAIN=3",                                                       false, false},
    {"reseed fails if a repeated step begins another line",          "reseed",
     "-DBREAK_RESEED_REPEAT -DPROCESSES=1 -DLOSSES=0",                                                     false, false},
    {"reseed fails if a step need not fit what holds",               "reseed",
     "-DWORDED_RANDOM -DBREAK_RESEED_COMPARE -DSTEPS=1 -DPROCESSES=1 "
     "-DCLEARS=2 -DLOSSES=0 -DSEEDS=4",                                                                    false, false},
    {"reseed fails if a step that was passed ends the session",      "reseed",
     "-DWORDED_RANDOM -DBREAK_RESEED_PASSED -DSTEPS=1 -DPROCESSES=1 -DCLEARS=2 "
     "-DLOSSES=0 -DSEEDS=4",                                                                               false, false},
    {"reseed fails if a step need not know the commitment",          "reseed",
     "-DBREAK_RESEED_FROM -DSTRANGER -DPROCESSES=1",                                                       false, false},
    {"reseed fails if a database far behind ends the session",       "reseed",
     "-DBREAK_RESEED_BEHIND -DPROCESSES=1",                                                                false, false},
    {"reseed fails if a line is not durable before it is sent",      "reseed",
     "-DBREAK_RESEED_NOT_DURABLE -DSTEPS=1",                                                               false, false},
    {"reseed fails if a line is recorded without comparing",         "reseed",
     "-DBREAK_RESEED_VAULT -DSTEPS=1 -DLOSSES=0",                                                          false, false},
    {"reseed fails if the jump is always the same",                  "reseed",
     "-DBREAK_RESEED_JUMP -DPROCESSES=1 -DCLEARS=2 -DSEEDS=4",                                             false, false},
    {"reseed fails if stale never ends a session",                   "reseed",
     "-DBREAK_RESEED_CAUGHT -DSTEPS=1 -DPROCESSES=1 -DLOSSES=0 -DCOPIES=1",                                false, false},

    {"recall: two pages ask while somebody signs in",                "recall",    "-DSIGNOUTS=0",
     true,                                                                                                        false},
    {"recall: a page asks while people sign in and out",             "recall",    "-DPAGES=1",
     true,                                                                                                        false},
    {"recall fails if a sign-in begins beside its own line",         "recall",
     "-DPAGES=1 -DSIGNOUTS=0 -DBREAK_RECALL_KEEP",                                                         false, false},
    {"recall fails if another's line is forgotten",                  "recall",
     "-DSIGNOUTS=0 -DBREAK_RECALL_FORGET",                                                                 false, false},
    {"recall failed when a sign-out that was not told was no end",   "recall",
     "-DPAGES=1 -DWORDED_SIGN_OUT",                                                                        false, false},
    {"recall failed when a line outlived its cookie",                "recall",
     "-DPAGES=1 -DSIGNOUTS=0 -DWORDED_OTHER",                                                              false, false},

    {"offered: replies are lost and late, and nobody is signed out", "offered",
     "-DLOSSES=0 -DTOKENS=10 -DMOVES=6",                                                                   true,  false},
    {"offered: a database falls back twice",                         "offered",
     "-DLOSSES=2 -DTOKENS=8 -DMOVES=6 -DBACK=3",                                                           true,  false},
    {"offered: a thief who adopts is caught, or shut out",           "offered",
     "-DLOSSES=0 -DCOPIES=2",                                                                              true,  false},
    {"offered: a thief and a database that falls back",              "offered",
     "-DLOSSES=1 -DCOPIES=1",                                                                              true,  false},

    {"offered fails without the window",                             "offered",
     "-DLOSSES=0 -DBREAK_NO_WINDOW",                                                                       false, false},
    {"offered fails without soft refusals",                          "offered",
     "-DLOSSES=0 -DBREAK_NO_SOFT",                                                                         false, false},
    {"offered fails where requests outlive the window",              "offered",
     "-DLOSSES=0 -DBREAK_SLOW_NETWORK",                                                                    false, false},
    {"offered fails if reuse is only refused",                       "offered",
     "-DLOSSES=0 -DCOPIES=1 -DBREAK_NO_REUSE",                                                             false, false},
    {"offered failed when the window minted siblings",               "offered",
     "-DLOSSES=0 -DWORDED_SIBLING",                                                                        false, false},
    {"offered failed when a recovery kept a previous token",         "offered",
     "-DLOSSES=1 -DWORDED_RECOVERY",                                                                       false, false},

    {"committed, full: five steps, three in the chain, two losses",  "committed",
     "-DSTEPS=5 -DCHAIN=3 -DLOSSES=2",                                                                     true,  true },
    {"committed, full: a thief, two processes, three steps",         "committed",
     "-DSTEPS=3 -DLOSSES=0 -DCOPIES=1",                                                                    true,  true },
    {"committed, full: a thief, two processes, a loss",              "committed",
     "-DSTEPS=2 -DLOSSES=1 -DCOPIES=1",                                                                    true,  true },
    {"offered, full: two copies, a loss",                            "offered",
     "-DLOSSES=1 -DCOPIES=2 -DTOKENS=7 -DMOVES=5",                                                         true,  true },
    {"recall, full: two pages, a sign-in, a sign-out",               "recall",    "-DSIGNOUTS=1",
     true,                                                                                                        true },
    {"reseed, full: two processes, and a database that falls back",  "reseed",
     "-DSTEPS=1",                                                                                          true,  true },
    {"reseed, full: cleared twice, two steps, a loss",               "reseed",
     "-DCLEARS=2 -DSEEDS=4 -DPROCESSES=1",                                                                 true,  true },
    {"reseed, full: a thief, cleared once, and a loss",              "reseed",
     "-DSTEPS=1 -DPROCESSES=1 -DCOPIES=1 -DSEEDS=2",                                                       true,  true },
};

/* One search under way. */
struct job {
    const struct model_case *of; /* NULL: none */
    pid_t pid;
    char folder[64];
    char result[80]; /* the file it writes to */
};

/* Starts argv with its output in the file `out`; its number, or -1. */
static pid_t start(char **argv, const char *out)
{
    posix_spawn_file_actions_t actions;
    pid_t pid = -1;

    if (posix_spawn_file_actions_init(&actions) != 0)
        return -1;
    if (posix_spawn_file_actions_addopen(
            &actions, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0600) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, 1, 2) != 0 ||
        posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) != 0)
        pid = -1;
    (void)posix_spawn_file_actions_destroy(&actions);
    return pid;
}

/* Whether it exited with 0. */
static bool end(pid_t pid)
{
    int status = -1;

    if (pid < 0)
        return false;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool has_program(const char *name)
{
    char *argv[] = {(char *)(uintptr_t)name, (char[]){"-V"}, NULL};

    return end(start(argv, "/dev/null"));
}

/* Fills argv with the words of `defines`, which is cut apart in place. */
static void add_words(char **argv, char *defines)
{
    char *rest = defines;

    for (int i = 0; i < DEFINES_MAX && rest != NULL; i++)
        argv[i] = strsep(&rest, " ");
}

/* What fails, fails soon; and the rows of reseed build longer than they search,
   where they are not full ones. */
static bool is_long(const struct model_case *c)
{
    return c->holds && (c->full || strcmp(c->model, "reseed") != 0);
}

static void begin_job(struct job *job, const struct model_case *c,
                      const char *folder)
{
    char model[512], defines[256];
    char *argv[5 + DEFINES_MAX] = {
        (char *)(uintptr_t)getenv("VERIFY"), model, job->folder,
        is_long(c) ? (char[]){"-O1"} : (char[]){"-O0"}};

    job->of = c;
    (void)snprintf(job->folder, sizeof job->folder, "%s/%td", folder,
                   c - model_cases);
    (void)snprintf(job->result, sizeof job->result, "%s/%td.out", folder,
                   c - model_cases);
    (void)snprintf(model, sizeof model, "%s/%s.pml", getenv("MODELS"),
                   c->model);
    (void)snprintf(defines, sizeof defines, "%s", c->defines);
    add_words(argv + 4, defines);
    job->pid = start(argv, job->result);
}

/* The last line of what verify said; all of it is shown when it failed. */
static void read_result(const struct job *job, bool show, char *line, int size)
{
    FILE *file = fopen(job->result, "r");

    line[0] = '\0';
    if (file == NULL)
        return;
    while (fgets(line, size, file) != NULL)
        if (show)
            printf("#   %s", line);
    (void)fclose(file);
}

/* The row of a search, when it is over; the states it found. */
static long end_job(struct job *job)
{
    const struct model_case *c = job->of;
    long errors = -1, states = 0, milliseconds = 0;
    char line[256];
    bool good = end(job->pid);

    job->of = NULL;
    CASE(c->name);
    read_result(job, !good, line, sizeof line);
    if (!CHECK(good))
        return 0;
    CHECK_EQ(sscanf(line, "errors %ld states %ld milliseconds %ld", &errors,
                    &states, &milliseconds),
             3);
    CHECK_EQ(errors == 0, c->holds);
    check_note("%s %s: %s, %ld states, %.1f s", c->model, c->defines,
               errors == 0 ? "holds" : "fails", states,
               (double)milliseconds / 1000);
    return states;
}

static void models(void **state)
{
    char folder[] = "/tmp/stay-models-XXXXXX";
    char *remove[] = {(char[]){"rm"}, (char[]){"-rf"}, folder, NULL};
    struct job jobs[JOBS] = {{0}};
    long total = 0;

    (void)state;
    if (!has_program("spin")) {
        CASE("all models");
        check_skip("spin is not installed");
        return;
    }
    if (!CHECK(mkdtemp(folder) != NULL))
        return;
    // The last rounds start nothing more.
    for (size_t i = 0; i < COUNT(model_cases) + JOBS; i++) {
        struct job *job = &jobs[i % JOBS];

        if (job->of != NULL)
            total += end_job(job);
        if (i < COUNT(model_cases) &&
            (!model_cases[i].full || getenv("FULL") != NULL))
            begin_job(job, &model_cases[i], folder);
    }
    check_note("models: %ld states in all", total);
    (void)end(start(remove, "/dev/null"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(models)};

    return check_run("models", tests);
}
