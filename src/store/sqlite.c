#include "store/sqlite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "store/sqlite_store.h"

static struct sqlite_store *sqlite_of(const struct store *store)
{
    return (struct sqlite_store *)(uintptr_t)store;
}

/* Why the last write to the database or its log failed, as errno. */
static int write_error(sqlite3 *db)
{
    sqlite3_file *log = NULL;
    int error = 0;

    // Neither can fail with the operating system's own files; then 0 stays.
    (void)sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (log != NULL && log->pMethods != NULL)
        (void)log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &error);
    if (error == 0)
        (void)sqlite3_file_control(db, "main", SQLITE_FCNTL_LAST_ERRNO, &error);
    return error;
}

/* SQLite calls ENOSPC full; a quota or a limit on file size is the same to us. */
static enum store_result io_result(sqlite3 *db, int code)
{
    int error;

    if (code == SQLITE_IOERR_NOMEM)
        return STORE_NO_MEMORY;
    if (code == SQLITE_IOERR_SHMSIZE) // its index cannot be made larger
        return STORE_FULL;
    if (code != SQLITE_IOERR_WRITE || db == NULL)
        return STORE_FAILED;
    error = write_error(db);
    return error == EDQUOT || error == EFBIG ? STORE_FULL : STORE_FAILED;
}

static enum store_result constraint_result(int code)
{
    if (code == SQLITE_CONSTRAINT_UNIQUE ||
        code == SQLITE_CONSTRAINT_PRIMARYKEY)
        return STORE_TAKEN;
    return STORE_FAILED;
}

enum store_result sqlite_result(sqlite3 *db, int code)
{
    switch (code & 0xff) { // the rest of the bits tells more of the same
    case SQLITE_OK:
        return STORE_OK;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return STORE_BUSY;
    case SQLITE_FULL:
        return STORE_FULL;
    case SQLITE_IOERR:
        return io_result(db, code);
    case SQLITE_NOMEM:
        return STORE_NO_MEMORY;
    case SQLITE_CONSTRAINT:
        return constraint_result(code);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return STORE_CORRUPT;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return STORE_DENIED;
    default:
        return STORE_FAILED;
    }
}

static void close_store(struct store *store)
{
    struct sqlite_store *s = sqlite_of(store);
    int code;

    for (int i = 0; i < CONTROL_COUNT; i++)
        (void)sqlite3_finalize(s->control[i]); // tells an old error again
    for (int i = 0; i < STATEMENT_COUNT; i++)
        (void)sqlite3_finalize(s->statement[i]);
    code = sqlite3_close(s->db);
    assert(code == SQLITE_OK); // no statement is left
    (void)code;
    free(s);
}

static enum store_result open_store(struct store **out,
                                    const struct store_config *config,
                                    struct store_why *why)
{
    const char *path = config->url + strlen(sqlite_driver.scheme);
    struct sqlite_store *s = calloc(1, sizeof *s);
    enum store_result result;

    if (s == NULL) {
        (void)snprintf(why->text, sizeof why->text, "out of memory");
        return STORE_NO_MEMORY;
    }
    s->store.driver = &sqlite_driver;
    result = sqlite_connect(s, config, path, why);
    if (result != STORE_OK) {
        close_store(&s->store);
        return result;
    }
    *out = &s->store;
    return STORE_OK;
}

/* The path is looked at when it is opened. */
static bool understands(const char *url, bool *password)
{
    *password = false;
    return url[strlen(sqlite_driver.scheme)] != '\0';
}

static const char *tell(const struct store *store)
{
    sqlite3 *db = sqlite_of(store)->db;
    int code = sqlite3_errcode(db) & 0xff;

    // It calls success "not an error".
    return code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE
               ? ""
               : sqlite3_errmsg(db);
}

/* Copies the first column of the first row that is not "ok" to *why. */
static enum store_result look(sqlite3 *db, const char *sql,
                              struct store_why *why)
{
    enum store_result result = STORE_OK;
    sqlite3_stmt *q = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &q, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(q);
    if (code == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(q, 0);

        if (text == NULL || strcmp(text, "ok") != 0) {
            (void)snprintf(why->text, sizeof why->text, "%s",
                           text == NULL ? "damaged" : text);
            result = STORE_CORRUPT;
        }
    } else if (code != SQLITE_DONE) {
        result = sqlite_result(db, code);
    }
    (void)sqlite3_finalize(q); // tells again what step has told
    return result;
}

static enum store_result check(struct store *store, struct store_why *why)
{
    sqlite3 *db = sqlite_of(store)->db;
    enum store_result result = look(db, "PRAGMA integrity_check(1)", why);

    if (result == STORE_OK)
        result = look(db,
                      "SELECT \"table\" || ' refers to a row that is not there'"
                      " FROM pragma_foreign_key_check LIMIT 1",
                      why);
    return result;
}

static enum store_result control(struct store *store, enum sqlite_control which)
{
    struct sqlite_store *s = sqlite_of(store);
    int code = sqlite3_step(s->control[which]);
    enum store_result result =
        code == SQLITE_DONE ? STORE_OK : sqlite_result(s->db, code);

    (void)sqlite3_reset(s->control[which]); // tells again what step has told
    return result;
}

static bool in_transaction(struct store *store)
{
    return sqlite3_get_autocommit(sqlite_of(store)->db) == 0;
}

static void rollback(struct store *store)
{
    if (in_transaction(store)) // whatever it says, the transaction is over
        (void)control(store, CONTROL_UNDO);
}

static enum store_result begin(struct store *store)
{
    assert(!in_transaction(store));
    return control(store, CONTROL_BEGIN);
}

static enum store_result commit(struct store *store)
{
    enum store_result result = control(store, CONTROL_COMMIT);

    if (result != STORE_OK)
        rollback(store);
    return result;
}

static enum store_result save(struct store *store)
{
    return control(store, CONTROL_SAVE);
}

static enum store_result keep(struct store *store)
{
    return control(store, CONTROL_KEEP);
}

static enum store_result revert(struct store *store)
{
    enum store_result result = control(store, CONTROL_REVERT);

    return result == STORE_OK ? control(store, CONTROL_KEEP) : result;
}

/*
 * SQLite ends what is read when the last statement does: one that has given its
 * row and is not reset keeps the moment for all others. The number is counted up
 * by this connection whenever it finds the file changed by another one.
 */
static enum store_result hold(struct store *store, uint64_t *version)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite3_stmt *q = s->control[CONTROL_HOLD];
    int code = sqlite3_step(q);

    if (code != SQLITE_ROW) {
        (void)sqlite3_reset(q); // tells again what step has told
        return code == SQLITE_DONE ? STORE_NONE : sqlite_result(s->db, code);
    }
    // Above every number that it gives, so never 0.
    *version = (uint64_t)sqlite3_column_int64(q, 0) | UINT64_C(1) << 63;
    return STORE_OK;
}

static void let_go(struct store *store)
{
    // What is told here can only be what a read has told.
    (void)sqlite3_reset(sqlite_of(store)->control[CONTROL_HOLD]);
}

static enum store_result checkpoint(struct store *store, struct store_log *out)
{
    struct sqlite_store *s = sqlite_of(store);
    int pages = 0, copied = 0;
    int code = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE,
                                         &pages, &copied);

    if (code == SQLITE_OK)
        *out = (struct store_log){.pages = pages, .copied = copied};
    return sqlite_result(s->db, code);
}

static int64_t log_pages(const struct store *store)
{
    return sqlite_of(store)->log_pages;
}

static int bind_one(sqlite3_stmt *q, int index,
                    const struct store_value_ref *value)
{
    // SQLITE_STATIC: borrowed until finish clears it.
    switch (value->type) {
    case STORE_INT:
        return sqlite3_bind_int64(q, index, value->number);
    case STORE_TEXT:
        return sqlite3_bind_text64(q, index, value->bytes, value->length,
                                   SQLITE_STATIC, SQLITE_UTF8);
    case STORE_BLOB:
        return sqlite3_bind_blob64(q, index, value->bytes, value->length,
                                   SQLITE_STATIC);
    case STORE_NULL:
        return sqlite3_bind_null(q, index);
    }
    return SQLITE_MISUSE;
}

static enum store_result bind(struct store *store, enum statement which,
                              const struct store_value_ref *values,
                              size_t count)
{
    struct sqlite_store *s = sqlite_of(store);
    sqlite3_stmt *q = s->statement[which];
    int code = SQLITE_OK;

    assert((size_t)sqlite3_bind_parameter_count(q) == count);
    for (size_t i = 0; code == SQLITE_OK && i < count; i++)
        code = bind_one(q, (int)i + 1, &values[i]);
    return sqlite_result(s->db, code);
}

static enum store_result row(struct store *store, enum statement which)
{
    struct sqlite_store *s = sqlite_of(store);
    int code = sqlite3_step(s->statement[which]);

    if (code == SQLITE_ROW)
        return STORE_OK;
    return code == SQLITE_DONE ? STORE_NONE : sqlite_result(s->db, code);
}

static struct store_value_ref column(struct store *store, enum statement which,
                                     int index)
{
    struct store_value_ref value = {.type = STORE_NULL};
    sqlite3_stmt *q = sqlite_of(store)->statement[which];

    switch (sqlite3_column_type(q, index)) {
    case SQLITE_INTEGER:
        value.type = STORE_INT;
        value.number = sqlite3_column_int64(q, index);
        break;
    case SQLITE_TEXT:
        value.type = STORE_TEXT;
        value.bytes = sqlite3_column_text(q, index);
        value.length = (size_t)sqlite3_column_bytes(q, index);
        break;
    case SQLITE_BLOB:
        value.type = STORE_BLOB;
        value.bytes = sqlite3_column_blob(q, index);
        value.length = (size_t)sqlite3_column_bytes(q, index);
        break;
    default:
        break;
    }
    return value;
}

static int64_t changed(struct store *store)
{
    return sqlite3_changes64(sqlite_of(store)->db);
}

static void finish(struct store *store, enum statement which)
{
    sqlite3_stmt *q = sqlite_of(store)->statement[which];

    // Also after a failure: an open statement keeps its lock.
    (void)sqlite3_reset(q); // tells again what step has told
    (void)sqlite3_clear_bindings(q);
}

const struct store_driver sqlite_driver = {
    .scheme = "sqlite:",
    .file = true,
    .understands = understands,
    .open = open_store,
    .close = close_store,
    .message = tell,
    .check = check,
    .backup = sqlite_backup,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .save = save,
    .keep = keep,
    .revert = revert,
    .in_transaction = in_transaction,
    .checkpoint = checkpoint,
    .log_pages = log_pages,
    .hold = hold,
    .let_go = let_go,
    .bind = bind,
    .row = row,
    .column = column,
    .changed = changed,
    .finish = finish,
};
