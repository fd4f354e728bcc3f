-- The twin of sql/sqlite/002_accounts.sql.

ALTER TABLE account ADD COLUMN verified smallint NOT NULL DEFAULT 0
    CHECK (verified IN (0, 1));

-- Known by its SHA-256 only; good for the address that it was mailed to.
CREATE TABLE code (
    hash       bytea    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    user_id    bigint   NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    kind       smallint NOT NULL,
    email      text     COLLATE "C" NOT NULL,
    expires_s  bigint   NOT NULL
);

CREATE INDEX code_user ON code (user_id, kind);
CREATE INDEX code_expiry ON code (expires_s);
