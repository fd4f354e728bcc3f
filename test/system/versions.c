/*
 * Two versions of stayd on one database: ours, and a later one (stayd-next) that
 * has migrated it and lets its neighbour go on, as when instances are replaced
 * one by one.
 */
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "check.h"
#include "refresher.h"
#include "stayd.h"

enum { SESSIONS = 8, STEPS = 100 };

static const char *const options[] = {"--no-throttle", NULL};

/* One more on the same database, with the same keys. */
static bool start_beside(struct stayd *out, const struct stayd *first,
                         const char *program)
{
    char key_file[PROCESS_PATH_SIZE + 16];
    const char *const same[] = {"--no-throttle", "--database", first->database,
                                "--key-file",    key_file,     NULL};
    bool started;

    (void)snprintf(key_file, sizeof key_file, "%s/stay.key", first->folder);
    CHECK_EQ(setenv("STAYD", program, 1), 0);
    started = stayd_start(out, same);
    CHECK_EQ(unsetenv("STAYD"), 0);
    return started;
}

static bool go_on(struct refreshers *all)
{
    return CHECK(refreshers_reach(all, refreshers_count(all).granted + STEPS));
}

static void check_counts(const struct refreshers_counts *n)
{
    CHECK_EQ(n->ended, 0);
    CHECK_EQ(n->others, 0);
    CHECK_EQ(n->unavailable, 0);
    if (n->wrong[0] != '\0')
        check_note("%s", n->wrong);
}

/* The database's version, by `stayd migrate`. */
static int migrate(const char *program, const struct stayd *stayd, char *out,
                   size_t size)
{
    const char *const argv[] = {program, "migrate", "--database",
                                stayd->database, NULL};
    struct process_result result = process_run(argv, NULL, NULL);
    int code = result.code;

    (void)snprintf(out, size, "%s", code == 0 ? result.out : result.err);
    process_result_clear(&result);
    return code;
}

static int version_of(const char *program, const struct stayd *stayd)
{
    char text[256];
    int version = -1;

    CHECK_EQ(migrate(program, stayd, text, sizeof text), 0);
    CHECK_EQ(sscanf(text, "the database is at version %d", &version), 1);
    return version;
}

/* While ours works, under load; a file has one stayd at a time. */
static void replaced(void **state)
{
    struct stayd ours, next = {.port = 0}, again = {.port = 0};
    struct refreshers_counts counts;
    struct refreshers *all, *both;
    int ports[2];

    (void)state;
    CASE("ours works, and the next one migrates under its load");
    if (!stayd_start(&ours, options))
        return;
    all = refreshers_start(&ours.port, 1, SESSIONS);
    if (all == NULL || !go_on(all) || !start_beside(&next, &ours, STAYD_NEXT))
        return;
    CHECK(go_on(all));
    CASE("sessions wander between the two");
    ports[0] = ours.port;
    ports[1] = next.port;
    both = refreshers_start(ports, 2, SESSIONS);
    CHECK(both != NULL && go_on(both));
    CASE("ours can still be started");
    CHECK(start_beside(&again, &ours, stayd_path()));
    CHECK_EQ(stayd_stop(&again, SIGTERM), 0);
    CASE("nobody was refused, and every session lives");
    CHECK(refreshers_end(both, &counts));
    check_counts(&counts);
    CHECK(refreshers_end(all, &counts));
    check_counts(&counts);
    CASE("the next one goes: ours is left, as after a change of mind");
    CHECK_EQ(stayd_stop(&next, SIGTERM), 0);
    all = refreshers_start(&ours.port, 1, SESSIONS);
    CHECK(all != NULL && go_on(all) && refreshers_end(all, &counts));
    check_counts(&counts);
    CHECK_EQ(stayd_stop(&ours, SIGTERM), 0);
    stayd_clear(&again);
    stayd_clear(&next);
    stayd_clear(&ours);
}

static void in_turn(void **state)
{
    struct stayd stayd;
    int before, after;

    (void)state;
    CASE("ours makes a database");
    if (!stayd_start(&stayd, options))
        return;
    CHECK_EQ(stayd_stop(&stayd, SIGTERM), 0);
    before = version_of(stayd_path(), &stayd);
    CASE("the next one migrates it by one");
    after = version_of(STAYD_NEXT, &stayd);
    CHECK_EQ(after, before + 1);
    CASE("ours leaves it as it is, and starts");
    CHECK_EQ(version_of(stayd_path(), &stayd), after);
    CHECK(stayd_restart(&stayd, options));
    CHECK_EQ(stayd_stop(&stayd, SIGTERM), 0);
    stayd_clear(&stayd);
}

static void at_once(void **state)
{
    enum { COUNT_OF = 4 };
    struct process *processes[COUNT_OF];
    struct stayd stayd;
    const char *const argv[] = {STAYD_NEXT, "migrate", "--database",
                                stayd.database, NULL};
    int before;

    (void)state;
    check_case("%d who migrate at once", (int)COUNT_OF);
    if (!stayd_start(&stayd, options))
        return;
    before = version_of(stayd_path(), &stayd);
    for (int i = 0; i < COUNT_OF; i++)
        processes[i] = process_start(argv, NULL);
    for (int i = 0; i < COUNT_OF; i++) {
        char *err;

        CHECK_EQ(process_wait(processes[i]), 0);
        err = process_text(processes[i], PROCESS_ERR);
        CHECK_TEXT(err, "");
        free(err);
        process_close(processes[i]);
    }
    CHECK_EQ(version_of(STAYD_NEXT, &stayd), before + 1);
    CHECK_EQ(stayd_stop(&stayd, SIGTERM), 0);
    stayd_clear(&stayd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_turn),
        cmocka_unit_test(at_once),
        cmocka_unit_test(replaced),
    };

    if (sodium_init() < 0)
        return 1;
    return check_run_group("system/versions", tests,
                           COUNT(tests) - !check_on_postgres());
}
