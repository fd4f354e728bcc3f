#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "store/postgres_store.h"

enum {
    PASSWORD_MAX = 1024, /* bytes, with a NUL */
    PARAMETERS_MAX = 16,
};

/*
 * What a session is set to. A statement that takes longer than the server is
 * given is ended there; plans are made once. Whoever has turned
 * synchronous_commit off would lose what was answered, so that is not taken.
 */
static const char session_settings[] =
    "SET statement_timeout = '10s'; SET lock_timeout = '5s';"
    "SET idle_in_transaction_session_timeout = '30s';"
    "SET default_transaction_isolation = 'read committed';"
    "SET plan_cache_mode = force_generic_plan; SET jit = off;"
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off'";
static const char read_only[] = "SET default_transaction_read_only = on";

static const char out_of_memory[] = "out of memory";

/* Notices are for people at a terminal. */
static void ignore_notice(void *context, const PGresult *result)
{
    (void)context;
    (void)result;
}

/* Has the address this word, or one that fetches words from elsewhere? */
static bool has_word(const char *url, const char *word)
{
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    bool found = false;

    for (PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++)
        if (o->val != NULL && strcmp(o->keyword, word) == 0)
            found = true;
    PQconninfoFree(options);
    return found;
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
    add(p, "connect_timeout", "3");
    add(p, "keepalives_idle", "10");
    add(p, "keepalives_interval", "5");
    add(p, "keepalives_count", "3");
    add(p, "tcp_user_timeout", "15000");
    // A service file may say it, and would not be asked any more.
    if (!has_word(s->url, "service"))
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
    ssize_t got;
    int fd;

    out[0] = '\0';
    if (s->password_file == NULL)
        return true;
    fd = open(s->password_file, O_RDONLY | O_CLOEXEC);
    got = fd < 0 ? -1 : read(fd, out, PASSWORD_MAX - 1);
    if (fd >= 0)
        (void)close(fd); // only read
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
    (void)PQsetNoticeReceiver(s->conn, ignore_notice, NULL);
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

static enum store_result set_up(struct postgres_store *s)
{
    enum store_result result = identify(s);

    if (result == STORE_OK)
        result = postgres_run(s, session_settings);
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

    s->asked_count = 0;
    if (result == STORE_AWAY && s->conn != NULL)
        postgres_lose(s, PQerrorMessage(s->conn));
    if (result == STORE_OK)
        result = set_up(s);
    if (result != STORE_OK && s->conn != NULL) {
        PQfinish(s->conn);
        s->conn = NULL;
    }
    return result;
}
