/*
 * A backup of a stayd that runs, and what a restore does to sessions: those that
 * were signed in by then go on, though the database has lost their last steps
 * (design.md, section 5: `behind`, and adoption).
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "holder.h"
#include "stayd.h"

enum { LOST_MOST = 8 }; /* steps of a committed session that heal */

static bool back_up(const struct stayd *stayd, const char *path)
{
    char database[128];
    const char *const argv[] = {stayd_path(), "--database", database,
                                "backup",     path,         NULL};
    struct process_result result;
    bool good;

    (void)snprintf(database, sizeof database, "sqlite:%s/stay.db",
                   stayd->folder);
    result = process_run(argv, NULL, NULL);
    good = CHECK_EQ(result.code, 0);
    process_result_clear(&result);
    return good;
}

/* As stayd(8) says: stop, put the copy in its place, log away, start. */
static bool restore(struct stayd *stayd, const char *copy)
{
    static const char *const left[] = {"stay.db-wal", "stay.db-shm"};
    char path[128];
    size_t size = 0;
    char *bytes;
    bool good;

    (void)stayd_stop(stayd, SIGKILL);
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", stayd->folder, left[i]);
        (void)unlink(path); // it may be gone
    }
    (void)snprintf(path, sizeof path, "%s/stay.db", stayd->folder);
    bytes = process_read_file(copy, &size);
    good = bytes != NULL && process_write_file(path, bytes, size);
    free(bytes);
    return CHECK(good) && CHECK(stayd_restart(stayd, NULL));
}

/* Renews its token so many times. */
static bool refresh(struct holder *h, int port, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        if (!CHECK(holder_expire(port)) || !CHECK_EQ(holder_until_good(h), 200))
            return false;
    return true;
}

/* The vault knows 8 secrets before its own: one step more is beyond it. */
static bool heals(const struct family *family, unsigned steps)
{
    return !family->committed || steps <= LOST_MOST;
}

static void lose(const struct family *family, unsigned steps)
{
    bool healed = heals(family, steps);
    struct stayd stayd;
    struct holder h;
    char copy[128];

    check_case("%s: restored with %u refreshes lost: the session %s",
               family->dialect, steps, healed ? "goes on" : "ends");
    if (!CHECK(stayd_start(&stayd, NULL)))
        return;
    (void)snprintf(copy, sizeof copy, "%s/copy.db", stayd.folder);
    if (holder_open(&h, stayd.port, family->dialect, NULL, "one")) {
        if (holder_sign_in(&h) && refresh(&h, stayd.port, 1) &&
            back_up(&stayd, copy) && refresh(&h, stayd.port, steps) &&
            restore(&stayd, copy) && CHECK(holder_expire(stayd.port)))
            CHECK_EQ(holder_until_good(&h) == 200, healed);
        CHECK_EQ(h.signed_out, healed ? 0 : 1);
        if (!healed)
            CHECK_EQ(h.reason, STAY_REASON_SERVER_LOST);
        holder_close(&h);
    }
    stayd_clear(&stayd);
}

static void parts(void **state)
{
    char copy[128], part[160], database[128];
    const char *const argv[] = {stayd_path(), "--database", database,
                                "backup",     copy,         NULL};
    struct process_result result;
    struct stayd stayd;

    (void)state;
    CASE("what a killed backup left is not written over, and bears no copy's "
         "name");
    if (!CHECK(stayd_start(&stayd, NULL)))
        return;
    (void)snprintf(database, sizeof database, "sqlite:%s/stay.db",
                   stayd.folder);
    (void)snprintf(copy, sizeof copy, "%s/copy.db", stayd.folder);
    (void)snprintf(part, sizeof part, "%s.part", copy);
    CHECK(process_write_file(part, "half", 4));
    result = process_run(argv, NULL, NULL);
    CHECK_EQ(result.code, 1);
    CHECK(strstr(result.err, "copy.db.part: another backup writes it, or was "
                             "ended: remove it then") != NULL);
    CHECK(access(copy, F_OK) != 0 && access(part, F_OK) == 0);
    process_result_clear(&result);
    CASE("once it is removed there is a copy, and nothing beside it");
    CHECK(unlink(part) == 0 && back_up(&stayd, copy));
    CHECK(access(copy, F_OK) == 0 && access(part, F_OK) != 0);
    stayd_clear(&stayd);
}

static void restored(void **state)
{
    (void)state;
    for (size_t i = 0; i < families_count; i++) {
        lose(&families[i], 1);
        lose(&families[i], LOST_MOST);
        lose(&families[i], LOST_MOST + 1);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(parts),
                                              cmocka_unit_test(restored)};

    return check_run("system/backup", tests);
}
