-- What a later version might add, and that the one before it may go on.
ALTER TABLE session ADD COLUMN next_thing INTEGER NOT NULL DEFAULT 0;
CREATE TABLE next_table (id INTEGER PRIMARY KEY) STRICT;

INSERT INTO setting (name, value)
    SELECT 'schema_oldest', CAST(CAST(user_version AS TEXT) AS BLOB)
        FROM pragma_user_version WHERE true
    ON CONFLICT (name) DO UPDATE SET value = excluded.value;
