-- name: deliveries
-- Deliveries, those that changed last first; a null status lets all through.
SELECT d.id, d.message_id, d.conversation_id, d.channel, endpoint.key AS endpoint, address.uri AS address, d.lane,
       d.purpose, d.status, d.attempts, d.created_at, d.updated_at, d.error_code, d.reason, d.provider_id
FROM delivery AS d
JOIN endpoint ON endpoint.id = d.endpoint_id
JOIN address ON address.id = d.address_id
WHERE (:status::text IS NULL OR d.status = :status)
  AND (d.updated_at, d.id) < (:before_at::timestamptz, :before_id::bigint)
ORDER BY d.updated_at DESC, d.id DESC LIMIT :count;

-- name: problems
-- Payloads that nobody has handled yet, newest first.
SELECT id, source, received_at, problem, octet_length(body) AS size_bytes, substring(body FOR 600) AS excerpt
FROM raw_payload
WHERE problem IS NOT NULL AND handled_at IS NULL AND id < :before ORDER BY id DESC LIMIT :count;

-- name: handle_problem!
UPDATE raw_payload SET handled_at = now() WHERE id = :raw_id AND handled_at IS NULL;

-- name: endpoints
SELECT id, key, channel, address, name, active, sends_per_second, paused_until, paused_reason
FROM endpoint ORDER BY active DESC, channel, id;

-- name: lanes
-- How many deliveries wait in each lane, and how long the oldest that is due has waited, in seconds.
SELECT lane, count(*) AS depth,
       coalesce(extract(epoch FROM now() - min(due_at) FILTER (WHERE due_at <= now())), 0)::float8 AS age
FROM delivery WHERE status = 'queued' GROUP BY lane;

-- name: queues
-- How many cases wait for a person in each queue, and how long the oldest has waited, in seconds.
SELECT queue, count(*) AS depth, extract(epoch FROM now() - min(opened_at))::float8 AS age
FROM service_case WHERE status <> 'resolved' AND person_spoke_at IS NULL GROUP BY queue;

-- name: stuck^
-- What operations look at first: dead letters, deliveries nobody can tell about, payloads with a problem.
SELECT (SELECT count(*) FROM delivery WHERE status = 'failed' AND superseded_by IS NULL) AS dead,
       (SELECT count(*) FROM delivery WHERE status = 'unknown') AS unknown,
       (SELECT count(*) FROM raw_payload WHERE problem IS NOT NULL AND handled_at IS NULL) AS problems;
