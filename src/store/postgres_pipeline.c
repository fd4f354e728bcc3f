#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/assert.h"
#include "store/postgres_store.h"

enum {
    FORMAT_BINARY = 1,
    UNASKED_MAX = 16, /* pieces that one look at an idle connection reads */
};

static const char too_late[] = "the server of the database does not answer";
static const char completion_unknown[] =
    "the server does not know whether it was done";
static const char only_here[] =
    "the server did not wait until its standby had what was committed";

static int64_t steady_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); // cannot fail for this clock
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Each statement is prepared under its number. */
static void name_statement(char name[8], enum statement which)
{
    name[0] = 's';
    name[1] = (char)('0' + which / 100);
    name[2] = (char)('0' + which / 10 % 10);
    name[3] = (char)('0' + which % 10);
    name[4] = '\0';
}

/* ---- Waiting ---- */

/* Sends and receives what can be; false: nothing came by end_ms, or it broke. */
static bool move_bytes(struct postgres_store *s, int64_t end_ms)
{
    int left = PQflush(s->conn);
    struct pollfd f = {.fd = PQsocket(s->conn), .events = POLLIN};
    int64_t wait_ms = end_ms - steady_ms();
    int count;

    if (left < 0)
        return false;
    if (left > 0)
        f.events |= POLLOUT;
    count = poll(&f, 1, wait_ms > 0 ? (int)wait_ms : 0);
    if (count < 0 && errno == EINTR)
        return true;
    if (count <= 0)
        return false;
    return (f.revents & ~POLLOUT) == 0 || PQconsumeInput(s->conn) != 0;
}

/*
 * The server may be there and only wait, for a standby: its process would do so
 * for as long as that takes. The next connection ends it.
 */
static void give_up(struct postgres_store *s)
{
    s->orphan = s->own;
    postgres_lose(s, too_late);
}

/* False: the connection is lost, and given up. */
static bool wait_ready(struct postgres_store *s, int64_t end_ms)
{
    while (PQisBusy(s->conn)) {
        if (move_bytes(s, end_ms))
            continue;
        if (PQstatus(s->conn) == CONNECTION_BAD)
            postgres_lose(s, PQerrorMessage(s->conn));
        else
            give_up(s);
        return false;
    }
    return true;
}

/* True, with NULL, at the end of what one command gives. */
static bool next_result(struct postgres_store *s, int64_t end_ms,
                        PGresult **out)
{
    *out = NULL;
    if (!wait_ready(s, end_ms))
        return false;
    *out = PQgetResult(s->conn);
    return true;
}

static bool has_failed(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE ||
           status == PGRES_PIPELINE_ABORTED;
}

/* Of several results the first failure tells the most, and else the last. */
static void keep_better(PGresult **kept, PGresult *result)
{
    if (*kept != NULL && has_failed(*kept)) {
        PQclear(result);
        return;
    }
    PQclear(*kept);
    *kept = result;
}

static bool check_alive(struct postgres_store *s)
{
    if (PQstatus(s->conn) != CONNECTION_BAD && !s->unsure)
        return true;
    postgres_lose(s, s->unsure ? only_here : PQerrorMessage(s->conn));
    return false;
}

PGresult *postgres_await(struct postgres_store *s)
{
    int64_t end_ms = steady_ms() + s->limit_ms;
    PGresult *kept = NULL;
    PGresult *result;

    while (next_result(s, end_ms, &result) && result != NULL)
        keep_better(&kept, result);
    if (s->conn != NULL && check_alive(s))
        return kept;
    PQclear(kept);
    return NULL;
}

/* ---- One statement at a time ---- */

/*
 * Such a statement has no place between those of talks: a mistake of ours, but
 * not worth the connection.
 */
static bool is_talking(struct postgres_store *s)
{
    if (s->talk == NULL)
        return false;
    (void)snprintf(s->message, sizeof s->message,
                   "a talk asks by statements of the table only");
    return true;
}

/* The result of what was sent, or of the failure to send it. */
static PGresult *await_sent(struct postgres_store *s, int sent)
{
    if (sent == 0) {
        postgres_lose(s, PQerrorMessage(s->conn));
        return NULL;
    }
    return postgres_await(s);
}

enum store_result postgres_run(struct postgres_store *s, const char *sql)
{
    enum store_result result = STORE_OK;
    PGresult *answer;

    if (is_talking(s))
        return STORE_FAILED;
    if (s->conn == NULL)
        return STORE_AWAY;
    answer = await_sent(s, PQsendQuery(s->conn, sql));
    if (answer == NULL)
        return STORE_AWAY;
    if (has_failed(answer))
        result = postgres_result(s, answer);
    PQclear(answer);
    return result;
}

enum store_result postgres_number(struct postgres_store *s, const char *sql,
                                  int64_t *out)
{
    enum store_result result = STORE_OK;
    PGresult *answer;

    if (is_talking(s))
        return STORE_FAILED;
    if (s->conn == NULL)
        return STORE_AWAY;
    answer = await_sent(s, PQsendQuery(s->conn, sql));
    if (answer == NULL)
        return STORE_AWAY;
    if (has_failed(answer))
        result = postgres_result(s, answer);
    else if (PQntuples(answer) != 1 || PQgetisnull(answer, 0, 0))
        result = STORE_NONE;
    else
        *out = strtoll(PQgetvalue(answer, 0, 0), NULL, 10);
    PQclear(answer);
    return result;
}

int postgres_send(struct postgres_store *s, enum statement which)
{
    struct postgres_values *v = &s->values;
    char name[8];

    name_statement(name, which);
    postgres_values_write(v);
    return PQsendQueryPrepared(s->conn, name, v->count, v->text, v->lengths,
                               v->formats, FORMAT_BINARY);
}

PGresult *postgres_execute(struct postgres_store *s, enum statement which)
{
    return s->conn == NULL ? NULL : await_sent(s, postgres_send(s, which));
}

/* ---- Many, one behind the other ---- */

/* Reads what one command gives; *out is NULL after a Sync. */
static bool read_command(struct postgres_store *s, int64_t end_ms,
                         PGresult **out)
{
    PGresult *result;

    *out = NULL;
    while (next_result(s, end_ms, &result) && result != NULL)
        keep_better(out, result);
    if (s->conn != NULL && *out != NULL)
        return true;
    PQclear(*out);
    *out = NULL;
    if (s->conn != NULL)
        postgres_lose(s, PQerrorMessage(s->conn));
    return false;
}

/*
 * Reads the end of a transaction: false, the connection was lost. *failure is
 * why it has undone all there, for the caller to clear; or NULL.
 */
static bool read_sync(struct postgres_store *s, int64_t end_ms,
                      PGresult **failure)
{
    PGresult *result;
    int ends = 0; // of commands: two in a row come only when it broke

    *failure = NULL;
    while (ends < 2 && next_result(s, end_ms, &result)) {
        ends = result == NULL ? ends + 1 : 0;
        if (result == NULL)
            continue;
        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            PQclear(result);
            if (check_alive(s))
                return true;
            break;
        }
        keep_better(failure, result);
    }
    PQclear(*failure);
    *failure = NULL;
    if (s->conn != NULL)
        postgres_lose(s, PQerrorMessage(s->conn));
    return false;
}

bool postgres_end_transaction(struct postgres_store *s)
{
    if (s->asked_count == 0 || s->asked[s->asked_count - 1].last)
        return true;
    s->asked[s->asked_count - 1].last = true;
    if (PQpipelineSync(s->conn) != 0)
        return true;
    postgres_lose(s, PQerrorMessage(s->conn));
    return false;
}

bool postgres_ask(struct postgres_store *s, enum statement which)
{
    struct store_talk *talk = s->talk;

    assert(s->asked_count + s->step_count < STORE_TALKS_MAX);
    if (s->conn == NULL || (talk->apart && !postgres_end_transaction(s)))
        return false;
    talk->part[talk->count].print = s->values.print;
    talk->waiting = true;
    if (which == SESSION_STEP && !talk->apart && postgres_steps_add(s))
        return true;
    // To enter it again is nothing; it is left when all have their answer.
    if (PQenterPipelineMode(s->conn) == 0 || postgres_send(s, which) == 0) {
        postgres_lose(s, PQerrorMessage(s->conn));
        return false;
    }
    s->asked[s->asked_count++] = (struct postgres_asked){.talk = talk};
    return !talk->apart || postgres_end_transaction(s);
}

/* Each talk has its answer. */
static void give(struct postgres_asked *asked, size_t count)
{
    PGresult *answer = NULL;

    for (size_t i = 0; i < count; i++) {
        struct store_talk *talk = asked[i].talk;

        if (!asked[i].follows)
            answer = asked[i].answer;
        talk->part[talk->count].answer = answer;
        talk->part[talk->count].shared = asked[i].shared;
        talk->part[talk->count].lent = asked[i].follows;
        talk->count++;
    }
}

/* None has: of what was undone as a whole, each asks again by itself. */
static void take_back(struct postgres_asked *asked, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        PQclear(asked[i].answer);
        asked[i].talk->apart = true;
    }
}

/* Then nothing of it may be asked again. */
static bool is_unknown(const struct postgres_asked *asked, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (postgres_is_unknown(asked[i].answer))
            return true;
    return false;
}

/* Reads the answers up to the transaction's end; *failed: one of them did. */
static bool read_answers(struct postgres_store *s, int64_t end_ms, size_t from,
                         size_t *next, bool *failed)
{
    size_t i = from;

    do {
        if (s->asked[i].follows)
            continue;
        if (!read_command(s, end_ms, &s->asked[i].answer))
            return false;
        *failed = *failed || has_failed(s->asked[i].answer);
    } while (!s->asked[i++].last);
    *next = i;
    return true;
}

/* Reads one transaction's answers; its statements begin at `from`. */
static bool read_transaction(struct postgres_store *s, int64_t end_ms,
                             size_t from, size_t *next)
{
    struct postgres_asked *first = &s->asked[from];
    bool failed = false;
    PGresult *failure;

    if (!read_answers(s, end_ms, from, next, &failed))
        return false;
    // What RETURNING gave is true only now: the transaction may fail at its end.
    if (!read_sync(s, end_ms, &failure))
        return false;
    if (failure != NULL)
        keep_better(&first->answer, failure);
    if (is_unknown(first, *next - from)) {
        postgres_lose(s, completion_unknown);
        return false;
    }
    if (*next - from > 1 && (failed || failure != NULL))
        take_back(first, *next - from);
    else
        give(first, *next - from);
    return true;
}

/* What was read and never given. */
static void drop_answers(struct postgres_store *s, size_t from, size_t count)
{
    for (size_t i = from; i < count; i++)
        PQclear(s->asked[i].answer);
}

enum store_result postgres_collect(struct postgres_store *s)
{
    int64_t end_ms = steady_ms() + s->limit_ms;
    bool sent = s->conn != NULL && postgres_steps_send(s) &&
                postgres_end_transaction(s);
    size_t count = s->asked_count;
    size_t from = 0, next = 0;

    s->asked_count = s->step_count = 0;
    if (!sent)
        return STORE_AWAY;
    s->found_row = 0;
    for (; from < count; from = next) {
        if (read_transaction(s, end_ms, from, &next))
            continue;
        drop_answers(s, from, count);
        return STORE_AWAY;
    }
    if (PQexitPipelineMode(s->conn) != 0)
        return STORE_OK;
    postgres_lose(s, PQerrorMessage(s->conn));
    return STORE_AWAY;
}

enum store_result postgres_prepare(struct postgres_store *s)
{
    enum store_result result = STORE_OK;
    int64_t end_ms = steady_ms() + s->limit_ms;
    bool sent = PQenterPipelineMode(s->conn) != 0;
    PGresult *failure;
    char name[8];

    for (int i = 0; sent && i < STATEMENT_COUNT_POSTGRES; i++) {
        name_statement(name, (enum statement)i);
        sent = PQsendPrepare(s->conn, name,
                             statement_text_postgres((enum statement)i), 0,
                             NULL) != 0;
    }
    if (!sent || PQpipelineSync(s->conn) == 0) {
        postgres_lose(s, PQerrorMessage(s->conn));
        return STORE_AWAY;
    }
    for (int i = 0; i < STATEMENT_COUNT_POSTGRES; i++) {
        PGresult *answer;

        if (!read_command(s, end_ms, &answer))
            return STORE_AWAY;
        // Behind one that failed all others are passed over.
        if (has_failed(answer) && result == STORE_OK)
            result = postgres_result(s, answer);
        PQclear(answer);
    }
    if (!read_sync(s, end_ms, &failure))
        return STORE_AWAY;
    PQclear(failure);
    if (PQexitPipelineMode(s->conn) == 0) {
        postgres_lose(s, PQerrorMessage(s->conn));
        return STORE_AWAY;
    }
    return result;
}

static bool has_input(struct postgres_store *s)
{
    struct pollfd f = {.fd = PQsocket(s->conn), .events = POLLIN};

    return poll(&f, 1, 0) > 0;
}

bool postgres_is_alive(struct postgres_store *s)
{
    if (s->conn == NULL)
        return false;
    if (s->stale)
        postgres_lose(s, s->message);
    // Unasked come notices, or the server's last words and then the end.
    for (int i = 0; i < UNASKED_MAX && s->conn != NULL && has_input(s); i++)
        if (PQconsumeInput(s->conn) == 0)
            postgres_lose(s, PQerrorMessage(s->conn));
    return s->conn != NULL && check_alive(s);
}
