#include "store/postgres.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "store/postgres_store.h"

/* Of pg_type: what our columns are. */
enum {
    TYPE_BOOL = 16,
    TYPE_BYTES = 17,
    TYPE_INT8 = 20,
    TYPE_INT2 = 21,
    TYPE_INT4 = 23,
    TYPE_TEXT = 25,
};

static struct postgres_store *postgres_of(const struct store *store)
{
    return (struct postgres_store *)(uintptr_t)store;
}

/* ---- Opening ---- */

static void close_store(struct store *store)
{
    struct postgres_store *s = postgres_of(store);

    PQclear(s->lent ? NULL : s->result);
    PQfinish(s->conn);
    free(s->url);
    free(s->password_file);
    free(s);
}

static char *copy_text(const char *text)
{
    return text == NULL ? NULL : strdup(text);
}

static enum store_result open_store(struct store **out,
                                    const struct store_config *config,
                                    struct store_why *why)
{
    struct postgres_store *s = calloc(1, sizeof *s);
    enum store_result result = STORE_NO_MEMORY;

    if (s == NULL) {
        (void)snprintf(why->text, sizeof why->text, "out of memory");
        return STORE_NO_MEMORY;
    }
    s->store.driver = &postgres_driver;
    s->mode = config->mode;
    s->limit_ms = POSTGRES_ANSWER_MS;
    s->url = copy_text(config->url);
    s->password_file = copy_text(config->password_file);
    if (s->url != NULL &&
        (s->password_file != NULL || config->password_file == NULL))
        result = postgres_connect(s);
    if (result == STORE_OK) {
        *out = &s->store;
        return STORE_OK;
    }
    (void)snprintf(why->text, sizeof why->text, "database: %s",
                   s->message[0] != '\0' ? s->message
                                         : store_result_text(result));
    close_store(&s->store);
    return result;
}

static bool understands(const char *url, bool *password)
{
    PQconninfoOption *options = PQconninfoParse(url, NULL);

    *password = false;
    for (PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++)
        if (o->val != NULL && (strcmp(o->keyword, "password") == 0 ||
                               strcmp(o->keyword, "sslpassword") == 0))
            *password = true;
    PQconninfoFree(options);
    return options != NULL;
}

static const char *tell(const struct store *store)
{
    return postgres_of(store)->message;
}

/* ---- Transactions ---- */

static bool in_transaction(struct store *store)
{
    struct postgres_store *s = postgres_of(store);

    return s->conn != NULL && PQtransactionStatus(s->conn) != PQTRANS_IDLE;
}

static void rollback(struct store *store)
{
    if (in_transaction(store)) // whatever it says, the transaction is over
        (void)postgres_run(postgres_of(store), "ROLLBACK");
}

static enum store_result begin(struct store *store)
{
    assert(!in_transaction(store));
    return postgres_run(postgres_of(store), "BEGIN");
}

static enum store_result commit(struct store *store)
{
    struct postgres_store *s = postgres_of(store);

    // After a failure COMMIT would roll back, and say that it went well.
    if (s->conn != NULL && PQtransactionStatus(s->conn) != PQTRANS_INTRANS) {
        rollback(store);
        return STORE_FAILED;
    }
    return postgres_run(s, "COMMIT");
}

static enum store_result save(struct store *store)
{
    return postgres_run(postgres_of(store), "SAVEPOINT one_change");
}

static enum store_result keep(struct store *store)
{
    return postgres_run(postgres_of(store), "RELEASE one_change");
}

static enum store_result revert(struct store *store)
{
    return postgres_run(postgres_of(store),
                        "ROLLBACK TO one_change; RELEASE one_change");
}

/* The server's log is the server's to keep. */
static enum store_result checkpoint(struct store *store, struct store_log *out)
{
    (void)store;
    *out = (struct store_log){.pages = 0};
    return STORE_NONE;
}

static int64_t log_pages(const struct store *store)
{
    (void)store;
    return 0;
}

/* ---- What is there, judged ---- */

/* What must give 0, and what is wrong where it does not. */
static const struct check_row {
    const char *sql;
    const char *wrong;
} checks[] = {
    {"SELECT count(*) FROM pg_index WHERE NOT indisvalid AND indrelid IN"
     " ('account'::regclass, 'session'::regclass, 'todo'::regclass,"
     " 'sealed_key'::regclass, 'setting'::regclass)",                      "an index is not valid: REINDEX it"                     },
    {"SELECT count(*) FROM todo WHERE user_id NOT IN (SELECT id FROM account)",
     "todo refers to a row that is not there"                                                                                           },
    {"SELECT count(*) FROM session WHERE length(chain) <> 144",
     "session has a chain of another length"                                                                                            },
    {"SELECT (current_setting('full_page_writes') <> 'on'"
     " OR current_setting('fsync') <> 'on')::int",                         "fsync or full_page_writes is off: a power cut loses it"},
};

static enum store_result run_checks(struct postgres_store *s,
                                    struct store_why *why)
{
    enum store_result result = STORE_OK;
    int64_t found = 0;

    for (size_t i = 0; result == STORE_OK && i < COUNT(checks); i++) {
        result = postgres_number(s, checks[i].sql, &found);
        (void)snprintf(why->text, sizeof why->text, "%s",
                       result == STORE_OK ? checks[i].wrong : s->message);
        if (result == STORE_OK && found != 0)
            result = STORE_CORRUPT;
    }
    return result;
}

/* It reads whole tables, and takes the time for it. */
static enum store_result check(struct store *store, struct store_why *why)
{
    struct postgres_store *s = postgres_of(store);
    int64_t limit_ms = s->limit_ms;
    enum store_result result =
        postgres_run(s, "BEGIN; SET LOCAL statement_timeout = 0");

    s->limit_ms = POSTGRES_LONG_MS;
    if (result == STORE_OK)
        result = run_checks(s, why);
    else
        (void)snprintf(why->text, sizeof why->text, "%s", s->message);
    s->limit_ms = limit_ms;
    rollback(store); // it has only read
    return result;
}

/* ---- Statements ---- */

static enum store_result bind(struct store *store, enum statement which,
                              const struct store_value_ref *values,
                              size_t count)
{
    struct postgres_store *s = postgres_of(store);

    assert(s->result == NULL && count <= STATEMENT_VALUES_MAX);
    postgres_values_set(&s->values, which, values, count);
    s->row = -1;
    return STORE_OK;
}

/* The answer that is there since an earlier run, or the question goes out. */
static enum store_result recall(struct postgres_store *s, enum statement which)
{
    struct store_talk *talk = s->talk;

    if (talk->waiting)
        return STORE_WAITING;
    if (talk->next == talk->count) {
        if (talk->count == STORE_TALK_MAX)
            return STORE_BUSY;
        return postgres_ask(s, which) ? STORE_WAITING : STORE_AWAY;
    }
    if (talk->part[talk->next].print != s->values.print) {
        (void)snprintf(s->message, sizeof s->message,
                       "a change did not ask the same again");
        return STORE_FAILED;
    }
    s->result = talk->part[talk->next].answer;
    s->shared = talk->part[talk->next].shared;
    s->lent = true;
    talk->next++;
    return STORE_OK;
}

static enum store_result run(struct postgres_store *s, enum statement which)
{
    enum store_result result = STORE_OK;
    ExecStatusType status;

    if (s->talk != NULL) {
        result = recall(s, which);
    } else {
        s->result = postgres_execute(s, which);
        s->shared = false;
        s->lent = false;
    }
    if (result != STORE_OK)
        return result;
    if (s->result == NULL)
        return STORE_AWAY;
    s->row_end = PQntuples(s->result);
    if (s->shared)
        postgres_steps_find(s);
    status = PQresultStatus(s->result);
    s->changed = strtoll(PQcmdTuples(s->result), NULL, 10);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK
               ? STORE_OK
               : postgres_result(s, s->result);
}

static enum store_result row(struct store *store, enum statement which)
{
    struct postgres_store *s = postgres_of(store);
    enum store_result result = STORE_OK;

    if (s->row < 0)
        result = run(s, which);
    if (result != STORE_OK)
        return result;
    s->row++;
    return s->row < s->row_end ? STORE_OK : STORE_NONE;
}

static struct store_value_ref column(struct store *store, enum statement which,
                                     int index)
{
    struct postgres_store *s = postgres_of(store);
    struct store_value_ref value = {.type = STORE_NULL};
    int at = index + s->shared; // the sid is before what was asked for
    const char *bytes = PQgetvalue(s->result, s->row, at);
    int length = PQgetlength(s->result, s->row, at);

    (void)which;
    if (bytes == NULL || PQgetisnull(s->result, s->row, at))
        return value;
    switch (PQftype(s->result, at)) {
    case TYPE_BOOL:
    case TYPE_INT2:
    case TYPE_INT4:
    case TYPE_INT8:
        value.type = STORE_INT;
        value.number = postgres_read_number(bytes, length);
        return value;
    case TYPE_TEXT:
        value.type = STORE_TEXT;
        break;
    case TYPE_BYTES:
        value.type = STORE_BLOB;
        break;
    default:
        break;
    }
    value.bytes = bytes;
    value.length = (size_t)length;
    return value;
}

static int64_t changed(struct store *store)
{
    return postgres_of(store)->changed;
}

static void finish(struct store *store, enum statement which)
{
    struct postgres_store *s = postgres_of(store);

    (void)which;
    if (!s->lent)
        PQclear(s->result);
    s->result = NULL;
    s->lent = false;
}

/* ---- Connections and talks ---- */

static bool ready(struct store *store)
{
    return postgres_is_alive(postgres_of(store));
}

static enum store_result mend(struct store *store)
{
    struct postgres_store *s = postgres_of(store);

    return postgres_is_alive(s) ? STORE_OK : postgres_connect(s);
}

static void listen_to(struct store *store, struct store_talk *talk)
{
    postgres_of(store)->talk = talk;
    if (talk == NULL)
        return;
    talk->next = 0;
    talk->waiting = false;
}

static enum store_result collect(struct store *store)
{
    return postgres_collect(postgres_of(store));
}

static void name_files(struct store *store,
                       void (*each)(void *context, const char *path),
                       void *context)
{
    postgres_files(postgres_of(store), each, context);
}

static void forget(void *answer)
{
    PQclear(answer);
}

const struct store_driver postgres_driver = {
    .scheme = "postgresql:",
    .understands = understands,
    .open = open_store,
    .close = close_store,
    .message = tell,
    .check = check,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .save = save,
    .keep = keep,
    .revert = revert,
    .in_transaction = in_transaction,
    .checkpoint = checkpoint,
    .log_pages = log_pages,
    .bind = bind,
    .row = row,
    .column = column,
    .changed = changed,
    .finish = finish,
    .files = name_files,
    .ready = ready,
    .mend = mend,
    .listen = listen_to,
    .collect = collect,
    .forget = forget,
};
