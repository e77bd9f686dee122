-- name: keep
-- Keep every word of a provider on our deliveries, once, and say whose delivery it is about: by our own id when the
-- callback carries it, else by the provider's id at any endpoint of the channel. What is about nothing known is parked.
WITH told AS (
    SELECT t.*, coalesce(by_id.id, by_provider.id) AS delivery_id,
           coalesce(by_id.address_id, by_provider.address_id) AS address_id
    FROM unnest(:endpoint_ids::smallint[], :delivery_ids::bigint[], :provider_ids::text[], :statuses::text[],
                :codes::text[], :reasons::text[], :occurred_ats::timestamptz[], :raw_ids::bigint[]) WITH ORDINALITY
        AS t (endpoint_id, named_id, provider_id, status, code, reason, occurred_at, raw_id, ord)
    JOIN endpoint AS theirs ON theirs.id = t.endpoint_id
    LEFT JOIN delivery AS by_id ON by_id.id = t.named_id AND by_id.channel = theirs.channel
    LEFT JOIN LATERAL (
        SELECT d.id, d.address_id FROM endpoint AS ours
        JOIN delivery AS d ON d.endpoint_id = ours.id AND d.provider_id = t.provider_id
        WHERE ours.channel = theirs.channel AND t.provider_id <> ''
        ORDER BY ours.id = theirs.id DESC LIMIT 1
    ) AS by_provider ON true
), kept AS (
    INSERT INTO delivery_event (delivery_id, endpoint_id, provider_id, status, error_code, reason, occurred_at, raw_id)
    SELECT DISTINCT ON (endpoint_id, provider_id, status, coalesce(code, ''))
           delivery_id, endpoint_id, provider_id, status, code, reason, occurred_at, raw_id
    FROM told ORDER BY endpoint_id, provider_id, status, coalesce(code, ''), delivery_id NULLS LAST, ord
    ON CONFLICT (endpoint_id, provider_id, status, coalesce(error_code, '')) DO UPDATE
    SET delivery_id = excluded.delivery_id
    WHERE delivery_event.delivery_id IS NULL AND excluded.delivery_id IS NOT NULL
)
SELECT told.ord::integer - 1 AS ord, told.delivery_id, told.address_id, delivery.channel, address.uri
FROM told JOIN delivery ON delivery.id = told.delivery_id JOIN address ON address.id = told.address_id;

-- name: apply
-- Move these deliveries as far as their events say; the highest rank wins whatever the order of arrival, and any word of
-- a provider proves that it took the message. Gives what moved.
WITH locked AS MATERIALIZED (
    SELECT id FROM delivery WHERE id = ANY(:ids::bigint[]) ORDER BY id FOR UPDATE
), word AS (
    SELECT event.id, event.delivery_id, event.provider_id, event.error_code, event.reason, event.occurred_at,
           CASE WHEN status_rank(event.status) < status_rank('sent') THEN 'sent' ELSE event.status END AS status
    FROM delivery_event AS event JOIN locked ON locked.id = event.delivery_id
), furthest AS (
    SELECT DISTINCT ON (delivery_id) * FROM word ORDER BY delivery_id, status_rank(status) DESC, error_code, id
)
UPDATE delivery AS d
SET status = furthest.status, lease_until = NULL, updated_at = now(),
    sent_at = coalesce(d.sent_at, furthest.occurred_at, now()),
    error_code = CASE furthest.status WHEN 'failed' THEN furthest.error_code END,
    reason = CASE furthest.status WHEN 'failed' THEN furthest.reason END
FROM furthest
WHERE d.id = furthest.delivery_id AND status_rank(furthest.status) > status_rank(d.status)
RETURNING d.id, d.conversation_id, d.status;

-- name: name_deliveries!
-- A callback that named our own id tells the provider's id too, which later words may come with alone.
UPDATE delivery AS d SET provider_id = event.provider_id
FROM (SELECT DISTINCT ON (e.delivery_id) e.delivery_id, e.provider_id FROM delivery_event AS e
      JOIN delivery ON delivery.id = e.delivery_id
      WHERE e.delivery_id = ANY(:ids::bigint[]) AND delivery.provider_id IS NULL AND e.provider_id <> ''
      ORDER BY e.delivery_id, e.id) AS event
WHERE d.id = event.delivery_id AND d.provider_id IS NULL
  AND NOT EXISTS (SELECT FROM delivery AS other
                  WHERE other.endpoint_id = d.endpoint_id AND other.provider_id = event.provider_id);

-- name: attach
-- Give unmatched reports to these deliveries, by the provider ids they have now.
UPDATE delivery_event AS event SET delivery_id = d.id
FROM delivery AS d
WHERE d.id = ANY(:ids::bigint[]) AND event.endpoint_id = d.endpoint_id AND event.provider_id = d.provider_id
  AND event.delivery_id IS NULL
RETURNING event.delivery_id;

-- name: attach_unmatched
-- Find the deliveries of unmatched reports whose provider id has been written meanwhile; given up after a day.
UPDATE delivery_event AS event SET delivery_id = d.id
FROM delivery AS d
WHERE event.id = ANY(ARRAY(
          SELECT id FROM delivery_event
          WHERE delivery_id IS NULL AND received_at > now() - interval '1 day' AND provider_id <> ''
          ORDER BY received_at LIMIT 1000 FOR UPDATE SKIP LOCKED))
  AND d.endpoint_id = event.endpoint_id AND d.provider_id = event.provider_id
RETURNING event.delivery_id;
