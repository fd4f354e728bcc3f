/*
 * kill -9 at every step of a refresh, on either side: after it the vault and
 * the database are whole, and the session is still signed in.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/bytes.h"
#include "check.h"
#include "holder.h"
#include "stayd.h"

enum {
    KILLS_AT_POINT = 20,
    RANDOM_KILLS = 200,
    RANDOM_KILL_WITHIN_US = 12000,
    PASS_REST_MS = 95000, /* more than the pause after a failed refresh */
};

static const char *const options[] = {"--access-ttl", "60s", NULL};

static const char *const client_points[] = {
    "before_write",  "mid_write",    "before_fsync",
    "before_rename", "after_rename", "after_send",
};

static const char *const server_points[] = {
    "before_commit",
    "after_commit",
    "before_reply",
};

static bool database_is_whole(const struct stayd *stayd)
{
    char path[PROCESS_PATH_SIZE + 16];
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    bool whole = false;

    (void)snprintf(path, sizeof path, "%s/stay.db", stayd->folder);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &q, NULL) ==
            SQLITE_OK &&
        sqlite3_step(q) == SQLITE_ROW)
        whole = strcmp((const char *)sqlite3_column_text(q, 0), "ok") == 0;
    (void)sqlite3_finalize(q);
    (void)sqlite3_close(db);
    return whole;
}

/* A worker whose clock says that the vault's token is over. */
static struct process *start_worker(const struct holder *h, const char *point)
{
    const char *const argv[] = {WORKER, h->vault, NULL};
    char ahead[64];
    char stop[64];
    const char *const env[] = {ahead, stop, NULL};

    holder_let_expire();
    (void)snprintf(ahead, sizeof ahead, "STAY_CLOCK_OFFSET_MS=%lld",
                   (long long)holder_ahead_ms());
    (void)snprintf(stop, sizeof stop, "STAY_POINT%s%s", point ? "=" : "",
                   point ? point : "");
    return process_start(argv, env);
}

/* After any kill: open the vault anew, and be answered 200. */
static bool is_alive(const struct stayd *stayd, const struct family *family,
                     const char *name)
{
    struct holder h;
    bool alive;

    if (!holder_open(&h, stayd->port, family->dialect, stayd->folder, name))
        return false;
    holder_pass(PASS_REST_MS);
    alive = CHECK_EQ(holder_until_good(&h), 200);
    CHECK_EQ(h.signed_out, 0);
    holder_close(&h);
    return alive;
}

static bool sign_in(const struct stayd *stayd, const struct family *family,
                    const char *name, struct holder *h)
{
    bool good =
        holder_open(h, stayd->port, family->dialect, stayd->folder, name) &&
        holder_sign_in(h);

    if (good)
        holder_close(h);
    return good;
}

static void kill_client(const struct stayd *stayd, const struct family *family,
                        const char *point)
{
    struct holder h;
    unsigned killed = 0;

    check_case("%s: the client is killed at %s, 20 times", family->dialect,
               point);
    if (!sign_in(stayd, family, point, &h))
        return;
    for (unsigned i = 0; i < KILLS_AT_POINT; i++) {
        // The first time it is reached, then the second: before the request
        // is sent, where there is something to write, and after the answer.
        char stop[48];
        struct process *worker;

        (void)snprintf(stop, sizeof stop, "%s:%u", point, 1 + i % 2);
        worker = start_worker(&h, stop);
        if (worker == NULL)
            return;
        (void)process_write(worker, "get\n");
        process_close_input(worker);
        killed += process_wait(worker) == 128 + SIGKILL;
        process_close(worker);
        if (!is_alive(stayd, family, point))
            return;
    }
    CHECK(killed >= KILLS_AT_POINT / 2);
    CHECK(database_is_whole(stayd));
}

static void client_killed(void **state)
{
    struct stayd stayd = {0};

    (void)state;
    CASE("stayd starts");
    if (CHECK(stayd_start(&stayd, options)))
        for (size_t i = 0; i < families_count; i++)
            for (size_t j = 0; j < COUNT(client_points); j++)
                kill_client(&stayd, &families[i], client_points[j]);
    stayd_clear(&stayd);
}

/* The server dies at `point` of the next commit; the client goes on asking. */
static void kill_server(struct stayd *stayd, const struct family *family,
                        const char *point)
{
    struct holder h;
    unsigned killed = 0;

    check_case("%s: stayd is killed at %s, 20 times", family->dialect, point);
    if (!sign_in(stayd, family, point, &h))
        return;
    for (unsigned i = 0; i < KILLS_AT_POINT; i++) {
        struct process *worker;

        // An offered token's row moves at once at its first refresh only.
        if (!family->committed && !sign_in(stayd, family, point, &h))
            return;
        (void)stayd_stop(stayd, SIGTERM);
        (void)setenv("STAY_POINT", point, 1);
        if (!CHECK(stayd_restart(stayd, options)))
            return;
        (void)unsetenv("STAY_POINT");
        worker = start_worker(&h, NULL);
        if (worker == NULL)
            return;
        (void)process_write(worker, "get\n");
        process_close_input(worker);
        killed += process_wait(stayd->process) == 128 + SIGKILL;
        (void)stayd_stop(stayd, SIGKILL);
        if (!CHECK(stayd_restart(stayd, options)))
            return;
        (void)process_wait(worker);
        process_close(worker);
        if (!is_alive(stayd, family, point))
            return;
    }
    CHECK_EQ(killed, KILLS_AT_POINT);
    CHECK(database_is_whole(stayd));
}

static void server_killed(void **state)
{
    struct stayd stayd = {0};

    (void)state;
    CASE("stayd starts");
    if (CHECK(stayd_start(&stayd, options)))
        for (size_t i = 0; i < families_count; i++)
            for (size_t j = 0; j < COUNT(server_points); j++)
                kill_server(&stayd, &families[i], server_points[j]);
    stayd_clear(&stayd);
}

/* Even turns kill the client, odd ones the server, at any moment. */
static bool random_kill(struct stayd *stayd, const struct family *family,
                        const struct holder *h, unsigned turn)
{
    struct process *worker = start_worker(h, NULL);
    bool server = turn % 2 == 1;
    char line[PROCESS_LINE_SIZE];
    size_t from = 0;
    bool good;

    if (worker == NULL ||
        !CHECK(process_line(worker, PROCESS_OUT, "ready", &from, line)))
        return false;
    (void)process_write(worker, "get\n");
    process_close_input(worker);
    (void)usleep((useconds_t)(random() % RANDOM_KILL_WITHIN_US));
    process_signal(server ? stayd->process : worker, SIGKILL);
    good = !server || CHECK(stayd_stop(stayd, SIGKILL) >= 0);
    if (server)
        good = CHECK(stayd_restart(stayd, options));
    (void)process_wait(worker);
    process_close(worker);
    return good && is_alive(stayd, family, "random");
}

static void random_kills(const struct family *family, unsigned seed)
{
    struct stayd stayd = {0};
    struct holder h;

    check_case("%s: 100 random kills of either side, seed %u", family->dialect,
               seed);
    srandom(seed);
    if (CHECK(stayd_start(&stayd, options)) &&
        sign_in(&stayd, family, "random", &h)) {
        for (unsigned i = 0; i < RANDOM_KILLS / 2; i++)
            if (!random_kill(&stayd, family, &h, i))
                break;
        CHECK(database_is_whole(&stayd));
    }
    stayd_clear(&stayd);
}

static void at_random(void **state)
{
    const char *given = getenv("STAY_SEED");
    unsigned seed = 0;

    (void)state;
    if (given != NULL)
        seed = (unsigned)strtoul(given, NULL, 10);
    else
        CHECK(getrandom(&seed, sizeof seed, 0) == sizeof seed);
    check_note("random kills: STAY_SEED=%u repeats them", seed);
    random_kills(&families[0], seed);
    random_kills(&families[1], seed);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(client_killed),
        cmocka_unit_test(server_killed),
        cmocka_unit_test(at_random),
    };

    return check_run("system/kills", tests);
}
