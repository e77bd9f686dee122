-- name: with_routes_left
-- Failed deliveries that nothing took the place of and that have routes left, with the later parts of the same text that
-- still wait for the same route.
SELECT d.id, d.purpose, d.text, d.chain, message.choices,
       ARRAY(SELECT later.id FROM delivery AS later
             WHERE later.message_id = d.message_id AND later.address_id = d.address_id
               AND later.endpoint_id = d.endpoint_id AND later.part > d.part AND later.status = 'queued'
             ORDER BY later.part) AS later_ids,
       ARRAY(SELECT later.text FROM delivery AS later
             WHERE later.message_id = d.message_id AND later.address_id = d.address_id
               AND later.endpoint_id = d.endpoint_id AND later.part > d.part AND later.status = 'queued'
             ORDER BY later.part) AS later_texts
FROM delivery AS d JOIN message ON message.id = d.message_id
WHERE d.id = ANY(:ids::bigint[]) AND d.status = 'failed' AND d.chain <> '[]' AND d.superseded_by IS NULL
ORDER BY d.id FOR UPDATE OF d;

-- name: state_of^
-- Whether an endpoint is in use and an address known to be reachable from it, and what the person opted out of.
SELECT endpoint.active AND NOT address.unreachable ? endpoint.channel AS is_open, address.opted_out,
       endpoint.provider
FROM address, endpoint WHERE address.id = :address_id AND endpoint.id = :endpoint_id;

-- name: replace!
-- Queue the text of a failed delivery on its next route, one delivery per part, and say so on those it stands for.
WITH next AS (
    INSERT INTO delivery (message_id, contact_id, conversation_id, address_id, endpoint_id, channel, lane, purpose,
                          part, text, chain, expires_at)
    SELECT d.message_id, d.contact_id, d.conversation_id, :address_id, :endpoint_id, :channel, d.lane, d.purpose,
           part.ord - 1, part.text, :chain::text::jsonb, d.expires_at
    FROM delivery AS d CROSS JOIN unnest(:parts::text[]) WITH ORDINALITY AS part (text, ord)
    WHERE d.id = :id ORDER BY part.ord
    RETURNING id
)
UPDATE delivery
SET superseded_by = (SELECT min(id) FROM next), chain = '[]', status = 'failed', updated_at = now(),
    reason = CASE WHEN id = :id THEN reason ELSE 'it went on by another channel with the part before it' END
WHERE id = :id OR id = ANY(:later_ids::bigint[]);
