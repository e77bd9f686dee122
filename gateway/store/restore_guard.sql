-- name: is_elsewhere$
-- Whether this server or database is another than the one the rows were written in.
SELECT (SELECT system_identifier FROM pg_control_system()) <> home.system_identifier
       OR (SELECT oid::bigint FROM pg_database WHERE datname = current_database()) <> home.database_oid
FROM home FOR UPDATE;

-- name: move_in!
UPDATE home
SET system_identifier = (SELECT system_identifier FROM pg_control_system()),
    database_oid = (SELECT oid::bigint FROM pg_database WHERE datname = current_database()), moved_in_at = now();

-- name: hold$
-- What was owed may have gone out after the backup was made: it leaves the outbox, and nobody is asked about it.
WITH held AS (
    UPDATE delivery
    SET status = 'unknown', held_at = now(), lease_until = NULL, updated_at = now(),
        reason = 'the database was restored, so it may have gone out since the backup; operations decide'
    WHERE status IN ('queued', 'sending')
    RETURNING 1
)
SELECT count(*) FROM held;
