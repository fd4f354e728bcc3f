-- What stayd keeps: the twin of sql/sqlite/001_start.sql. Times (_s) are wall
-- seconds since 1970. Text is compared byte by byte, whatever the database's
-- locale, so that an index outlives an upgrade of the system's locales.

CREATE TABLE account (
    id         bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text     COLLATE "C" NOT NULL UNIQUE,
    email      text     COLLATE "C" NOT NULL,
    password   text     COLLATE "C" NOT NULL,
    roles      text     COLLATE "C" NOT NULL,
    disabled   smallint NOT NULL CHECK (disabled IN (0, 1)),
    created_s  bigint   NOT NULL
);

-- An empty address is no address, and many may have none.
CREATE UNIQUE INDEX account_email ON account (lower(email)) WHERE email <> '';

-- One row a session: see sqlite/001_start.sql. The columns stand widest first,
-- without gaps between them. A fifth of each page is kept for the next versions
-- of its rows: a refresh changes no indexed column, so it finds its place there
-- and touches no index (a heap-only update).
CREATE TABLE session (
    user_id     bigint   NOT NULL,
    generation  bigint   NOT NULL,
    ended_s     bigint   NOT NULL,
    created_s   bigint   NOT NULL,
    used_s      bigint   NOT NULL,
    moved_s     bigint   NOT NULL,
    protocol    smallint NOT NULL,
    cookie      smallint NOT NULL CHECK (cookie IN (0, 1)),
    ended       smallint NOT NULL,
    moved       smallint NOT NULL,
    sid         bytea    NOT NULL PRIMARY KEY CHECK (length(sid) = 16),
    chain       bytea    NOT NULL CHECK (length(chain) = 144),
    roles       text     COLLATE "C" NOT NULL,
    dialect     text     COLLATE "C" NOT NULL,
    label       text     COLLATE "C" NOT NULL,
    agent       text     COLLATE "C" NOT NULL,
    address     text     COLLATE "C" NOT NULL
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

-- Compressing hashes is in vain.
ALTER TABLE session ALTER COLUMN chain SET STORAGE PLAIN;

CREATE INDEX session_account ON session (user_id) WHERE ended = 0;

CREATE TABLE todo (
    id       bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id  bigint   NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    title    text     COLLATE "C" NOT NULL,
    done     smallint NOT NULL CHECK (done IN (0, 1))
);

CREATE INDEX todo_user ON todo (user_id);

-- Counts what is there when it is called, and not when its statement began: who
-- holds the user's row by then is not overtaken by another who adds.
CREATE FUNCTION todo_count(owner bigint) RETURNS bigint
    LANGUAGE sql VOLATILE
    AS 'SELECT count(*) FROM todo WHERE user_id = owner';

-- Sealed before it comes here; offered refresh tokens carry the id in one byte.
CREATE TABLE sealed_key (
    id         bigint NOT NULL PRIMARY KEY CHECK (id BETWEEN 1 AND 255),
    kind       text   COLLATE "C" NOT NULL,
    kid        text   COLLATE "C" NOT NULL,
    created_s  bigint NOT NULL,
    retired_s  bigint NOT NULL,
    sealed     bytea  NOT NULL
);

CREATE TABLE setting (
    name   text COLLATE "C" NOT NULL PRIMARY KEY,
    value  bytea NOT NULL
);
