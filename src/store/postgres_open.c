#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "store/postgres_store.h"

enum {
    PASSWORD_MAX = 1024, /* bytes, with a NUL */
    PARAMETERS_MAX = 16,
    SQL_SIZE = 256,
};

/* Of pg_stat_activity. */
#define BORN_US "(extract(epoch FROM backend_start) * 1000000)::bigint"

/*
 * What a session is set to. A statement that takes longer than the server is
 * given is ended there; plans are made once, and go by the key whatever the table
 * is thought to hold when they are made. Whoever has turned
 * synchronous_commit off would lose what was answered, so that is not taken.
 */
static const char session_settings[] =
    "SET statement_timeout = '5s'; SET lock_timeout = '3s';"
    "SET idle_in_transaction_session_timeout = '10s';"
    "SET default_transaction_isolation = 'read committed';"
    "SET plan_cache_mode = force_generic_plan; SET jit = off;"
    "SET enable_hashjoin = off; SET enable_mergejoin = off;"
    "SET enable_seqscan = off;"
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off';"
    "SELECT coalesce((SELECT " BORN_US " FROM pg_stat_activity"
    " WHERE pid = pg_backend_pid()), 0)";
static const char read_only[] = "SET default_transaction_read_only = on";

/* The parameters that name files which a new connection reads. */
static const char *const file_words[] = {
    "passfile", "servicefile", "sslcert",     "sslkey",
    "sslcrl",   "sslcrldir",   "sslrootcert",
};

static const char out_of_memory[] = "out of memory";

/*
 * Notices are for people at a terminal, but for this one: a commit that waited
 * for its standby was told to go on without (syncrep.c of PostgreSQL), and says
 * that it went well.
 */
static void take_notice(void *context, const PGresult *result)
{
    struct postgres_store *s = context;
    const char *from = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);

    if (from != NULL && strcmp(from, "SyncRepWaitForLSN") == 0)
        s->unsure = true;
}

struct parameters {
    const char *names[PARAMETERS_MAX + 1];
    const char *values[PARAMETERS_MAX + 1];
    size_t count;
};

static void add(struct parameters *p, const char *name, const char *value)
{
    p->names[p->count] = name;
    p->values[p->count++] = value;
}

/* libpq lets a later value win: first what the address may overrule. */
static void fill(struct parameters *p, const struct postgres_store *s,
                 const char *password)
{
    memset(p, 0, sizeof *p);
    add(p, "connect_timeout", "2"); // seconds, for each host: libpq's least
    // A host whose packets are lost: 5 s after what it did not acknowledge,
    // and an idle connection to it no later.
    add(p, "keepalives_idle", "3");
    add(p, "keepalives_interval", "1");
    add(p, "keepalives_count", "2");
    add(p, "tcp_user_timeout", "5000");
    // A service file is asked only for what is said nowhere else: what it says
    // of these is not heard.
    add(p, "target_session_attrs", "read-write");
    if (password[0] != '\0')
        add(p, "password", password);
    add(p, "dbname", s->url);
    add(p, "client_encoding", "UTF8");
    add(p, "fallback_application_name", "stayd");
}

/* The first line of the file; false: it cannot be read. */
static bool read_password(struct postgres_store *s, char out[PASSWORD_MAX])
{
    struct stat info;
    bool exposed;
    ssize_t got;
    int fd;

    out[0] = '\0';
    if (s->password_file == NULL)
        return true;
    fd = open(s->password_file, O_RDONLY | O_CLOEXEC);
    exposed = fd >= 0 && (fstat(fd, &info) != 0 || (info.st_mode & 07) != 0);
    got = fd < 0 || exposed ? -1 : read(fd, out, PASSWORD_MAX - 1);
    if (fd >= 0)
        (void)close(fd); // only read
    if (exposed) {
        (void)snprintf(s->message, sizeof s->message,
                       "its password file %.150s can be read by anyone: "
                       "chmod 600",
                       s->password_file);
        return false;
    }
    if (got <= 0) {
        (void)snprintf(s->message, sizeof s->message,
                       "its password file %.150s cannot be read or is empty",
                       s->password_file);
        return false;
    }
    out[got] = '\0';
    out[strcspn(out, "\r\n")] = '\0';
    return true;
}

static enum store_result connect_now(struct postgres_store *s)
{
    struct parameters p;
    char password[PASSWORD_MAX];

    if (!read_password(s, password))
        return STORE_DENIED;
    fill(&p, s, password);
    s->conn = PQconnectdbParams(p.names, p.values, 1);
    bytes_wipe(password, sizeof password);
    if (s->conn == NULL) {
        (void)snprintf(s->message, sizeof s->message, "%s", out_of_memory);
        return STORE_NO_MEMORY;
    }
    if (PQstatus(s->conn) != CONNECTION_OK)
        return STORE_AWAY;
    (void)PQsetNoticeReceiver(s->conn, take_notice, s);
    // So that a long pipeline never waits for us while we wait for it.
    return PQsetnonblocking(s->conn, 1) == 0 ? STORE_OK : STORE_AWAY;
}

static enum store_result refuse(struct postgres_store *s, const char *reason,
                                enum store_result result)
{
    (void)snprintf(s->message, sizeof s->message, "%s", reason);
    return result;
}

/* Is it a server that we can work with? */
static enum store_result identify(struct postgres_store *s)
{
    const char *encoding = PQparameterStatus(s->conn, "server_encoding");
    const char *standby = PQparameterStatus(s->conn, "in_hot_standby");

    if (PQserverVersion(s->conn) < POSTGRES_VERSION)
        return refuse(s, "the server is older than PostgreSQL 15",
                      STORE_DENIED);
    if (encoding == NULL || strcmp(encoding, "UTF8") != 0)
        return refuse(s,
                      "its encoding is not UTF8: create it with ENCODING "
                      "'UTF8' TEMPLATE template0",
                      STORE_DENIED);
    if (standby != NULL && strcmp(standby, "on") == 0)
        return refuse(s, "the server is a standby", STORE_AWAY);
    return STORE_OK;
}

/* The process that an earlier connection has left behind. */
static enum store_result end_orphan(struct postgres_store *s)
{
    char sql[SQL_SIZE];

    if (s->orphan.born_us == 0)
        return STORE_OK;
    (void)snprintf(sql, sizeof sql,
                   "SELECT count(pg_terminate_backend(pid))"
                   " FROM pg_stat_activity WHERE pid = %d AND " BORN_US
                   " = %lld",
                   s->orphan.id, (long long)s->orphan.born_us);
    s->orphan.born_us = 0; // tried once
    return postgres_run(s, sql);
}

static enum store_result set_up(struct postgres_store *s)
{
    enum store_result result = identify(s);

    s->own.id = PQbackendPID(s->conn);
    if (result == STORE_OK)
        result = postgres_number(s, session_settings, &s->own.born_us);
    if (result == STORE_OK)
        result = end_orphan(s);
    if (result == STORE_OK && s->mode == STORE_WRITE)
        result = postgres_migrate(s);
    if (result == STORE_OK)
        result = postgres_check_schema(s);
    if (result == STORE_OK && s->mode == STORE_READ)
        result = postgres_run(s, read_only);
    if (result == STORE_OK)
        result = postgres_prepare(s);
    return result;
}

enum store_result postgres_connect(struct postgres_store *s)
{
    enum store_result result = connect_now(s);

    s->asked_count = s->step_count = 0;
    if (result == STORE_AWAY && s->conn != NULL)
        postgres_lose(s, PQerrorMessage(s->conn));
    if (result == STORE_OK)
        result = set_up(s);
    if (result != STORE_OK && s->conn != NULL)
        postgres_lose(s, s->message);
    return result;
}

void postgres_files(struct postgres_store *s,
                    void (*each)(void *context, const char *path),
                    void *context)
{
    PQconninfoOption *options = s->conn == NULL ? NULL : PQconninfo(s->conn);

    if (s->password_file != NULL)
        each(context, s->password_file);
    for (PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++)
        for (size_t i = 0; i < COUNT(file_words); i++)
            if (strcmp(o->keyword, file_words[i]) == 0 && o->val != NULL)
                each(context, o->val);
    PQconninfoFree(options);
}
