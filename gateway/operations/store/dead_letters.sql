-- name: read
-- Failed deliveries that nothing took the place of, newest first, from before this id on.
SELECT d.id, d.message_id, d.conversation_id, d.channel, d.lane, d.purpose, d.text, d.attempts, d.error_code, d.reason,
       d.created_at, d.updated_at, a.uri, e.key AS endpoint_key, contact.name
FROM delivery AS d
JOIN address AS a ON a.id = d.address_id
JOIN endpoint AS e ON e.id = d.endpoint_id
JOIN contact ON contact.id = d.contact_id
WHERE d.status = 'failed' AND d.superseded_by IS NULL AND (:before::bigint IS NULL OR d.id < :before)
ORDER BY d.id DESC LIMIT :most;

-- name: replay
-- Queue failed deliveries anew, each once however often it is asked for; gives the new ids.
WITH dead AS MATERIALIZED (
    SELECT * FROM delivery
    WHERE id = ANY(:ids::bigint[]) AND status = 'failed' AND superseded_by IS NULL ORDER BY id FOR UPDATE
), fresh AS (
    INSERT INTO delivery (message_id, contact_id, conversation_id, address_id, endpoint_id, channel, lane, purpose, part,
                          text, replayed_from)
    SELECT message_id, contact_id, conversation_id, address_id, endpoint_id, channel, lane, purpose, part, text, id
    FROM dead ORDER BY id
    ON CONFLICT (replayed_from) WHERE replayed_from IS NOT NULL DO NOTHING
    RETURNING id, replayed_from, conversation_id
), linked AS (
    UPDATE delivery SET superseded_by = fresh.id FROM fresh WHERE delivery.id = fresh.replayed_from
)
SELECT replayed_from, id, conversation_id FROM fresh ORDER BY id;
