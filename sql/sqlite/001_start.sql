-- What stayd keeps. Times (_s) are wall seconds since 1970.

CREATE TABLE account (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT    NOT NULL UNIQUE,
    email      TEXT    NOT NULL,
    password   TEXT    NOT NULL,
    roles      TEXT    NOT NULL,
    disabled   INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    created_s  INTEGER NOT NULL
) STRICT;

-- An empty address is no address, and many may have none.
CREATE UNIQUE INDEX account_email ON account (lower(email)) WHERE email <> '';

-- One row a session, of constant size, found by sid alone. It carries what a
-- refresh needs of the account, so that a refresh reads and writes one row; it
-- refers to no other table, so that ended rows outlive the account and rows may
-- be spread by sid. ended, protocol, chain: src/store/store.h.
--
-- Not WITHOUT ROWID: there the inner nodes of the tree hold whole rows too, eight
-- to a page, and among millions of sessions each refresh reads two pages more
-- than those of sid's index and the row. Rows come in the order of sign-in, and
-- go in it too, --refresh-max later, so that whole pages become free.
CREATE TABLE session (
    sid         BLOB    NOT NULL PRIMARY KEY CHECK (length(sid) = 16),
    user_id     INTEGER NOT NULL,
    protocol    INTEGER NOT NULL,
    cookie      INTEGER NOT NULL CHECK (cookie IN (0, 1)),
    ended       INTEGER NOT NULL,
    ended_s     INTEGER NOT NULL,
    created_s   INTEGER NOT NULL,
    used_s      INTEGER NOT NULL,
    moved       INTEGER NOT NULL,
    moved_s     INTEGER NOT NULL,
    generation  INTEGER NOT NULL,
    chain       BLOB    NOT NULL CHECK (length(chain) = 144),
    roles       TEXT    NOT NULL,
    dialect     TEXT    NOT NULL,
    label       TEXT    NOT NULL,
    agent       TEXT    NOT NULL,
    address     TEXT    NOT NULL
) STRICT;

-- A refresh changes no column of it, so it never writes to this index. ended is
-- in it, for a byte a session, so that counting them reads no row.
CREATE INDEX session_user ON session (user_id, ended) WHERE ended = 0;

CREATE TABLE todo (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id  INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    title    TEXT    NOT NULL,
    done     INTEGER NOT NULL CHECK (done IN (0, 1))
) STRICT;

CREATE INDEX todo_user ON todo (user_id);

-- Sealed before it comes here; offered refresh tokens carry the id in one byte.
CREATE TABLE sealed_key (
    id         INTEGER NOT NULL PRIMARY KEY CHECK (id BETWEEN 1 AND 255),
    kind       TEXT    NOT NULL,
    kid        TEXT    NOT NULL,
    created_s  INTEGER NOT NULL,
    retired_s  INTEGER NOT NULL,
    sealed     BLOB    NOT NULL
) STRICT;

CREATE TABLE setting (
    name   TEXT NOT NULL PRIMARY KEY,
    value  BLOB NOT NULL
) STRICT, WITHOUT ROWID;
