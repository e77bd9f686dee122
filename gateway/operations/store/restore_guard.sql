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
