-- The twin of sql/sqlite/003_audit.sql.
CREATE TABLE audit (
    id       bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at_s     bigint   NOT NULL,
    user_id  bigint   NOT NULL,   -- 0: nobody we know
    detail   bigint   NOT NULL,   -- by kind
    kind     text     COLLATE "C" NOT NULL,
    outcome  text     COLLATE "C" NOT NULL,
    sid      bytea    NOT NULL CHECK (length(sid) IN (0, 16)),
    dialect  text     COLLATE "C" NOT NULL,
    address  text     COLLATE "C" NOT NULL    -- the client's own; '' for the operator
);
