-- What operating needs: knowing that a database is a copy, forgetting what is past its time, and erasing a person.

-- held_at: after a restore nobody knows whether it went out since the backup; it waits for a person to decide.
ALTER TABLE delivery ADD COLUMN held_at timestamptz;

-- The server and database these rows were written in; elsewhere they are a copy, restored from a backup.
CREATE TABLE home (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    system_identifier bigint NOT NULL,
    database_oid bigint NOT NULL,
    moved_in_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO home (system_identifier, database_oid)
SELECT system_identifier, (SELECT oid::bigint FROM pg_database WHERE datname = current_database())
FROM pg_control_system();

-- How far the words of old messages have been forgotten, by id.
CREATE TABLE retention_place (
    kind text PRIMARY KEY,
    reached_id bigint NOT NULL
);

-- Files that lost an attachment; they go once no other attachment has the same bytes.
CREATE TABLE unwanted_file (
    sha256 text PRIMARY KEY,
    since timestamptz NOT NULL DEFAULT now()
);

-- Addresses of erased people who had opted out, as hashes keyed by the installation's secret.
CREATE TABLE suppression (
    address_hash bytea PRIMARY KEY,
    opted_out text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- That somebody was erased, when, by whom, and how much it was; nothing that says who it was.
CREATE TABLE erasure (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    erased_at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    counts jsonb NOT NULL
);
