-- Who did what, or was refused it: src/server/audit.h. Kept for --audit-keep,
-- and swept from the lowest id on, so it needs no index of its own. No foreign
-- key: a row outlives the account it tells of.
CREATE TABLE audit (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    at_s     INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    outcome  TEXT    NOT NULL,
    user_id  INTEGER NOT NULL,   -- 0: nobody we know
    sid      BLOB    NOT NULL CHECK (length(sid) IN (0, 16)),
    detail   INTEGER NOT NULL,   -- by kind
    dialect  TEXT    NOT NULL,
    address  TEXT    NOT NULL    -- the client's own; '' for the operator
) STRICT;
