#include "store/statement.h"

#include <stddef.h>

#include "base/assert.h"

#define USER_COLUMNS                                                           \
    "id, name, email, password, roles, disabled, verified, created_s"
#define SESSION_COLUMNS                                                        \
    "sid, user_id, roles, dialect, protocol, cookie, ended, ended_s, "         \
    "created_s, used_s, generation, moved, moved_s, chain, label, agent, "     \
    "address"
#define TODO_COLUMNS "id, title, done"
#define KEY_COLUMNS "id, kind, kid, created_s, retired_s, sealed"

static const char *const texts[STATEMENT_COUNT] = {
    [USER_ADD] = "INSERT INTO account (name, email, password, roles, disabled,"
                 " verified, created_s) VALUES ($1, $2, $3, $4, $5, $6, $7)"
                 " ON CONFLICT DO NOTHING RETURNING id",
    [USER_BY_ID] = "SELECT " USER_COLUMNS " FROM account WHERE id = $1",
    [USER_BY_NAME] = "SELECT " USER_COLUMNS " FROM account WHERE name = $1",
    [USER_BY_EMAIL] = "SELECT " USER_COLUMNS " FROM account"
                      " WHERE lower(email) = lower($1) AND email <> ''",
    [USER_SET_PASSWORD] = "UPDATE account SET password = $1 WHERE id = $2",
    [USER_SWAP_PASSWORD] = "UPDATE account SET password = $1"
                           " WHERE id = $2 AND password = $3 AND disabled = 0",
    [USER_SET_EMAIL] = "UPDATE account SET email = $1, verified = 0"
                       " WHERE id = $2",
    [USER_SET_VERIFIED] = "UPDATE account SET verified = $1 WHERE id = $2",
    [USER_SET_ROLES] = "UPDATE account SET roles = $1 WHERE id = $2",
    [USER_SET_DISABLED] = "UPDATE account SET disabled = $1 WHERE id = $2",
    [USER_REMOVE] = "DELETE FROM account WHERE id = $1",
    [USER_COUNT] = "SELECT count(*) FROM account",
    [USER_LIST] = "SELECT " USER_COLUMNS " FROM account WHERE id > $1"
                  " ORDER BY id LIMIT $2",
    [USER_SEARCH] = "SELECT " USER_COLUMNS ", (SELECT count(*) FROM session"
                    " WHERE user_id = account.id AND ended = 0"
                    " AND session.created_s > $1 AND used_s > $2)"
                    " FROM account WHERE id > $3"
                    " AND (lower(name) LIKE lower($4) ESCAPE '!'"
                    " OR lower(email) LIKE lower($4) ESCAPE '!')"
                    " ORDER BY id LIMIT $5",
    [USER_STANDS] = "SELECT id FROM account"
                    " WHERE id = $1 AND password = $2 AND disabled = 0",

    [SESSION_ADD] = "INSERT INTO session (" SESSION_COLUMNS ")"
                    " SELECT $1, id, roles, $2, $3, $4, 0, 0, $5, $6, $7, $8,"
                    " $9, $10, $11, $12, $13 FROM account"
                    " WHERE id = $14 AND password = $15 AND disabled = 0"
                    " ON CONFLICT (sid) DO NOTHING"
                    " RETURNING " SESSION_COLUMNS,
    [SESSION_FIND] = "SELECT " SESSION_COLUMNS " FROM session WHERE sid = $1",
    [SESSION_STANDING] = "SELECT user_id, roles, ended, created_s, used_s"
                         " FROM session WHERE sid = $1",
    // The bytes of a chain: core/rotation.h. In SQLite || makes text of blobs,
    // byte for byte; instr also finds what is not aligned, which only means
    // that a step takes the longer way.
    [SESSION_STEP] = "UPDATE session SET used_s = $1, moved_s = $1, moved = 1,"
                     " generation = generation + 1,"
                     " chain = CAST($2 || substr(chain, 1, 16) ||"
                     " substr(chain, 33, 96) AS BLOB)"
                     " WHERE sid = $3 AND ended = 0 AND created_s > $4"
                     " AND used_s > $5 AND protocol = 0 AND generation = $6"
                     " AND substr(chain, 1, 32) = $7 AND instr(chain, $8) = 0"
                     " RETURNING user_id, roles",
    [SESSION_MOVE] = "UPDATE session SET used_s = $1, moved_s = $1, moved = 1,"
                     " chain = CAST($2 || substr(chain, 1, 16) ||"
                     " substr(chain, 33) AS BLOB), generation = $3"
                     " WHERE sid = $4 AND ended = 0 AND created_s > $5"
                     " AND used_s > $6 AND protocol = 1"
                     " AND substr(chain, 1, 16) = $7"
                     " AND (moved = 0 OR moved_s <= $8)"
                     " RETURNING user_id, roles",
    [SESSION_SWAP] = "UPDATE session SET used_s = $1, generation = $2,"
                     " moved = $3, moved_s = $4, chain = $5"
                     " WHERE sid = $6 AND ended = 0 AND generation = $7"
                     " AND moved_s = $8 AND chain = $9",
    [SESSION_TOUCH] = "UPDATE session SET used_s = $1"
                      " WHERE sid = $2 AND ended = 0 AND used_s < $1",
    [SESSION_END] = "UPDATE session SET ended = $1, ended_s = $2,"
                    " label = '', agent = '', address = ''"
                    " WHERE sid = $3 AND ended = 0",
    [SESSION_END_OWN] = "UPDATE session SET ended = $1, ended_s = $2,"
                        " label = '', agent = '', address = ''"
                        " WHERE sid = $3 AND ended = 0 AND user_id = $4",
    [SESSION_END_ALL] = "UPDATE session SET ended = $1, ended_s = $2,"
                        " label = '', agent = '', address = ''"
                        " WHERE user_id = $3 AND ended = 0 AND sid <> $4",
    // The limit only bounds what one sign-in ends; of users who have not too
    // many it is 0, so that their rows are counted and none is read.
    [SESSION_RECLAIM] = "UPDATE session SET ended = $1, ended_s = $2,"
                        " label = '', agent = '', address = ''"
                        " WHERE sid IN (SELECT sid FROM session"
                        " WHERE user_id = $3 AND ended = 0 AND sid <> $4"
                        " ORDER BY used_s DESC, sid LIMIT (SELECT"
                        " CASE WHEN count(*) > $5 THEN 1000 ELSE 0 END"
                        " FROM session WHERE user_id = $3 AND ended = 0)"
                        " OFFSET $5)",
    [SESSION_SET_ROLES] = "UPDATE session SET roles = $1"
                          " WHERE user_id = $2 AND ended = 0",
    [SESSION_LIST] = "SELECT " SESSION_COLUMNS " FROM session"
                     " WHERE user_id = $1 AND ended = 0"
                     " ORDER BY used_s DESC, sid LIMIT $2",
    [SESSION_COUNT] = "SELECT count(*) FROM session WHERE ended = 0",
    [SESSION_SWEEP] = "SELECT sid, used_s, ended_s FROM session"
                      " WHERE sid > $1 ORDER BY sid LIMIT $2",
    [SESSION_REMOVE] = "DELETE FROM session WHERE sid = $1",

    [CODE_ADD] = "INSERT INTO code (hash, user_id, kind, email, expires_s)"
                 " SELECT $1, id, $2, email, $3 FROM account"
                 " WHERE id = $4 AND email = $5 AND disabled = 0"
                 " AND (SELECT count(*) FROM code WHERE user_id = $4"
                 " AND kind = $2 AND expires_s > $6) < $7",
    [CODE_FIND] = "SELECT user_id FROM code"
                  " WHERE hash = $1 AND kind = $2 AND expires_s > $3",
    // An address that was changed since makes its codes void.
    [CODE_SPEND] = "DELETE FROM code"
                   " WHERE hash = $1 AND kind = $2 AND expires_s > $3"
                   " AND EXISTS (SELECT 1 FROM account"
                   " WHERE account.id = code.user_id"
                   " AND account.email = code.email AND account.disabled = 0)"
                   " RETURNING user_id",
    [CODE_REMOVE_ALL] = "DELETE FROM code WHERE user_id = $1 AND kind = $2",
    [CODE_SWEEP] = "DELETE FROM code WHERE hash IN (SELECT hash FROM code"
                   " WHERE expires_s <= $1 LIMIT $2)",

    [TODO_ADD] = "INSERT INTO todo (user_id, title, done)"
                 " SELECT id, $1, 0 FROM account WHERE id = $2"
                 " AND (SELECT count(*) FROM todo WHERE user_id = $2) < $3"
                 " RETURNING " TODO_COLUMNS,
    [TODO_FIND] = "SELECT " TODO_COLUMNS " FROM todo"
                  " WHERE id = $1 AND user_id = $2",
    [TODO_CHANGE] = "UPDATE todo SET title = coalesce($1, title),"
                    " done = coalesce($2, done)"
                    " WHERE id = $3 AND user_id = $4 RETURNING " TODO_COLUMNS,
    [TODO_REMOVE] = "DELETE FROM todo WHERE id = $1 AND user_id = $2",
    [TODO_LIST] = "SELECT " TODO_COLUMNS " FROM todo WHERE user_id = $1"
                  " ORDER BY id LIMIT $2",

    [KEY_ADD] = "INSERT INTO sealed_key (" KEY_COLUMNS ")"
                " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    [KEY_RETIRE] = "UPDATE sealed_key SET retired_s = $1"
                   " WHERE id = $2 AND retired_s = 0",
    [KEY_REMOVE] = "DELETE FROM sealed_key WHERE id = $1",
    [KEY_LIST] = "SELECT " KEY_COLUMNS " FROM sealed_key ORDER BY id",
    [SETTING_GET] = "SELECT value FROM setting WHERE name = $1",
    [SETTING_PUT] = "INSERT INTO setting (name, value) VALUES ($1, $2)"
                    " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    [SCHEMA_VERSION] = "SELECT user_version FROM pragma_user_version",

    [AUDIT_ADD] = "INSERT INTO audit (at_s, kind, outcome, user_id, sid,"
                  " detail, dialect, address)"
                  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    // Ids grow with time: what is young ends the step, however large the table.
    [AUDIT_SWEEP] = "DELETE FROM audit WHERE at_s < $1 AND id IN"
                    " (SELECT id FROM audit ORDER BY id LIMIT $2)",
};

/*
 * Where PostgreSQL needs other words: bytes are not text there, lower() would
 * go by the database's locale, and others write at the same time. FOR SHARE: a
 * sign-in waits for a change of its user, and the change for the sign-in; else
 * each would miss the other's row, and a session outlive the end of all.
 *
 * Who writes several sessions locks them in the order of their sids, as a batch
 * of refreshes does (store_collect), so that none waits for the other's.
 */
#define CHOSEN "WITH chosen AS MATERIALIZED ("
#define LOCKED " ORDER BY sid FOR UPDATE)"
#define IF_CHOSEN                                                              \
    " FROM chosen WHERE session.sid = chosen.sid AND session.ended = 0"
static const char *const postgres_texts[STATEMENT_COUNT_POSTGRES] = {
    [USER_BY_EMAIL] = "SELECT " USER_COLUMNS " FROM account"
                      " WHERE lower(email) = lower($1 COLLATE \"C\")"
                      " AND email <> ''",
    [SESSION_ADD] = "INSERT INTO session (" SESSION_COLUMNS ")"
                    " SELECT $1, id, roles, $2, $3, $4, 0, 0, $5, $6, $7, $8,"
                    " $9, $10, $11, $12, $13 FROM account"
                    " WHERE id = $14 AND password = $15 AND disabled = 0"
                    " FOR SHARE"
                    " ON CONFLICT (sid) DO NOTHING"
                    " RETURNING " SESSION_COLUMNS,
    [SESSION_STEP] = "UPDATE session SET used_s = $1, moved_s = $1, moved = 1,"
                     " generation = generation + 1,"
                     " chain = $2::bytea || substr(chain, 1, 16) ||"
                     " substr(chain, 33, 96)"
                     " WHERE sid = $3 AND ended = 0 AND created_s > $4"
                     " AND used_s > $5 AND protocol = 0 AND generation = $6"
                     " AND substr(chain, 1, 32) = $7"
                     " AND position($8::bytea IN chain) = 0"
                     " RETURNING user_id, roles",
    // An array for each value, in the order of the sids. As the sessions are set
    // up (postgres_open.c) it is a loop over the arrays or over the table's key,
    // and either locks the rows in that order. coalesce keeps another index out,
    // which has its own.
    [SESSION_STEPS] =
        "UPDATE session SET used_s = n.now_s, moved_s = n.now_s, moved = 1,"
        " generation = session.generation + 1,"
        " chain = n.next || substr(chain, 1, 16) || substr(chain, 33, 96)"
        " FROM unnest($1::bytea[], $2::bigint[], $3::bytea[], $4::bytea[],"
        " $5::bigint[], $6::bigint[], $7::bigint[])"
        " AS n (sid, generation, shown, next, now_s, max_s, idle_s)"
        " WHERE session.sid = n.sid AND coalesce(ended, 0) = 0"
        " AND created_s > n.max_s"
        " AND used_s > n.idle_s AND protocol = 0"
        " AND session.generation = n.generation"
        " AND substr(chain, 1, 32) = n.shown"
        " AND position(substr(n.next, 1, 16) IN chain) = 0"
        " RETURNING session.sid, user_id, roles",
    [SESSION_MOVE] = "UPDATE session SET used_s = $1, moved_s = $1, moved = 1,"
                     " chain = $2::bytea || substr(chain, 1, 16) ||"
                     " substr(chain, 33), generation = $3"
                     " WHERE sid = $4 AND ended = 0 AND created_s > $5"
                     " AND used_s > $6 AND protocol = 1"
                     " AND substr(chain, 1, 16) = $7"
                     " AND (moved = 0 OR moved_s <= $8)"
                     " RETURNING user_id, roles",
    [SESSION_END_ALL] =
        CHOSEN "SELECT sid FROM session WHERE user_id = $3"
               " AND ended = 0 AND sid <> $4" LOCKED
               " UPDATE session SET ended = $1, ended_s = $2,"
               " label = '', agent = '', address = ''" IF_CHOSEN,
    [SESSION_RECLAIM] =
        CHOSEN "SELECT sid FROM session WHERE sid IN"
               " (SELECT sid FROM session"
               " WHERE user_id = $3 AND ended = 0 AND sid <> $4"
               " ORDER BY used_s DESC, sid"
               " LIMIT 1000 OFFSET $5)" LOCKED
               " UPDATE session SET ended = $1, ended_s = $2,"
               " label = '', agent = '', address = ''" IF_CHOSEN,
    [SESSION_SET_ROLES] = CHOSEN "SELECT sid FROM session"
                                 " WHERE user_id = $2 AND ended = 0" LOCKED
                                 " UPDATE session SET roles = $1" IF_CHOSEN,
    [SCHEMA_VERSION] = "SELECT coalesce(max(number), 0) FROM stay_migration",
    [TODO_ADD] = "WITH owner AS MATERIALIZED"
                 " (SELECT id FROM account WHERE id = $2 FOR UPDATE)"
                 " INSERT INTO todo (user_id, title, done)"
                 " SELECT id, $1, 0 FROM owner WHERE todo_count(id) < $3"
                 " RETURNING " TODO_COLUMNS,
};

const char *statement_text(enum statement which)
{
    assert(which < STATEMENT_COUNT && texts[which] != NULL);
    return texts[which];
}

const char *statement_text_postgres(enum statement which)
{
    assert(which < STATEMENT_COUNT_POSTGRES);
    return postgres_texts[which] != NULL ? postgres_texts[which]
                                         : statement_text(which);
}
