-- Whether mail to the account's address arrives there, and the codes that are
-- mailed to find out or to choose a new password.

ALTER TABLE account ADD COLUMN verified INTEGER NOT NULL DEFAULT 0
    CHECK (verified IN (0, 1));

-- Known by its SHA-256 only; good for the address that it was mailed to.
CREATE TABLE code (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    user_id    INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    kind       INTEGER NOT NULL,
    email      TEXT    NOT NULL,
    expires_s  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX code_user ON code (user_id, kind);
CREATE INDEX code_expiry ON code (expires_s);
