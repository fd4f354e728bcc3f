#include "postgres.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "peer.h"

enum {
    PATH_SIZE = PEER_PATH_SIZE,
};

static const char settings[] = "listen_addresses = '127.0.0.1'\n"
                               "unix_socket_directories = '%s'\n"
                               "fsync = on\n"
                               "synchronous_commit = on\n"
                               "max_connections = 60\n"
                               "shared_buffers = 32MB\n"
                               "dynamic_shared_memory_type = mmap\n"
                               "wal_level = replica\n"
                               "max_wal_senders = 4\n"
                               "hot_standby = on\n"
                               "wal_retrieve_retry_interval = 100ms\n"
                               "autovacuum_naptime = 10s\n"
                               "log_destination = stderr\n"
                               "logging_collector = off\n"
                               "log_min_messages = warning\n";

static const char rights[] = "local all all trust\n"
                             "local replication all trust\n"
                             "host replication all 127.0.0.1/32 trust\n"
                             "host all locked 127.0.0.1/32 scram-sha-256\n"
                             "host all all 127.0.0.1/32 trust\n";

static const char roles[] =
    "CREATE ROLE stay LOGIN;"
    "CREATE ROLE locked LOGIN PASSWORD 'open sesame';"
    "CREATE DATABASE stay OWNER stay TEMPLATE template0 ENCODING 'UTF8'";

static struct peer peer = {.name = "postgres"};

const char *postgres_programs(void)
{
    const char *found = peer_find(&peer);

    if (found != NULL)
        return found;
    check_skip("no PostgreSQL here, and none to download");
    return NULL;
}

static void fill(const char *argv[PEER_WORDS_MAX], const char *program,
                 const char *const words[])
{
    peer_command(argv, "QUIT", program, words);
}

static void name_program(char path[PATH_SIZE], const char *name)
{
    (void)snprintf(path, PATH_SIZE, "%.400s/%.32s", peer.found, name);
}

/* Runs one of the programs to its end; notes what it said when it failed. */
static bool run(const char *name, const char *const words[])
{
    const char *argv[PEER_WORDS_MAX];
    char program[PATH_SIZE];
    struct process_result result;
    bool done;

    name_program(program, name);
    fill(argv, program, words);
    result = process_run(argv, peer.environment, NULL);
    done = result.code == 0;
    if (!done)
        check_note("%s: %d: %.600s", name, result.code, result.err);
    process_result_clear(&result);
    return done;
}

static void data_path(const struct postgres *db, const char *name,
                      char path[PATH_SIZE])
{
    (void)snprintf(path, PATH_SIZE, "%s/data%s%s", db->folder,
                   name[0] == '\0' ? "" : "/", name);
}

static bool add_to_file(const struct postgres *db, const char *name,
                        const char *mode, const char *text)
{
    char path[PATH_SIZE];
    FILE *file;
    bool written;

    data_path(db, name, path);
    file = fopen(path, mode);
    if (file == NULL)
        return false;
    written = fputs(text, file) >= 0;
    return fclose(file) == 0 && written && peer_give(path);
}

static bool answers(struct postgres *db)
{
    char socket_folder[PROCESS_PATH_SIZE + 8], port[16], program[PATH_SIZE];
    const char *const words[] = {"-q", "-h", socket_folder, "-p", port, NULL};
    const char *argv[PEER_WORDS_MAX];
    struct process_result result;
    bool ready;

    (void)snprintf(socket_folder, sizeof socket_folder, "%s", db->folder);
    (void)snprintf(port, sizeof port, "%d", db->port);
    name_program(program, "pg_isready");
    fill(argv, program, words);
    result = process_run(argv, peer.environment, NULL);
    ready = result.code == 0;
    process_result_clear(&result);
    return ready;
}

static bool launch(struct postgres *db)
{
    char data[PATH_SIZE], port[16], program[PATH_SIZE];
    const char *const words[] = {"-D", data, "-p", port, NULL};
    const char *argv[PEER_WORDS_MAX];

    data_path(db, "", data);
    (void)snprintf(port, sizeof port, "%d", db->port);
    name_program(program, "postgres");
    fill(argv, program, words);
    db->process = process_start(argv, peer.environment);
    return db->process != NULL;
}

static bool has_ended(struct postgres *db)
{
    siginfo_t info = {.si_pid = 0};

    return waitid(P_PID, (id_t)process_id(db->process), &info,
                  WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid != 0;
}

static void forget_process(struct postgres *db)
{
    process_close(db->process);
    db->process = NULL;
}

bool postgres_restart(struct postgres *db)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;
    char *said;

    // What a crash left behind keeps the next one out for a moment.
    while (process_now_ms() < end_ms) {
        if (db->process == NULL && !launch(db))
            return false;
        if (answers(db))
            return true;
        if (has_ended(db) && process_now_ms() < end_ms - PROCESS_LIMIT_MS / 2)
            forget_process(db);
        process_pause();
    }
    said = db->process == NULL ? NULL : process_text(db->process, PROCESS_ERR);
    check_note("postgres did not start: %.600s", said == NULL ? "" : said);
    free(said);
    return check_true(__FILE__, __LINE__, "PostgreSQL starts", false);
}

void postgres_stop(struct postgres *db, int signal_number)
{
    if (db->process == NULL)
        return;
    process_signal(db->process, signal_number);
    (void)process_wait(db->process);
    forget_process(db);
}

static void set_url(const struct postgres *db, const char *name,
                    char url[POSTGRES_URL_SIZE])
{
    (void)snprintf(url, POSTGRES_URL_SIZE,
                   "postgresql://stay@/%.40s?host=%s&port=%d", name, db->folder,
                   db->port);
}

/* A folder for the server's user, and a port. */
static bool make_place(struct postgres *out)
{
    *out = (struct postgres){.port = peer_port()};
    if (!process_folder(out->folder) || out->port == 0)
        return false;
    set_url(out, "stay", out->url);
    return peer_give(out->folder);
}

static bool make_cluster(struct postgres *db)
{
    char data[PATH_SIZE], text[sizeof settings + PROCESS_PATH_SIZE];
    const char *const words[] = {"-D",    data,       "-N",       "-A",
                                 "trust", "-U",       "postgres", "-E",
                                 "UTF8",  "--locale", "C.UTF-8",  NULL};

    data_path(db, "", data);
    (void)snprintf(text, sizeof text, settings, db->folder);
    return run("initdb", words) &&
           add_to_file(db, "postgresql.conf", "a", text) &&
           add_to_file(db, "pg_hba.conf", "w", rights);
}

static struct process_result ask(struct postgres *db, const char *database,
                                 const char *sql)
{
    char port[16], program[PATH_SIZE];
    const char *const words[] = {
        "-X", "-q",       "-A", "-t", "-v", "ON_ERROR_STOP=1",
        "-h", db->folder, "-p", port, "-U", "postgres",
        "-d", database,   "-f", "-",  NULL};
    const char *argv[PEER_WORDS_MAX];

    (void)snprintf(port, sizeof port, "%d", db->port);
    name_program(program, "psql");
    fill(argv, program, words);
    return process_run(argv, peer.environment, sql);
}

bool postgres_sql(struct postgres *db, const char *sql, char *out, size_t size)
{
    struct process_result result = ask(db, "stay", sql);
    size_t length = strlen(result.out);
    bool done = result.code == 0;

    while (length > 0 && result.out[length - 1] == '\n')
        result.out[--length] = '\0';
    if (out != NULL)
        (void)snprintf(out, size, "%s", result.out);
    if (!done)
        check_note("psql: %.300s", result.err);
    process_result_clear(&result);
    return done;
}

bool postgres_add_database(struct postgres *db, const char *name,
                           char url[POSTGRES_URL_SIZE])
{
    char sql[160];
    struct process_result result;
    bool done;

    (void)snprintf(sql, sizeof sql,
                   "CREATE DATABASE \"%.40s\" OWNER stay TEMPLATE template0"
                   " ENCODING 'UTF8'",
                   name);
    result = ask(db, "postgres", sql);
    done = result.code == 0;
    if (!done)
        check_note("psql: %.300s", result.err);
    process_result_clear(&result);
    set_url(db, name, url);
    return check_true(__FILE__, __LINE__, "a database more", done);
}

static bool set_up(struct postgres *db)
{
    struct process_result result = ask(db, "postgres", roles);
    bool done = result.code == 0;

    if (!done)
        check_note("psql: %.300s", result.err);
    process_result_clear(&result);
    return done;
}

bool postgres_start(struct postgres *out)
{
    *out = (struct postgres){.port = 0};
    if (postgres_programs() == NULL)
        return false;
    if (make_place(out) && make_cluster(out) && postgres_restart(out) &&
        set_up(out))
        return true;
    postgres_clear(out);
    return check_true(__FILE__, __LINE__, "PostgreSQL starts", false);
}

static bool copy_primary(struct postgres *out, const struct postgres *primary)
{
    char data[PATH_SIZE], port[16], text[512];
    const char *const words[] = {
        "-D",       data, "-h",     "127.0.0.1", "-p",   port, "-U",
        "postgres", "-X", "stream", "-c",        "fast", "-N", NULL};

    data_path(out, "", data);
    (void)snprintf(port, sizeof port, "%d", primary->port);
    (void)snprintf(text, sizeof text,
                   "unix_socket_directories = '%s'\n"
                   "synchronous_standby_names = ''\n"
                   "primary_conninfo = 'host=127.0.0.1 port=%d user=postgres"
                   " application_name=standby_%d'\n",
                   out->folder, primary->port, out->port);
    return run("pg_basebackup", words) &&
           add_to_file(out, "postgresql.conf", "a", text) &&
           add_to_file(out, "standby.signal", "w", "");
}

static bool wait_for_it(struct postgres *primary,
                        const struct postgres *standby)
{
    char sql[200];

    (void)snprintf(sql, sizeof sql,
                   "ALTER SYSTEM SET synchronous_standby_names = 'standby_%d';"
                   "SELECT pg_reload_conf();",
                   standby->port);
    return postgres_sql(primary, sql, NULL, 0);
}

bool postgres_caught_up(struct postgres *standby, struct postgres *primary)
{
    char at[64], sql[160], got[16];
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;

    if (!postgres_sql(primary, "SELECT pg_current_wal_lsn()", at, sizeof at))
        return false;
    (void)snprintf(sql, sizeof sql,
                   "SELECT pg_last_wal_replay_lsn() >= '%s'::pg_lsn", at);
    while (process_now_ms() < end_ms) {
        if (postgres_sql(standby, sql, got, sizeof got) &&
            strcmp(got, "t") == 0)
            return true;
        process_pause();
    }
    return false;
}

bool postgres_standby(struct postgres *out, struct postgres *primary,
                      bool synchronous)
{
    *out = (struct postgres){.port = 0};
    if (make_place(out) && copy_primary(out, primary) &&
        postgres_restart(out) && postgres_caught_up(out, primary) &&
        (!synchronous || wait_for_it(primary, out)))
        return true;
    postgres_clear(out);
    return check_true(__FILE__, __LINE__, "a standby starts", false);
}

bool postgres_promote(struct postgres *standby)
{
    return check_true(
        __FILE__, __LINE__, "the standby is promoted",
        postgres_sql(standby, "SELECT pg_promote(true, 30)", NULL, 0));
}

/* A standby without an address to ask has no stream. */
static bool set_stream(struct postgres *standby, const char *sql)
{
    return check_true(
        __FILE__, __LINE__, sql,
        postgres_sql(standby, sql, NULL, 0) &&
            postgres_sql(standby, "SELECT pg_reload_conf()", NULL, 0));
}

bool postgres_detach(struct postgres *standby)
{
    int64_t end_ms = process_now_ms() + PROCESS_LIMIT_MS;
    char got[16];

    if (!set_stream(standby, "ALTER SYSTEM SET primary_conninfo = ''"))
        return false;
    while (process_now_ms() < end_ms) {
        if (postgres_sql(standby, "SELECT count(*) FROM pg_stat_wal_receiver",
                         got, sizeof got) &&
            strcmp(got, "0") == 0)
            return true;
        process_pause();
    }
    return check_true(__FILE__, __LINE__, "the stream ends", false);
}

bool postgres_attach(struct postgres *standby)
{
    // postgresql.conf says it still.
    return set_stream(standby, "ALTER SYSTEM RESET primary_conninfo");
}

void postgres_clear(struct postgres *db)
{
    postgres_stop(db, SIGQUIT);
    process_folder_remove(db->folder);
    *db = (struct postgres){.port = 0};
}
