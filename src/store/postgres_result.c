#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "store/postgres_store.h"

/*
 * What an SQLSTATE means to our callers: the first row whose letters it begins
 * with (PostgreSQL's manual, appendix A).
 */
static const struct state_row {
    const char *begins;
    enum store_result result;
    bool tells; /* its message holds no value that was bound */
    bool stale; /* another connection may do: give this one up */
} states[] = {
    {"23505", STORE_TAKEN,     false, false},
    {"22",    STORE_FAILED,    false, false},
    {"23",    STORE_FAILED,    false, false},
    {"P0",    STORE_FAILED,    false, false}, /* of somebody's trigger */
    {"40003", STORE_AWAY,      true,  true }, /* done or not: nobody knows */
    {"40",    STORE_BUSY,      true,  false}, /* a deadlock: undone whole */
    {"55P03", STORE_BUSY,      true,  false}, /* no lock in time */
    {"57014", STORE_BUSY,      true,  false}, /* the statement took too long */
    {"53100", STORE_FULL,      true,  false},
    {"53200", STORE_NO_MEMORY, true,  false},
    {"53",    STORE_AWAY,      true,  false}, /* too many connections */
    {"57P",   STORE_AWAY,      true,  false}, /* shutting down, or starting up */
    {"08",    STORE_AWAY,      true,  true },
    {"25006", STORE_AWAY,      true,  true }, /* it takes no writes any more */
    {"26000", STORE_AWAY,      true,  true }, /* somebody dropped what we have */
    {"0A000", STORE_AWAY,      true,  true }, /* prepared, as did a migration */
    {"28",    STORE_DENIED,    true,  false},
    {"3D",    STORE_DENIED,    true,  false},
    {"42501", STORE_DENIED,    true,  false},
    {"42",    STORE_CORRUPT,   true,  false}, /* not the tables that we know */
    {"XX",    STORE_CORRUPT,   true,  false},
    {"",      STORE_FAILED,    true,  false},
};

/* A new line and its indent become one blank. */
static void one_line(char *text)
{
    char *to = text;

    for (const char *c = text; *c != '\0'; c++) {
        bool blank = *c == ' ' || *c == '\n' || *c == '\t';

        if (!blank)
            *to++ = *c == '"' ? '\'' : *c;
        else if (to > text && to[-1] != ' ')
            *to++ = ' ';
    }
    *to = '\0';
}

void postgres_line(char *out, size_t size, const char *text)
{
    size_t length = strcspn(text, "\n");

    // libpq indents the reason on a line of its own.
    while (text[length] == '\n' && length + 1 < size) {
        size_t more = strspn(text + length + 1, " \t\n");

        if (text[length + 1 + more] == '\0')
            break;
        length += 1 + more + strcspn(text + length + 1 + more, "\n");
    }
    (void)snprintf(out, size, "%.*s", (int)length, text);
    one_line(out);
}

enum store_result postgres_result(struct postgres_store *s, PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *rule = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    size_t i = 0;

    // libpq's own, which speaks of a broken connection.
    if (state == NULL) {
        postgres_line(s->message, sizeof s->message,
                      PQresultErrorMessage(result));
        return STORE_AWAY;
    }
    while (strncmp(state, states[i].begins, strlen(states[i].begins)) != 0)
        i++;
    if (states[i].tells)
        postgres_line(s->message, sizeof s->message, text == NULL ? "" : text);
    else
        (void)snprintf(s->message, sizeof s->message,
                       "a value was refused: SQLSTATE %.5s%s%.64s", state,
                       rule == NULL ? "" : " by ", rule == NULL ? "" : rule);
    s->stale = s->stale || states[i].stale;
    return states[i].result;
}

/* SQLSTATE statement_completion_unknown, transaction_resolution_unknown. */
bool postgres_is_unknown(const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    return state != NULL &&
           (strcmp(state, "40003") == 0 || strcmp(state, "08007") == 0);
}

void postgres_lose(struct postgres_store *s, const char *why)
{
    char line[POSTGRES_MESSAGE_SIZE];

    // `why` may be the connection's own text, and goes with it.
    postgres_line(line, sizeof line, why);
    memcpy(s->message, line, sizeof line);
    PQfinish(s->conn);
    s->conn = NULL;
    s->stale = false;
    s->unsure = false;
}
