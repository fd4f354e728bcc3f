#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "store/sqlite_store.h"

enum {
    PATH_SHOWN = 300,    /* bytes of a path in a message */
    PATH_LONGEST = 4000, /* bytes; the log's name is a little longer */
    BUSY_MS = 5000,      /* store_config.busy_ms by default */
    AGAIN_MS = 5,        /* between two tries that SQLite does not wait for */
    PAGE_SIZE = 4096,    /* SQLite's default, in bytes */
};

/*
 * cache_size is negative for KiB. The pages that refreshes hit are spread over
 * the whole file, so a large cache helps the writer only up to the inner nodes;
 * the kernel caches the rest. Checkpoints are the writer's to start: one in the
 * middle of a commit would hold up everybody who waits for it.
 */
static const char write_pragmas[] = "PRAGMA synchronous = FULL;"
                                    "PRAGMA wal_autocheckpoint = 0;"
                                    "PRAGMA journal_size_limit = 67108864;"
                                    "PRAGMA foreign_keys = ON;"
                                    "PRAGMA temp_store = MEMORY;"
                                    "PRAGMA trusted_schema = OFF;"
                                    "PRAGMA cache_size = -16384;";
static const char read_pragmas[] = "PRAGMA query_only = ON;"
                                   "PRAGMA temp_store = MEMORY;"
                                   "PRAGMA trusted_schema = OFF;"
                                   "PRAGMA cache_size = -4096;";

static const char *const controls[CONTROL_COUNT] = {
    // IMMEDIATE: a lock that another process holds is waited for here, and not
    // found half-way through the batch.
    [CONTROL_BEGIN] = "BEGIN IMMEDIATE",
    [CONTROL_COMMIT] = "COMMIT",
    [CONTROL_UNDO] = "ROLLBACK",
    [CONTROL_SAVE] = "SAVEPOINT one_change",
    [CONTROL_KEEP] = "RELEASE one_change",
    [CONTROL_REVERT] = "ROLLBACK TO one_change",
    [CONTROL_HOLD] = "PRAGMA data_version",
};

static enum store_result refuse(struct store_why *why, const char *path,
                                const char *reason, enum store_result result)
{
    (void)snprintf(why->text, sizeof why->text, "database %.*s: %.180s",
                   PATH_SHOWN, path, reason);
    return result;
}

/* Creates the file, for its owner alone. The log takes its mode from it. */
static enum store_result create_file(const char *path, struct store_why *why)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int error = errno;

    if (fd >= 0) {
        (void)close(fd); // nothing was written
        return STORE_OK;
    }
    if (error == EEXIST) // another process was faster
        return STORE_OK;
    if (error == ENOENT)
        return refuse(why, path, "its folder does not exist", STORE_DENIED);
    return refuse(why, path, strerror(error), STORE_DENIED);
}

/* The log and its index are made in the same folder. */
static enum store_result check_folder(const char *path, struct store_why *why)
{
    char folder[PATH_LONGEST + 1];
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - path) + 1;

    memcpy(folder, path, length);
    memcpy(folder + length, ".", 2);
    if (access(folder, W_OK | X_OK) == 0)
        return STORE_OK;
    if (errno == ENOENT)
        return refuse(why, path, "its folder does not exist", STORE_DENIED);
    return refuse(why, path, "its folder cannot be written to", STORE_DENIED);
}

/*
 * Asks before SQLite does, for the words. Never opens a file that is there: to
 * close it again would drop the locks of this process's other connections.
 */
static enum store_result check_file(const char *path, enum store_mode mode,
                                    struct store_why *why)
{
    enum store_result result = STORE_OK;
    struct stat info;

    if (path[0] == '\0' || path[0] == ':' || strlen(path) > PATH_LONGEST - 1)
        return refuse(why, path, "not a path", STORE_DENIED);
    if (mode == STORE_WRITE)
        result = check_folder(path, why);
    if (result != STORE_OK)
        return result;
    if (stat(path, &info) != 0) {
        if (errno == ENOENT && mode == STORE_WRITE)
            return create_file(path, why);
        if (errno == ENOENT)
            return refuse(why, path,
                          "there is none; the first start makes it, and so "
                          "does `stayd migrate`",
                          STORE_DENIED);
        return refuse(why, path, strerror(errno), STORE_DENIED);
    }
    if (!S_ISREG(info.st_mode))
        return refuse(why, path, "not a file", STORE_DENIED);
    if (access(path, mode == STORE_WRITE ? R_OK | W_OK : R_OK) != 0)
        return refuse(why, path, strerror(errno), STORE_DENIED);
    return STORE_OK;
}

enum store_result sqlite_number(sqlite3 *db, const char *sql, int64_t *out)
{
    sqlite3_stmt *q = NULL;
    int64_t found = 0;
    int code = sqlite3_prepare_v2(db, sql, -1, &q, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(q);
    if (code == SQLITE_ROW) {
        found = sqlite3_column_int64(q, 0);
        code = sqlite3_step(q);
    }
    (void)sqlite3_finalize(q); // tells again what step has told
    if (code != SQLITE_DONE)
        return sqlite_result(db, code);
    *out = found;
    return STORE_OK;
}

/*
 * What a file says of itself, all as of one moment: another process may be
 * migrating it. After a failure the transaction is left for close to end.
 */
static enum store_result read_identity(sqlite3 *db, int64_t *tables,
                                       int64_t *application, int64_t *version)
{
    enum store_result result =
        sqlite_result(db, sqlite3_exec(db, "BEGIN", NULL, NULL, NULL));

    if (result == STORE_OK)
        result =
            sqlite_number(db, "SELECT count(*) FROM sqlite_master", tables);
    if (result == STORE_OK)
        result = sqlite_number(db, "PRAGMA application_id", application);
    if (result == STORE_OK)
        result = sqlite_number(db, "PRAGMA user_version", version);
    if (result == STORE_OK)
        result =
            sqlite_result(db, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
    return result;
}

/* Whose file is it? Changes nothing. */
static enum store_result identify(sqlite3 *db, int64_t *version,
                                  const char **reason)
{
    int64_t application = 0, tables = 0;
    bool known = false;
    enum store_result result =
        read_identity(db, &tables, &application, version);

    if (result != STORE_OK) {
        *reason = sqlite3_errmsg(db);
        return result;
    }
    if (application == STAY_APPLICATION_ID) {
        result = sqlite_check_version(db, *version, &known);
        *reason = result == STORE_OK
                      ? "written by a newer version of this program"
                      : sqlite3_errmsg(db);
        return result == STORE_OK && !known ? STORE_NEWER : result;
    }
    *reason = "belongs to another program";
    if (application != 0 || *version != 0 || tables != 0)
        return STORE_CORRUPT;
    return STORE_OK;
}

static int prepare(sqlite3 *db, const char *text, sqlite3_stmt **out)
{
    return sqlite3_prepare_v3(db, text, -1, SQLITE_PREPARE_PERSISTENT, out,
                              NULL);
}

static int prepare_all(struct sqlite_store *s)
{
    int code = SQLITE_OK;

    for (int i = 0; code == SQLITE_OK && i < CONTROL_COUNT; i++)
        code = prepare(s->db, controls[i], &s->control[i]);
    for (int i = 0; code == SQLITE_OK && i < STATEMENT_COUNT; i++)
        code =
            prepare(s->db, statement_text((enum statement)i), &s->statement[i]);
    return code;
}

static int note_log(void *context, sqlite3 *db, const char *name, int pages)
{
    struct sqlite_store *s = context;

    (void)db;
    (void)name;
    s->log_pages = pages;
    return SQLITE_OK;
}

static int64_t busy_ms_of(const struct store_config *config)
{
    return config->busy_ms > 0 ? config->busy_ms : BUSY_MS;
}

static int64_t steady_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); // cannot fail for this clock
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * Has the database write its log. When two processes turn it on at once each
 * holds what the other wants, and SQLite refuses one of them without a wait.
 */
static int turn_on_log(sqlite3 *db, int64_t busy_ms)
{
    static const char pragma[] = "PRAGMA journal_mode = WAL";
    int64_t end_ms = steady_ms() + busy_ms;
    int code = sqlite3_exec(db, pragma, NULL, NULL, NULL);

    while ((code & 0xff) == SQLITE_BUSY && steady_ms() < end_ms) {
        (void)sqlite3_sleep(AGAIN_MS);
        code = sqlite3_exec(db, pragma, NULL, NULL, NULL);
    }
    return code;
}

static enum store_result set_up_writer(struct sqlite_store *s,
                                       const struct store_config *config)
{
    char limit[64];
    int code = turn_on_log(s->db, busy_ms_of(config));

    if (code == SQLITE_OK)
        code = sqlite3_exec(s->db, write_pragmas, NULL, NULL, NULL);
    if (code == SQLITE_OK && config->size_max > 0) {
        (void)snprintf(limit, sizeof limit, "PRAGMA max_page_count = %lld",
                       (long long)(config->size_max / PAGE_SIZE));
        code = sqlite3_exec(s->db, limit, NULL, NULL, NULL);
    }
    if (code != SQLITE_OK)
        return sqlite_result(s->db, code);
    (void)sqlite3_wal_hook(s->db, note_log, s);
    return sqlite_migrate(s->db);
}

static enum store_result set_up_reader(struct sqlite_store *s)
{
    int code = sqlite3_exec(s->db, read_pragmas, NULL, NULL, NULL);

    if (code == SQLITE_OK) // a loop must not wait
        code = sqlite3_busy_timeout(s->db, 0);
    return sqlite_result(s->db, code);
}

static enum store_result open_handle(struct sqlite_store *s,
                                     const struct store_config *config,
                                     const char *path)
{
    int64_t busy_ms = busy_ms_of(config);
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    uint8_t seed;
    int code;

    assert(busy_ms <= INT32_MAX);
    // A sum that nobody asks for would take a lock at each allocation. SQLite
    // refuses this once it is in use: a process's first store decides.
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    // Its chance is seeded from a file, which a sandbox may keep from it later.
    sqlite3_randomness(sizeof seed, &seed);
    flags |= config->mode == STORE_WRITE ? SQLITE_OPEN_READWRITE
                                         : SQLITE_OPEN_READONLY;
    code = sqlite3_open_v2(path, &s->db, flags, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(s->db, (int)busy_ms);
    if (code == SQLITE_OK)
        code =
            sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    return sqlite_result(s->db, code);
}

static enum store_result set_up(struct sqlite_store *s,
                                const struct store_config *config,
                                const char **reason)
{
    int64_t version = 0;
    enum store_result result = identify(s->db, &version, reason);

    if (result != STORE_OK)
        return result;
    if (config->mode == STORE_WRITE) {
        result = set_up_writer(s, config);
    } else if (version >= sqlite_newest_version()) {
        result = set_up_reader(s);
    } else {
        *reason = store_result_text(STORE_OLDER);
        return STORE_OLDER;
    }
    if (result == STORE_OK)
        result = sqlite_result(s->db, prepare_all(s));
    *reason = sqlite3_errmsg(s->db);
    return result;
}

enum store_result sqlite_connect(struct sqlite_store *s,
                                 const struct store_config *config,
                                 const char *path, struct store_why *why)
{
    enum store_result result = check_file(path, config->mode, why);
    const char *reason = "out of memory";

    if (result != STORE_OK)
        return result;
    result = open_handle(s, config, path);
    if (result == STORE_OK)
        result = set_up(s, config, &reason);
    else if (s->db != NULL)
        reason = sqlite3_errmsg(s->db);
    if (result == STORE_FULL) // SQLite may call it an I/O error
        reason = store_result_text(result);
    if (result != STORE_OK)
        return refuse(why, path, reason, result);
    return STORE_OK;
}
