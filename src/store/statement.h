/*
 * All the SQL that runs after the migrations, in one table.
 *
 * $1, $2 ... in order of first use mean the same to every driver. What only one
 * of them understands has a text for each.
 */
#ifndef STORE_STATEMENT_H
#define STORE_STATEMENT_H

enum statement {
    USER_ADD = 0,
    USER_BY_ID,
    USER_BY_NAME,
    USER_BY_EMAIL,
    USER_SET_PASSWORD,
    USER_SWAP_PASSWORD,
    USER_SET_EMAIL,
    USER_SET_VERIFIED,
    USER_SET_ROLES,
    USER_SET_DISABLED,
    USER_REMOVE,
    USER_COUNT,
    USER_LIST,
    USER_STANDS,
    USER_SEARCH,
    SESSION_ADD,
    SESSION_FIND,
    SESSION_STANDING,
    SESSION_STEP,
    SESSION_MOVE,
    SESSION_SWAP,
    SESSION_TOUCH,
    SESSION_END,
    SESSION_END_OWN,
    SESSION_END_ALL,
    SESSION_RECLAIM,
    SESSION_SET_ROLES,
    SESSION_LIST,
    SESSION_COUNT,
    SESSION_SWEEP,
    SESSION_REMOVE,
    CODE_ADD,
    CODE_FIND,
    CODE_SPEND,
    CODE_REMOVE_ALL,
    CODE_SWEEP,
    TODO_ADD,
    TODO_FIND,
    TODO_CHANGE,
    TODO_REMOVE,
    TODO_LIST,
    KEY_ADD,
    KEY_RETIRE,
    KEY_REMOVE,
    KEY_LIST,
    SETTING_GET,
    SETTING_PUT,
    SCHEMA_VERSION,
    AUDIT_ADD,
    AUDIT_SWEEP,
    STATEMENT_COUNT, /* that any driver knows */
    /* PostgreSQL's alone: SESSION_STEP of many sessions. */
    SESSION_STEPS = STATEMENT_COUNT,
    STATEMENT_COUNT_POSTGRES,
};

/* Most values that one statement takes. */
enum { STATEMENT_VALUES_MAX = 16 };

/* In the words that both databases know, or else in SQLite's; never NULL. */
const char *statement_text(enum statement which);
/* In PostgreSQL's, where it needs its own. */
const char *statement_text_postgres(enum statement which);

#endif
