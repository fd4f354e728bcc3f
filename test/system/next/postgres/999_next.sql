-- What a later version might add, and that the one before it may go on.
ALTER TABLE session ADD COLUMN next_thing bigint NOT NULL DEFAULT 0;
CREATE TABLE next_table (id bigint PRIMARY KEY);

INSERT INTO setting (name, value)
    SELECT 'schema_oldest', convert_to(max(number)::text, 'UTF8')
        FROM stay_migration
    ON CONFLICT (name) DO UPDATE SET value = excluded.value;
