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

-- name: held^
-- How many deliveries are held, and since when.
SELECT count(*) AS count, min(held_at) AS since FROM delivery WHERE status = 'unknown' AND held_at IS NOT NULL;

-- name: release
-- Let some of what is held go out after all, oldest first.
UPDATE delivery
SET status = 'queued', held_at = NULL, due_at = greatest(due_at, now()), reason = NULL, updated_at = now()
WHERE id IN (SELECT id FROM delivery WHERE status = 'unknown' AND held_at IS NOT NULL
             ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED)
RETURNING conversation_id;

-- name: discard
-- Give some of what is held up, oldest first.
UPDATE delivery
SET status = 'suppressed', held_at = NULL, reason = 'not sent: held after a restore, and given up', updated_at = now()
WHERE id IN (SELECT id FROM delivery WHERE status = 'unknown' AND held_at IS NOT NULL
             ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED)
RETURNING conversation_id;
