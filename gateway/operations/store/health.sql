-- name: traffic
-- What came in lately, per channel, among the newest messages: how many within a minute and within five.
SELECT channel, count(*) FILTER (WHERE created_at > now() - interval '1 minute') AS last_minute,
       count(*) AS last_five_minutes
FROM (SELECT channel, direction, created_at FROM message ORDER BY id DESC LIMIT :most) AS newest
WHERE direction = 'inbound' AND created_at > now() - interval '5 minutes'
GROUP BY channel ORDER BY channel;

-- name: results
-- What became of the newest deliveries of each endpoint within the hour.
SELECT endpoint_id, count(*) FILTER (WHERE status IN ('sent', 'delivered', 'read')) AS sent,
       count(*) FILTER (WHERE status = 'failed') AS failed, count(*) FILTER (WHERE status = 'unknown') AS unknown
FROM (SELECT endpoint_id, status, updated_at FROM delivery ORDER BY id DESC LIMIT :most) AS newest
WHERE updated_at > now() - interval '1 hour'
GROUP BY endpoint_id;
