-- name: forget_proofs$
-- Forget codes that nobody can use any more.
WITH gone AS (DELETE FROM address_proof WHERE expires_at < now() - make_interval(days => :days) RETURNING 1)
SELECT count(*) FROM gone;

-- name: forget_raw$
-- Forget payloads that were understood, some at a time so that nobody waits; their messages stay.
WITH old AS (
    SELECT id FROM raw_payload
    WHERE received_at < now() - make_interval(days => :days) AND (problem IS NULL OR handled_at IS NOT NULL)
    ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED
), gone AS (DELETE FROM raw_payload WHERE id IN (SELECT id FROM old) RETURNING 1)
SELECT count(*) FROM gone;
