/*
 * stayd on PostgreSQL: how it starts or says why not, what it does when the
 * database goes, and that several share one.
 */
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "check.h"
#include "postgres.h"
#include "proxy.h"
#include "refresher.h"
#include "stayd.h"
#include "wire.h"

enum {
    WORDS_MAX = 16,
    VALUE_SIZE = 256,
    SESSIONS = 8,
    STEPS = 200, /* granted in each stretch, all sessions together */
    STEPS_FULL = 5000,
    SOON_MS = 1000, /* a refusal while the database is away takes no longer */
    SILENT_MS = 10000, /* nor does the first one, however it went */
};

static size_t steps(void)
{
    const char *full = getenv("FULL");

    return full != NULL && full[0] == '1' ? STEPS_FULL : STEPS;
}

/* ---- How it starts ---- */

struct start_row {
    const char *name;
    const char *database; /* {S} socket folder and port, {P} port */
    const char *words[4]; /* options more; $W: the password's file */
    const char *env;
    int code; /* -1: it starts */
    const char *err;
};

static const char exposed[] =
    "holds a password, and others may read it there; use "
    "--database-password-file, a passfile or service file (libpq), or a "
    "--config file of mode 0600\n";

// clang-format off
static const struct start_row start_rows[] = {
    {"by a Unix socket", "postgresql://stay@/stay?{S}", {NULL}, NULL, -1, ""},
    {"over TCP", "postgresql://stay@127.0.0.1:{P}/stay", {NULL}, NULL, -1, ""},
    {"by a host's name", "postgresql://stay@localhost:{P}/stay", {NULL}, NULL,
     -1, ""},
    {"of several hosts the first is away", "postgresql://stay@127.0.0.1:1,"
     "127.0.0.1:{P}/stay", {NULL}, NULL, -1, ""},
    {"a password from its file", "postgresql://locked@127.0.0.1:{P}/locked",
     {"--database-password-file", "$W/word"}, NULL, -1, ""},
    {"a password from a passfile", "postgresql://locked@127.0.0.1:{P}/locked"
     "?passfile=$W/pass", {NULL}, NULL, -1, ""},
    {"a password from the service manager",
     "postgresql://locked@127.0.0.1:{P}/locked", {NULL},
     "CREDENTIALS_DIRECTORY=$W/credentials", -1, ""},
    {"a password in libpq's own variable",
     "postgresql://locked@127.0.0.1:{P}/locked", {NULL},
     "PGPASSWORD=open sesame", 2, "stayd: PGPASSWORD: <EXPOSED>"},
    {"a password file that anyone can read",
     "postgresql://locked@127.0.0.1:{P}/locked", {"--database-password-file",
     "$W/wide"}, NULL, 1, "stayd: database: its password file $W/wide can be "
     "read by anyone: chmod 600\n"},
    {"a service from its file", "postgresql://?service=stay", {NULL},
     "PGSERVICEFILE=$W/services", -1, ""},
    {"a password in the file of options", NULL, {"--config", "$W/options"},
     NULL, -1, ""},
    {"a password in a file of options that others may read", NULL,
     {"--config", "$W/open"}, NULL, 2, "stayd: $W/open: holds the database's "
     "password, and others may read or write it; allowed is mode 0600<ANY>\n"},
    {"a password on the command line",
     "postgresql://locked:open%20sesame@127.0.0.1:{P}/locked", {NULL}, NULL, 2,
     "stayd: --database: <EXPOSED>"},
    {"a password in the environment", NULL, {NULL},
     "STAYD_DATABASE=postgresql://locked@127.0.0.1/locked?password=sesame", 2,
     "stayd: STAYD_DATABASE: <EXPOSED>"},
    {"a wrong password", "postgresql://locked@127.0.0.1:{P}/locked",
     {"--database-password-file", "$W/wrong"}, NULL, 1,
     "stayd: database: connection to server <ANY> password authentication "
     "failed for user 'locked'\n"},
    {"no password where one is wanted",
     "postgresql://locked@127.0.0.1:{P}/locked", {NULL}, NULL, 1,
     "stayd: database: connection to server <ANY> no password supplied\n"},
    {"a password file that is not there",
     "postgresql://locked@127.0.0.1:{P}/locked", {"--database-password-file",
     "$W/none"}, NULL, 1, "stayd: database: its password file $W/none cannot "
     "be read or is empty\n"},
    {"a database that there is not", "postgresql://stay@127.0.0.1:{P}/none",
     {NULL}, NULL, 1, "stayd: database: <ANY>database 'none' does not exist\n"},
    {"a server that there is not", "postgresql://stay@127.0.0.1:1/stay", {NULL},
     NULL, 1, "stayd: database: connection to server <ANY> failed: Connection "
     "refused<ANY>\n"},
    {"an address with an unknown word in it",
     "postgresql://stay:secret@127.0.0.1/stay?colour=red", {NULL}, NULL, 2,
     "stayd: --database: '...' is not allowed; use <ANY>\n"},
    {"a database in another encoding", "postgresql://stay@127.0.0.1:{P}/latin",
     {NULL}, NULL, 1, "stayd: database: its encoding is not UTF8<ANY>\n"},
    {"a database of another program", "postgresql://stay@127.0.0.1:{P}/other",
     {NULL}, NULL, 1, "stayd: database: relation 'account' already exists\n"},
};
// clang-format on

/* Puts what {S}, {P}, $W and <EXPOSED> stand for into `text`. */
static void fill_in(char out[VALUE_SIZE * 2], const char *text,
                    const struct postgres *db, const char *folder)
{
    size_t used = 0;

    out[0] = '\0';
    for (; *text != '\0' && used < VALUE_SIZE * 2 - 1; text++) {
        char *at = out + used;
        size_t room = VALUE_SIZE * 2 - used;

        if (strncmp(text, "{S}", 3) == 0)
            (void)snprintf(at, room, "host=%s&port=%d", db->folder, db->port);
        else if (strncmp(text, "{P}", 3) == 0)
            (void)snprintf(at, room, "%d", db->port);
        else if (strncmp(text, "$W", 2) == 0)
            (void)snprintf(at, room, "%s", folder);
        else if (strncmp(text, "<EXPOSED>", 9) == 0)
            (void)snprintf(at, room, "%s", exposed);
        else
            (void)snprintf(at, room, "%c", *text);
        if (*text == '{')
            text += 2;
        else if (*text == '$')
            text += 1;
        else if (strncmp(text, "<EXPOSED>", 9) == 0)
            text += 8;
        used += strlen(at);
    }
}

static bool write_file(const char *folder, const char *name, const char *text)
{
    char path[PROCESS_PATH_SIZE + 32];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return process_write_file(path, text, strlen(text));
}

static void write_files(const struct postgres *db, const char *folder)
{
    char text[512], path[PROCESS_PATH_SIZE + 16];

    CHECK(write_file(folder, "word", "open sesame\n"));
    CHECK(write_file(folder, "wrong", "open barley\n"));
    (void)snprintf(text, sizeof text, "127.0.0.1:%d:*:locked:open sesame\n",
                   db->port);
    CHECK(write_file(folder, "pass", text));
    (void)snprintf(text, sizeof text,
                   "[stay]\nhost=%s\nport=%d\nuser=stay\ndbname=stay\n",
                   db->folder, db->port);
    CHECK(write_file(folder, "services", text));
    (void)snprintf(text, sizeof text,
                   "database = postgresql://locked:open%%20sesame@127.0.0.1:%d"
                   "/locked\n",
                   db->port);
    CHECK(write_file(folder, "options", text) &&
          write_file(folder, "open", text));
    (void)snprintf(path, sizeof path, "%s/open", folder);
    CHECK_EQ(chmod(path, 0644), 0);
    CHECK(write_file(folder, "wide", "open sesame\n"));
    (void)snprintf(path, sizeof path, "%s/wide", folder);
    CHECK_EQ(chmod(path, 0604), 0);
    (void)snprintf(path, sizeof path, "%s/credentials", folder);
    CHECK_EQ(mkdir(path, 0700), 0);
    CHECK(write_file(folder, "credentials/database-password", "open sesame"));
}

static void make_databases(struct postgres *db)
{
    char url[POSTGRES_URL_SIZE];

    CHECK(postgres_sql(db, "CREATE DATABASE locked OWNER locked", NULL, 0));
    CHECK(postgres_sql(db,
                       "CREATE DATABASE latin OWNER stay TEMPLATE template0"
                       " ENCODING 'LATIN1' LOCALE 'C'",
                       NULL, 0));
    CHECK(postgres_add_database(db, "other", url));
    CHECK(postgres_sql(db, "\\c other stay\nCREATE TABLE account (id bigint)",
                       NULL, 0));
}

/* Runs stayd until it has said where it listens, or has ended. */
static void try_start(const struct start_row *r, const struct postgres *db,
                      const char *folder)
{
    char words[WORDS_MAX][VALUE_SIZE * 2], line[PROCESS_LINE_SIZE];
    const char *argv[WORDS_MAX] = {stayd_path(), "--listen", "127.0.0.1:0",
                                   "--demo"};
    const char *env[2] = {NULL};
    struct process *process;
    size_t count = 4, from = 0;
    bool listens;
    char *err;

    fill_in(words[0], "$W/stay.key", db, folder);
    argv[count++] = "--key-file";
    argv[count++] = words[0];
    if (r->database != NULL) {
        fill_in(words[1], r->database, db, folder);
        argv[count++] = "--database";
        argv[count++] = words[1];
    }
    for (size_t i = 0; i < COUNT(r->words) && r->words[i] != NULL; i++) {
        fill_in(words[2 + i], r->words[i], db, folder);
        argv[count++] = words[2 + i];
    }
    if (r->env != NULL) {
        fill_in(words[10], r->env, db, folder);
        env[0] = words[10];
    }
    fill_in(words[11], r->err, db, folder);
    process = process_start(argv, env);
    if (process == NULL)
        return;
    listens = process_line(process, PROCESS_OUT, "listening on ", &from, line);
    CHECK_EQ(listens, r->code < 0);
    if (listens)
        process_signal(process, SIGTERM);
    CHECK_EQ(process_wait(process), r->code < 0 ? 0 : r->code);
    err = process_text(process, PROCESS_ERR);
    if (r->code >= 0 && !CHECK(wire_match(words[11], err)))
        check_note("%.300s", err);
    CHECK(strstr(err, "sesame") == NULL && strstr(err, "barley") == NULL);
    free(err);
    process_close(process);
}

static void starts(void **state)
{
    char folder[PROCESS_PATH_SIZE] = "";
    struct postgres db;

    (void)state;
    CASE("PostgreSQL starts");
    if (!postgres_start(&db))
        return;
    CHECK(process_folder(folder));
    write_files(&db, folder);
    make_databases(&db);
    for (size_t i = 0; i < COUNT(start_rows); i++) {
        CASE(start_rows[i].name);
        try_start(&start_rows[i], &db, folder);
    }
    process_folder_remove(folder);
    postgres_clear(&db);
}

/* ---- Neighbours ---- */

static void neighbours(void **state)
{
    static const struct start_row older = {
        "",
        "postgresql://stay@127.0.0.1:{P}/stay",
        {NULL},
        NULL,
        1,
        "stayd: database: written by a newer version of this program\n"};
    static const struct start_row newest = {
        "", "postgresql://stay@127.0.0.1:{P}/stay", {NULL}, NULL, -1, ""};
    char folder[PROCESS_PATH_SIZE] = "";
    struct postgres db;

    (void)state;
    CASE("PostgreSQL starts");
    if (!postgres_start(&db))
        return;
    CHECK(process_folder(folder));
    CASE("the first start migrates");
    try_start(&newest, &db, folder);
    CASE("a database that a newer program migrated keeps this one out");
    CHECK(postgres_sql(&db,
                       "INSERT INTO stay_migration (number, name) SELECT"
                       " max(number) + 1, 'next' FROM stay_migration",
                       NULL, 0));
    try_start(&older, &db, folder);
    CASE("unless it says that this one may go on");
    CHECK(postgres_sql(&db,
                       "INSERT INTO setting SELECT 'schema_oldest',"
                       " convert_to((max(number) - 1)::text, 'UTF8')"
                       " FROM stay_migration",
                       NULL, 0));
    try_start(&newest, &db, folder);
    CASE("but not one older still");
    CHECK(postgres_sql(&db,
                       "INSERT INTO stay_migration (number, name) SELECT"
                       " max(number) + 1, 'next' FROM stay_migration;"
                       "UPDATE setting SET value = (SELECT"
                       " convert_to((max(number) - 1)::text, 'UTF8')"
                       " FROM stay_migration) WHERE name = 'schema_oldest'",
                       NULL, 0));
    try_start(&older, &db, folder);
    process_folder_remove(folder);
    postgres_clear(&db);
}

/* ---- The database goes, and comes back ---- */

static int status_of(int port, const char *path)
{
    struct wire_request request = {.method = "GET", .path = path};
    struct wire_reply reply = wire_ask(port, &request);
    int status = reply.status;

    wire_clear(&reply);
    return status;
}

static bool wait_for_status(int port, int status)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;

    while (process_now_ms() < end_ms) {
        if (status_of(port, "/readyz") == status)
            return true;
        process_pause();
    }
    return false;
}

/* What came until now is a refresh, or a refusal for the time being. */
static void check_counts(const struct refreshers_counts *n)
{
    check_note(
        "%d sessions: %d granted, %d advanced, %d unavailable, %d silent",
        (int)n->sessions, (int)n->granted, (int)n->advanced,
        (int)n->unavailable, (int)n->silent);
    CHECK_EQ(n->ended, 0);
    CHECK_EQ(n->others, 0);
    CHECK_EQ(n->behind, 0);
    if (n->wrong[0] != '\0')
        check_note("%s", n->wrong);
}

/* Waits until so many more were refused; what is true then. */
static struct refreshers_counts refuse_more(struct refreshers *all, size_t more)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;
    size_t wanted = refreshers_count(all).unavailable + more;
    struct refreshers_counts counts;

    do {
        process_pause();
        counts = refreshers_count(all);
    } while (counts.unavailable < wanted && process_now_ms() < end_ms);
    CHECK(counts.unavailable >= wanted);
    return counts;
}

/* While it is away: refused at once, and alive. */
static void check_away(const struct stayd *stayd, struct refreshers *all)
{
    struct refreshers_counts before, after;
    int64_t begin_ms;

    CASE("while it is away, not ready but alive, and refused at once");
    CHECK(wait_for_status(stayd->port, 503));
    CHECK_EQ(status_of(stayd->port, "/livez"), 200);
    // A server that was killed leaves backends, which serve for a moment yet.
    before = refuse_more(all, 10 * SESSIONS);
    begin_ms = process_now_ms();
    after = refuse_more(all, 5 * SESSIONS);
    CHECK(process_now_ms() - begin_ms < 5 * SOON_MS);
    CHECK_EQ(after.granted, before.granted);
}

static void away(void **state)
{
    static const int signals[] = {SIGKILL, SIGINT};
    struct refreshers_counts counts;
    struct refreshers *all;
    struct postgres db;
    const char *const options[] = {"--database", db.url, "--no-throttle", NULL};
    struct stayd stayd;

    (void)state;
    CASE("PostgreSQL starts");
    if (!postgres_start(&db))
        return;
    if (!stayd_start(&stayd, options))
        return;
    all = refreshers_start(&stayd.port, 1, SESSIONS);
    for (size_t i = 0; all != NULL && i < COUNT(signals); i++) {
        check_case("PostgreSQL ends under load, signal %d", signals[i]);
        CHECK(refreshers_reach(all, refreshers_count(all).granted + steps()));
        postgres_stop(&db, signals[i]);
        check_away(&stayd, all);
        CASE("back again, work goes on");
        CHECK(postgres_restart(&db));
        CHECK(refreshers_reach(all, refreshers_count(all).granted + steps()));
    }
    CASE("one connection is cut, and another: nobody notices much");
    for (int i = 0; all != NULL && i < 5; i++) {
        CHECK(postgres_sql(&db,
                           "SELECT count(pg_terminate_backend(pid)) FROM"
                           " (SELECT pid FROM pg_stat_activity WHERE usename ="
                           " 'stay' ORDER BY random() LIMIT 1) AS one",
                           NULL, 0));
        CHECK(refreshers_reach(all, refreshers_count(all).granted + 20));
    }
    CASE("every session lives");
    CHECK(all != NULL && refreshers_end(all, &counts));
    check_counts(&counts);
    CASE("stayd stops when told to");
    CHECK_EQ(stayd_stop(&stayd, SIGTERM), 0);
    CASE("and at once while the database is away");
    CHECK(stayd_restart(&stayd, options));
    postgres_stop(&db, SIGINT);
    CHECK(wait_for_status(stayd.port, 503));
    CHECK_EQ(stayd_stop(&stayd, SIGTERM), 0);
    stayd_clear(&stayd);
    postgres_clear(&db);
}

/* Packets get lost on the way to the database, and nobody says so. */
static void fall_silent(struct proxy *proxy, const struct stayd *stayd,
                        struct refreshers *all)
{
    int64_t begin_ms;

    CASE("its packets are lost: they are told within 10 s, and then at once");
    CHECK(refreshers_reach(all, refreshers_count(all).granted + steps()));
    begin_ms = process_now_ms();
    proxy_silence(proxy, true);
    (void)refuse_more(all, 1);
    check_note("first told after %d ms", (int)(process_now_ms() - begin_ms));
    CHECK(process_now_ms() - begin_ms < SILENT_MS);
    (void)refuse_more(all, 10 * SESSIONS);
    CHECK(process_now_ms() - begin_ms < SILENT_MS + SOON_MS);
    check_away(stayd, all);
    CASE("they get through again: work goes on");
    proxy_silence(proxy, false);
    CHECK(refreshers_reach(all, refreshers_count(all).granted + steps()));
}

static void silent(void **state)
{
    struct refreshers_counts counts;
    struct refreshers *all = NULL;
    struct proxy *proxy = NULL;
    struct postgres db;
    char url[POSTGRES_URL_SIZE];
    struct stayd stayd = {0};

    (void)state;
    CASE("PostgreSQL starts, and a proxy before it");
    if (!postgres_start(&db))
        return;
    proxy = proxy_open((unsigned)db.port, "/");
    if (!CHECK(proxy != NULL))
        goto done;
    (void)snprintf(url, sizeof url, "postgresql://stay@127.0.0.1:%u/stay",
                   proxy_port(proxy));
    if (!stayd_start(&stayd, (const char *const[]){"--database", url, NULL}))
        goto done;
    all = refreshers_start(&stayd.port, 1, SESSIONS);
    if (all == NULL)
        goto done;
    fall_silent(proxy, &stayd, all);
    CASE("every session lives");
    CHECK(refreshers_end(all, &counts));
    check_counts(&counts);
    CHECK_EQ(stayd_stop(&stayd, SIGTERM), 0);
done:
    stayd_clear(&stayd);
    proxy_close(proxy);
    postgres_clear(&db);
}

/* ---- Several on one ---- */

static void several(void **state)
{
    struct postgres db;
    struct stayd stayd[3];
    int ports[3];
    char key[PROCESS_PATH_SIZE + 16] = "", hot[64] = "";
    const char *const options[] = {"--database", db.url, "--no-throttle",
                                   "--key-file", key,    NULL};
    struct refreshers_counts counts;
    struct refreshers *all;

    (void)state;
    CASE("PostgreSQL starts");
    if (!postgres_start(&db))
        return;
    CASE("three stayd on one database, with one key file");
    for (int i = 0; i < 3; i++) {
        (void)snprintf(key, sizeof key, "%s/stay.key", stayd[0].folder);
        if (i == 0)
            key[0] = '\0';
        if (!stayd_start(&stayd[i],
                         i == 0 ? (const char *const[]){"--database", db.url,
                                                        "--no-throttle", NULL}
                                : options))
            return;
        ports[i] = stayd[i].port;
    }
    all = refreshers_start(ports, 3, SESSIONS);
    CASE("sessions wander between them");
    CHECK(all != NULL && refreshers_reach(all, 2 * steps()));
    CASE("one is killed under load: nobody else notices");
    CHECK_EQ(stayd_stop(&stayd[1], SIGKILL), 128 + SIGKILL);
    CHECK(refreshers_reach(all, refreshers_count(all).granted + steps()));
    CHECK(stayd_restart(&stayd[1], options));
    CHECK(refreshers_reach(all, refreshers_count(all).granted + steps()));
    CASE("every session lives");
    CHECK(refreshers_end(all, &counts));
    check_counts(&counts);
    CHECK_EQ(counts.unavailable, 0);
    CASE("a refresh finds room in its own page, and touches no index");
    CHECK(postgres_sql(&db, "SELECT pg_stat_force_next_flush()", NULL, 0));
    CHECK(postgres_sql(&db,
                       "SELECT n_tup_hot_upd * 10 >= n_tup_upd * 9,"
                       " n_tup_upd > 0 FROM pg_stat_user_tables"
                       " WHERE relname = 'session'",
                       hot, sizeof hot));
    CHECK_TEXT(hot, "t|t");
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(stayd_stop(&stayd[i], SIGTERM), 0);
        stayd_clear(&stayd[i]);
    }
    postgres_clear(&db);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts),  cmocka_unit_test(neighbours),
        cmocka_unit_test(away),    cmocka_unit_test(silent),
        cmocka_unit_test(several),
    };

    if (sodium_init() < 0)
        return 1;
    return check_run("system/stayd_postgres", tests);
}
